"""Plain lines where there is no terminal, no more than one in twenty seconds."""

import logging

import pytest

from imgret import progress


def test_lines(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    with caplog.at_level(logging.INFO, "imgret"):
        counter = progress.Progress("features", 1000, "images")
        for _ in range(10):
            now[0] += 5.0
            counter.advance(100)
        counter.close()
    assert [r.getMessage() for r in caplog.records] == [
        "features: 400 of 1,000 images, 20 a second, 30 s left",
        "features: 800 of 1,000 images, 20 a second, 10 s left",
    ]
