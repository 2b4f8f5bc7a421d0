"""See imgret/pictures/sheet.py."""

from imgret.moved import moved

moved(__name__, "imgret.pictures.sheet")
