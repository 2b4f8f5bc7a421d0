"""The rules of the house: who imports whom, what is named where, what a start may load."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from imgret.registry import KINDS, options

ROOT = Path(__file__).parents[1]
OPEN_TO_PLUGINS = {"imgret", "imgret.plugin"}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("file", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda f: f.name)
def test_plugins_import_what_is_open_to_them_and_never_each_other(file: Path) -> None:
    for module in _imports(file):
        if module.startswith("imgret.plugins."):  # a private part of the same component
            assert module.rpartition(".")[2].startswith("_"), f"{file.name} imports {module}"
        elif module.partition(".")[0] == "imgret":
            assert module in OPEN_TO_PLUGINS, f"{file.name} imports {module}"
        assert module.partition(".")[0] not in ("hydra", "omegaconf")


def test_parts_of_plugins_serve_their_own_kind_and_a_folder_of_parts_one_component() -> None:
    """A part has an underscore, or lies in a folder beside the component that it is of."""
    users: dict[tuple[str, str], set[str]] = {}
    for file in sorted((ROOT / "plugins").rglob("*.py")):
        place = file.relative_to(ROOT / "plugins").with_suffix("").parts
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                names = [node.module] if node.module else [alias.name for alias in node.names]
                for kind, part, *deeper in ((*place[: -node.level], *name.split(".")) for name in names):
                    assert kind == place[0], f"{file.name} imports of {kind}"
                    assert part.startswith("_") or deeper, f"{file.name} imports {part}"
                    if deeper and place[1] != part:
                        users.setdefault((kind, part), set()).add(place[1])
    assert all(len(components) == 1 for components in users.values()), users


# Who may import whom: the rooms of imgret/, along the way of the data. All may import what lies on the ground.
GROUND = "blame contracts demands errors figures ops progress registry screen signatures streams version words"
MAY_IMPORT = {
    "store": "moved",
    "executors": "",
    "reading": "executors store",
    "features": "executors reading store",
    "pictures": "reading store",
    "settings": "reading",
    "clusters": "pictures settings store",
    "findings": "clusters executors features reading settings store",
    "search": "features findings reading settings store",
    "runs": "clusters findings reading search store",
    "evaluation": "features findings pictures reading runs settings store",
    "care": "clusters executors findings reading runs store",
    "exporters": "findings reading runs store",
    "checks": "features findings reading runs settings",
    "pipeline": "checks clusters evaluation executors features findings reading runs settings store",
    "config": "evaluation pipeline runs settings",
    "completion": "config",
    "commands": "care checks clusters config evaluation exporters findings pictures reading runs search settings store",
    "plugin": "executors features findings pictures reading store",
    "moved": "",
    "dropped": "",
    "__init__": "config runs",
    "__main__": "commands completion config evaluation pipeline runs settings",
}


def _room(module: str) -> str:
    """`imgret.store.files` lies in `store`, `imgret.pipeline` is a room by itself, `imgret` is `__init__`."""
    return [*module.split("."), "__init__"][1]


def _neighbours() -> dict[str, set[str]]:
    """The rooms that each room imports from."""
    found: dict[str, set[str]] = {}
    for file in sorted((ROOT / "imgret").rglob("*.py")):
        own = _room(".".join(file.relative_to(ROOT).with_suffix("").parts))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module == "imgret":
                names = [f"imgret.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            rooms = {_room(name) for name in names if name.partition(".")[0] == "imgret"}
            found.setdefault(own, set()).update(rooms - {own})
    return found


def test_rooms_import_only_what_is_written_here_and_all_of_that() -> None:
    for room, others in _neighbours().items():
        if room not in GROUND.split():
            asked = others - set(GROUND.split())
            assert asked == set(MAY_IMPORT[room].split()), f"{room} imports {sorted(asked)}"


def test_rooms_form_no_circle() -> None:
    TopologicalSorter(_neighbours()).prepare()  # raises CycleError with the circle


def test_a_wheel_has_every_room() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = set(tomllib.loads(text)["tool"]["setuptools"]["packages"])
    rooms = {f"imgret.{file.parent.name}" for file in (ROOT / "imgret").glob("*/__init__.py")}
    assert named == rooms | {"imgret", "imgret.configs", "imgret.plugins"}


def test_hydra_appears_where_settings_are_composed_only() -> None:
    for file in sorted((ROOT / "imgret").rglob("*.py")):
        if any(module.partition(".")[0] in ("hydra", "omegaconf") for module in _imports(file)):
            assert file.relative_to(ROOT / "imgret").as_posix() in ("config.py", "settings/hydra.py")


def test_no_component_is_named_in_the_package() -> None:
    """Plain words that are also options (none, exact, files, ...) are not looked for."""
    words = {name for kind in KINDS[:6] for name in options(kind)} - {"none", "exact", "files", "pixels", "pca", "timm"}
    assert {"kmeans", "tsne", "resnet50", "umap", "dbscan"} <= words
    pattern = re.compile(r"\b(" + "|".join(sorted(words)) + r")\b")
    for file in sorted((ROOT / "imgret").rglob("*.py")):
        code = ast.parse(file.read_text(encoding="utf-8"))
        docs = {
            ast.get_docstring(n, clean=False)
            for n in ast.walk(code)
            if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)
        }
        for node in ast.walk(code):
            text = node.value if isinstance(node, ast.Constant) else getattr(node, "id", getattr(node, "attr", ""))
            if isinstance(text, str) and text not in docs:
                assert not pattern.search(text) or "python -m imgret" in text, f"{file.name}: {text!r}"


def test_a_start_is_light() -> None:
    code = "import sys, imgret; from imgret.__main__ import main; main(['--help'])"
    code += "; heavy = {'torch', 'sklearn', 'hydra', 'scipy', 'PIL', 'matplotlib', 'jinja2'}"
    code += "; sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def _sources() -> dict[Path, Path]:
    """Each source file by the test that is named for it. Parts, old names and the version have none of their own."""
    tests = ROOT / "tests"
    return {
        above / file.relative_to(ROOT / folder).with_name(f"test_{file.name}"): file
        for folder, above, pattern in (
            ("imgret", tests, "*.py"), ("imgret", tests, "*/*.py"), ("plugins", tests / "plugins", "*/*.py"),
        )
        for file in sorted((ROOT / folder).glob(pattern))
        if file.name[0] != "_" and file.parent.name != "moved" and file.name != "version.py"
    }  # fmt: skip


CHOSEN = {"checks", "commands", "exporters", *(f"{kind}s" for kind in KINDS)}  # whose files are named as is typed


def _runs(test: Path, file: Path) -> bool:
    """Whether a test imports the file that it is named for, or says the word by which that is chosen."""
    module = f"imgret.{'.'.join(file.relative_to(ROOT).with_suffix('').parts).removeprefix('imgret.')}"
    word = file.stem.replace("_", "-") if file.parent.name == "commands" else file.stem
    for node in ast.walk(ast.parse(test.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        above = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        if module in {f"{above}{name}" for name in names} | {above[:-1]}:
            return True
        if file.parent.name in CHOSEN and isinstance(node, ast.Constant) and node.value == word:
            return True
    return False


def test_every_component_has_its_file() -> None:
    for kind in KINDS:
        assert set(options(kind)) == {f.stem for f in (ROOT / "plugins" / f"{kind}s").glob("*.py") if f.name[0] != "_"}


def test_every_file_has_its_test() -> None:
    missing = [str(test.relative_to(ROOT)) for test in _sources() if not test.is_file()]
    assert not missing, f"not there: {', '.join(missing)}"


def test_every_test_runs_the_file_that_it_is_named_for() -> None:
    named = {test: file for test, file in _sources().items() if test.is_file()}
    idle = [str(test.relative_to(ROOT)) for test, file in named.items() if not _runs(test, file)]
    assert not idle, f"of another file: {', '.join(idle)}"


def test_files_are_of_one_idea() -> None:
    long = {f.name: n for d in ("imgret", "plugins") for f in (ROOT / d).rglob("*.py")
            if (n := len(f.read_text(encoding="utf-8").splitlines())) > 250}  # fmt: skip
    assert not long
