"""Thumbnails of a collection, and what its attributes say of them: one decoding for both, kept in the store.

thumbnails/<decoder>/<first two digits>/<id>.jpg   at most SIDE pixels on the longer side
thumbnails/<decoder>/<first two digits>/<id>.lost  what became of the worker that was to make it, and the way it was to
attributes/<attribute>/<digest>.json               the attribute's columns by image id; immutable
"""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from imgret.blame import sentence, warn
from imgret.contracts import Item, Source
from imgret.demands.values import opened
from imgret.demands.values import said as said_of
from imgret.errors import Fault
from imgret.executors.local import Lost, spread
from imgret.progress import Progress
from imgret.reading.columns import free
from imgret.reading.decode import DECODE, picture
from imgret.reading.formats import is_whole_jpeg
from imgret.reading.items import Collection as Images
from imgret.reading.loader import READING, Reading
from imgret.registry import find
from imgret.store.files import clean, commit, make_folder, writing
from imgret.store.store import Store, digest, home
from imgret.words import counted, decimal, printable

if TYPE_CHECKING:
    from PIL import Image

SIDE = 256  # pixels: enough for a card on a dense screen, and small enough to keep one of every image
QUALITY = 80
SHARD = 4096  # images a file of attributes: what a killed run loses at the most
Values = dict[str, dict[str, str]]  # id -> column -> value
log = logging.getLogger("imgret")


class Look(NamedTuple):
    """What one image gave: its JPEG, empty where there is none and `reason` says why, and columns by attribute."""

    id: str
    jpeg: bytes
    said: dict[str, dict[str, str]]
    reason: str = ""


class Looker:
    """What the workers do: the thumbnail of an item, and what the attributes, by name, say of it."""

    def __init__(
        self,
        source: Source,
        ids: Mapping[str, str],
        attributes: Mapping[str, Callable[..., Any]],
        formats: Collection[str] = (),
    ) -> None:
        self.source, self.ids, self.attributes, self.formats = source, ids, attributes, formats

    def __call__(self, item: Item) -> Look:
        import numpy as np

        id = self.ids[item.path]
        try:
            data = opened(self.source, item)
            if hashlib.sha256(data).hexdigest() != id:
                raise ValueError("changed_during_run, another file than its features were made of")
            image = picture(data, SIDE, self.formats)
        except FileNotFoundError:
            return Look(id, b"", {}, "missing, no such file any more")
        except (OSError, ValueError) as error:
            return Look(id, b"", {}, str(getattr(error, "strerror", None) or error))
        pixels = np.asarray(image)
        said = {name: _columns(name, attribute, pixels) for name, attribute in self.attributes.items()}
        return Look(id, jpeg(image), said)


def _columns(name: str, attribute: Callable[..., Any], pixels: Any) -> dict[str, str]:
    """What an attribute says of one thumbnail, as text by column. One that fails says nothing of it."""
    try:
        said, wrong = said_of(name, attribute(pixels.copy()), pixels.shape)
    except Exception as error:  # no image of the collection may stop the run
        return {"": sentence(error)}
    return {key: decimal(value) for key, value in said.items()} | ({"": wrong.said} if wrong else {})


def thumbnail(id: str, open: Callable[[], bytes], formats: Collection[str] = ()) -> bytes:
    """The thumbnail of an image, from the store or else from its bytes, which may raise OSError or ValueError.

    Raises ValueError as well for an image that a worker came to grief over: it is not decoded here.
    """
    file = file_of(id)
    if is_whole_jpeg(file):
        return file.read_bytes()
    if lost := _lost(file):
        raise ValueError(lost[0])
    return jpeg(picture(open(), SIDE, formats))


def jpeg(image: Image.Image) -> bytes:
    """The image as a JPEG. Of what else its file says, a place on earth or a comment, nothing is taken over."""
    stream = BytesIO()
    image.info.clear()  # else Pillow writes a JPEG's comment, and what XMP it has, into the new one
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def file_of(id: str, root: Path | None = None) -> Path:
    """Where the store keeps the thumbnail of an image."""
    return (root or home()) / "thumbnails" / str(DECODE) / id[:2] / f"{id}.jpg"


def look(
    source: Source,
    collection: Images,
    names: Sequence[str],
    store: Store,
    reading: Reading = READING,
) -> dict[str, list[str]]:
    """Make what thumbnails the store lacks; the columns of the attributes `names`, a text for each row of arrays.

    A value is empty where the attribute failed, which is told once an attribute; and, told once as well, where an image
    is gone or has changed since it was read for its features, and where it crashed its worker, or took it more than the
    seconds of `reading`, which is not tried again in the same way.
    """
    attributes = {name: find("attribute", name) for name in names}
    folders = {name: store.root / "attributes" / f"{name}-{_key(found)}" for name, found in attributes.items()}
    known = {name: _read(folder) for name, folder in folders.items()}
    way = digest(*sorted(folder.name for folder in folders.values()), *sorted(reading.formats), reading.timeout)
    items = []
    for id, place in zip(collection.ids, collection.first, strict=True):
        file = file_of(id, store.root)
        lacks = any(id not in values for values in known.values()) or not is_whole_jpeg(file)
        if lacks and _lost(file)[1:] != [way]:
            items.append(collection.items[place])
    for folder in sorted({file_of(id, store.root).parent for id in collection.ids}) if items else ():
        clean(folder)
    ids = {item.path: collection.records[place].id for place, item in enumerate(collection.items)}
    looker = Looker(source, {item.path: ids[item.path] for item in items}, attributes, reading.formats)
    fresh: dict[str, Values] = {name: {} for name in names}
    lost: list[str] = []
    with Progress("thumbnails", len(items), "images") as progress:
        try:
            for chunk, looks in spread(looker, items, reading.timeout):
                for item, each in zip(chunk, looks, strict=True):
                    if isinstance(each, Lost):
                        lost.append(f"{printable(item.path)}: {each.outcome}, {each.reason}")
                        mark = f"{each.outcome}: {each.reason}\n{way}".encode("ascii")
                        _keep(file_of(looker.ids[item.path], store.root).with_suffix(".lost"), mark)
                        continue
                    if each.jpeg:
                        _keep(file_of(each.id, store.root), each.jpeg)
                    else:
                        lost.append(f"{printable(item.path)}: {each.reason}")
                    for name, said in each.said.items():
                        fresh[name][each.id] = known[name][each.id] = said
                if max(map(len, fresh.values()), default=0) >= SHARD:
                    _store(fresh, folders)
                progress.advance(len(looks))
        finally:  # stopped or not, what was found is kept
            _store(fresh, folders)
    if lost:
        log.warning("%s could not be looked at, such as %s", counted(len(lost), "image"), lost[0])
    return _table(collection.ids, known)


def _table(ids: Sequence[str], known: Mapping[str, Values]) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for name, values in known.items():
        said = [values.get(id, {}) for id in ids]
        failed = [each[""] for each in said if "" in each]
        if failed:
            fault = Fault(f"{failed[0]} ({len(failed):,} of {counted(len(ids), 'image')})")
            warn(fault, "attribute", name, find("attribute", name))
        for column in dict.fromkeys(column for each in said for column in each if column):
            columns[free(column, columns)] = [each.get(column, "") for each in said]
    return columns


def _key(attribute: Callable[..., Any]) -> str:
    """An attribute whose file was edited is another."""
    try:
        return digest(DECODE, SIDE, Path(inspect.getfile(attribute)).read_bytes())[:12]
    except (OSError, TypeError):
        return digest(DECODE, SIDE)[:12]


def _lost(file: Path) -> list[str]:
    """What became of the worker that was to make this thumbnail, and in which way it was; empty where none was lost."""
    try:
        return file.with_suffix(".lost").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []


def _keep(file: Path, data: bytes) -> None:
    if file.suffix == ".lost" or not is_whole_jpeg(file):
        with writing(file.parent):
            file.parent.mkdir(parents=True, exist_ok=True)
            commit(file, partial(_write, data), sync=False)


def _write(data: bytes, file: Path) -> None:
    file.write_bytes(data)


def _store(fresh: Mapping[str, Values], folders: Mapping[str, Path]) -> None:
    for name, values in fresh.items():
        if values:
            data = json.dumps(values, sort_keys=True).encode("ascii")
            with writing(folders[name]):
                make_folder(folders[name])
                clean(folders[name])
                commit(folders[name] / f"{digest(data)}.json", partial(_write, data))
            values.clear()


def _read(folder: Path) -> Values:
    found: Values = {}
    for file in sorted(folder.glob("*.json")):
        try:
            data = file.read_bytes()
            if digest(data) != file.stem:
                raise ValueError("it does not hold what was written")
            said = json.loads(data.decode("ascii"))
            found |= {str(id): {str(k): str(v) for k, v in values.items()} for id, values in said.items()}
        except (OSError, ValueError, AttributeError) as error:  # it is found again
            log.warning("store: %s cannot be read and is passed over: %s", file, error)
            if not isinstance(error, OSError):
                with suppress(OSError):
                    file.unlink()
    return found
