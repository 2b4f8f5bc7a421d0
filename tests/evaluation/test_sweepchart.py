"""The picture of a sweep: equal tables give equal pixels; one without a score has none."""

from pathlib import Path

from PIL import Image

from imgret.evaluation.jobs import fold
from imgret.evaluation.sweepchart import MOST, draw
from imgret.pictures.sheet import ACCENT
from tests.evaluation.test_jobs import job


def test_the_marked_rows_have_the_accent(tmp_path: Path) -> None:
    jobs = [job(n, {"k": f"$^{n}\x1b"}, nmi=n / 9, davies_bouldin=n, fit_seconds=1.0) for n in range(3)]
    files = [draw(fold(jobs), "python -m imgret", tmp_path / name) for name in ("a.png", "b.png")]
    assert files[0]
    assert files[1]
    assert files[0].read_bytes() == files[1].read_bytes()
    with Image.open(files[0]) as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 24) or ()}
    assert ACCENT in colours
    with Image.open(files[0]) as whole, Image.open(draw(fold(jobs), "", tmp_path / "d.png") or "") as plain:
        assert plain.width == whole.width
        assert whole.height - plain.height > 100  # heading, command and notes
    equal = draw(fold([job(n, {"k": str(n)}, nmi=0.5) for n in range(2)]), "x", tmp_path / "c.png")
    assert equal is not None
    with Image.open(equal) as picture:
        assert ACCENT not in {colour for _, colour in picture.convert("RGB").getcolors(1 << 24) or ()}


def test_nothing_to_draw_and_too_much(tmp_path: Path) -> None:
    assert draw(fold([job(1, {"k": "1"}, n_clusters=2.0, fit_seconds=1.0)]), "x", tmp_path / "a.png") is None
    assert draw(fold([job(1, {"k": "1"}, failed="no")]), "x", tmp_path / "a.png") is None
    sizes = []
    for rows in (MOST, MOST + 5):
        file = draw(fold([job(n, {"k": str(n)}, nmi=n / 99) for n in range(rows)]), "x", tmp_path / "b.png")
        assert file
        with Image.open(file) as picture:
            sizes.append(picture.height)
    assert 0 < sizes[1] - sizes[0] < 50  # one more line, which says so
