"""Which imgret wrote a store or a run, and whether this one can read it.

A schema is a whole number that goes up when what is on disk changes its meaning. There is one so far, so nothing is to
be migrated: what an older schema lacks will be made where that number is raised.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from imgret.errors import StoreDamaged
from imgret.store.files import commit
from imgret.version import VERSION
from imgret.words import printable

STORE = 1  # of store.json, and of each feature set's set.json
log = logging.getLogger("imgret")


def claim(root: Path) -> None:
    """Write store.json into a store that has none. Raises StoreDamaged for a store of a newer schema.

    One that cannot be read is written again; a store that can only be read needs none.
    """
    file = root / "store.json"
    try:
        check(root, read(file), STORE)
    except (OSError, ValueError) as error:
        if not isinstance(error, FileNotFoundError):
            log.warning("store: %s cannot be read and is written again: %s", file, error)
        with suppress(OSError):
            text = json.dumps({"schema": STORE, "imgret": VERSION}) + "\n"
            commit(file, lambda temporary: temporary.write_text(text, encoding="ascii"))


def read(file: Path) -> dict[str, Any]:
    """The object in a JSON file that says its schema. Raises OSError, or ValueError for one that does not."""
    try:
        found = json.loads(file.read_bytes())
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict) or type(found.get("schema")) is not int:
        raise ValueError("it says no schema")
    return found


def check(what: Path, info: Mapping[str, Any], newest: int, otherwise: str = "set IMGRET_HOME=FOLDER") -> None:
    """Raises StoreDamaged where `info` says a schema above `newest`, with the version that knows it."""
    if info["schema"] > newest:
        versions = info.get("versions")
        by = info.get("imgret") or (versions.get("imgret") if isinstance(versions, dict) else None)
        writer = f"imgret {printable(str(by))[:50]}" if by else "a newer imgret"
        raise StoreDamaged(
            f"{printable(str(what))} was written by {writer} (schema {info['schema']}), this is {VERSION} "
            f"(schema {newest})\ninstall that version or a newer one, or {otherwise}"
        )
