"""`source=digits`: real digits, as files that lie nowhere."""

import io
import pickle

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from imgret.contracts import Item
from imgret.errors import UsageError
from imgret.plugins.sources.digits import digits


def test_items() -> None:
    items = list(digits())
    assert len(items) == 1797
    assert items[:2] == [Item("digits/0000_0.png", label="0"), Item("digits/0001_1.png", label="1")]
    assert [i.path for i in items] == sorted(i.path for i in items)
    assert [i.label for i in items] == [str(t) for t in load_digits().target]


def test_at_its_own_size_a_digit_is_the_data_dark_on_white() -> None:
    source = digits(size=8)
    item = list(source)[5]
    image = Image.open(io.BytesIO(source.open(item)))
    assert (image.format, image.mode, image.size) == ("PNG", "L", (8, 8))
    np.testing.assert_allclose(np.asarray(image), 255 - load_digits().images[5] * 255 / 16, atol=0.5)


def test_enlarged() -> None:
    source = digits()
    assert Image.open(io.BytesIO(source.open(next(iter(source))))).size == (96, 96)


def test_a_pickle_carries_no_data() -> None:
    source = digits()
    item = next(iter(source))
    data = source.open(item)
    frozen = pickle.dumps(source)
    assert len(frozen) < 300
    assert pickle.loads(frozen).open(item) == data


def test_wrong_use() -> None:
    with pytest.raises(UsageError, match=r"source\.size=7"):
        list(digits(size=7))
    for path in ("digits/1797_0.png", "digits/-1_0.png", "other.png"):
        with pytest.raises(OSError, match=path):
            digits().open(Item(path))
