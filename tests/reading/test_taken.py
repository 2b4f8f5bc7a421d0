import os
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret.reading.taken import by_file, by_name
from tests.conftest import png, write
from tests.image_bytes import save, scene
from tests.reading.test_exif import block

TIME = "2022-01-10T15:30:12"


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("IMG_20220110_153012.jpg", TIME),
        ("PXL_20220110_153012345.jpg", TIME),
        ("MVIMG_20220110_153012_1.jpg", TIME),
        ("20220110153012.jpg", TIME),
        ("2022-01-10 15.30.12.jpg", TIME),
        ("Screenshot_2022-01-10-15-30-12-99.png", TIME),
        ("Screenshot 2022-01-10 at 3.30.12 PM.png", TIME),
        ("WhatsApp Image 2022-01-10 at 15.30.12.jpeg", TIME),
        ("Screenshot 2022-01-10 at 12.05.01 AM.png", "2022-01-10T00:05:01"),
        ("Screenshot 2022-01-10 at 12.05.01 PM.png", "2022-01-10T12:05:01"),
        ("photo_2022-01-10_15-30-12.jpg", TIME),
        ("holidays/IMG-20220110-WA0001.jpg", "2022-01-10"),
        ("Screenshot_2022-01-10.png", "2022-01-10"),
        ("IMG_20220110_99.jpg", "2022-01-10"),
        ("IMG_20221399 20220110.jpg", "2022-01-10"),  # the first is no date
        ("2022-01-10/IMG_1234.jpg", ""),  # a folder is called for many reasons
        ("FB_IMG_1641826212345.jpg", ""),
        ("a 12022011099.jpg", ""),
        ("20220230.jpg", ""),
        ("DSC_0001.JPG", ""),
    ],
)
def test_dates_in_names(name: str, taken: str) -> None:
    assert by_name(name) == taken


def test_a_run_says_of_each_date_where_it_is_from(tmp_path: Path) -> None:
    """EXIF data before names before the time of the file; and as the list has it. Without it nothing changes."""
    camera = save(scene(), "JPEG", exif=b"Exif\0\0" + block())
    root = write(
        tmp_path / "in",
        {"IMG_20220110_153012.jpg": camera, "IMG-20220110-WA1.png": png((9, 200, 9)), "scan.png": png((200, 9, 9))},
    )
    os.utime(root / "scan.png", (1e9, 1e9))
    options: dict[str, Any] = {"backbone": "pixels", "view": "pca", "k": 2, "metrics": [], "reports": []}

    def dates(**more: Any) -> list[tuple[str, str | None]]:
        found = imgret.load(imgret.run(root, **options, **more).folder).collection
        pairs = zip(found.items, found.records, strict=True)
        return [(record.taken, item.columns.get("taken_from")) for item, record in pairs]

    exif, file = "2019-07-21T18:04:11", by_file(str(root / "scan.png"))
    assert file.startswith("2001-09-")
    assert dates() == [("", None), (exif, None), ("", None)]
    assert dates(taken_from=["exif", "name"]) == [("2022-01-10", "name"), (exif, "exif"), ("", "")]
    assert dates(taken_from=["name", "file"]) == [("2022-01-10", "name"), (TIME, "name"), (file, "file")]
    assert by_file(str(root / "gone.png")) == by_file("") == ""
