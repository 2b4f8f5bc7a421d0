"""Tests run as `python -m imgret` does: threads that wait do not spin. To be said before torch is imported."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
