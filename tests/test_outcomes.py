"""What becomes of files: names, the share that may fail, and what a run says and leaves when it ends early."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import outcomes
from imgret.__main__ import main
from imgret.contracts import Item
from imgret.filecache import Record
from imgret.imagefile import OUTCOMES
from imgret.outcomes import Failures, failed
from imgret.registry import TooManyFailed
from tests.conftest import png, write

QUICK = ["backbone=pixels", "view=pca", "k=2", "reports=[]", "attributes=[]"]
GOOD = {f"{n}.png": png((20 * n, 90, 30), noise=n + 1) for n in range(6)}
STALLS = """
import os
import sys
import time

from imgret import register
from imgret.contracts import Backbone, Preprocess
from imgret.plugins.sources.files import files


def wait(stage):
    if os.environ.get("STALL") == stage:
        print("at", stage, file=sys.stderr, flush=True)
        time.sleep(120)


@register("source")
class stalling(files):
    def __init__(self, images: str):
        super().__init__(images)

    def __iter__(self):
        yield from super().__iter__()
        wait("list")


@register("backbone")
def stalled(size: int = 4):
    from torch import nn

    class Flat(nn.Flatten):
        def forward(self, x):
            wait("features")
            return super().forward(x)

    return Backbone(Flat(), Preprocess((size, size)), "none")


@register("clusterer")
class halves:
    def fit_predict(self, X):
        wait("clusters")
        return (X[:, 0] > 0).astype(int)


@register("report")
def waiting(run, folder):
    wait("reports")
    return []
"""


def test_every_outcome_has_a_meaning() -> None:
    assert set(OUTCOMES) <= set(outcomes.OUTCOMES)
    assert set(outcomes.OUTCOMES) >= outcomes.PASSING


@pytest.mark.parametrize(
    ("path", "outcome", "formats", "counts"),
    [("a.jpg", "ok", [], False), ("a.jpg", "duplicate", [], False), ("a.txt", "truncated", [], True),
     ("a.mov", "unsupported", [], False), ("a", "unsupported", [], False), ("b/a.JPG", "unsupported", [], True),
     ("a.heic", "unsupported", [], False), ("a.heic", "unsupported", ["heic"], True), ("a.png", "missing", [], True)],
)  # fmt: skip
def test_what_counts_as_a_failure(path: str, outcome: str, formats: list[str], counts: bool) -> None:
    assert failed(path, outcome, formats) == counts


def test_too_many_is_more_than_the_share_of_all() -> None:
    failures = Failures(4, 0.5)
    for name in "ab":
        failures.add(Item(f"{name}\n.jpg"), Record("", "truncated", f"cut at {name}"))
    failures.add(Item("c.jpg"), Record("1", "ok"))
    with pytest.raises(TooManyFailed) as caught:
        failures.add(Item("d.jpg"), Record("", "missing", "no such file"))
    first, then = str(caught.value).splitlines()
    assert first == (
        r"3 of 4 files failed, more than max_failed=0.5 allows: 2 truncated (a\n.jpg: cut at a); "
        "1 missing (d.jpg: no such file)"
    )
    assert then.endswith("type max_failed=1 to go on without them")


def test_a_run_over_broken_input_stops_and_loses_nothing(tmp_path: Path, capsys: Any) -> None:
    photos = write(tmp_path / "in", {**GOOD, **{f"bad_{n}.jpg": b"\xff\xd8\xff" + bytes([n]) for n in range(7)}})
    assert main([str(photos), *QUICK]) == 3
    said = capsys.readouterr().err
    assert "7 of 13 files failed" in said
    assert "type max_failed=1" in said
    assert not list(Path("runs").iterdir())
    assert main([str(photos), *QUICK, "max_failed=1"]) == 0
    assert "6 ok" in capsys.readouterr().out
    assert main([str(photos), *QUICK]) == 3  # also where it is known from before
    (photos / "bad_0.jpg").unlink()
    assert main([str(photos), *QUICK]) == 0  # 6 of 12 are not more than half


def test_no_image_at_all(tmp_path: Path, capsys: Any) -> None:
    broken = write(tmp_path / "broken", {f"{n}.jpg": b"\xff\xd8\xff" + bytes([n]) for n in range(3)})
    assert main([str(broken), *QUICK]) == main([str(broken), *QUICK, "max_failed=1"]) == 3
    assert "no readable image in it: 3 truncated" in capsys.readouterr().err
    assert main([str(write(tmp_path / "texts", {"a.txt": b"hello"})), *QUICK]) == 2


def test_vectors_of_too_few(tmp_path: Path, capsys: Any) -> None:
    photos = write(tmp_path / "in", GOOD)
    np.save("v.npy", np.eye(2, dtype=np.float32))
    Path("ids.txt").write_text("0.png\n1.png\n")
    words = [str(photos), *QUICK[1:], "backbone=precomputed", "backbone.vectors=v.npy", "backbone.ids=ids.txt"]
    assert main(words) == 3
    assert "4 no_vector (2.png: no vector was given for it)" in capsys.readouterr().err
    assert main([*words, "max_failed=0.7"]) == 0


def test_a_sweep_goes_on_and_returns_the_worst(tmp_path: Path, capsys: Any) -> None:
    photos = write(tmp_path / "in", {**GOOD, "bad.jpg": b"\xff\xd8\xff", "worse.jpg": b"\xff\xd8\xff1"})
    assert main(["-m", str(photos), *QUICK, "max_failed=0.1,0.5"]) == 3
    assert len([folder for folder in Path("runs").iterdir() if (folder / "run.json").is_file()]) in (1, 2)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from imgret.contracts import Preprocess
    from imgret.loader import Decoder
    from imgret.plugins.sources.files import files

    class Grows(files):
        def open(self, item: Item) -> bytes:
            data = super().open(item)
            if item.path == "0.png":
                Path(item.file).write_bytes(data + b"more")
            if item.path == "1.png":
                os.link(item.file, f"{item.file}.link")  # changes its ctime, and no byte
            return data

    source = Grows(str(write(tmp_path / "in", GOOD)))
    found = [Decoder(source, Preprocess((4, 4)))(item) for item in list(source)[:3]]
    assert [one.record.outcome for one in found] == ["changed_during_run", "ok", "ok"]
    assert found[0].pixels is None
    assert found[0].record.id == ""


def _imgret(*words: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "imgret", *words], env=os.environ | env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def _made(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in ("items.csv", "metrics.json", *sorted(
        file.name for file in run.glob("*.npy")))}  # fmt: skip


def _is_gone(group: int) -> bool:
    """Whether no process of the group is left, or will be soon: helpers end when they see that the first one has."""
    for _ in range(300):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_stopped_by_any_signal_at_any_stage_it_goes_on_from_there(tmp_path: Path) -> None:
    write(tmp_path / "plugins", {"stalls.py": STALLS.encode()})
    photos = write(tmp_path / "in", {**GOOD, "bad.jpg": b"\xff\xd8\xff", "copy.png": GOOD["0.png"]})
    words = [str(photos), "source=stalling", "backbone=stalled", "clusterer=halves", "view=pca", "reports=[waiting]"]
    env = {"IMGRET_PLUGINS": str(tmp_path / "plugins")}
    alone = _imgret(*words, "out=alone", **env, IMGRET_HOME=str(tmp_path / "alone"))
    alone.communicate()
    assert alone.returncode == 0
    wanted = _made(Path("alone/latest"))

    moments = [("list", signal.SIGTERM), ("features", signal.SIGINT), ("clusters", signal.SIGHUP),
               ("reports", signal.SIGTERM)]  # fmt: skip
    for stage, number in moments:
        stopped = _imgret(*words, **env, STALL=stage)
        assert stopped.stderr is not None
        while (line := stopped.stderr.readline()) != f"at {stage}\n":
            assert line, f"it ended before {stage}"
        stopped.send_signal(number)
        out, err = stopped.communicate()
        assert (stopped.returncode, out) == (130, "")
        assert err == "imgret: stopped; what was computed is kept, and the same command goes on from there\n"
        assert _is_gone(stopped.pid)
        assert not list(Path("runs").iterdir())
        assert not list(Path(os.environ["IMGRET_HOME"]).rglob("*.tmp"))
    done = _imgret(*words, **env)
    done.communicate()
    assert done.returncode == 0
    assert _made(Path("runs/latest")) == wanted
    assert imgret.load().info["features"]["computed"] == 0  # they were there since the clusters were stopped
