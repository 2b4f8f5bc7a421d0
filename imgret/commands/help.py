"""`imgret help`: what can be typed, with every option that is installed."""

from __future__ import annotations

from collections.abc import Sequence

from imgret.commands.plugins import first_line
from imgret.registry import SHARED, SLOTS, find, load_plugins, options
from imgret.settings import CONFIGS, nodes

USAGE = """imgret: a folder of images becomes a clustered, evaluated, searchable collection.

python -m imgret clusterer=kmeans k=100      no images given: the demo, a drawn fabric catalogue
python -m imgret FOLDER [NAME=VALUE ...]     your own images
python -m imgret -m FOLDER k=50,100,200      a sweep: one run for each value
python -m imgret query IMAGE [--top N]       the images most like this one, in the last run or --run DIR
python -m imgret runs | plugins | help       what there is
"""


def main(words: Sequence[str]) -> None:
    load_plugins()
    print(USAGE)
    for slot, choices in nodes().items():
        print(f"{slot}=")
        for name, node in choices.items():
            skipped = ("name", "defaults", *SHARED)
            values = " ".join(f"{slot}.{k}={'null' if v is None else v}" for k, v in node.items() if k not in skipped)
            about = first_line(find(SLOTS[slot], node["name"])) if slot in SLOTS else node.get("about", "")
            print(f"  {name:<20} {about}")
            if values and slot != "preset":
                print(f"  {'':<20} {values}")
    print(f"metrics=[{','.join(options('metric'))}]\nreports=[{','.join(options('report'))}]\n")
    for line in (CONFIGS / "config.yaml").read_text(encoding="utf-8").splitlines():
        if line[:1].isalpha() and not line.startswith(("defaults", "hydra", "metrics", "reports", "about")):
            print(f"{line.replace(': ', '=', 1)}")
