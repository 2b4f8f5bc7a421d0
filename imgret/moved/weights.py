"""See imgret/features/weights.py."""

from imgret.moved import moved

moved(__name__, "imgret.features.weights")
