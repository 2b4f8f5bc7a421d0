"""What an annotation allows, and how that is said."""

from typing import Any, Literal

import numpy as np
import pytest

from imgret.signatures import fits, hints, in_words, plain


@pytest.mark.parametrize(
    ("hint", "fitting", "others", "words"),
    [
        (int, [0, -3], [True, 1.0, "1", None], "a whole number"),
        (float, [0, 1.5], [True, "1.5"], "a number"),
        (bool, [True], [1, "true"], "true or false"),
        (str, ["", "a"], [1, None], "text"),
        (int | None, [1, None], [1.5, ""], "a whole number or null"),
        (float | Literal["auto"], [1, 0.5, "auto"], ["else", True], ""),
        (Literal["squash", "crop"], ["crop"], ["pad", 1], "squash or crop"),
        (Any, [1, "a", None], [], ""),
        (list[int], [[1], "what is not understood"], [], ""),
    ],
)
def test_what_an_annotation_allows(hint: Any, fitting: list[Any], others: list[Any], words: str) -> None:
    assert all(fits(value, hint) for value in fitting)
    assert not any(fits(value, hint) for value in others)
    assert not words or in_words(hint) == words


def test_the_annotations_of_a_class_are_those_of_its_constructor() -> None:
    class Component:
        def __init__(self, k: int, share: "float | None" = None) -> None: ...

    assert hints(Component) == {"k": int, "share": float | None, "return": type(None)}


def test_annotations_that_cannot_be_evaluated_check_nothing() -> None:
    def component(k: "nowhere.to.be.found") -> None: ...  # type: ignore[name-defined]  # noqa: F821

    assert hints(component) == {}


def test_what_can_be_typed_is_plain() -> None:
    for value in (True, 3, 0.5, "a", [1, 2.0]):
        assert plain(value) == value
    assert type(plain(np.int64(3))) is int
    assert [plain(each) for each in (np.ones(2), object(), [np.ones(2)], None, {"a": 1})] == [None] * 5
