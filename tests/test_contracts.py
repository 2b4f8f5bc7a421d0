"""What the contracts do by themselves: texts in batches, items that may be keys, and methods that make a component."""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import torch

from imgret.contracts import TEXTS, Clusterer, Item, Reducer, Retriever, Source, TextTower


def test_texts_are_read_in_batches_without_dropout() -> None:
    """By a tokenizer that counts letters, and a module that gives the count and its double."""
    batches: list[int] = []

    def tokenize(texts: Sequence[str]) -> torch.Tensor:
        batches.append(len(texts))
        return torch.tensor([[len(text), 2 * len(text)] for text in texts])

    class Halves(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dropout = torch.nn.Dropout(0.9)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.dropout(tokens.double() / 2)

    found = TextTower(Halves(), tokenize)(["x" * n for n in range(TEXTS + 2)])
    assert batches == [TEXTS, 2]
    assert found.dtype == np.float32
    assert found.tolist() == [[n / 2, n] for n in range(TEXTS + 2)]


def test_items_are_told_apart_by_their_columns_too() -> None:
    one, other = Item("a.png", columns={"price": "1"}), Item("a.png", columns={"price": "2"})
    assert one != other
    assert {one: 1, other: 2}[Item("a.png", columns={"price": "2"})] == 2


def test_whatever_has_the_methods_is_a_component() -> None:
    for kind, methods in {
        Clusterer: ["fit_predict"], Reducer: ["fit_transform"], Retriever: ["fit", "kneighbors"], Source: ["open"],
    }.items():  # fmt: skip
        has = {method: lambda self: None for method in (*methods, "__iter__")}
        assert isinstance(type("Made", (), {**has, "skipped": {}})(), kind)
        assert not isinstance(SimpleNamespace(), kind)
