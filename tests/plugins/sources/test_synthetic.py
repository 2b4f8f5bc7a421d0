"""`source=synthetic`: which files there are, that they are what they claim, and that they are drawn once."""

import hashlib
import logging
import pickle
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgret.contracts import Item, Preprocess
from imgret.errors import UsageError
from imgret.plugin import Lost
from imgret.plugins.sources import synthetic as module
from imgret.plugins.sources.fabrics.draw import DESIGNS, tile
from imgret.plugins.sources.fabrics.fields import SIDE, nearest, noise, scatter
from imgret.plugins.sources.fabrics.odd_files import NO_FABRIC, ODD
from imgret.plugins.sources.fabrics.palettes import from_srgb, palette, to_srgb
from imgret.plugins.sources.fabrics.photograph import Cloth, Folds, _bent
from imgret.plugins.sources.fabrics.plan import shots
from imgret.plugins.sources.fabrics.yarns import structure
from imgret.plugins.sources.synthetic import synthetic
from imgret.reading.decode import decode

SMALL = {"n": 176, "kinds": 3, "cameras": 2, "size": 48, "broken": 16}
PLAN = shots(176, 3, 2, 16, 0)
NAME = re.compile(r"(?P<label>\d+)_c(?P<group>\d+)_\d{4,}(_[a-z_]+)?\.\w+")


def digests(items: list[Item]) -> dict[str, str]:
    return {item.path: hashlib.sha256(Path(item.file).read_bytes()).hexdigest() for item in items}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """The items of `SMALL`, drawn in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGRET_HOME", str(tmp_path_factory.mktemp("store")))
        patch.setattr(module, "ALONE", 1000)
        return list(synthetic(**SMALL))


def test_items_are_sorted_and_named_for_their_fabric_and_camera(catalogue: list[Item]) -> None:
    source, items = synthetic(**SMALL), catalogue
    assert [i.path for i in items] == sorted({i.path for i in items})
    assert len(items) == 176
    assert {i.label for i in items} == {"000", "001", "002", ""}
    assert {i.group for i in items} == {"1", "2", ""}
    for item in items:
        match = NAME.fullmatch(item.path)
        assert (item.label, item.group) == ((match["label"], match["group"]) if match else ("", ""))
        assert source.open(item) == Path(item.file).read_bytes()
    assert source.skipped == {}


def test_photographs_are_jpegs_of_the_size_asked_for(catalogue: list[Item]) -> None:
    forms = {s.name: s.form for s in PLAN}
    for item in catalogue:
        if forms[item.path] in ("photo", "same"):
            with Image.open(item.file) as image:
                assert (image.format, image.mode) == ("JPEG", "RGB")
                assert 12 <= min(image.size) <= max(image.size) <= 48


def test_odd_files_are_what_they_claim(catalogue: list[Item]) -> None:
    forms = {s.name: s.form for s in PLAN}
    files = {forms[i.path]: i for i in catalogue if forms[i.path] in ODD}
    assert set(files) == set(ODD)
    outcome = {f: decode(Path(i.file).read_bytes(), Preprocess((32, 32))).outcome for f, i in files.items()}
    assert {form for form in outcome if outcome[form] == "ok"} == set(ODD) - {
        "zero_bytes",
        "text",
        "truncated",
        "header_only",
        "damaged",
    }
    assert outcome["truncated"] == "truncated"
    looks = {}
    for form in ("png_named_jpg", "sixteen_bit", "alpha", "grey", "cmyk", "animated", "webp", "palette", "bmp"):
        with Image.open(files[form].file) as image:
            looks[form] = (image.format, image.mode, getattr(image, "n_frames", 1))
    assert looks == {
        "png_named_jpg": ("PNG", "RGB", 1),
        "sixteen_bit": ("PNG", "I;16", 1),
        "alpha": ("PNG", "RGBA", 1),
        "grey": ("JPEG", "L", 1),
        "cmyk": ("JPEG", "CMYK", 1),
        "animated": ("GIF", "P", 2),
        "webp": ("WEBP", "RGB", 1),
        "palette": ("PNG", "P", 1),
        "bmp": ("BMP", "RGB", 1),
    }
    with Image.open(files["turned"].file) as image:
        assert image.getexif()[0x0112] == 6
    with Image.open(files["one_pixel"].file) as image:
        assert image.size == (1, 1)
    assert all((files[form].label == "") == (form in NO_FABRIC) for form in files)


def test_planted_copies(catalogue: list[Item]) -> None:
    """Of 160 shots 160 // 40 = 4 are nearly and 160 // 150 = 1 exactly another one, of the same fabric and camera."""
    plan = [s for s in PLAN if s.form not in ODD]
    assert Counter(s.form for s in plan) == {"photo": 155, "near": 4, "same": 1}
    items = {i.path: i for i in catalogue}
    found = digests(catalogue)
    assert len(set(found.values())) == 175
    for shot in plan:
        original = plan[shot.of]
        assert original.form == "photo"
        assert (shot.fabric, shot.camera) == (original.fabric, original.camera)
        assert (found[shot.name] == found[original.name]) == (shot.form != "near")
        if shot.form == "near":
            a, b = (
                np.asarray(Image.open(items[n].file).convert("L").resize((4, 4)), float)
                for n in (shot.name, original.name)
            )
            assert np.abs(a - b).mean() < 12


@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 9), st.integers(0, 40), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_every_plan_has_n_names_and_every_fabric_that_finds_room(
    n: int, kinds: int, cameras: int, broken: int, seed: int
) -> None:
    broken = min(broken, n)
    plan = shots(n, kinds, cameras, broken, seed)
    assert [s.number for s in plan] == list(range(n))
    assert len({s.name for s in plan}) == n
    assert sum(s.form in ODD for s in plan) == broken
    assert all(0 <= s.fabric < kinds and 0 <= s.camera < cameras for s in plan)
    originals = sum(s.form == "photo" for s in plan)
    assert len({s.fabric for s in plan if s.form == "photo"}) == kinds or originals < kinds or kinds > n - broken
    assert plan == shots(n, kinds, cameras, broken, seed)


def test_drawn_once(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    with caplog.at_level(logging.INFO, "imgret"):
        first = list(synthetic(n=12, kinds=2, size=32))
    folder = Path(first[0].file).parent
    assert caplog.messages == [f"drawing 12 photographs of 2 fabrics into {folder} (once)"]
    monkeypatch.setattr(module, "_draw_all", None)
    assert list(synthetic(n=12, kinds=2, size=32)) == first
    assert [f.name for f in folder.parent.iterdir()] == [folder.name]


def test_every_argument_has_its_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_draw_all", lambda folder, plan, *_: [(folder / s.name).touch() for s in plan])
    settings = [{}, {"n": 4}, {"kinds": 3}, {"cameras": 1}, {"size": 33}, {"broken": 1}, {"draw": 1}]
    folders = {
        Path(next(iter(synthetic(**{"n": 3, "kinds": 2, "size": 32, "broken": 0} | s))).file).parent for s in settings
    }
    assert len(folders) == len(settings)


def test_an_interrupted_draw_is_not_taken_for_a_whole_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(folder: Path, *_: object) -> None:
        (folder / "half.jpg").write_bytes(b"")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_draw_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(synthetic(n=2, size=32, broken=0))
    assert list((tmp_path / "store" / "drawn").iterdir()) == []
    assert len(list(synthetic(n=2, size=32, broken=0))) == 2


def test_a_file_that_was_deleted_is_drawn_again() -> None:
    items = list(synthetic(n=3, size=32, broken=0))
    before = digests(items)
    Path(items[1].file).unlink()
    assert digests(list(synthetic(n=3, size=32, broken=0))) == before


def test_another_process_may_finish_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    draw_all = module._draw_all

    def overtaken(folder: Path, *rest: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(module, "_draw_all", draw_all)
            list(synthetic(n=2, size=32, broken=0))
        draw_all(folder, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_draw_all", overtaken)
    items = list(synthetic(n=2, size=32, broken=0))
    assert all(Path(i.file).exists() for i in items)
    assert len(list((tmp_path / "store" / "drawn").iterdir())) == 1


def test_the_number_of_processes_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    many = {"n": 30, "kinds": 2, "size": 32}
    alone = digests(list(synthetic(**many)))
    monkeypatch.setattr(module, "ALONE", 0)
    monkeypatch.setenv("IMGRET_HOME", str(tmp_path / "other"))
    assert digests(list(synthetic(**many))) == alone


def test_what_a_process_was_lost_over_is_drawn_by_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_lost(task: object, tasks: list[object], *_: object, **__: object) -> list[object]:
        return [([each], [Lost("decoder_crashed", "killed by SIGKILL", 0)]) for each in tasks]

    monkeypatch.setattr(module, "ALONE", 0)
    monkeypatch.setattr(module, "spread", all_lost)
    assert len(list(synthetic(n=4, kinds=2, size=32, broken=0))) == 4


def test_it_is_pickled_into_workers() -> None:
    source = synthetic(n=2, size=32, broken=0)
    item = next(iter(source))
    assert pickle.loads(pickle.dumps(source)).open(item) == source.open(item)


@pytest.mark.parametrize(
    "wrong", [{"n": 0}, {"kinds": 0}, {"cameras": 0}, {"size": 31}, {"broken": -1}, {"n": 3, "broken": 4}, {"draw": -1}]
)
def test_wrong_arguments_are_named(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=rf"source\.{list(wrong)[-1]}="):
        list(synthetic(**wrong))


def test_a_store_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("IMGRET_HOME", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="IMGRET_HOME"):
        list(synthetic(n=1, size=32, broken=0))


@pytest.mark.parametrize("design", DESIGNS, ids=lambda d: d.__name__)
def test_tiles_continue_over_their_border(design: object) -> None:
    """Across the border neighbours differ no more than somewhere inside (a fifth more, for what is random)."""
    rng = np.random.default_rng(5)
    drawn = design(rng, palette(rng))  # type: ignore[operator]
    assert drawn.shape == (SIDE, SIDE, 3)
    assert drawn.dtype == np.float32
    for axis in (0, 1):
        steps = np.abs(np.roll(drawn, -1, axis) - drawn).mean((1 - axis, 2))
        assert steps[-1] <= 1.2 * steps[:-1].max()


def test_views_never_leave_the_cloth() -> None:
    """A white cloth in 60 pictures has no black: Pillow would fill in what lies beyond it."""
    cloth = Cloth(np.ones((SIDE, SIDE, 3), np.float32))
    for seed in range(60):
        rng = np.random.default_rng(seed)
        assert np.asarray(_bent(rng, cloth, Folds(rng, 0.95), 48, 48)).min() == 255


def test_weaves() -> None:
    assert structure("plain", 4).astype(int).tolist() == [[1, 0] * 2, [0, 1] * 2] * 2
    assert structure("twill", 4).astype(int).tolist() == [
        [1, 1, 0, 0],
        [1, 0, 0, 1],
        [0, 0, 1, 1],
        [0, 1, 1, 0],
    ]
    satin = structure("satin", 8)
    assert (~satin).sum(0).tolist() == (~satin).sum(1).tolist() == [1] * 8


def test_noise_is_periodic_and_standard() -> None:
    field = noise(np.random.default_rng(0), 8)
    assert field.std() == pytest.approx(1, abs=1e-3)
    assert np.abs(field[0] - field[-1]).max() < 0.1
    assert np.abs(field[:, 0] - field[:, -1]).max() < 0.1


def test_nearest_points_against_all_distances() -> None:
    first, second, owner = nearest(np.random.default_rng(3), 4)
    points = np.array(list(scatter(np.random.default_rng(3), 4, 0.35)))
    for row, column in ((1, 1), (400, 301), (766, 10)):  # middles of cells of the coarser grid
        away = np.abs(points - (np.array([column, row]) + 0.5) / 768)
        distances = np.hypot(*np.minimum(away, 1 - away).T) * 4
        assert owner[row, column] == distances.argmin()
        assert [first[row, column], second[row, column]] == pytest.approx(np.sort(distances)[:2], abs=0.03)


def test_oklab() -> None:
    """White is (1, 0, 0); red as Ottosson's page gives it; and back."""
    rgb = np.array([[1.0, 1, 1], [1, 0, 0], [0.2, 0.5, 0.9]])
    lab = from_srgb(rgb)
    assert lab[0] == pytest.approx([1, 0, 0], abs=1e-3)
    assert lab[1] == pytest.approx([0.628, 0.2249, 0.1258], abs=1e-3)
    assert to_srgb(lab) == pytest.approx(rgb, abs=1e-6)


def test_the_figure_stands_out_from_the_ground() -> None:
    for seed in range(40):
        colours = palette(np.random.default_rng(seed))
        assert colours.shape == (5, 3)
        assert colours.dtype == np.float32
        lightness = from_srgb(colours)[:, 0]
        assert abs(lightness[1] - lightness[0]) > 0.15


def test_one_fabric_in_five_is_the_one_before_it_in_other_colours() -> None:
    first, recoloured, other = (np.asarray(tile(0, fabric)).mean(2) for fabric in (1, 2, 3))
    edges = [np.abs(np.diff(grey, axis=0)).ravel() for grey in (first, recoloured, other)]
    assert np.corrcoef(edges[0], edges[1])[0, 1] > 0.5
    assert abs(np.corrcoef(edges[1], edges[2])[0, 1]) < 0.3
