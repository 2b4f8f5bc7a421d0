"""What can be typed beside a run: one file a command, with its `Parser`s and `main(words)`."""

from pathlib import Path

NAMES = sorted(file.stem.replace("_", "-") for file in Path(__file__).parent.glob("[!_]*.py"))
