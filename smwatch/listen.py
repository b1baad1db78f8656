"""Keeps the streams of sources open, and stores what they bring.

A stream that ends is opened again, at first at once, then later and later; from the cursor of the last page that was
stored. It counts as failing when it falls three times in a row, or when a person has to act.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from smwatch.brought import contained
from smwatch.errors import AuthExpired, Gone, NotPermitted, SourceError, Transient
from smwatch.i18n import text
from smwatch.secret import SecretMissing
from smwatch.source import PushSource
from smwatch.store import sources as source_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from smwatch.model import Page
    from smwatch.pipeline import Polled
    from smwatch.plugin import Source, SourceContext
    from smwatch.store.db import Store
    from smwatch.store.sources import SourceRow

log = structlog.get_logger(__name__)

FIRST = timedelta(seconds=1)  # before the second try
LONGEST = timedelta(minutes=5)
A_PERSON_ACTS = timedelta(hours=1)
ASKED_MOST = timedelta(hours=24)
FALLS = 3  # in a row, until people are told
STEADY = 60.0  # seconds that a stream stands until it counts as working
PARTING = 3.0  # seconds that a stream gets to end


def pause_after(falls: int, error: SourceError, now: datetime, chance: float) -> timedelta:
    """How long to wait after the `falls`-th fall in a row; `chance` is from [0, 1), full jitter above half."""
    pause = min(FIRST * float(2 ** min(falls - 1, 20)), LONGEST)
    if needs_a_person(error):
        pause = A_PERSON_ACTS
    pause *= 0.5 + 0.5 * chance
    if error.retry_at is not None:
        pause = max(pause, min(error.retry_at - now, ASKED_MOST))
    return pause


def needs_a_person(error: SourceError) -> bool:
    """Whether no further try helps until somebody has acted."""
    return isinstance(error, AuthExpired | NotPermitted | Gone)


@dataclass(slots=True)
class Ear:
    """One source that listens."""

    number: int
    source: Source
    falls: int = 0
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Listeners:
    """All streams. `open_walk` makes the context of one; `push` stores a page; `heard(id, error)` hears of the state.

    `replace` says which sources there are; `run` keeps their streams open until it is cancelled.
    """

    def __init__(  # noqa: PLR0913 - what it needs of the world
        self,
        store: Store,
        open_walk: Callable[[Source, SourceRow, datetime], SourceContext],
        push: Callable[[Source, SourceRow, Page], Awaitable[Polled]],
        *,
        heard: Callable[[int, SourceError | None], None] = lambda *_: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nap: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._open = open_walk
        self._push = push
        self._heard = heard
        self._clock = clock
        self._nap = nap
        self._chance = chance
        self._ears: dict[int, Ear] = {}
        self._changed = asyncio.Event()

    def replace(self, sources: Mapping[int, Source]) -> None:
        """The sources of a (new) config by id; streams of those that stay as they are stay open."""
        wanted = {number: source for number, source in sources.items() if source.listens()}
        self._ears = {
            number: ear if (ear := self._ears.get(number)) and ear.source == source else Ear(number, source)
            for number, source in wanted.items()
        }
        self._changed.set()

    async def run(self) -> None:
        """Keep every stream open; cancelling it closes them."""
        running: dict[int, Ear] = {}
        try:
            while True:
                await _close([ear for number, ear in running.items() if self._ears.get(number) is not ear])
                running = dict(self._ears)
                for ear in running.values():
                    if ear.task is None:
                        ear.task = asyncio.create_task(self._keep(ear), name=f"listen {ear.number}")
                await self._changed.wait()
                self._changed.clear()
        finally:
            await _close(list(running.values()))

    async def _keep(self, ear: Ear) -> None:
        while True:
            error = await self._one(ear)
            ear.falls += 1
            if needs_a_person(error) or ear.falls >= FALLS:
                self._heard(ear.number, error)
            wait = pause_after(ear.falls, error, self._clock(), self._chance())
            log.info("stream_fell", source=ear.source.name, reason=str(error.sentence), again_in=wait.total_seconds())
            await self._nap(wait.total_seconds())

    async def _one(self, ear: Ear) -> SourceError:
        """One stream from its start to its end; why it ended."""
        steady = asyncio.get_running_loop().call_later(STEADY, self._works, ear)
        try:
            await self._take(ear)
        except SourceError as error:
            return error
        except SecretMissing as error:
            return NotPermitted(error.sentence)
        except SQLAlchemyError as error:  # a full disk, a locked store: the page comes again from the last cursor
            log.warning("source_not_stored", source=ear.source.name, error=type(error).__name__)
            return Transient(text("what came could not be stored"))
        except Exception as error:
            log.exception("source_broke", source=ear.source.name)
            return SourceError(text("the plugin failed: {error}", error=type(error).__name__))
        finally:
            steady.cancel()
        return Transient(text("the stream has ended"))

    async def _take(self, ear: Ear) -> None:
        row = await self._row(ear)
        async with aclosing(ear.source.listen(self._open(ear.source, row, self._clock()))) as pages:  # type: ignore[type-var]
            async for page in _of_the_plugin(pages):
                await self._push(ear.source, await self._row(ear), page)
                self._works(ear)

    async def _row(self, ear: Ear) -> SourceRow:
        """The source as it is now; one that only listens is read from its first moment."""
        async with self._store.read() as connection:
            row = await source_store.get(connection, ear.number)
        if row is None:
            raise SourceError(text("the source is not known to the store"))
        if row.first_poll_at is None and isinstance(ear.source, PushSource):
            async with self._store.write() as connection:
                await source_store.begin(connection, ear.number, self._clock())
            return await self._row(ear)
        return row

    def _works(self, ear: Ear) -> None:
        ear.falls = 0
        self._heard(ear.number, None)


async def _of_the_plugin(pages: AsyncIterator[Page]) -> AsyncIterator[Page]:
    with contained():
        async for page in pages:
            yield page


async def _close(ears: list[Ear]) -> None:
    """End streams; one that swallows its cancellation is left behind."""
    tasks = [ear.task for ear in ears if ear.task is not None]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=PARTING)
