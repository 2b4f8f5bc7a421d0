"""The store against a dictionary: whatever happens to its files, what it returns is right or absent, never wrong."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from imgret.errors import StoreDamaged
from imgret.store.store import FeatureSet, Store

RECIPE = {"backbone": "x"}
ROWS = {f"{i:02x}" * 32: np.random.default_rng(i).normal(size=5).astype(np.float32) for i in range(8)}
some = st.lists(st.sampled_from(sorted(ROWS)), min_size=1, max_size=5, unique=True)
places = st.floats(0, 1, exclude_max=True)


class Killed(BaseException):
    pass


class Model(RuleBasedStateMachine):
    """`whole` has the ids of every shard that was written to its end and not touched since."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="imgret-"))
        self.whole: dict[Path, list[str]] = {}
        self.reopen()

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @rule()
    def reopen(self) -> None:
        self.store = Store(self.root)
        self.features = self.store.features(RECIPE)

    @rule(ids=some)
    def add(self, ids: list[str]) -> None:
        before = self.shards()
        self.features.add(ids, np.stack([ROWS[id] for id in ids]))
        (new,) = set(self.shards()) - set(before) or {self.features._where[ids[0]][0]}
        self.whole[new] = ids

    @rule(ids=some, at=st.integers(0, 3))
    def killed_while_adding(self, ids: list[str], at: int) -> None:
        """In the midst of writing, before the file is forced to disk, before and after its name is given."""
        steps = iter(range(4))

        def until(step: Callable[..., Any]) -> Callable[..., Any]:
            def counted(*args: Any) -> Any:
                if next(steps) == at:
                    if step is save_file:
                        Path(args[1]).write_bytes(safetensors.numpy.save(args[0])[:-7])
                    raise Killed
                return step(*args)

            return counted

        save_file = safetensors.numpy.save_file
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(safetensors.numpy, "save_file", until(save_file))
            patch.setattr(os, "fsync", until(os.fsync))
            patch.setattr(os, "replace", until(os.replace))
            patch.setattr(Path, "unlink", lambda *_, **__: None)  # nobody is left to clean up
            with pytest.raises(Killed):
                self.features.add(ids, np.stack([ROWS[id] for id in ids]))
        self.reopen()

    @precondition(lambda self: self.shards())
    @rule(which=places)
    def remove_a_shard(self, which: float) -> None:
        self.shard(which).unlink()

    @precondition(lambda self: self.shards())
    @rule(which=places, at=places)
    def truncate_a_shard(self, which: float, at: float) -> None:
        shard = self.shard(which)
        shard.write_bytes(shard.read_bytes()[: int(at * shard.stat().st_size)])

    @precondition(lambda self: self.shards())
    @rule(which=places, at=places, bit=st.integers(0, 7))
    def flip_a_bit_of_a_shard(self, which: float, at: float, bit: int) -> None:
        flip(self.shard(which), at, bit)

    @precondition(lambda self: list(self.root.glob("matrices/*.npy")))
    @rule(at=places, bit=st.integers(0, 7), cut=st.booleans())
    def damage_a_matrix(self, at: float, bit: int, cut: bool) -> None:
        file = min(self.root.glob("matrices/*.npy"))
        if cut:
            file.write_bytes(file.read_bytes()[: int(at * file.stat().st_size)])
        else:
            flip(file, at, bit)

    @rule()
    def what_was_opened_before_is_right_or_says_so(self) -> None:
        self.check(self.features)

    @rule(ids=some)
    def a_matrix_is_right(self, ids: list[str]) -> None:
        held = [id for id in ids if id in self.store.features(RECIPE)]
        if held:
            matrix = np.load(self.store.matrix(self.store.features(RECIPE), held))
            np.testing.assert_array_equal(matrix, np.stack([ROWS[id] for id in held]))

    @invariant()
    def what_is_whole_is_there_and_all_is_right(self) -> None:
        features = Store(self.root).features(RECIPE)
        held = {id for ids in self.whole.values() for id in ids}
        assert held <= self.check(features)

    def check(self, features: FeatureSet) -> set[str]:
        held = {id for id in ROWS if id in features}
        for id in held:
            try:
                np.testing.assert_array_equal(features.rows([id])[0], ROWS[id])
            except StoreDamaged:  # since it was opened
                assert features is self.features
        return held

    def shards(self) -> list[Path]:
        return sorted(self.root.glob("features/*/*.safetensors"))

    def shard(self, which: float) -> Path:
        """One that is about to be damaged."""
        shards = self.shards()
        shard = shards[int(which * len(shards))]
        self.whole.pop(shard, None)
        return shard


def flip(file: Path, at: float, bit: int) -> None:
    data = bytearray(file.read_bytes())
    if data:
        data[int(at * len(data))] ^= 1 << bit
        file.write_bytes(data)


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
