"""Logging: structlog with stable event names, JSON to the journal, pretty on a terminal.

The last step of every line, wherever it comes from (structlog, a library's logger, an uncaught exception), takes out
every secret that this process has read. A line that repeats itself is said once and then counted.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from smwatch.lean import without
from smwatch.secret import redact

if sys.stderr.isatty():
    import structlog
else:
    with without("rich"):  # its colours: 4 MB
        import structlog

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, MutableMapping
    from types import TracebackType

    from structlog.typing import EventDict, Processor, WrappedLogger

DAMPED_FOR = 60.0  # seconds in which an equal line is only counted
REMEMBERED = 1000  # different lines whose repetition is watched
_UNCOUNTED = {"timestamp", "exception", "exc_info"}


class Damper:
    """Lets a line through once a minute; the next one says how many were left out (`repeated`)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[float, int]] = {}

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG002 - structlog's shape
        """Pass `event` on, or drop it."""
        same = repr(sorted((k, str(v)) for k, v in event.items() if k not in _UNCOUNTED))
        dropped = self.judge(event.get("level", ""), same)
        if dropped is None:
            raise structlog.DropEvent
        if dropped:
            event["repeated"] = dropped
        return event

    def judge(self, level: str, same: str) -> int | None:
        """How many lines equal to `same` were left out since the last one; None to leave this one out as well."""
        if level not in {"warning", "error", "critical"}:
            return 0
        now = self._clock()
        last, dropped = self._seen.get(same, (float("-inf"), 0))
        if now - last < DAMPED_FOR:
            self._seen[same] = (last, dropped + 1)
            return None
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen[same] = (now, 0)
        return dropped


class _DampedRecords(logging.Filter):
    """A `Damper` for the lines of libraries: what is dropped in a formatter would end the library's own call."""

    def __init__(self) -> None:
        super().__init__()
        self._damper = Damper()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        said = record.getMessage()
        dropped = self._damper.judge(record.levelname.lower(), f"{record.name} {said}")
        if dropped:
            record.msg, record.args = f"{said} (repeated {dropped} times)", ()
        return dropped is not None


class RedactingStream:
    """Writes to `stream` what is left of a line without secrets: the last step before it leaves the process."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> int:
        """Write `line`, redacted."""
        return self._stream.write(redact(line))

    def flush(self) -> None:
        """Pass on."""
        self._stream.flush()


def configure(
    stream: TextIO | None = None, *, debug: bool = False, quiet: bool = False, pretty: bool | None = None
) -> None:
    """Set up all logging of this process to `stream` (default: stderr); `pretty` by default only on a terminal.

    `quiet` is for commands that say themselves what happened: only errors are logged.
    """
    out = stream or sys.stderr
    pretty = out.isatty() if pretty is None else pretty
    level = logging.DEBUG if debug else logging.ERROR if quiet else logging.INFO
    safe: Any = RedactingStream(out)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, Damper(), *_rendering(pretty=pretty)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(safe),
        cache_logger_on_first_use=False,
    )
    _route_libraries(safe, shared, pretty=pretty)
    sys.excepthook = _uncaught


def _rendering(*, pretty: bool) -> list[Processor]:
    if pretty:
        return [structlog.dev.ConsoleRenderer(colors=True)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _route_libraries(safe: Any, shared: list[Processor], *, pretty: bool) -> None:  # noqa: ANN401 - a text stream
    """Lines of the standard `logging` come out in the same shape, from warnings on."""
    handler = logging.StreamHandler(safe)
    handler.addFilter(_DampedRecords())
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[meta, *_rendering(pretty=pretty)])
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    structlog.get_logger("smwatch").critical("uncaught", exc_info=(kind, error, trace))


def from_asyncio(loop: asyncio.AbstractEventLoop, context: MutableMapping[str, Any]) -> None:  # noqa: ARG001 - asyncio's shape
    """What asyncio tells its exception handler, as a line of ours: `loop.set_exception_handler(log.from_asyncio)`."""
    error = context.get("exception")
    log = structlog.get_logger("smwatch")
    log.error("task_failed", what=str(context.get("message", "")), exc_info=error if error is not None else None)
