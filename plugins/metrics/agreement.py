"""How well the clusters agree with known labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register

if TYPE_CHECKING:
    from imgret.contracts import Ints


@register("metric")
def agreement(labels: Ints, truth: Ints) -> dict[str, float]:
    """nmi, ami, ari, v_measure, purity and accuracy of the clusters against the truth, on items whose truth is known.

    NMI and AMI with the arithmetic mean of the entropies (N. X. Vinh et al., 2010), so that NMI is the V-measure
    (A. Rosenberg and J. Hirschberg, 2007). ARI: L. Hubert and P. Arabie, 1985. Purity: the share of items whose truth
    is the commonest one of their cluster. Accuracy: the share of items whose cluster and truth are paired by the best
    one-to-one matching (H. W. Kuhn, 1955).

    Noise counts as one cluster. Where there is some, `nmi_covered` and so on are the same figures on the items in
    clusters. Left out with fewer than two truths.
    """
    known = truth >= 0
    covered = known & (labels >= 0)
    figures = _figures(labels[known], truth[known])
    if covered.sum() < known.sum():
        figures |= {f"{name}_covered": value for name, value in _figures(labels[covered], truth[covered]).items()}
    return figures


def _figures(labels: Ints, truth: Ints) -> dict[str, float]:
    import warnings

    import numpy as np
    from scipy.optimize import linear_sum_assignment
    from sklearn import metrics

    if len(np.unique(truth)) < 2:
        return {}
    table = metrics.cluster.contingency_matrix(truth, labels)  # (truths, clusters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of many clusters in few items: no fault of the user's
        return {
            "nmi": float(metrics.normalized_mutual_info_score(truth, labels)),
            "ami": float(metrics.adjusted_mutual_info_score(truth, labels)),
            "ari": float(metrics.adjusted_rand_score(truth, labels)),
            "v_measure": float(metrics.v_measure_score(truth, labels)),
            "purity": float(table.max(axis=0).sum() / len(truth)),
            "accuracy": float(table[linear_sum_assignment(table, maximize=True)].sum() / len(truth)),
        }
