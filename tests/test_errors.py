"""What goes wrong ends with the exit code that help tells of."""

from pathlib import Path
from typing import Any

import pytest

from imgret.__main__ import main
from imgret.commands.help import EXIT_CODES
from imgret.errors import StoreDamaged, TooManyFailed, UsageError


@pytest.mark.parametrize(("error", "code"), [(UsageError, 2), (TooManyFailed, 3), (StoreDamaged, 4)])
def test_an_error_is_its_words_and_its_code(
    error: type[UsageError], code: int, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def fails(words: list[str]) -> None:
        raise error("what was given\nwhat to type")

    Path("runs").mkdir()
    monkeypatch.setattr("imgret.commands.runs.main", fails)
    assert main(["runs"]) == code
    assert capsys.readouterr() == ("", "imgret: what was given\nwhat to type\n")
    assert code in EXIT_CODES
