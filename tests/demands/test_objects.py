"""What is taken as built. What is refused, and in which words, is a table in test_blame.py."""

import pytest

from imgret.contracts import Backbone, Preprocess
from imgret.demands.objects import METHODS, built
from imgret.errors import Fault
from imgret.registry import KINDS


def test_a_kind_is_told_by_its_methods() -> None:
    assert set(METHODS) < set(KINDS)
    for kind, names in METHODS.items():
        whole = type("Whole", (), dict.fromkeys(names, len))()
        assert built(kind, whole) is whole
        for name in names:
            part = type("Part", (), dict.fromkeys({*names} - {name}, len))()
            with pytest.raises(Fault, match=f"a Part has no {name}; a {kind} has"):
                built(kind, part)


def test_a_backbone_says_texts_of_itself() -> None:
    from torch import nn

    with pytest.raises(Fault, match="the fact 'd' is no text"):
        built("backbone", Backbone(nn.Flatten(), Preprocess((8, 6)), "MIT", {"d": 3}))  # type: ignore[dict-item]
