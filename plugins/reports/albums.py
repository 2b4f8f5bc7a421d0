"""Albums: photographs by gaps in time and by likeness; one picture stands for a burst, or for a pair of files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgret import register
from imgret.plugin import Tile, contact_sheet, counted, sheet, write_csv

from . import _albums as parts

if TYPE_CHECKING:
    from imgret import Run
    from imgret.plugin import Floats

LEAST = 3  # stacks of an album that gets a sheet of its own
HEADER = ("album", "path", "taken", "taken_from", "by", "stack", "stands")


class Photo(NamedTuple):
    """A row of arrays in its album, of which `by` says how it came there: time, or likeness."""

    row: int
    album: str
    by: str
    stack: int


@register("report")
def albums(run: Run, folder: Path) -> list[Path]:
    """albums.csv, albums.jpg with a picture of each album, and albums/001_2019-07-21.jpg and so on with its stacks.

    An album ends at a gap in time that is long for its surroundings: 17 times the geometric mean of the ten gaps on
    each side (Platt, Czerwinski, Field: PhotoTOC, 2003), at least half an hour, and always after 14 days. Two albums
    within six hours that look alike (a cosine of .5 across the gap) are one. An image without a date joins the album
    of the nearest that has one, from a cosine of .85, else none.

    A stack is a burst (one camera, two seconds from one to the next, alike), or files of one name that are alike; a raw
    file, a film or a sidecar of its picture's name is a row of albums.csv, too. The sharpest stands for a stack, then
    the one of most pixels, then the first by path. `taken` from the time of a `file` may be when it was copied.
    """
    photos = _photos(run)
    stands = _stands(run, photos)
    table = folder / "albums.csv"
    write_csv(table, HEADER, _table(run, photos, stands))
    shown: dict[str, list[Photo]] = {}
    for photo in photos:
        if photo.album and stands[photo.stack] == photo.row:
            shown.setdefault(photo.album, []).append(photo)
    if not shown:
        return [table]
    sizes = Counter(photo.album for photo in photos)
    covers = [_tile(run, _cover(run, found), album, counted(sizes[album], "image")) for album, found in shown.items()]
    placed = sum(sizes[album] for album in shown)
    subtitle = f"{counted(len(shown), 'album')} of {counted(placed, 'image')}, by time and likeness"
    files = [table, sheet.save(contact_sheet(covers, "Albums", subtitle), folder / "albums.jpg")]
    stacked = Counter(photo.stack for photo in photos)
    (folder / "albums").mkdir(exist_ok=True)
    for album, found in shown.items():
        if len(found) >= LEAST:
            tiles = [_tile(run, p.row, _name(run, p.row), _note(run, p, stacked[p.stack])) for p in found]
            facts = f"{counted(sizes[album], 'image')}, {counted(len(found), 'stack')}"
            page = contact_sheet(tiles, album.replace("_", "  "), facts)
            files.append(sheet.save(page, folder / "albums" / f"{album}.jpg"))
    if len(files) == 2:
        (folder / "albums").rmdir()
    return files


def _photos(run: Run) -> list[Photo]:
    """All rows: those of albums in order of album and time, then those of none by path."""
    import numpy as np

    records = [run.collection.records[place] for place in run.collection.first]
    times = [parts.seconds(record.taken) if record.taken else 0.0 for record in records]
    when = list(zip(times, run.paths, strict=True))
    dated = sorted((row for row, record in enumerate(records) if record.taken), key=when.__getitem__)
    X = run.X / np.maximum(np.linalg.norm(run.X, axis=1, keepdims=True), 1e-12)
    by_time = _by_time([times[row] for row in dated], [records[row].taken for row in dated], dated, X)
    by_likeness = _by_likeness(run, X, by_time)
    album_of = {**by_likeness, **by_time}
    order = sorted(range(len(records)), key=lambda row: (row not in album_of, album_of.get(row, ""), when[row]))
    # Files that were copied in one second are no burst: of their times the day alone is taken here.
    days = [_how(run, run.collection.first[row]) == "file" for row in dated]
    taken = [records[row].taken[: 10 if day else None] for row, day in zip(dated, days, strict=True)]
    bursts = parts.bursts(taken, [records[row].camera for row in dated], X[dated])
    sames: dict[object, list[int]] = {}
    for row, burst in zip(dated, bursts.tolist(), strict=True):
        sames.setdefault(burst, []).append(row)
    stacks = parts.united(len(records), [*sames.values(), *_pairs(run, X)])
    how = {**dict.fromkeys(by_likeness, "likeness"), **dict.fromkeys(by_time, "time")}
    return [Photo(row, album_of.get(row, ""), how.get(row, ""), stacks[row]) for row in order]


def _pairs(run: Run, X: Floats) -> Iterator[list[int]]:
    """Two rows each whose files have one name and different endings, and which are alike: IMG_1.HEIC and IMG_1.JPG."""
    met: dict[str, int] = {}
    for row, paths in sorted(run.files.items(), key=lambda pair: run.paths[pair[0]]):
        for path in paths:
            other = met.setdefault(_stem(path), row)
            if other != row and float(X[row] @ X[other]) >= parts.ALIKE:
                yield [other, row]


def _by_time(times: list[float], taken: list[str], rows: list[int], X: Floats) -> dict[int, str]:
    """The album of each row, called by its number and its first day; all of them sorted by time."""
    import numpy as np

    if not rows:
        return {}
    seconds = np.array(times)
    numbers = np.r_[0, np.cumsum(parts.joined(seconds, X[rows], parts.parted(seconds)))].tolist()
    digits = max(3, len(str(numbers[-1] + 1)))
    first: dict[int, str] = {}
    for number, date in zip(numbers, taken, strict=True):
        first.setdefault(number, f"{number + 1:0{digits}}_{date[:10]}")
    return {row: first[number] for row, number in zip(rows, numbers, strict=True)}


def _by_likeness(run: Run, X: Floats, albums: Mapping[int, str]) -> dict[int, str]:
    """The album of each row without a date that has a near one with a date among its nearest."""
    found = {}
    nearest = run.neighbours[0].tolist() if len(X) > 1 else [[]]
    for row in sorted(set(range(len(X))) - albums.keys()):
        near = next((other for other in nearest[row] if other in albums and float(X[row] @ X[other]) >= parts.SAME), -1)
        if near >= 0:
            found[row] = albums[near]
    return found


def _stands(run: Run, photos: list[Photo]) -> dict[int, int]:
    """The row that stands for each stack."""
    members: dict[int, list[int]] = {}
    for photo in photos:
        members.setdefault(photo.stack, []).append(photo.row)
    return {stack: min(rows, key=partial(_worth, run)) for stack, rows in members.items()}


def _worth(run: Run, row: int) -> tuple[float, int, str]:
    """What sorts the better image first."""
    place = run.collection.first[row]
    record = run.collection.records[place]
    try:
        sharp = float(run.collection.items[place].columns.get("sharpness") or 0)
    except ValueError:  # a manifest's own
        sharp = 0.0
    return -sharp, -record.width * record.height, run.paths[row]


def _table(run: Run, photos: list[Photo], stands: Mapping[int, int]) -> Iterator[tuple[str | int, ...]]:
    """A line for each file of an image, and for each that lies beside one under its name."""
    files, beside = run.files, _beside(run)
    place_of = {item.path: place for place, item in enumerate(run.collection.items)}
    for photo in photos:
        shown = run.paths[stands[photo.stack]]
        paths = files[photo.row]
        for path in paths:
            place = place_of[path]
            taken, stood = run.collection.records[place].taken, int(path == shown)
            yield photo.album, path, taken, _how(run, place), photo.by, shown, stood
        names = [name for path in paths for name in (_stem(path), path.lower())]  # IMG_1.xmp, and IMG_1.JPG.xmp
        for path in sorted(path for name in names for path in beside.pop(name, [])):
            yield photo.album, path, "", "", "name", shown, 0


def _how(run: Run, place: int) -> str:
    """What a file's date is from: a word of `taken_from`; empty where it has none."""
    taken = run.collection.records[place].taken
    return run.collection.items[place].columns.get("taken_from", "exif") if taken else ""


def _beside(run: Run) -> dict[str, list[str]]:
    """By stem, the files that are no images by their names."""
    found: dict[str, list[str]] = {}
    for item, record in zip(run.collection.items, run.collection.records, strict=True):
        if record.outcome == "beside":
            found.setdefault(_stem(item.path), []).append(item.path)
    return found


def _stem(path: str) -> str:
    """Folder and name without the ending, in small letters."""
    return path[: path.rindex(".")].lower() if "." in path.rpartition("/")[2] else path.lower()


def _cover(run: Run, found: list[Photo]) -> int:
    """The row that is most like all that stand for the stacks of an album."""
    rows = [photo.row for photo in found]
    scores = run.X[rows] @ run.X[rows].mean(axis=0)
    return rows[int(scores.argmax())]


def _tile(run: Run, row: int, caption: str, note: str) -> Tile:
    return Tile(partial(run.thumbnail, row), caption, note=note)


def _name(run: Run, row: int) -> str:
    return run.paths[row].rpartition("/")[2]


def _note(run: Run, photo: Photo, size: int) -> str:
    """When it was taken, within the year, or what brought it here; and for how many it stands."""
    taken = run.collection.records[run.collection.first[photo.row]].taken
    return " · ".join(filter(None, [taken[5:16].replace("T", " ") or photo.by, f"one of {size}" if size > 1 else ""]))
