"""A folder of everything that an archive has in it beside plain images: odd files, odd names, what is no file at all.

    python -m tests.bad_files FOLDER      writes it, and prints what must become of each

`FOLDER/in` is the collection. Nothing is kept in version control: bytes are made by `odd_files`, the rest here.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tests.image_bytes import Pixels, flat, grey, jpeg, save, scene, textured
from tests.odd_files import Odd, odd_files

Make = Callable[[Path], object]
NOT_HERE = {errno.EEXIST, errno.EILSEQ, errno.EINVAL, errno.ENAMETOOLONG, errno.ENOENT, errno.EFBIG, errno.EPERM}
PROC = "/proc/self/status"  # as many such files, it has bytes and says that it has none
SPARSE = 2**40  # bytes, of which the disk holds next to none
NAMES = [  # of files that all of them must come back with, byte for byte
    b"new\nline.png", b'quo"te\'s.png', b"-dash.png", b" space .png", b"tab\tand\rreturn.png", b"back\\slash.png",
    b"<img src=x onerror=alert(1)>.png", b"<script>alert(1)<!--.png", b"&lt;b&gt;.png", b"=1+1,2;3.png",
    "\u202egnp.eman".encode(), b"\x1b[31mred\x07.png", b"dol${k}lar %s {0} %00.png", b"~.png", b"no ending",
    "写真 🖼 Ünï.png".encode(), "写真".encode("shift_jis") + b".png", "café".encode("latin-1") + b".png",
    b"\xff\xfe\x80.png", "caf\u00e9.png".encode(), "cafe\u0301.png".encode(), b"Twin.png", b"twin.png",
    b"n" * 251 + b".png", "é".encode() * 125 + b"x.png",
]  # fmt: skip


class Bad(NamedTuple):
    """What must become of a file: its outcome, or `skipped` and why; its pixels (h, w, 3) where told, as `Odd` has."""

    outcome: str
    why: str = ""
    pixels: Pixels | None = None
    within: int = 0


def bad_files(folder: Path, asked: bool = False) -> dict[str, Bad]:
    """Write the collection to `folder/in`; what must become of each file by its path, sorted.

    `asked`: where formats=[tiff] is typed. What a system has no room for, such as a name that is no text, is left out.
    """
    folder = folder.resolve()  # links lead to it
    found: dict[str, tuple[Make, bytes, Bad]] = {}

    def put(path: str, odd: Odd) -> None:
        found[path] = partial(_write, odd.data), odd.data, Bad(odd.outcome, "", odd.pixels, odd.within)

    for name, odd in odd_files().items():
        put(f"bytes/{name}", Odd(odd.data, "ok", scene()) if asked and name == "scan.tif" else odd)
    for name, odd in scans().items():
        put(f"scans/{name}", odd if asked else Odd(odd.data, "unsupported"))
    for place, raw in enumerate(NAMES):
        pixels = flat((9 * place, 255 - 9 * place, 77))
        put(f"names/{os.fsdecode(raw)}", Odd(save(pixels, "PNG"), "ok", pixels))
    put("names/bad\n\x1b[2Jname.jpg", Odd(b"neither an image nor a name", "unsupported"))
    once = Odd(save(textured(), "PNG"), "ok", textured())
    put("twice/a.png", once)
    put("twice/b/c.jpg", once)
    put("twice/coded again.png", Odd(save(textured(), "PNG", compress_level=1), "ok", textured()))
    for name, entry in _no_files(folder, once).items():
        found[f"files/{name}"] = entry
    for path in [path for path, (make, _, _) in found.items() if not _made(folder / "in" / path, make)]:
        del found[path]
    return dict(sorted(_with_duplicates(found).items()))


def scans() -> dict[str, Odd]:
    """TIFFs, and what becomes of them where they are asked for."""
    wide = np.arange(16 * 16, dtype=np.uint16).reshape(16, 16) * 257
    deep = grey(wide >> 8)
    return {
        "16.tif": Odd(save(Image.frombytes("I;16", (16, 16), wide.astype("<u2").tobytes()), "TIFF"), "ok", deep),
        "16-big.tif": Odd(save(Image.frombytes("I;16B", (16, 16), wide.astype(">u2").tobytes()), "TIFF"), "ok", deep),
        "1.tif": Odd(save(Image.fromarray(deep[:, :, 0] > 99), "TIFF"), "ok", grey((deep[:, :, 0] > 99) * 255)),
        "float.tif": Odd(save(Image.fromarray(np.ones((16, 16), np.float32)), "TIFF"), "unsupported"),
        "whole.tif": Odd(save(Image.fromarray(np.ones((16, 16), np.int32)), "TIFF"), "unsupported"),
        "cut.tif": Odd(save(textured(), "TIFF")[:9000], "truncated"),
        "chain.tif": Odd(chain(save(scene(), "TIFF"), 100_000), "ok", scene()),
        "loop.tif": Odd(chain(save(scene()[::-1], "TIFF"), 0), "ok", scene()[::-1]),
    }


def chain(tiff: bytes, more: int) -> bytes:
    """A TIFF whose first directory is followed by `more` empty ones, and then by itself."""
    (start,) = struct.unpack_from("<I", tiff, 4)
    next_one = start + 2 + 12 * struct.unpack_from("<H", tiff, start)[0]
    places = [len(tiff) + 6 * number for number in range(more)] + [start]
    links = [struct.pack("<I", place) for place in places]
    return tiff[:next_one] + links[0] + tiff[next_one + 4 :] + b"".join(b"\0\0" + link for link in links[1:])


def _no_files(folder: Path, once: Odd) -> dict[str, tuple[Make, bytes, Bad]]:
    """Links, what is none of a file or folder, files of no end: how each is made, and what must become of it."""
    outside = scene()[:, ::-1]
    (folder / "outside.png").write_bytes(save(outside, "PNG"))

    def sparse(file: Path, head: bytes) -> None:
        file.write_bytes(head)
        os.truncate(file, SPARSE)

    same, link, hidden = Bad("ok", "", once.pixels), Path.symlink_to, Bad("skipped", "hidden or system")
    return {
        "tera.png": (partial(sparse, head=b""), b"", Bad("unsupported")),
        "tera.jpg": (partial(sparse, head=jpeg(scene())), b"", Bad("too_large")),
        "linked.png": (partial(link, target=folder / "outside.png"), b"outside", Bad("ok", "", outside)),
        "linked again.png": (partial(link, target="../twice/a.png"), once.data, same),
        "hard.png": (partial(Path.hardlink_to, target=folder / "in" / "twice" / "a.png"), once.data, same),
        "dangling.jpg": (partial(link, target="nowhere.jpg"), b"", Bad("missing")),
        "itself.jpg": (partial(link, target="itself.jpg"), b"", Bad("unreadable")),
        "loop": (partial(link, target=".."), b"", Bad("skipped", "folder that contains itself")),
        "pipe.jpg": (os.mkfifo, b"", Bad("skipped", "not a file")),
        "socket.jpg": (partial(os.mknod, mode=stat.S_IFSOCK | 0o600), b"", Bad("skipped", "not a file")),
        "device.jpg": (partial(link, target="/dev/zero"), b"", Bad("skipped", "not a file")),
        "proc.jpg": (partial(link, target=PROC), b"", Bad("decode_error" if os.path.exists(PROC) else "missing")),
        ".hidden.jpg": (partial(_write, b"x"), b"", hidden),
        "Thumbs.db": (partial(_write, b"x"), b"", hidden),
    }


def _write(data: bytes, file: Path) -> None:
    with open(file, "xb") as stream:  # fails where the name is taken for that of another file
        stream.write(data)


def _made(file: Path, make: Make) -> bool:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        make(file)
    except OSError as error:
        if error.errno in NOT_HERE:
            return False
        raise
    return True


def _with_duplicates(found: dict[str, tuple[Make, bytes, Bad]]) -> dict[str, Bad]:
    """Of images with the same bytes, the first by path is the one that is ok."""
    met: set[bytes] = set()
    marked = {}
    for path, (_, data, bad) in sorted(found.items(), key=lambda pair: pair[0]):
        marked[path] = bad._replace(outcome="duplicate") if bad.outcome == "ok" and data in met else bad
        met.add(data)
    return marked


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for path, bad in bad_files(Path(sys.argv[1])).items():
        print(f"{bad.outcome:15} {bad.why:30} {path!a}")
