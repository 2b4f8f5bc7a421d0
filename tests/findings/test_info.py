"""run.json as a type: what is read, what earlier versions lack, what is refused, and that it is written as it was."""

import json
from pathlib import Path
from typing import Any

import pytest

from imgret.clusters.advice import Advice, Vote
from imgret.findings.info import Choice, Computed, Fitted, Info, Now, Since, Stage, reseal

NODE = {"name": "any"}
CONFIG = {"source": NODE, "backbone": NODE, "view": NODE, "normalize": "l2", "device": "cpu", "seed": 0, "top": 5}
FIRST: dict[str, Any] = {"title": "first", "config": CONFIG, "fitted": {"retriever": NODE}, "space": {}, "root": "/in",
                         "schema": 1, "digests": {}}  # fmt: skip


def test_a_run_that_says_only_what_the_first_ones_did() -> None:
    info = Info.of(FIRST)
    assert info.fitted == Fitted(source=NODE, retriever=NODE)
    assert list(info.config)[:7] == list(CONFIG)
    assert {key: info.config[key] for key in info.config.keys() - CONFIG.keys()} == {
        "formats": [], "timeout": 60, "rerank": None, "vocabulary": None, "chosen": {},
    }  # fmt: skip
    assert (info.reach, info.since, info.k, info.baseline, info.backbone) == ("", None, None, None, Choice())


def test_what_is_written_is_read_and_written_the_same() -> None:
    votes = {"silhouette": Vote(3, 2, 4)}
    info = Info(
        title="all", config={**Info.of(FIRST).config, "k": 3}, fitted=Fitted(source=NODE, retriever=NODE),
        backbone=Choice("a", "b", "MIT", {"model": "c"}), space={"decode": 1}, root="",
        features=Computed(4, 0.5), k=Advice(Vote(3, 2, 4), votes, [], [{"k": 3, "support": None}], 9, 33),
        since=Since("old", 1, 2, 3, 4, [Now(None, 0, 1, 0)], Now(-1, 1, 0, 1), ["k=2"]), stages={"list": Stage(1.5, 9)},
    )  # fmt: skip
    text = json.dumps(info.plain())
    assert Info.of(json.loads(text)) == info
    assert json.dumps(Info.of(json.loads(text)).plain()) == text
    said = json.loads(text)
    assert said["backbone"] == {"asked": "a", "used": "b", "licence": "MIT", "model": "c"}
    assert said["since"]["clusters"] == [[None, 0, 1, 0]]
    assert said["stages"] == {"list": {"seconds": 1.5, "peak_bytes": 9}}
    assert said["k"]["vote"] == {"k": 3, "least": 2, "most": 4}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": None}, r"title in run\.json is not str: None"),
        ({"files": True}, r"files in run\.json is not int: True"),
        ({"outcomes": {"ok": "9"}}, r"outcomes\.ok in run\.json is not int: '9'"),
        ({"stages": {"list": {}}}, r"stages\.list in run\.json is not whole: .*'seconds'"),
        ({"since": {"run": "old"}}, r"since in run\.json is not whole: .*'new'"),
        ({"config": CONFIG | {"seed": -1}}, r"config\.seed in run\.json is no whole number from 0: -1"),
        ({"config": CONFIG | {"clusterer": None}}, "NoneType"),
        *(
            ({"config": CONFIG | {"typed": typed}}, r"config\.typed in run\.json is not")
            for typed in (3, True, 1e-320, [3])
        ),
        ({"config": CONFIG | {"attributes": "sharpness"}}, r"config\.attributes in run\.json is not list: 'sharpness'"),
        ({"config": CONFIG | {"vocabulary": 3}}, r"config\.vocabulary in run\.json is not str: 3"),
        ({"config": CONFIG | {"same_picture": "x"}}, r"config\.same_picture in run\.json is not float: 'x'"),
        ({"fitted": {"retriever": {"name": 5}}}, r"fitted\.retriever\.name in run\.json is not str: 5"),
        ({"digests": {"../x": "0"}}, r"digests in run\.json has '\.\./x'"),
    ],
)
def test_what_no_run_can_say(changes: dict[str, Any], says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        Info.of(FIRST | changes)


def test_other_digests_leave_the_rest_as_it_is(tmp_path: Path) -> None:
    said = {"of a newer version": [1], **FIRST, "digests": {"a": "0", "b": "1"}}
    (tmp_path / "run.json").write_text(json.dumps(said))
    reseal(tmp_path, {"b": "2"})
    assert json.loads((tmp_path / "run.json").read_text()) == said | {"digests": {"a": "0", "b": "2"}}
