"""What every component must be, whatever its kind, and how the checks are asked for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgret.checks import check
from imgret.checks.general import CHECKS
from imgret.errors import UsageError
from imgret.registry import KINDS, SLOTS, register
from tests.checks.conftest import Labels


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
    assert found[-1].fault == "a object has no fit_predict; a clusterer has fit_predict"
    assert len(found) == len(CHECKS) + 1


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
