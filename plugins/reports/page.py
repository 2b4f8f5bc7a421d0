"""report.html: the run as one page to look through, from disk, with nothing fetched."""

from __future__ import annotations

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgret import register
from imgret.plugin import NO_FAILURE, figures, main_label, pages, tells_a_place

from ._found import found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgret import Run
    from imgret.plugin import Floats, Ints

FOLDER = Path(__file__).with_name("_page")
THREADS = 8  # that write thumbnails, each with one image in memory
SHARD = 1000  # thumbnails to a folder
FIELD = 1 << 20  # characters: a column that says more than that is left to items.csv
FIELDS = 24  # columns at most
FAILURES = 1000  # rows of the table; failures.csv has all
SLOTS = "backbone", "reducer", "view", "clusterer", "retriever", "rerank"


@register("report")
def page(run: Run, folder: Path) -> list[Path]:
    """The run to look through in a browser: report.html, and the thumbnails that it shows, in thumbs/.

    Clusters, map, figures, and for every image its nearest. The page is one file that fetches nothing but thumbs/ and
    says nothing of where the collection lies: paths are relative to it, and columns that hold places on earth or
    absolute paths are left out. Equal runs give equal bytes. An image that is gone has no thumbnail.
    """
    thumbnails = _thumbnails(run, folder)
    missing = [row for row, file in enumerate(thumbnails) if file is None]
    report = folder / "report.html"
    report.write_text(_filled(run.title, data(run, missing)), encoding="utf-8", newline="\n")
    return [report, *filter(None, thumbnails)]


def data(run: Run, missing: Sequence[int]) -> dict[str, Any]:
    """What the page is about, for JSON. n images in c clusters; arrays are packed, codes count from 1, 0 is none.

    `order` (n,) are the rows by cluster, noise first, nearest to the centroid first; `neighbours` (n, m) rows.
    """
    import numpy as np

    n, c = len(run.labels), len(run.medoids)
    rows, scores = run.neighbours
    parts = [path.rpartition("/") for path in run.paths]
    folders = sorted({before + slash for before, slash, _ in parts})
    place = {name: code for code, name in enumerate(folders)}
    items, records = run.collection.items, run.collection.records
    root = run.info.root
    failed = [
        (item.path, record.outcome, record.reason.replace(root, "") if len(root) > 1 else record.reason)
        for item, record in zip(items, records, strict=True)
        if record.outcome not in NO_FAILURE
    ]
    shapes = [r.width / r.height for r in (records[i] for i in run.collection.first) if r.width and r.height]
    return {
        "title": run.title,
        "n": n,
        "files": run.info.files,
        "rows": run.info.rows,
        "outcomes": run.info.outcomes,
        "skipped": run.info.skipped,
        "made": _made(run),
        "versions": run.info.versions,
        "metrics": run.metrics,
        "group": run.group_word,
        "figures": _figures(run),
        "head": [each.name for each in figures().among(run.metrics, "labels", "alone", "search", "own", where="told")],
        "baseline": run.info.baseline,
        "aspect": round(min(2.0, max(0.5, float(np.median(shapes)))), 3) if shapes else 1,
        "shard": SHARD,
        "missing": list(missing),
        "folders": folders,
        "folder": packed(np.array([place[before + slash] for before, slash, _ in parts])),
        "names": [name for *_, name in parts],
        "labels": packed(run.labels + 1),
        "order": packed(np.lexsort((run.distances, run.labels))),
        "distances": quantised(run.distances),
        "x": quantised(run.view[:, 0]),
        "y": quantised(run.view[:, 1]),
        "view": run.view_name,
        "m": rows.shape[1],
        "neighbours": packed(rows),
        "scores": quantised(scores),
        "found": [
            {"title": title, "about": about, "rows": packed(np.array(rows, np.int64)), "place": place}
            for title, about, rows, place in found(run)
        ],
        "clusters": [_cluster(run, cluster) for cluster in range(-1, c)],
        "fields": _fields(run),
        "failed": failed[:FAILURES],
        "failures": len(failed),
    }


def _figures(run: Run) -> dict[str, list[str]]:
    """Of each figure the title, what it says, and how it reads: of the run, and of the baseline."""
    known, rows = figures(), (run.metrics, run.info.baseline or {})
    found = {}
    for name in run.metrics:
        title = known[name].title.capitalize() if known[name].title.islower() else known[name].title
        values = (known[name].precise(row[name]) if name in row else "–" for row in rows)
        found[name] = [title.replace("_", " "), known[name].about, *values]
    return found


def packed(array: Ints) -> dict[str, Any]:
    """Whole numbers from 0 in the fewest bytes of 1, 2 or 4 each: little-endian, by rows, in base64."""
    width = 1 if array.max(initial=0) < 1 << 8 else 2 if array.max(initial=0) < 1 << 16 else 4
    return {"width": width, "data": b64encode(array.astype(f"<u{width}").tobytes()).decode("ascii")}


def quantised(array: Floats) -> dict[str, Any]:
    """Finite numbers as the nearest of 65,536 even steps from `low` to `high`."""
    import numpy as np

    values = array.astype(np.float64)
    low, high = float(values.min(initial=np.inf)), float(values.max(initial=-np.inf))
    if not low < high:  # none at all, or all equal
        low, high = (low, low) if low == high else (0.0, 0.0)
    steps = np.rint((values - low) * (65535 / (high - low or 1)))
    return {"low": low, "high": high, **packed(steps.astype(np.int64))}


def _filled(title: str, content: Mapping[str, Any]) -> str:
    heading = title.rsplit(" · ", 2)[0]  # the components stand below it
    values = {"title": title, "heading": heading, "data": pages.embedded(content)}
    return pages.filled(FOLDER, "report", values, images="'self' file: data:")


def _thumbnails(run: Run, folder: Path) -> list[Path | None]:
    """Write thumbs/ROW // 1000/ROW.jpg of each row; None for an image that is gone or is none any more."""
    n = len(run.labels)
    for shard in range(-(-n // SHARD)):
        (folder / "thumbs" / str(shard)).mkdir(parents=True, exist_ok=True)

    def write(row: int) -> Path | None:
        try:
            picture = run.thumbnail(row)
        except (OSError, ValueError):
            return None
        file = folder / "thumbs" / str(row // SHARD) / f"{row}.jpg"
        file.write_bytes(picture)
        return file

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(write, range(n)))


def _cluster(run: Run, cluster: int) -> dict[str, Any]:
    """Facts of a cluster, -1 for noise: size, mean distance to the centroid, main label; and its profile."""
    import numpy as np

    rows = run.labels == cluster
    size = int(rows.sum())
    label, count, known = main_label(run.truth[rows], run.truth_names)
    facts: dict[str, Any] = {
        "size": size,
        "spread": round(float(run.distances[rows].mean(dtype=np.float64)), 4) if size else 0,
    }
    if cluster >= 0:
        name, boundary, odd = run.profiles[cluster]
        facts["medoid"] = int(run.medoids[cluster])
        facts |= {key: value for key, value in (("name", name), ("boundary", boundary), ("odd", odd)) if value}
    return facts | ({"label": label, "count": count, "known": known} if known else {})


def _fields(run: Run) -> list[dict[str, Any]]:
    """What is known of the images, as codes (n,) into distinct values, sorted; the label and the group come first."""
    import numpy as np

    collection = run.collection
    items, records = ([table[place] for place in collection.first] for table in (collection.items, collection.records))
    columns = {"taken": [record.taken for record in records], "camera": [record.camera for record in records]}
    columns |= {name: [item.columns.get(name, "") for item in items] for name in collection.columns}
    fields: list[dict[str, Any]] = []
    for name, codes, values in (
        ("label", run.truth + 1, run.truth_names),
        (run.group_word, run.group + 1, run.group_names),
        *((name, *_codes(texts)) for name, texts in columns.items() if not tells_a_place(name, texts)),
    ):
        if len(fields) < FIELDS and np.any(codes > 0) and sum(map(len, values)) <= FIELD:
            fields.append({"name": name, "values": list(values), "codes": packed(codes)})
    return fields


def _codes(texts: Sequence[str]) -> tuple[Ints, list[str]]:
    import numpy as np

    values = sorted(set(texts) - {""})
    place = {value: code for code, value in enumerate(values, 1)}
    return np.array([place.get(text, 0) for text in texts], np.int64), values


def _made(run: Run) -> list[dict[str, Any]]:
    """By which components, with which numbers; texts are left out, as they may be paths of this machine."""
    settings, made = run.settings, []
    for slot in SLOTS:
        node = settings.get(slot)
        if not node:
            continue
        options = {name: value for name, value in node.items() if isinstance(value, bool | int | float)}
        made.append({"slot": slot, "name": run.called(slot), "options": options})
    made[0] |= {"licence": run.info.backbone.licence, "asked": run.info.backbone.asked}
    model = run.info.backbone.facts.get("model", "")
    made[0] |= {"model": "" if tells_a_place("", [model]) else model, "engine": run.info.engine["title"]}
    made.append({"slot": "seed", "name": str(run.seed), "options": {}})
    return made
