"""Hydra is borrowed: what an application has of it is there again, as it was, whatever happens meanwhile."""

from contextlib import suppress
from typing import Any

import pytest
from hydra import compose, initialize
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer

from imgret.settings.hydra import own_hydra


def _state() -> dict[str, Any]:
    """What there is of Hydra's in this process, down to the names in its store."""
    store = ConfigStore.instance().repo
    names = {group: sorted(each) if isinstance(each, dict) else each for group, each in store.items()}
    return {"one": dict(Singleton._instances), "names": names, "resolvers": dict(BaseContainer._resolvers)}


def test_an_application_s_hydra_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Singleton, "_instances", dict(Singleton._instances))
    with initialize(version_base=None, config_path=None):
        HydraConfig.instance().cfg = OmegaConf.create({"hydra": {"job": {"name": "theirs"}}})
        before = _state()
        with suppress(ZeroDivisionError), own_hydra(), initialize(version_base="1.3", config_path=None):
            composed = compose("config", ["k=3"], return_hydra_config=True)
            assert composed.k == 3
            HydraConfig.instance().set_config(composed)
            OmegaConf.register_new_resolver("ours", lambda: 1)
            ConfigStore.instance().store("ours", {})
            raise ZeroDivisionError
        assert _state() == before
        assert GlobalHydra.instance().is_initialized()
        assert HydraConfig.instance().cfg.hydra.job.name == "theirs"  # type: ignore[union-attr]


def test_nothing_of_an_application_s_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Singleton, "_instances", dict(Singleton._instances))
    monkeypatch.setitem(ConfigStore.instance().repo, "config.yaml", None)
    monkeypatch.setitem(ConfigStore.instance().repo, "theirs", {})
    with own_hydra():
        assert "theirs" not in ConfigStore.instance().repo
        assert ConfigStore.instance().repo["config.yaml"].node.k == 100
