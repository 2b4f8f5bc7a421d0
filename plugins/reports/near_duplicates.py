"""Near-duplicates: the same picture again, smaller, cut or compressed; in groups, each with the one to keep."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import Tile, contact_sheet, counted, sheet, write_csv

if TYPE_CHECKING:
    from imgret import Run
    from imgret.plugin import Floats, Ints

SCORE = 0.85  # cosine in X: of copies scaled, compressed, cut by 3 %, turned by 1.5 degrees, 97 % are that near
LIKENESS = 0.8  # correlation of the grey values on a grid of SIDE x SIDE: no backbone calls two pictures one unseen
SIDE = 16
HEADER = ("group", "keep", "path", "score", "width", "height")


@register("report")
def near_duplicates(run: Run, folder: Path) -> list[Path]:
    """near_duplicates.csv, one row a file in a group, and near_duplicates.jpg, the groups side by side.

    Two images are near-duplicates if each is like the other to the backbone (cosine in X at least .85, among the 20
    nearest) and to the eye (correlation of their thumbnails in 16 x 16 grey values at least .8); mirrored ones are not.
    The keeper is the one of most pixels, then of most bytes, then the first by path; its group are
    all that are near it and near no better keeper, and files with the same bytes. Nothing is deleted.
    """
    groups = _groups(run)
    files = _files(run)
    rows = [
        (number, int(place == 0 and copy == 0), path, f"{score:.3f}", *_size(run, row))
        for number, group in enumerate(groups)
        for place, (row, score) in enumerate(group)
        for copy, path in enumerate(files[row])
    ]
    table = folder / "near_duplicates.csv"
    write_csv(table, HEADER, rows)
    if not groups:
        return [table]
    tiles = [
        Tile(
            partial(run.thumbnail, row),
            files[row][0].rpartition("/")[2],
            mark=place == 0,
            note=f"{number} · {'keep' if place == 0 else f'{score:.2f}'} · {' x '.join(map(str, _size(run, row)))}",
        )
        for number, group in enumerate(groups)
        for place, (row, score) in enumerate(group)
    ]
    subtitle = f"{counted(len(groups), 'group')} of {counted(len(rows), 'file')}; marked: the one to keep"
    return [table, sheet.save(contact_sheet(tiles, "Near-duplicates", subtitle), folder / "near_duplicates.jpg")]


def _groups(run: Run) -> list[list[tuple[int, float]]]:
    """Rows and scores to the keeper, which comes first with 1; by number of images, then by the keeper's path."""
    near: dict[int, dict[int, float]] = {}
    for one, other, score in _pairs(run):
        near.setdefault(one, {})[other] = near.setdefault(other, {})[one] = score
    files = _files(run)
    left = set(near) | {row for row, paths in files.items() if len(paths) > 1}
    groups = []
    for keeper in sorted(left, key=partial(_worth, run)):
        if keeper in left:
            members = {row: score for row, score in near.get(keeper, {}).items() if row in left and row != keeper}
            left -= {keeper, *members}
            ordered = sorted(members.items(), key=lambda pair: (-pair[1], run.paths[pair[0]]))
            if members or len(files[keeper]) > 1:
                groups.append([(keeper, 1.0), *ordered])
    return sorted(groups, key=lambda group: (-len(group), run.paths[group[0][0]]))


def _pairs(run: Run) -> Iterator[tuple[int, int, float]]:
    """Two rows each, and their score."""
    import numpy as np

    from imgret.plugin import ops

    rows, scores = run.neighbours
    if run.settings["normalize"] == "none":  # these scores are no cosines
        X = run.X / np.maximum(np.linalg.norm(run.X, axis=1, keepdims=True), 1e-12)
        scores, rows = ops.top_k(X, X, rows.shape[1], exclude=np.arange(len(X)), device=run.device)
    pairs = {
        tuple(sorted((one, int(rows[one, place])))): float(scores[one, place])
        for one, place in np.argwhere(scores >= SCORE).tolist()
    }
    looks = {row: _look(run, row) for row in sorted({row for pair in pairs for row in pair})}
    for (one, other), score in sorted(pairs.items()):
        a, b = looks[one], looks[other]
        if a is not None and b is not None and float((a * b).sum()) >= LIKENESS:
            yield one, other, score


def _look(run: Run, row: int) -> Floats | None:
    """The grey values of a thumbnail on a grid, centred, of length 1; 0 where all are equal, None where it is gone."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(BytesIO(run.thumbnail(row))) as image:
            grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    except (OSError, ValueError):
        return None
    values: Floats = np.asarray(grey, np.float32)
    values = values - values.mean()
    values /= max(float(np.linalg.norm(values)), 1e-6)
    return values


def _worth(run: Run, row: int) -> tuple[int, int, str]:
    """What sorts the better image first."""
    width, height = _size(run, row)
    try:
        size = os.path.getsize(run.collection.items[run.collection.first[row]].file)
    except OSError:
        size = 0
    return -width * height, -size, run.paths[row]


def _size(run: Run, row: int) -> tuple[int, int]:
    record = run.collection.records[run.collection.first[row]]
    return record.width, record.height


def _files(run: Run) -> dict[int, list[str]]:
    """The paths of every row, sorted behind that of its ok file; each once, however many rows of a manifest name it."""
    found: dict[int, dict[str, None]] = {row: {path: None} for row, path in enumerate(run.paths)}
    rows: Ints = run.collection.rows
    for item, row in zip(run.collection.items, rows.tolist(), strict=True):
        if row >= 0:
            found[row][item.path] = None
    return {row: list(paths) for row, paths in found.items()}
