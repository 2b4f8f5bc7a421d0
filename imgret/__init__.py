"""imgret: a folder of images becomes a clustered, evaluated, searchable collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if (Path(__file__).parents[1] / "plugins" / "clusterers").is_dir():
    __path__.append(str(Path(__file__).parents[1]))  # a checkout: imgret.plugins is ../plugins, as in a wheel

from imgret.registry import UsageError, register

if TYPE_CHECKING:
    from imgret.results import Run

__all__ = ["Run", "UsageError", "load", "register", "run"]
__version__ = "0.1.0"


def run(images: str | Path | None = None, **settings: Any) -> Run:
    """Cluster a collection, as `python -m imgret IMAGES setting=value ...` does; the run, saved and searchable.

    Settings are those of the command line; dots are written as double underscores or in a dictionary:
    `run("photos", clusterer="hdbscan", clusterer__min_cluster_size=5)`. Raises UsageError for what is wrong.
    """
    from imgret.config import run_from_python

    return run_from_python(images, settings)


def load(folder: str | Path = "runs/latest") -> Run:
    """The run saved in `folder`. Raises UsageError where there is none."""
    from imgret.results import Run

    return Run.load(folder)


def __getattr__(name: str) -> Any:
    if name == "Run":  # the class needs NumPy, which `import imgret` alone does not load
        from imgret.results import Run

        return Run
    raise AttributeError(f"module 'imgret' has no attribute {name!r}")
