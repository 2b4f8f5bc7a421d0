"""Words of the command line, before Hydra sees them."""

from pathlib import Path

import pytest

from imgret.errors import UsageError
from imgret.settings.commandline import parts, tidy


@pytest.mark.parametrize(
    ("words", "tidied"),
    [
        ([], ["preset=demo"]),
        (["k=5"], ["k=5", "preset=demo"]),
        (["photos", "k=5"], ["images=photos", "k=5"]),
        (["-m", "photos", "k=5,6"], ["--multirun", "images=photos", "k=5,6"]),
        (["photos", "-m", "k=5,6"], ["--multirun", "images=photos", "k=5,6"]),
        (["-m", "photos,a=b", "k=5"], ["--multirun", "images=photos,a=b", "k=5"]),
        (["k=3", "-m"], ["--multirun", "k=3", "preset=demo"]),
        (["k=5", "-c", "job", "--resolve"], ["--cfg=job", "--resolve", "k=5", "preset=demo"]),
        (["-i", "k=5"], ["--info=all", "k=5", "preset=demo"]),
        (["-i", "defaults", "photos"], ["--info=defaults", "images=photos"]),
        (["--cfg=job", "-p", "hydra", "photos"], ["--cfg=job", "--package=hydra", "images=photos"]),
        (["~view", "photos=1"], ["~view", "photos=1", "preset=demo"]),
        (["a=b", "k=5"], ["images=a=b", "k=5"]),
        (["images=elsewhere"], ["images=elsewhere"]),
        (["source=digits"], ["source=digits"]),
        (["-c", "job"], ["--cfg=job", "preset=demo"]),
        (["-sc", "install=bash"], ["--shell-completion", "install=bash"]),
    ],
)
def test_words_as_hydra_takes_them(words: list[str], tidied: list[str], tmp_path: Path) -> None:
    Path("photos").mkdir()
    Path("a=b").mkdir()
    assert tidy(words, ["query"]) == tidied


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--k", "100"], "--k: settings are written name=value, without dashes\ntype k=100"),
        (["--k=100"], "--k=100: settings are written name=value, without dashes\ntype k=100"),
        (["--rehash"], "--rehash: settings are written name=value, without dashes\ntype rehash=true"),
        (["photos", "--rehash", "k=3"], "--rehash: settings are written name=value, without dashes\ntype rehash=true"),
        (["--offline"], "--offline: settings are written name=value, without dashes\ntype offline=true"),
        (["qeury", "x.jpg"], "no command, folder or setting 'qeury', did you mean query?"),
        (["photos", "kmeans"], "kmeans: settings are written name=value"),
        ([""], "an empty word"),
        (["photos", " "], "an empty word"),
        (["-m", "photos,nowhere"], "no command, folder or setting 'photos,nowhere', did you mean photos?"),
        (["nowehre/a b"], "nowehre/a b: there is no such folder or file\ngive a folder that has images in it"),
        (["fotos"], "no command, folder or setting 'fotos', did you mean photos?\ngive a folder that has images"),
        (["./fotos"], "./fotos: there is no such folder or file, did you mean photos?\ngive a folder"),
        (["photos", "photos"], "photos and photos: a run is of one folder\ngive one that holds both"),
        (["k=3", "photos", "k=2", "photos"], "photos and photos: a run is of one folder"),
        (["-m", "k=5,6", "-c", "job"], "--multirun and --cfg=job: only one of them at a time"),
        (["-c", "k=5"], "-c: choose from: job, hydra, all"),
        (["-m=yes"], "-m=yes: it takes no value"),
        (["photos", "--resolve"], "--resolve goes with --cfg"),
        (["-sc", "photos"], "completion is for bash"),
        (["~nobody/photos"], "~nobody/photos: there is no such folder or file\ngive"),
    ],
)
def test_words_that_are_none(words: list[str], says: str) -> None:
    Path("photos").mkdir()
    with pytest.raises(UsageError) as caught:
        tidy(words, ["query", "runs"])
    assert str(caught.value).startswith(says)


def test_commas_stand_between_values_except_in_paths_that_exist() -> None:
    for name in ("a", "b", "c,d", "e,f,g"):
        Path(name).mkdir()
    assert parts("a,b") == ["a", "b"]
    assert parts("c,d") == ["c,d"]
    assert parts("a,c,d,x,e,f,g") == ["a", "c,d", "x", "e,f,g"]
    Path("a,b").mkdir()
    assert parts("a,b") == ["a,b"]
