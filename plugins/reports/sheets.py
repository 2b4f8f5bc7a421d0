"""A contact sheet for each cluster: the cheapest honest look at what a clustering has found."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import Tile, contact_sheet, counted, main_label, percent, printable, sheet

if TYPE_CHECKING:
    from imgret import Run
    from imgret.plugin import Ints

MEMBERS = 24  # pictures on a sheet
LARGEST = 200  # clusters that get one
THREADS = 4  # sheets at a time, each of some 10 MB


@register("report")
def sheets(run: Run, folder: Path) -> list[Path]:
    """A picture of each cluster: the representative, marked, then the members nearest to the centroid.

    Writes clusters/cluster_000.jpg and so on, largest cluster first, and clusters/noise.jpg where there is noise.
    """
    import numpy as np

    if len(run.medoids) > LARGEST:
        logging.getLogger("imgret").info("sheets: the %d largest of %d clusters are drawn", LARGEST, len(run.medoids))
    by_distance = np.argsort(run.distances, kind="stable")
    labels = run.labels[by_distance]
    members = {}
    for cluster, medoid in enumerate(run.medoids[:LARGEST].tolist()):
        rows = by_distance[labels == cluster]
        members[cluster] = np.r_[medoid, rows[rows != medoid]]
    if np.any(labels < 0):
        members[-1] = by_distance[labels < 0]
    (folder / "clusters").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(partial(_sheet, run, folder / "clusters"), members.keys(), members.values()))


def _sheet(run: Run, folder: Path, cluster: int, rows: Ints) -> Path:
    """The sheet of one cluster (-1: noise), whose members are `rows`, in the order of their drawing."""
    tiles = [
        Tile(
            partial(run.thumbnail, row),
            caption=run.paths[row].rpartition("/")[2],
            mark=cluster >= 0 and place == 0,
            note=run.truth_names[run.truth[row]] if run.truth[row] >= 0 else "",
        )
        for place, row in enumerate(rows[:MEMBERS].tolist())
    ]
    size = counted(len(rows), "image")
    facts = [size if len(tiles) == len(rows) else f"{len(tiles)} of {size}"]
    label, count, known = main_label(run.truth[rows], run.truth_names)
    called = run.profiles[cluster].name if cluster >= 0 else ""
    facts += filter(None, [called])
    if known and printable(label) not in called:
        facts.append(f"{percent(count, known)} {label}")
    name, title = (f"cluster_{cluster:03d}", f"Cluster {cluster:03d}") if cluster >= 0 else ("noise", "Noise")
    return sheet.save(
        contact_sheet(tiles, title, " · ".join(facts), threads=1),
        folder / f"{name}.jpg",
    )
