"""Weights of backbones: found on this machine, or fetched once after saying so; read as tensors, never as code.

What is loaded fits in every key and shape, or is not loaded at all: no layer keeps random numbers unasked.
"""

from __future__ import annotations

import hashlib
import logging
import os
import queue
import re
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from imgret.errors import UsageError, is_full, too_little, unwritable
from imgret.store.files import sha256
from imgret.words import typed_path

if TYPE_CHECKING:
    from torch import Tensor, nn

TIMEOUT = 10.0  # seconds that a server, and the name server before it, may stay silent
SUFFIXES = (".pth", ".pt", ".safetensors")
HEADS = ("fc.", "classifier.")  # a classifier's tensors: cut off, so that they may be there or not
WRAPPERS = ("module.", "_orig_mod.")  # what data-parallel training and torch.compile put before every key
log = logging.getLogger("imgret")


class WeightsUnavailable(UsageError):
    """Weights that are neither on this machine nor to be had; a run in which none were asked for can do without."""


class Remote(NamedTuple):
    """A weights file on a server. `sha256` is the digest or its beginning; without it, that in the file's name counts.

    `name` is the file's name in the cache, if it is not the one in the URL.
    """

    url: str
    megabytes: float
    sha256: str = ""
    name: str = ""

    @property
    def file(self) -> Path:
        """Where torch's hub keeps the file on this machine, if it has it."""
        import torch

        return Path(torch.hub.get_dir(), "checkpoints", self.name or self.url.rpartition("/")[2])

    @property
    def digest(self) -> str:
        named = re.search(r"-([0-9a-f]{8,64})\.\w+$", self.url)  # as torchvision names its files
        return self.sha256 or (named[1] if named else "")


def seeded(build: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """The module that `build` makes, with the same random weights every time; torch's generator stays as it was."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def load(
    module: nn.Module, weights: str, known: Mapping[str, Remote], offline: bool = False, hint: str = ""
) -> dict[str, str]:
    """Load `weights` into a module without classifier, and return the facts for run.json.

    `weights` is a name in `known`, a file (.pth, .pt, .safetensors), or `random`: as `seeded` has made the module.
    `hint` is what else to type where a file cannot be had.
    Raises WeightsUnavailable for that, UsageError for a file that is missing, damaged, or of another model.
    """
    if weights == "random":
        return {"weights": "random"}
    file = fetch(known[weights], weights, offline, hint) if weights in known else local(weights, known)
    fill(module, read(file), file)
    return {"weights": weights if weights in known else file.name, "weights_file": str(file)}


def local(weights: str, names: Iterable[str] = ()) -> Path:
    """The file that a user typed. Raises UsageError, with the names that can be typed too, where it is none."""
    file = typed_path(weights)
    if file.suffix not in SUFFIXES or not file.is_file():
        problem = "there is no such file" if file.suffix in SUFFIXES else "neither a name nor a weights file"
        raise UsageError(
            f"backbone.weights={weights}: {problem}\n"
            f"choose from: {', '.join(sorted(names))}, random, or a file ending in {', '.join(SUFFIXES)}"
        )
    return file


def fetch(remote: Remote, what: str, offline: bool = False, hint: str = "") -> Path:
    """The file of a `Remote`, from the cache or, announced in one line, from its server.

    Raises WeightsUnavailable, within seconds, where it cannot be had, DiskFull where there is no room for it.
    """
    file = remote.file
    if file.is_file():
        if not sha256(file).startswith(remote.digest):
            log.warning("%s is not the file that its name says, by its sha256: is it what you want?", file)
        return file
    instead = f"type backbone.weights=FILE (the file is at {remote.url}){f', or {hint}' if hint else ''}"
    if offline:
        raise WeightsUnavailable(f"the weights {what} are not on this machine, and offline=true\n{instead}")
    log.error("fetching the weights %s, about %.0f MB, from %s to %s", what, remote.megabytes, remote.url, file)
    try:
        _download(remote, file)
    except Exception as error:  # a server and the way to it can fail in every way there is
        if is_full(error) or too_little(error):
            raise unwritable(file.parent, error, instead) from error
        reason = str(error).removeprefix("<urlopen error ").removesuffix(">") or type(error).__name__
        raise WeightsUnavailable(f"the weights {what} could not be fetched: {reason}\n{instead}") from error
    return file


def _download(remote: Remote, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream, _open(remote.url) as answer:
            received = 0
            while block := answer.read(1 << 20):
                received += stream.write(block)
            expected = int(answer.headers["Content-Length"] or received)
            stream.flush()
            os.fsync(stream.fileno())
        if received != expected:
            raise OSError(f"the connection broke after {received:,} of {expected:,} bytes")
        if not sha256(Path(temporary)).startswith(remote.digest):
            raise OSError(f"the file's sha256 does not begin with {remote.digest}")
        os.replace(temporary, file)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _open(url: str) -> Any:
    """The answer of a server; in a thread, because a name server's silence knows no timeout. Raises OSError."""
    import urllib.error
    import urllib.request

    answers: queue.Queue[Any] = queue.Queue()

    def ask() -> None:
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "imgret"})
            answers.put(urllib.request.urlopen(request, timeout=TIMEOUT))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=TIMEOUT)
    except queue.Empty:
        answer = TimeoutError()
    if isinstance(answer, TimeoutError) or isinstance(getattr(answer, "reason", None), TimeoutError):
        raise TimeoutError(f"no answer within {TIMEOUT:.0f} s")
    if isinstance(answer, urllib.error.HTTPError):
        answer.close()  # a refusal is an open connection too
    if isinstance(answer, Exception):
        raise answer
    return answer


def read(file: Path) -> dict[str, Tensor]:
    """The tensors of a weights file by key, without what wraps them. Nothing in the file is executed.

    The file is a state dict, or holds one as `state_dict` or `model`. Raises UsageError for anything else.
    """
    from safetensors.torch import load_file

    try:
        found = load_file(file) if file.suffix == ".safetensors" else _unpickle(file)
    except Exception as error:  # damaged bytes can raise anything
        reason = type(error).__name__
        raise UsageError(f"{file} is no file of tensors that can be read safely ({reason})\n{_wanted()}") from error
    for key in ("state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not found or not all(hasattr(tensor, "shape") for tensor in found.values()):
        raise UsageError(f"{file} holds no state dict, which is tensors by name\n{_wanted()}")
    state = {str(key): tensor for key, tensor in found.items()}
    for wrapper in WRAPPERS:
        if all(key.startswith(wrapper) for key in state):
            state = {key.removeprefix(wrapper): tensor for key, tensor in state.items()}
    return state


def _unpickle(file: Path) -> Any:
    import torch

    if zipped := zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            # torch.save compresses nothing: a mapped member that is would be taken for numbers as it lies there.
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise ValueError("compressed")
    return torch.load(file, map_location="cpu", weights_only=True, mmap=zipped)


def fill(module: nn.Module, state: Mapping[str, Tensor], file: str | Path) -> None:
    """Load `state` into `module`, whole. Raises UsageError that shows the first key that does not fit."""
    wanted = module.state_dict()
    extra = [key for key in state if key not in wanted and not key.startswith(HEADS)]
    # A counter that inference does not use, and that files of old lack, is no weight.
    lacking = [key for key in wanted if key not in state and not key.endswith("num_batches_tracked")]
    wrong = [key for key in wanted if key in state and _kind(state[key]) != _kind(wanted[key])]
    if bad := wrong or lacking or extra:
        there, needed = (_kind(tensors.get(bad[0])) for tensors in (state, wanted))
        others = len(wrong) + len(lacking) + len(extra) - 1
        raise UsageError(
            f"{file} does not fit this model: {bad[0]} is {there} in the file, {needed} in the model"
            f"{f', and {others:,} other keys' if others else ''}\n{_wanted()}"
        )
    module.load_state_dict({key: state[key] for key in wanted if key in state}, strict=False)


def fingerprint(module: nn.Module) -> str:
    """The digest of a module's weights, by name."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode() + tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def _kind(tensor: Tensor | None) -> str:
    if tensor is None:
        return "missing"
    shape = " x ".join(map(str, tensor.shape)) or "one number"
    return shape if tensor.is_floating_point() else f"{shape} (whole numbers)"


def _wanted() -> str:
    return "type backbone.weights=FILE, saved of this very model by torch.save(model.state_dict(), FILE) or safetensors"


def parse_size(size: int | str) -> tuple[int, int]:
    """(height, width) in pixels of `224`, a square, or `256x128`. Raises UsageError."""
    sides = [int(side) for side in str(size).lower().split("x") if side.isdecimal()]
    if len(sides) != str(size).lower().count("x") + 1 or len(sides) > 2 or not all(1 <= side <= 4096 for side in sides):
        raise UsageError(
            f"backbone.size={size}: pixels from 1 to 4096 are allowed, one number or height x width\n"
            "type backbone.size=224, or backbone.size=256x128"
        )
    return sides[0], sides[-1]
