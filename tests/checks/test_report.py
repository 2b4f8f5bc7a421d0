"""A report's contract: what is wrong is found, and said."""

from pathlib import Path
from typing import Any

from imgret import registry
from imgret.checks import faults


def test_reports_with_a_fault() -> None:
    def writes(name: str, data: Any = b"1", told: bool = True) -> Any:
        def report(run: Any, folder: Path) -> list[Path]:
            """Wrong."""
            (folder / name).write_bytes(data(folder) if callable(data) else data)
            return [folder / name] if told else []

        return report

    def opens(run: Any, folder: Path) -> list[Path]:
        """Wrong."""
        return [run.open(row) for row in range(len(run.ids))] and []

    expected = {
        "outside of the folder that it was given, x.txt": writes("../x.txt"),
        "without returning its path x.txt": writes("x.txt", told=False),
        "x.txt differs": writes("x.txt", lambda folder: bytes(folder)),
        "FileNotFoundError": opens,
        "it wrote nothing": lambda run, folder: [],
        "no file of its own lies: items.csv": lambda run, folder: [folder / "items.csv"],
    }
    for fault, report in expected.items():
        registry._found["report", "wrong"] = report
        assert fault in "\n".join(faults("report", "wrong")), fault
