"""`imgret help`: every option that is installed, and every command as its parser has it."""

import re
from typing import Any

import imgret
import imgret.commands
from imgret.__main__ import main


def test_help_names_every_option_and_loads_little(capsys: Any) -> None:
    from imgret.registry import KINDS, options

    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for kind in KINDS for name in options(kind) if name not in shown] == []
    assert all(
        f"\n{setting}=" in shown for setting in ("k", "top", "seed", "limit", "device", "offline", "rehash", "out")
    )
    for command in imgret.commands.NAMES:
        assert f"\npython -m imgret {command}" in shown or command == "help"
    lines = " ".join(shown.split())
    options = "[--where CONDITION] [--survivors] [--top N] [--copy] [--for-spreadsheets]"
    assert f"projector OUT [--run DIR] {options} a run in a form that" in lines
    listed = re.findall(r"^python -m imgret ([a-z-]+)\b", shown, re.MULTILINE)
    assert listed[listed.index("query") :][:4] == ["query", "assign", "runs", "evaluate"]
    assert "\npython -m imgret doctor [RUN...] [--dry] [--gc [matrices|features]] [--yes]\n" in shown
    assert "\npython -m imgret plugins check KIND/NAME [NAME=VALUE...]\n        hold a component" in shown
    starred = [line.split()[1] for line in shown.splitlines() if line.startswith("* ")]
    assert starred == ["files", "resnet50", "pca", "tsne", "kmeans", "cluster_rank"]
    assert all(len(line) <= 120 for line in shown.splitlines() if line[3:4].strip() and line.startswith("  "))


def test_a_long_line_of_help_is_cut_where_words_end() -> None:
    from imgret.commands.help import cut

    assert cut("short. And more") == "short. And more"
    assert cut("One sentence. " + "word " * 30) == "One sentence"
    assert cut("word " * 30) == "word " * 18 + "..."


def test_help_of_a_command_is_its_own(capsys: Any) -> None:
    assert main(["help", "plugins"]) == 0
    shown = capsys.readouterr().out
    assert re.findall(r"^usage: imgret (.*?) \[", shown, re.MULTILINE) == ["plugins", "plugins check", "plugins new"]
    assert main(["help", "querry"]) == 2
    assert "no command 'querry', did you mean query?" in capsys.readouterr().err
