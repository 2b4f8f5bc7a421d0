"""The table of a sweep as Markdown and as LaTeX: what the screen shows, for a page or a paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from imgret.evaluation.jobs import Row
from imgret.evaluation.sweeptable import best, cell, columns, notes, runs, settings, values
from imgret.words import printable

MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#+!|~$&-]")
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "±": r"$\pm$", "°": r"$^\circ$", "*": r"$^*$", "…": r"\ldots{}", '"': r"\textquotedbl{}",
    "[": "{[}", "]": "{]}", "-": "{-}", "`": "{`}", "'": "{'}",
}  # fmt: skip


def markdown(rows: Sequence[Row]) -> str:
    """A table in GitHub's Markdown; what is marked is bold, and the notes are lines below."""
    head, *body = _cells(rows, in_markdown, lambda text: f"**{text}**")
    left = len(settings(rows))
    lines = [head, ["---"] * left + ["---:"] * (len(head) - left), *body]
    said = [f"- {in_markdown(note)}" for note in notes(rows)]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", *said, ""])


def latex(rows: Sequence[Row], name: str) -> str:
    r"""A `table` that needs no package, for `\input{table.tex}`; what is marked is bold, the caption has the notes.

    It is referred to by its `name`, ASCII without signs of TeX: `\ref{tab:name}`.
    """
    head, *body = _cells(rows, in_latex, lambda text: rf"\textbf{{{text}}}")
    left = len(settings(rows))
    lines = [rf"{' & '.join(line)} \\" for line in (head, *body)]
    caption = ". ".join(in_latex(note) for note in notes(rows))
    return "\n".join([
        r"\begin{table}", r"\centering", rf"\begin{{tabular}}{{{'l' * left}{'r' * (len(head) - left)}}}", r"\hline",
        lines[0], r"\hline", *lines[1:], r"\hline", r"\end{tabular}", rf"\caption{{{caption}.}}",
        rf"\label{{tab:{name}}}", r"\end{table}", "",
    ])  # fmt: skip


def in_markdown(text: str) -> str:
    """The text as it stands, whatever signs of Markdown or HTML it has."""
    return MARKDOWN.sub(lambda sign: f"\\{sign[0]}", printable(text))


def in_latex(text: str) -> str:
    """The text as it stands, whatever signs of TeX it has."""
    return "".join(LATEX.get(sign, sign) for sign in printable(text))


def _cells(rows: Sequence[Row], escaped: Callable[[str], str], bold: Callable[[str], str]) -> list[list[str]]:
    """Head and body, escaped; a row that failed says so in the first cell of its figures."""
    shown = columns(rows)
    marks = [best(rows, column) for column in shown]
    lines = [[*settings(rows).values(), "runs", *(column.title for column in shown)]]
    found = [[escaped(text) for text in lines[0]]]
    for place, row in enumerate(rows):
        line = [*map(escaped, values(row)), escaped(runs(row))]
        for column, marked in zip(shown, marks, strict=True):
            text = escaped(cell(column, row.figures.get(column.name), " ") if row.finished else "")
            line.append(bold(text) + escaped(marked.sign) if place in marked.rows else text)
        if not row.finished and shown:
            line[-len(shown)] = escaped(f"failed: {row.failed}")
        found.append(line)
    return found
