"""A command's parser: what can be typed, in words; lists that go on after options."""

import pytest

from imgret.commands._parser import Parser
from imgret.errors import UsageError


def parser() -> Parser:
    made = Parser("sort", "`imgret sort IMAGE...`: images by name.\n\nMore of it.")
    made.add_argument("--by", choices=["name", "size"])
    made.add_argument("kind", metavar="KIND")
    made.add_argument("images", nargs="*", metavar="IMAGE")
    made.add_argument("-q", "--quiet", action="store_true")
    made.add_argument("--free", nargs="?", const="all", choices=["all", "old"])
    made.add_run()
    return made


def test_what_can_be_typed() -> None:
    words = ["sort", "KIND", "[IMAGE...]", "[--by name|size]", "[-q]", "[--free [all|old]]", "[--run DIR]"]
    assert parser().typed() == words
    assert parser().about == "images by name."


def test_a_list_goes_on_after_options_and_has_all_that_follows_two_dashes() -> None:
    asked = parser().parse_mixed(["jpeg", "a", "--by", "size", "b", "--", "--by", "-c"], "images")
    assert (asked.kind, asked.images, asked.by) == ("jpeg", ["a", "b", "--by", "-c"], "size")
    assert parser().parse_mixed(["jpeg"], "images").images == []


@pytest.mark.parametrize("name", ["-1_c1s1_000565_01.jpg", "-7", "-a.jpg", "-x/1.png", "-1 a.jpg"])
def test_names_that_begin_with_a_dash(name: str) -> None:
    """Nobody has to know of --, and it may stand before them."""
    made = parser()
    made.add_argument("--not", dest="unlike")
    for words in (["jpeg", name, "-q"], ["jpeg", "-q", name], ["jpeg", "-q", "--", name]):
        asked = made.parse_mixed(words, "images")
        assert (asked.images, asked.quiet) == ([name], True)
    assert made.parse_args(["jpeg", "--not", name]).unlike == name
    assert made.parse_args(["-q", "--", "jpeg", name]).images == [name]


def test_what_may_be_an_option_is_told_how_to_be_a_name() -> None:
    hint = r"\nsee: python -m imgret sort --help; what begins with - and is a name stands behind --: -- -name$"
    with pytest.raises(UsageError, match=r"^sort: unrecognized arguments: -name" + hint):
        parser().parse_mixed(["jpeg", "-name"], "images")
    assert parser().parse_mixed(["jpeg", "--", "-name"], "images").images == ["-name"]
    with pytest.raises(UsageError, match=r"^sort: unrecognized arguments: --bye\nsee: python -m imgret sort --help$"):
        parser().parse_args(["jpeg", "--bye"])


def test_wrong_use_is_no_exit() -> None:
    with pytest.raises(UsageError, match=r"^sort: argument --by: .*\nsee: python -m imgret sort --help"):
        parser().parse_args(["jpeg", "--by", "date"])
