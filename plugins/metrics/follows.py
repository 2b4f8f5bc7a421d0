"""What the clusters follow: the camera, the day or the colour rather than the subject?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from imgret import register

if TYPE_CHECKING:
    from imgret.contracts import Ints


@register("metric")
def follows(labels: Ints, columns: Mapping[str, Ints], group: Ints | None = None) -> dict[str, float]:
    """ami_group, and ami_<column> for each column: the adjusted mutual information of the clusters with it.

    0 by chance, 1 where either tells the other (N. X. Vinh et al., 2010). On the items of which something is known;
    noise counts as one cluster. Left out with fewer than two groups.
    """
    import warnings

    import numpy as np
    from sklearn.metrics import adjusted_mutual_info_score

    figures = {}
    for name, codes in {**({} if group is None else {"group": group}), **columns}.items():
        known = codes >= 0
        if len(np.unique(codes[known])) < 2:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn warns of many clusters in few items: no fault of the user's
            figures[f"ami_{name}"] = float(adjusted_mutual_info_score(codes[known], labels[known]))
    return figures
