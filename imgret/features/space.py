"""The space of a run's features: what makes two of them comparable, and the backbone that gives more of the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from imgret.contracts import Backbone
from imgret.errors import UsageError
from imgret.features.weights import WeightsUnavailable, fingerprint
from imgret.reading.decode import DECODE
from imgret.registry import build, find, parameters
from imgret.store.store import code
from imgret.words import printable

UNKEYED = {"weights", "offline", "device"}  # arguments that the digest of the weights stands for, or change nothing


def space(node: Mapping[str, Any], backbone: Backbone) -> dict[str, Any]:
    """What makes two features comparable: architecture, weights, preprocessing; and the weights of a text tower."""
    made_elsewhere = {"vectors": backbone.vectors.digest} if backbone.vectors else {}
    return {
        **_named(node, backbone.vectors is not None),
        "weights": fingerprint(backbone.module),
        "preprocess": {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(backbone.preprocess).items()},
        "decode": DECODE,
        **made_elsewhere,
        **({"text": fingerprint(backbone.text.module)} if backbone.text else {}),
    }


def _named(node: Mapping[str, Any], vectors: bool) -> dict[str, Any]:
    """The part of a space that is known before anything is built."""
    unkeyed = UNKEYED | ({"vectors", "ids"} if vectors else set())  # for which the digest of the vectors stands
    return {
        "backbone": node["name"],
        "arguments": {key: value for key, value in node.items() if key != "name" and key not in unkeyed},
        "code": code(find("backbone", node["name"])),
    }


def same_backbone(node: Mapping[str, Any], name: str, made_in: Mapping[str, Any]) -> Backbone:
    """The backbone that features were `made_in`, without fetching anything: a run may come from anywhere.

    Raises UsageError where it is not on this machine, or is not the same; where its name or arguments tell that, before
    it is built: a run may name a model that the memory does not hold.
    """
    other = UsageError(
        f"the features of this run were not made with the weights or preprocessing that backbone={printable(name)} "
        "has here\nsearch with an image of the run, or make the run again"
    )
    known = {**_named(node, "vectors" in made_in), "decode": DECODE}
    if any(made_in.get(key) != value for key, value in known.items()):
        raise other
    try:
        takes = parameters(find("backbone", node["name"]))  # whether or not the run says anything of it
        backbone: Backbone = build("backbone", {**node, **({"offline": True} if "offline" in takes else {})})
    except WeightsUnavailable as error:
        raise WeightsUnavailable(
            f"{str(error).splitlines()[0]}\nsearch with an image of the run, or make a run with "
            f"backbone={printable(name)} first, which fetches them"
        ) from error
    if space(node, backbone) != made_in:
        raise other
    return backbone
