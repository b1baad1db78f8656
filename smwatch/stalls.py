"""Who holds the event loop up: a thread looks whether the loop still turns, and names the task that it stands at.

Everything waits while a plugin blocks (`time.sleep`, a long computation). What the thread saw is handled when the loop
turns again: the culprit is logged with the line of its code, and one that does it three times in an hour rests.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from types import FrameType

    from smwatch.i18n import Text

log = structlog.get_logger(__name__)

BEAT = 0.25  # seconds between two signs of the loop
PATIENCE = 1.0  # seconds without one
FALLS, WITHIN = 3, timedelta(hours=1)  # then the culprit rests
LONGEST_REST = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """The loop stood for so many seconds at the task called `task`, in the code at `place` ("file.py:12")."""

    task: str
    seconds: float
    place: str

    def told(self, source: str) -> Text:
        """For people: why a source rests."""
        return text(
            "{source} rests for {n} hours: its plugin has stopped smwatch three times, last for {seconds} s at {place}",
            source=source,
            n=LONGEST_REST // timedelta(hours=1),
            seconds=self.seconds,
            place=self.place,
        )


def culprit(stall: Stall) -> int | None:
    """The source at whose poll or stream the loop stood; None where it was something else."""
    kind, _, number = stall.task.partition(" ")
    return int(number) if kind in {"poll", "listen"} and number.isdigit() else None


def innermost(frame: FrameType | None, foreign: Callable[[str], bool]) -> str:
    """The innermost line of a stack whose file is `foreign`, else the innermost of all, as "file.py:12"."""
    told = ""
    while frame is not None:
        place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        if foreign(frame.f_code.co_filename):
            return place
        told = told or place
        frame = frame.f_back
    return told


class Stalls:
    """`run` on the loop to be watched; `rest(stall)` hears of a culprit that is to rest."""

    def __init__(
        self, rest: Callable[[Stall], Awaitable[None]], clock: Callable[[], datetime], *, patience: float = PATIENCE
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._patience = patience
        self._beat = time.monotonic()
        self._over = threading.Event()
        self._seen: Stall | None = None
        self._when: defaultdict[str, deque[datetime]] = defaultdict(lambda: deque(maxlen=FALLS))

    async def run(self) -> None:
        """Beat for ever, and handle what the thread saw."""
        loop, thread_id = asyncio.get_running_loop(), threading.get_ident()
        self._beat = time.monotonic()
        threading.Thread(target=self._watch, args=(loop, thread_id), name="stalls", daemon=True).start()
        try:
            while True:
                await asyncio.sleep(BEAT)
                stood, self._beat = time.monotonic() - self._beat, time.monotonic()
                seen, self._seen = self._seen, None
                if seen is not None:
                    await self._handle(Stall(task=seen.task, seconds=round(stood, 1), place=seen.place))
        finally:
            self._over.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, thread_id: int) -> None:
        """In the thread: look at the stack only where the loop is late."""
        while not self._over.wait(BEAT):
            if time.monotonic() - self._beat > self._patience and self._seen is None:
                task = asyncio.current_task(loop)
                if task is not None:
                    place = innermost(sys._current_frames().get(thread_id), lambda name: "plugins" in name)  # noqa: SLF001 - the documented way to another thread's stack
                    self._seen = Stall(task=task.get_name(), seconds=0.0, place=place)

    async def _handle(self, stall: Stall) -> None:
        now = self._clock()
        log.warning("loop_blocked", by=stall.task, seconds=stall.seconds, at=stall.place)
        when = self._when[stall.task]
        when.append(now)
        if len(when) == FALLS and now - when[0] <= WITHIN:
            when.clear()
            await self._rest(stall)
