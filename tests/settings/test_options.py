"""Options from signatures and files, root settings, and what is wrong with them."""

from typing import Any

import pytest

from imgret.errors import UsageError
from imgret.registry import SLOTS, build, options, parameters
from imgret.settings.options import check, nodes, root_node, unused

GOOD: dict[str, Any] = {"k": 3, "top": 5, "limit": None, "seed": 0, "log": "info", "normalize": "centre",
                        "offline": False, "timeout": 60, "attributes": [], "metrics": [], "reports": [], "formats": [],
                         "taken_from": ["exif"],
                         "rehash": False, "max_failed": 0.5, "same_picture": 0.7, "out": "runs", "device": "auto",
                        "images": "photos", "fallback": None, "baseline": None, "about": None, "otherwise": None,
                        "vocabulary": None,
                        "preset": None, "typed": [], "source": {"name": "files", "images": "photos"},
                        "backbone": {"name": "pixels"}, "reducer": {"name": "none"},
                        "view": {"name": "pca", "n_components": 2}, "clusterer": {"name": "kmeans", "k": 3},
                        "retriever": {"name": "exact"}, "rerank": None}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [("k", 0), ("k", "abc"), ("k", 2.5), ("k", True), ("top", -1), ("limit", 0), ("seed", -1), ("timeout", 0),
     ("timeout", "1 min"), ("log", "loud"), ("normalize", "l3"), ("offline", "yes"), ("rehash", "yes"),
     ("rehash", None), ("same_picture", 0), ("same_picture", 1.1), ("same_picture", True),
     ("same_picture", "high"), ("max_failed", 1.5), ("max_failed", -0.1), ("max_failed", True), ("max_failed", "half"),
     ("metrics", "nmi"), ("metrics", ["nim"]), ("out", None), ("device", 0), ("vocabulary", "gone.txt"),
     ("formats", "heic"), ("formats", ["jxl"]), ("formats", [["heic"]]),
     ("taken_from", "exif"), ("taken_from", []), ("taken_from", ["exif", "moon"])],
)  # fmt: skip
def test_root_settings_are_checked(key: str, value: object) -> None:
    assert check(dict(GOOD)) == GOOD
    with pytest.raises(UsageError) as caught:
        check(GOOD | {key: value})
    assert 1 <= len(str(caught.value).splitlines()) <= 2


@pytest.mark.parametrize(
    ("slot", "node", "says"),
    [
        ("clusterer", {"name": "kmeans", "k": "abc"}, "clusterer.k=abc: clusterer=kmeans takes a whole number here"),
        ("clusterer", {"name": "kmeans", "k": None}, "clusterer.k=None: clusterer=kmeans takes a whole number here"),
        ("clusterer", {"name": "kmeans", "k": 0}, "clusterer.k=0: it is a whole number, at least 1"),
        ("clusterer", {"name": "kmeans", "seed": -1}, "clusterer.seed=-1: it is a whole number, at least 0"),
        ("retriever", {"name": "exact", "tpo": 3}, "no argument of retriever=exact 'tpo'"),
        ("rerank", {"name": "dba", "keep": "one"}, "rerank.keep=one: rerank=dba takes a whole number here"),
        ("rerank", {"name": "dba", "retriever": "exact"}, "no argument of rerank=dba 'retriever'"),
        ("view", None, "view=null: a run needs a view\nchoose from: "),
        ("clusterer", None, "clusterer=null: a run needs a clusterer\nchoose from: agglomerative"),
        ("view", {"name": "pca", "n_components": 3}, "view.n_components=3: a view has two dimensions"),
        ("view", {"name": ["pca"]}, "no reducer ['pca']"),
        ("backbone", {"name": "timm", "model": "???"}, "backbone=timm needs a value for 'model'"),
        ("baseline", {"name": "pixels", "size": None}, "backbone.size=None: "),
    ],
)
def test_options_are_checked_before_any_work(slot: str, node: object, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(GOOD | {slot: node})
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize("key", ["device", "images"])
def test_what_is_the_same_for_the_whole_run_is_typed_once(key: str) -> None:
    slot = "source" if key == "images" else "reducer"
    nodes = {"reducer": {"name": "pca", "device": "cpu"}}
    assert check(GOOD | nodes)["reducer"] == nodes["reducer"]
    with pytest.raises(UsageError, match=rf"^{slot}\.{key}: it is the same for the whole run\ntype {key}="):
        check(GOOD | nodes | {"typed": [f"{slot}.{key}"]})


@pytest.mark.parametrize("key", ["images", "out"])
def test_no_folder_is_no_value(key: str) -> None:
    with pytest.raises(UsageError, match=f"^{key}= has no value"):
        check(GOOD | {key: ""})


def test_a_setting_taken_away() -> None:
    with pytest.raises(UsageError, match=r"^~seed: a run needs a value"):
        check({key: value for key, value in GOOD.items() if key != "seed"})


def test_a_setting_that_nothing_uses() -> None:
    chosen = {"clusterer": {"name": "dbscan"}, "source": {"name": "digits"}}
    assert unused("clusterer:\n  k: ${k}\n", ["k=3"], chosen) is None
    assert unused("clusterer:\n  eps: 1\n", ["top=3"], chosen) is None
    assert unused("", ["k=3"], {"source": {"name": "digits"}}) is None  # no clusterer at all: check says so
    for key, slot, name in (("k", "clusterer", "dbscan"), ("images", "source", "digits")):
        says = f"{key} has no effect on {slot}={name}\nleave {key} out, or choose another {slot}"
        assert unused("clusterer:\n  eps: 1\n", [f"{key}=3"], chosen) == (key, says)


def test_every_option_of_every_slot_is_built_by_its_config() -> None:
    """Those that owe an argument, or fetch weights, say so; nothing else may fail."""
    shared = {"k": 3, "seed": 0, "top": 5, "device": "cpu", "offline": True, "images": "."}
    for slot, choices in nodes().items():
        if slot == "preset":
            continue
        assert choices, f"no option for {slot}"
        for name, node in choices.items():
            plain = {k: shared[v[2:-1]] if str(v).startswith("${") else v for k, v in node.items() if k != "defaults"}
            if slot == "backbone":
                assert set(plain) - {"name"} <= set(parameters(options("backbone")[node["name"]]))
            else:
                assert build(SLOTS[slot], plain, slot, retriever=None) is not None, name


def test_defaults_name_options_that_exist() -> None:
    known = nodes()
    for entry in root_node()["defaults"]:
        if isinstance(entry, dict):
            ((slot, name),) = entry.items()
            assert slot.startswith("override ") or name is None or name in known[slot]
    for presets in known["preset"].values():
        for entry in presets.get("defaults", []):
            ((slot, name),) = entry.items()
            assert name in known[slot.removeprefix("override /")]
    assert set(root_node()["metrics"]) <= set(options("metric"))
    assert set(root_node()["reports"]) <= set(options("report"))
