"""What makes a run or a sweep again: words as data, refused where they are more than that."""

import csv
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret.__main__ import main
from imgret.config import VERBATIM
from imgret.errors import UsageError
from imgret.runs import again
from tests.conftest import write
from tests.test_main import PICTURES, QUICK


def table(folder: Path) -> list[dict[str, str]]:
    """What a sweep has measured, without seconds and bytes."""
    with (folder / "table.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [{k: v for k, v in row.items() if not k.startswith(("fit_", "total_", "peak_"))} for row in rows]


def test_a_sweep_and_a_run_are_made_again(capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    assert main(["-m", "photos", "k=2,3", "seed=0,1", "out=first", *QUICK]) == 0
    (first,) = Path("first").glob("*-sweep")
    capsys.readouterr()
    assert main(["--from", str(first / again.NAME), "log=info"]) == 0
    err = capsys.readouterr().err
    assert "sweep.yaml: python -m imgret --multirun images=photos k=2,3 seed=0,1 backbone=pixels view=pca" in err
    assert "not those that were recorded" not in err
    (second,) = Path("runs").glob("*-sweep")  # `out` is not the file's to say
    assert table(second) == table(first)
    assert again.read(str(second)).words == again.read(str(first)).words
    (Path("photos") / "1.png").unlink()
    assert main([f"--from={first}", "k=2", "seed=0"]) == 0  # what is typed goes before; the folder will do
    assert "the images are not those that were recorded" in capsys.readouterr().err
    run = imgret.load()
    assert (run.settings["k"], len(run.ids)) == (2, 5)
    assert main(["--from", "runs/latest", "k=3"]) == 0
    now = imgret.load()
    assert (now.settings["k"], now.settings["seed"], now.settings["backbone"]) == (3, 0, run.settings["backbone"])
    assert "from runs/latest: python -m imgret images=photos backbone=pixels view=pca 'reports=[]' seed=0 k=3" in (
        capsys.readouterr().err
    )


def test_other_versions_are_told(monkeypatch: Any, capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    again.write(Path("a.yaml"), ["images=photos", "k=2", *QUICK[:3]], {"numpy": "1", "gone": "2"}, ["x", ""])
    monkeypatch.setattr(again, "versions", lambda: {"numpy": "3"})
    assert main(["--from", "a.yaml"]) == 0
    err = capsys.readouterr().err
    assert "versions are not those that were recorded: gone 2 → none, numpy 1 → 3" in err
    assert "the images are not those" in err


def test_what_is_typed_goes_before_with_all_of_an_option() -> None:
    words = ["--multirun", "images=a", "clusterer=kmeans", "clusterer.n_init=3", "k=2,3"]
    assert again.over(["clusterer=dbscan"], words) == ["--multirun", "images=a", "k=2,3", "clusterer=dbscan"]
    assert again.over(["clusterer.n_init=9", "--multirun"], words) == [
        "images=a", "clusterer=kmeans", "k=2,3", "clusterer.n_init=9", "--multirun"]  # fmt: skip
    assert again.over(["images=b"], ["preset=demo", "k=2"]) == ["k=2", "images=b"]


@pytest.mark.parametrize("name", ["plain", "com,ma", "dol${k}lar", "new\nline", "a: [b]", "Ünï 写真", "x\udcff"])
def test_names_come_back_as_they_were(name: str) -> None:
    again.write(Path("a.yaml"), [f"images={name}"], {}, [])
    assert again.read("a.yaml").words == [f"images={name}"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("words: [hydra.run.dir=/tmp]", "is no setting"),
        ("words: [+hydra.job.name=x]", "is no setting"),
        ("words: [hydra/launcher=basic]", "is no setting"),
        ("words: [forget, photos]", "is no setting"),
        ("words: [--cfg, job]", "is no setting"),
        ("words: ['about=${oc.env:HOME}']", "asks for a variable\ntype about=... beside it"),
        ("words: !!python/object/apply:os.system ['touch made']", "ConstructorError"),
        ("words: [k=2]\nversions: [1]", "no texts"),
        ("words: [2]", "it has no list of words"),
        ("words: []", "it has no list of words"),
        ("[" * 5000, "Error"),
        ("", "it has no list of words"),
        ("\x00\x01", "ReaderError"),
    ],
)
def test_a_file_that_says_more_is_refused(text: str, says: str, capsys: Any) -> None:
    Path("a.yaml").write_text(text)
    assert main(["--from", "a.yaml"]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert len(err.splitlines()) == 2
    assert not Path("made").exists()


@pytest.mark.parametrize("words", [["--from"], ["--from", "nowhere"], ["--from="], ["--from", "."]])
def test_no_file(words: list[str], capsys: Any) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("imgret: --from ")


def test_settings_are_held_to_what_can_be_typed(capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    again.write(Path("a.yaml"), ["images=photos", "clusterer=kmens"], {}, [])
    assert main(["--from", "a.yaml"]) == 2
    assert "no clusterer 'kmens', did you mean kmeans?" in capsys.readouterr().err


def test_what_was_typed_for_a_run() -> None:
    write(Path("photos"), PICTURES)
    assert main(["photos", "k=auto", "rerank=dba", "clusterer.n_init=2", "formats=[tiff]", *QUICK]) == 0
    found = again.read("runs/latest")
    assert found.words == ["images=photos", "k=auto", "rerank=dba", "clusterer.n_init=2", "formats=[tiff]", *QUICK[:3]]
    assert found.data == {imgret.load().info.data}
    Path("a.yaml").write_text("#" * (again.LARGEST + 1))
    with pytest.raises(UsageError, match="too large"):
        again.read("a.yaml")


def test_where_a_variable_is_text() -> None:
    assert set(again.AS_THEY_ARE) | set(again.YOURS) >= set(VERBATIM)


@pytest.mark.parametrize(
    ("file", "out", "place"),
    [
        ("a/runs/x-sweep/sweep.yaml", "runs", "a"),
        ("a/b/c/x/run.json", "./b/c", "a"),
        ("a/b/x/run.json", "b/", "a"),
        ("a/x/run.json", ".", "a"),
        ("a/moved/x/run.json", "runs", None),
        ("a/b/x/run.json", "../b", None),
        ("a/b/x/run.json", "~/b", None),
        ("a/b/x/run.json", "/a/b", None),
        ("x/run.json", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", None),
    ],
)
def test_where_something_was_typed_follows_from_where_its_file_lies(file: str, out: str, place: str | None) -> None:
    found = again.typed_in(Path(file), out)
    assert found == (place if place is None else Path(place).resolve())


def test_a_path_that_is_not_there_from_here_is_said_once(monkeypatch: Any, capsys: Any) -> None:
    write(Path("first"), {f"photos/{name}": data for name, data in PICTURES.items()} | {"words.txt": b"red"})
    monkeypatch.chdir("first")
    assert main(["-m", "photos", "k=2,3", "out=s", *QUICK, "metrics=[]", "attributes=[]"]) == 0
    (sweep,) = Path("s").glob("*-sweep")
    monkeypatch.chdir("..")
    place = Path("first").resolve()
    for made in (Path("first") / sweep, Path("first", "s", "latest")):
        capsys.readouterr()
        assert main(["--from", str(made)]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.splitlines()[-2:] == [
            f"imgret: --from: images=photos is not there from here, but from {place}",
            f"go there, or type images={place / 'photos'} beside it",
        ]
    said = again.read(f"first/{sweep}")
    assert str(place) not in (Path("first") / sweep / again.NAME).read_text()  # whose it is, it does not say
    again.refuse_elsewhere(said, ["images=elsewhere", *said.words[2:]])  # typed beside
    again.refuse_elsewhere(said._replace(words=["clusterer=photos", "k=2"]), ["clusterer=photos", "k=2"])  # no paths
    for word in ("images=nowhere,photos", "vocabulary=words.txt", "backbone.vectors=words.txt"):
        with pytest.raises(UsageError, match="is not there from here"):
            again.refuse_elsewhere(said._replace(words=[word]), [word])
    write(Path("photos"), PICTURES)
    assert main(["--from", f"first/{sweep}", "k=2", "log=quiet"]) == 0
