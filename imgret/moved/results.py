"""See imgret/runs/run.py."""

from imgret.moved import moved

moved(__name__, "imgret.runs.run")
