"""Tab completion in bash: what is offered for a word that is begun."""

from pathlib import Path

import pytest

from imgret.completion import completions
from tests.test_config import _process


@pytest.mark.parametrize(
    ("line", "offered", "never"),
    [
        ("imgret ", {"query", "runs", "plugins", "help", "clusterer=", "k=", "seed="}, {"hydra."}),
        ("imgret q", {"query"}, {"runs", "k="}),
        ("imgret c", {"clusterer="}, {"commands"}),
        ("imgret ph", {"photos/"}, {"query"}),
        ("imgret photos clu", {"clusterer=", "clusterer."}, {"k="}),
        ("imgret photos k=3 clusterer=km", {"clusterer=kmeans"}, {"clusterer=dbscan"}),
        ("imgret 'my photos' clusterer=kmeans clusterer.n", {"clusterer.n_init="}, {"k="}),
        ("imgret query photos/", set(), {"k="}),
        ("imgret photos clusterer=nonsense clus", set(), set()),
        ("imgret", {"query"}, set()),
    ],
)
def test_tab_completion(line: str, offered: set[str], never: set[str]) -> None:
    Path("photos").mkdir()
    done = _process("-sc", "query=bash", COMP_LINE=line + "xyz", COMP_POINT=str(len(line)), IMGRET_PLUGINS="nowhere")
    found = set(done.stdout.decode().split())
    assert (done.returncode, done.stderr) == (0, b"")
    assert offered <= found
    assert not found & never


def test_folders_and_commands_are_offered_for_the_first_word_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.completion.hydra_itself", lambda words, main: print("k= clusterer. imgret hydra."))
    monkeypatch.setenv("COMP_LINE", "")
    for name in ("run one", "runs", "rust"):
        Path(name).mkdir()
    assert completions("imgret ru", ["query", "runs"]) == ["runs", "runs/", "rust/", "k=", "clusterer."]
    assert completions("imgret photos ", ["query", "runs"]) == ["k=", "clusterer."]
    assert completions("imgret query ", ["query", "runs"]) == []
