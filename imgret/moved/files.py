"""See imgret/store/files.py."""

from imgret.moved import moved

moved(__name__, "imgret.store.files")
