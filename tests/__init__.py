"""Tests run as `python -m imgret` does: threads that wait do not spin. To be said before torch is imported.

Workers of pytest-xdist share the cores.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:  # two threads at least: what they must not change is tested with them
    share = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(2, share)))
