"""When a source is due, and the loop that polls it then.

Due times live in a heap; what must outlast a restart (state, failures, the next poll) is written in batches. An
interval is honoured as written, with jitter inside it; a source that fails waits longer and longer, with full jitter,
and as long as it asked to. Whatever one source does, the others are polled.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from smwatch.errors import AuthExpired, Gone, NotPermitted, SourceError, Transient
from smwatch.i18n import text
from smwatch.secret import SecretMissing
from smwatch.store import sources as source_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from smwatch.i18n import Text
    from smwatch.pipeline import Polled
    from smwatch.plugin import Source
    from smwatch.store.db import Store
    from smwatch.store.sources import SourceRow

log = structlog.get_logger(__name__)

DEFAULT = timedelta(minutes=10)
JITTER = 0.1  # of the interval, taken off it
FIRST_STEP = 0.12  # seconds between two first polls: 1,000 sources within 120 s
FIRST_MOST = timedelta(seconds=120)
SHORTEST_CAP = timedelta(seconds=60)
LONGEST_CAP = timedelta(hours=6)
GROWTH = 32  # back-off stops growing at so many intervals, between the two caps
REFUSED = timedelta(hours=1)  # after "not allowed": a person has to act
GONE = timedelta(hours=6)
ASKED_MOST = timedelta(hours=24)
WEDGED = 150.0  # seconds after which a poll is left behind
PARTING = 3.0  # seconds that a poll gets to end when the daemon stops
AT_ONCE = 64
PUT_BACK = timedelta(seconds=5)  # less is the usual tuning of clocks
STORE_PAUSE = timedelta(seconds=10)  # after the store did not take what a poll brought
TICK = 1.0
ALL_DOWN = 3  # so many sources at least, all failing: it is rather the network


def next_after_success(now: datetime, interval: timedelta, chance: float) -> datetime:
    """The next poll after one that worked; `chance` is from [0, 1)."""
    return now + interval * (1 - JITTER * chance)


def next_after_failure(
    now: datetime, interval: timedelta, failures: int, error: SourceError | None, chance: float
) -> datetime:
    """The next poll after the `failures`-th failure in a row: full jitter above half, never before the source asked."""
    cap = min(max(interval * GROWTH, SHORTEST_CAP), LONGEST_CAP)
    pause = min(interval * float(2 ** min(failures, 20)), cap)
    if isinstance(error, Gone):
        pause = max(interval, min(GONE, interval * GROWTH))
    elif isinstance(error, AuthExpired | NotPermitted):
        pause = max(interval, min(REFUSED, interval * GROWTH))
    due: datetime = now + pause * (0.5 + 0.5 * chance)
    if error is not None and error.retry_at is not None:
        due = max(due, min(error.retry_at, now + ASKED_MOST))
    return due


def first_polls(count: int) -> timedelta:
    """Over how long the first polls of `count` sources are spread."""
    return min(max(timedelta(seconds=1), timedelta(seconds=FIRST_STEP) * count), FIRST_MOST)


def state_of(error: SourceError) -> str:
    """The word for a source that failed like this."""
    if isinstance(error, Gone):
        return "gone"
    return "refused" if isinstance(error, AuthExpired | NotPermitted) else "failing"


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Slot:
    """One source while the daemon runs."""

    source: Source
    row: SourceRow
    interval: timedelta
    polling: asyncio.Task[None] | None = None
    stream: SourceError | None = None  # why what it listens to does not come


@dataclass(order=True, slots=True)
class _Due:
    at: datetime
    number: int
    slot: Slot = field(compare=False)


class Scheduler:
    """Polls every source when it is due. `poll(source, row, now)` is the pipeline's.

    `on_poll(name, outcome, polled)` hears how each ended: "read", "unchanged", or the state of one that failed.
    """

    def __init__(
        self,
        store: Store,
        poll: Callable[[Source, SourceRow, datetime], Awaitable[Polled]],
        *,
        clock: Callable[[], datetime] = _utc_now,
        chance: Callable[[], float] = random.random,
        on_poll: Callable[[str, str, Polled | None], None] = lambda *_: None,
    ) -> None:
        self._store = store
        self._poll = poll
        self._clock = clock
        self._chance = chance
        self._on_poll = on_poll
        self._slots: dict[int, Slot] = {}
        self._heap: list[_Due] = []
        self._unsaved: dict[int, SourceRow] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._knock = asyncio.Event()
        self._number = 0
        self._latest = clock()
        self.progress = time.monotonic()

    @property
    def rows(self) -> list[SourceRow]:
        """The state of every source now."""
        return [slot.row for slot in self._slots.values()]

    @property
    def first_round_over(self) -> bool:
        """Whether every source has been tried at least once."""
        return all(slot.row.first_poll_at or slot.row.failures for slot in self._slots.values())

    @property
    def network_down(self) -> bool:
        """Whether every source fails in a way that may pass: rather the network than all of them."""
        return len(self._slots) >= ALL_DOWN and all(slot.row.state == "failing" for slot in self._slots.values())

    def replace(self, sources: Mapping[int, tuple[Source, SourceRow]]) -> None:
        """The sources of a (new) config by id; those that stay keep their state and their place in the queue."""
        fresh = [number for number in sources if number not in self._slots]
        for number in self._slots.keys() - sources.keys():
            del self._slots[number]
        for number, (source, row) in sources.items():
            standing = self._slots.get(number)
            if standing is None:
                self._slots[number] = Slot(source, row, source.interval or DEFAULT)
                continue
            if standing.source != source:
                standing.source, standing.interval = source, source.interval or DEFAULT
                fresh.append(number)
            standing.row = replace(standing.row, name=row.name)
        self._queue_first(fresh)

    def _queue_first(self, numbers: Iterable[int]) -> None:
        """The first polls, spread; who asked for a pause before the restart gets it."""
        slots = sorted((self._slots[number] for number in numbers), key=lambda slot: slot.row.id)
        now, spread = self._clock(), first_polls(len(slots))
        for place, slot in enumerate(slots):
            due = now + spread * ((place + self._chance()) / max(len(slots), 1))
            held = slot.row.due_at if slot.row.failures else None
            self._push(slot, max(due, min(held, now + ASKED_MOST)) if held else due)

    def _push(self, slot: Slot, at: datetime) -> None:
        self._number += 1
        slot.row = replace(slot.row, due_at=at)
        heapq.heappush(self._heap, _Due(at, self._number, slot))
        self._knock.set()

    def heard(self, number: int, error: SourceError | None) -> None:
        """How the stream of a source stands, beside its polls."""
        slot = self._slots.get(number)
        if slot is None or (slot.stream is error is None):
            return
        slot.stream = error
        self._mark(slot, *((state_of(error), error.sentence) if error else ("ok", None)))
        self._unsaved[number] = slot.row
        self._knock.set()

    def poll_now(self) -> None:
        """Poll everything as soon as there is room (`run --once`, a person's wish)."""
        for slot in self._slots.values():
            self._push(slot, self._clock())

    async def run(self) -> None:
        """Poll for ever; cancelling it cancels the polls that are on their way."""
        try:
            while True:
                self.progress = time.monotonic()
                await self._start_due()
                await self._save()
                self._knock.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause()):  # `wait_for` may swallow a cancellation
                        await self._knock.wait()
        finally:
            await self._abandon()

    async def round(self) -> None:
        """Poll every source once, and wait for all of them."""
        self._heap.clear()
        await asyncio.gather(*(self._guarded(slot) for slot in list(self._slots.values())))
        await self._save()

    def _pause(self) -> float:
        if not self._heap:
            return TICK
        return min(max((self._heap[0].at - self._clock()).total_seconds(), 0.0), TICK)

    def _follow_clock(self, now: datetime) -> None:
        """A clock that was put back makes nobody wait for the time to come again."""
        back, self._latest = self._latest - now, now
        if back > PUT_BACK:
            log.info("clock_put_back", seconds=int(back.total_seconds()))
            for slot in self._slots.values():
                if slot.row.due_at is not None:
                    self._push(slot, slot.row.due_at - back)

    async def _start_due(self) -> None:
        now = self._clock()
        self._follow_clock(now)
        while self._heap and self._heap[0].at <= now:
            slot = heapq.heappop(self._heap).slot
            if self._slots.get(slot.row.id) is not slot or (slot.polling and not slot.polling.done()):
                continue
            if slot.row.due_at is not None and slot.row.due_at > now:
                continue  # it was put further back meanwhile
            slot.polling = asyncio.create_task(self._guarded(slot), name=f"poll {slot.row.name}")

    async def _guarded(self, slot: Slot) -> None:
        """One poll with a limit in time; one that swallows its cancellation is left behind."""
        async with self._room:
            work = asyncio.ensure_future(self._attempt(slot))
            try:
                await asyncio.wait({work}, timeout=WEDGED)
            except asyncio.CancelledError:
                work.cancel()
                await asyncio.wait({work}, timeout=PARTING)
                raise
            work.cancel()
        if not work.done() or work.cancelled():
            self._failed(slot, Transient(text("it did not answer in time and was left behind")))

    async def _attempt(self, slot: Slot) -> None:
        try:
            await self._worked(slot, await self._poll(slot.source, slot.row, self._clock()))
        except SourceError as error:
            self._failed(slot, error)
        except SecretMissing as error:
            self._failed(slot, NotPermitted(error.sentence))
        except SQLAlchemyError as error:  # a full disk, a locked store: not the source's fault
            log.warning("source_not_stored", source=slot.row.name, error=type(error).__name__)
            self._settle(slot, self._clock() + max(slot.interval, STORE_PAUSE))
        except Exception as error:
            log.exception("source_broke", source=slot.row.name)
            self._failed(slot, SourceError(text("the plugin failed: {error}", error=type(error).__name__)))

    async def _worked(self, slot: Slot, polled: Polled) -> None:
        now = self._clock()
        if not polled.unchanged or slot.row.first_poll_at is None:
            async with self._store.read() as connection:
                slot.row = await source_store.get(connection, slot.row.id) or slot.row
        log.info(
            "source_fetched",
            source=slot.row.name,
            items=polled.listed,
            new=polled.fresh,
            mentions=polled.mentions,
            unchanged=polled.unchanged,
        )
        if slot.stream is None:
            self._mark(slot, "ok", None)
        slot.row = replace(slot.row, failures=0, last_ok_at=now)
        self._on_poll(slot.row.name, "unchanged" if polled.unchanged else "read", polled)
        self._settle(slot, next_after_success(now, slot.interval, self._chance()))

    def _failed(self, slot: Slot, error: SourceError) -> None:
        now = self._clock()
        self._mark(slot, state_of(error), error.sentence)
        slot.row = replace(slot.row, failures=slot.row.failures + 1)
        due = next_after_failure(now, slot.interval, slot.row.failures, error, self._chance())
        self._on_poll(slot.row.name, state_of(error), None)
        self._settle(slot, due)

    def _mark(self, slot: Slot, state: str, reason: Text | None) -> None:
        """The source's state from now on; a change is logged once."""
        row = slot.row
        since = row.state_since if row.state == state and row.state_since else self._clock()
        slot.row = replace(row, state=state, reason=reason, state_since=since)
        if state == "ok" and row.state not in ("ok", "new"):
            log.info("source_recovered", source=row.name)
        if state != "ok" and (row.state, row.reason) != (state, reason):
            log.warning("source_failed", source=row.name, state=state, reason=str(reason))

    def _settle(self, slot: Slot, due: datetime) -> None:
        if self._slots.get(slot.row.id) is slot:
            self._push(slot, due)
            self._unsaved[slot.row.id] = slot.row

    async def _save(self) -> None:
        """States and due times in one transaction for all polls since the last one."""
        if not self._unsaved:
            return
        rows, self._unsaved = self._unsaved, {}
        try:
            async with self._store.write() as connection:
                await source_store.save_states(connection, rows.values())
        except SQLAlchemyError as error:
            self._unsaved = rows | self._unsaved
            log.warning("source_states_not_stored", error=type(error).__name__)

    async def _abandon(self) -> None:
        tasks = [slot.polling for slot in self._slots.values() if slot.polling and not slot.polling.done()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        await self._save()
