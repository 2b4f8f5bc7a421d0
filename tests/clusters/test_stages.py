"""The stages that fit a component to X: what it gives is held to its shape, and what it complains of is said."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import UsageError, register
from imgret.clusters.neighbours import Neighbours
from imgret.clusters.stages import cluster, reduction
from imgret.store.store import Store

X = np.array([[1, 2], [3, 5], [4, 4], [0, 1]], np.float32)


SETTINGS = {"reducer": {"name": "none"}, "view": {"name": "gives"}, "clusterer": {"name": "gives"}, "device": "cpu"}


def clustered(given: Any) -> list[int]:
    register("clusterer", "gives")(lambda: SimpleNamespace(fit_predict=lambda X: given))
    store = Store()
    labels: list[int] = cluster(X, SETTINGS, store, Neighbours(store))[0].tolist()
    return labels


def viewed(given: Any) -> list[list[float]]:
    register("reducer", "gives")(lambda: SimpleNamespace(fit_transform=lambda X: given))
    store = Store()
    view: list[list[float]] = reduction(X, SETTINGS, "view", store, Neighbours(store)).tolist()
    return view


def test_clusters_are_numbered_by_size_and_noise_stays() -> None:
    assert clustered([7, -1, 3, 3]) == [1, -1, 0, 0]
    assert clustered(np.array([7, 7, 3, 3], np.uint8)) == [0, 0, 1, 1]  # of one size: the first row's first


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([0, 0, 1], r"^clusterer/gives: for 4 points it gave int64 of shape \(3,\), not 4 whole numbers\n"),
        ([0.0, 0, 1, 1], r"^clusterer/gives: for 4 points it gave float64 of shape \(4,\), not 4 whole"),
    ],
)
def test_labels_are_whole_numbers_one_a_row(given: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        clustered(given)


def test_a_view_has_two_columns() -> None:
    assert viewed(X) == X.tolist()
    with pytest.raises(
        UsageError, match=r"^reducer/gives: X \(4, 2\) became float32 of shape \(4, 1\), not numbers \(4, 2\)\n"
    ):
        viewed(X[:, :1])
    with pytest.raises(UsageError, match=r"^reducer/gives: X \(4, 2\) became float64 that are not all finite numbers"):
        viewed(np.full((4, 2), np.inf))


def test_what_a_component_complains_of_is_the_users_to_read(colours: Path, monkeypatch: Any) -> None:
    @register("clusterer")
    class picky:
        def fit_predict(self, X: Any) -> Any:
            raise ValueError("eps must be\n positive")

    with pytest.raises(
        UsageError, match=r"^clusterer/picky: ValueError: eps must be positive\nit lies in .*test_stages.py; "
    ):
        imgret.run(colours, backbone="pixels", view="pca", reports=[], clusterer="picky")


def test_a_reduction_is_made_anew_once_its_reducer_is_edited(tmp_path: Path, monkeypatch: Any) -> None:
    """Kept is what the same file made of the same X with the same arguments."""
    monkeypatch.setattr("imgret.store.store.WORTH_KEEPING", -1.0)
    store, X, file = Store(tmp_path / "s"), np.array([[1, 2], [3, 5]], np.float32), tmp_path / "times.py"
    text = (
        "from types import SimpleNamespace\nfrom imgret import register\n@register('reducer')\n"
        "def times(by: int = 2):\n    made.append(by)\n"
        "    return SimpleNamespace(fit_transform=lambda X: SIGN by * X)\n"
    )
    made: list[int] = []

    def reduced(sign: str, by: int = 2, X: Any = X) -> tuple[Any, int]:
        file.write_text(text.replace("SIGN", sign))
        exec(compile(file.read_text(), file, "exec"), {"__name__": "mine", "made": made})
        settings = {"reducer": {"name": "times", "by": by}, "device": "cpu"}
        return reduction(X, settings, "reducer", store, Neighbours(store)).tolist(), len(made)

    assert reduced("+") == ([[2, 4], [6, 10]], 1)
    assert reduced("+") == ([[2, 4], [6, 10]], 1)
    assert reduced("-") == ([[-2, -4], [-6, -10]], 2)
    assert reduced("-", by=3) == ([[-3, -6], [-9, -15]], 3)
    assert reduced("-", X=X[::-1]) == ([[-6, -10], [-2, -4]], 4)
    assert reduced("+") == ([[2, 4], [6, 10]], 4)
