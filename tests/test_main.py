"""The command line as it is typed: paths of every spelling, faults in two lines and code 2, commands."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import imgret
import imgret.commands
from imgret.__main__ import main
from imgret.commands import NAMES as COMMANDS
from tests.conftest import png, write

QUICK = ["backbone=pixels", "view=pca", "reports=[]", "log=quiet"]
TOLD = [word for word in QUICK if word != "log=quiet"]
PICTURES = {f"{i}.png": png((40 * i, 20, 200 - 30 * i), noise=i) for i in range(1, 7)}
NAMES = ["plain", "with space", "com,ma", "br[ack]et{s}", "quo'te\"s", "eq=uals", "dol${k}lar", "tilde~", "Ünï 写真",
         "a:b", "back\\slash", "'quoted'", "null", "-dash", "new\nline", "(paren)", "per%cent#", "aus!"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("spelling", ["{}", "images={}"])
def test_folders_work_as_typed(name: str, spelling: str, capsys: Any) -> None:
    write(Path(name), PICTURES)
    typed = spelling.format(f"./{name}" if name.startswith("-") else name)
    assert main([typed, "k=2", "out=out, [of] it's ${k}", *QUICK]) == 0, capsys.readouterr().err
    run = imgret.load("out, [of] it's ${k}/latest")
    assert run.info.root == str(Path(name).resolve())
    assert len(run.ids) == 6


def test_a_tilde_is_the_home_folder(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write(tmp_path / "photos", PICTURES)
    assert main(["images=~/photos", "k=2", "out=~/out", *QUICK]) == 0
    assert len(imgret.load("~/out/latest").ids) == 6


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "no command, folder or setting 'nowhere'"),
        (["images=nowhere"], "images=nowhere: does not exist\ngive a folder that has images in it"),
        (["images=photos/1.png"], "images=photos/1.png is a file of another kind"),
        (["empty"], "images=empty has no files in it"),
        (["photos", "k=7"], "k=7: there are only 6 files\ntype a k from 1 to 6"),
        (["photos", "k=0"], "k=0: it is a whole number, at least 1"),
        (["photos", "k=abc"], "k=abc: it is a whole number, at least 1"),
        (["photos", "k=-3"], "k=-3: it is a whole number, at least 1"),
        (
            ["photos", "clusterer=kmens"],
            "no clusterer 'kmens', did you mean kmeans?\nchoose from: agglomerative, dbscan, gmm",
        ),
        (["photos", "clusterer.n_int=3"], "no setting in clusterer 'n_int', did you mean n_init?"),
        (["photos", "colour=red"], "no setting 'colour'"),
        (["photos", "backbon=x"], "no setting 'backbon', did you mean backbone?\n"),
        (["photos", "k=2,3"], "k=2,3: several values are a sweep, a run for each\ntype -m as well: "),
        (["photos", "seed=0,1"], "python -m imgret -m FOLDER seed=0,1\n"),
        (["photos", "clusterer=kmeans,gmm"], "clusterer=kmeans,gmm: several values are a sweep"),
        (["photos", "clusterer.n_init=1,2"], "clusterer.n_init=1,2: several values are a sweep"),
        (["photos", "metrics=sizes,agreement"], "it is a list\ntype metrics=[sizes,agreement]\n"),
        (["photos", "reports=maps"], "reports=maps: it is a list\ntype reports=[maps]\n"),
        (["photos", "seed=x"], "seed=x: it is a whole number, at least 0\ntype a whole number, such as seed=0\n"),
        (["photos", "photos"], "photos and photos: a run is of one folder\n"),
        (["compare", "nope"], "runs/nope does not exist\n"),
        (["help", "foo"], "no command 'foo'\nchoose from: assign, compare, "),
        ([""], "an empty word"),
        (["photos", "images="], "images= has no value"),
        (["photos", "clusterer.k=abc"], "clusterer.k=abc: clusterer=kmeans takes a whole number here"),
        (["photos", "clusterer.k=null"], "clusterer.k=None: clusterer=kmeans takes a whole number here"),
        (["photos", "~view"], "view=null: a run needs a view\nchoose from: "),
        (["photos", "clusterer=null", "k=3"], "no clusterer 'null'\nchoose from: agglomerative"),
        (["photos", "view.n_components=3"], "view.n_components=3: a view has two dimensions"),
        (["photos", "clusterer.device=cuda"], "clusterer.device: it is the same for the whole run\ntype device="),
        (["photos", "~seed"], "seed"),
        (["preset=null"], "source=files needs a folder"),
        (["-m", "photos", "clusterer=kmeans,null"], "no clusterer 'null'"),
        (["photos", "-m", "k=2,3", "-c", "job"], "--multirun and --cfg=job: only one of them at a time"),
        (["photos", "clusterer.n_init=many"], "clusterer.n_init=many: clusterer=kmeans takes a whole number or null"),
        (["photos", "clusterer=dbscan", "k=3"], "k has no effect on clusterer=dbscan\nleave k out"),
        (["photos", "source=digits"], "images has no effect on source=digits\nleave images out"),
        (["source=files"], "source=files needs a folder\ntype images=FOLDER"),
        (["photos", "device=cuda:7"], "cuda:7"),
        (["photos", "device=toaster"], "toaster"),
        (["photos", "backbone=timm"], "backbone=timm needs a value for 'model'\ntype backbone.model=..."),
        (["photos", "backbone=resnet50", "backbone.weights=photos/1.png"], "photos/1.png"),
        (["photos", "backbone=resnet50", "backbone.weights=gone.pth"], "gone.pth"),
        (["photos", "backbone=resnet50", "offline=true"], "backbone.weights="),
        (
            ["photos", "source.label_regex=("],
            ": no regular expression: missing ), unterminated subpattern at position 0",
        ),
        (["photos", "metrics=[nim]"], "no metric 'nim'"),
        (["--k", "5"], "--k: settings are written name=value, without dashes\ntype k=5"),
        (["query", "photos/1.png"], "latest does not exist\nmake a run with"),
        (["query", "photos/1.png", "--run", "photos"], "photos has no run.json: it is no run"),
        (["runs"], "runs does not exist"),
        (["plugins", "clusterers"], "no kind 'clusterers', did you mean clusterer?"),
    ],
)
def test_faults_are_two_lines_and_code_2(words: list[str], says: str, capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    Path("empty").mkdir()
    quick = [] if words[0] in (*COMMANDS, "--k", "nowhere") else ["view=pca", "log=quiet"]
    more = [] if any(w.startswith("backbone") for w in words) else ["backbone=pixels"]
    assert main([*words, *(quick + more if quick else [])]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.startswith("imgret: ")
    assert len(err.strip().splitlines()) <= 2
    assert "Traceback" not in err


def test_a_traceback_where_it_is_asked_for(capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    assert main(["photos", "k=7", "backbone=pixels", "log=debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_query_runs_and_plugins(capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    assert main(["photos", "k=2", *TOLD]) == 0
    summary = capsys.readouterr().out.splitlines()
    assert summary[0] == "images    6 files = 6 ok"
    assert len(summary) <= 25
    assert main(["query", "photos/1.png", "--top", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    assert [hit["path"] for hit in found["hits"]] == [hit.path for hit in imgret.load().search("photos/1.png", 3)]
    assert main(["query", "photos/1.png", "photos/2.png", "--top", "2"]) == 0
    *hits, sheet = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in hits] == ["1", "2"]
    assert Path(sheet.removeprefix("sheet ")).is_file()
    assert main(["runs"]) == 0
    assert "photos · pixels · kmeans · 6 images  clusters 2" in capsys.readouterr().out
    assert main(["plugins", "clusterer"]) == 0
    assert "clusterer=kmeans  k=${k} " in capsys.readouterr().out
    assert main(["query", "photos/1.png", "--top", "0"]) == 2


def test_a_sweep_runs_each_job_once(capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    assert main(["-m", "photos", "clusterer=kmeans,dbscan", "reducer=none", "k=2,3", *TOLD]) == 0, (
        capsys.readouterr().err
    )
    runs = [imgret.load(f.parent) for f in sorted(Path("runs").glob("2*/run.json"))]
    assert len(runs) == 3  # k means nothing to dbscan
    assert sorted(str(r.settings["clusterer"].get("k")) for r in runs) == ["2", "3", "None"]
    assert sum(r.info.features.computed for r in runs) == 6
    lines = capsys.readouterr().out.splitlines()
    heads = [line.split("  ")[:2] for line in lines if "/4  " in line]
    swept = ["kmeans k=2", "kmeans k=3", "dbscan", "dbscan"]
    assert heads == [[f"{i}/4", f"clusterer={words}"] for i, words in enumerate(swept, 1)]
    assert lines[3] == "4/4  clusterer=dbscan  the same as 3"
    assert sorted(file.name for file in Path().iterdir()) == ["photos", "runs"]  # Hydra leaves nothing


def test_a_sweep_over_folders(capsys: Any) -> None:
    names = ("plain", "com,ma ${k} 'q\\'")
    for name in names:
        write(Path(name), PICTURES)
    assert main([",".join(names), "-m", "k=2", "out=o,ut", *QUICK]) == 0, capsys.readouterr().err
    assert {imgret.load(f.parent).info.root for f in Path().glob("*/2*/run.json")} == {
        str(Path(name).resolve()) for name in names
    }
    assert sorted(file.name for file in Path().glob("*/*-sweep/*")) == [
        "jobs.csv", "sweep.yaml", "table.csv", "table.html", "table.md", "table.png", "table.tex",
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind")
def test_a_sweep_from_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    photos = write(tmp_path / "photos", PICTURES)
    (tmp_path / "locked").mkdir(0o500)
    monkeypatch.chdir(tmp_path / "locked")
    assert main(["-m", str(photos), "k=2,3", f"out={tmp_path / 'out'}", *QUICK]) == 0, capsys.readouterr().err


def test_version_and_config(capsys: Any) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"imgret {imgret.__version__}\n"
    assert main(["k=5", "-c", "job"]) == 0
    assert "\nk: 5\n" in capsys.readouterr().out


def test_a_pipe_that_is_closed_early(monkeypatch: Any, capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    done: list[int] = []

    def add(self: Any, asked: Any, run: Any) -> None:
        done.append(1)
        raise BrokenPipeError

    monkeypatch.setattr("imgret.evaluation.sweep.Sweep.add", add)
    assert main(["-m", "photos", "k=2,3", *QUICK]) == 1  # the output is fine: some other pipe
    assert done == [1]
    assert "BrokenPipeError" in capsys.readouterr().err
    monkeypatch.setattr("imgret.__main__.unread", lambda: True)
    assert main(["-m", "photos", "k=2,3", *QUICK]) == 0
    assert done == [1, 1]
    assert "imgret:" not in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="another error there")
def test_output_that_nobody_reads() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    help_me = [sys.executable, "-m", "imgret", "--help"]
    done = subprocess.run(help_me, stdout=writes, stderr=subprocess.PIPE, env=env, check=False)
    os.close(writes)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("export csv", "export: the following arguments are required: OUT\n"),
        ("export cvs out", "export: argument format: invalid choice: 'cvs' (choose from "),
        ("query 1.png --tip 3", "query: unrecognized arguments: --tip"),
        ("query 1.png --top many", "query: argument --top: invalid int value: 'many'\n"),
        ("plugins check", "plugins check: the following arguments are required: KIND/NAME"),
    ],
)
def test_what_a_command_does_not_take_is_said_with_what_to_type(words: str, says: str, capsys: Any) -> None:
    assert main(words.split()) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"imgret: {says}"), said
    command = says.removeprefix("imgret ").partition(":")[0]
    assert said.splitlines()[1:] == [f"see: python -m imgret {command} --help"]


@pytest.mark.skipif(sys.platform == "win32", reason="opens /proc")
@pytest.mark.slow
def test_no_socket_is_opened_and_home_stays_as_it_was(tmp_path: Path) -> None:
    """In a process of its own, with the real engine: every connection of a socket is an error, HOME is empty."""
    write(Path("photos"), PICTURES)
    home = tmp_path / "home"
    home.mkdir()
    code = """
import socket, sys
def refuse(*a): raise SystemExit(f'a socket was opened: {a[1:]}')
real = socket.socket.connect
def connect(self, address):
    return real(self, address) if self.family == socket.AF_UNIX else refuse(self, address)
socket.socket.connect = connect
socket.getaddrinfo = refuse
from imgret import register
from imgret.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
    words = ["photos", "k=2", "backbone=efficientnet_lite0", "view=pca"]
    env = os.environ | {"HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert list(home.rglob("*")) == []


def test_quiet_says_where_the_run_is_alone(colours: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """A file that fails, a plug-in that is off and a previous run are no errors."""
    write(colours, {"bad.png": b"none"})
    write(Path("plugins"), {"off.py": b"1 / 0"})
    monkeypatch.setenv("IMGRET_PLUGINS", "plugins")
    words = [str(colours), *QUICK, "reports=[maps]"]
    assert main([*words, "k=2"]) == 0
    assert capfd.readouterr() == (f"{os.path.relpath(Path('runs/latest').resolve())}\n", "")
    assert main(["-m", *words, "k=2,99,98"]) == 2
    out, err = capfd.readouterr()
    run, sweep = out.splitlines()
    assert (Path(run) / "run.json").is_file()
    assert (Path(sweep) / "table.csv").is_file()
    assert err.splitlines()[::2] == ["imgret: k=99: there are only 25 files", "imgret: k=98: there are only 25 files"]


def test_an_error_of_several_jobs_is_told_once(colours: Path, capfd: Any) -> None:
    assert main(["-m", str(colours), *QUICK, "k=99", "seed=0,1"]) == 2
    assert capfd.readouterr().err.count("there are only") == 1
