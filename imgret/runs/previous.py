"""What has become of a collection since its previous run: which cluster was which, which images came, left and moved.

Clusters are numbered by size, so the same cluster has another number as soon as it grows past another; here it is
found again by its images.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.errors import UsageError
from imgret.findings.info import Info, Now, Since
from imgret.runs.causes import IMAGES, reached
from imgret.runs.differences import MAYBE, settings_apart
from imgret.runs.run import Run

if TYPE_CHECKING:
    from imgret.contracts import Ints

EXACT = 2**53  # whole numbers up to here are exact in float64
DATE = len("2026-11-25_133232")  # of a run's name, by which runs are in order; what follows is drawn by lot


def since(run: Run, out: Path) -> Since | None:
    """What has changed since the newest whole run of the same collection in the folder `out`; None without one."""
    before = previous(run.info, out)
    if not before:
        return None
    found = compare(before.folder.name, run.ids, run.labels, before.ids, before.labels)
    try:
        return found._replace(then=otherwise(before.settings, run.settings, bool(found.new or found.gone)))
    except (KeyError, TypeError, AttributeError):  # a run from elsewhere may say anything
        return found


def otherwise(before: Mapping[str, Any], now: Mapping[str, Any], images: bool = True) -> list[str]:
    """The settings `before` that clusters follow from and that are another `now`: `clusterer=hdbscan`, `k=20`.

    Those that say which files are read only where `images` differ.
    """
    configs = before, now
    reach = {each: reached(each.what, configs) for each in settings_apart(*configs)}
    told = [each for each, to in reach.items() if "labels" in to and (images or IMAGES not in to)]
    return [f"{each.what}={each.first or 'null'}" for each in told if each.first or each.what not in MAYBE]


def previous(info: Info, out: Path) -> Run | None:
    """The newest whole run in `out` of the collection that `info` is about.

    A collection is known by its root and its source: the images that were asked for, or where a source asks for none,
    all of its arguments.
    """
    for folder in sorted(_folders(out), key=age, reverse=True):
        try:
            if _whose(Info.read(folder)) == _whose(info):
                return Run.load(folder)
        except (UsageError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
    return None


def _folders(out: Path) -> list[Path]:
    """Those of runs; one that is being written has a name with a dot."""
    try:
        found = [file.parent for file in out.glob("*/run.json")]
    except OSError:
        return []
    return [folder for folder in found if not folder.name.startswith(".") and not folder.is_symlink()]


def age(folder: Path) -> tuple[str, int, str]:
    """By the date in its name; of one second, or where it was renamed, by the time of its last file."""
    try:
        written = os.stat(folder / "run.json").st_mtime_ns
    except OSError:
        written = 0
    dated = re.fullmatch(r"\d{4}-\d\d-\d\d_\d{6}", folder.name[:DATE])
    date = folder.name[:DATE] if dated else time.strftime("%Y-%m-%d_%H%M%S", time.localtime(written / 1e9))
    return date, written, folder.name


def _whose(info: Info) -> tuple[object, ...]:
    source = info.fitted.source
    return info.root, source["name"], source.get("images") or source


def compare(name: str, ids: Sequence[str], labels: Ints, ids_before: Sequence[str], labels_before: Ints) -> Since:
    """Labels (n,) of images beside the labels (m,) that the run `name` gave; -1 is noise in both."""
    row_before = {id: row for row, id in enumerate(ids_before)}
    rows = np.array([row for row, id in enumerate(ids) if id in row_before], np.int64)
    now, then = labels[rows], labels_before[[row_before[ids[row]] for row in rows]]  # (b,): of the images of both
    sizes, sizes_before = _sizes(labels), _sizes(labels_before)  # noise last
    was = match(now, then, len(sizes) - 1, len(sizes_before) - 1)

    home = np.append(np.where(was < 0, -2, was), -1)  # by label, -1 for noise: of the last
    moved = home[now] != then
    stayed = np.bincount(np.where(now < 0, len(was), now)[~moved], minlength=len(sizes))
    touched, left = set(now[moved].tolist()), set(then[moved].tolist())
    kept = sum(int(old) >= 0 and new not in touched and int(old) not in left for new, old in enumerate(was))

    def one(place: int, old: int | None) -> Now:
        size, had = int(sizes[place]), 0 if old is None else int(sizes_before[old])
        return Now(old, int(stayed[place]), size - int(stayed[place]), had - int(stayed[place]))

    clusters = [one(place, int(old) if old >= 0 else None) for place, old in enumerate(was)]
    noise = one(-1, -1 if sizes_before[-1] else None) if sizes[-1] else None
    both = len(rows)
    return Since(name, len(ids) - both, len(ids_before) - both, kept, int(moved.sum()), clusters, noise)


def match(now: Ints, then: Ints, clusters: int, clusters_before: int) -> Ints:
    """The cluster (clusters,) that each one was, -1 for none: one to one, so that the most images stay in theirs.

    `now` and `then` (b,) are labels of the same images, -1 for noise, which takes no part. Of two matchings in which
    as many stay, the one in which low numbers go with low ones: the larger sum of the products of both clusters'
    places from the end. Clusters that share no image are not matched.

    The assignment problem of maximum weight (Kuhn, 1955) on the contingency table, which is sparse; each cluster has a
    column of its own beside it, of the least weight, which it takes where it was none.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    was = np.full(clusters, -1, np.int64)
    inside = (now >= 0) & (then >= 0)
    if not inside.any():
        return was
    pairs, images = np.unique(now[inside] * clusters_before + then[inside], return_counts=True)
    new, old = pairs // clusters_before, pairs % clusters_before
    places = (clusters - new) * (clusters_before - old)  # at the most clusters * clusters_before, for each match
    unit = clusters * clusters_before * min(clusters, clusters_before) + 1
    weights = images * unit + places if unit * len(now) < EXACT else images  # else ties fall as they may
    own = np.arange(clusters)
    data = np.concatenate([weights + 1, np.ones(clusters, np.int64)]).astype(np.float64)
    places_of = np.concatenate([new, own]), np.concatenate([old, clusters_before + own])
    table = csr_array((data, places_of), shape=(clusters, clusters_before + clusters))
    rows, columns = min_weight_full_bipartite_matching(table, maximize=True)
    real = columns < clusters_before
    was[rows[real]] = columns[real]
    return was


def _sizes(labels: Ints) -> Ints:
    """Images (c + 1,) of each cluster, and of noise."""
    clusters = int(labels.max(initial=-1)) + 1
    return np.bincount(np.where(labels < 0, clusters, labels), minlength=clusters + 1)
