"""The table of a sweep in Markdown and LaTeX: what is bold, and texts that stay texts."""

from imgret.evaluation.jobs import fold
from imgret.evaluation.sweeptexts import in_latex, in_markdown, latex, markdown
from tests.evaluation.test_jobs import job

ROWS = fold(
    [
        job(1, {"a_b": "x|y"}, n_clusters=2, nmi=0.25),
        job(2, {"a_b": "50%"}, n_clusters=3, nmi=0.5),
        job(3, {"a_b": "&"}, failed="too\nlarge_"),
    ]
)


def test_markdown() -> None:
    lines = markdown(ROWS).splitlines()
    assert lines[:5] == [
        r"| a\_b | runs | clusters | NMI |",
        "| --- | ---: | ---: | ---: |",
        r"| x\|y | 1 | 2 | 0.250 |",
        "| 50% | 1 | 3 | **0.500**° |",
        r"| \& | 0 of 1 | failed: too\_ |  |".replace(r"too\_", r"too\\nlarge\_"),
    ]
    assert lines[5] == ""
    assert lines[6].startswith("- ° the best of its column, and no claim: one seed")


def test_latex() -> None:
    lines = latex(ROWS, "2026-sweep").splitlines()
    assert lines[2:9] == [
        r"\begin{tabular}{lrrr}",
        r"\hline",
        r"a\_b & runs & clusters & NMI \\",
        r"\hline",
        r"x\textbar{}y & 1 & 2 & 0.250 \\",
        r"50\% & 1 & 3 & \textbf{0.500}$^\circ$ \\",
        r"\& & 0 of 1 & failed: too\textbackslash{}nlarge\_ &  \\",
    ]
    assert lines[11].startswith(r"\caption{$^\circ$ the best of its column")
    assert lines[12:] == [r"\label{tab:2026-sweep}", r"\end{table}"]


def test_signs_are_text() -> None:
    assert in_latex("\\input{x} $y$ ~^#% ±\x1b") == (
        r"\textbackslash{}input\{x\} \$y\$ \textasciitilde{}\textasciicircum{}\#\% $\pm$\textbackslash{}x1b"
    )
    assert in_markdown("<b>[x](y) `z` *w*\n") == r"\<b\>\[x\]\(y\) \`z\` \*w\*\\n"
