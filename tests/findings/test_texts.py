"""Texts among images: where a text lies by hand, in a model whose right answers are known, and what is refused."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from imgret import Run, UsageError
from imgret.contracts import Backbone, Item, Preprocess, TextTower
from imgret.findings.texts import spread, vectors, vocabulary
from imgret.search.search import combined
from imgret.settings.vocabulary import words
from tests.search.test_where import fake

CONCEPTS = "one", "two", "three"
IMAGES = np.array([0, 0, 0, 6.0, -6], np.float32)  # where images lie, and where texts do: on two sides of the space
TEXTS = np.array([0, 3.0, 0, -6, 6], np.float32)  # nearer to the images of `two`, whatever they say


def known(normalize: str = "centre", bias: Any = TEXTS, text: bool = True) -> Run:
    """Nine images, three of each concept, as a tower of images and one of texts would see them, gap and all."""
    concept = np.repeat(np.arange(3), 3)
    grain = np.random.default_rng(0).normal(scale=0.05, size=(9, 5))
    features = (np.eye(3, 5)[concept] + IMAGES + grain).astype(np.float32)
    items = [Item(f"{row}.jpg", label=CONCEPTS[c]) for row, c in enumerate(concept)]
    run = fake(features, items)
    run.info.config = {**run.settings, "normalize": normalize, "backbone": {"name": "known"}}
    run.info.space = {"text": "0123"} if text else {}
    run.mean = features.mean(axis=0) if normalize == "centre" else np.zeros(5, np.float32)

    def tokenize(texts: Sequence[str]) -> torch.Tensor:
        return torch.tensor([[text.split().count(name) for name in CONCEPTS] for text in texts])

    class Tower(torch.nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return tokens.float() @ torch.eye(3, 5) + torch.tensor(bias)

    tower = TextTower(Tower(), tokenize)
    run.backbone = Backbone(torch.nn.Identity(), Preprocess((8, 8)), "none", text=tower)
    return run


@pytest.mark.parametrize("name", CONCEPTS)
def test_the_right_images_are_found_across_the_gap(name: str) -> None:
    run = known()
    assert [hit.label for hit in run.search(text=f"something like {name}", top=3)] == [name] * 3
    raw = (np.eye(3, 5)[CONCEPTS.index(name)] + TEXTS) @ run.X.T  # which the mean of texts, left in, would mislead
    assert run.collection.items[int(raw.argmax())].label == "two"


def test_where_a_text_lies_by_hand() -> None:
    # no built-in word is a concept, so that the mean of texts is the bias, of length 9; (1, 3, 0, -6, 6) has sqrt(82)
    text = np.array([1, 3, 0, -6, 6]) / np.sqrt(82) - TEXTS / 9
    np.testing.assert_allclose(vectors(known(), ["one"]), [text / np.linalg.norm(text)], atol=1e-5)
    np.testing.assert_allclose(vectors(known("l2"), ["one"]), [np.array([1, 3, 0, -6, 6]) / np.sqrt(82)], atol=1e-6)
    rows = vocabulary(known(), ["one", "two"])
    np.testing.assert_allclose(rows, vectors(known(), ["a photo of a one", "two"]), atol=1e-6)
    assert not vocabulary(known(), words()[:2]).any()  # what all texts have in common, and nothing else


def test_parts_of_a_query_count_alike_by_hand() -> None:
    """Scores of (1, 0) spread by sqrt(1 / 2), those of (0, 1) by a tenth of that."""
    among = np.array([[1, 0], [-1, 0], [0, 0.1], [0, -0.1]], np.float32)
    image, text = np.float32([[1, 0]]), np.float32([[0, 1]])
    none = np.empty((0, 2), np.float32)
    both = np.vstack([image, text])

    def unit(*parts: float) -> Any:
        return np.array([parts]) / np.linalg.norm(parts)

    assert spread(among, image[0]) == pytest.approx(np.sqrt(0.5))
    np.testing.assert_allclose(combined(both, none), unit(1, 1), atol=1e-6)
    np.testing.assert_allclose(combined(both, none, None, among), unit(1, 10), atol=1e-6)
    np.testing.assert_allclose(combined(both, none, [1, 0.5], among), unit(1, 5), atol=1e-6)
    np.testing.assert_allclose(combined(image, text, None, among), unit(1, -2), atol=1e-6)
    np.testing.assert_allclose(combined(text, none, None, among), text, atol=1e-6)
    assert spread(np.ones((3, 2), np.float32), text[0]) == 1


def test_a_text_turns_an_image_s_search() -> None:
    run = known()
    plain = [hit.label for hit in run.search("0.jpg", top=8)]
    assert plain[:2] == ["one", "one"]
    turned = run.search("0.jpg", text="three", weights=[1, 5], top=8)
    assert [hit.label for hit in turned[:3]] == ["three"] * 3
    assert "0.jpg" not in {hit.path for hit in turned}
    away = [hit.label for hit in run.search("0.jpg", unlike_text="two", top=8)]
    assert away == ["one"] * 2 + ["three"] * 3 + ["two"] * 3


@pytest.mark.parametrize(
    ("run", "ask", "says"),
    [
        (known(text=False), {"text": "one"}, "backbone=known has no text tower: .*\nmake one that can: .*=open_clip"),
        (known(), {"text": " "}, "there is nothing in it"),
        (known(), {"unlike_text": "one"}, "no image to search with: to be unlike an image"),
        (known(), {"text": ["one", "two"], "images": "0.jpg", "weights": [1]}, "1 weight for 1 image and 2 texts"),
        (known(bias=np.full(5, np.nan, np.float32)), {"text": "one"}, "the text tower gave .*, not finite"),
    ],
)
def test_what_cannot_be_asked(run: Run, ask: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        run.search(**ask)
    assert len(str(caught.value).splitlines()) <= 2
