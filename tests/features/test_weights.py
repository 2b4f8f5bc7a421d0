"""Weights: what is loaded and from where, what is refused and in which words, and what a failed download costs."""

import hashlib
import logging
import socket
import threading
import time
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from imgret import UsageError
from imgret.features import weights
from imgret.features.weights import Remote, WeightsUnavailable, load, parse_size, read, seeded


class Small(nn.Module):
    """A network with a trunk, and a classifier if it has classes."""

    def __init__(self, width: int = 4, classes: int = 0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.norm = nn.BatchNorm2d(width)
        self.fc = nn.Linear(width, classes) if classes else nn.Identity()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of torch's hub."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "torch" / "hub" / "checkpoints"


def equal(module: nn.Module, state: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, state[key]) for key, tensor in module.state_dict().items())


def saved(how: str, state: dict[str, torch.Tensor], folder: Path) -> Path:
    """The state in a file, wrapped in one of the ways in which files come."""
    wrapped = {"module." + key: tensor for key, tensor in state.items()}
    if how == "safetensors":
        save_file(state, folder / "w.safetensors")
        return folder / "w.safetensors"
    contents = {"state_dict": {"state_dict": wrapped, "epoch": 3}, "model": {"model": state}, "parallel": wrapped}
    torch.save(contents.get(how, state), folder / "w.pth", _use_new_zipfile_serialization=how != "legacy")
    return folder / "w.pth"


@pytest.mark.parametrize("how", ["bare", "legacy", "state_dict", "model", "parallel", "safetensors"])
@pytest.mark.parametrize("classes", [0, 7])
def test_a_file_is_loaded_whole_however_it_is_wrapped(how: str, classes: int, tmp_path: Path) -> None:
    state = seeded(lambda: Small(classes=classes), seed=1).state_dict()
    file = saved(how, state, tmp_path)
    module = seeded(Small)
    assert not equal(module, state)
    assert load(module, str(file), {}) == {"weights": file.name, "weights_file": str(file)}
    assert equal(module, state)


def test_a_counter_that_old_files_lack_is_not_missed(tmp_path: Path) -> None:
    state = {key: tensor for key, tensor in Small().state_dict().items() if "num_batches" not in key}
    load(seeded(Small), str(saved("bare", state, tmp_path)), {})


def test_random_is_the_same_each_time_and_leaves_the_generator_alone() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, second, other = (seeded(Small, seed) for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert equal(first, second.state_dict())
    assert not equal(first, other.state_dict())
    assert load(first, "random", {}) == {"weights": "random"}
    assert equal(first, second.state_dict())


MISFITS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "another width": (lambda: Small(5), "stem.weight is 5 x 3 x 1 x 1 in the file, 4 x 3 x 1 x 1 in the model"),
    "no norm": (lambda: nn.Sequential(), "stem.weight is missing in the file, 4 x 3 x 1 x 1 in the model"),
    "more layers": (lambda: nn.ModuleDict({**dict(Small().named_children()), "neck": nn.Linear(2, 1)}),
                    "neck.weight is 1 x 2 in the file, missing in the model"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
def test_a_file_of_another_model_is_refused_by_its_first_key(name: str, tmp_path: Path) -> None:
    other, words = MISFITS[name]
    state = {**other().state_dict(), **({"head": torch.zeros(1)} if name == "no norm" else {})}
    file = saved("bare", state, tmp_path)
    module = seeded(Small)
    with pytest.raises(UsageError) as raised:
        load(module, str(file), {})
    first, second = str(raised.value).splitlines()
    assert first.startswith(f"{file} does not fit this model: {words}, and ")
    assert "type backbone.weights=FILE" in second
    assert equal(module, seeded(Small).state_dict())


def test_whole_numbers_are_no_weights(tmp_path: Path) -> None:
    state = Small().state_dict()
    state["stem.weight"] = (state["stem.weight"] * 100).to(torch.int8)
    with pytest.raises(UsageError, match=r"stem.weight is 4 x 3 x 1 x 1 \(whole numbers\) in the file"):
        load(Small(), str(saved("bare", state, tmp_path)), {})


class Trap:
    """A pickle that would make a file where it is loaded."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
@pytest.mark.parametrize("kind", ["text", "empty", "cut", "picture", "trap", "module", "list", "nested"])
def test_what_is_no_state_dict_is_refused_and_never_executed(kind: str, suffix: str, tmp_path: Path) -> None:
    file, touched = tmp_path / f"w{suffix}", tmp_path / "touched"
    whole = saved("safetensors" if suffix == ".safetensors" else "bare", Small().state_dict(), tmp_path).read_bytes()
    contents = {"text": b"hello\n", "empty": b"", "cut": whole[: len(whole) // 2], "picture": b"\x89PNG\r\n\x1a\n" * 9}
    objects = {"trap": Trap(touched), "module": Small(), "list": [torch.zeros(2)], "nested": {"epoch": 3}}
    if kind in contents:
        file.write_bytes(contents[kind])
    else:
        torch.save(objects[kind], file)
    with pytest.raises(UsageError) as raised:
        read(file)
    first, second = str(raised.value).splitlines()
    assert str(file) in first
    assert "type backbone.weights=FILE" in second
    assert not touched.exists()


def test_a_compressed_file_is_not_mapped_as_if_it_were_none(tmp_path: Path) -> None:
    whole = saved("bare", Small().state_dict(), tmp_path)
    with zipfile.ZipFile(whole) as stored, zipfile.ZipFile(tmp_path / "c.pth", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))
    assert read(whole)
    with pytest.raises(UsageError, match="no file of tensors"):
        read(tmp_path / "c.pth")


@pytest.mark.parametrize(("typed", "problem"), [("gone.pth", "no such file"), ("a/photo.png", "neither a name nor"),
                                                ("IMAGENET", "neither a name nor"), ("", "neither")])  # fmt: skip
def test_what_is_neither_a_name_nor_a_file_is_answered_with_the_choices(typed: str, problem: str) -> None:
    with pytest.raises(UsageError) as raised:
        load(Small(), typed, {"V2": Remote("http://example.invalid/x.pth", 1), "V1": Remote("", 1)})
    assert not isinstance(raised.value, WeightsUnavailable)
    first, second = str(raised.value).splitlines()
    assert first.startswith(f"backbone.weights={typed}: ")
    assert problem in first
    assert second.startswith("choose from: V1, V2, random, or a file ending in .pth")


def test_a_name_is_found_in_the_cache_even_offline(hub: Path, caplog: pytest.LogCaptureFixture) -> None:
    state = seeded(Small, seed=1).state_dict()
    hub.mkdir(parents=True)
    file = saved("bare", state, hub).rename(hub / "small-00000000.pth")
    module = seeded(Small)
    remote = Remote("http://example.invalid/small-00000000.pth", 1)
    assert load(module, "V1", {"V1": remote}, offline=True) == {"weights": "V1", "weights_file": str(file)}
    assert equal(module, state)
    assert "small-00000000.pth is not the file that its name says" in caplog.text


def test_offline_without_the_file_is_answered_at_once(hub: Path) -> None:
    remote = Remote("http://example.invalid/small-00000000.pth", 98)
    with pytest.raises(WeightsUnavailable) as raised:
        load(Small(), "V1", {"V1": remote}, offline=True, hint="backbone=another")
    assert str(raised.value).splitlines() == [
        "the weights V1 are not on this machine, and offline=true",
        "type backbone.weights=FILE (the file is at http://example.invalid/small-00000000.pth), or backbone=another",
    ]
    assert not hub.exists()


class Server:
    """A server on this machine that gives `body`, of which it announces `promised` bytes; or stays silent."""

    def __init__(self, body: bytes, promised: int = -1, silent: bool = False, status: int = 200) -> None:
        self.requests, self.enough = 0, threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests += 1
                if silent:
                    server.enough.wait(30)
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if promised < 0 else promised))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})

    def remote(self, digest: str) -> Remote:
        return Remote(f"http://127.0.0.1:{self.http.server_port}/small-{digest}.pth", 98)

    def __enter__(self) -> "Server":
        self.thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.enough.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def body(tmp_path: Path) -> bytes:
    return saved("bare", seeded(Small, seed=1).state_dict(), tmp_path).read_bytes()


def test_a_download_is_announced_once_checked_and_kept(hub: Path, body: bytes, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    with Server(body) as server:
        remote = server.remote(hashlib.sha256(body).hexdigest()[:8])
        for _ in range(2):
            module = seeded(Small)
            load(module, "V1", {"V1": remote})
            assert equal(module, seeded(Small, seed=1).state_dict())
        assert server.requests == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"fetching the weights V1, about 98 MB, from {remote.url} to {remote.file}"
    ]
    assert [file.name for file in hub.iterdir()] == [remote.file.name]


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (lambda body: Server(body[:-1] + b"?"), "sha256 does not begin with"),
        (lambda body: Server(body, promised=len(body) + 7), "connection broke after"),
        (lambda body: Server(body, status=404), "HTTP Error 404"),
        (lambda body: Server(body, silent=True), "no answer within"),
    ],
)
def test_a_download_that_fails_leaves_nothing_and_is_not_tried_again(
    server: Callable[[bytes], Server], reason: str, hub: Path, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "TIMEOUT", 0.5)
    module = seeded(Small)
    with server(body) as running:
        remote = running.remote(hashlib.sha256(body).hexdigest()[:8])
        with pytest.raises(WeightsUnavailable) as raised:
            load(module, "V1", {"V1": remote}, hint="backbone=another")
        time.sleep(0.1)
        assert running.requests == 1
    first, second = str(raised.value).splitlines()
    assert first.startswith("the weights V1 could not be fetched: ")
    assert reason in first
    assert second.endswith(f"(the file is at {remote.url}), or backbone=another")
    assert list(hub.iterdir()) == []
    assert equal(module, seeded(Small).state_dict())


def test_a_name_server_that_stays_silent_costs_no_more_than_the_limit(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enough = threading.Event()

    def silence(*_: Any, **__: Any) -> Any:
        enough.wait(30)
        raise socket.gaierror("no name server")

    monkeypatch.setattr(socket, "getaddrinfo", silence)
    monkeypatch.setattr(weights, "TIMEOUT", 0.2)
    with pytest.raises(WeightsUnavailable, match="no answer within"):
        load(Small(), "V1", {"V1": Remote("http://weights.example/small.pth", 1)})
    assert not enough.is_set()  # it was not waited for
    enough.set()


def test_a_cache_that_cannot_be_written_is_a_reason_too(hub: Path, body: bytes) -> None:
    hub.parent.mkdir(parents=True)
    hub.write_text("a file where the folder should be")
    with Server(body) as server, pytest.raises(WeightsUnavailable, match="could not be fetched"):
        load(Small(), "V1", {"V1": server.remote("00000000")})


@given(st.integers(1, 4096), st.integers(1, 4096))
def test_sizes_are_height_by_width(height: int, width: int) -> None:
    assert parse_size(height) == parse_size(str(height)) == (height, height)
    assert parse_size(f"{height}x{width}") == (height, width)


@pytest.mark.parametrize("size", [0, -224, 4097, "", "x", "224x", "x224", "1x2x3", "2.5", "wide", "0x5", "224 px", "²"])
def test_what_is_no_size_is_refused(size: int | str) -> None:
    with pytest.raises(UsageError, match=r"backbone.size=.*\ntype backbone.size=224"):
        parse_size(size)
