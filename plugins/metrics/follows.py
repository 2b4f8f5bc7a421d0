"""What the clusters follow: the camera, the day or the folder rather than the subject?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register

if TYPE_CHECKING:
    from imgret.contracts import Ints


@register("metric")
def follows(labels: Ints, group: Ints) -> dict[str, float]:
    """ami_group: the adjusted mutual information (N. X. Vinh et al., 2010) of clusters and groups, 0 by chance.

    On the items whose group is known; noise counts as one cluster. Left out with fewer than two groups.
    """
    import warnings

    import numpy as np
    from sklearn.metrics import adjusted_mutual_info_score

    known = group >= 0
    if len(np.unique(group[known])) < 2:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of many clusters in few items: no fault of the user's
        return {"ami_group": float(adjusted_mutual_info_score(group[known], labels[known]))}
