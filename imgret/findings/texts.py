"""Texts beside images: from a text to a query among the images of a run whose backbone has a text tower.

Trained side by side as they are, images and texts lie apart, each kind around a mean of its own: V. W. Liang et al.,
Mind the gap, NeurIPS 2022. What a text has in common with all texts says nothing of an image, so that their mean is
subtracted, as that of the images is from them: Y. Zhang, E. Sui and S. Yeung-Levy, Connect, collapse, corrupt, ICLR
2024. The mean is over the built-in words of vocabulary.py, each as `a photo of a ...`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgret import ops
from imgret.errors import UsageError
from imgret.settings.vocabulary import TEMPLATE, words
from imgret.store.store import Store
from imgret.words import printable

if TYPE_CHECKING:
    from imgret.contracts import Floats
    from imgret.findings.found import Found


def understands(run: Found) -> bool:
    """Whether the run's backbone has a text tower."""
    return "text" in run.info.space


def vectors(run: Found, texts: Sequence[str]) -> Floats:
    """The texts as rows (t, d) of unit length, which have their inner products with the rows of the run's X.

    They are scaled to length 1 and, where the images' mean was subtracted from X, the mean of such texts from them;
    then scaled again. Raises UsageError for a text with nothing in it, and for a backbone without a text tower.
    """
    if empty := [text for text in texts if not text.strip()]:
        raise UsageError(f"text {empty[0]!r}: there is nothing in it\ntype --text 'a red dress'")
    return _placed(run, _features(run, texts))


def vocabulary(run: Found, names: Sequence[str]) -> Floats:
    """Words as rows (w, d) of unit length, as `vectors` does with `a photo of a ...`; kept in the store."""
    return _placed(run, _kept(run, names))


def spread(X: Floats, direction: Floats) -> float:
    """The standard deviation of the scores of a query (d,) among the rows of X (n, d); 1 where all are equal."""
    scores = X @ direction
    found = float(scores.std(dtype=np.float64))
    return found if found > 1e-6 * float(np.abs(scores).max(initial=0)) else 1.0


def _placed(run: Found, features: Floats) -> Floats:
    rows = ops.normalise(features, "l2")[0]
    if not run.mean.any():  # X is not centred
        return rows
    common = ops.normalise(_kept(run, words()), "l2")[0].mean(axis=0, dtype=np.float64)
    return ops.normalise(rows, "centre", common.astype(np.float32))[0]


def _kept(run: Found, names: Sequence[str]) -> Floats:
    """The features (w, d) of words in a sentence, computed once for the same backbone."""
    texts = [TEMPLATE.format(name) for name in names]
    return Store().derived(lambda: _features(run, texts), "texts", run.info.space, texts)


def _features(run: Found, texts: Sequence[str]) -> Floats:
    tower = run.backbone.text if understands(run) else None
    if tower is None:
        raise UsageError(
            f"backbone={printable(run.called('backbone'))} has no text tower: this run cannot be searched with texts\n"
            "make one that can: python -m imgret FOLDER backbone=open_clip"
        )
    features = tower([text.encode("utf-8", "replace").decode() for text in texts])
    wanted = len(texts), run.X.shape[1]
    if features.shape != wanted or not np.isfinite(features).all():
        raise UsageError(f"the text tower gave {features.shape}, not finite {wanted}\nchoose another backbone")
    return features
