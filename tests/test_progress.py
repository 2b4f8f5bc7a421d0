"""Plain lines where there is no terminal, no more than one in twenty seconds."""

import logging
import threading

import pytest

from imgret import progress


def test_lines(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    with caplog.at_level(logging.INFO, "imgret"), progress.Progress("features", 1000, "images") as counter:
        for _ in range(10):
            now[0] += 5.0
            counter.advance(100)
    assert [r.getMessage() for r in caplog.records] == [
        "features: 400 of 1,000 images, 20 a second, 30 s left",
        "features: 800 of 1,000 images, 20 a second, 10 s left",
    ]


def test_a_long_stage_says_that_it_goes_on_and_one_that_is_counted_leaves_it_to_that(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.01)
    heard = threading.Event()
    caplog.handler.addFilter(lambda _: heard.set() or True)
    with caplog.at_level(logging.INFO, "imgret"), progress.under_way("view"):
        assert heard.wait(60)
    assert caplog.messages[0] == "view: under way for 0 s"
    caplog.clear()
    counting = progress.Progress("features", 10, "images")
    with caplog.at_level(logging.INFO, "imgret"), counting, progress.under_way("view"):
        threading.Event().wait(0.1)
    assert caplog.messages == []
    assert not [thread for thread in threading.enumerate() if thread.name == "imgret view"]
    with pytest.raises(ValueError, match="no"), counting:
        raise ValueError("no")
    with caplog.at_level(logging.INFO, "imgret"), progress.under_way("view"):  # nothing counts any more
        heard.clear()
        assert heard.wait(60)
