"""The store: features survive, arrays are computed once, damage is passed over."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgret.errors import DiskFull, StoreDamaged, UsageError
from imgret.store.store import Store, code, digest, home

IDS = [f"{i:064x}" for i in range(10)]
F = np.arange(50, dtype=np.float32).reshape(10, 5)


def test_features_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    features = Store(tmp_path).features({"backbone": "x"})
    features.add(IDS[:4], F[:4])
    features.add(IDS[4:], F[4:])
    again = Store(tmp_path).features({"backbone": "x"})
    assert IDS[3] in again
    assert "ff" * 32 not in again
    rows = again.rows([IDS[7], IDS[0], IDS[3]])
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, F[[7, 0, 3]])


def test_recipes_are_never_mixed(tmp_path: Path) -> None:
    Store(tmp_path).features({"backbone": "x"}).add(IDS, F)
    assert IDS[0] not in Store(tmp_path).features({"backbone": "y"})


def test_a_shard_that_is_damaged_is_passed_over(tmp_path: Path) -> None:
    features = Store(tmp_path).features({"backbone": "x"})
    features.add(IDS[:5], F[:5])
    (shard,) = features.folder.glob("*.safetensors")
    shard.write_bytes(shard.read_bytes()[:50])
    features.add(IDS[5:], F[5:])
    again = Store(tmp_path).features({"backbone": "x"})
    assert [id in again for id in IDS] == [False] * 5 + [True] * 5


def test_a_shard_that_is_not_what_was_written_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One flipped bit: the ids read well, the features do not; another shard that has them is taken."""
    features = Store(tmp_path).features({"backbone": "x"})
    features.add(IDS[:5], F[:5])
    (shard,) = features.folder.glob("*.safetensors")
    features.add(IDS[3:7], F[3:7])
    data = bytearray(shard.read_bytes())
    data[data.rindex(F[1].tobytes())] ^= 1
    shard.write_bytes(data)
    again = Store(tmp_path).features({"backbone": "x"})
    assert [id in again for id in IDS] == [False] * 3 + [True] * 4 + [False] * 3
    np.testing.assert_array_equal(again.rows(IDS[3:7]), F[3:7])
    assert caplog.text.count("is passed over") == 1
    assert shard.with_suffix(".damaged").read_bytes() == data
    again.add(IDS[:3], F[:3])
    np.testing.assert_array_equal(Store(tmp_path).features({"backbone": "x"}).rows(IDS[:7]), F[:7])
    assert caplog.text.count("is passed over") == 1


def test_features_that_are_damaged_while_in_use_are_not_returned(tmp_path: Path) -> None:
    features = Store(tmp_path).features({"backbone": "x"})
    features.add(IDS[:5], F[:5])
    (shard,) = features.folder.glob("*.safetensors")
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    with pytest.raises(StoreDamaged, match=r"while it was in use.*\ntype the same again") as error:
        features.rows(IDS[:1])
    assert error.value.exit_code == 4
    with pytest.raises(StoreDamaged, match=IDS[9]):
        features.rows(IDS[9:])


def test_a_derived_array_with_a_flipped_bit_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.store.store.WORTH_KEEPING", -1.0)
    store, made = Store(tmp_path), []

    def compute() -> np.ndarray:  # type: ignore[type-arg]
        made.append(1)
        return F

    for _ in range(2):
        np.testing.assert_array_equal(store.derived(compute, "key"), F)
    assert len(made) == 1
    (file,) = tmp_path.glob("derived/*.npy")
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    np.testing.assert_array_equal(store.derived(compute, "key"), F)
    np.testing.assert_array_equal(store.derived(compute, "key"), F)
    assert len(made) == 2


@pytest.mark.parametrize("left", [b"", b'{"schema": 1, "rec', b'{"scxema": 1}', b"[1]"])
def test_what_says_how_features_were_made_is_written_again_when_damaged(tmp_path: Path, left: bytes) -> None:
    folder = Store(tmp_path).features({"backbone": "x"}).folder
    whole = (folder / "set.json").read_bytes()
    (folder / "set.json").write_bytes(left)
    Store(tmp_path).features({"backbone": "x"})
    assert (folder / "set.json").read_bytes() == whole


def test_a_matrix_is_written_once_and_again_when_damaged(tmp_path: Path) -> None:
    store = Store(tmp_path)
    features = store.features({"backbone": "x"})
    features.add(IDS, F)
    file = store.matrix(features, IDS[2:5])
    before = file.stat()
    np.testing.assert_array_equal(np.load(store.matrix(features, IDS[2:5])), F[2:5])
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    file.write_bytes(file.read_bytes()[:-4])
    np.testing.assert_array_equal(np.load(store.matrix(features, IDS[2:5])), F[2:5])


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    features = Store(tmp_path).features({"backbone": "x"})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(DiskFull, match="No space left on device\nmake room there"):
        features.add(IDS, F)
    assert [p.name for p in features.folder.iterdir()] == ["set.json"]


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert home() == tmp_path / "store"
    monkeypatch.delenv("IMGRET_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert home() == tmp_path / "cache" / "imgret"


@given(st.lists(st.tuples(st.sampled_from(IDS), st.booleans()), max_size=20))
@settings(max_examples=30, deadline=None)
def test_any_number_of_writers(tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[str, bool]]) -> None:
    """Two writers that add rows in any order, each blind to the other, leave what a dictionary would hold."""
    root = tmp_path_factory.mktemp("store")
    writers = [Store(root).features({"b": 1}), Store(root).features({"b": 1})]
    for id, which in writes:
        if id not in writers[which]:
            writers[which].add([id], F[[IDS.index(id)]])
    reader = Store(root).features({"b": 1})
    held = sorted({id for id, _ in writes})
    assert [id for id in IDS if id in reader] == held
    if held:
        np.testing.assert_array_equal(reader.rows(held), F[[IDS.index(id) for id in held]])


def test_digests_tell_values_types_and_shapes_apart() -> None:
    values = [F, F.astype(np.float64), F.reshape(5, 10), "a", b"a", {"a": 1}, {"a": 2}]
    assert len({digest(value) for value in values}) == len(values)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_an_empty_file_is_no_array(tmp_path: Path) -> None:
    store = Store(tmp_path)
    features = store.features({"backbone": "x"})
    features.add(IDS, F)
    file = store.matrix(features, IDS)
    file.write_bytes(b"")
    np.testing.assert_array_equal(np.load(store.matrix(features, IDS)), F)


def test_a_store_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="set IMGRET_HOME=FOLDER"):
        Store(tmp_path / "file" / "store")


def test_only_a_users_own_code_is_part_of_a_key(tmp_path: Path) -> None:
    from imgret.plugins.reducers.none import none

    assert code(none) == ""
    assert code(test_home) == code(test_home) != ""


@pytest.mark.skipif(os.name == "nt", reason="another variable is asked there")
def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMGRET_HOME", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 54321)  # whom nobody knows
    with pytest.raises(UsageError, match=r"^this user has no home folder to keep the store in\nset IMGRET_HOME=FOLDER"):
        home()
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert home() == Path("/cache/imgret")
