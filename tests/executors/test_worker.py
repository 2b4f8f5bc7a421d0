"""What a worker is sent, and what it answers; spoken to in this process, over a pipe."""

import os
import pickle
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread
from types import ModuleType

import pytest

from imgret.errors import UsageError
from imgret.executors import worker
from imgret.executors.worker import refuse_worker, work, wrapped


def shout(word: str) -> str:
    if word == "raise":
        raise ValueError("a fault")
    return word.upper()


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_at_work", False)


def test_each_place_is_said_before_its_answer_and_a_fault_is_an_answer() -> None:
    ours, theirs = Pipe()
    ours.send_bytes(wrapped(shout, 60))
    thread = Thread(target=work, args=(theirs,))
    thread.start()
    ours.send(["a", "raise"])
    ours.send(["b"])
    assert [ours.recv() for _ in range(3)] == [[], 0, 1]
    answers = ours.recv()
    assert answers[0] == (None, "A")
    assert str(answers[1][0]) == "a fault"
    assert "in shout" in answers[1][0].__notes__[0]
    assert [ours.recv(), ours.recv()] == [0, [(None, "B")]]
    with pytest.raises(UsageError, match="is run again by a worker process"):
        refuse_worker()
    ours.close()
    thread.join(60)
    assert not thread.is_alive()
    theirs.close()


SOURCE = """
from imgret.executors.local import spread
class Mine:
    def __call__(self, thing): return thing.upper()
"""
UNGUARDED = SOURCE + "print([part for _, part in spread(Mine(), ['a'])])\n"
GUARDED = SOURCE + "if __name__ == '__main__': print([part for _, part in spread(Mine(), ['a'])])\n"


def _python(*words: str, typed: str = "") -> tuple[str, str]:
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, *words], input=typed, capture_output=True, text=True, env=env, check=False)
    return done.stdout, done.stderr


def test_a_script_s_own_class_is_found_where_the_script_is_guarded() -> None:
    Path("guarded.py").write_text(GUARDED)
    assert _python("guarded.py") == ("[['A']]\n", "")


def test_what_was_typed_into_python_is_not_in_a_worker_and_that_is_said() -> None:
    for _, told in (_python("-c", UNGUARDED), _python("-", typed=UNGUARDED)):
        assert "UsageError: what was typed into Python, or into a notebook, is not there in worker processes" in told
        assert "write it to a file NAME.py, and import it from there" in told


def test_a_script_without_a_guard_that_a_worker_runs_again_is_told_what_it_lacks() -> None:
    Path("unguarded.py").write_text(UNGUARDED)
    said, told = _python("unguarded.py")
    assert said == ""
    assert "UsageError: unguarded.py is run again by a worker process, for what it defines" in told
    assert "put what it does under `if __name__ == '__main__':`" in told


def test_only_what_the_script_defines_makes_a_worker_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    script = ModuleType("__main__")
    script.__file__ = __file__
    monkeypatch.setitem(sys.modules, "__main__", script)
    assert pickle.loads(wrapped(shout, 60))[3] == {}
    script.shout = shout  # type: ignore[attr-defined]
    monkeypatch.setattr(shout, "__module__", "__main__")
    assert pickle.loads(wrapped(shout, 60))[3] == {"init_main_from_path": __file__}
    script.__file__ = "<stdin>"
    assert pickle.loads(wrapped(shout, 60))[3] == {}
