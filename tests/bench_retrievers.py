"""Queries/s, share scanned and recall of the retrievers beside an exact scan, in turns in one run.

python -m tests.bench_retrievers [--features FEATURES.npy --k 10,60] [--n 100000 --d 256 --k 300 --spread 0.5,1]

Without features it draws n rows: 1,000 groups with normal centres in d dimensions, and round each a normal cloud of
`spread` times that scale. Clusters are by minibatch_kmeans. A batch is 500 of the rows, for 20 others each.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from imgret import ops
from imgret.errors import UsageError
from imgret.registry import build, load_plugins

TOP, QUERIES, GROUPS = 20, 500, 1000
WAYS: dict[str, dict[str, Any]] = {
    "exact": {"name": "exact"},
    "cluster_rank": {"name": "cluster_rank", "recall": 0.99, "top": TOP},
    "cluster_rank recall=1": {"name": "cluster_rank", "recall": 1.0, "top": TOP},
    "faiss_ivf": {"name": "faiss_ivf"},
    "faiss_hnsw": {"name": "faiss_hnsw"},
}


def drawn(n: int, d: int, spread: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(GROUPS, d)).astype(np.float32)[rng.integers(0, GROUPS, n)]
    return rows + np.float32(spread) * rng.standard_normal((n, d), np.float32)


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done


def compare(features: np.ndarray, k: int, rounds: int) -> None:
    X, _ = ops.normalise(features)
    labels = ops.renumber(build("clusterer", {"name": "minibatch_kmeans", "k": k}).fit_predict(X).astype(np.int64))
    queries = X[np.random.default_rng(1).choice(len(X), QUERIES, replace=False)]
    fitted, fits = {}, {}
    for way, node in WAYS.items():
        try:
            fits[way], fitted[way] = seconds(lambda node=node: build("retriever", node).fit(X, labels))  # type: ignore[misc]
        except UsageError as error:
            print(f"{way}: {error}")
    for retriever in fitted.values():
        retriever.kneighbors(queries[:50], TOP + 1)
    times: dict[str, list[float]] = {way: [] for way in fitted}
    hits = {}
    for _ in range(rounds):
        for way, retriever in fitted.items():
            took, (_, hits[way]) = seconds(lambda r=retriever: r.kneighbors(queries, TOP + 1))  # type: ignore[misc]
            times[way].append(took)
    for way, retriever in fitted.items():
        pace = QUERIES / statistics.median(times[way])
        ratio = statistics.median(first / own for first, own in zip(times["exact"], times[way], strict=True))
        recall = np.mean([np.isin(right, found).mean() for right, found in zip(hits["exact"], hits[way], strict=True)])
        share = f"{retriever.scanned(queries, TOP + 1).mean() / len(X):.1%}" if hasattr(retriever, "scanned") else "-"
        print(f"{way:<22} {fits[way]:>7.1f} {pace:>10,.0f} {ratio:>7.2f} {recall:>9.4f} {share:>9}", flush=True)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--features", help="a file of features (n, d), instead of drawn ones")
    words.add_argument("--n", default=100_000, type=int)
    words.add_argument("--d", default=256, type=int)
    words.add_argument("--k", default="300", help="numbers of clusters")
    words.add_argument("--spread", default="0.5,1")
    words.add_argument("--rounds", default=5, type=int)
    asked = words.parse_args()
    load_plugins()
    if asked.features:
        sets = {asked.features: np.load(asked.features, allow_pickle=False)}
    else:
        sets = {f"spread {s}": drawn(asked.n, asked.d, float(s)) for s in asked.spread.split(",")}
    for name, features in sets.items():
        for k in map(int, asked.k.split(",")):
            n, d = features.shape
            print(f"\n{name}: {n:,} x {d}, {k} clusters; {QUERIES} queries, top {TOP}, median of {asked.rounds} rounds")
            print(f"{'':<22} {'fit s':>7} {'queries/s':>10} {'ratio':>7} {'recall':>9} {'scanned':>9}")
            compare(features, k, asked.rounds)


if __name__ == "__main__":
    main()
