"""Pillow's AVIF image without its parsing of the EXIF data: it warns of damage to them, and refuses the file."""

from __future__ import annotations

from PIL import AvifImagePlugin


class Avif(AvifImagePlugin.AvifImageFile):
    """`orientation` is what the file itself says (irot, imir); what its EXIF data say of that does not count.

    `info["exif"]` are the EXIF data as they lie in the file.
    """

    orientation = 1

    def _open(self) -> None:
        assert self.fp is not None
        self._decoder = AvifImagePlugin._avif.AvifDecoder(self.fp.read(), "auto", 1)  # type: ignore[attr-defined]
        self._size, self.n_frames, self._mode, _, exif, self.orientation, _ = self._decoder.get_info()
        self.is_animated = self.n_frames > 1
        if exif:
            self.info["exif"] = exif
        self.seek(0)
