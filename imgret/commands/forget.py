"""`imgret forget IMAGE|FOLDER ...`: every trace of these images leaves the store."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from imgret.commands._parser import Parser
from imgret.errors import UsageError
from imgret.screen import say
from imgret.store.files import regular, writing
from imgret.store.store import home
from imgret.words import counted, printable, shown_path, tally, typed_path

MORE = """
Features, thumbnails, attributes, and what is known of their files; arrays that others follow from are made again when
they are needed. An image is named by its file, which may be gone, by a folder above it, or by its id, all 64 characters
of it. What is no image, such as a sidecar, is forgotten by its path, and takes none with it. The files themselves are
not touched. Runs are yours: those in ./runs that show the images are named, to delete.
"""
log = logging.getLogger("imgret")
PARSER = Parser("forget", __doc__, MORE)
PARSER.add_argument("images", nargs="+", metavar="IMAGE|FOLDER", help="an image file, a folder, or an id")
PARSER.add_argument("--dry", action="store_true", help="say what would go, remove nothing")


def main(words: Sequence[str]) -> None:
    from imgret.care.forget import chosen, forget

    asked = PARSER.parse_args(words)
    root = home()
    if not root.is_dir():
        raise UsageError(f"there is no store at {root}\nset IMGRET_HOME=FOLDER")
    ids, paths = chosen(asked.images, root)
    with writing(root):
        gone = forget(root, ids, paths, asked.dry)
    say(f"images    {counted(len(ids), 'image')}")
    say(f"{'would go' if asked.dry else 'gone':<10}{tally(gone) or 'nothing: the store had no trace of them'}")
    for folder in shown_in(typed_path("runs"), ids):
        say(f"still in  {shown_path(folder)}: delete it to have them gone from there")
    say("runs      those in ./runs were looked through, no others")


def shown_in(runs: Path, ids: set[str]) -> list[Path]:
    """The runs in a folder whose table names one of these ids."""
    from imgret.care.forget import ID

    found = []
    for table in sorted(runs.glob("[!.]*/items.csv")):
        if not table.parent.is_symlink():
            try:
                with regular(table).open(encoding="utf-8", errors="surrogateescape") as lines:
                    if any(not ids.isdisjoint(ID.findall(line)) for line in lines):
                        found.append(table.parent)
            except OSError as error:
                log.warning("%s: %s; it may show them", printable(str(table)), error.strerror or error)
    return found
