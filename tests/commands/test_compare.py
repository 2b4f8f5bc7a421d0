"""The commands of docs/compare.md and clusters.md: each composes, of options that exist, into the runs asked for."""

import re
from math import prod
from pathlib import Path
from typing import Any

import pytest

import imgret.__main__
from imgret.registry import SLOTS, build, find
from tests.conftest import write
from tests.test_readme import ROOT, _words

TEXT = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("compare.md", "clusters.md"))
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
FOLDERS = {
    "photos": "cat/1.jpg",
    "clothing": "hat/1.jpg",
    "cifar10": "airplane/1.png",
    "pets": "american_bulldog_23.jpg",
    "market1501": "bounding_box_test/-1_c3s2_000123_01.jpg",
}


def runs(words: list[str]) -> int:
    """How many runs the swept words ask for."""
    return prod(word.count(",") + 1 for word in words if "regex" not in word and "[" not in word)


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_compose(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    write(tmp_path, {f"{folder}/{file}": b"" for folder, file in FOLDERS.items()})
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    composed: list[dict[str, Any]] = []
    monkeypatch.setattr(imgret.__main__, "job", lambda settings, *_: composed.append(settings))
    words = [re.sub(r"^seed=0,1,.*", "seed=0,1", word) for word in _words(line)[1]]  # more are but further numbers
    assert imgret.__main__.main(words) == 0, capsys.readouterr().err
    assert len(composed) == runs(words)
    for settings in composed:
        for slot in SLOTS:
            if slot != "backbone" and settings[slot] is not None:
                build(SLOTS[slot], {key: value for key, value in settings[slot].items() if key != "device"}, slot)
        assert find("backbone", settings["backbone"]["name"])
        if "pets" in line or "market1501" in line:
            (item,) = list(build("source", settings["source"]))
            found = item.label, item.group, item.columns.get("junk", "")
            assert found in (("american_bulldog", "", ""), ("", "3", "1"))


def test_the_tables_name_every_backbone_and_clusterer() -> None:
    from imgret.settings.options import nodes

    for slot in ("backbone", "clusterer"):
        for name in nodes()[slot]:
            assert f"`{name}`" in TEXT, f"{slot}={name}"
