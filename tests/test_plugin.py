"""The door for plug-ins is open for what it names, and for nothing else."""

import re

from imgret import plugin
from imgret.features import weights


def test_what_is_named_is_there_and_nothing_comes_in_beside_it() -> None:
    there = {name for name in vars(plugin) if not name.startswith("_")}
    assert there - {"annotations", "TYPE_CHECKING"} == set(plugin.__all__) - {"Floats", "Ints"}  # these for types only


def test_the_modules_that_it_tells_of_are_those_that_it_has() -> None:
    told = re.findall(r"^([a-z]+)  +\S", plugin.__doc__ or "", re.M)
    modules = {name for name in plugin.__all__ if hasattr(getattr(plugin, name, None), "__file__")}
    assert set(told) == modules | {"contracts", "weights", "files", "words"}  # of these four it has names


def test_names_that_say_what_is_fetched() -> None:
    for verb in ("fetch", "fill", "load", "local", "read"):
        assert getattr(plugin, f"{verb}_weights") is getattr(weights, verb)
