"""One of several daemons on one store is on shift: it alone gathers, delivers, plans digests and keeps streams open.

The others poll beside it (`smwatch.store.claims`), and take over when it is gone. Who cannot keep its lease stops its
work before another one may begin.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from smwatch.store import shifts
from smwatch.store.claims import Claims, this_daemon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from smwatch.store.db import Store

log = structlog.get_logger(__name__)

NAME = "desk"
EVERY = 5.0  # seconds between two looks
SURE = shifts.LEASE.total_seconds() - 2 * EVERY  # without a renewed lease for so long, the work stops


class Shift:
    """Of a daemon called `owner`; without a name ("") it is alone with its store and always on shift."""

    def __init__(
        self,
        store: Store,
        owner: str | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nap: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        named = this_daemon() if store.shared else ""
        self.owner = named if owner is None else owner
        self._clock = clock
        self._nap = nap
        self._on, self._off = asyncio.Event(), asyncio.Event()
        self._ended = asyncio.Event()
        self._renewed = 0.0
        (self._off if self.owner else self._on).set()

    @property
    def on(self) -> bool:
        """Whether this daemon is on shift."""
        return self._on.is_set()

    @property
    def claims(self) -> Claims | None:
        """How it claims sources; None where it need not."""
        return Claims(owner=self.owner) if self.owner else None

    def end(self) -> None:
        """The daemon stops: nobody waits for the shift any more, work that goes on may end by itself."""
        self._ended.set()

    def loops(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What is to run for it: nothing where this daemon is alone."""
        return {"shift": self._keep} if self.owner else {}

    async def _keep(self) -> None:
        """Take the shift when it is free, and keep it."""
        while True:
            await self.step()
            await self._nap(EVERY)

    async def step(self) -> None:
        """One look; for daemons that are not alone."""
        loop = asyncio.get_running_loop()
        try:
            async with self._store.write() as connection:
                held = await shifts.hold(connection, NAME, self.owner, self._clock())
        except SQLAlchemyError as error:
            log.warning("shift_not_renewed", error=type(error).__name__)
            held = self.on and loop.time() - self._renewed < SURE
        else:
            self._renewed = loop.time()
        if held != self.on:
            log.info("shift_begins" if held else "shift_ends")
            for event, now in ((self._on, held), (self._off, not held)):
                (event.set if now else event.clear)()

    async def hand_over(self) -> None:
        """For the next one, at once."""
        if self.owner and self.on:
            with suppress(SQLAlchemyError):
                async with self._store.write() as connection:
                    await shifts.hand_over(connection, NAME, self.owner)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Take the shift where it is free, keep it meanwhile, and hand it over; for one round, without loops."""
        if not self.owner:
            yield
            return
        await self.step()
        keeping = asyncio.create_task(self._keep(), name="shift")
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})
            await self.hand_over()

    async def once(self, work: Callable[[], Awaitable[bool]]) -> bool:
        """What `work` comes to; True, too, where another daemon is on shift or takes over: then it is that one's."""
        if not self.on:
            log.info("another_daemon_is_on_shift")
            return True
        working, over = asyncio.ensure_future(work()), asyncio.ensure_future(self._off.wait())
        try:
            await asyncio.wait({working, over}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else True
        finally:
            for task in (working, over):
                task.cancel()
            await asyncio.wait({working, over})

    def during(self, loop: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """`loop`, but only while this daemon is on shift; cancelled when that ends."""
        return (lambda: self._during(loop)) if self.owner else loop

    async def _during(self, loop: Callable[[], Awaitable[None]]) -> None:
        while not self._ended.is_set():
            await _first(self._on, self._ended)
            if not self.on:
                return
            work, over = asyncio.ensure_future(loop()), asyncio.ensure_future(self._off.wait())
            try:
                await asyncio.wait({work, over}, return_when=asyncio.FIRST_COMPLETED)
                if work.done():
                    work.result()
                    return
            finally:
                for task in (work, over):
                    task.cancel()
                await asyncio.wait({work, over})


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()
