"""The picture of an advice: it is marked where the advice is, and any advice can be drawn."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgret.clusters.advice import weigh
from imgret.clusters.chart import _ticks, draw
from imgret.clusters.evidence import CRITERIA, Evidence
from imgret.pictures import sheet


def _advice(ks: list[int], best: int, missing: bool = False) -> Evidence:
    figures = {name: np.array([[0.9 if k == best else 0.5] * 2 for k in ks]) for name in CRITERIA}
    nothing = {name: np.full(len(ks), np.nan if missing else 0.6) for name in CRITERIA}
    return Evidence(ks, figures, nothing, 50, 10)


def test_what_is_advised_is_marked(tmp_path: Path) -> None:
    places = []
    for best in (2, 8, 32):
        file = draw(weigh(_advice([2, 4, 8, 16, 32], best)), "photos", tmp_path / f"{best}.png")
        with Image.open(file) as page:
            assert page.width == sheet.WIDTH + 2 * sheet.MARGIN
            marked = (np.asarray(page)[:700] == sheet.ACCENT).all(axis=2)
        places.append(np.flatnonzero(marked.any(axis=0)).mean())
    assert places[0] < places[1] < places[2]
    assert places[1] == pytest.approx((places[0] + places[2]) / 2, abs=2)  # by the logarithm


@pytest.mark.parametrize("ks", [[2], [2, 3]])
def test_little_and_undefined_evidence_is_drawn(ks: list[int], tmp_path: Path) -> None:
    assert draw(weigh(_advice(ks, 2, missing=True)), "$x$ \u202e", tmp_path / "k.png").stat().st_size > 0


def test_ticks_are_round_and_hold_the_curve() -> None:
    def ticks(scores: list[float], error: float = 0.0) -> list[float]:
        found = _ticks(np.array(scores), np.full(len(scores), error)).tolist()
        return [round(tick, 6) for tick in found]

    assert ticks([0.1, 0.9]) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert ticks([0.1, 0.9], 0.15) == [0, 0.5, 1, 1.5]
    assert ticks([0.01, 0.043]) == [0, 0.01, 0.02, 0.03, 0.04, 0.05]
    assert ticks([-9.0, 1.0]) == [-1, -0.5, 0, 0.5, 1]
    assert ticks([0.0, 0.0]) == [0, 0.002, 0.004, 0.006, 0.008, 0.01]
