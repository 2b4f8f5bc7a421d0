"""Which versions results depend on: Python's, imgret's, those of what it needs, and of no extra."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from imgret.store import versions as module
from imgret.store.versions import versions
from imgret.version import VERSION


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    versions.cache_clear()
    yield
    versions.cache_clear()


def test_of_each_package_that_is_needed_in_whatever_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = [
        "torch>=2.10",
        "numpy>=1.26",
        "pillow (>=12.3)",
        "hydra-core<1.4,>=1.3.8",
        'faiss-cpu>=1.9; extra == "faiss"',
    ]
    monkeypatch.setattr(module, "requires", lambda package: needs)
    monkeypatch.setattr(module, "version", lambda package: f"that of {package}")
    assert list(versions().items()) == [
        ("python", platform.python_version()),
        ("imgret", VERSION),
        *((name, f"that of {name}") for name in ("hydra-core", "numpy", "pillow", "torch")),
    ]


def test_of_this_machine() -> None:
    assert versions()["numpy"] == np.__version__


def test_a_checkout_that_was_never_installed_has_two(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(package: str) -> list[str]:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(module, "requires", requires)
    assert list(versions()) == ["python", "imgret"]
