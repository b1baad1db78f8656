"""Whose turn it is: sources at one host wait for each other, and take nobody else's place while they do."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

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
        self._lines: dict[str, deque[Slot]] = {}

    def enter(self, one: Slot) -> bool:
        """Whether there is room at its host; where there is none, it stands in line."""
        one.host = host_of(one.source)
        busy = self._busy.get(one.host, 0)
        if one.host and busy >= AT_ONE_HOST:
            self._lines.setdefault(one.host, deque()).append(one)
            return False
        self._busy[one.host] = busy + 1
        return True

    def leave(self, one: Slot) -> Slot | None:
        """Its place is free; the next one in line, if there is one, may try to enter."""
        host, one.host = one.host, ""
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]
        line = self._lines.get(host)
        following = line.popleft() if line else None
        if line is not None and not line:
            del self._lines[host]
        return following


def host_of(source: Source) -> str:
    """Host and port that a source is read from; "" where it has no address."""
    address = getattr(source, "url", None) or getattr(source, "server", None) or ""
    return str(address).partition("://")[2].partition("/")[0]
