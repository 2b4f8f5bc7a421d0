"""Tab completion in bash: what the last word of a command line may become."""

from __future__ import annotations

import glob
import io
import os
import re
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress

from imgret.config import hydra_itself


def completions(line: str, commands: Sequence[str]) -> list[str]:
    """What the last word of a command line may become: Hydra's suggestions, and for the first word ours too."""
    before, word = line.split()[1:], ""
    if before and not line[-1].isspace():
        *before, word = before
    typed = [each for each in before if not each.startswith("-")]
    if typed and typed[0] in commands:
        return []  # the shell's own: files
    offered = [] if typed else [each for each in commands if each.startswith(word)]
    if not typed and word:
        offered += sorted(p + os.sep for p in glob.glob(glob.escape(word) + "*") if os.path.isdir(p) and " " not in p)
    readable = [each for each in before if re.fullmatch(r"-m|--multirun|[+~]*[\w./]+=[\w.,[\]-]*", each)]
    os.environ["COMP_LINE"] = " ".join(("imgret", *readable, word))
    found = io.StringIO()
    with redirect_stdout(found), redirect_stderr(io.StringIO()), suppress(Exception, SystemExit):
        hydra_itself(["-sc", "query=bash"], lambda cfg: None)
    ours = [w for w in found.getvalue().split() if w.startswith("hydra") <= word.startswith("hydra")]
    return offered + [w for w in ours if "=" in w or w.endswith(".")]  # folders of the package are no options
