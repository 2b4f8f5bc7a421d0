"""The table of a sweep: what is best, what is a dash, its lines, and a page that is safe whatever the values are."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from imgret.evaluation.jobs import Asked, Done, fold
from imgret.evaluation.sweeptable import Marks, best, columns, jobs_csv, legend, notes, page, settings, table_csv, text
from imgret.registry import figures
from tests.evaluation.test_jobs import job

ROWS = fold(
    [
        job(1, {"clusterer": "a", "k": "2", "seed": "0"}, n_clusters=2, noise_share=0.0, nmi=0.25, peak_bytes=2e8),
        job(2, {"clusterer": "a", "k": "2", "seed": "1"}, n_clusters=3, noise_share=0.0, nmi=0.75, peak_bytes=2e8),
        job(3, {"clusterer": "b", "k": None, "seed": "0"}, n_clusters=9, noise_share=0.5, nmi=0.25, peak_bytes=1e8),
        job(4, {"clusterer": "b", "k": None, "seed": "1"}, failed="no"),
        job(5, {"clusterer": "c", "k": None, "seed": "0"}, n_clusters=1, noise_share=0.0, peak_bytes=4e8),
        job(6, {"clusterer": "d", "k": None, "seed": "0"}, failed="of old age"),
    ]
)


def test_lines_as_they_stand_on_the_screen() -> None:
    assert text(ROWS)[:5] == [
        "clusterer  k    runs clusters  noise         NMI  peak MB",
        "a          2       2      2.5     0%  0.500±.354      200",
        "b          -  1 of 2        9    50%       0.250      100",
        "c          -       1        1     0%           -      400",
        "d          -  failed: of old age",
    ]


def test_what_may_be_the_best_is_marked() -> None:
    """Over seeds 0, 1, 2 row b is better than a by .2 each time, and than c by .2, 0 and -.3; costs are no scores."""
    values = {"a": (0.3, 0.5, 0.7), "b": (0.5, 0.7, 0.9), "c": (0.3, 0.7, 1.2)}
    rows = fold([
        job(0, {"clusterer": name, "seed": str(seed)}, nmi=nmi, map=0.5 if name == "a" else 0.6, fit_seconds=nmi,
            peak_bytes=1e9 * nmi, davies_bouldin=nmi)
        for name, scores in values.items() for seed, nmi in enumerate(scores)
    ])  # fmt: skip
    found = {column.name: best(rows, column) for column in columns(rows)}
    assert found == {
        "nmi": Marks(frozenset({1, 2}), "*"), "map": Marks(frozenset({1, 2}), "°"), "fit_seconds": Marks(),
        "peak_bytes": Marks(),
    }  # fmt: skip
    assert legend(rows) == (
        "* the best of its column is among these with 95% confidence, over seeds: paired t-tests, corrected for 3 rows "
        "(Hsu, 1981); ° the best of its column, and no claim: seeds do not move it"
    )
    assert best(rows, figures()["davies_bouldin"]) == Marks(frozenset({0, 2}), "*")  # less is better
    assert best(rows[1:], figures()["nmi"]) == Marks(frozenset(), "*")  # no row can be told from the best
    assert "a score without * or ° tells no row from the best" in legend(rows[1:])


def test_rows_of_other_images_are_not_compared() -> None:
    one, other = (replace(job(n, {"limit": str(n)}, nmi=n / 9), data=str(n)) for n in (1, 2))
    rows = fold([one, other])
    assert best(rows, figures()["nmi"]) == Marks()
    assert legend(rows) == "no best is marked: the rows are of different images"
    assert text(rows)[1].split() == ["1", "1", "0.111"]


def test_with_one_seed_the_best_are_marked_without_a_claim() -> None:
    rows = fold([job(i, {"k": str(i)}, **figures) for i, figures in enumerate([
        {"nmi": 0.5, "ari": 0.1, "davies_bouldin": 2.0, "map": 0.9, "n_clusters": 2.0, "fit_seconds": 2.0},
        {"nmi": 0.7, "ari": 0.2, "davies_bouldin": 1.0, "map": 0.9, "n_clusters": 3.0, "fit_seconds": 1.0},
        {"nmi": 0.7001, "davies_bouldin": 3.0, "map": 0.9004, "n_clusters": 4.0, "fit_seconds": 3.0},
    ])])  # fmt: skip
    found = {column.name: best(rows, column) for column in columns(rows)}
    rows_of = {name: set(marks.rows) for name, marks in found.items()}
    assert rows_of == {"n_clusters": set(), "nmi": {1, 2}, "ari": {1}, "map": set(), "fit_seconds": set()}
    assert {marks.sign for marks in found.values() if marks.rows} == {"°"}
    assert legend(rows) == "° the best of its column, and no claim: one seed; for a claim type seed=0,1,2,3,4"
    scores = [(0.1, 2.0), (0.3, 1.0)]
    alone = fold([job(i, {"k": str(i)}, silhouette=s, davies_bouldin=d) for i, (s, d) in enumerate(scores)])
    marked = {column.name: set(best(alone, column).rows) for column in columns(alone)}
    assert marked == {"silhouette": {1}, "davies_bouldin": {1}}
    assert best(rows[:1], figures()["nmi"]) == Marks()  # the best of one is none


def test_what_a_search_was_asked_for_is_no_score() -> None:
    rows = fold([job(i, {"k": str(i)}, nmi=i / 9, recall_at_top=1 - i / 100, scanned_share=i / 9) for i in range(3)])
    assert [figure.name for figure in columns(rows)] == ["nmi", "recall_at_top"]
    assert best(rows, figures()["nmi"]) == Marks(frozenset({2}), "°")
    assert best(rows, figures()["recall_at_top"]) == best(rows, figures()["scanned_share"]) == Marks()


def test_names_of_settings_are_as_short_as_they_can_be() -> None:
    def above(*keys: str) -> list[str]:
        return list(settings(fold([job(1, dict.fromkeys((*keys, "seed"), "1"))])).values())

    assert above("k", "clusterer.min_samples") == ["k", "min_samples"]
    assert above("clusterer.eps", "reducer.eps") == ["clusterer.eps", "reducer.eps"]
    assert above("k", "reducer.k") == ["k", "reducer.k"]


def test_long_and_hostile_values_stay_on_their_line() -> None:
    lines = text(fold([job(1, {"images": "/home/somebody/photographs/of\n/everything"}, n_clusters=1)]))
    assert lines[1].startswith("/home/somebod…f\\n/everything ")


def test_what_has_to_be_known_is_said() -> None:
    said = notes(ROWS)
    assert said[0].startswith("* the best of its column is among these with 95% confidence, over seeds: ")
    assert said[1] == "± sample standard deviation over seeds"
    assert said[-1].startswith("peak MB: the most of a run, ")
    assert len(notes(fold([job(1, {"k": "2"}, n_clusters=2)]))) == 1


def test_csv_has_plain_numbers() -> None:
    header, *lines = table_csv(ROWS)
    assert header[:6] == ["clusterer", "k", "runs", "failed", "n_clusters", "n_clusters_sd"]
    table = [dict(zip(header, line, strict=True)) for line in lines]
    assert [row["nmi"] for row in table] == [0.5, 0.25, None, None]
    assert [row["nmi_sd"] for row in table] == [0.125**0.5, None, None, None]
    assert [(row["k"], row["runs"], row["failed"]) for row in table] == [
        ("2", 2, ""), (None, 1, "no"), (None, 1, ""), (None, 0, "of old age")]  # fmt: skip
    header, *lines = jobs_csv([each for row in ROWS for each in row.jobs], Path("/runs/x-sweep"))
    assert header[:6] == ["job", "clusterer", "k", "seed", "run", "failed"]
    assert header[6:] == ["n_clusters", "noise_share", "nmi", "peak_bytes"]
    assert lines[2] == [3, "b", None, "0", "../3", "", 9, 0.5, 0.25, 1e8]
    assert lines[3] == [4, "b", None, "1", "", "no", None, None, None, None]


VOID = {"meta", "img"}
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
    assert [at for at, c in enumerate(cells) if c.get("class") == "best"] == []  # one seed of the other: no telling
    links = [attributes["href"] for tag, attributes in read.tags if tag == "a"]
    assert links == ["../1/", "../2/", "../3/", "table.csv", "jobs.csv", "table.md", "table.tex", "sweep.yaml"]
    assert not re.search(r"//|\burl\(|@import|\bsrc=", text)
    pictured = page(rows, "x", Path("/runs/x-sweep"), b"\x89PNG")
    assert re.findall(r"src=.*? ", pictured) == ['src="data:image/png;base64,iVBORw==" ']
    assert "img-src data:;" in pictured
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
