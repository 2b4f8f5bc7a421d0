"""What becomes of files: names, the share that may fail, and what a run says and leaves when it ends early."""

import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import register
from imgret.__main__ import main
from imgret.contracts import Backbone, Item, Preprocess
from imgret.errors import TooManyFailed
from imgret.plugins.sources.files import files
from imgret.reading import outcomes
from imgret.reading.imagefile import OUTCOMES
from imgret.reading.outcomes import Failures, failed
from imgret.reading.record import Record
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

    def open(self, item):
        wait("decode")
        return super().open(item)


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
UNSTEADY = """
from pathlib import Path

from imgret import register
from imgret.plugins.sources.files import files


@register("source")
class unsteady(files):
    def __init__(self, images: str):
        super().__init__(images)

    def __iter__(self):
        yield from super().__iter__()
        Path(self.images, "1.png").unlink()

    def open(self, item):
        data, file, once = super().open(item), Path(item.file), Path("once")
        if item.path == "0.png":
            file.write_bytes(data + b"more")
        if item.path == "3.png":
            if once.exists():  # for its thumbnail
                file.write_bytes(data + b"more")
                return data + b"more"
            once.touch()
        return data


@register("source")
class faulty(files):
    def __init__(self, images: str):
        super().__init__(images)

    def __iter__(self):
        raise RuntimeError("a fault")
"""
STOPPED = "imgret: stopped; what was computed is kept, and the same command goes on from there\n"


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
    assert then.endswith("type max_failed=1 to go on without them: failures.csv then names each")


def test_a_share_that_is_met_exactly_is_none_too_many() -> None:
    failures = Failures(100, 0.29)  # of which 0.29 * 100 falls short
    for number in range(29):
        failures.add(Item(f"{number}.jpg"), Record("", "missing", "no such file"))
    with pytest.raises(TooManyFailed, match="30 of 100 files failed"):
        failures.add(Item("one more.jpg"), Record("", "missing", "no such file"))


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
    assert "no readable image in it: 3 truncated (0.jpg: " in capsys.readouterr().err
    assert main([str(write(tmp_path / "texts", {"a.txt": b"hello"})), *QUICK]) == 2


def test_vectors_of_too_few(tmp_path: Path, capsys: Any) -> None:
    photos = write(tmp_path / "in", GOOD)
    np.save("v.npy", np.eye(2, dtype=np.float32))
    Path("ids.txt").write_text("0.png\n1.png\n")
    words = [str(photos), *QUICK[1:], "backbone=precomputed", "backbone.vectors=v.npy", "backbone.ids=ids.txt"]
    assert main(words) == 3
    assert "4 no_vector (2.png: no vector was given for it)" in capsys.readouterr().err
    assert main([*words, "max_failed=0.7"]) == 0


def test_features_of_too_few(tmp_path: Path, capsys: Any) -> None:
    """Known as soon as they are computed: of 300 images, in batches of 64 or so, the last are never come to."""
    computed: list[int] = []

    @register("backbone")
    def dark() -> Backbone:
        from torch import Tensor, nn

        class Roots(nn.Flatten):
            def forward(self, x: Tensor) -> Tensor:
                computed.append(len(x))
                return (super().forward(x)).log()  # of black no number

        return Backbone(Roots(), Preprocess((2, 2), mean=(0, 0, 0), std=(1, 1, 1)), "none")

    black = {f"{n:03}.png": png((0, 0, 0), size=(24, 10 + n)) for n in range(300)}
    photos = write(tmp_path / "in", GOOD | black)
    words = [str(photos), *QUICK[1:], "backbone=dark"]
    assert main(words) == 3
    assert "bad_feature (000.png: its features are not finite)" in capsys.readouterr().err
    stopped, computed[:] = sum(computed), []
    assert main([*words, "max_failed=1"]) == 0
    assert "306 files = 6 ok, 300 bad_feature" in capsys.readouterr().out
    assert stopped < sum(computed)


def test_a_sweep_goes_on_and_returns_the_worst(tmp_path: Path, capsys: Any) -> None:
    photos = write(tmp_path / "in", {**GOOD, "bad.jpg": b"\xff\xd8\xff", "worse.jpg": b"\xff\xd8\xff1"})
    assert main(["-m", str(photos), *QUICK, "max_failed=0.1,0.5"]) == 3
    assert len(list(Path("runs").glob("2*/run.json"))) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("1/2  max_failed=0.1  failed: 1 of 8 files failed, more than max_failed=0.1 allows: ")
    assert out[-2] == "images    8 files = 6 ok, 2 truncated"


def test_a_sweep_tells_of_the_files_once_or_of_each_kind_of_job(tmp_path: Path, capsys: Any) -> None:
    photos = write(tmp_path / "in", {**GOOD, "bad.jpg": b"\xff\xd8\xff"})
    assert main(["-m", str(photos), *QUICK[:2], *QUICK[3:], "k=1,2"]) == 0
    accounts = [line for line in capsys.readouterr().out.splitlines() if line.startswith("images ")]
    assert accounts == ["images    7 files = 6 ok, 1 truncated"]
    assert main(["-m", str(photos), *QUICK[:2], *QUICK[3:], "k=1,2", "limit=null,3"]) == 0
    accounts = [line for line in capsys.readouterr().out.splitlines() if line.startswith("images ")]
    assert accounts == ["images    1/4  7 files = 6 ok, 1 truncated", "images    2/4  3 of 7 files = 3 ok"]


def test_runs_are_told_with_their_files(tmp_path: Path, capsys: Any) -> None:
    photos = write(tmp_path / "in", {**GOOD, "bad.jpg": b"\xff\xd8\xff"})
    assert main([str(photos), *QUICK]) == 0
    capsys.readouterr()
    assert main(["runs"]) == 0
    assert "in · pixels · kmeans · 6 images of 7 files  clusters 2" in capsys.readouterr().out


def test_a_manifest_a_tar_and_a_baseline_add_up(tmp_path: Path, capsys: Any) -> None:
    write(tmp_path / "in", {**GOOD, "bad.jpg": b"\xff\xd8\xff", "copy.png": GOOD["1.png"]})
    names = [*GOOD, "gone.png", "bad.jpg", "copy.png"]
    (tmp_path / "in" / "list.csv").write_text("\n".join(["path", *names]))
    with tarfile.open(tmp_path / "all.tar", "w") as tar:
        for name in sorted(set(names) - {"gone.png"}):
            tar.add(tmp_path / "in" / name, name)
    for images, says in (
        ("in/list.csv", "9 rows = 6 ok, 1 duplicate, 1 missing, 1 truncated"),
        ("all.tar", "8 files = 6 ok, 1 duplicate, 1 truncated"),
    ):
        assert main([str(tmp_path / images), *QUICK, "baseline=classical"]) == 0
        assert capsys.readouterr().out.splitlines()[0] == f"images    {says}"
        info = imgret.load().info
        assert sum(info.outcomes.values()) == info.files


def test_two_files_of_one_name_end_the_run(tmp_path: Path, capsys: Any) -> None:
    @register("source")
    class twins(files):
        def __init__(self, images: str) -> None:
            super().__init__(images)

        def __iter__(self) -> Iterator[Item]:
            return (Item("a\n.png", item.file) for item in super().__iter__())

    assert main([str(write(tmp_path / "in", GOOD)), *QUICK, "source=twins"]) == 2
    assert r"source/twins: the path 'a\n.png' comes twice, and is not of one `file`" in capsys.readouterr().err


def test_files_that_go_and_change_while_a_run_reads_them(tmp_path: Path, capsys: Any, caplog: Any) -> None:
    """Named, counted and not remembered; and told where it happens after their features were made."""
    photos = write(tmp_path / "in", GOOD)
    write(tmp_path / "plugins", {"unsteady.py": UNSTEADY.encode()})
    env = {"IMGRET_PLUGINS": str(tmp_path / "plugins")}
    words = [str(photos), *QUICK[:4], "source=unsteady", "attributes=[sharpness]"]
    unsteady = _imgret(*words, **env)
    out, err = unsteady.communicate()
    assert unsteady.returncode == 0, err
    assert out.splitlines()[0] == "images    6 files = 4 ok, 1 changed_during_run, 1 missing"
    assert "1 image could not be looked at, such as 3.png: changed_during_run, another file than its features" in err
    failures = (Path("runs/latest") / "failures.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in failures[1:]] == [["0.png", "changed_during_run"], ["1.png", "missing"]]
    assert main([*words[:-2], "attributes=[]"]) == 0  # read again, as what they are by now
    assert capsys.readouterr().out.splitlines()[0] == "images    5 files = 5 ok"


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from imgret.reading.loader import Decoder

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
def test_exit_codes_of_the_process(tmp_path: Path) -> None:
    write(tmp_path / "plugins", {"unsteady.py": UNSTEADY.encode()})
    photos = str(write(tmp_path / "in", GOOD))
    broken = str(write(tmp_path / "broken", {f"{n}.jpg": b"\xff\xd8\xff" + bytes([n]) for n in range(3)}))

    def code(*words: str) -> int:
        process = _imgret(*words, IMGRET_PLUGINS=str(tmp_path / "plugins"))
        _, err = process.communicate()
        assert "Traceback" not in err
        return process.returncode

    assert code(photos, *QUICK) == 0
    assert code(photos, *QUICK, "source=faulty") == 2
    assert code(photos, *QUICK, "k=7") == 2
    assert code(broken, *QUICK) == 3
    labels = Path("runs/latest/labels.npy")
    labels.write_bytes(labels.read_bytes()[:-1] + b"x")
    assert code("query", f"{photos}/0.png") == 4


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

    moments = [("list", signal.SIGTERM, "once"), ("decode", signal.SIGHUP, "all"), ("decode", signal.SIGTERM, "all"),
               ("decode", signal.SIGINT, "again"), ("features", signal.SIGINT, "once"),
               ("clusters", signal.SIGHUP, "once"), ("reports", signal.SIGTERM, "once"),
               ("reports", signal.SIGINT, "again")]  # fmt: skip
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:  # by nohup, which imgret heeds as well
        moments = [moment for moment in moments if moment[1] != signal.SIGHUP]
    for stage, number, how in moments:
        stopped = _imgret(*words, **env, STALL=stage)
        assert stopped.stderr is not None
        while (line := stopped.stderr.readline()) != f"at {stage}\n":
            assert line, f"it ended before {stage}"
        if how == "all":  # as when a terminal is closed, or a service is stopped: the workers are told as well
            os.killpg(stopped.pid, number)
        while stopped.poll() is None and how != "all":
            stopped.send_signal(number)
            if how == "once":
                break
            time.sleep(0.01)
        out, err = stopped.communicate()
        assert (stopped.returncode, out, err) == (130, "", STOPPED), (stage, how)
        assert _is_gone(stopped.pid)
        assert not list(Path("runs").iterdir())
        assert not list(Path(os.environ["IMGRET_HOME"]).rglob("*.tmp"))
    done = _imgret(*words, **env)
    done.communicate()
    assert done.returncode == 0
    assert _made(Path("runs/latest")) == wanted
    assert imgret.load().info.features.computed == 0  # they were there since the clusters were stopped
