"""See imgret/reading/decode.py."""

from imgret.moved import moved

moved(__name__, "imgret.reading.decode")
