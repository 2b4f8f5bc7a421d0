"""What is taken as built. What is refused, and in which words, is a table in test_blame.py."""

import pytest

from imgret.contracts import Backbone, Preprocess
from imgret.demands.objects import METHODS, built, takes
from imgret.errors import Fault
from imgret.registry import KINDS


def takes_all(*_: object) -> None: ...


def test_a_kind_is_told_by_its_methods() -> None:
    assert set(METHODS) < set(KINDS)
    for kind, names in METHODS.items():
        whole = type("Whole", (), dict.fromkeys(names, takes_all))()
        assert built(kind, whole) is whole
        for name in names:
            part = type("Part", (), dict.fromkeys({*names} - {name}, takes_all))()
            with pytest.raises(Fault, match=f"a Part has no {name}; a {kind} has"):
                built(kind, part)


def test_what_cannot_be_looked_at_is_called() -> None:
    takes(dict, ("any", "thing"))  # in C, without a signature


def test_a_backbone_says_texts_of_itself() -> None:
    from torch import nn

    with pytest.raises(Fault, match="the fact 'd' is no text"):
        built("backbone", Backbone(nn.Flatten(), Preprocess((8, 6)), "MIT", {"d": 3}))  # type: ignore[dict-item]
