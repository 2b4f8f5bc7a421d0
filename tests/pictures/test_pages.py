"""Pages: what is printed, what may be inlined, and the modules' own tests, which need node."""

import json
import re
import shutil
import subprocess
import tomllib
from base64 import b64encode
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

import pytest
from jinja2 import TemplateSyntaxError, UndefinedError
from markupsafe import Markup

from imgret.pictures import pages, sheet

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "plugins/reports/_page"
HOMES = {"report": (REPORT, pages.HOME), "sweep": (pages.HOME,), "compare": (pages.HOME,)}
HOSTILE = "</script><b title='\"'>&\u202e\n\udcff"


def written(folder: Path, **texts: str) -> Path:
    """The files a_html, b_js, ... of a page; those that a page needs and that are not given are empty."""
    for name, text in {"a_html": "", "a_css": "", "a_js": "", **texts}.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def test_all_that_is_printed_is_text(tmp_path: Path) -> None:
    shown = "&lt;/script&gt;&lt;b title=&#x27;&quot;&#x27;&gt;&amp;\\u202e\\n\\udcff"
    written(tmp_path, a_html='{{ x }}|<a title="{{ x }}">|{% for y in z %}{{ y }}{% endfor %}|{{ x ~ z[1] }}')
    assert pages.filled(tmp_path, "a", {"x": HOSTILE, "z": [HOSTILE, 3]}) == (
        f'{shown}|<a title="{shown}">|{shown}3|{shown}3'
    )
    written(tmp_path, a_html="{{ x }}")
    assert pages.filled(tmp_path, "a", {"x": Markup("<b>\u2009</b>")}) == "<b>\u2009</b>"


@pytest.mark.parametrize("way", ["safe", "escape", "e", "forceescape"])
def test_there_is_no_way_around(way: str, tmp_path: Path) -> None:
    written(tmp_path, a_html=f"{{{{ x | {way} }}}}")
    with pytest.raises(TemplateSyntaxError, match=f"No filter named '{way}'"):
        pages.filled(tmp_path, "a", {"x": HOSTILE})


def test_a_value_that_is_missing_is_no_empty_place(tmp_path: Path) -> None:
    written(tmp_path, a_html="{{ x }}")
    with pytest.raises(UndefinedError, match="'x' is undefined"):
        pages.filled(tmp_path, "a", {})


def test_data_cannot_end_the_script_that_they_stand_in() -> None:
    value = {"<!--": [HOSTILE, "\u2028&amp;", 1.5]}
    text = pages.embedded(value)
    assert not set("<>&\u2028\udcff") & set(text)
    assert json.loads(text) == value
    with pytest.raises(ValueError, match="not JSON compliant"):
        pages.embedded(float("nan"))


def test_nothing_but_the_page_s_own_code_may_run(tmp_path: Path) -> None:
    written(tmp_path, a_html='{% extends "base.html" %}', a_css="b { top: 0; }\n", a_js="const a = 1;\n")
    text = pages.filled(tmp_path, "a", {"title": "a"}, images="data:")
    script = '"use strict";\n{\nconst a = 1;\n}\n'
    digests = [b64encode(sha256(code.encode()).digest()).decode() for code in ("b { top: 0; }\n", script)]
    policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
    policy += "style-src 'sha256-{}'; script-src 'sha256-{}'".format(*digests)
    assert f'content="{policy}"'.replace("'", "&#x27;") in text
    assert f"<style>b {{ top: 0; }}\n</style>\n</head>\n<body>\n<script>{script}</script>" in text


def test_modules_stand_in_order_of_need_each_once(tmp_path: Path) -> None:
    written(
        tmp_path,
        a_js='import {$, twice} from "./b.js";\nimport {one} from "./c.js";\n\n$(twice(one));\n',
        b_js='import {Two} from "./c.js";\nexport const $ = x => x;\nexport function twice(x) {\n  return 2 * x;\n}\n',
        c_js="const hidden = 1;\nexport const one = hidden;\nexport class Two {}\n",
    )
    assert pages.bundle([tmp_path], "a.js") == (
        '"use strict";\n{\n'
        "const hidden = 1;\nconst one = hidden;\nclass Two {}\n"
        "const $ = x => x;\nfunction twice(x) {\n  return 2 * x;\n}\n"
        "\n$(twice(one));\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("const one = 1;", "export const one = 2;", "one is declared in b.js and in a.js"),
        ("function x() {}", "export const one = 1;\nclass x {}", "x is declared in b.js and in a.js"),
        ("", "const one = 2;", "a.js imports one, which b.js does not export"),
        ("const {x} = {};", "export const one = 2;", "a.js: 'const' is to be followed by one name"),
        ("", 'import {two} from "./a.js";\nexport const one = 1;', "a circle of imports: a.js -> b.js -> a.js"),
        ('import x from "./b.js";', "export const one = 1;", "import x from"),
        ('import {one as x} from "./b.js";', "export const one = 1;", "cannot be inlined"),
        ('import * as x from "./b.js";', "export const one = 1;", "cannot be inlined"),
        ("import {one} from './b.js';", "export const one = 1;", "cannot be inlined"),
        ('  import "./b.js";', "export const one = 1;", "cannot be inlined"),
        ('const x = await import("./b.js");', "export const one = 1;", "cannot be inlined"),
        ("const x = import.meta.url;", "export const one = 1;", "cannot be inlined"),
        ("", "export default 1;\nexport const one = 1;", "'export default 1;' cannot be inlined"),
        ("", "const one = 1;\nexport {one};", "'export {one};' cannot be inlined"),
        ("", 'export const one = 1;\nexport * from "./c.js";', "cannot be inlined"),
        ("", "export const one = '</SCRIPT>';", "b.js: '</SCRIPT' cannot be inlined"),
        ("", "export const one = '<!--';", "b.js: '<!--' cannot be inlined"),
    ],
)
def test_what_would_be_another_program_is_none(a: str, b: str, says: str, tmp_path: Path) -> None:
    written(tmp_path, a_js=f'import {{one}} from "./b.js";\n{a}\n', b_js=f"{b}\n")
    with pytest.raises(ValueError, match=re.escape(says)):
        pages.bundle([tmp_path], "a.js")


def test_stylesheets_stand_below_what_they_import(tmp_path: Path) -> None:
    written(tmp_path, a_css='@import "./b.css";\n\na { top: 0; }\n', b_css="b { top: 0; }\n")
    assert pages.stylesheet([tmp_path], "a.css") == "b { top: 0; }\n\na { top: 0; }\n"
    for wrong in ("@import url(b.css);", '@import "//elsewhere/b.css";', "b { content: '</style>'; }"):
        written(tmp_path, a_css=f"{wrong}\n")
        with pytest.raises(ValueError, match=r"a\.css: .* cannot be inlined"):
            pages.stylesheet([tmp_path], "a.css")


def test_the_colours_are_those_of_the_pictures() -> None:
    text = pages.stylesheet([pages.HOME], "base.css")
    light = dict(re.findall(r"--(\w+): (#\w+)", text.partition("@media")[0]))
    for name in ("mat", "ink", "accent"):
        assert light[name] == "#{:02x}{:02x}{:02x}".format(*getattr(sheet, name.upper()))
    assert (light["paper"], sheet.PAPER) == ("#fff", (255, 255, 255))


def test_a_wheel_carries_every_file_of_the_pages() -> None:
    carried = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for package, home, folder in (
        ("imgret", ROOT / "imgret", pages.HOME),
        ("imgret.plugins", ROOT / "plugins", REPORT),
    ):
        files = [file.relative_to(home).as_posix() for file in folder.iterdir()]
        assert len(files) > 5
        assert [file for file in files if not any(fnmatch(file, pattern) for pattern in carried[package])] == []


def node(*words: object) -> None:
    """Run node, 20.19 or later: the first that knows a module by its text. Skips the test without it."""
    if not shutil.which("node"):
        pytest.skip("there is no node")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, version.strip("v\n").split(".")[:2])) < (20, 19):
        pytest.skip(f"node is {version.strip()}: 20.19 is needed")
    done = subprocess.run(["node", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_modules_own_tests_pass() -> None:
    files = sorted((ROOT / "tests/js").glob("test_*.mjs"))
    assert files
    node("--test", *files)


@pytest.mark.parametrize("name", HOMES)
def test_the_scripts_are_programs(name: str, tmp_path: Path) -> None:
    file = tmp_path / "bundle.cjs"
    file.write_text(pages.bundle(HOMES[name], f"{name}.js"), encoding="utf-8")
    node("--check", file)
