"""Extraction: full batches, shards, one forward pass an image, bad features, what makes a feature set."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from imgret.contracts import Backbone, Preprocess
from imgret.errors import UsageError
from imgret.features.engine import Engine
from imgret.features.extract import embed, extract
from imgret.features.space import space
from imgret.plugins.sources.files import files
from imgret.reading.loader import Reading
from imgret.store.store import Store
from tests.conftest import png, write

BACKBONE = Backbone(torch.nn.Flatten(), Preprocess((1, 1), mean=(0, 0, 0), std=(1, 1, 1)), "none")


class FakeEngine:
    """Counts its batches; a feature is the image's colour, and a red above 100 gives one that is not finite."""

    name, precision, device, batch, backbone = "fake", "float32", "cpu", 4, BACKBONE

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def prepare(self) -> None: ...

    def __call__(self, pixels: Any) -> Any:
        self.sizes.append(len(pixels))
        out = pixels.reshape(len(pixels), 3).astype(np.float32)
        return np.where(out[:, :1] > 100, np.float32(np.nan), out)


def _extract(root: Path, engine: FakeEngine, store: Store) -> Any:
    source = files(str(root))
    return extract(source, list(source), space({"name": "pixels"}, BACKBONE), engine, store)  # type: ignore[arg-type]


def test_batches_are_full_duplicates_are_free_and_a_second_time_costs_nothing(tmp_path: Path) -> None:
    pictures = {f"{i}.png": png((2 * i, 100, 50)) for i in range(6)}
    root = write(tmp_path / "in", pictures | {"twin of 3.png": pictures["3.png"]})
    store, engine = Store(tmp_path / "store"), FakeEngine()
    done = _extract(root, engine, store)
    assert (done.computed, [r.outcome for r in done.records]) == (6, ["ok"] * 7)
    assert engine.sizes == [4, 4, 2]  # one to measure the time, then the six images
    assert done.records[3].id == done.records[6].id
    np.testing.assert_array_equal(
        done.features.rows([r.id for r in done.records]), [[i, 50, 25] for i in (0, 1, 2, 3, 4, 5, 3)]
    )
    engine = FakeEngine()
    again = _extract(root, engine, store)
    assert (again.computed, again.records) == (0, done.records)
    assert len(engine.sizes) <= 1  # at the most the batch that measures the time


def test_features_that_are_not_finite_are_an_outcome(tmp_path: Path) -> None:
    root = write(tmp_path / "in", {"bad.png": png((240, 0, 0)), "good.png": png((20, 0, 0))})
    done = _extract(root, FakeEngine(), Store(tmp_path / "store"))
    assert [(r.outcome, r.reason) for r in done.records] == [("bad_feature", "its features are not finite"), ("ok", "")]
    assert done.records[0].id not in done.features
    assert done.records[1].id in done.features


def test_an_interrupted_extraction_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.features.extract.SHARD", 4)
    root = write(tmp_path / "in", {f"{i:02}.png": png((2 * i, 9, 9)) for i in range(40)})
    store = Store(tmp_path / "store")

    class Breaks(FakeEngine):
        def __call__(self, pixels: Any) -> Any:
            if len(self.sizes) == 6:
                raise KeyboardInterrupt
            return super().__call__(pixels)

    with pytest.raises(KeyboardInterrupt):
        _extract(root, Breaks(), store)
    done = _extract(root, FakeEngine(), store)
    assert done.computed == 40 - 20  # five batches of four were in the store; the sixth call measured the time
    assert all(r.id in done.features for r in done.records)


def test_queries_go_in_batches(tmp_path: Path) -> None:
    engine = FakeEngine()
    images = [(f"{i}", png((2 * i, 100, 50))) for i in range(5)]
    np.testing.assert_array_equal(embed(images, BACKBONE, engine), [[i, 50, 25] for i in range(5)])  # type: ignore[arg-type]
    assert engine.sizes == [4, 1]
    with pytest.raises(UsageError, match=r"^letter\.txt cannot be used as an image: unsupported"):
        embed([("letter.txt", b"Dear all")], BACKBONE, engine)  # type: ignore[arg-type]


def _stuck(data: bytes, preprocess: Preprocess, formats: tuple[str, ...]) -> Any:
    if data == b"crash":
        os.abort()
    time.sleep(3600)


@pytest.mark.skipif(os.name == "nt", reason="names a signal")
@pytest.mark.slow
def test_a_query_that_ends_its_decoder_is_a_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.features.extract.decode", _stuck)
    for data, says in ((b"crash", "decoder_crashed, killed by SIGABRT"), (b"hang", "timeout, no result after 1 s")):
        with pytest.raises(UsageError) as caught:
            embed([("a.jpg", data)], BACKBONE, FakeEngine(), Reading(timeout=1))  # type: ignore[arg-type]
        assert str(caught.value) == f"a.jpg cannot be used as an image: {says}"


def test_the_space_is_weights_arguments_and_preprocessing_and_not_where_they_lay() -> None:
    torch.manual_seed(0)
    module = torch.nn.Linear(2, 2)
    backbone = Backbone(module, Preprocess((1, 1)), "none")
    first = space({"name": "pixels", "weights": "here.pth", "pool": "avg", "offline": False}, backbone)
    assert first == space({"name": "pixels", "weights": "there.pth", "pool": "avg", "offline": True}, backbone)
    assert first != space({"name": "pixels", "weights": "here.pth", "pool": "max", "offline": False}, backbone)
    assert first != space(first["arguments"] | {"name": "pixels"}, Backbone(module, Preprocess((2, 1)), "none"))
    with torch.no_grad():
        module.weight[0, 0] += 1
    assert first != space({"name": "pixels", "weights": "here.pth", "pool": "avg", "offline": False}, backbone)


def test_features_of_an_engine_that_stands_in_are_a_set_of_their_own(tmp_path: Path) -> None:
    class StandsIn(FakeEngine):
        def prepare(self) -> None:
            self.name = "slow"  # what should have run could not be compiled

    root = write(tmp_path / "in", {f"{i}.png": png((2 * i, 9, 9)) for i in range(3)})
    store = Store(tmp_path / "store")
    first = _extract(root, StandsIn(), store)
    assert first.features.recipe["engine"] == "slow"
    again = _extract(root, StandsIn(), store)
    assert (again.computed, again.features.recipe["engine"]) == (0, "slow")
    other = _extract(root, FakeEngine(), store)
    assert (other.computed, other.features.recipe["engine"]) == (3, "fake")


def test_rows_that_wait_for_a_full_shard_are_kept_when_the_run_is_stopped(tmp_path: Path) -> None:
    root = write(tmp_path / "in", {f"{i:02}.png": png((2 * i, 9, 9)) for i in range(20)})
    store = Store(tmp_path / "store")

    class Stops(FakeEngine):
        def __call__(self, pixels: Any) -> Any:
            if len(self.sizes) == 4:
                raise KeyboardInterrupt
            return super().__call__(pixels)

    with pytest.raises(KeyboardInterrupt):
        _extract(root, Stops(), store)
    assert _extract(root, FakeEngine(), store).computed == 20 - 12


def test_no_image_is_lost_where_memory_ends(tmp_path: Path) -> None:
    """Of 40 images the third batch finds no memory for more than two."""

    class Greedy(torch.nn.Flatten):
        calls = 0

        def forward(self, x: Any) -> Any:
            self.calls += 1
            if self.calls > 3 and len(x) > 2:
                raise MemoryError
            return super().forward(x)

    root = write(tmp_path / "in", {f"{i:02}.png": png((2 * i, 100, 50)) for i in range(40)})
    backbone = Backbone(Greedy(), BACKBONE.preprocess, "none")
    source, engine = files(str(root)), Engine(backbone, "cpu", batch=8)
    done = extract(source, list(source), space({"name": "pixels"}, backbone), engine, Store(tmp_path / "store"))
    assert (done.computed, engine.batch, engine.halved) == (40, 2, 2)
    rows = done.features.rows([record.id for record in done.records])
    np.testing.assert_allclose(rows * 255, [[i, 50, 25] for i in range(40)], rtol=1e-5)


def test_queries_are_answered_in_the_batches_that_there_is_memory_for() -> None:
    class Greedy(torch.nn.Flatten):
        def forward(self, x: Any) -> Any:
            if len(x) > 1:
                raise MemoryError
            return super().forward(x)

    engine = Engine(Backbone(Greedy(), BACKBONE.preprocess, "none"), "cpu", batch=4)
    images = [(f"{i}", png((2 * i, 100, 50))) for i in range(6)]
    found = embed(images, engine.backbone, engine)
    np.testing.assert_allclose(found * 255, [[i, 50, 25] for i in range(6)], rtol=1e-5)


def test_a_link_to_nothing_makes_no_engine_ready_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "in", {f"{i}.png": png((i * 40, 9, 9)) for i in range(1, 4)})
    for file in root.iterdir():
        os.utime(file, (1e9, 1e9))
    (root / "gone.png").symlink_to("nowhere")
    first = _extract(root, FakeEngine(), Store(tmp_path / "store"))
    engine = FakeEngine()
    monkeypatch.setattr(engine, "prepare", None)
    second = _extract(root, engine, Store(tmp_path / "store"))
    assert second.records == first.records
    assert [record.outcome for record in second.records] == ["ok", "ok", "ok", "missing"]
