"""imgret: a folder of images becomes a clustered, evaluated, searchable collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgret.errors import UsageError
from imgret.registry import register
from imgret.version import VERSION as __version__

HERE = Path(__file__).parent
__path__.append(str(HERE / "moved"))  # names of 0.1
if (HERE.parent / "plugins" / "clusterers").is_dir():
    __path__.append(str(HERE.parent))  # a checkout: imgret.plugins is ../plugins, as in a wheel

if TYPE_CHECKING:
    from imgret.runs.run import Run

__all__ = ["Run", "UsageError", "__version__", "load", "register", "run"]


def run(images: str | Path | None = None, **settings: Any) -> Run:
    """Cluster a collection, as `python -m imgret IMAGES setting=value ...` does; the run, saved and searchable.

    Settings are those of the command line; dots are written as double underscores or in a dictionary:
    `run("photos", clusterer="hdbscan", clusterer__min_cluster_size=5)`. Raises UsageError for what is wrong.
    """
    from imgret.config import run_from_python

    return run_from_python(images, settings)


def load(folder: str | Path = "runs/latest") -> Run:
    """The run saved in `folder`. Raises UsageError where there is none."""
    from imgret.runs.run import Run

    return Run.load(folder)


def __getattr__(name: str) -> Any:
    if name == "Run":  # the class needs NumPy, which `import imgret` alone does not load
        from imgret.runs.run import Run

        return Run
    raise AttributeError(f"module 'imgret' has no attribute {name!r}")
