"""An attribute's contract: what is wrong is found, and said."""

from typing import Any

import pytest

from imgret.checks import faults
from imgret.registry import KINDS, register


@pytest.mark.skipif("attribute" not in KINDS, reason="there are no attributes")
def test_attributes_with_a_fault() -> None:
    def wrong(thumbnail: Any) -> Any:
        """Wrong, as a function in a function is."""
        return float(thumbnail.std() / thumbnail.mean())

    def nothing(thumbnail: Any) -> Any:
        """None."""

    register("attribute")(wrong)
    register("attribute")(nothing)
    found = "\n".join(faults("attribute", "wrong"))
    assert "which is not finite" in found
    assert "A worker process finds it" in found
    assert "'nothing' None, neither a number nor a text" in "\n".join(faults("attribute", "nothing"))
