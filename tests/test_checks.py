"""The contract tests themselves: what is wrong with a component is found, and said."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgret import registry
from imgret.checks import check, faults
from imgret.checks.data import GROUPS, blobs, small_run
from imgret.contracts import Backbone, Item, Preprocess
from imgret.errors import UsageError
from imgret.plugins.retrievers.exact import exact
from imgret.registry import KINDS, SLOTS, register


class Labels:
    """A clusterer that gives what `give(X)` gives."""

    def __init__(self, give: Any) -> None:
        self.give = give

    def fit_predict(self, X: Any) -> Any:
        return self.give(X)


def fails(X: Any) -> Any:
    raise RuntimeError("no\nidea")


def overwrites(X: Any) -> Any:
    X[0] = 0
    return X


CLUSTERERS = {
    "gave float64 of shape": lambda X: np.zeros(len(X)),
    "not 60 whole numbers": lambda X: np.zeros(3, int),
    "the label -2": lambda X: np.full(len(X), -2),
    "two runs on the same points differ": lambda X: np.random.default_rng().integers(0, 9, len(X)),
    "k=4 gave 1 labels": lambda X: np.zeros(len(X), int),
    "k=2 gave 4 clusters": lambda X: np.arange(len(X)) % GROUPS,
    "RuntimeError: no idea": fails,
    "X was written to": overwrites,
    "IndexError": lambda X: X[5].astype(int),
}


@pytest.mark.parametrize("fault", CLUSTERERS)
def test_clusterers_with_a_fault(fault: str) -> None:
    @register("clusterer", "wrong")
    def wrong(k: int) -> Labels:
        """Wrong."""
        return Labels(CLUSTERERS[fault])

    assert fault in "\n".join(faults("clusterer", "wrong"))


def test_a_crash_hides_no_other_fault_and_says_where_when_asked(caplog: pytest.LogCaptureFixture) -> None:
    @register("clusterer", "fails_on_few")
    def fails_on_few(k: int) -> Labels:
        return Labels(lambda X: X[9].argsort() if len(X) < 9 else np.zeros(len(X), int))

    with caplog.at_level(logging.DEBUG, "imgret"):
        found = faults("clusterer", "fails_on_few")
    assert [line.partition(":")[0] for line in found] == [
        "It has a docstring, whose first line the lists show",
        "Two points and three are clustered",
        "It obeys k",
    ]
    assert "X[9]" in caplog.text


def test_one_that_draws_may_say_so() -> None:
    @register("clusterer", "dice")
    def dice() -> Labels:
        """A throw of dice."""
        return Labels(CLUSTERERS["two runs on the same points differ"])

    assert len(faults("clusterer", "dice")) == 1
    dice.deterministic = False  # type: ignore[attr-defined]
    assert faults("clusterer", "dice") == []


class Columns:
    def __init__(self, give: Any) -> None:
        self.give = give

    def fit_transform(self, X: Any) -> Any:
        return self.give(X)


REDUCERS = {
    "became (60,), not (60, r)": lambda X: X[:, 0],
    "are not all finite": lambda X: X / 0,
    "two runs on the same X differ": lambda X: np.random.default_rng().normal(size=(len(X), 2)),
    "60 rows became (60, 3), not (60, 2)": lambda X: X[:, :3],
    "X was written to": overwrites,
    "Rows that are all equal are reduced: RuntimeError": lambda X: fails(X) if (X[0] == X).all() else X[:, :2],
}


@pytest.mark.parametrize("fault", REDUCERS)
def test_reducers_with_a_fault(fault: str) -> None:
    @register("reducer", "wrong")
    def wrong(n_components: int = 2) -> Columns:
        """Wrong."""
        return Columns(REDUCERS[fault])

    assert fault in "\n".join(faults("reducer", "wrong"))


class Hits:
    """A plain scan, whose scores and rows `change` changes."""

    def __init__(self, change: Any) -> None:
        self.change = change

    def fit(self, X: Any, labels: Any) -> None:
        self.X = X

    def kneighbors(self, Q: Any, top: int) -> Any:
        scores = Q @ self.X.T
        rows = np.argsort(-scores, axis=1, kind="stable")[:, :top]
        return self.change(np.take_along_axis(scores, rows, axis=1), rows)


RETRIEVERS = {
    "gave scores float64": lambda scores, rows: (scores.astype(float), rows),
    "gave rows int32": lambda scores, rows: (scores, rows.astype(np.int32)),
    "gave scores float32 (7, 8), not float32 (7, 9)": lambda scores, rows: (scores[:, 1:], rows[:, 1:]),
    "the row -1, allowed are 0 to 59": lambda scores, rows: (scores, np.where(rows == rows[0, 1], -1, rows)),
    "a row twice": lambda scores, rows: (scores[:, [0] * len(scores[0])], rows[:, [0] * len(rows[0])]),
    "off by": lambda scores, rows: (scores - 1, rows),
    "scores rise": lambda scores, rows: (scores[:, ::-1], rows[:, ::-1]),
    "a higher row comes before": lambda scores, rows: [
        np.take_along_axis(a, np.lexsort((-rows, -scores)), axis=1) for a in (scores, rows)
    ],
    "gave scores list": lambda scores, rows: (scores.tolist(), rows.tolist()),
}


@pytest.mark.parametrize("fault", RETRIEVERS)
def test_retrievers_with_a_fault(fault: str) -> None:
    @register("retriever", "wrong")
    def wrong() -> Hits:
        """Wrong."""
        return Hits(RETRIEVERS[fault])

    assert fault in "\n".join(faults("retriever", "wrong"))


def test_an_approximate_retriever_is_one_too_and_its_recall_is_told() -> None:
    class Half(Hits):
        def kneighbors(self, Q: Any, top: int) -> Any:
            scores = Q @ self.X.T
            scores[:, 1::2] -= 9  # odd rows come last
            rows = np.argsort(-scores, axis=1, kind="stable")[:, :top]
            scores = np.take_along_axis(Q @ self.X.T, rows, axis=1)
            order = np.lexsort((rows, -scores))
            return np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)

    @register("retriever", "half")
    def half() -> Half:
        """Only even rows."""
        return Half(None)

    found = list(check("retriever", "half"))
    assert [finding.fault for finding in found if finding.fault] == []
    (recall,) = (finding.remark for finding in found if "recall" in finding.remark)
    assert 0.3 < float(recall.split()[-1]) < 0.7


class Few(Hits):
    """Counts wrongly what it scans."""

    counts: Any = None

    def scanned(self, Q: Any, top: int) -> Any:
        return self.counts(len(Q), top)


class Unit(Hits):
    """Takes it that all rows are of unit length."""

    def kneighbors(self, Q: Any, top: int) -> Any:
        scores = (1 - ((Q[:, None] - self.X) ** 2).sum(axis=2) / 2).astype(np.float32)
        rows = np.argsort(-scores, axis=1, kind="stable")[:, :top]
        return np.take_along_axis(scores, rows, axis=1), rows


class InMemory(Hits):
    """Takes the bytes of the queries as they lie, in memory's order."""

    def kneighbors(self, Q: Any, top: int) -> Any:
        return super().kneighbors(Q.ravel(order="K").reshape(Q.shape), top)


class Overwrites(Hits):
    def kneighbors(self, Q: Any, top: int) -> Any:
        found = super().kneighbors(Q, top)
        Q /= 2
        return found


class Remembers(Hits):
    """Leaves out what it has found before."""

    def kneighbors(self, Q: Any, top: int) -> Any:
        found = super().kneighbors(Q, top)
        if len(Q) == 5:
            self.X = self.X[::-1]
        return found


WAYS = {
    "float64 (7,), not whole numbers (7,)": type("A", (Few,), {"counts": lambda self, q, top: np.full(q, 9.0)}),
    "allowed are 9 to 60": type("B", (Few,), {"counts": lambda self, q, top: np.full(q, 8)}),
    "allowed are 60 to 60": type("C", (Few,), {"counts": lambda self, q, top: np.full(q, 61 if top > 60 else 30)}),
    "normalize=none leaves them, are searched: a score is not the inner product": Unit,
    "read only, are searched as copies of them are: ": InMemory,
    "was written to; what is handed over": Overwrites,
    "among five queries the rows": Remembers,
}


@pytest.mark.parametrize("fault", WAYS)
def test_retrievers_that_take_too_much_for_granted(fault: str) -> None:
    @register("retriever", "wrong")
    def wrong() -> Hits:
        """Wrong."""
        way: Hits = WAYS[fault](lambda scores, rows: (scores, rows))
        return way

    assert fault in "\n".join(faults("retriever", "wrong"))


def test_a_query_must_not_lean_on_its_neighbours() -> None:
    class Leaning(Hits):
        def kneighbors(self, Q: Any, top: int) -> Any:
            return super().kneighbors(Q, top) if len(Q) != 5 else super().kneighbors(Q[::-1], top)

    @register("retriever", "leaning")
    def leaning() -> Leaning:
        """Leans."""
        return Leaning(lambda scores, rows: (scores, rows))

    (fault,) = faults("retriever", "leaning")
    assert fault.startswith("The hits of a query depend neither on the other queries nor on those asked before: among ")


class Around:
    """A re-ranker that gives what `give(scores, rows)` makes of its retriever's hits of all rows, cut to `top`."""

    def __init__(self, retriever: Any, give: Any) -> None:
        self.retriever, self.give = retriever, give

    def fit(self, X: Any, labels: Any) -> None:
        self.n = len(X)
        self.retriever.fit(X, labels)

    def kneighbors(self, Q: Any, top: int) -> Any:
        scores, rows = self.give(*self.retriever.kneighbors(Q, self.n))
        return scores[:, :top], rows[:, :top]


RERANKERS = {
    "gave scores float64": lambda scores, rows: (scores.astype(float), rows),
    "a row twice": lambda scores, rows: (scores, rows[:, [0] * rows.shape[1]]),
    "scores rise": lambda scores, rows: (scores[:, ::-1], rows),
    "scores are not all finite": lambda scores, rows: (np.full_like(scores, -np.inf), np.sort(rows, axis=1)),
    "a higher row comes before": lambda scores, rows: (0 * scores, rows),
    "the row 60, allowed are 0 to 59": lambda scores, rows: (scores, rows + 1),
    "two runs on the same rows differ": lambda scores, rows: (
        np.sort(np.random.default_rng().random(scores.shape, np.float32), axis=1)[:, ::-1], rows
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", RERANKERS)
def test_rerankers_with_a_fault(fault: str) -> None:
    @register("reranker", "wrong")
    def wrong(retriever: Any) -> Around:
        """Wrong."""
        return Around(retriever, RERANKERS[fault])

    assert fault in "\n".join(faults("reranker", "wrong"))


def test_a_reranker_that_is_not_handed_its_retriever_or_changes_with_top_or_keeps_things_elsewhere() -> None:
    shared: dict[str, Any] = {}

    class Cut(Around):
        def kneighbors(self, Q: Any, top: int) -> Any:
            scores, rows = self.retriever.kneighbors(Q, top)
            order = np.argsort(-rows, axis=1)  # of the first `top` alone
            return np.sort(scores, axis=1)[:, ::-1], np.take_along_axis(rows, order, axis=1)

        def scores(self, Q: Any) -> Any:
            return np.zeros((len(Q), self.n), np.float32)

    class Elsewhere(Around):
        def fit(self, X: Any, labels: Any) -> None:
            super().fit(X, labels)
            shared["retriever"] = self.retriever

        def kneighbors(self, Q: Any, top: int) -> Any:
            return shared["retriever"].kneighbors(Q, top)

    for kind in (Cut, Elsewhere):

        @register("reranker", kind.__name__)
        def made(retriever: Any, kind: Any = kind) -> Any:
            """Wrong."""
            return kind(retriever, None)

    @register("reranker", "alone")
    def alone() -> Around:
        """Wrong."""
        return Around(exact(), lambda *hits: hits)

    found = "\n".join(faults("reranker", "Cut"))
    assert "top=1 gave the rows" in found
    assert "from the score that kneighbors gives" in found
    assert "what one finds changed when another was fitted" in "\n".join(faults("reranker", "Elsewhere"))
    assert "it has no such parameter" in "\n".join(faults("reranker", "alone"))


def test_of_a_reranker_it_is_told_what_it_does_to_the_hits() -> None:
    @register("reranker", "same")
    def same(retriever: Any) -> Around:
        """Changes nothing."""
        return Around(retriever, lambda *hits: hits)

    findings = list(check("reranker", "same"))
    assert [finding.fault for finding in findings if finding.fault] == []
    remarks = [finding.remark for finding in findings]
    assert "100% of the hits of the retriever alone, 100% in their place" in remarks
    assert "each is" in remarks
    assert "it has none: metrics ask kneighbors for every row, which takes longer" in remarks


def backbones() -> dict[str, Any]:
    import torch
    from torch import nn

    class Leans(nn.Module):
        def forward(self, images: Any) -> Any:
            return images.mean(dim=(2, 3)) - images.mean()

    class Drops(nn.Module):
        def forward(self, images: Any) -> Any:
            return nn.functional.dropout(images.flatten(1))

    size = Preprocess((8, 6))
    return {
        "a Linear, not imgret.contracts.Backbone": lambda: nn.Linear(2, 2),
        "the licence is ''": lambda: Backbone(nn.Flatten(), size, ""),
        "the fact 'd' is no text": lambda: Backbone(nn.Flatten(), size, "MIT", {"d": 3}),  # type: ignore[dict-item]
        "fit is 'stretch'": lambda: Backbone(nn.Flatten(), Preprocess((8, 6), "stretch"), "MIT"),
        "std above 0": lambda: Backbone(nn.Flatten(), Preprocess((8, 6), std=(1, 1, 0)), "MIT"),
        "became (3, 3, 8, 6), not (3, d)": lambda: Backbone(nn.Identity(), size, "MIT"),
        "not all finite": lambda: Backbone(nn.Sequential(nn.Flatten(), nn.Threshold(0, torch.inf)), size, "MIT"),
        "alone they are off by": lambda: Backbone(Leans(), size, "MIT"),
        "gave other features the second time": lambda: Backbone(Drops(), size, "MIT"),
        "two built alike differ in weights": lambda: Backbone(
            nn.Sequential(nn.Flatten(), nn.Linear(144, 2)), size, "MIT"
        ),
    }


@pytest.mark.parametrize("fault", backbones())
def test_backbones_with_a_fault(fault: str) -> None:
    @register("backbone", "wrong")
    def wrong() -> Any:
        """Wrong."""
        return backbones()[fault]()

    assert fault in "\n".join(faults("backbone", "wrong"))


class Listing:
    """A source of items at paths, each of which opens as `data`."""

    def __init__(self, *items: Any, data: Any = b"1", skipped: Any = None) -> None:
        self.items, self.data, self.skipped, self.times = items, data, skipped or {}, 0

    def __iter__(self) -> Iterator[Any]:
        self.times += 1
        return iter(self.items)

    def open(self, item: Item) -> Any:
        if item.path.startswith("gone"):
            raise FileNotFoundError(item.path)
        return self.data


class Shuffled(Listing):
    def __iter__(self) -> Iterator[Any]:
        return iter(self.items[:: -1 if self.times else 1] if super().__iter__() and self.times % 2 else self.items)


class Stingy(Listing):
    def open(self, item: Item) -> Any:
        return self.data


SOURCES = {
    "lists nothing": Listing(),
    "lists a str": Listing("a.png"),
    "text: Item(path=3": Listing(Item(3)),  # type: ignore[arg-type]
    "'/etc/a.png' is not relative": Listing(Item("/etc/a.png")),
    "'a/../b.png' is not relative": Listing(Item("a/../b.png")),
    "b.png' is not relative with forward slashes": Listing(Item("a\\b.png")),
    "'a.png' comes twice": Listing(Item("a.png"), Item("a.png")),
    "lists other items": Shuffled(Item("a.png"), Item("b.png")),
    "not a count by reason": Listing(Item("a.png"), skipped=["b.png"]),
    "it gave a str": Listing(Item("a.png"), data="text"),
    "pickle": Listing(Item("a.png"), data=lambda: 0),
    "it raised nothing": Stingy(Item("a.png")),
}


@pytest.mark.parametrize("fault", SOURCES)
def test_sources_with_a_fault(fault: str) -> None:
    @register("source", "wrong")
    def wrong() -> Listing:
        """Wrong."""
        return SOURCES[fault]

    assert fault in "\n".join(faults("source", "wrong"))


def test_metrics_with_a_fault() -> None:
    def needs_much(labels: Any, weather: Any) -> Any:
        """Needs the weather."""
        return {"a": 1.0}

    def undefined(labels: Any) -> Any:
        """Undefined without a cluster."""
        return np.mean(labels[labels >= 0])

    def writes(labels: Any) -> Any:
        """Writes."""
        labels[labels < 0] = 0
        return 1.0

    def draws(labels: Any) -> Any:
        """Draws."""
        return {"drawn": float(np.random.default_rng().random())}

    def empty(labels: Any) -> Any:
        """Empty."""
        return {}

    expected = {
        needs_much: "it needs 'weather'",
        undefined: "'undefined' is np.float64(nan)",
        writes: "labels was written to",
        draws: "they differ",
        empty: "there is none",
    }
    for metric, fault in expected.items():
        register("metric")(metric)
        assert fault in "\n".join(faults("metric", metric.__name__))


def test_a_metric_that_goes_by_the_order_of_rows_is_told_so() -> None:
    @register("metric")
    def first(labels: Any) -> dict[str, float]:
        """Where the first cluster is."""
        return {"first": float(np.flatnonzero(labels == 0).sum())}

    assert faults("metric", "first") == []
    assert any("first depends on the order" in finding.remark for finding in check("metric", "first"))


def test_reports_with_a_fault() -> None:
    def writes(name: str, data: Any = b"1", told: bool = True) -> Any:
        def report(run: Any, folder: Path) -> list[Path]:
            """Wrong."""
            (folder / name).write_bytes(data(folder) if callable(data) else data)
            return [folder / name] if told else []

        return report

    def opens(run: Any, folder: Path) -> list[Path]:
        """Wrong."""
        return [run.open(row) for row in range(len(run.ids))] and []

    expected = {
        "outside of the folder that it was given, x.txt": writes("../x.txt"),
        "without returning its path x.txt": writes("x.txt", told=False),
        "x.txt differs": writes("x.txt", lambda folder: bytes(folder)),
        "FileNotFoundError": opens,
        "it wrote nothing": lambda run, folder: [],
        "no file of its own lies: items.csv": lambda run, folder: [folder / "items.csv"],
    }
    for fault, report in expected.items():
        registry._found["report", "wrong"] = report
        assert fault in "\n".join(faults("report", "wrong")), fault


@pytest.mark.skipif("attribute" not in KINDS, reason="there are no attributes")
def test_attributes_with_a_fault() -> None:
    def wrong(thumbnail: Any) -> Any:
        """Wrong, as a function in a function is."""
        return float(thumbnail.std() / thumbnail.mean())

    def nothing(thumbnail: Any) -> Any:
        """None."""

    register("attribute")(wrong)
    register("attribute")(nothing)
    found = "\n".join(faults("attribute", "wrong"))
    assert "which is not finite" in found
    assert "A worker process finds it" in found
    assert "'nothing' None, neither a number nor a text" in "\n".join(faults("attribute", "nothing"))


def test_what_every_component_must_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "heavy_one.py").write_text(
        "import os\nimport sklearn.cluster as c\nfrom scipy import sparse\n\n"
        "def build(k: int, size: int = 'large', how=len, loose=3):\n    return c.KMeans(k)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from heavy_one import build  # type: ignore[import-not-found]

    register("clusterer", "a b")(build)
    found = {finding.what: finding for finding in check("clusterer", "a b", size=3)}
    assert found["Its name can be typed"].fault.startswith("it is 'a b'; a name has letters")
    assert found["It has a docstring, whose first line the lists show"].fault == "there is none"
    signature = found["Its defaults are plain values that fit their annotations"]
    assert "size=large" in signature.fault
    assert found["Nothing heavy is imported at the top of its file, so that imgret starts quickly"].fault == (
        "scipy, sklearn; import it inside the function or method that needs it"
    )


def test_remarks_on_a_signature() -> None:
    @register("clusterer", "loose")
    def loose(how: Any = len, size=3) -> Labels:  # type: ignore[no-untyped-def]
        """Loose."""
        return Labels(lambda X: np.zeros(len(X), int))

    remarks = [finding.remark for finding in check("clusterer", "loose")]
    assert (
        "no plain value, so it cannot be typed: how; no annotation, so what is typed is not looked at: size" in remarks
    )


def test_what_is_not_of_its_kind_is_looked_at_no_further() -> None:
    @register("clusterer", "nothing")
    def nothing() -> object:
        """Nothing."""
        return object()

    found = list(check("clusterer", "nothing"))
    assert found[-1].fault == "a object has no fit_predict"
    assert len(found) == 5


def test_wrong_words() -> None:
    for words, said in (
        (("clusterers", "kmeans"), "no kind 'clusterers', did you mean clusterer?"),
        (("clusterer", "kmean"), "no clusterer 'kmean', did you mean kmeans?"),
    ):
        with pytest.raises(UsageError, match=said):
            list(check(*words))
    with pytest.raises(UsageError, match="no argument of clusterer=kmeans 'epz'"):
        list(check("clusterer", "kmeans", epz=3))
    with pytest.raises(UsageError, match=r"needs a value for 'model'\ntype backbone\.model="):
        list(check("backbone", "timm"))
    with pytest.raises(UsageError, match="a metric is given nothing by name"):
        list(check("metric", "sizes", top=3))


def test_a_parameter_cannot_be_called_name() -> None:
    @register("clusterer", "named")
    def named(name: str = "a") -> Labels:
        """Named."""
        return Labels(len)

    with pytest.raises(UsageError, match="clusterer=named has a parameter `name`, which every option has of its own"):
        list(check("clusterer", "named"))


def test_settings_reach_the_parameters_that_take_them_by_either_name() -> None:
    seen: list[dict[str, Any]] = []

    @register("clusterer", "seeing")
    def seeing(n_clusters: int, random_state: int, device: str, eps: float = 1.0) -> Labels:
        """Sees."""
        seen.append({"n_clusters": n_clusters, "random_state": random_state, "device": device, "eps": eps})
        return Labels(lambda X: np.zeros(len(X), int))

    list(check("clusterer", "seeing", seed=7, n_clusters=5, eps=2.0))
    assert seen[0] == {"n_clusters": 5, "random_state": 7, "device": "cpu", "eps": 2.0}
    assert {each["n_clusters"] for each in seen[1:]} == {2, 3, 4}


def test_there_are_checks_for_every_kind() -> None:
    from importlib import import_module

    for kind in KINDS:
        assert import_module(f"imgret.checks.{kind}").CHECKS
    assert set(SLOTS.values()) <= set(KINDS)


def test_the_data_have_in_them_what_they_promise() -> None:
    X, truth = blobs()
    assert (X.dtype, X.shape) == (np.float32, (60, 8))
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, atol=1e-6)
    cosines = X @ X.T
    alike = truth[:, None] == truth
    assert cosines[alike].min() > 0.8
    assert cosines[~alike].max() < 0.6
    run = small_run(np.array([0, 0, -1]), "sheets")
    assert sorted(run.labels.tolist()) == [-1, 0, 0]
    gone = [row for row in range(3) if run.paths[row] == sorted(run.paths)[-1]]
    with pytest.raises(FileNotFoundError):
        run.open(gone[0])
