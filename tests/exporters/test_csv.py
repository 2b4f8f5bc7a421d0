"""The format csv: the run's own table."""

from pathlib import Path

from imgret import Run
from imgret.__main__ import main


def test_it_is_the_table_of_items(run: Run) -> None:
    assert main(["export", "csv", "t.csv"]) == 0
    assert Path("t.csv").read_bytes() == (run.folder / "items.csv").read_bytes()
