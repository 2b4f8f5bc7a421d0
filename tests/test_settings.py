"""Words of the command line, options from signatures and files, root settings."""

from pathlib import Path
from typing import Any

import pytest

from imgret.registry import SLOTS, UsageError, build, options, parameters
from imgret.settings import check, nodes, root_node, tidy, unused

GOOD: dict[str, Any] = {"k": 3, "top": 5, "limit": None, "seed": 0, "log": "info", "normalize": "centre",
                        "offline": False, "metrics": [], "reports": [], "out": "runs", "device": "auto"}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "tidied"),
    [
        ([], ["preset=demo"]),
        (["k=5"], ["k=5", "preset=demo"]),
        (["photos", "k=5"], ["images=photos", "k=5"]),
        (["-m", "photos", "k=5,6"], ["-m", "images=photos", "k=5,6"]),
        (["a=b", "k=5"], ["images=a=b", "k=5"]),
        (["images=elsewhere"], ["images=elsewhere"]),
        (["source=digits"], ["source=digits"]),
        (["-c", "job"], ["-c", "job", "preset=demo"]),
        (["-sc", "install=bash"], ["-sc", "install=bash"]),
    ],
)
def test_words_as_hydra_takes_them(words: list[str], tidied: list[str], tmp_path: Path) -> None:
    Path("photos").mkdir()
    Path("a=b").mkdir()
    assert tidy(words, ["query"]) == tidied


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--k", "100"], "--k: settings are written name=value, without dashes\ntype k=100"),
        (["--k=100"], "--k=100: settings are written name=value, without dashes\ntype k=100"),
        (["qeury", "x.jpg"], "no command, folder or setting 'qeury', did you mean query?"),
        (["photos", "kmeans"], "kmeans: settings are written name=value"),
    ],
)
def test_words_that_are_none(words: list[str], says: str) -> None:
    Path("photos").mkdir()
    with pytest.raises(UsageError) as caught:
        tidy(words, ["query", "runs"])
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize(
    ("key", "value"),
    [("k", 0), ("k", "abc"), ("k", 2.5), ("k", True), ("top", -1), ("limit", 0), ("seed", -1), ("log", "loud"),
     ("normalize", "l3"), ("offline", "yes"), ("metrics", "nmi"), ("metrics", ["nim"]), ("out", None), ("device", 0)],
)  # fmt: skip
def test_root_settings_are_checked(key: str, value: object) -> None:
    assert check(dict(GOOD)) == GOOD
    with pytest.raises(UsageError) as caught:
        check(GOOD | {key: value})
    assert 1 <= len(str(caught.value).splitlines()) <= 2


def test_a_setting_that_nothing_uses() -> None:
    chosen = {"clusterer": {"name": "dbscan"}, "source": {"name": "digits"}}
    assert unused("clusterer:\n  k: ${k}\n", ["k=3"], chosen) is None
    assert unused("clusterer:\n  eps: 1\n", ["top=3"], chosen) is None
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
                assert build(SLOTS[slot], plain, slot) is not None, name


def test_defaults_name_options_that_exist() -> None:
    known = nodes()
    for entry in root_node()["defaults"]:
        if isinstance(entry, dict):
            ((slot, name),) = entry.items()
            assert slot.startswith("override ") or name is None or name in known[slot]
    for presets in known["preset"].values():
        for entry in presets["defaults"]:
            ((slot, name),) = entry.items()
            assert name in known[slot.removeprefix("override /")]
    assert set(root_node()["metrics"]) <= set(options("metric"))
    assert set(root_node()["reports"]) <= set(options("report"))
