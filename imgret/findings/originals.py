"""The image files of a run, which may come from elsewhere and name any file of yours.

Opened is what the run lists, if it is a regular file that lies, links resolved, under the folder that the run recorded,
and on a file system that holds files: what the kernel answers in their place (/proc, /sys, /dev) is nobody's image.
Handed on, or linked to, is the very image that the run saw, by its SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from errno import EINVAL
from functools import cache

from imgret.contracts import Item, Source
from imgret.demands.values import opened

# File systems whose files are answers of the kernel, as /proc/self/mountinfo calls them.
ANSWERS = {
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
}


def original(source: Source, item: Item, id: str, folders: Sequence[str]) -> bytes:
    """The bytes of an item, if they are those of this id, and its file lies below one of the run's `folders`.

    Raises OSError where it is not there any more, no regular file, outside of the folders, or another image.
    """
    check_place(item, folders)
    data = opened(source, item)
    if hashlib.sha256(data).hexdigest() != id:
        raise OSError(EINVAL, "not the image that the run saw", item.file or item.path)
    return data


def check_place(item: Item, folders: Sequence[str]) -> None:
    """Raises OSError where the file of an item, if it has one, is none, or lies below none of the run's folders."""
    if not item.file:
        return
    status = os.stat(item.file)
    if not stat.S_ISREG(status.st_mode) or status.st_dev in _answering():
        raise OSError(EINVAL, "not a file", item.file)
    real = os.path.realpath(item.file)
    if folders and not any(is_under(real, os.path.realpath(folder)) for folder in folders):
        raise OSError(EINVAL, "a link leads out of the folder of the run", item.file)


@cache
def _answering() -> frozenset[int]:
    """The devices of the file systems that are ANSWERS; where they cannot be listed, those of the usual folders."""
    devices = set()
    for folder in ("/proc", "/sys", "/dev"):
        with suppress(OSError):
            devices.add(os.stat(folder).st_dev)
    with suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
        devices.clear()
        for fields in map(str.split, mounts):  # id, parent, device, ..., "-", type of file system, ...
            if fields[fields.index("-") + 1] in ANSWERS:
                devices.add(os.makedev(*map(int, fields[2].split(":"))))
    return frozenset(devices)


def reach(items: Sequence[Item], root: str) -> str:
    """The folder that holds what links lead to outside of `root`, as in a folder of links; empty where none does."""
    inside = os.path.realpath(root)
    named = {os.path.dirname(item.file) for item in items if item.file}
    folders = {folder: os.path.realpath(folder) for folder in named}
    outside = set()
    for item in items:
        if item.file:
            linked = os.path.islink(item.file)
            home = os.path.dirname(os.path.realpath(item.file)) if linked else folders[os.path.dirname(item.file)]
            if not is_under(home, inside):
                outside.add(home)
    try:
        return os.path.commonpath(outside) if outside and root else ""
    except ValueError:  # on several drives
        return ""


def is_under(path: str, folder: str) -> bool:
    """Whether a path is a folder's own, or lies below it; both with links resolved."""
    return path == folder or path.startswith(os.path.join(folder, ""))
