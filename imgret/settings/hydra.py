"""Hydra as if it were ours alone: every option in its store, and an application that has Hydra too is left alone."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from hydra.core.config_store import ConfigNode, ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.singleton import Singleton
from hydra.core.utils import JobRuntime
from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer

from imgret.registry import OPTIONAL
from imgret.settings.options import nodes, offered, root_node

COMPOSING = threading.RLock()  # Hydra is one for the whole process: who composes holds this
HYDRAS = ("hydra", "_dummy_empty_config_.yaml")  # what Hydra has in the store itself
OWN = (GlobalHydra, HydraConfig, JobRuntime, ConfigStore)  # of whom an application has one; what is looked up is shared


@contextmanager
def own_hydra() -> Iterator[None]:
    """Hydra with every option, and the root settings with the defaults list, in its store, and nothing beside them.

    What an application has of Hydra's (a store, a config that it was started with, resolvers of OmegaConf) is there
    again afterwards, as it was.
    """
    Plugins.instance()  # which registers what it finds with the others, once a process
    theirs, resolvers = Singleton._instances, BaseContainer._resolvers
    store = ConfigStore.instance().repo
    Singleton._instances = {kind: each for kind, each in theirs.items() if kind not in OWN}
    BaseContainer._resolvers = dict(resolvers)
    try:
        ConfigStore.instance().repo = {name: store[name] for name in HYDRAS if name in store} | _stored(offered())
        yield
    finally:
        Singleton._instances, BaseContainer._resolvers = theirs, resolvers


class Kept(ConfigNode):
    """A config of the store that stays as it is: Hydra copies it when it is taken out, and the store for each job."""

    def __deepcopy__(self, _: object) -> Kept:
        return self


@lru_cache(maxsize=4)  # to make them takes Hydra a third as long as to compose
def _stored(_: Hashable) -> dict[str, Any]:
    """What Hydra's store has of ours, by slot and file."""
    stored: dict[str, Any] = {"config.yaml": Kept("config.yaml", OmegaConf.create(root_node()), None, None, None)}
    for slot, options in nodes().items():
        none: dict[str, Any] = {"null": {}} if slot in OPTIONAL else {}  # Hydra takes no null where a name is typed
        package = "_global_" if slot == "preset" else slot
        stored[slot] = {
            f"{name}.yaml": Kept(f"{name}.yaml", OmegaConf.create(dict(node)), slot, package, None)
            for name, node in {**options, **none}.items()
        }
    return stored
