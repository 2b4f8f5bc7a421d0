"""The page of a sweep: well-formed, self-contained, and safe whatever the values are."""

import re
from html.parser import HTMLParser
from pathlib import Path

from imgret.evaluation.jobs import Asked, Done, fold
from imgret.evaluation.sweeppage import page
from tests.evaluation.test_jobs import job

VOID = {"meta"}
HOSTILE = "\"><script>alert(1)</script>&'{x}\n\udcff"


class Reader(HTMLParser):
    """Checks that what is opened is closed; keeps tags, attributes and text of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "tr" in self.open:
            self.rows[-1][-1] += data


def test_a_page_needs_nothing_else() -> None:
    rows = fold(
        [
            job(1, {"k": "2", "seed": "0"}, n_clusters=2, nmi=0.25, fit_seconds=1.5),
            job(2, {"k": "2", "seed": "1"}, n_clusters=2, nmi=0.75, fit_seconds=1.5),
            job(3, {"k": "3", "seed": "0"}, n_clusters=3, nmi=0.125, fit_seconds=1.5),
            job(4, {"k": "3", "seed": "1"}, failed="too large"),
            job(5, {"k": "4", "seed": "0"}, failed="too large"),
        ]
    )
    text = page(rows, "python -m imgret -m photos k=2,3", Path("/runs/x-sweep"))
    read = Reader(text)
    assert read.rows == [
        ["k", "runs", "clusters", "NMI", "fit s", "folders"],
        ["2", "2", "2", "0.500\u2009±\u20090.354", "1.50", "seed 0 seed 1"],
        ["3", "1 of 2", "3", "0.125", "1.50", "seed 0 seed 1 failed"],
        ["4", "failed: too large"],
    ]
    cells = [attributes for tag, attributes in read.tags if tag == "td"]
    assert [c.get("data-v") for c in cells[:6]] == ["2", "2", "2", "0.5", "1.5", None]
    assert [at for at, c in enumerate(cells) if c.get("class") == "best"] == [3]
    links = [attributes["href"] for tag, attributes in read.tags if tag == "a"]
    assert links == ["../1/", "../2/", "../3/", "table.csv", "jobs.csv"]
    assert not re.search(r"//|\burl\(|@import|\bsrc=", text)
    assert "<code>python -m imgret -m photos k=2,3</code>" in text
    assert "prefers-color-scheme: dark" in text
    assert "#e24a28" in text


def test_hostile_values_are_text() -> None:
    done = Done(Asked(1, 1, {HOSTILE: HOSTILE, "seed": HOSTILE}), {"n_clusters": 1.0}, Path(f"/runs/{HOSTILE}"))
    failed = Done(Asked(2, 2, {HOSTILE: "b", "seed": "0"}), failed=HOSTILE)
    text = page(fold([done, failed]), HOSTILE, Path("/runs/x-sweep"))
    read = Reader(text)
    assert [tag for tag, _ in read.tags].count("script") == 1
    known = {"class", "data-v", "href", "colspan", "title", "lang", "charset", "content", "name", "http-equiv"}
    assert {name for _, attributes in read.tags for name in attributes} <= known
    assert read.rows[1][0] == "\"><script>alert(1)</script>&'{x}\\n\\udcff"
    text.encode("utf-8")
