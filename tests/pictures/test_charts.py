"""Charts: what is written is what was said, and neither the user's settings nor his home have to do with it."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgret.pictures import charts, sheet

IN_A_PROCESS_OF_ITS_OWN = """
import os, sys
from pathlib import Path
before = dict(os.environ)
from tests.pictures.test_charts import draw
draw(Path(sys.argv[1]))
import matplotlib
assert dict(os.environ) == before
assert matplotlib.rcParams["axes.facecolor"] == "red"
assert "matplotlib.pyplot" not in sys.modules
"""
DRAWN = "import sys; from pathlib import Path; from tests.pictures.test_charts import draw; draw(Path(sys.argv[1]))"
NAME = "$x_1$ \u202e \U0001f600 \u4e2d"  # mathematics, a turn of direction, what DejaVu Sans has no glyphs for


def draw(file: Path) -> Path:
    with charts.style():
        page = charts.Page(NAME, [(NAME * 40, sheet.ACCENT)], (600, 200), [NAME])
        axes = page.axes((100, 0), (500, 150))
        axes.plot([1, 10, 100], [0, 1, 0])
        axes.set_title("$y$")
        charts.along_logarithm(axes, [1, 9, 10, 100], 60, {10: "ten"})
        return page.save(file)


def test_home_environment_and_settings_stay_and_change_no_picture(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    Path("matplotlibrc").write_text("axes.facecolor: red\nfont.size: 40\ntext.usetex: True\nsavefig.dpi: 10\n")
    env = os.environ | {"HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}
    env.pop("MPLCONFIGDIR", None)
    command = [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN, str(tmp_path / "there.png")]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(home.rglob("*")) == []
    assert list((tmp_path / "store" / "matplotlib").glob("fontlist-*.json"))
    assert draw(tmp_path / "here.png").read_bytes() == (tmp_path / "there.png").read_bytes()


@pytest.mark.parametrize(
    "broken",
    [{"MPLBACKEND": "none of all"}, {"MPLBACKEND": "module://nowhere.at_all"}, {"MATPLOTLIBRC": "latin"}],
    ids=str,
)
def test_settings_that_matplotlib_cannot_read_change_no_picture(broken: dict[str, str], tmp_path: Path) -> None:
    Path("latin").write_bytes("font.family: café\n".encode("latin-1"))
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | broken
    command = [sys.executable, "-c", DRAWN, str(tmp_path / "there.png")]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert draw(tmp_path / "here.png").read_bytes() == (tmp_path / "there.png").read_bytes()


def test_what_cannot_be_read_here_is_said(tmp_path: Path) -> None:
    Path("matplotlibrc").write_bytes("font.family: café\n".encode("latin-1"))
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", DRAWN, str(tmp_path / "there.png")]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert "imgret.errors.UsageError: matplotlib cannot be imported: UnicodeDecodeError" in done.stderr
    assert done.stderr.endswith("\nmend or move ./matplotlibrc\n")


def test_threads_draw_one_after_the_other_and_leave_no_setting_behind(tmp_path: Path) -> None:
    import matplotlib

    expected, before = draw(tmp_path / "one.png").read_bytes(), dict(matplotlib.rcParams)
    inside: list[int] = []

    def drawn(number: int) -> bytes:
        with charts.style():
            inside.append(number)
            time.sleep(0.01)
            assert inside.pop() == number  # nobody came in
        return draw(tmp_path / f"{number}.png").read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(drawn, range(4))) == {expected}
    assert dict(matplotlib.rcParams) == before


def test_what_is_written_is_what_was_said_and_fits() -> None:
    with charts.style():
        page = charts.Page(NAME, [("word " * 30, sheet.QUIET), ("m" * 99, sheet.INK)], (600, 200), ["a note"])
        title, *facts, note = page.figure.texts
        widths = [text.get_window_extent(page.canvas.get_renderer()).width for text in page.figure.texts]
    assert title.get_text() == "$x_1$ \\u202e \U0001f600 \u4e2d"
    assert not any(text.get_parse_math() for text in page.figure.texts)
    assert " ".join(text.get_text() for text in facts[:-1]).split() == ["word"] * 30
    assert set(facts[-1].get_text()) == {"m", "\u2026"}
    assert max(widths) <= 600
    assert note.get_position() == (72, 72 + 31 - 23)  # margins, a line of 1.35 x 23, its baseline


def test_stacked_accents_stay_on_their_line(tmp_path: Path) -> None:
    with charts.style():
        page = charts.Page(" ", [("a" + "\u0302" * 60, sheet.INK)], (600, 100))
        with Image.open(page.save(tmp_path / "a.png")) as picture:
            inked = np.flatnonzero((np.asarray(picture) != 255).any(axis=(1, 2)))
    assert 72 + 62 <= inked[0] < inked[-1] < 72 + 62 + 38  # below margin and title


def test_axes_lie_where_they_were_asked_for(tmp_path: Path) -> None:
    with charts.style():
        page = charts.Page(" ", [], (600, 200))
        page.axes((100, 20), (500, 150)).grid(visible=False)  # its lines are as white as paper
        with Image.open(page.save(tmp_path / "a.png")) as picture:
            assert picture.size == (600 + 2 * 72, 72 + 62 + 24 + 200 + 72)  # margins, title, gap, room
            frame = (np.asarray(picture) == sheet.MAT).all(axis=2)
    rows, columns = np.flatnonzero(frame.any(axis=1)), np.flatnonzero(frame.any(axis=0))
    assert (columns[0], columns[-1]) == (172, 671)
    assert (rows[0], rows[-1]) == (158 + 20, 158 + 169)


def test_of_crowded_values_the_named_one_is_written() -> None:
    with charts.style():
        axes = charts.Page(" ", [], (600, 200)).axes((0, 0), (600, 150))
        axes.plot([1, 9, 10, 100], [0, 1, 1, 0])
        charts.along_logarithm(axes, [1, 9, 10, 100], 60, {10: "ten"})
        written = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        labels = {round(tick): label.get_text() for tick, label in written}
        places = axes.transData.transform([(k, 0) for k in (1, 10, 100)])[:, 0] - axes.bbox.x0
    assert labels == {1: "1", 10: "ten", 100: "100"}
    # 2 % of what is between the ends is free beyond each: 600 / 1.04 between them
    assert np.allclose(places, [600 * 0.02 / 1.04, 300, 600 * 1.02 / 1.04])
