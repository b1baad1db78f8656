"""Log lines: stable, in one shape, without secrets, and not the same one a thousand times."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import TYPE_CHECKING

import pytest
import structlog

from smwatch import log
from smwatch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "canary-5e3d-token"


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Logging set up to a stream, and put back."""
    before = sys.excepthook, logging.getLogger().handlers[:], logging.getLogger().level
    stream = io.StringIO()
    log.configure(stream)
    monkeypatch.setenv("SMWATCH_TEST_CANARY", CANARY)
    Secret("env", "SMWATCH_TEST_CANARY").reveal()
    yield stream
    structlog.reset_defaults()
    sys.excepthook, logging.getLogger().handlers[:] = before[0], before[1]
    logging.getLogger().setLevel(before[2])


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_its_event_and_keys(out: io.StringIO) -> None:
    structlog.get_logger("x").info("source_fetched", items=3, name="Müller")
    (line,) = lines(out)
    assert (line["event"], line["items"], line["name"], line["level"]) == ("source_fetched", 3, "Müller", "info")


def test_no_way_out_shows_a_secret(out: io.StringIO) -> None:
    structlog.get_logger("x").info("called", url=f"https://hooks.example/{CANARY}")
    logging.getLogger("a.library").error("token %s refused", CANARY)
    try:
        raise RuntimeError(CANARY)
    except RuntimeError as error:
        structlog.get_logger("x").exception("failed")
        sys.excepthook(type(error), error, error.__traceback__)
    log.from_asyncio(None, {"message": CANARY, "exception": ValueError(CANARY)})  # type: ignore[arg-type]
    assert len(lines(out)) == 5
    assert CANARY not in out.getvalue()


def test_libraries_come_out_in_the_same_shape_from_warnings_on(out: io.StringIO) -> None:
    logging.getLogger("a.library").info("chatter")
    logging.getLogger("a.library").warning("trouble")
    (line,) = lines(out)
    assert (line["event"], line["level"]) == ("trouble", "warning")


def test_an_equal_warning_is_said_once_a_minute_and_counted() -> None:
    now = 0.0
    damper = log.Damper(lambda: now)

    def say(event: str) -> dict[str, object] | None:
        try:
            return dict(damper(None, "", {"event": event, "level": "warning", "timestamp": now}))
        except structlog.DropEvent:
            return None

    assert say("full") == {"event": "full", "level": "warning", "timestamp": 0.0}
    assert [say("full") for _ in range(3)] == [None, None, None]
    assert say("other") is not None
    now = 61.0
    assert say("full") == {"event": "full", "level": "warning", "timestamp": 61.0, "repeated": 3}


def test_news_is_never_damped(out: io.StringIO) -> None:
    for _ in range(3):
        structlog.get_logger("x").info("source_fetched")
    assert len(lines(out)) == 3


def test_a_librarys_equal_line_is_left_out_without_harm_to_the_library(out: io.StringIO) -> None:
    for _ in range(3):
        logging.getLogger("a.library").warning("trouble with %s", "it")
    assert [line["event"] for line in lines(out)] == ["trouble with it"]
