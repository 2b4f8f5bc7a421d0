"""Artefacts are data: what comes from elsewhere runs nothing, fetches nothing, shows nothing but its own images."""

import io
import json
import pickle
import re
import shutil
import tarfile
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import imgret
from imgret import Run, UsageError
from imgret.__main__ import main
from imgret.store.store import home
from tests.conftest import png, write
from tests.runs.test_run import seal

QUICK = {"backbone": "pixels", "view": "pca", "k": 2}
NAMES = (
    "<script>alert(1)<b>.png",
    "a\nb\r\x1b[31mred\x1b[0m.png",
    "  -rf --help=x.png",
    "\u202egnp.exe.png",
    "caf\u00e9.png",
    "cafe\u0301.png",
    "not \udcff text.png",
    "'\"&amp;,;.png",
    "n" * 251 + ".png",
    "=cmd|' calc'!A0.png",
)


class Trap:
    """Unpickled, it leaves a file behind."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("sprung").absolute(),)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The folder of a run of 8 images."""
    write(tmp_path / "in", {f"{n}.png": png((25 * n, 90, 200), noise=n + 1) for n in range(8)})
    return imgret.run(tmp_path / "in", **QUICK, reports=[]).folder


def edit(folder: Path, **changes: Any) -> None:
    """Change run.json, by `config__source__name` and the like."""
    info = json.loads((folder / "run.json").read_text())
    for key, value in changes.items():
        *path, last = key.split("__")
        node = info
        for part in path:
            node = node[part]
        node[last] = value
    (folder / "run.json").write_text(json.dumps(info))


def test_a_run_shows_only_the_very_images_that_it_saw(made: Path, tmp_path: Path) -> None:
    secret = tmp_path / "private" / "secret.png"
    write(secret.parent, {secret.name: png((1, 2, 3))})
    (tmp_path / "in" / "0.png").unlink()
    (tmp_path / "in" / "0.png").symlink_to(secret)
    shutil.rmtree(home())  # with the thumbnails
    run = Run.load(made)
    with pytest.raises(OSError, match="a link leads out of the folder of the run"):
        run.open(run.row_of["0.png"])
    with pytest.raises(OSError, match="a link leads out of the folder of the run"):
        run.thumbnail(run.row_of["0.png"])
    edit(made, reach=str(tmp_path))  # whatever it says of itself
    with pytest.raises(OSError, match="not the image that the run saw"):
        Run.load(made).open(run.row_of["0.png"])
    edit(made, reach="")
    assert run.open(run.row_of["1.png"]) == (tmp_path / "in" / "1.png").read_bytes()
    for words in (["query", "0", "--json"], ["query", "1.png"], ["export", "folders", "out", "--copy"],
                  ["export", "imagefolder", "hf", "--copy"], ["export", "coco", "coco", "--copy"],
                  ["export", "projector", "tb"]):  # fmt: skip
        with suppress(SystemExit):
            main(words)
    copies = [file for folder in ("out", "hf", "coco", "tb") for file in Path(folder).rglob("*") if file.is_file()]
    assert len(copies) > 20
    assert secret.read_bytes() not in [file.read_bytes() for file in copies if not file.is_symlink()]


def test_nothing_is_fetched_for_a_loaded_run(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def fetch(*_: object) -> None:
        raise AssertionError("fetched")

    monkeypatch.setattr("imgret.features.weights._download", fetch)
    new = write(tmp_path / "new", {"new.png": png((200, 1, 1))}) / "new.png"
    for node in (
        {"name": "resnet50", "weights": "IMAGENET1K_V2", "offline": False},
        {"name": "resnet50"},
        {"name": "timm", "model": "resnet18"},
        {"name": "timm", "model": "resnet18", "weights": "pretrained", "offline": False},
    ):
        edit(made, config__backbone=node, config__offline=False)
        assert main(["query", str(new), "--run", str(made)]) == 2
        assert main(["assign", str(new), "--run", str(made)]) == 2
    assert "fetch" not in capsys.readouterr().err.replace("first, which fetches them", "")


def test_targets_are_inert(made: Path, tmp_path: Path, capsys: Any) -> None:
    trap = {"_target_": "pathlib.Path.touch", "_args_": [str(Path("sprung").absolute())]}
    images = str(tmp_path / "in")
    words = [images, "backbone=pixels", "view=pca", "reports=[]", "k=2"]
    for word in ("+clusterer._target_=pathlib.Path.touch", "+_target_=os.getcwd", "+backbone._partial_=true"):
        assert main([*words, word]) == 2
    for slot in ("source", "retriever", "backbone", "clusterer", "view"):
        folder = Path(shutil.copytree(made, tmp_path / slot))
        info = json.loads((folder / "run.json").read_text())
        edit(folder, **{f"config__{slot}": {**info["config"][slot], **trap}})
        if slot in info["fitted"]:
            edit(folder, **{f"fitted__{slot}": {**info["fitted"][slot], **trap}})
        with suppress(UsageError):
            run = Run.load(folder)
            run.search(run.ids[0])
            run.search(str(tmp_path / "in" / "1.png"))
    rows = f'{{"path": "0.png", "_target_": "pathlib.Path.touch", "label": {json.dumps(trap)}}}\n{{"path": "1.png"}}\n'
    write(tmp_path / "in", {"list.jsonl": rows.encode()})
    assert main([f"{images}/list.jsonl", *words[1:]]) == 0
    assert not Path("sprung").exists()
    assert "fault of imgret" not in capsys.readouterr().err


def test_pickles_are_not_opened(made: Path, tmp_path: Path) -> None:
    trap = pickle.dumps(Trap())
    stream = io.BytesIO()
    np.save(stream, np.array([Trap()], object), allow_pickle=True)
    images = str(tmp_path / "in")
    words = [images, "view=pca", "reports=[]", "k=2"]
    for data in (trap, stream.getvalue()):
        for name in ("labels.npy", "features.npy", "mean.npy", "view.npy", "run.json", "items.csv", "metrics.json"):
            folder = Path(shutil.copytree(made, tmp_path / "copy"))
            (folder / name).unlink()
            (folder / name).write_bytes(data)
            with suppress(ValueError):
                seal(folder)
            with pytest.raises(UsageError):
                Run.load(folder).X  # noqa: B018
            shutil.rmtree(folder)
        for name in ("v.npy", "w.pth", "w.safetensors", "list.csv", "list.jsonl", "list.parquet", "a.tar"):
            Path(name).write_bytes(data)
        assert main([*words, "backbone=precomputed", "backbone.vectors=v.npy"]) == 2
        for file in ("w.pth", "w.safetensors"):
            assert main([*words, "backbone=resnet50", f"backbone.weights={file}"]) == 2
        for file in ("list.csv", "list.jsonl", "list.parquet", "a.tar"):
            assert main([file, *words[1:], "backbone=pixels"]) in (2, 3)
        for file in [f for f in home().rglob("*") if f.is_file() and f.suffix in (".npy", ".safetensors", ".json")]:
            file.write_bytes(data)
        assert main([*words, "backbone=pixels"]) in (0, 2, 4)
        shutil.rmtree(home())
    assert not Path("sprung").exists()


def test_a_tar_is_not_unpacked(tmp_path: Path) -> None:
    with tarfile.open("a.tar", "w") as tar:
        for n, name in enumerate(("ok/0.png", "../out.png", "/abs.png", "ok/../../up.png", "ok/1.png")):
            member = tarfile.TarInfo(name)
            data = png((9, 8, 7 * n), noise=n + 1)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo(f"ok/{kind!r}.png")
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
    run = imgret.run("a.tar", **QUICK, reports=[])
    assert run.paths == sorted(run.paths, key=run.row_of.get)  # type: ignore[arg-type]
    assert sorted(run.paths) == ["ok/0.png", "ok/1.png"]
    assert not list(tmp_path.rglob("*.png"))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts, self.odd = 0, []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.odd += [name for name, _ in attrs if name.startswith("on")]


def test_names_come_through_and_do_nothing(tmp_path: Path, capfd: Any) -> None:
    files = {name: png((20 * n, 10, 10), noise=n + 1) for n, name in enumerate(NAMES)}
    root = write(tmp_path / "in", files)
    plain = imgret.run(write(tmp_path / "plain", {"a.png": png((1, 1, 1)), "b.png": png((9, 9, 9), noise=3)}), **QUICK)
    run = imgret.run(root, **QUICK)
    again = Run.load(run.folder)
    assert sorted(again.paths) == sorted(NAMES)
    for name in NAMES:
        assert main(["query", f"./{name}" if name.startswith("-") else name, "--top", "2"]) == 0
        assert main(["query", name, "--json", "--top", "2"]) == 0 or name.startswith(" ")
    assert main(["export", "folders", "out"]) == main(["export", "csv", "all.csv"]) == 0
    assert {file.name for file in Path("out").rglob("*") if file.is_symlink()} == {name[-200:] for name in NAMES}
    assert main(["runs"]) == 0
    out, err = capfd.readouterr()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", out + err)
    pages = []
    for each in (run, plain):
        page = Tags()
        page.feed((each.folder / "report.html").read_text(encoding="utf-8"))
        pages.append((page.scripts, page.odd))
    assert pages[0] == pages[1]


def _mutated(data: bytes, random: np.random.Generator) -> bytes:
    out = bytearray(data)
    for _ in range(int(random.integers(1, 5))):
        place = int(random.integers(0, max(len(out), 1)))
        match int(random.integers(0, 5)):
            case 0:
                out[place : place + 1] = bytes([int(random.integers(0, 256))])
            case 1:
                del out[place : place + int(random.integers(1, 50))]
            case 2:
                out[place:place] = random.choice([b"[" * 500, b"-1", b"1e999", b'"', b"\0", b",", b"null", b"\xff\xfe"])
            case 3:
                out[place:place] = out[: int(random.integers(0, 200))]
            case _:
                out = out[:place]
    return bytes(out)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_damaged_artefacts_of_a_run_are_right_or_refused(made: Path, tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    names = ["run.json", "items.csv", "metrics.json", "labels.npy", "mean.npy", "view.npy", "features.npy"]
    whole = {name: (made / name).read_bytes() for name in names}
    refused = 0
    for _ in range(150):
        name = str(random.choice(names))
        (made / name).unlink()  # features.npy is a link to the store's
        (made / name).write_bytes(_mutated(whole[name], random))
        if name != "run.json":
            seal(made)  # as somebody would who means harm
        try:
            run = Run.load(made)
            for hit in run.search(run.ids[0], top=3):
                assert hit.path in run.row_of
            assert len(run.neighbours[0]) == len(run.ids)
            with suppress(OSError, ValueError):
                run.thumbnail(0)
        except UsageError as error:
            refused += len(str(error)) < 1500
        (made / name).write_bytes(whole[name])
        (made / "run.json").write_bytes(whole["run.json"])
    assert refused > 30


@pytest.mark.slow
def test_damaged_stores_and_lists_are_right_or_refused(tmp_path: Path, capsys: Any) -> None:
    random = np.random.default_rng(7)
    photos = write(tmp_path / "in", {f"{n}.png": png((25 * n, 90, 200), noise=n + 1) for n in range(6)})
    words = ["backbone=pixels", "view=pca", "reports=[]", "k=2", "max_failed=1", "log=quiet"]
    rows = [{"path": f"{n}.png", "label": "ab"[n % 2], "price": str(n)} for n in range(6)]
    write(photos, {"l.csv": b"path,label,price\n" + b"".join(f"{n}.png,a,{n}\n".encode() for n in range(6)),
                   "l.jsonl": "".join(json.dumps(row) + "\n" for row in rows).encode()})  # fmt: skip
    with tarfile.open(photos / "l.tar", "w") as tar:
        for n in range(6):
            tar.add(photos / f"{n}.png", f"{n}.png")
    assert main([str(photos), *words]) == 0
    wanted = (Path("runs/latest/items.csv")).read_bytes()
    for _ in range(25):
        stored = sorted(f for f in home().rglob("*") if f.is_file() and "lost" not in f.name)
        file = Path(str(random.choice([str(each) for each in stored])))
        file.write_bytes(_mutated(file.read_bytes(), random))
        code = main([str(photos), *words])
        assert code in (0, 4)
        if code == 0:
            assert Path("runs/latest/items.csv").read_bytes() == wanted
    for _ in range(40):
        file = photos / str(random.choice(["l.csv", "l.jsonl", "l.tar"]))
        (photos / f"x{file.suffix}").write_bytes(_mutated(file.read_bytes(), random))
        assert main([str(photos / f"x{file.suffix}"), *words]) in (0, 2, 3)
    assert "fault of imgret" not in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["bare", "safetensors"])
def test_damaged_weights_are_right_or_refused(kind: str, tmp_path: Path) -> None:
    from imgret.features.weights import load
    from tests.features.test_weights import Small, saved

    random = np.random.default_rng(3)
    file = saved(kind, Small().state_dict(), tmp_path)
    whole = file.read_bytes()
    refused = 0
    for _ in range(120):
        file.write_bytes(_mutated(whole, random))
        try:
            load(Small(), str(file), {})
        except UsageError as error:
            refused += len(str(error)) < 1500
    assert refused > 60


@pytest.mark.parametrize("suffix", [".npy", ".parquet"])
def test_damaged_vectors_are_right_or_refused(suffix: str) -> None:
    from imgret.plugins.backbones.precomputed import precomputed

    random = np.random.default_rng(5)
    file, matrix = Path(f"v{suffix}"), random.normal(size=(30, 6)).astype(np.float32)
    if suffix == ".npy":
        np.save(file, matrix)
    else:
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.table({"v": matrix.tolist()}), file)
    whole = file.read_bytes()
    refused = 0
    for _ in range(150):
        file.write_bytes(_mutated(whole, random))
        try:
            vectors = precomputed(str(file)).vectors
            assert vectors is not None
            assert vectors.matrix.ndim == 2
        except UsageError as error:
            refused += len(str(error)) < 1500
        file.unlink()  # what is mapped stays as it was
    assert refused > 30


def test_the_presets_name_no_target() -> None:
    for file in (Path(imgret.__file__).parent.parent / "configs").rglob("*.yaml"):
        assert "_target_" not in json.dumps(yaml.safe_load(file.read_text(encoding="utf-8")))
