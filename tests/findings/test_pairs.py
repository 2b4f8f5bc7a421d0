"""pairs: what a run says of images that are one picture, were one, or only look alike."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imgret
from imgret.findings import pairs as module
from tests.conftest import write
from tests.reading.test_pairs import page, saved, shirt

QUICK = {"backbone": "pixels", "view": "pca", "k": 2, "reports": [], "attributes": [], "metrics": [], "log": "quiet"}


def _tiers(run: imgret.Run) -> dict[tuple[str, str], str]:
    return {tuple(sorted((run.paths[p.one], run.paths[p.other]))): p.tier for p in run.pairs}  # type: ignore[misc]


def _patches(seed: int) -> Image.Image:
    grid = np.random.default_rng(seed).integers(0, 255, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(grid).resize((240, 180), Image.Resampling.BICUBIC)


def test_each_tier_is_told(tmp_path: Path) -> None:
    first = _patches(1)
    files = {
        "first.png": saved(first),
        "pixels.png": saved(first, compress_level=1),
        "small.jpg": saved(first, "JPEG", 0.5),
        "mirrored.jpg": saved(first.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG"),
        "turned.jpg": saved(first.transpose(Image.Transpose.ROTATE_90), "JPEG"),
        **{f"{n}.png": saved(_patches(n)) for n in range(2, 8)},
    }
    run = imgret.run(write(tmp_path / "in", files), **QUICK)
    told = _tiers(run)
    assert {pair: tier for pair, tier in told.items() if tier != "edited"} == {
        ("first.png", "pixels.png"): "same pixels",
        ("first.png", "small.jpg"): "re-encoded",
        ("pixels.png", "small.jpg"): "re-encoded",
    }
    edited = {pair for pair, tier in told.items() if tier == "edited"}
    assert {("first.png", "mirrored.jpg"), ("first.png", "turned.jpg"), ("mirrored.jpg", "turned.jpg")} <= edited
    assert not {name for pair in edited for name in pair} & {f"{n}.png" for n in range(2, 8)}


def test_texts_on_one_page_and_shirts_on_one_cloth_are_not_the_same_picture(tmp_path: Path) -> None:
    files = {f"page{n}.png": saved(page(n)) for n in range(8)}
    files |= {f"shirt{n}.jpg": saved(shirt(colour, n), "JPEG") for n, colour in enumerate(("white", "beige", "navy"))}
    told = _tiers(imgret.run(write(tmp_path / "in", files), **QUICK))
    assert not {"same pixels", "re-encoded"} & set(told.values())


def test_copies_are_read_once_each_and_what_is_gone_is_not_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[int, int]] = []
    honest = module._read

    def counted(run: imgret.Run, now: list[tuple[int, int]], least: float) -> object:
        read.extend(now)
        return honest(run, now, least)

    monkeypatch.setattr(module, "_read", counted)
    picture = _patches(1)
    folder = write(tmp_path / "in", {f"{n}.png": saved(picture, compress_level=n) for n in range(6)})
    run = imgret.run(folder, **QUICK)
    assert set(_tiers(run).values()) == {"same pixels"}
    assert len(run.pairs) == 15
    assert len(read) == 5
    (folder / "3.png").unlink()
    again = imgret.load(run.folder)
    assert {tier for pair, tier in _tiers(again).items() if "3.png" in pair} == set()


def test_a_lone_image_has_no_pairs(tmp_path: Path) -> None:
    assert imgret.run(write(tmp_path / "in", {"a.png": saved(_patches(1))}), **{**QUICK, "k": 1}).pairs == []
