"""A run for other programs: one file a format, each with `write(run, out, copy, places) -> lines to print`.

`out` is a path at which nothing lies yet: what is written there is renamed into place when it is whole. `places` in
`run.collection.items`, ascending, are the files to be exported.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from imgret.errors import UsageError, unwritable
from imgret.findings.names import names
from imgret.findings.tables import table
from imgret.reading.columns import free
from imgret.runs.run import Run
from imgret.store.files import sync_folder
from imgret.words import printable

FORMATS = {  # the module that writes each, and what it is
    "folders": "one folder a cluster",
    "csv": "a table with one row a file: items.csv, the clusters' names, and the lines of a manifest, to sort it back",
    "parquet": "the same table, numbers as numbers, with the features",
    "imagefolder": "a data set for Hugging Face's `datasets`",
    "coco": "images and COCO annotations, a box around each whole image",
    "projector": "for TensorBoard's embedding projector",
}
MARK = ".imgret-export"  # in a folder that was exported: beside the originals, it is none of the collection


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A path beside `out` to write a file or folder at; at the end it becomes `out`, or nothing is left of it.

    Raises UsageError where something lies at `out` that is no empty folder, and where nothing can be written.
    """
    if os.path.lexists(out) and (os.path.islink(out) or not os.path.isdir(out) or os.listdir(out)):
        what = "is a folder that has something in it" if os.path.isdir(out) else "exists"
        raise UsageError(f"{printable(str(out))} {what}, and nothing is overwritten\ngive a name that is not taken")
    temporary = out.parent / f".imgret-{secrets.token_hex(6)}.tmp"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if os.path.isdir(out):
            out.rmdir()  # a folder that is not empty any more is an error here, too
        elif os.path.lexists(out):
            raise FileExistsError(0, "exists by now", str(out))
        os.rename(temporary, out)
        sync_folder(out.parent)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if os.path.lexists(temporary):
            temporary.unlink()
        if isinstance(error, OSError):
            raise unwritable(printable(str(out)), error, "give another name") from error
        raise


def columns(run: Run, folder: Path | None) -> dict[str, list[str]]:
    """The table of a run for a file in a folder: the columns of items.csv, and what it takes to read it elsewhere.

    The cluster's name stands beside its number; of a manifest the `line` of each row, by which it is in order again;
    and where paths do not start from the folder, `file` says where each image lies. None is for a table in which paths
    are no more what they were.
    """
    known, found = table(run), dict[str, list[str]]()
    called, root = names(run), run.info.root
    for name, cells in known.items():
        found[name] = cells
        if name == "cluster":
            found[free("cluster_name", known)] = [called[int(cell)] if cell not in ("", "-1") else "" for cell in cells]
    if any(lines := [item.line for item in run.collection.items]):
        found[free("line", known)] = [str(line or "") for line in lines]
    if root and (folder is None or os.path.realpath(folder) != os.path.realpath(root)):
        pairs = zip(run.collection.items, run.collection.records, strict=True)
        found[free("file", known)] = [item.file if record.id else "" for item, record in pairs]
    return found


def write(format: str, run: Run, out: Path, copy: bool, places: Sequence[int], **options: bool) -> list[str]:
    """Write the run to `out`; returns the lines that say what was written. Raises UsageError as `staged` does.

    `options` are those that only this format has.
    """
    with staged(out) as temporary:
        lines: list[str] = import_module(f"imgret.exporters.{format}").write(run, temporary, copy, places, **options)
        if os.path.isdir(temporary):
            (temporary / MARK).touch()
    return lines
