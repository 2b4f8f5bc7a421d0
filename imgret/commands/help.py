"""`imgret help`: what can be typed, with every option that is installed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from imgret.commands.plugins import about
from imgret.errors import EXIT_CODES
from imgret.reading.outcomes import OUTCOMES
from imgret.registry import OPTIONAL, SHARED, SLOTS, load_plugins, options
from imgret.settings.options import CONFIGS, STOP, nodes, root_node

USAGE = """imgret: a folder of images becomes a clustered, evaluated, searchable collection.

python -m imgret clusterer=kmeans k=100      no images given: the demo, a drawn fabric catalogue
python -m imgret FOLDER [NAME=VALUE ...]     your own images
python -m imgret -m FOLDER k=50,100,200      a sweep: one run for each value
python -m imgret query IMAGE... [--text TEXT] [--not IMAGE] [--where COLUMN=VALUE] [--top N]     most like these
python -m imgret assign IMAGE... [--run DIR] [--json]     which clusters of a run new images or folders belong to
python -m imgret evaluate [--run DIR] [--queries DIR] [--plot FILE] [--json]     clusters and search, with intervals
python -m imgret compare [RUN...] [--page FILE] [--json]     runs side by side; of two, why and where they differ
python -m imgret export FORMAT OUT [--run DIR] [--copy]     a run as folders, csv, parquet, imagefolder, coco, projector
python -m imgret sweep-k [--run DIR] [--from K] [--to K] [--json]     how many clusters a run's images speak for
python -m imgret runs [DIR]                  the runs in a folder (default: runs)
python -m imgret doctor [RUN...] [--dry] [--gc]     whether store and runs are whole; what can be made again is
python -m imgret forget IMAGE|FOLDER...      every trace of these images leaves the store
python -m imgret plugins [KIND]              every component: its file, arguments, licence
python -m imgret plugins new KIND NAME       write a component and its test, to start from
python -m imgret plugins check KIND/NAME     hold a component to what its kind must be

Options by what they are for; * is the default.
"""
WIDTH = 120


def main(words: Sequence[str]) -> None:
    load_plugins()
    print(USAGE)
    default = {slot: name for entry in root_node()["defaults"] if entry != "_self_" for slot, name in entry.items()}
    for slot, choices in nodes().items():
        print(f"{slot}=" + "  none, unless one is typed" * (slot in OPTIONAL))
        for name, node in choices.items():
            skipped = ("name", "defaults", *SHARED)
            values = " ".join(f"{slot}.{k}={shown(v)}" for k, v in node.items() if k not in skipped)
            said = about(slot, name, node) if slot in SLOTS else node.get("about", "")
            print(f"{' *'[name == default.get(slot)]} {name:<20} {cut(said)}")
            if values and slot != "preset":
                print(f"  {'':<20} {values}")
    print(f"metrics=[{','.join(options('metric'))}]\nreports=[{','.join(options('report'))}]\n")
    for line in (CONFIGS / "config.yaml").read_text(encoding="utf-8").splitlines():
        if line[:1].isalpha() and not line.startswith(("defaults", "hydra", "metrics", "reports", "about")):
            print(f"{line.replace(': ', '=', 1)}")
    print("\nWhat becomes of a file (failures.csv has each that failed, with its reason):")
    for outcome, meaning in OUTCOMES.items():
        print(f"  {outcome:<20} {meaning}")
    print("\nExit codes:")
    for code, means in EXIT_CODES.items():
        print(f"  {code:<20} {means}")


def cut(line: str) -> str:
    """The line if it fits beside a name, else its first sentence, else as many words as fit."""
    room = WIDTH - 23
    return line if len(line) <= room else textwrap.shorten(STOP.split(line)[0], room, placeholder=" ...")


def shown(value: object) -> str:
    """A value as it is typed."""
    return {"None": "null", "True": "true", "False": "false"}.get(str(value), str(value))
