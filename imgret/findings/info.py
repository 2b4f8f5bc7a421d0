"""What run.json holds: one type, by which it is written, and read without trust in what it says.

Keys stand in run.json in the order of the fields. What a later version adds has a default here, which is what the
versions before it did, so that their runs are read as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from imgret.clusters.advice import Advice
from imgret.executors.local import TIMEOUT
from imgret.findings import typed
from imgret.registry import OPTIONAL, SLOTS
from imgret.store import schema
from imgret.store.files import commit, leads_out, read_json, write_json

SCHEMA = 1
Node = dict[str, Any]  # a component's name, and its arguments
CONFIG = {
    "source": Node,
    "backbone": Node,
    "view": Node,
    "normalize": str,
    "device": str,
    "seed": int,
    "top": int,
    "formats": list[str],
    "timeout": int,
    "chosen": dict[str, str],
    "vocabulary": str | None,
}  # what a loaded run takes from its config
IF_THERE: dict[str, Any] = {
    "typed": list[str],
    "k_asked": str | None,
    "limit": int | None,
    "rehash": bool,
    "max_failed": float,
    "same_picture": float,
    "attributes": list[str],
    "metrics": list[str],
    "reports": list[str],
}  # and what it can do without
LATER: dict[str, Any] = {
    "formats": [],
    "timeout": TIMEOUT,
    "rerank": None,
    "vocabulary": None,
    "chosen": {},
}  # what configs have had since the first ones


@dataclass(kw_only=True)
class Fitted:
    """The run's components as nodes, with what fitting them has settled; how fast search was, in queries a second.

    `rerank` has the node of the retriever within it as well (see rerank.learned_around). `calibration` has a row for
    each number of probes that a retriever with such has looked at.
    """

    source: Node = field(default_factory=dict)
    clusterer: Node = field(default_factory=dict)
    retriever: Node
    rerank: Node | None = None
    calibration: list[dict[str, Any]] = field(default_factory=list)
    queries_per_second: float | None = None
    exact_queries_per_second: float | None = None


class Choice(NamedTuple):
    """The backbone that was asked for and the one that was used, by name; the licence of its weights, and its facts."""

    asked: str = ""
    used: str = ""
    licence: str = ""
    facts: Mapping[str, Any] = {}


class Computed(NamedTuple):
    """How many images' features were not in the store, and what they took."""

    computed: int = 0
    seconds: float = 0.0


class Stage(NamedTuple):
    """What a stage of the run took, and the most memory until its end, where that can be known."""

    seconds: float
    peak_bytes: int | None = None


class Now(NamedTuple):
    """A cluster beside the one that it was: `was`, its number, None for a new one.

    `stayed` are the images that are in both, `came` those that are in this one alone, `left` those that were in that
    one and are not in this: in another one now, or gone.
    """

    was: int | None
    stayed: int
    came: int
    left: int


class Since(NamedTuple):
    """Images and clusters since a run, by its name.

    `new` and `gone` count distinct images that only this or only that run has, `moved` those of both that are not in
    clusters which belong together. `kept` are the clusters that none of these left or entered. `clusters` has one
    entry a cluster, `noise` one where there is any: noise belongs to noise. `then` are the settings of that run which
    this one has otherwise, of those that clusters follow from, as they are typed: they may be why.
    """

    run: str
    new: int
    gone: int
    kept: int
    moved: int
    clusters: list[Now]
    noise: Now | None
    then: Sequence[str] = ()


@dataclass(kw_only=True)
class Info:
    """What a run says of itself beside its figures, tables and arrays.

    `config` is what the run used: the settings that it was given, with what it decided. `space` is the features' recipe
    but for the machine (see space.py), `engine` what computed them. `files` were listed, those in `skipped` not;
    `outcomes` are those of the others. `rows` are those of the manifest, listed or skipped, 0 where there is none.
    `data` stands for the set of images. `root` is the folder of the files, `reach` that of what links lead to outside
    of it; either may be empty. `baseline` has a backbone's name and its figures, `k` why there are so many clusters
    where that was to be found. `digests` are the SHA-256 of the run's files by name. From `schema` on, it is known when
    the run is saved.
    """

    title: str
    config: dict[str, Any]
    fitted: Fitted
    backbone: Choice = field(default_factory=Choice)
    space: dict[str, Any]
    engine: dict[str, Any] = field(default_factory=dict)
    files: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    data: str = ""
    root: str
    reach: str = ""
    features: Computed = field(default_factory=Computed)
    baseline: dict[str, Any] | None = None
    k: Advice | None = None
    schema: int = SCHEMA
    versions: dict[str, str] = field(default_factory=dict)
    since: Since | None = None
    made: str = ""
    cores: int | None = None
    stages: dict[str, Stage] = field(default_factory=dict)
    peak_of: str = ""
    failed_reports: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As run.json has it, without `rows` where there are none."""
        asked, used, licence, facts = self.backbone
        return {
            **{name: value for name, value in vars(self).items() if name != "rows" or value},
            "fitted": vars(self.fitted),
            "backbone": {"asked": asked, "used": used, "licence": licence, **facts},
            "features": self.features._asdict(),
            "k": self.k.plain() if self.k else None,
            "since": self.since._asdict() if self.since else None,
            "stages": {name: stage._asdict() for name, stage in self.stages.items()},
        }

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Info:
        """What `plain` gave, or an earlier version's.

        Raises KeyError, TypeError or ValueError for what is not of its type, and for what no run can say.
        """
        config = {**said["config"], **LATER, **said["config"]}  # its own keys first, in their order
        fitted = {"source": config["source"], **said["fitted"]}
        backbone = {**(said.get("backbone") or {})}
        facts = {name: value for name, value in backbone.items() if name not in Choice._fields}
        more = {"config": config, "fitted": fitted, "backbone": {**backbone, "facts": facts}}
        found: Info = typed.read(cls, {**said, **more})
        for name, kind in {**CONFIG, **{name: kind for name, kind in IF_THERE.items() if name in config}}.items():
            typed.read(kind, config[name], f"config.{name}")
        if config["seed"] < 0:
            raise ValueError(f"config.seed in run.json is no whole number from 0: {config['seed']}")
        for name, node in found._nodes():
            typed.read(str, node["name"], f"{name}.name")
        for name, digest in found.digests.items():
            if leads_out(name):
                raise ValueError(f"digests in run.json has {name!r}: {digest!r}")
        return found

    def _nodes(self) -> Iterator[tuple[str, Any]]:
        """Every node by its place. A slot that may be empty has none, nor one that came with a later version."""
        for slot in SLOTS:
            if slot in self.config and not (slot in OPTIONAL and self.config[slot] is None):
                yield f"config.{slot}", self.config[slot]
        yield from (("fitted.source", self.fitted.source), ("fitted.retriever", self.fitted.retriever))
        if self.fitted.rerank is not None:
            yield "fitted.rerank", self.fitted.rerank
            yield "fitted.rerank.retriever", self.fitted.rerank.get("retriever", self.fitted.rerank)

    def write(self, folder: Path) -> None:
        write_json(folder / "run.json", self.plain())

    @classmethod
    def read(cls, folder: Path) -> Info:
        """That of the run in `folder`. Raises what `of` does, OSError, and StoreDamaged for a newer version's."""
        said = read_json(folder / "run.json")
        schema.check(folder, said, SCHEMA, "make the run again")
        return cls.of(said)


def reseal(folder: Path, digests: Mapping[str, str]) -> None:
    """Record other digests of some files of a run; all else that its run.json says stays, understood or not."""
    said = read_json(folder / "run.json")
    said["digests"] |= digests
    commit(folder / "run.json", lambda file: write_json(file, said))
