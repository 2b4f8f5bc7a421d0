"""See imgret/executors/processes.py."""

from imgret.moved import moved

moved(__name__, "imgret.executors.processes")
