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


def test_wrong_use_is_no_exit() -> None:
    with pytest.raises(UsageError, match=r"^sort: argument --by: .*\nsee: python -m imgret sort --help"):
        parser().parse_args(["jpeg", "--by", "date"])
