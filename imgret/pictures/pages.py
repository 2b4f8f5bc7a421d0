"""HTML pages that fetch no code: a template, its stylesheet and its script, inlined into one file.

`NAME.html`, `NAME.css` and `NAME.js` lie beside each other; what several pages share lies in `html/`. Stylesheets and
ES modules name what they need as browsers have it, so that the same files can be served as they are.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgret.words import printable

if TYPE_CHECKING:
    from markupsafe import Markup

HOME = Path(__file__).with_name("html")
NEEDED = {  # how a file names another, on a line of its own
    ".css": re.compile(r'^@import "\./(?P<file>[\w-]+\.css)";\n', re.MULTILINE),
    ".js": re.compile(r'^import \{(?P<names>[\w$]+(?:, [\w$]+)*)\} from "\./(?P<file>[\w-]+\.js)";\n', re.MULTILINE),
}
ANY_IMPORT = re.compile(r"@import|^\s*(?:import|export)\b.*|\bimport\s*[(.].*", re.MULTILINE)
DECLARED = re.compile(
    r"^(?P<export>export )?(?:const|let|var|class|(?:async )?function)\b(?: (?P<name>[\w$]+))?", re.MULTILINE
)
ENDS = re.compile(r"</(?:style|script)|<!--", re.IGNORECASE)  # what ends an inlined text, or hides its end


def filled(folder: Path, name: str, values: Mapping[str, Any], images: str = "'none'") -> str:
    """The page NAME of `folder`, with these values: all that is printed is made printable and escaped.

    No script or style runs but the page's own, and nothing is fetched but images, from where `images` says in the
    words of a Content-Security-Policy. Raises ValueError for code that cannot be inlined.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    homes = folder, HOME
    style, script = stylesheet(homes, f"{name}.css"), bundle(homes, f"{name}.js")
    policy = [
        "default-src 'none'",
        f"img-src {images}",
        "base-uri 'none'",
        "form-action 'none'",
        f"style-src {_digest(style)}",
        f"script-src {_digest(script)}",
    ]
    environment = Environment(
        loader=FileSystemLoader(homes),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for way_around in ("safe", "escape", "e", "forceescape"):
        del environment.filters[way_around]
    return environment.get_template(f"{name}.html").render(
        policy="; ".join(policy), style=Markup(style), script=Markup(script), **values
    )


def embedded(value: Any) -> Markup:
    """The value as JSON to stand in a script element: nothing in it can end that, whatever its texts hold."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def stylesheet(homes: Sequence[Path], name: str) -> str:
    """The stylesheet and, before it, those that it imports."""
    return "".join(_alone(file, NEEDED[".css"].sub("", text)) for file, text in _ordered(homes, name).items())


def bundle(homes: Sequence[Path], name: str) -> str:
    """The ES module and, before it, those that it imports, as one script whose names are its own.

    Raises ValueError where that would be another program: for a name that two modules declare, an import of what
    is not exported, and for other forms than `import {a, b} from "./file.js";` and a declaration that is exported.
    """
    public: dict[str, set[str]] = {}
    owner: dict[str, str] = {}
    parts = []
    for file, text in _ordered(homes, name).items():
        for found in NEEDED[".js"].finditer(text):
            unknown = set(found["names"].split(", ")) - public[found["file"]]
            if unknown:
                raise ValueError(f"{file} imports {', '.join(sorted(unknown))}, which {found['file']} does not export")
        public[file] = set()
        for found in DECLARED.finditer(text):
            declared = found["name"]
            if not declared:
                raise ValueError(f"{file}: {found[0]!r} is to be followed by one name")
            if owner.setdefault(declared, file) != file:
                raise ValueError(f"{declared} is declared in {owner[declared]} and in {file}")
            if found["export"]:
                public[file].add(declared)
        text = DECLARED.sub(lambda found: found[0].removeprefix("export "), NEEDED[".js"].sub("", text))
        parts.append(_alone(file, text))
    return '"use strict";\n{\n' + "".join(parts) + "}\n"


def _ordered(homes: Sequence[Path], name: str) -> dict[str, str]:
    """File -> text, of a file and all that it needs, each after what it needs. Raises ValueError for a circle."""
    texts: dict[str, str] = {}

    def add(file: str, above: tuple[str, ...]) -> None:
        if file in above:
            raise ValueError(f"a circle of imports: {' -> '.join((*above, file))}")
        if file not in texts:
            home = next((home for home in homes if (home / file).is_file()), homes[0])
            text = (home / file).read_text(encoding="utf-8")
            for found in NEEDED[Path(file).suffix].finditer(text):
                add(found["file"], (*above, file))
            texts[file] = text

    add(name, ())
    return texts


def _alone(file: str, text: str) -> str:
    """The text, which must need no other file any more, and be safe to inline."""
    found = ANY_IMPORT.search(text) or ENDS.search(text)
    if found:
        raise ValueError(f"{file}: {found[0].strip()!r} cannot be inlined")
    return text


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _shown(value: Any) -> Markup:
    """What is printed of a value; only what code of ours has marked as HTML stays as it is."""
    from markupsafe import Markup

    return value if isinstance(value, Markup) else Markup(escape(printable(str(value))))
