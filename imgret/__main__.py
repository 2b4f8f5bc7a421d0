"""`python -m imgret`: a command, or a run."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgret.commands import NAMES
from imgret.errors import FAULT, STOPPED, Fault, UsageError, is_full, refuse_nowhere, too_little, unwritable
from imgret.registry import load_plugins
from imgret.screen import Lines, complain, gated, say
from imgret.streams import quiet_end, unprinted, unread
from imgret.version import VERSION
from imgret.words import shown_path

if TYPE_CHECKING:
    from imgret.evaluation.jobs import Asked
    from imgret.evaluation.sweep import Sweep
    from imgret.runs.again import Again
    from imgret.runs.run import Run

LEVELS = {"quiet": logging.ERROR, "info": logging.INFO, "debug": logging.DEBUG}  # of log=
FROM = "--from"  # the file of what is to be made again
PATIENCE = 10  # seconds after a signal to end in which a further one disturbs no cleaning up


@gated()
def main(words: Sequence[str] | None = None) -> int:
    """Run what `words` (default: the command line) say; the exit code, one of `EXIT_CODES`."""
    last = words is None  # what this process does, and all that it does
    words = sys.argv[1:] if words is None else list(words)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait by spinning halve a machine that is shared
    _talk(words)
    try:
        with _stopped_alike(last), quiet_end(sys.stderr):
            command = words[:1] and words[0] in NAMES
            faults = _do([word for word in words if word != "log=debug"] if command else words)
            sys.stdout.flush()
    except KeyboardInterrupt:
        complain("stopped; what was computed is kept, and the same command goes on from there")
        return STOPPED
    except BrokenPipeError as error:
        if unread():
            return 0
        faults = [error]
    except Exception as error:
        faults = [error]
    told = {str(fault): unprinted(fault) or fault for fault in faults}
    return max(map(_tell, told.values()), default=0)


def _do(words: list[str]) -> list[Exception]:
    """What was asked for; returns what went wrong in the runs of a sweep, raises what went wrong before."""
    refuse_nowhere()
    if words and words[0] in NAMES:
        import_module(f"imgret.commands.{words[0].replace('-', '_')}").main(words[1:])
        return []
    if {"-h", "--help"} & set(words):
        import_module("imgret.commands.help").main([])
        return []
    if "--version" in words:
        say(f"imgret {VERSION}")
        return []
    from imgret.settings.commandline import tidy

    recorded = None
    if any(word.partition("=")[0] == FROM for word in words):
        words, recorded = _again(words)
    typed, words = words, words if recorded else tidy(words, NAMES)
    completing = "--shell-completion" in words and words[-1].startswith("query=")
    if completing:  # nothing but suggestions may reach the terminal
        logging.getLogger("imgret").setLevel(logging.CRITICAL)
    load_plugins()
    from imgret.config import is_sweep, run_from_command_line

    if completing:
        from imgret.completion import completions

        line = os.environ.get("COMP_LINE", "")
        say(*completions(line[: int(os.environ.get("COMP_POINT") or len(line))], NAMES))
        return []
    from imgret.evaluation.sweep import Sweep, said_once

    sweep, met = Sweep(typed, words, quiet="log=quiet" in words), set[str]()

    def one(settings: dict[str, Any], asked: Asked | None) -> None:
        done = job(settings, asked, sweep)
        met.update([done.info.data] if done else [])

    every_line = not is_sweep(words) or any(word.startswith("log=") for word in words)
    try:
        with nullcontext() if every_line else said_once():
            faults = run_from_command_line(words, one, sweep)
    except KeyboardInterrupt:
        with suppress(BrokenPipeError):
            sweep.finish()
        raise
    except BrokenPipeError:
        sweep.write()
        raise
    try:
        sweep.finish()
    except UsageError as error:
        faults.append(error)
    if recorded and recorded.data and met - recorded.data:
        logging.getLogger("imgret").warning("the images are not those that were recorded: figures do not compare")
    return [*faults, *sweep.faults]


def _again(words: Sequence[str]) -> tuple[list[str], Again]:
    """The settings of what is to be made again, by the file that is named and what is typed beside; and that file."""
    from imgret.runs import again
    from imgret.settings.commandline import tidy

    rest = list(words)
    at = next(place for place, word in enumerate(rest) if word.partition("=")[0] == FROM)
    _, equals, file = rest.pop(at).partition("=")
    file = file if equals else rest.pop(at) if at < len(rest) else ""
    if not file:
        raise UsageError(f"{FROM} needs a file\ntype {FROM} FILE, the folder of a run or a sweep, or its sweep.yaml")
    found, end = again.read(file), "preset="  # with which `tidy` adds no demo
    typed = [word for word in tidy([*rest, end], NAMES) if word != end]
    settings = sorted(again.over(typed, found.words), key=lambda word: not word.startswith("--"))
    if "log=quiet" not in settings:
        log = logging.getLogger("imgret")
        log.info("from %s: python -m imgret %s", file, shlex.join(settings))
        others = [f"{each.what} {each.first or 'none'} → {each.second or 'none'}" for each in found.otherwise()]
        if others:
            log.warning("versions are not those that were recorded: %s", ", ".join(others))
    again.refuse_elsewhere(found, settings)
    return settings, found


@contextmanager
def _stopped_alike(last: bool) -> Iterator[None]:
    """Being told to end, by whatever manages processes or because the terminal is gone, is answered as Ctrl-C is.

    Told again within PATIENCE, it is ending already. Later it may be that the first was lost, as in a destructor, where
    Python ignores what is raised. Where this is the `last` thing that the process does, nothing stops its way out.
    """
    told = 0.0  # when, by the monotonic clock; 0: not yet

    def stop(*_: object) -> None:
        nonlocal told
        if not told or time.monotonic() - told > PATIENCE:
            told = time.monotonic()
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {each: signal.getsignal(each) for each in signals}
    for each in signals:
        if before[each] != signal.SIG_IGN:  # as nohup has it
            signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, signal.SIG_IGN if last and told else handler)


def _tell(fault: Exception) -> int:
    """One or two lines on stderr, with a traceback where it was asked for; the exit code that goes with it."""
    told = fault
    if not isinstance(fault, UsageError):
        if is_full(fault):
            told = unwritable(getattr(fault, "filename", None) or "a disk", fault)
        else:
            told = too_little(fault) or fault
    if isinstance(told, Fault) and told.told:
        pass
    elif isinstance(told, UsageError):
        complain(told)
    else:
        said = " ".join(str(fault).splitlines())
        complain(f"a fault of imgret's own, {type(fault).__name__}: {said}\ntype the same with log=debug to see where")
    if logging.getLogger("imgret").isEnabledFor(logging.DEBUG):
        traceback.print_exception(fault)
    return told.exit_code if isinstance(told, UsageError) else FAULT


def job(settings: dict[str, Any], asked: Asked | None, sweep: Sweep) -> Run:
    """One run, and its summary on the screen; in a sweep, a line."""
    from imgret.pipeline import run
    from imgret.runs.summary import summary

    logging.getLogger("imgret").setLevel(LEVELS[settings["log"]])
    if settings["about"] is not None:
        logging.getLogger("imgret").info(settings["about"])
    done = run(settings)
    sweep.faults += done.faults
    if asked:
        sweep.add(asked, done)
        return done
    try:
        say(*([shown_path(done.folder)] if settings["log"] == "quiet" else summary(done)), flush=True)
    except OSError:
        logging.getLogger("imgret").info("the run is there, and whole: %s", done.folder)
        raise
    return done


def _talk(words: Sequence[str]) -> None:
    """Our own log on stderr, as loud as was typed; other libraries' only when looking for a fault."""
    debug = "log=debug" in words
    log = logging.getLogger("imgret")
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(Lines())
        log.addHandler(handler)
    log.setLevel(LEVELS[next((word[4:] for word in words if word[:4] == "log=" and word[4:] in LEVELS), "info")])
    log.propagate = False
    if not debug:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("default", r"imgret\.[\w.]+ has moved", DeprecationWarning)  # a plug-in is to be mended


if __name__ == "__main__":
    sys.exit(main())
