"""One faulty component for each demand of each kind: a run says what `plugins check` says of it, and whose it is."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgret.__main__ import main
from imgret.blame import is_ours, owned, sentence
from imgret.checks import check, faults
from imgret.errors import DiskFull, Fault, UsageError
from imgret.plugin import Backbone, Item, Preprocess
from imgret.registry import SLOT_OF, find, register
from tests.conftest import png, write

SIZE = Preprocess((6, 8))
HALF: Any = (8.5, 6)


def raises(*_: Any, **__: Any) -> Any:
    raise ValueError("no\n idea")


class Made:
    """What is built: methods by name, each of which gives what a function of its arguments does."""

    def __init__(self, **methods: Any) -> None:
        vars(self).update(methods)


def clusterer(give: Any) -> Any:
    return lambda: Made(fit_predict=give)


def reducer(give: Any) -> Any:
    return lambda: Made(fit_transform=give)


def hits(change: Any) -> Made:
    def fit(X: Any, labels: Any) -> None:
        made.X = X

    def kneighbors(Q: Any, top: int) -> Any:
        scores = (Q @ made.X.T).astype(np.float32)
        rows = np.argsort(-scores, axis=1, kind="stable")[:, :top]
        return change(np.take_along_axis(scores, rows, axis=1), rows)

    made: Any = Made(fit=fit, kneighbors=kneighbors)
    return made  # type: ignore[no-any-return]


def retriever(change: Any) -> Any:
    return lambda: hits(change)


def reranker(change: Any, **more: Any) -> Any:
    def wrong(retriever: Any) -> Any:
        made = hits(change)
        vars(made).update(more)
        return made

    return wrong


class Listing:
    """A source of what a class attribute says, which a worker can be handed."""

    give: Any = ()
    data: Any = png((9, 9, 9))

    def __init__(self) -> None:
        self.skipped: Any = {}

    def __iter__(self) -> Iterator[Any]:
        return iter(self.give)

    def open(self, item: Item) -> Any:
        if item.path.startswith("gone"):
            raise FileNotFoundError(item.path)
        return self.data


class Strings(Listing):
    give = ("a.png",)


class Numbers(Listing):
    give = (Item(3),)  # type: ignore[arg-type]


class Twice(Listing):
    give = (Item("a.png"), Item("a.png"))


class Absolute(Listing):
    give = (Item("/a.png"),)


class Columns(Listing):
    give = (Item("a.png", columns={"price": 3}),)  # type: ignore[dict-item]


class Text(Listing):
    give, data = (Item("a.png"),), "text"


class Breaks(Listing):
    give = (Item("a.png"),)

    def open(self, item: Item) -> Any:
        return {}[item.path] if not item.path.startswith("gone") else super().open(item)


class Counts(Listing):
    give = (Item("a.png"),)

    def __init__(self) -> None:
        self.skipped = ["b.png"]


class Open(Listing):
    give = (Item("a.png"),)

    def __init__(self) -> None:
        super().__init__()
        self.file = (each for each in ())


def listed(thumbnail: Any) -> Any:
    """Wrong."""
    return [1.0, 2.0]


def nothing(thumbnail: Any) -> Any:
    """Wrong."""


def generated(thumbnail: Any) -> Any:
    """Wrong."""
    yield 1.0


def infinite(thumbnail: Any) -> Any:
    """Wrong."""
    return {"far": float("inf")}


def bare() -> Any:
    from torch import nn

    return nn.Flatten()


def module(name: str, *arguments: Any, size: Any = SIZE, licence: Any = "none") -> Any:
    def wrong() -> Any:
        from torch import nn

        return Backbone(getattr(nn, name)(*arguments), size, licence)

    return wrong


def unknowing() -> Any:
    from torch import nn

    return Backbone(nn.Sequential(nn.Flatten(), nn.Threshold(1e9, float("nan"))), SIZE, "none")


def pretending() -> Any:
    return Backbone(len, SIZE, "none")  # type: ignore[arg-type]


def outside(run: Any, folder: Path) -> Any:
    (folder.parent / "x.txt").write_text("1")
    return [folder.parent / "x.txt"]


def untold(run: Any, folder: Path) -> Any:
    (folder / "x.txt").write_text("1")
    return []


FAULTS: list[tuple[str, Any, str]] = [  # kind, component, what is said of it; shapes differ with the data
    ("clusterer", raises, "ValueError: no idea"),
    ("clusterer", lambda: None, "None has no fit_predict; a clusterer has fit_predict"),
    ("clusterer", lambda: Made(), "a Made has no fit_predict; a clusterer has fit_predict"),
    ("clusterer", lambda: Made(fit_predict=3), "a Made has no fit_predict; a clusterer has fit_predict"),
    ("clusterer", lambda: (each for each in ()), "a generator has no fit_predict; a clusterer has fit_predict"),
    ("clusterer", lambda: Made, "it gave the class Made, not one that is built: return Made(...)"),
    ("clusterer", clusterer(raises), "ValueError: no idea"),
    ("clusterer", clusterer(lambda: 0), "its fit_predict is called with (X), but takes (): too many"),
    ("clusterer", clusterer(lambda X: None), "for 7 points it gave None, not 7 whole numbers"),
    ("clusterer", clusterer(lambda X: (0 for _ in X)), "for 7 points it gave a generator, not 7 whole numbers"),
    ("clusterer", clusterer(lambda X: np.zeros(len(X))), "for 7 points it gave float64 of shape (7,), not 7 whole"),
    ("clusterer", clusterer(lambda X: ["a"] * len(X)), "for 7 points it gave <U1 of shape (7,), not 7 whole numbers"),
    ("clusterer", clusterer(lambda X: [0]), "for 7 points it gave int64 of shape (7,), not 7 whole numbers"),
    ("clusterer", clusterer(lambda X: [[0], []]), "for 7 points it gave a list, not 7 whole numbers"),
    ("clusterer", clusterer(lambda X: np.full(len(X), -7)), "it gave the label -7; noise is -1"),
    ("reducer", raises, "ValueError: no idea"),
    ("reducer", lambda: Made(fit=len), "a Made has no fit_transform; a reducer has fit_transform"),
    ("reducer", reducer(lambda X, y: X), "its fit_transform is called with (X), but takes (X, y): missing a required"),
    ("reducer", reducer(raises), "ValueError: no idea"),
    ("reducer", reducer(lambda X: None), "became None, not numbers (7, r)"),
    ("reducer", reducer(lambda X: X[:2]), "became float32 of shape (7, 7), not numbers (7, r)"),
    ("reducer", reducer(lambda X: X[:, 0]), "became float32 of shape (7,), not numbers (7, r)"),
    ("reducer", reducer(lambda X: [["a"]] * len(X)), "became <U1 of shape (7, 7), not numbers (7, r)"),
    ("reducer", reducer(lambda X: X * np.nan), "became float32 that are not all finite numbers"),
    ("retriever", raises, "ValueError: no idea"),
    ("retriever", lambda: Made(fit=len), "a Made has no kneighbors; a retriever has fit and kneighbors"),
    ("retriever", lambda: Made(fit=raises, kneighbors=raises), "ValueError: no idea"),
    ("retriever", lambda: Made(fit=raises, kneighbors=len), "its kneighbors is called with (Q, top), but takes (obj"),
    ("retriever", retriever(raises), "ValueError: no idea"),
    ("retriever", retriever(lambda s, r: None), "gave None, not scores and rows"),
    ("retriever", retriever(lambda s, r: (s, r, r)), "gave a tuple, not scores and rows"),
    ("retriever", retriever(lambda s, r: (s.tolist(), r)), "gave scores list , not float32 (7, 7)"),
    ("retriever", retriever(lambda s, r: (s, r.astype(np.int32))), "gave rows int32 (7, 7), not int64 (7, 7)"),
    ("retriever", retriever(lambda s, r: (s[:, :1], r[:, :1])), "gave scores float32 (7, 7), not float32 (7, 7)"),
    ("retriever", retriever(lambda s, r: (s, r + 9999)), "allowed are 0 to 7"),
    ("retriever", retriever(lambda s, r: (s, r * 0)), "gave a row twice for one query"),
    ("retriever", retriever(lambda s, r: (s * np.nan, r)), "scores are not all finite"),
    ("retriever", retriever(lambda s, r: (s[:, ::-1], r[:, ::-1])), "scores rise along a line; best first"),
    ("reranker", lambda: hits(raises), "it has no parameter `retriever`, which receives the retriever"),
    ("reranker", lambda retriever: None, "None has no fit, no kneighbors; a reranker has fit and kneighbors"),
    ("reranker", lambda retriever: {}["x"], "KeyError: 'x'"),
    ("reranker", reranker(raises), "ValueError: no idea"),
    ("reranker", reranker(lambda s, r: (s.astype(float), r)), "gave scores float64 (7, 7), not float32 (7, 7)"),
    ("reranker", reranker(lambda s, r: (s[:, ::-1], r[:, ::-1])), "scores rise along a line; best first"),
    ("reranker", reranker(lambda s, r: (s, r), scores=lambda Q: Q), "scores(Q) of 7 queries among 7 rows gave"),
    ("backbone", raises, "ValueError: no idea"),
    ("backbone", bare, "it returns a Flatten, not an imgret.plugin.Backbone(module, preprocess, licence)"),
    ("backbone", lambda: None, "it returns None, not an imgret.plugin.Backbone(module, preprocess, licence)"),
    ("backbone", pretending, "its module is a builtin_function_or_method, not a torch.nn.Module"),
    ("backbone", module("Flatten", licence=None), "the licence is None; say that of the weights, or 'no weights'"),
    ("backbone", module("Flatten", size=(8, 6)), "its preprocess is a tuple, not an imgret.plugin.Preprocess"),
    ("backbone", module("Flatten", size=Preprocess(HALF)), "the size is (8.5, 6); two"),
    ("backbone", module("Flatten", size=Preprocess((8, 6), "stretch")), "ValueError: fit is 'stretch', allowed are"),
    ("backbone", module("Flatten", size=Preprocess((8, 6), std=(1, 1, 0))), "three numbers each, std above 0"),
    ("backbone", module("Identity"), "images (b, 3, 6, 8) became (b, 3, 6, 8), not (b, d): one row an image, pooled"),
    ("backbone", module("LSTM", 8, 8), "Error: "),
    ("backbone", module("Linear", 3, 3), "RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
    ("backbone", unknowing, "images (b, 3, 6, 8) became features that are not all finite"),
    ("source", raises, "ValueError: no idea"),
    ("source", lambda: [Item("a.png")], "a list has no open, no skipped; a source has __iter__ and open and skipped"),
    ("source", Strings, "it lists a str, not an imgret.plugin.Item"),
    ("source", Numbers, "path, file, label and group are text: Item(path=3"),
    ("source", Columns, "columns are texts by name: Item(path='a.png'"),
    ("source", Twice, "the path 'a.png' comes twice, and is not of one `file`"),
    ("source", Absolute, "the path '/a.png' is not relative with forward slashes, or has '..' in it"),
    ("source", Counts, "its skipped is ['b.png'], not a count by reason"),
    ("source", Text, "open gave a str for 'a.png', not bytes"),
    ("source", Breaks, "KeyError: 'a.png'"),
    ("source", Open, "TypeError: cannot pickle 'generator' object"),
    ("attribute", listed, "of a 171x256x3 image it says 'wrong' [1.0, 2.0], neither a number nor a text"),
    ("attribute", nothing, "of a 171x256x3 image it says 'wrong' None, neither a number nor a text"),
    ("attribute", generated, "neither a number nor a text"),
    ("attribute", infinite, "of a 171x256x3 image it says far inf, which is not finite"),
    ("attribute", raises, "ValueError: no idea"),
    ("attribute", lambda: 3, "TypeError: "),
    ("attribute", lambda thumbnail: 1.0, "PicklingError: "),
    ("metric", raises, "ValueError: no idea"),
    ("metric", lambda foo: 1.0, "it needs 'foo', which no run has; a metric may ask for X, labels"),
    ("metric", lambda label: 1.0, "it needs 'label', which no run has, did you mean labels?; a metric may ask for"),
    ("metric", lambda X, /: 1.0, "TypeError: "),
    ("metric", lambda X: None, "'wrong' is None; a figure is a finite number, and one that is undefined is left out"),
    ("metric", lambda X: {"a": "much"}, "'a' is 'much'; a figure is a finite number"),
    ("metric", lambda X: {"a": float("nan")}, "'a' is nan; a figure is a finite number"),
    ("metric", lambda X: [1.0], "'wrong' is [1.0]; a figure is a finite number"),
    ("metric", lambda X: {3: 1.0}, "3 is 1.0; a figure is a finite number"),
    ("metric", lambda X: float(np.random.default_rng().random()), "they differ: "),
    ("report", lambda run: [], "it is called with (run, folder), but takes (run): too many positional arguments"),
    ("report", raises, "ValueError: no idea"),
    ("report", lambda run, folder: None, "it returns None, not the paths of what it wrote"),
    ("report", lambda run, folder: [3], "it returns a int for a path"),
    ("report", lambda run, folder: [folder / "x"], "it returns paths where no file of its own lies: x"),
    ("report", outside, "it wrote, outside of the folder that it was given, x.txt"),
    ("report", untold, "it wrote without returning its path x.txt"),
]  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that has the features of the images beside it."""
    folder = tmp_path_factory.mktemp("shared")
    write(folder / "in", {f"{i}.png": png((80 * i, 9, 9)) for i in range(3)})
    return folder / "store"


@pytest.mark.parametrize(("kind", "component", "says"), FAULTS, ids=[f"{k}-{s[:50]}" for k, _, s in FAULTS])
def test_a_run_says_what_plugins_check_says(
    kind: str, component: Any, says: str, store: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(kind, "wrong")(component)
    early = kind in ("source", "backbone", "attribute", "metric") or " has no " in says or " is called with " in says
    if not early:
        monkeypatch.setenv("IMGRET_HOME", str(store))
    chosen = {"backbone": "pixels", "view": "pca", "reports": "[]", "attributes": "[]", "metrics": "[]"}
    chosen |= {SLOT_OF.get(kind, f"{kind}s"): "wrong" if kind in SLOT_OF else "[wrong]"}
    code = main([str(store.parent / "in")] * (kind != "source") + [f"{key}={value}" for key, value in chosen.items()])
    said = capsys.readouterr().err
    (line,) = (line for line in said.splitlines() if f"{kind}/wrong: " in line)
    assert alike(says) in alike(line)
    assert re.search(rf"^it lies in .*; for all .*: python -m imgret plugins check {kind}/wrong$", said, re.M)
    assert "imgret's own" not in said
    assert code == 2
    assert len(list(Path("runs").glob("2*"))) == (kind == "report" and not early)  # which loses nothing
    if early:
        assert not list((tmp_path / "store").rglob("*.safetensors"))  # it is said before there are features
    sentence = alike(line.partition(f"{kind}/wrong: ")[2])
    assert any(sentence in alike(fault) for fault in faults(kind, "wrong"))


def alike(text: str) -> str:
    """The text without its numbers: points, queries and hits are as many as there are images."""
    return re.sub(r"0x\w+|\d+", "7", text)


def test_a_parameter_that_is_nearly_that_of_the_run_is_told_what_to_be_called(colours: Path, capsys: Any) -> None:
    words = [str(colours), "backbone=pixels", "view=pca", "reports=[]", "attributes=[]", "metrics=[]", "clusterer=near"]
    hint = "num_clusters: call it k to receive the run's"

    def near(num_clusters: int, rng: int = 0) -> Any:
        """Near."""
        return Made(fit_predict=lambda X: np.arange(len(X)) % num_clusters)

    register("clusterer", "near")(near)
    assert main(words) == 2
    assert capsys.readouterr().err == (
        "imgret: clusterer=near needs a value for 'num_clusters'\ntype clusterer.num_clusters=..., or in its code "
        "call it k to receive the run's\n"
    )
    assert main([*words, "clusterer.num_clusters=3"]) == 0  # which says that it is meant
    told = capsys.readouterr().err
    assert "num_clusters" not in told
    assert "clusterer/near has a parameter rng: call it seed to receive the run's" in told
    later = register("clusterer", "later")(lambda num_clusters=2: near(num_clusters))
    assert main([*words[:-1], "clusterer=later", "k=3"]) == 2
    assert f"k has no effect on clusterer=later\nleave k out, or in its code {hint}" in capsys.readouterr().err
    assert later().fit_predict(range(3)).tolist() == [0, 1, 0]
    assert any(hint in finding.remark for finding in check("clusterer", "later"))


def test_what_is_not_the_components_is_left_as_it_is() -> None:
    for error in (UsageError("no such folder"), DiskFull("full"), BrokenPipeError(), OSError(28, "No space left")):
        with pytest.raises(type(error)) as caught, owned("clusterer", "wrong", raises):
            raise error
        assert caught.value is error
    with pytest.raises(FileNotFoundError), owned("source", but=OSError):
        raise FileNotFoundError


def test_the_innermost_is_blamed_and_the_outermost_names_it() -> None:
    typed = {"backbone.size": [8, None], "backbone.a": True}
    outer, inner = owned("backbone", "alias", raises, typed), owned("backbone", "component", raises)
    with pytest.raises(Fault) as caught, outer, owned("source", "files"), inner:
        raise RuntimeError
    assert str(caught.value).splitlines()[0] == "backbone/alias: RuntimeError"
    assert str(caught.value).endswith("check backbone/alias 'backbone.size=[8,null]' backbone.a=true")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.exit_code) == (str(caught.value), 2)


def test_a_strangers_words_do_nothing_and_are_not_endless() -> None:
    assert sentence(RuntimeError("a\nb " + 400 * "c")) == f"RuntimeError: a b {(300 - 18) * 'c'}"
    assert sentence(KeyError()) == "KeyError"
    with pytest.raises(Fault) as caught, owned("clusterer", "\x1b[31m", raises):
        raises()
    assert "\x1b" not in str(caught.value)


def test_ours_are_those_that_come_with_imgret() -> None:
    assert is_ours(find("clusterer", "kmeans"))
    assert not is_ours(raises)
    assert not is_ours(type("dropped", (), {"__module__": "imgret.dropped.birch"}))
    assert not is_ours(type("made", (), {"__module__": None}))


def test_a_report_on_real_data_that_fails_leaves_the_run_and_a_sweep_whole(colours: Path, capsys: Any) -> None:
    def fine(run: Any, folder: Path) -> list[Path]:
        (folder / "fine.txt").write_text("1")
        return [folder / "fine.txt"]

    register("report", "wrong")(raises)
    register("report", "fine")(fine)
    words = ["backbone=pixels", "view=pca", "attributes=[]", "metrics=[]", "reports=[wrong,fine]"]
    assert main(["-m", str(colours), "k=2,3", *words]) == 2
    assert len(list(Path("runs").glob("2*/fine.txt"))) == 2
    assert capsys.readouterr().err.count("report/wrong: ValueError: no idea") == 1  # once for all of the sweep
