"""What is known of a file once it has been read."""

from __future__ import annotations

from typing import NamedTuple

WAYS = ("exif", "name", "file")  # what can say when a picture was taken


class Record(NamedTuple):
    """What reading one file gave. `id` is the SHA-256 of its bytes, empty where they could not be read.

    `width` and `height` are those of the upright original, in pixels. `taken` (2019-07-21T18:04:11, local time) and
    `camera` are what its EXIF data say, empty where they say nothing; from a file's name `taken` may be a day alone.
    `format` is that of a file which is read only when asked for, as it is typed (heic, tiff); empty for all others, and
    for one that would not be read even then.
    """

    id: str
    outcome: str
    reason: str = ""
    width: int = 0
    height: int = 0
    taken: str = ""
    camera: str = ""
    format: str = ""
