"""The report page: what its data say against the run, what hostile names do to it, and a browser that opens it."""

import io
import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgret
from imgret import ops
from imgret.contracts import Item
from imgret.findings.duplicates import Member
from imgret.findings.found import NEIGHBOURS
from imgret.findings.info import Choice, Fitted, Info
from imgret.findings.profiles import Profile
from imgret.findings.suspects import suspects
from imgret.plugins.reports import page as module
from imgret.plugins.reports.page import page
from imgret.reading.items import collect
from imgret.reading.record import Record
from imgret.runs.run import Run
from tests.conftest import png
from tests.plugins.reports.conftest import ODD, fake_run

HOSTILE = [
    "</script><script>alert(1)</script>.png",
    "<!--<script>.png",
    "<img src=x onerror=alert(1)>.png",
    "{{data}}{{policy}}&lt;.png",
    "line\u2028\u2029\u202egnp.png",
    "caf\udce9\x00\x1b[31m.png",
    ODD,
]


def paged_run(labels: list[int], paths: list[str] | None = None, truth: list[str] | None = None, **changes: Any) -> Any:
    """`fake_run` with what the page asks for beyond other reports: tables, neighbours, thumbnails, info."""
    n = len(labels)
    paths = [f"folder/{row}.png" for row in range(n)] if paths is None else paths
    ids = [f"{row:064x}" for row in range(n)]
    columns = changes.pop("columns", [{}] * n)
    items = [
        Item(path, f"/home/someone/pictures/{path}", label, "", more)
        for path, label, more in zip(paths, truth or [""] * n, columns, strict=True)
    ]
    records = [Record(id, "ok", "", 32, 24, "", "") for id in ids]
    items.append(Item("zzz/broken.jpg", "/home/someone/pictures/zzz/broken.jpg"))
    records.append(Record("f" * 64, "decode_error", "cannot read /home/someone/pictures/zzz/broken.jpg", 0, 0, "", ""))
    collection = collect(items, records)
    run = fake_run(
        labels, collection=collection, paths=collection.paths, truth=collection.truth,
        truth_names=collection.truth_names, group=collection.group, group_names=collection.group_names,
    )  # fmt: skip
    run.settings = {
        "backbone": {"name": "pixels", "weights": "/home/someone/weights.pth", "side": 8},
        "reducer": {"name": "none"},
        "view": {"name": "tsne"},
        "clusterer": {"name": "kmeans", "k": 3},
        "retriever": {"name": "exact"},
        "reports": ["page"],
    }
    run.called = lambda slot: run.settings[slot]["name"]
    run.info = Info(
        title="title", config=run.settings, fitted=Fitted(retriever={}), backbone=Choice("pixels", "pixels", "none"),
        space={}, engine={"title": "torch"}, files=n + 1, outcomes={"ok": n, "decode_error": 1},
        root="/home/someone/pictures",
    )  # fmt: skip
    run.metrics = {"ami": 0.5, "ami_camera": 0.25}
    run.thumbnail = run.open
    vars(run).update(changes)
    scores, rows = ops.top_k(run.X, run.X, NEIGHBOURS, exclude=np.arange(n))
    run.neighbours = rows, scores
    run.duplicates, run.files = [], {row: [path] for row, path in enumerate(run.paths)}
    run.suspects = suspects(run.truth, rows, scores)
    return run


class Parts(HTMLParser):
    """The texts of a page's scripts, and of the rest, as a browser cuts them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inside, self.scripts, self.styles, self.tags, self.policy = "", [], [], [], ""  # type: ignore[var-annotated]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.inside = tag
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "style"):
            (self.scripts if self.inside == "script" else self.styles).append(data)


def written(run: Any, folder: Path) -> tuple[str, dict[str, Any]]:
    """The page's text, and the data in it."""
    folder.mkdir(exist_ok=True)
    text = page(run, folder)[0].read_text(encoding="utf-8")
    scripts = Parts(text).scripts
    assert len(scripts) == 2
    return text, json.loads(scripts[0])


def numbers(pack: dict[str, Any]) -> Any:
    return np.frombuffer(b64decode(pack["data"]), f"<u{pack['width']}").astype(np.int64)


def measured(pack: dict[str, Any]) -> Any:
    return pack["low"] + numbers(pack) * ((pack["high"] - pack["low"]) / 65535)


def slow_neighbours(X: Any, m: int) -> tuple[Any, Any]:
    scores = (X.astype(np.float64) @ X.T.astype(np.float64)).astype(np.float32)
    np.fill_diagonal(scores, -np.inf)
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :m]
    return rows, np.take_along_axis(scores, rows, axis=1)


def test_the_data_are_the_run(tmp_path: Path) -> None:
    labels = [0] * 12 + [1] * 9 + [2] * 4 + [-1] * 3
    run = paged_run(labels, truth=["hat"] * 10 + ["shoe"] * 15 + [""] * 3)
    _, data = written(run, tmp_path)
    n, m = 28, 20
    rows, scores = slow_neighbours(run.X, m)
    assert (data["n"], data["m"]) == (n, m)
    np.testing.assert_array_equal(numbers(data["neighbours"]).reshape(n, m), rows)
    np.testing.assert_allclose(measured(data["scores"]).reshape(n, m), scores, atol=2 / 65535)
    np.testing.assert_array_equal(numbers(data["labels"]) - 1, run.labels)
    np.testing.assert_allclose(measured(data["distances"]), run.distances, atol=4 / 65535)
    np.testing.assert_allclose(np.stack([measured(data[axis]) for axis in "xy"], 1), run.view, atol=1e-4)
    assert [
        data["folders"][f] + name for f, name in zip(numbers(data["folder"]), data["names"], strict=True)
    ] == run.paths
    assert numbers(data["order"]).tolist() == [25, 26, 27, *range(25)]  # noise first; distances grow with the row
    assert [c["size"] for c in data["clusters"]] == [3, 12, 9, 4]
    assert data["clusters"][1] == {"size": 12, "spread": 0.6875, "medoid": 0, "label": "hat", "count": 10, "known": 12}
    (label,) = data["fields"]
    assert (label["name"], label["values"]) == ("label", ["hat", "shoe"])
    assert numbers(label["codes"]).tolist() == [1] * 10 + [2] * 15 + [0] * 3
    assert data["metrics"] == {"ami": 0.5, "ami_camera": 0.25}


def test_a_page_opens_with_what_was_found(tmp_path: Path) -> None:
    """Two rows of label shoe among hats, whose features are the hats'; odd ones by turns; a file that failed."""
    X = np.repeat([[1, 0, 0], [0, 1, 0]], [12, 12], axis=0) + np.random.default_rng(0).normal(0, 0.01, (24, 3))
    truth = ["hat"] * 10 + ["shoe"] * 14
    profiles = [Profile("", [], [3, 4]), Profile("", [], [20])]
    metrics = {"ami": 0.55, "ami_group": 0.9, "chance_ami_group": 0.95, "ami_taken_from": 0.2, "ami_camera": 0.05,
               "ami_size": 0.06, "ami_grey": 0.04, "ami_covered": 0.9}  # fmt: skip
    run = paged_run([0] * 12 + [1] * 12, truth=truth, X=X.astype(np.float32), profiles=profiles, metrics=metrics)
    run.duplicates = [
        [Member(3, 1.0, "re-encoded"), Member(5, 0.9, "re-encoded")],
        [Member(7, 1.0, "same bytes")],
        [Member(8, 1.0, "edited"), Member(9, 0.9, "edited")],
    ]
    run.files[7] = ["a.png", "b.png", "c.png"]
    _, data = written(run, tmp_path)
    assert data["found"][0]["title"] == "2 pictures are there more than once"
    assert data["found"][0]["about"] == "3 files could go: a run with reports=[near_duplicates] says which to keep."
    assert numbers(data["found"].pop(0)["rows"]).tolist() == [3, 5, 7]
    said = [(each["title"], numbers(each["rows"]).tolist(), each["place"]) for each in data["found"]]
    assert sorted(said[0][1]) == [10, 11]
    assert said[0][::2] == ("2 images may have the wrong label", "")
    assert said[1:] == [
        ("3 images are unlike the rest", [3, 20, 4], ""),
        ("1 file could not be read", [], "files"),
        ("The clusters follow the label closely, the taken from partly, the size a little", [], "figures"),
    ]
    run.settings["reports"] = ["near_duplicates", "page"]
    about = written(run, tmp_path)[1]["found"][0]["about"]
    assert about == "3 files could go: near_duplicates.csv says which to keep."
    run = paged_run([0, 0], metrics={})
    run.info.outcomes = {"ok": 2}
    assert written(run, tmp_path)[1]["found"] == []


def test_profiles_are_in_the_data(tmp_path: Path) -> None:
    profiles = [Profile("mostly hat (83 %)", [2, 1], []), Profile("", [], [5])]
    _, data = written(paged_run([0] * 4 + [1] * 2 + [-1], profiles=profiles), tmp_path)
    parts = [{key: facts[key] for key in ("name", "boundary", "odd") if key in facts} for facts in data["clusters"]]
    assert parts == [{}, {"name": "mostly hat (83 %)", "boundary": [2, 1]}, {"odd": [5]}]


def test_a_run_knows_the_nearest_of_every_image(colours: Path) -> None:
    run = imgret.run(colours, backbone="pixels", view="pca", reports=["page"], k=3)
    rows, scores = slow_neighbours(run.X, 20)
    np.testing.assert_array_equal(run.neighbours[0], rows)
    np.testing.assert_array_equal(run.neighbours[1], scores)
    with Image.open(io.BytesIO(run.thumbnail(0))) as image:
        assert (image.format, image.size) == ("JPEG", (24, 16))
    assert (run.folder / "thumbs" / "0" / "23.jpg").read_bytes() == run.thumbnail(23)
    assert "report.html" in run.info.digests
    assert not any(name.startswith("thumbs") for name in run.info.digests)
    assert run.info.failed_reports == {}
    text = (run.folder / "report.html").read_text(encoding="utf-8")
    assert str(colours) not in text
    assert str(colours.parent) not in text
    assert page(Run.load(run.folder), run.folder)[0].read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_more_than_text(name: str, tmp_path: Path) -> None:
    run = paged_run([0, 0, -1], paths=[name, f"{name}/x", f"~{name}"], truth=[name, name, ""], title=f"{name} · a · b")
    text, data = written(run, tmp_path)
    assert (tmp_path / "report.html").read_bytes().isascii() or "\u202e" not in text
    parts, plain = Parts(text), Parts(written(paged_run([0, 0, -1]), tmp_path / "plain")[0])
    assert parts.tags == plain.tags
    assert parts.scripts[1] == plain.scripts[1]
    assert parts.policy == plain.policy
    assert data["title"] == run.title
    assert [
        data["folders"][f] + base for f, base in zip(numbers(data["folder"]), data["names"], strict=True)
    ] == run.paths
    assert data["fields"][0]["values"] == [name]
    assert not re.search("[\u2028\u2029\ud800-\udfff]", text)


def test_only_the_page_s_own_script_may_run(tmp_path: Path) -> None:
    text, _ = written(paged_run([0]), tmp_path)
    parts = Parts(text)
    for kind, inline in (("style", parts.styles[0]), ("script", parts.scripts[1])):
        digest = b64encode(sha256(inline.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in parts.policy
    assert parts.policy.startswith("default-src 'none'; ")
    assert "unsafe" not in parts.policy
    for risk in ("innerHTML", "insertAdjacentHTML", "outerHTML", "document.write", "eval(", "new Function", "fetch("):
        assert risk not in text
    assert set(re.findall(r"https?://[^\s\"']*", text)) == {"http://www.w3.org/2000/svg"}


def test_nothing_tells_where_the_collection_lies(tmp_path: Path) -> None:
    columns = [
        {
            "gps_latitude": "51.5",
            "GPSLatitude": "51.5",
            "EXIF:gpsPosition": "51.5 0.1",
            "exif": '{"Make": "Kodak", "GPSInfo": {"1": "N"}}',
            "uri": "file:///home/someone/a.jpg",
            "files": '["/home/someone/a.jpg"]',
            "tags": '["flat", 1]',
            "Location": "home",
            "colour": "red",
            "original": "/home/someone/a.jpg",
            "disk": r"C:\a",
        }
    ] * 2
    text, data = written(paged_run([0, 0], columns=columns), tmp_path)
    assert [field["name"] for field in data["fields"]] == ["tags", "colour"]
    assert "someone" not in text
    assert data["failed"] == [["zzz/broken.jpg", "decode_error", "cannot read /zzz/broken.jpg"]]
    assert [made["options"] for made in data["made"][:1]] == [{"side": 8}]


ODDLY = [
    paged_run([0]),
    paged_run([-1]),
    paged_run([-1, -1, -1]),
    paged_run([0, 1]),
    paged_run([0, 0, 1, -1], metrics={}),
    paged_run([0, 0, 0, 1], X=np.ones((4, 3), np.float32), view=np.zeros((4, 2), np.float32)),
]


@pytest.mark.parametrize(
    "run", ODDLY, ids=["one image", "one in noise", "only noise", "two", "no metrics", "all equal"]
)
def test_odd_collections_have_a_page_and_equal_runs_equal_bytes(run: Any, tmp_path: Path) -> None:
    n = len(run.labels)
    text, data = written(run, tmp_path / "a")
    assert text == written(run, tmp_path / "b")[0]
    assert len(numbers(data["order"])) == n
    assert numbers(data["neighbours"]).shape == (n * min(20, n - 1),)
    assert [data["names"][row] for row in numbers(data["order"])]
    assert sum(cluster["size"] for cluster in data["clusters"]) == n


def test_images_that_are_gone_have_no_thumbnail(tmp_path: Path) -> None:
    def thumbnail(row: int) -> bytes:
        if row == 1:
            raise FileNotFoundError(2, "No such file or directory")
        if row == 2:
            raise ValueError("decode_error")
        return b"a picture"

    run = paged_run([0, 0, 0, 1], thumbnail=thumbnail)
    paths = page(run, tmp_path)
    assert paths == [tmp_path / "report.html", *(tmp_path / "thumbs" / "0" / f"{row}.jpg" for row in (0, 3))]
    assert json.loads(Parts(paths[0].read_text(encoding="utf-8")).scripts[0])["missing"] == [1, 2]


def test_the_page_stays_small(tmp_path: Path) -> None:
    n = 3000
    labels = [row % 40 for row in range(n)]
    names = [f"{row % 90:02d} holiday/IMG_{row:05d}.jpg" for row in range(n)]
    run = paged_run(
        labels, paths=sorted(names), truth=[f"label {row % 50}" for row in range(n)], thumbnail=lambda row: b"x"
    )
    paths = page(run, tmp_path)
    (tmp_path / "empty").mkdir()
    empty = page(paged_run([0], thumbnail=lambda row: b"x"), tmp_path / "empty")
    per_row = (paths[0].stat().st_size - empty[0].stat().st_size) / n
    assert per_row < 180  # 22,914 images: 4.1 MB
    assert paths[-1] == tmp_path / "thumbs" / "2" / "2999.jpg"
    assert len(paths) == n + 1


@pytest.mark.parametrize(("most", "width"), [(0, 1), (255, 1), (256, 2), (65535, 2), (65536, 4)])
def test_arrays_are_packed_in_the_fewest_bytes(most: int, width: int) -> None:
    pack = module.packed(np.array([0, most]))
    assert pack["width"] == width
    assert numbers(pack).tolist() == [0, most]


def test_equal_and_absent_numbers_are_quantised() -> None:
    assert measured(module.quantised(np.full(3, 2.5, np.float32))).tolist() == [2.5] * 3
    assert measured(module.quantised(np.zeros((1, 0), np.float32))).tolist() == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_opens_it_from_disk(colours: Path, tmp_path: Path, scheme: str) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("there is no /usr/bin/chromium")
    hostile = colours / "red" / "<img src=x onerror=alert(1)>\u202e.png"
    hostile.write_bytes(png((200, 90, 20), noise=77))
    (colours / "blue" / "stray.png").write_bytes(png((0, 200, 0), noise=78))  # a green one
    (colours / "red" / "broken.png").write_bytes(b"no image")
    run = imgret.run(colours, backbone="pixels", view="pca", reports=["page"], k=3)
    said: list[str] = []
    asked: list[str] = []
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_api.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        tab = browser.new_context(color_scheme=scheme, reduced_motion="reduce").new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("dialog", lambda dialog: said.append(dialog.message))
        tab.on("request", lambda request: asked.append(request.url))
        _look_through(tab, (run.folder / "report.html").resolve().as_uri(), len(run.ids))
        for place, run in enumerate(ODDLY):
            folder = tmp_path / str(place)
            folder.mkdir()
            tab.goto(page(run, folder)[0].as_uri() + "#i=0")
            assert tab.locator("#panel").is_visible()
            tab.keyboard.press("Escape")
            assert count(tab, ".card") == len(set(run.labels))
        profiles = [Profile("mostly <b>", [2, 1], []), Profile("", [], [5])]
        folder = tmp_path / "profiles"
        folder.mkdir()
        address = page(paged_run([0] * 4 + [1] * 2, profiles=profiles), folder)[0].as_uri()
        for cluster, heading, title, shots in ((0, "On the boundary", " · mostly <b>", 2), (1, "Odd ones out", "", 1)):
            tab.goto(f"{address}#c={cluster}")
            assert tab.locator("#cluster-h").inner_text() == f"Cluster 00{cluster}{title}"
            assert tab.locator("#cluster-few h3").inner_text() == heading
            assert count(tab, "#cluster-few .shot") == shots
        browser.close()
    assert said == []
    assert asked
    assert all(url.startswith("file://") for url in asked)


def count(tab: Any, selector: str) -> int:
    found: int = tab.locator(selector).count()
    return found


def _look_through(tab: Any, url: str, n: int) -> None:
    tab.goto(url)
    assert count(tab, ".card") == 3
    assert count(tab, "#failed tbody tr") == 1
    tab.locator(".card").first.click()
    assert re.search(r"#c=0$", tab.url)
    assert re.fullmatch(r"Cluster 000 · mostly green \(89 %\)", tab.locator("#cluster-h").inner_text())
    shots = count(tab, "#cluster-grid .shot")
    assert shots >= 8
    tab.locator("#cluster-grid .shot").nth(1).click()
    assert tab.locator("#panel").is_visible()
    assert count(tab, "#near .shot") == 20
    first = tab.url
    tab.locator("#near .shot").first.click()
    assert tab.url != first
    assert count(tab, "#near .shot") == 20
    tab.go_back()
    assert tab.url == first
    tab.keyboard.press("ArrowRight")
    assert tab.url != first
    tab.keyboard.press("Escape")
    assert not tab.locator("#panel").is_visible()
    assert tab.locator("#cluster").is_visible()
    tab.keyboard.press("Escape")
    assert tab.locator("#clusters").is_visible()
    tab.keyboard.press("/")
    tab.keyboard.type("onerror")
    tab.wait_for_selector("#found-grid .shot")
    assert count(tab, "#found-grid .shot") == 1
    assert tab.locator("#found-grid .name").inner_text() == "<img src=x onerror=alert(1)>\\u202e.png"
    tab.keyboard.press("Escape")
    tab.wait_for_selector("#found", state="hidden")
    tab.locator("#findings a", has_text="wrong label").click()
    tab.wait_for_selector("#found-grid .shot")
    assert "#f=0" in tab.url
    assert tab.locator("#found-h").inner_text() == "1 image may have the wrong label"
    assert tab.locator("#found-grid .name").inner_text() == "stray.png"
    tab.locator("#found-grid .shot").click()
    assert tab.locator("#panel").is_visible()
    tab.keyboard.press("Escape")
    tab.keyboard.press("Escape")
    tab.wait_for_selector("#found", state="hidden")
    tab.go_back()
    tab.locator("#found-off").click()
    tab.wait_for_selector("#found", state="hidden")
    tab.locator("#findings a", has_text="could not be read").click()
    assert tab.evaluate("document.activeElement.id") == "files"
    tab.locator("#canvas").focus()
    tab.keyboard.press("+")
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("Enter")
    assert tab.locator("#panel").is_visible()
    tab.goto(f"{url}#c=1&i={n - 1}")
    tab.wait_for_selector("#panel[open]")
    assert tab.evaluate("[...document.images].every(image => image.hasAttribute('alt'))")
    assert tab.evaluate("[...document.querySelectorAll('button')].every(b => b.textContent.trim() || b.ariaLabel)")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for hash in ("#c=99", "#f=99", "#f=x", "#i=-3", "#i=1e9", "#c=x&p=-1&q=%00", "#nothing"):
        tab.goto(url + hash)
        assert tab.locator("#clusters").is_visible()
