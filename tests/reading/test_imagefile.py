"""Every odd file's outcome and pixels, drafts of large JPEGs, and no exception whatever the bytes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from imgret.contracts import Preprocess
from imgret.reading import imagefile
from imgret.reading.decode import decode, picture
from imgret.reading.formats import FORMATS, sniff
from imgret.reading.imagefile import OUTCOMES, Unreadable
from tests import image_bytes as make
from tests.image_bytes import photo, save
from tests.odd_files import odd_files
from tests.reading.test_decode import rgb

ODD = odd_files()
DEFAULT = Preprocess((32, 24))


@pytest.mark.parametrize("name", ODD)
def test_odd_files_have_their_outcome_and_their_pixels(name: str) -> None:
    odd = ODD[name]
    height, width = odd.pixels.shape[:2] if odd.pixels is not None else DEFAULT.size
    decoded = decode(odd.data, Preprocess((height, width), filter="nearest"))  # at its own size
    assert decoded.outcome == odd.outcome, decoded.reason
    assert (decoded.reason == "") == (decoded.outcome == "ok")
    assert decoded.reason.isprintable()
    assert len(decoded.reason) <= 200
    if odd.outcome != "ok":
        with pytest.raises(ValueError, match=f"^{odd.outcome}: "):
            picture(odd.data, 64)
    if odd.pixels is not None:
        assert (decoded.width, decoded.height) == (width, height)
        assert np.abs(rgb(decoded) - odd.pixels).max() <= odd.within
        shown = picture(odd.data, 256)
        assert shown.mode == "RGB"
        assert shown.size == (width, height)
        assert np.abs(np.asarray(shown).astype(np.int64) - odd.pixels).max() <= odd.within


def test_every_outcome_occurs_among_them() -> None:
    assert {odd.outcome for odd in ODD.values()} == set(OUTCOMES)


def test_sizes_are_known_of_files_that_were_refused_or_cut() -> None:
    for name, size in {"60000x60000.png": (60000, 60000), "1x10000.png": (1, 10000), "cut-50.jpeg": (96, 64)}.items():
        assert decode(ODD[name].data, DEFAULT)[3:5] == size
    turned = make.jpeg(make.stored(make.textured(), 6), exif=b"Exif\0\0" + make.exif(6))
    assert decode(turned[: len(turned) // 2], DEFAULT)[3:5] == (96, 64)
    assert decode(ODD["text.jpg"].data, DEFAULT)[3:5] == (0, 0)


def test_reasons_show_control_characters() -> None:
    assert "\\x1b" in decode(b"\x89PNG\r\n\x1a\n\0\0\0\x0dI\x1b\n\x7f" + bytes(17), DEFAULT).reason
    shown = str(Unreadable("decode_error", "a\nb\x1b[31m\u202ec\udc80"))
    assert shown == r"decode_error: a\nb\x1b[31m\u202ec\udc80"


def test_formats_are_told_by_content() -> None:
    for format in FORMATS:
        assert sniff(save(photo(9, 9), format)[:32]) == format
    for head in (b"", b"B", b"BM", b"BMW is a make of cars", b"RIFF", b"\xff\xd8", b"GIF88a", b"II+\0" + bytes(28)):
        assert sniff(head) is None


@pytest.mark.parametrize(
    ("shape", "preprocess", "orientation", "read"),
    [
        ((335, 335), Preprocess((56, 56)), 1, (335, 335)),  # below six times
        ((336, 336), Preprocess((56, 56)), 1, (168, 168)),
        ((1201, 901), Preprocess((50, 100)), 1, (301, 226)),  # for 300 x 150
        ((1201, 901), Preprocess((50, 100)), 6, (601, 451)),  # for 150 x 300, as it is stored
        ((1201, 901), Preprocess((50, 50), "crop", 60), 1, (301, 226)),  # for 237 x 180
        ((1201, 901), Preprocess((50, 50), "pad"), 1, (301, 226)),  # for 150 x 114, and an eighth is 113
        ((1201, 901), Preprocess((10, 10), filter="nearest"), 1, (1201, 901)),  # takes pixels of the original
    ],
)
def test_large_jpegs_are_read_smaller_but_at_three_times_the_target(
    shape: tuple[int, int],
    preprocess: Preprocess,
    orientation: int,
    read: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[tuple[int, int]] = []

    class Watched(imagefile._Jpeg):
        def load(self) -> Any:
            sizes.append(self.size)
            return super().load()

    monkeypatch.setitem(imagefile._READERS, "JPEG", Watched)
    decoded = decode(save(photo(*shape), "JPEG", exif=b"Exif\0\0" + make.exif(orientation)), preprocess)
    assert sizes[0] == read
    assert (decoded.width, decoded.height) == (shape if orientation == 1 else shape[::-1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_drafts_lie_where_the_whole_image_lies(orientation: int) -> None:
    """1203 x 905 is no multiple of 8: a draft's last row and column reach beyond the image, on whichever side."""
    rows, columns = np.abs(np.arange(905) % 510 - 255), np.abs(np.arange(1203) % 510 - 255)  # a level a pixel
    upright = np.stack([*np.broadcast_arrays(rows[:, None], columns), np.full((905, 1203), 99)], axis=2).astype(
        np.uint8
    )
    data = make.jpeg(make.stored(upright, orientation), exif=b"Exif\0\0" + make.exif(orientation))
    for size in ((37, 50), (37, 31)):
        whole = np.asarray(Image.fromarray(upright).resize(size[::-1], Image.Resampling.BILINEAR)).astype(np.int64)
        assert np.abs(rgb(decode(data, Preprocess(size))) - whole).max() <= 2


def test_drafts_hardly_differ_from_the_whole_image() -> None:
    image = photo(1792, 1344)
    whole = np.asarray(image.resize((224, 224), Image.Resampling.BILINEAR)).astype(np.int64)
    difference = np.abs(rgb(decode(save(image, "JPEG", quality=95, subsampling=0), Preprocess((224, 224)))) - whole)
    assert 0 < difference.mean() < 0.5
    assert difference.max() <= 4


SEEDS = {format: save(photo(24, 16), format) for format in FORMATS}
SMALL = [*SEEDS.values(), *(odd.data for odd in ODD.values() if odd.outcome == "ok" and len(odd.data) < 2000)]
HEADS = [b"", *(seed[:length] for seed in SEEDS.values() for length in (18, 60))]


def assert_holds(data: bytes) -> None:
    decoded = decode(data, Preprocess((8, 8)))
    assert decoded.outcome in OUTCOMES
    assert decoded.reason.isprintable()
    assert len(decoded.reason) <= 200
    assert (decoded.pixels is not None) == (decoded.outcome == "ok") == (decoded.reason == "")
    assert decode(data, Preprocess((8, 8)))[:2] == decoded[:2]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.sampled_from(HEADS), st.binary(max_size=300))
def test_noise_never_raises(head: bytes, tail: bytes) -> None:
    assert_holds(head + tail)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.sampled_from(SMALL), st.data())
def test_cut_files_never_raise(seed: bytes, draw: st.DataObject) -> None:
    assert_holds(seed[: draw.draw(st.integers(0, len(seed)))])


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.sampled_from(SMALL), st.data())
def test_flipped_bits_never_raise(seed: bytes, draw: st.DataObject) -> None:
    flipped = bytearray(seed)
    for place in draw.draw(st.lists(st.integers(0, 8 * len(seed) - 1), min_size=1, max_size=8)):
        flipped[place // 8] ^= 1 << place % 8
    assert_holds(bytes(flipped))


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_cut_anywhere_after_its_mark_is_truncated_or_whole(format: str) -> None:
    seed = SEEDS[format]
    whole = rgb(decode(seed, DEFAULT))
    for length in range(18, len(seed)):
        decoded = decode(seed[:length], DEFAULT)
        if decoded.outcome == "ok":  # nothing but a checksum or an end mark is missing
            assert length > len(seed) - 24
            assert np.array_equal(rgb(decoded), whole)
        else:
            assert decoded.outcome == "truncated", (length, decoded.reason)


def test_bombs_cost_no_memory(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    folder = tmp_path / "bombs"
    folder.mkdir()
    for name, odd in ODD.items():
        if odd.outcome in ("too_large", "extreme_aspect") or name in ("huge-text.png", "frames-100000.gif"):
            (folder / name).write_bytes(odd.data)
    script = """if True:
        import resource, sys
        from pathlib import Path
        from imgret.contracts import Preprocess
        from imgret.reading.decode import decode
        files = [file.read_bytes() for file in Path(sys.argv[1]).iterdir()]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for data in files:
            decode(data, Preprocess((224, 224), "crop", 256))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print("torch" in sys.modules, len(files), grown // (2**20 if sys.platform == "darwin" else 2**10))
    """
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    torch, count, mebibytes = done.stdout.split()
    assert torch == "False"
    assert int(count) == len(list(folder.iterdir())) >= 14
    assert int(mebibytes) < 16


def test_sizes_that_pillow_warns_of_are_taken_in_silence() -> None:
    """Warnings are errors here. 90 megapixels are above Pillow's threshold and below our limit."""
    assert Image.MAX_IMAGE_PIXELS == 89_478_485  # Pillow's own: no setting of it was changed
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    data = make.png((10_000, 9_000), 1, 0, [bytes(1250)] * 9_000)[:-2000]
    decoded = decode(data, DEFAULT)
    assert decoded.outcome == "truncated"
    assert decoded[3:5] == (10_000, 9_000)


def test_threads_do_not_disturb_each_other() -> None:
    def outcome(data: bytes) -> tuple[str, str, bytes]:
        decoded = decode(data, DEFAULT)
        return decoded.outcome, decoded.reason, b"" if decoded.pixels is None else decoded.pixels.tobytes()

    files = [odd.data for odd in ODD.values()]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(outcome, files)) == [outcome(data) for data in files]
