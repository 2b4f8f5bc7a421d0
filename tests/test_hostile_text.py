"""A run whose every text holds escape sequences, marks of direction and ends of lines: the screen sees none of them."""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import register
from imgret.__main__ import main
from imgret.store.files import write_csv
from tests.conftest import png, write
from tests.runs.test_run import seal

EVIL = "\x1b[31m\u202e\x07\r\nimgret: FORGED"
ODD = re.compile("[^\n -~\u00a1-\u2fff]|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
USED = ("config", "fitted", "space", "digests", "root", "reach")  # what loading looks at; the rest is only told


@pytest.fixture
def made(tmp_path: Path) -> Path:
    files = {f"{label}{EVIL}/{n}{EVIL}.png": png((n * 40, 90, 200 * (label == "a")), noise=n + 1 + 9 * (label == "a"))
             for label in "ab" for n in range(6)}  # fmt: skip
    write(tmp_path / "in", files)
    words = {"backbone": "pixels", "view": "pca", "k": 2, "reports": ["clusters"], "retriever.recall": 0.9}
    return imgret.run(tmp_path / "in", **words).folder


def spoilt(value: Any) -> Any:
    """A value of JSON, with EVIL in every text within it."""
    if isinstance(value, dict):
        return {key: spoilt(each) for key, each in value.items()}
    if isinstance(value, list):
        return [spoilt(each) for each in value]
    return f"{value}{EVIL}" if isinstance(value, str) else value


def places(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each text of a value of JSON, and to each name."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield (*above, key)
        yield from places(value, (*above, key))


def is_harmless(said: Any) -> bool:
    text = said.out + said.err
    return not ODD.search(text) and not re.search("^imgret: FORGED", text, re.MULTILINE)


def test_the_texts_of_a_run(made: Path, tmp_path: Path, capsys: Any) -> None:
    about = json.loads((made / "run.json").read_text())
    told = {key: spoilt(value) for key, value in about.items() if key not in (*USED, "schema", "outcomes", "backbone")}
    about |= told | {"outcomes": {**about["outcomes"], EVIL: 1}, "skipped": {EVIL: 1}, "failed_reports": {EVIL: EVIL}}
    about["versions"][EVIL], about["engine"][EVIL] = EVIL, EVIL
    about["backbone"] |= dict.fromkeys(("asked", "used", "licence", "facts"), EVIL)
    about["config"]["chosen"] = {slot: f"{name}{EVIL}" for slot, name in about["config"]["chosen"].items()}
    about["config"]["more"] = EVIL
    about["since"] = {"run": EVIL, "new": 1, "gone": 1, "kept": 0, "moved": 1, "clusters": [], "noise": None,
                      "then": [EVIL]}  # fmt: skip
    (made / "run.json").write_text(json.dumps(about))
    for name in ("items.csv", "clusters.csv"):
        with (made / name).open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            header, *rows = csv.reader(stream)
        keep = ("path", "outcome", "id", "cluster", "x", "y", "distance", "representative", "width", "height", "taken")
        new = [[cell if column in keep else f"{cell}{EVIL}" for column, cell in zip(header, row, strict=True)]
               for row in rows]  # fmt: skip
        write_csv(made / name, [*header, f"more{EVIL}"], [[*row, EVIL] for row in new])
    (made / "metrics.json").write_text(
        json.dumps({**json.loads((made / "metrics.json").read_text()), f"ami_{EVIL}": 0.5, f"{EVIL}": 1.0})
    )
    seal(made)
    write(made, {EVIL.replace("/", "_"): b""})
    new = write(tmp_path / "new", {f"new{EVIL}.png": png((200, 1, 1)), f"bad{EVIL}.png": b"none"})
    image, run = imgret.load(made).paths[0], ["--run", str(made)]
    other = imgret.run(tmp_path / "in", backbone="pixels", view="pca", k=3, reports=[]).folder
    images, done = str(tmp_path / "in"), []
    for words in (
        ["query", image, *run],
        ["query", str(new / f"new{EVIL}.png"), *run, "--where", f"more{EVIL}={EVIL}"],
        ["query", image, *run, "--where", EVIL],
        ["query", EVIL, *run],
        ["query", image, "--run", f"{made}{EVIL}"],
        ["query", image, *run, "--json"],
        ["assign", str(new), *run],
        ["evaluate", *run],
        ["compare", str(made), str(other)],
        ["runs", str(made.parent)],
        ["sweep-k", *run],
        ["export", "csv", f"t{EVIL}.csv", *run],
        ["export", "coco", f"c{EVIL}", *run],
        ["export", "projector", f"p{EVIL}", *run],
        ["doctor", str(made), "--dry"],
        ["doctor", str(made)],
        ["forget", str(new), "--dry"],
        *(["forget", EVIL], ["plugins", EVIL], ["plugins", "check", f"clusterer/{EVIL}"], ["export", EVIL, EVIL]),
        *(["query", f"--{EVIL}"], ["query", "-h"], [EVIL], [f"{EVIL}=1"]),
        *([images, f"k={EVIL}"], [images, f"clusterer={EVIL}"]),
    ):
        with suppress(SystemExit):
            done.append(main(words))
        said = capsys.readouterr()
        assert said.out or said.err, words
        assert is_harmless(said), (words, said)
    assert done[:17] == [0, 0, 2, 2, 2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]  # 12 images are too few for a sweep of k


@pytest.mark.slow
def test_each_text_that_loading_looks_at(made: Path, capsys: Any) -> None:
    """What is refused is told, too: every text and every name, one after the other."""
    about = (made / "run.json").read_text()
    image, refused = imgret.load(made).ids[0], 0
    for *path, last in places({key: value for key, value in json.loads(about).items() if key in USED}):
        for where in ("value", "name"):
            spoiling = json.loads(about)
            node = spoiling
            for key in path:
                node = node[key]
            if where == "value":
                node[last] = f"{node[last]}{EVIL}"
            elif isinstance(node, dict):
                node[f"{last}{EVIL}"] = node.pop(last)
            (made / "run.json").write_text(json.dumps(spoiling))
            refused += main(["query", image, "--run", str(made), "--json"]) != 0
            said = capsys.readouterr()
            assert is_harmless(said), (path, last, where, said)
    assert refused > 50


def test_a_run_over_such_names_and_plug_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """Of files that fail, of a plug-in that is off, of a metric, an attribute and a report that fail."""

    @register("metric", f"told{EVIL}")
    def told(labels: Any) -> dict[str, float]:
        raise ValueError(EVIL)

    @register("report", f"drawn{EVIL}")
    def drawn(run: Any, folder: Path) -> list[Path]:
        raise ValueError(EVIL)

    plugin = f"raise ValueError({EVIL!r})\n".encode()
    write(tmp_path / "plugins", {f"off{EVIL}.py".replace("/", "_"): plugin})
    monkeypatch.setenv("IMGRET_PLUGINS", str(tmp_path / "plugins"))
    files = {f"{n}{EVIL}.png": png((40 * n, 0, 0), noise=n + 1) for n in range(5)}
    root = write(tmp_path / f"in{EVIL}", {**files, f"bad{EVIL}.png": b"none", f"bad{EVIL}.tif": b"II*\0none"})
    quick = ["backbone=pixels", "view=pca", "k=2"]
    assert main([str(root), *quick, "log=debug"]) == 0
    write_csv(root / "l.csv", ["path", "label", EVIL], [[name, EVIL, EVIL] for name in files])
    assert main([str(root / "l.csv"), *quick, "reports=[]"]) == 0
    assert main(["-m", str(root), *quick, "k=2,3", "reports=[]"]) == 0
    with suppress(SystemExit):
        main(["plugins"])
        main(["--help"])
    assert main([str(root), *quick, f"metrics=[sizes,told{EVIL}]"]) in (0, 2)
    assert is_harmless(capfd.readouterr())
