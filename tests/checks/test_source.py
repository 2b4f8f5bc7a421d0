"""A source's contract: what is wrong is found, and said."""

from collections.abc import Iterator
from typing import Any

import pytest

from imgret.checks import faults
from imgret.contracts import Item
from imgret.registry import register


class Listing:
    """A source of items at paths, each of which opens as `data`."""

    def __init__(self, *items: Any, data: Any = b"1", skipped: Any = None) -> None:
        self.items, self.data, self.skipped, self.times = items, data, skipped or {}, 0

    def __iter__(self) -> Iterator[Any]:
        self.times += 1
        return iter(self.items)

    def open(self, item: Item) -> Any:
        if item.path.startswith("gone"):
            raise FileNotFoundError(item.path)
        return self.data


class Shuffled(Listing):
    def __iter__(self) -> Iterator[Any]:
        return iter(self.items[:: -1 if self.times else 1] if super().__iter__() and self.times % 2 else self.items)


class Stingy(Listing):
    def open(self, item: Item) -> Any:
        return self.data


SOURCES = {
    "lists nothing": Listing(),
    "lists a str": Listing("a.png"),
    "text: Item(path=3": Listing(Item(3)),  # type: ignore[arg-type]
    "'/etc/a.png' is not relative": Listing(Item("/etc/a.png")),
    "'a/../b.png' is not relative": Listing(Item("a/../b.png")),
    "b.png' is not relative with forward slashes": Listing(Item("a\\b.png")),
    "'a.png' comes twice": Listing(Item("a.png"), Item("a.png")),
    "lists other items": Shuffled(Item("a.png"), Item("b.png")),
    "not a count by reason": Listing(Item("a.png"), skipped=["b.png"]),
    "open gave a str for 'a.png', not bytes": Listing(Item("a.png"), data="text"),
    "pickle": Listing(Item("a.png"), data=lambda: 0),
    "it raised nothing": Stingy(Item("a.png")),
}


@pytest.mark.parametrize("fault", SOURCES)
def test_sources_with_a_fault(fault: str) -> None:
    @register("source", "wrong")
    def wrong() -> Listing:
        """Wrong."""
        return SOURCES[fault]

    assert fault in "\n".join(faults("source", "wrong"))
