"""Re-rankers as their papers have them, n x n and in loops, for few points; and the points."""

from typing import Any

import numpy as np


def points(seed: int = 0, n: int = 40, d: int = 6, q: int = 5) -> tuple[Any, Any]:
    """X (n, d) in five loose groups and queries (q, d) from outside, rows of unit length."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(5, d))
    X, Q = (centres[rng.integers(0, 5, m)] + 0.7 * rng.normal(size=(m, d)) for m in (n, q))
    return tuple((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32) for rows in (X, Q))


def order(scores: Any) -> Any:
    """Rows, best first, ties by row."""
    return np.argsort(-scores, kind="stable")


def led(scores: Any, plain: Any, keep: int) -> list[int]:
    """Rows by their scores (n,), behind the `keep` first of those by the plain ones (n,)."""
    first = order(plain)[:keep].tolist()
    return first + [row for row in order(scores).tolist() if row not in first]


def expansion(x: Any, X: Any, rows: Any, alpha: float) -> Any:
    """x (d,) plus rows of X by their cosines to the power of alpha, of unit length."""
    total = x.astype(np.float64)
    for row in rows:
        total = total + max(0.0, float(X[row].astype(np.float64) @ x)) ** alpha * X[row]
    return total / np.linalg.norm(total)


def expansions(Q: Any, X: Any, k: int, alpha: float) -> Any:
    """Queries (q, d), expanded by their k nearest rows of X."""
    return np.array([expansion(q, X, order(X.astype(np.float64) @ q)[:k], alpha) for q in Q])


def augmentations(X: Any, k: int, alpha: float) -> Any:
    """X, each row expanded by its k nearest others."""
    others = [[j for j in order(X.astype(np.float64) @ x).tolist() if j != i][:k] for i, x in enumerate(X)]
    return np.array([expansion(x, X, rows, alpha) for x, rows in zip(X, others, strict=True)])


def reciprocal(Q: Any, X: Any, k1: int, k2: int, lambda_: float) -> Any:
    """The scores (q, n) of k-reciprocal encoding, by sets; a query is one point more, which changes no other's sets."""
    S = X.astype(np.float64) @ X.T.astype(np.float64)
    n = len(X)
    near = [[i, *[j for j in order(S[i]).tolist() if j != i]] for i in range(n)]

    def mutual(i: int, k: int) -> set[int]:
        return {j for j in near[i][: k + 1] if i in near[j][: k + 1]}

    def enlarged(members: set[int]) -> set[int]:
        found = set(members)
        for j in members:
            half = mutual(j, round(k1 / 2))
            if 3 * len(members & half) >= 2 * len(half):
                found |= half
        return found

    def encoding(cosines: Any, members: set[int]) -> Any:
        v = np.zeros(n)
        for j in members:
            v[j] = np.exp(-(1 - cosines[j]))
        return v / max(v.sum(), 1e-300)

    V = np.array([encoding(S[i], enlarged(mutual(i, k1))) for i in range(n)])
    mean = np.array([V[near[i][:k2]].mean(axis=0) for i in range(n)])
    scores = []
    for q in Q.astype(np.float64):
        cosines = X.astype(np.float64) @ q
        hits = order(cosines).tolist()
        members = {j for j in hits[:k1] if len(near[j]) <= k1 or cosines[j] >= S[j, near[j][k1]]}
        v = encoding(cosines, enlarged(members)) + V[hits[: k2 - 1]].sum(axis=0)
        v /= v.sum() or 1
        distance = np.array([1 - np.minimum(v, w).sum() / np.maximum(v, w).sum() for w in mean])
        scores.append(1 - (1 - lambda_) * distance - lambda_ * (1 - cosines))
    return np.array(scores)


def diffused(Q: Any, X: Any, k: int, sources: int, alpha: float, gamma: float, truncate: int) -> Any:
    """The scores (q, n) of diffusion, by solving the linear system of each query's part of the graph."""
    S = X.astype(np.float64) @ X.T.astype(np.float64)
    n = len(X)
    W = np.zeros((n, n))
    for i in range(n):
        for j in [j for j in order(S[i]).tolist() if j != i][:k]:
            W[i, j] = W[j, i] = max(0.0, S[i, j]) ** gamma
    degrees = W.sum(axis=1)
    W /= np.sqrt(np.outer(degrees, degrees))
    found = []
    for q in Q.astype(np.float64):
        cosines = X.astype(np.float64) @ q
        part = order(cosines)[:truncate]
        start = np.zeros(len(part))
        start[:sources] = np.maximum(cosines[part[:sources]], 0) ** gamma
        f = np.linalg.solve(np.eye(len(part)) - alpha * W[np.ix_(part, part)], start)
        scores = cosines - 1
        reached = f > 1e-12
        scores[part[reached]] = f[reached] / f.max()
        found.append(scores)
    return np.array(found)
