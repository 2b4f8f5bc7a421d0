from io import BytesIO

import numpy as np
import pytest
from PIL import features

from imgret.contracts import Preprocess
from imgret.reading.avif import Avif
from imgret.reading.decode import decode
from tests import image_bytes as make
from tests.image_bytes import save, scene, textured
from tests.reading.test_exif import block

pytestmark = pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
SIZE = Preprocess((32, 48), filter="nearest")
FINE = {"quality": 100, "subsampling": "4:4:4"}


@pytest.mark.parametrize("way", range(1, 9))
def test_avifs_stand_upright(way: int) -> None:
    seen = decode(save(make.stored(scene(), way), "AVIF", exif=make.exif(way), **FINE), SIZE, ["avif"])
    assert seen.pixels is not None, seen.reason
    assert (seen.width, seen.height, seen.camera) == (48, 32, "odd")
    assert np.abs(seen.pixels.transpose(1, 2, 0).astype(int) - scene()).max() <= 3


def test_what_the_file_says_of_its_orientation_is_told_beside_its_exif_data() -> None:
    image = Avif(BytesIO(save(make.stored(scene(), 6), "AVIF", exif=make.exif(6), **FINE)))
    assert (image.orientation, image.size, image.mode) == (6, (32, 48), "RGB")
    assert b"odd" in image.info["exif"]


def test_date_and_camera_and_damage_to_them() -> None:
    """libavif refuses EXIF data that do not begin as they must; the pixels are whole."""
    data = save(scene(), "AVIF", exif=block(), **FINE)
    assert decode(data, SIZE, ["avif"])[5:] == ("2019-07-21T18:04:11", "Canon EOS 5D")
    mark = block()[:8]
    assert data.count(mark) == 1
    damaged = decode(data.replace(mark, bytes(8)), SIZE, ["avif"])
    assert (damaged.outcome, damaged.taken) == ("ok", "")


def test_avifs_that_nobody_asked_for_and_that_are_cut() -> None:
    data = save(textured(), "AVIF")
    assert decode(data, SIZE)[:2] == ("unsupported", "AVIF: type formats=[avif]")
    for part in (20, 50, 95):
        assert decode(data[: len(data) * part // 100], SIZE, ["avif"]).outcome == "truncated"
