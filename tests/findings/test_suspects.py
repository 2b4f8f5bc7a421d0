"""Labels that sit among others: by hand, and against a slow reference."""

from collections import defaultdict
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from imgret.findings.suspects import suspects


def test_by_hand() -> None:
    truth = np.array([0, 1, 1, 1, -1, 0])
    rows = np.array([[1, 2, 3], [2, 3, 0], [1, 3, 0], [1, 2, 0], [1, 2, 3], [1, 4, 0]])
    scores = np.array([[0.9, 0.8, 0.7], [0.9, 0.8, 0.1], [0.9, 0.9, -0.5], [0.9, 0.5, 0.5], [1, 1, 1], [0.9, 0.9, 0.5]])
    found = suspects(truth, rows, scores)
    # Row 0 has three neighbours, all of label 1. Row 5: .9^3 of 1, nobody's, .5^3 of its own, which is .146 of both.
    assert found.rows.tolist() == [0]
    assert found.labels.tolist() == [1]
    assert found.margins.tolist() == [1.0]
    scores[5, 2] = 0.4  # .064 of .793: .081, less than a tenth
    found = suspects(truth, rows, scores)
    assert found.rows.tolist() == [0, 5]
    np.testing.assert_allclose(found.margins, [1, (0.729 - 0.064) / 0.793], rtol=1e-6)


def test_those_that_have_nothing_of_their_own_around_them_come_by_row() -> None:
    """Whatever the weights are, all of them is all of them."""
    scores = np.random.default_rng(0).uniform(0.1, 1, (30, 7))
    rows = np.random.default_rng(1).integers(30, 60, (30, 7))
    truth = np.repeat([0, 1], 30)
    far = np.vstack([rows, rows]), np.vstack([scores, scores])  # of label 1, which the second half has
    found = suspects(truth, *far)
    assert (found.rows.tolist(), set(found.margins.tolist())) == (list(range(30)), {1.0})


def test_without_labels_or_with_one_nobody_is_suspected() -> None:
    rows, scores = np.array([[1], [0]]), np.ones((2, 1))
    assert suspects(np.array([-1, -1]), rows, scores).rows.tolist() == []
    assert suspects(np.array([0, 0]), rows, scores).rows.tolist() == []
    assert suspects(np.array([0, -1]), rows, scores).rows.tolist() == []
    assert suspects(np.array([0]), np.zeros((1, 0), int), np.zeros((1, 0))).rows.tolist() == []


@settings(deadline=None)
@given(st.data())
def test_against_a_slow_reference(data: Any) -> None:
    n = data.draw(st.integers(2, 12))
    m = data.draw(st.integers(1, n - 1))
    truth = np.array(data.draw(st.lists(st.integers(-1, 2), min_size=n, max_size=n)))
    seed = data.draw(st.integers(0, 99))
    rng = np.random.default_rng(seed)
    rows = np.array([rng.permutation([j for j in range(n) if j != i])[:m] for i in range(n)])
    scores = rng.uniform(-0.2, 1, (n, m)).astype(np.float32)
    slow = []
    for i in range(n):
        votes: dict[int, float] = defaultdict(float)
        for j, score in zip(rows[i], scores[i], strict=True):
            if truth[j] >= 0 and score > 0:
                votes[int(truth[j])] += float(score) ** 3
        if truth[i] < 0 or not votes:
            continue
        total = sum(votes.values())
        own = votes.pop(int(truth[i]), 0.0) / total
        if own < 0.1 and votes and max(votes.values()) / total > 0.7:
            label = min(votes, key=lambda code: (-votes[code], code))
            slow.append((i, label, votes[label] / total - own))
    slow.sort(key=lambda each: (-each[2], each[0]))
    found = suspects(truth, rows, scores)
    assert sorted(found.rows.tolist()) == sorted(i for i, *_ in slow)
    assert dict(zip(found.rows.tolist(), found.labels.tolist(), strict=True)) == {i: label for i, label, _ in slow}
    np.testing.assert_allclose(found.margins, [margin for *_, margin in slow], rtol=1e-5)
