"""Whose turn it is: sources at one host wait for each other, and take nobody else's place while they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator
    from datetime import datetime

    from smwatch.errors import SourceError
    from smwatch.source import Source
    from smwatch.store.sources import SourceRow

AT_ONE_HOST = 4  # the client asks a host twice at once, the others stand ready


@dataclass(slots=True)
class Slot:
    """One source while the daemon runs; `ticket` is its one entry in the heap that counts, `host` where it is read.

    `missed` is the ticket that came up while it was still being read.
    """

    source: Source
    row: SourceRow
    ticket: int = 0
    missed: int = 0
    host: str = ""
    polling: asyncio.Task[None] | None = None
    stream: SourceError | None = None  # why what it listens to does not come


class Turns:
    """Who is being read where, and who stands in line for it."""

    def __init__(self) -> None:
        self._busy: dict[str, int] = {}
        self._lines: dict[str, dict[int, Slot]] = {}  # by source, so that nobody stands in a line twice

    def enter(self, one: Slot) -> bool:
        """Whether there is room at its host; where there is none, it stands in line."""
        host = host_of(one.source)
        busy = self._busy.get(host, 0)
        if host and busy >= AT_ONE_HOST:
            self._lines.setdefault(host, {})[one.row.id] = one
            return False
        one.host = host
        self._busy[host] = busy + 1
        if host in self._lines:
            self._lines[host].pop(one.row.id, None)
        return True

    def leave(self, one: Slot, now: datetime) -> list[Slot]:
        """Its place is free; who may try to enter: the next one in line that does not rest, and those before it."""
        host, one.host = one.host, ""
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]
        return list(self._next(host, now))

    def _next(self, host: str, now: datetime) -> Iterator[Slot]:
        line = self._lines.get(host, {})
        while line:
            one = line.pop(next(iter(line)))
            yield one
            if not one.row.paused(now):
                return
        self._lines.pop(host, None)

    def forget(self, one: Slot) -> None:
        """It stands in no line any more."""
        for line in self._lines.values():
            if line.get(one.row.id) is one:
                del line[one.row.id]


def host_of(source: Source) -> str:
    """Host and port that a source is read from; "" where it has no address."""
    address = getattr(source, "url", None) or getattr(source, "server", None) or ""
    return str(address).partition("://")[2].partition("/")[0]
