"""The user's own plug-in files: `imgret.dropped.NAME` is NAME.py in a folder named by IMGRET_PLUGINS.

A real package rather than files imported by path, so that worker processes find what they unpickle.
"""

import os

from imgret.words import typed_path

__path__ = [str(typed_path(p)) for p in os.environ.get("IMGRET_PLUGINS", "").split(os.pathsep) if p]
