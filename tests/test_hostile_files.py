"""What a run from elsewhere has written for it stays in its folder; what is read of any file has a bound."""

import csv
import io
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import Run, UsageError
from imgret.__main__ import main
from imgret.errors import StoreDamaged
from imgret.features.weights import read
from imgret.registry import build
from imgret.runs import clock
from imgret.screen import plain
from imgret.store.files import LARGEST, MOST_COLUMNS, place_in, read_json
from tests.conftest import png, write
from tests.runs.test_run import seal
from tests.test_hostile import NAMES, edit

QUICK = {"backbone": "pixels", "view": "pca", "k": 2}
MB = 10**6
YOURS = b"an original"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The folder of a run of 8 images, with contact sheets."""
    write(tmp_path / "in", {f"{n}.png": png((25 * n, 90, 200), noise=n + 1) for n in range(8)})
    return imgret.run(tmp_path / "in", **QUICK, reports=["clusters", "sheets"]).folder


def test_no_link_in_a_run_is_written_through(made: Path, tmp_path: Path, capsys: Any) -> None:
    photos = write(tmp_path / "photos", {"0.jpg": YOURS, "cluster_000.jpg": YOURS})
    query, doctor = ["query", "0.png", "--run", str(made)], ["doctor", str(made)]

    (made / "queries").symlink_to(photos)
    assert main(query) == 0
    assert "no sheet was drawn" in capsys.readouterr().err
    (made / "queries").unlink()
    (made / "queries").mkdir()
    (made / "queries" / "0.jpg").symlink_to(photos / "0.jpg")
    assert main(query) == 0
    assert not (made / "queries" / "0.jpg").is_symlink()

    (made / "clusters" / "cluster_000.jpg").unlink()
    (made / "clusters" / "cluster_000.jpg").symlink_to(photos / "cluster_000.jpg")
    assert main(doctor) == 0
    capsys.readouterr()
    assert not (made / "clusters" / "cluster_000.jpg").is_symlink()
    shutil.rmtree(made / "clusters")
    (made / "clusters").symlink_to(photos)
    assert main(doctor) == 4
    said = capsys.readouterr().out
    assert said.count("could not be mended") == 2
    assert "drawn again" not in said
    assert {file.name: file.read_bytes() for file in photos.iterdir()} == {"0.jpg": YOURS, "cluster_000.jpg": YOURS}


@pytest.mark.parametrize("name", ["../cat.jpg", "/cat.jpg", "clusters/../../cat.jpg", "a\0b"])
def test_digests_name_no_file_outside_of_the_run(made: Path, name: str) -> None:
    write(made.parent, {"cat.jpg": YOURS})
    write(made, {"cat.jpg": b"theirs"})
    info = json.loads((made / "run.json").read_text())
    edit(made, digests={**info["digests"], name: "0" * 64})
    with pytest.raises(StoreDamaged, match=r"digests in run\.json"):
        Run.load(made)
    assert main(["doctor", str(made)]) == 4
    assert (made.parent / "cat.jpg").read_bytes() == YOURS


def test_a_place_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "other").mkdir()
    (folder / "real").mkdir()
    (folder / "away").symlink_to(tmp_path / "other")
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "here").symlink_to(folder / "real")
    assert place_in(folder, "a/b.jpg") == folder / "a" / "b.jpg"
    assert place_in(folder, "here/b.jpg").parent.resolve() == folder / "real"
    for name in ("../b.jpg", "a/../b.jpg", "/b.jpg", "away/b.jpg", "away/c/b.jpg", "gone/b.jpg"):
        with pytest.raises(OSError, match="leads out"):
            place_in(folder, name)
    with pytest.raises(OSError):  # noqa: PT011
        place_in(folder, "loop/b.jpg")
    assert not (tmp_path / "nowhere").exists()


def test_no_file_takes_more_than_its_bound(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (made / "metrics.json").open("wb") as stream:
        stream.truncate(LARGEST + 1)
    with pytest.raises(ValueError, match="bytes, the most is"):
        read_json(made / "metrics.json")
    (made / "metrics.json").write_text("{}")

    bomb = io.BytesIO()
    np.savez_compressed(bomb, a=np.zeros(10**7))
    for name in ("labels", "view"):
        whole = (made / f"{name}.npy").read_bytes()
        (made / f"{name}.npy").write_bytes(bomb.getvalue())
        seal(made)
        with pytest.raises(StoreDamaged, match="several arrays"):
            Run.load(made)
        (made / f"{name}.npy").write_bytes(whole)
    Path("v.npy").write_bytes(bomb.getvalue())
    with pytest.raises(UsageError, match=r"neither a \.npy file"):
        build("backbone", {"name": "precomputed", "vectors": "v.npy"})

    table = made / "items.csv"
    header, *rows = table.read_text().splitlines()
    table.write_text("\n".join([",".join([header, *map(str, range(2 * MOST_COLUMNS))]), *rows]) + "\n")
    seal(made)
    with pytest.raises(StoreDamaged, match="columns"):
        Run.load(made)

    wide = {"path": "0.png", **dict.fromkeys(map(str, range(MOST_COLUMNS)), 1)}
    write(tmp_path / "in", {"w.csv": ",".join(wide).encode(), "w.jsonl": json.dumps(wide).encode()})
    half = [{"path": f"{n}.png", **{f"{n} {i}": 1 for i in range(MOST_COLUMNS // 2)}} for n in range(3)]
    write(tmp_path / "in", {"h.jsonl": "\n".join(map(json.dumps, half)).encode()})
    for name in ("w.csv", "w.jsonl", "h.jsonl"):
        with pytest.raises(UsageError, match=f"columns, the most is {MOST_COLUMNS:,}"):
            list(build("source", {"name": "files", "images": str(tmp_path / "in" / name)}))


@pytest.mark.parametrize(
    ("source", "path"), [({"name": "digits", "size": 10**6}, "digits/0000_0.png"), ({"name": "synthetic"}, "big.png")]
)
def test_sources_of_a_run_open_nothing_huge(made: Path, tmp_path: Path, source: dict[str, Any], path: str) -> None:
    with (tmp_path / "in" / "big.png").open("wb") as stream:
        stream.truncate(2**40)
    edit(made, fitted={**json.loads((made / "run.json").read_text())["fitted"], "source": source})
    table = made / "items.csv"
    table.write_text(table.read_text().replace("0.png", path, 1))
    seal(made)
    run = Run.load(made)
    with pytest.raises(OSError):  # noqa: PT011
        run.open(run.row_of[path])


def test_nothing_that_is_said_has_a_power_over_the_terminal(made: Path, capsys: Any) -> None:
    assert plain("a\x1b[31m\nb\u202e\r") == "a\\x1b[31m\nb\\u202e\\r"
    info = json.loads((made / "run.json").read_text())
    edit(made, fitted={**info["fitted"], "retriever": {"name": "exact", "top\x1b[31m": 1}})
    assert main(["query", "0.png", "--run", str(made)]) == 2
    edit(made, fitted={**info["fitted"], "retriever": {**info["fitted"]["retriever"], "seed": "\x1b[31m\u202e"}})
    assert main(["query", "0.png", "--run", str(made)]) == 2
    logging.getLogger("imgret").warning("%s was passed over", "\x1b[2J.png")
    said = capsys.readouterr()
    assert "\\x1b[31m\\u202e" in said.err
    assert not {"\x1b", "\u202e"} & set(said.out + said.err)


def test_names_come_back_from_every_table(tmp_path: Path) -> None:
    """Each picture twice, once with a byte more: all of them are near-duplicates."""
    files = {name: png((20 * n, 10, 10), noise=n + 1) for n, name in enumerate(NAMES)}
    twins = {f"twins/{name}": data + b"\0" for name, data in files.items()}
    run = imgret.run(write(tmp_path / "in", {**files, **twins}), **QUICK, reports=["near_duplicates"])
    with (run.folder / "near_duplicates.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        assert {row["path"] for row in csv.DictReader(stream)} == {*files, *twins}
    for name in NAMES:
        (hit,) = run.search(name, top=1)
        assert hit.path == f"twins/{name}"


VALUES: list[Any] = [None, True, -1, 0, 2**63, -(2**70), 1e308, -0.5, "", "x\x1b[31m\n\u202e", "/etc/passwd", "../..",
                     [], {}, [[]], {"a": {}}, ["x"], "a" * 5000, 10**12]  # fmt: skip
USED = (
    "config",
    "digests",
    "engine",
    "fitted",
    "made",
    "outcomes",
    "reach",
    "root",
    "schema",
    "since",
    "space",
    "title",
)


def _places(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield (*above, key)
        yield from _places(value, (*above, key))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_any_value_anywhere_in_run_json(made: Path, tmp_path: Path, seed: int, capsys: Any) -> None:
    """Every command then does what it shall or says in words why not, within seconds and a bound of memory."""
    random = np.random.default_rng(seed)
    write(tmp_path / "new", {"new.png": png((200, 1, 1))})
    text = (made / "run.json").read_text()
    places = [place for place in _places(json.loads(text)) if place[0] in USED]
    for step in range(60):
        info = json.loads(text)
        *path, last = places[int(random.integers(len(places)))]
        node = info
        for key in path:
            node = node[key]
        node[last] = VALUES[int(random.integers(len(VALUES)))]
        measured = clock.forget_peak()
        before = clock.peak_bytes() or 0
        for command in (["query", "0.png"], ["query", str(tmp_path / "new" / "new.png"), "--json"],
                        ["assign", str(tmp_path / "new")], ["export", "csv", f"{step}.csv"],
                        ["export", "coco", f"{step}", "--copy"]):  # fmt: skip
            (made / "run.json").write_text(json.dumps(info))
            with suppress(SystemExit):
                assert main([*command, "--run", str(made)]) in (0, 2, 3, 4), (path, last, node[last], command)
        assert main(["runs", str(made.parent)]) == 0
        assert main(["doctor", str(made)]) in (0, 2, 4), (path, last, node[last])
        grown = (clock.peak_bytes() or 0) - before
        assert not measured or grown < 300 * MB, (path, last, node[last], grown)
        said = capsys.readouterr()
        assert not {"\x1b", "\u202e"} & set(said.out + said.err)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".npy"])
def test_damaged_weights_and_vectors_are_right_or_refused(suffix: str) -> None:
    import torch
    from safetensors.torch import save_file

    from tests.test_hostile import _mutated

    state = {"a.weight": torch.arange(12.0).reshape(3, 4), "a.bias": torch.ones(3)}
    file = Path(f"w{suffix}")
    if suffix == ".npy":
        np.save(file, np.arange(12, dtype=np.float32).reshape(3, 4))
    elif suffix == ".pth":
        torch.save(state, file)
    else:
        save_file(state, file)
    whole, random, refused = file.read_bytes(), np.random.default_rng(11), 0
    measured = clock.forget_peak()
    before = clock.peak_bytes() or 0
    for _ in range(1500):
        file.write_bytes(_mutated(whole, random))
        try:
            if suffix == ".npy":
                build("backbone", {"name": "precomputed", "vectors": str(file)})
            else:
                assert all(hasattr(tensor, "shape") for tensor in read(file).values())
        except UsageError as error:
            refused += len(str(error)) < 1000
    assert refused > 500
    assert not measured or (clock.peak_bytes() or 0) - before < 200 * MB
