"""Formats by their first bytes, what is said of those that are not read, and HEIC and TIFF where asked for."""

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

import imgret
from imgret.contracts import Preprocess
from imgret.errors import UsageError
from imgret.reading.decode import decode, picture
from imgret.reading.formats import FORMATS, how_to_read, is_jpeg, is_otherwise, is_whole_jpeg, require, sniff, why_not
from imgret.reading.imagefile import OUTCOMES
from tests import image_bytes as make
from tests.conftest import png, write
from tests.image_bytes import grey, save, scene, textured
from tests.reading.test_exif import block

BOTH = ("heic", "tiff")
SIZE = Preprocess((32, 48), filter="nearest")


def ftyp(major: bytes, *others: bytes) -> bytes:
    return struct.pack(">I", 16 + 4 * len(others)) + b"ftyp" + major + bytes(4) + b"".join(others) + b"\0\0\0\x08mdat"


def heic(pixels: Any, **options: Any) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    stream = BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    pillow_heif.from_pillow(image).save(stream, quality=-1, chroma=444, **options)
    return stream.getvalue()


def off(data: bytes, expected: NDArray[np.uint8]) -> int:
    """How far the pixels are from those expected, in levels."""
    seen = decode(data, SIZE, BOTH)
    assert seen.pixels is not None, seen.reason
    assert (seen.width, seen.height) == (48, 32)
    return int(np.abs(seen.pixels.transpose(1, 2, 0).astype(int) - expected).max())


@pytest.mark.parametrize(
    ("head", "kind", "words"),
    [
        (ftyp(b"heic", b"mif1", b"heic"), "HEIC", "HEIC: type formats=[heic]"),
        (ftyp(b"mif1", b"heix", b"avif"), "HEIC", "HEIC: type"),
        (ftyp(b"msf1"), "HEIC", "HEIC: type"),
        (ftyp(b"avif", b"mif1"), "AVIF", "AVIF: type formats=[avif]"),
        (ftyp(b"mif1", b"avif", b"miaf"), "AVIF", "AVIF: type"),
        (ftyp(b"isom", b"mp41"), None, "a video"),
        (ftyp(b"qt  "), None, "a video"),
        (ftyp(b"crx ", b"isom"), None, "a camera's raw file"),
        (b"II*\0\x08\0\0\0" + bytes(24), "TIFF", "TIFF: type formats=[tiff]"),
        (b"MM\0*\0\0\0\x08" + bytes(24), "TIFF", "TIFF: type formats=[tiff]"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(24), None, "a camera's raw file"),
        (b"II+\0\x08\0\0\0" + bytes(24), None, "a BigTIFF file"),
        (b"FUJIFILMCCD-RAW 0201", None, "a camera's raw file"),
        (b"%PDF-1.7\n", None, "a PDF file"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="x">', None, "an SVG drawing"),
        (b"\n<svg>", None, "an SVG drawing"),
        (b"<!DOCTYPE html><title>404</title>", None, "a web page"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid",
            None,
            "a Git LFS pointer, not the image itself: type git lfs",
        ),
        (b"\0\0\0\x0cftyp", None, "not a JPEG, PNG, WEBP, GIF or BMP file"),
        (b"Dear all", None, "not a JPEG, PNG, WEBP, GIF or BMP file"),
    ],
)
def test_what_a_file_is_and_what_is_said_of_it(head: bytes, kind: str | None, words: str) -> None:
    assert sniff(head) == kind
    assert why_not(head).startswith(words)
    seen = decode(head, SIZE)
    assert (seen.outcome, seen.reason) == ("unsupported", why_not(head))


def test_what_is_no_image_is_none_of_those_that_are_read() -> None:
    some = "not a JPEG, PNG, WEBP, GIF, BMP or AVIF file"
    every = "not a JPEG, PNG, WEBP, GIF, BMP, HEIC, TIFF or AVIF file"
    assert decode(b"Dear all", SIZE, ["avif"]).reason == some
    assert decode(b"Dear all", SIZE, ["tiff", "avif", "heic"]).reason == every
    assert [is_otherwise(said, ["avif"]) for said in (some, every)] == [False, True]
    assert not any(is_otherwise(said, ["avif"]) for said in ("a PDF file, which is not read", "a Git LFS pointer", ""))


@pytest.mark.parametrize("found", ["1.8.0", "1.6.0", ""])
def test_what_is_installed_is_not_to_be_installed(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.reading.formats.heif", lambda: found)
    then = ', after pip install "imgret[heif]"'
    after = "" if found == "1.8.0" else then
    assert why_not(ftyp(b"heic")) == f"HEIC: type formats=[heic]{after}"
    assert how_to_read(["TIFF", "HEIC"]) == f"type formats=[heic,tiff]{after}"
    for end in ("", then):
        assert is_otherwise(f"HEIC: type formats=[heic]{end}", []) == (end != after)


def test_a_format_that_is_not_asked_for_is_not_opened() -> None:
    assert decode(save(scene(), "TIFF"), SIZE, ["heic"])[:2] == ("unsupported", "TIFF: type formats=[tiff]")
    with pytest.raises(ValueError, match=r"^unsupported: TIFF: type formats=\[tiff\]"):
        picture(save(scene(), "TIFF"), 64)
    assert picture(save(scene(), "TIFF"), 64, ["tiff"]).size == (48, 32)


def test_a_pillow_without_avif_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.features.check", lambda name: False)
    with pytest.raises(UsageError, match=r"built without AVIF\ntype pip install --force-reinstall pillow"):
        require(["avif"])
    assert decode(ftyp(b"avif"), SIZE, ["avif"]).outcome == "unsupported"


def test_a_package_that_is_missing_or_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.reading.formats.heif", lambda: "")
    require(["tiff"])
    with pytest.raises(UsageError, match=r'needs the package pillow-heif\ntype pip install "imgret\[heif\]"'):
        require(["heic"])
    seen = decode(ftyp(b"heic"), SIZE, BOTH)
    assert seen.outcome == "unsupported"
    assert 'pip install "imgret[heif]"' in seen.reason
    with pytest.raises(UsageError, match=r"needs the package pillow-heif"):
        imgret.run("photos", backbone="pixels", formats=["heic"])
    monkeypatch.setattr("imgret.reading.formats.heif", lambda: "1.6.0")
    with pytest.raises(UsageError, match=r"pillow-heif 1\.6\.0 is not safe"):
        require(["heic"])
    monkeypatch.setattr("imgret.reading.formats.heif", lambda: "1.10.0")
    require(["heic"])


@pytest.mark.parametrize("coding", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK"])
def test_tiffs_of_every_coding_and_mode(coding: str, mode: str) -> None:
    if (coding, mode) == ("jpeg", "RGBA"):
        pytest.skip("not written by libtiff")
    image = Image.fromarray(scene())
    shown = grey(np.asarray(image.convert("L"))) if mode == "L" else scene()
    options = {"quality": 100} if coding == "jpeg" else {}
    assert off(save(image.convert(mode), "TIFF", compression=coding, **options), shown) <= (6 if options else 0)


@pytest.mark.parametrize("way", range(1, 9))
def test_tiffs_and_heics_stand_upright_once(way: int) -> None:
    pixels = make.stored(scene(), way)
    assert off(save(pixels, "TIFF", tiffinfo={0x0112: way}), scene()) == 0
    assert off(heic(pixels, exif=make.exif(way)), scene()) <= 2


def test_tiffs_of_one_and_16_bits_a_palette_and_transparency() -> None:
    levels = np.arange(32 * 48, dtype=np.uint16).reshape(32, 48) * 42
    for mode in ("I;16", "I;16B"):
        raw = levels.astype("<u2" if mode == "I;16" else ">u2").tobytes()
        image = Image.frombytes(mode, (48, 32), raw)
        data = save(image, "TIFF")
        assert off(data, grey(levels >> 8)) == 0
        white_is_zero = data.replace(struct.pack("<HHIH", 262, 3, 1, 1), struct.pack("<HHIH", 262, 3, 1, 0))
        if mode == "I;16":
            assert off(white_is_zero, grey((65535 - levels) >> 8)) == 0
    assert off(save(Image.fromarray(levels % 3 == 0), "TIFF"), grey((levels % 3 == 0) * np.uint8(255))) == 0
    assert off(save(Image.fromarray(scene()).quantize(4), "TIFF"), scene()) == 0
    alpha = np.dstack([scene(), np.full((32, 48), 255, np.uint8)])
    alpha[:, :24, 3] = 0
    shown = scene()
    shown[:, :24] = 255
    assert off(save(alpha, "TIFF"), shown) == 0


def test_of_many_pages_the_first_is_read_and_a_loop_is_not_followed() -> None:
    first, second = Image.fromarray(scene()), Image.fromarray(textured())
    data = save(first, "TIFF", save_all=True, append_images=[second] * 3)
    assert off(data, scene()) == 0
    (start,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, start)
    place = start + 2 + 12 * entries
    assert off(data[:place] + struct.pack("<I", start) + data[place + 4 :], scene()) == 0


def test_numbers_without_black_and_white_and_raw_files_are_said_to_be_so() -> None:
    for kind in (np.float32, np.int32):
        seen = decode(save(Image.fromarray(np.ones((32, 48), kind)), "TIFF"), SIZE, BOTH)
        assert (seen.outcome, seen.reason[:18]) == ("unsupported", "a TIFF of numbers ")
    for tags in ({0xC612: b"\1\4\0\0"}, {254: 1, 330: 8}):  # DNG; a preview of what lies elsewhere
        data = save(scene(), "TIFF", tiffinfo=tags)
        assert decode(data, SIZE, BOTH)[:2] == ("unsupported", "a camera's raw file, which is not read")
        assert sniff(data) == "TIFF"


def test_bombs_among_tiffs() -> None:
    def changed(*tags: tuple[int, int]) -> bytes:
        order, entries = "<", sorted([(256, 48), (257, 32), (258, 8), (259, 1), (262, 1), (273, 8), (279, 9), *tags])
        found = dict(entries)
        packed = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in found.items())
        return b"II*\0" + struct.pack("<IH", 8, len(found)) + packed + bytes(4)

    assert decode(changed((256, 60000), (257, 60000)), SIZE, BOTH)[3:5] == (60000, 60000)
    assert decode(changed((256, 60000), (257, 60000)), SIZE, BOTH).outcome == "too_large"
    assert decode(changed((256, 10000), (257, 1)), SIZE, BOTH).outcome == "extreme_aspect"
    assert decode(changed((322, 2**20), (323, 2**20)), SIZE, BOTH).outcome == "too_large"
    assert decode(changed((273, 2**31)), SIZE, BOTH).outcome == "truncated"
    assert decode(changed((277, 2**31)), SIZE, BOTH).outcome in ("truncated", "decode_error")


def test_date_and_camera_of_tiffs_and_heics() -> None:
    assert decode(heic(scene(), exif=block()), SIZE, BOTH)[5:] == ("2019-07-21T18:04:11", "Canon EOS 5D")
    assert decode(save(scene(), "TIFF", tiffinfo={271: "Kodak", 272: "DC210"}), SIZE, BOTH).camera == "Kodak DC210"


SEEDS = {"TIFF": save(scene(), "TIFF"), "LZW": save(scene(), "TIFF", compression="tiff_lzw")}


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.sampled_from([*SEEDS, "HEIC"]), st.data())
def test_damage_never_raises(name: str, draw: st.DataObject) -> None:
    seed = SEEDS[name] if name in SEEDS else SEEDS.setdefault("HEIC", heic(scene()))
    changed = bytearray(seed)
    for place in draw.draw(st.lists(st.integers(0, len(seed) - 1), max_size=6)):
        changed[place] = draw.draw(st.integers(0, 255))
    seen = decode(bytes(changed[: draw.draw(st.integers(0, len(seed)))]), SIZE, BOTH)
    assert seen.outcome in OUTCOMES
    assert seen.reason.isprintable()
    assert (seen.pixels is not None) == (seen.outcome == "ok") == (seen.reason == "")


def test_cut_files_are_truncated(capfd: pytest.CaptureFixture[str]) -> None:
    for data in (save(textured(), "TIFF"), save(textured(), "TIFF", compression="tiff_lzw"), heic(textured())):
        for part in (20, 50, 95):
            assert decode(data[: len(data) * part // 100], SIZE, BOTH).outcome == "truncated"
    assert capfd.readouterr() == ("", "")


def test_a_run_reads_what_it_is_asked_for_and_its_queries_too(tmp_path: Path) -> None:
    pictures = {f"{i}.png": png((40 * i, 9, 9)) for i in range(4)}
    scan = save(scene(), "TIFF", tiffinfo={271: "Kodak", 272: "DC210"})
    root = write(
        tmp_path / "in", pictures | {"scan.tif": scan, "other.jpg": save(scene(), "JPEG", exif=b"Exif\0\0" + block())}
    )
    options: dict[str, Any] = {"backbone": "pixels", "view": "pca", "k": 2, "metrics": []}
    without = imgret.run(root, reports=[], **options)
    assert without.collection.outcomes == {"ok": 5, "unsupported": 1}
    done = imgret.run(root, reports=["sheets"], formats=["tiff"], **options)
    assert done.collection.outcomes == {"ok": 6}
    seen = {item.path: r for item, r in zip(done.collection.items, done.collection.records, strict=True)}
    assert (seen["other.jpg"].taken, seen["other.jpg"].camera) == ("2019-07-21T18:04:11", "Canon EOS 5D")
    again = imgret.run(root, reports=[], formats=["tiff"], **options)
    assert again.info.features.computed == 0
    assert [r.camera for r in again.collection.records] == [r.camera for r in done.collection.records]
    new = write(tmp_path / "new", {"query.tif": save(scene()[::-1], "TIFF")}) / "query.tif"
    assert len(imgret.Run.load(done.folder).search(new, 3)) == 3
    with pytest.raises(UsageError, match=r"TIFF: type formats=\[tiff\]"):
        without.search(new, 3)
    assert imgret.run(root, reports=[], **options).collection.outcomes == {"ok": 5, "unsupported": 1}
    assert all(sniff(data) in FORMATS for data in pictures.values())


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"\xff\xd8\xff\xd9", True),  # nothing between the markers is looked at
        (b"\xff\xd8 ... \xff\xd9", True),
        (b"\xff\xd8 ... \xff", False),
        (b"..\xff\xd9", False),
        (b"\xff\xd8\xd9", False),
        (b"\xff", False),
        (b"", False),
    ],
)
def test_a_jpeg_is_whole_from_its_first_to_its_last_marker(data: bytes, whole: bool, tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    assert not is_whole_jpeg(file)
    with pytest.raises(FileNotFoundError):
        is_jpeg(file)
    file.write_bytes(data)
    assert is_jpeg(file) == is_whole_jpeg(file) == whole
