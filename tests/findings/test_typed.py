"""Values as types say that they are, and what is said of others."""

import pytest

from imgret.findings import typed
from imgret.findings.info import Now


def test_values_by_their_types() -> None:
    assert typed.read(float, 3) == 3
    assert typed.read(dict[str, list[int | None]], {"a": [1, None]}) == {"a": [1, None]}
    assert typed.read(Now, [1, 2, 3, 4]) == typed.read(Now, {"was": 1, "stayed": 2, "came": 3, "left": 4, "more": 5})
    for kind, value in ((float, True), (list[int], (1,)), (Now, [1, 2, 3]), (str | None, 0)):
        with pytest.raises(ValueError, match=r"^it in run\.json is not "):
            typed.read(kind, value, "it")
