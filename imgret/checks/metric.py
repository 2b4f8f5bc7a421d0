"""What is demanded of a metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret import ops
from imgret.checks import Check, Fault, Subject
from imgret.checks.data import Scan, blobs, unchanged
from imgret.demands import values
from imgret.figures import Figures
from imgret.registry import asks_in_vain, declared, parameters

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints


def needs(X: Floats, labels: Ints, truth: Ints) -> dict[str, Any]:
    """What a run offers its metrics; groups are three cameras in turn, some unknown."""
    group = np.arange(len(X)) % 4 - 1
    return {
        "X": X,
        "labels": labels,
        "truth": truth,
        "group": group,
        "junk": np.arange(len(X)) % 7 == 6,
        "columns": {"camera": group},
        "ranking": ops.Ranking(X),
        "plain": ops.Ranking(X),
        "retriever": Scan().fit(X, labels),
        "knn": ops.knn,
        "top": 10,
        "seed": 0,
        "device": "cpu",
    }


def measured(subject: Subject, offer: Mapping[str, Any]) -> dict[str, float]:
    """The figures. Raises Fault where they are none, or an array was written to."""
    wanted = [p for p in parameters(subject.component) if p in offer]
    before = {p: offer[p].copy() for p in wanted if isinstance(offer[p], np.ndarray)}
    found = subject.component(**{p: offer[p] for p in wanted})
    for p, was in before.items():
        unchanged(was, offer[p], p)
    figures, wrong = values.figures(subject.name, found)
    if wrong:
        raise wrong
    return figures


def needs_what_is_offered(subject: Subject) -> None:
    """It needs nothing but what a run offers"""
    if fault := asks_in_vain(subject.component):
        raise Fault(fault)


def gives_the_same_twice(subject: Subject) -> dict[str, float]:
    """60 items in four clusters, with noise, give the same finite figures by name, or none, twice"""
    X, truth = blobs()
    labels = truth.copy()
    labels[::7], labels[1] = -1, 0
    first, second = (measured(subject, needs(X, ops.renumber(labels), truth)) for _ in range(2))
    if first != second:
        raise Fault(f"they differ: {first}, {second}; draw from a parameter `seed`"[:300])
    return first


def gives_figures(subject: Subject) -> str:
    """60 items in four clusters, with noise, give finite figures by name, the same twice"""
    found = gives_the_same_twice(subject)
    if not found:
        raise Fault("there is none; it may leave figures out only where they are undefined")
    return ", ".join(f"{name} {value:.3g}" for name, value in found.items())


def declares_them(subject: Subject) -> str:
    """It says of its figures what is to be known to show them, of all of them or of none"""
    X, truth = blobs()
    given, said = measured(subject, needs(X, truth, truth)), declared(subject.name)
    if not said:
        return f"nothing is said of them, so they are in full lists alone: {values.DECLARE}"
    values.declared(given, said)
    known = Figures(said)
    met = {(known.family(name) or known[name]).name for name in given}
    missing = ", ".join(each.name for each in said if each.name not in met)
    return f"declared, and not given here: {missing}" if missing else ""


def takes_any_labels(subject: Subject) -> None:
    """One cluster, nothing but noise, and a cluster an item give finite figures or none"""
    X, truth = blobs(20)
    for labels in (np.zeros_like(truth), np.full_like(truth, -1), np.arange(len(X))):
        measured(subject, needs(X, labels, truth))


def takes_any_truth(subject: Subject) -> None:
    """One label for all, labels known of few, and of none give finite figures or none"""
    X, truth = blobs(20)
    few = np.where(np.arange(len(X)) < 2, truth, -1)
    for each in (np.zeros_like(truth), few, np.full_like(truth, -1)):
        measured(subject, needs(X, truth, each))


def takes_few(subject: Subject) -> None:
    """One item, and two, give finite figures or none"""
    for n in (1, 2):
        X, truth = blobs(n)
        measured(subject, needs(X, np.zeros(n, np.int64), truth))


def order_says_nothing(subject: Subject) -> str:
    """Other rows first: the figures are compared"""
    X, truth = blobs()
    labels = truth.copy()
    labels[[3, 9]], labels[5] = -1, 0
    order = np.random.default_rng(0).permutation(len(X))
    one, other = needs(X, labels, truth), needs(X[order], labels[order], truth[order])
    other["group"] = one["group"][order]
    other["columns"] = {"camera": other["group"]}
    first, second = measured(subject, one), measured(subject, other)
    moved = [name for name in first if not np.isclose(first[name], second.get(name, np.nan), rtol=1e-5, atol=1e-6)]
    return f"{', '.join(moved)} depends on the order of the rows: is that meant?" if moved else "they are the same"


FIRST = [needs_what_is_offered, gives_the_same_twice]
CHECKS: list[Check] = [
    needs_what_is_offered, gives_figures, declares_them, takes_any_labels, takes_any_truth, takes_few,
    order_says_nothing,
]  # fmt: skip
