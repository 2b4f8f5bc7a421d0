"""The words of `imgret plugins check`, and what it prints. The listing is tested with the door, in test_registry."""

from pathlib import Path
from typing import Any

import pytest

from imgret.__main__ import main
from imgret.registry import register


def test_a_fault_is_exit_code_1(capsys: Any) -> None:
    @register("metric")
    def broken(labels: Any) -> float:
        """Broken."""
        raise RuntimeError("by \x1b[31mdesign")

    with pytest.raises(SystemExit) as ended:
        main(["plugins", "check", "metric/broken"])
    assert ended.value.code == 1
    said, log = capsys.readouterr()
    lines = said.splitlines()
    assert lines[0] == "ok     Its name can be typed"
    assert lines[5:7] == [
        "FAULT  60 items in four clusters, with noise, give finite figures by name, the same twice",
        r"       RuntimeError: by \x1b[31mdesign",
    ]
    assert lines[-1] == "metric/broken: 6 faults in 11 checks"
    assert log == ""
    with pytest.raises(SystemExit):
        main(["plugins", "check", "metric/broken", "log=debug"])
    assert "Traceback" in capsys.readouterr().err


def test_values_are_those_of_a_command_line(capsys: Any, tmp_path: Path) -> None:
    seen: list[Any] = []

    @register("clusterer")
    def seeing(k: int, eps: float = 1.0, title: str | None = "a", many: bool = False) -> Any:
        """Sees."""
        seen.append((k, eps, title, many))
        return None

    with pytest.raises(SystemExit):
        main(["plugins", "check", "clusterer=seeing", "k=5", "clusterer.eps=1e-3", "title=null", "many=true"])
    assert seen == [(5, 0.001, None, True)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "plugins check: the following arguments are required: KIND/NAME\nsee: python -m"),
        (["metrics"], "metrics: a kind and a name are wanted\ntype imgret plugins check KIND/NAME"),
        (["metric/sizes", "5"], "5: arguments are written name=value\ntype metric.5=..."),
        (["metrics/sizes"], "no kind 'metrics', did you mean metric?"),
        (["size"], "no component 'size', did you mean sizes?\n"),
        (["shared"], "shared: a component of 2 kinds\ntype imgret plugins check reducer/shared or metric/shared"),
        (["metric/size"], "no metric 'size', did you mean sizes?"),
        (["backbone/timm"], "backbone=timm needs a value for 'model'\ntype backbone.model=..."),
        (["clusterer/kmeans", "clusterer.x=1"], "no argument of clusterer=kmeans 'x'"),
        (["backbone/pixels", "=3"], "no argument of backbone=pixels ''"),
    ],
)
def test_wrong_words(words: list[str], said: str, capsys: Any) -> None:
    for kind in ("metric", "reducer"):
        register(kind, "shared")(lambda X: 1.0)
    assert main(["plugins", "check", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.splitlines()) <= 2


def test_a_name_that_one_kind_alone_has_needs_no_kind(capsys: Any) -> None:
    assert main(["plugins", "check", "sizes"]) == 0
    assert "metric/sizes: no fault in" in capsys.readouterr().out
    with pytest.raises(SystemExit):  # an alias, of a file in configs/: it is held to what a backbone must be
        main(["plugins", "check", "dinov2_s", "offline=true"])
    assert "backbone/dinov2_s: " in capsys.readouterr().out
