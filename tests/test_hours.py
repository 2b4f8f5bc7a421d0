"""The first hour of each use, typed by the scripts in `hours`, on small collections; and what is left of it."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imgret.registry import build
from imgret.words import shown_path
from tests.conftest import write

pytestmark = pytest.mark.slow
HOURS = Path(__file__).parent / "hours"


def hour(name: str) -> str:
    """Run a script in this folder with this Python as `python`; what it printed."""
    shims = Path("shims")
    shims.mkdir()
    (shims / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (shims / "python").chmod(0o755)
    env = os.environ | {"PATH": f"{shims.resolve()}{os.pathsep}{os.environ['PATH']}", "PYTHONWARNINGS": ""}
    command = ["bash", str(HOURS / f"{name}.sh")]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def rows(file: str | Path) -> list[dict[str, str]]:
    with Path(file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def read(file: str | Path) -> Any:
    return json.loads(Path(file).read_text(encoding="utf-8"))


def drawn(n: int, kinds: int, size: int = 128) -> list[tuple[str, str, bytes]]:
    """Fabric, camera and bytes of drawn photographs, in a seeded order."""
    source = build("source", {"name": "synthetic", "n": n, "kinds": kinds, "cameras": 3, "size": size, "broken": 0})
    items = [(item.label, item.group, source.open(item)) for item in source]
    return [items[place] for place in np.random.default_rng(0).permutation(len(items))]


def make_catalogue() -> list[dict[str, str]]:
    """Photographs, and products.csv, vectors.npy and shard-000000.tar of them; the table's rows, one without a file."""
    shots = list({data: (fabric, data) for fabric, _, data in drawn(96, 8)}.values())
    table = [
        {
            "sku": f"S{place:04}",
            "photo": f"photos/p{place:03}.jpg",
            "category": f"fabric {fabric}",
            "price": f"{10 + 7 * place % 90}.95",
            "stock": str(place % 4),
        }
        for place, (fabric, _) in enumerate(shots)
    ]
    write(Path(), {row["photo"]: data for row, (_, data) in zip(table, shots, strict=True)})
    table.append({"sku": "S9999", "photo": "photos/lost.jpg", "category": "fabric 000", "price": "1.00", "stock": "1"})
    with Path("products.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    kinds = np.array([int(row["category"].split()[1]) for row in table])
    vectors = 5 * np.eye(8)[kinds] + np.random.default_rng(0).normal(0, 0.1, (len(table), 8))
    np.save("vectors.npy", vectors.astype(np.float32))
    with tarfile.open("shard-000000.tar", "w") as tar:
        for row, (fabric, data) in zip(table, shots, strict=False):
            stem = Path(row["photo"]).stem
            for name, content in ((f"{stem}.jpg", data), (f"{stem}.cls", str(int(fabric)).encode())):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, BytesIO(content))
    return table


def crop(person: int, camera: int, shot: int) -> bytes:
    """A figure in the clothes of its person before the wall of its camera, 64 x 128 (width x height)."""
    clothes, walls = np.random.default_rng(person), np.random.default_rng(100 + camera)
    grain = np.random.default_rng((person, camera, shot))
    image = Image.new("RGB", (64, 128), tuple(walls.integers(90, 170, 3).tolist()))
    draw = ImageDraw.Draw(image)
    x, y = grain.integers(-4, 5, 2).tolist()
    top, bottom = (tuple(clothes.integers(0, 256, 3).tolist()) for _ in range(2))
    draw.ellipse((24 + x, 8 + y, 40 + x, 28 + y), (200, 160, 130))
    draw.rectangle((16 + x, 28 + y, 48 + x, 72 + y), top)
    draw.rectangle((20 + x, 72 + y, 44 + x, 122 + y), bottom)
    pixels = np.asarray(image) + grain.normal(0, 6, (128, 64, 3))
    stream = BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def make_crops() -> None:
    """Six persons of eight crops by four cameras, four distractors (0000), six crops of junk (-1), and a text."""
    people = {f"{person:04}_c{shot % 4 + 1}s1_{shot:06}_01.jpg": (person, shot % 4 + 1, shot)
              for person in range(1, 7) for shot in range(8)}  # fmt: skip
    others = {f"0000_c{shot % 4 + 1}s1_{shot:06}_02.jpg": (50 + shot, shot % 4 + 1, shot) for shot in range(4)}
    junk = {f"-1_c{shot % 4 + 1}s1_{shot:06}_03.jpg": (1 + shot, shot % 4 + 1, 90 + shot) for shot in range(6)}
    write(Path("crops"), {name: crop(*what) for name, what in (people | others | junk).items()})
    Path("crops", "readme.txt").write_text("The Market-1501 data set\n")


def make_comparison() -> None:
    """photos/fabric/, six fabrics of twelve photographs."""
    write(Path("photos"), {f"{fabric}/{place:02}.jpg": data for place, (fabric, _, data) in enumerate(drawn(72, 6))})


CAMERAS = (
    ("Canon", "Canon EOS 5D"),
    ("NIKON CORPORATION", "NIKON D90"),
    ("Apple", "iPhone 8"),
    ("samsung", "SM-G991B"),
)


def make_archive() -> None:
    """Twenty years of photographs by four cameras, with copies, a scan in TIFF and two broken files among them."""
    shots = list({data: (fabric, data) for fabric, _, data in drawn(120, 8)}.values())
    for place, (_, data) in enumerate(shots):
        year = 2004 + 20 * place // len(shots)
        exif = Image.Exif()
        exif[0x010F], exif[0x0110] = CAMERAS[4 * place // len(shots)]
        exif.get_ifd(0x8769)[0x9003] = f"{year}:{place % 12 + 1:02}:{place % 28 + 1:02} 12:{place % 60:02}:00"
        file = Path("photos", str(year), f"a{place:03}.jpg")
        file.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(BytesIO(data)) as image:
            image.convert("RGB").save(file, quality=92, exif=exif)
            if place == 40:  # sent by somebody's messenger: smaller, and without its date
                image.convert("RGB").resize((image.width * 3 // 4, image.height * 3 // 4)).save("photos/sent.jpg")
            if place == 60:
                image.convert("RGB").save("photos/scan.tif")
            if place == 80:
                image.convert("RGB").resize((90, 90)).save("from-aunt.jpg", quality=80)
    shutil.copy("photos/2004/a003.jpg", "photos/a003 (1).jpg")
    whole = Path("photos/2004/a005.jpg").read_bytes()
    Path("photos/half.jpg").write_bytes(whole[: len(whole) // 2])
    Path("photos/empty.jpg").touch()


def test_catalogue() -> None:
    table = make_catalogue()
    before = {file: file.read_bytes() for file in [Path("products.csv"), *Path("photos").iterdir()]}
    printed = hour("catalogue")
    assert {file: file.read_bytes() for file in before} == before
    assert [Path(line.split()[0]).parent.name for line in Path("runs.txt").read_text().splitlines()] == ["runs"]

    items = {row["path"]: row for row in rows("runs/latest/items.csv")}
    assert set(items) == {row["photo"] for row in table}
    for row in table:
        item = items[row["photo"]]
        assert (item["label"], item["sku"], item["price"], item["stock"]) == (
            row["category"], row["sku"], row["price"], row["stock"]
        )  # fmt: skip
    assert [row["path"] for row in rows("runs/latest/failures.csv")] == ["photos/lost.jpg"]
    assert items["photos/lost.jpg"]["outcome"] == "missing"
    figures = read("runs/latest/metrics.json")
    assert (figures["n_clusters"], figures["ari"] > 0.4) == (8, True)
    assert "did you mean photo?" in Path("wrong.txt").read_text()
    assert (Path("wrong-exit.txt").read_text(), Path("again-exit.txt").read_text()) == ("2\n", "2\n")
    assert "nothing is overwritten" in Path("again.txt").read_text()

    found = read("cheap.json")
    assert len(found["hits"]) == 5
    for hit in found["hits"]:
        assert float(items[hit["path"]]["price"]) < 50
        assert int(items[hit["path"]]["stock"]) > 0
    assert [hit["score"] for hit in found["hits"]] == sorted((hit["score"] for hit in found["hits"]), reverse=True)

    for item in items.values():
        if item["outcome"] == "ok":
            folder, name = f"cluster_{int(item['cluster']):03}", Path(item["path"]).name
            assert Path("by-cluster", folder, name).read_bytes() == before[Path(item["path"])]
            assert not Path("dataset", "train", folder, name).is_symlink()
    assert len(list(Path("by-cluster").glob("*/*"))) == len(items) - 1
    assert len(rows("clustered.csv")) == len(items)
    lines = {row["path"]: row for row in rows("dataset/train/metadata.csv")}
    assert all(Path("dataset/train", row["file_name"]).is_file() for row in lines.values())
    assert {row["sku"] for row in lines.values()} == {row["sku"] for row in table[:-1]}

    own = read("runs-own/latest/metrics.json")  # of eight clouds that do not touch, one a category
    assert (own["ari"], own["nmi"], own["map"]) == pytest.approx((1, 1, 1))
    assert {row["label"] for row in rows("runs-tar/latest/items.csv")} == {str(kind) for kind in range(8)}
    assert len(read("from-tar.json")["hits"]) == 3
    assert "next      python -m imgret query p" in printed  # of a tar there is no file to name
    assert f" --run {shown_path(Path('runs-tar/latest'))}\n" in printed


def average_precision(scores: Any, right: Any, ranked: Any) -> float:
    """By going down the list, one at a time."""
    hits, precisions = 0, []
    for rank, row in enumerate((row for row in np.argsort(-scores, kind="stable") if ranked[row]), 1):
        if right[row]:
            hits += 1
            precisions.append(hits / rank)
    return float(np.mean(precisions))


def test_crops() -> None:
    make_crops()
    printed = hour("crops")
    assert "2.0 times as high as wide (median)" in Path("plain.txt").read_text()
    assert "type backbone.size=192x96" in Path("plain.txt").read_text()
    assert "times as high" not in printed.split("backbone.size=192x96", 1)[1]  # what it says to type ends it
    assert "map" not in read("runs-plain/latest/metrics.json")

    items = {row["path"]: row for row in rows("runs/latest/items.csv")}
    assert sum(row["label"] != "" for row in items.values()) == 48
    assert {row["label"] for row in items.values()} == {"", *(f"{person:04}" for person in range(1, 7))}
    assert {row["path"] for row in items.values() if row["junk"] == "1"} == {p for p in items if p.startswith("-1")}
    assert {row["group"] for row in items.values() if row["outcome"] == "ok"} == {"1", "2", "3", "4"}
    assert {row["path"]: row["outcome"] for row in rows("runs/latest/failures.csv")} == {"readme.txt": "unsupported"}

    X = np.load("runs/latest/features.npy").astype(np.float64)
    X -= X.mean(axis=0)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    of = sorted((row for row in items.values() if row["outcome"] == "ok"), key=lambda row: row["id"])
    person, camera = (np.array([row[name] for row in of]) for name in ("label", "group"))
    junk = np.array([row["junk"] == "1" for row in of])
    known = [row for row in range(len(of)) if person[row]]
    precisions = []
    for query in known:
        same = person == person[query]
        ranked = ~junk & ~(same & (camera == camera[query]))
        precisions.append(average_precision(X @ X[query], same, ranked))
    figures = read("runs/latest/metrics.json")
    assert figures["queries"] == len(known) == 48
    assert figures["map"] == pytest.approx(np.mean(precisions), abs=1e-3)
    by_regex = read("runs-regex/latest/metrics.json")  # takes junk and distractors for two persons
    assert by_regex["queries"] > 48

    hits = read("elsewhere.json")["hits"]
    assert len(hits) == 5
    assert all(items[hit["path"]]["group"] in "234" for hit in hits)
    assert Path("camera9.txt").read_text() == "imgret: no image has group=9\ngroup is 1, 2, 3, 4\n"
    assert Path("camera9-exit.txt").read_text() == "2\n"
    assert len(rows("runs-half/latest/items.csv")) == 20
    assert {row["path"] for row in rows("runs-half/latest/items.csv")} <= set(items)
    assert [Path(line.split()[0]).parent.name for line in Path("runs.txt").read_text().splitlines()] == ["runs"]


def test_comparison() -> None:
    make_comparison()
    hour("comparison")
    (folder,) = Path("runs").glob("*-sweep")
    jobs, table = rows(folder / "jobs.csv"), rows(folder / "table.csv")
    assert [(row["backbone"], row["clusterer"], row["runs"]) for row in table] == [
        (backbone, clusterer, "2") for backbone in ("pixels", "classical") for clusterer in ("kmeans", "agglomerative")
    ]
    assert len(jobs) == 8
    for row in table:
        same = [job for job in jobs if (job["backbone"], job["clusterer"]) == (row["backbone"], row["clusterer"])]
        assert [job["seed"] for job in same] == ["0", "1"]
        for name in ("nmi", "ari", "map", "rank_1", "silhouette", "total_seconds"):
            values = [float(job[name]) for job in same]
            assert float(row[name]) == pytest.approx(sum(values) / 2)
            assert float(row[f"{name}_sd"]) == pytest.approx(abs(values[0] - values[1]) / 2**0.5)
    for job in jobs:
        figures = read(folder / job["run"] / "metrics.json")
        assert (float(job["nmi"]), float(job["map"])) == pytest.approx((figures["nmi"], figures["map"]))
    assert len({job["map"] for job in jobs}) == 2  # one a backbone: neither clusters nor seeds change the exact ranking
    computed = [read(folder / job["run"] / "run.json")["features"]["computed"] for job in jobs]
    distinct = {file.read_bytes() for file in Path("photos").rglob("*.jpg")}
    assert computed == [len(distinct), 0, 0, 0] * 2
    assert "<table" in (folder / "table.html").read_text(encoding="utf-8")

    (folder,) = Path("runs-dbscan").glob("*-sweep")
    assert [(row["clusterer"], row["k"]) for row in rows(folder / "table.csv")] == [
        ("kmeans", "4"), ("kmeans", "6"), ("dbscan", "")
    ]  # fmt: skip
    (folder,) = Path("runs-failed").glob("*-sweep")
    assert [row["failed"] for row in rows(folder / "jobs.csv")] == ["", "k=5000: there are only 72 files"]
    assert (Path("failed-exit.txt").read_text(), Path("wrong-exit.txt").read_text()) == ("2\n", "2\n")
    assert "did you mean classical?" in Path("wrong.txt").read_text()
    best = {job["nmi"] for job in jobs if (job["backbone"], job["clusterer"]) == ("classical", "agglomerative")}
    assert best == {str(read("runs-best/latest/metrics.json")["nmi"])}
    assert (Path("runs-best/latest/clusters.jpg")).stat().st_size > 0
    listed = Path("runs.txt").read_text().splitlines()
    assert [" a sweep of 8 runs " in line for line in listed].count(True) == 1
    assert len(listed) == 8 + 1


def test_archive() -> None:
    make_archive()
    printed = hour("archive")
    assert "formats   1 TIFF not read: type formats=[tiff]" in printed
    assert "scan.tif" in {row["path"] for row in rows("runs-first/latest/failures.csv")}
    reasons = {row["path"]: (row["outcome"], row["reason"] != "") for row in rows("runs/latest/failures.csv")}
    assert reasons == {"empty.jpg": ("decode_error", True), "half.jpg": ("truncated", True)}

    items = {row["path"]: row for row in rows("runs/latest/items.csv")}
    files = {path.relative_to("photos").as_posix() for path in Path("photos").rglob("*") if path.is_file()}
    assert set(items) == files
    assert items["scan.tif"]["outcome"] == "ok"
    shot = items["2004/a003.jpg"]
    assert (shot["taken"], shot["camera"]) == ("2004-04-04T12:03:00", "Canon EOS 5D")
    assert {row["camera"] for row in items.values()} == {
        "", "Canon EOS 5D", "NIKON D90", "Apple iPhone 8", "samsung SM-G991B"
    }  # fmt: skip
    assert (shot["taken_from"], items["sent.jpg"]["taken_from"]) == ("exif", "file")
    assert {items[name]["outcome"] for name in ("2004/a003.jpg", "a003 (1).jpg")} == {"ok", "duplicate"}

    near = rows("runs/latest/near_duplicates.csv")
    group_of = {row["path"]: row["group"] for row in near if row["keep"]}
    first = next(name for name in files if name.endswith("/a040.jpg"))
    assert group_of["sent.jpg"] == group_of[first]
    assert group_of["a003 (1).jpg"] == group_of["2004/a003.jpg"]
    assert {row["path"]: row["keep"] for row in near if row["keep"]}["sent.jpg"] == "0"  # the smaller
    dated = {row["taken"][:7] for row in items.values() if row["taken"]}
    assert {file.stem for file in Path("runs/latest/dates").iterdir()} == dated
    page = Path("runs/latest/report.html").read_text(encoding="utf-8")
    shown = [Path(row["path"]).name for row in items.values() if row["outcome"] == "ok"]
    assert not [name for name in shown if f'{name}"' not in page]

    query = items["2004/a000.jpg"]["id"]
    unlike = read("unlike.json")
    assert unlike["not"] == ["photos/2004/a001.jpg"]
    assert not {query, items["2004/a001.jpg"]["id"]} & {hit["id"] for hit in unlike["hits"]}
    later = read("since2015.json")["hits"]
    assert len(later) == 5
    assert all(items[hit["path"]]["taken"] >= "2015" for hit in later)
    aunt = read("aunt.json")["hits"]
    assert aunt[0]["path"].endswith("/a080.jpg")  # smaller and compressed again, it is still the same picture
    assert len(list(Path("by-cluster").glob("*/*"))) == len(files) - 2
