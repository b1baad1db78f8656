"""The loop that polls every source when it is due, and writes down what came of it.

Due times live in a heap; what must outlast a restart (state, failures, the next poll) is written in batches. Where
several daemons share a store, a source is claimed before it is polled (`smwatch.store.claims`). Sources at one host
wait for each other without taking anybody else's place. Whatever one source does, the others are polled.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from smwatch import due
from smwatch.errors import HostRests, LeaseLost, NotPermitted, SourceError, Transient
from smwatch.i18n import text
from smwatch.secret import SecretMissing
from smwatch.store import claims as claim_store
from smwatch.store import sources as source_store
from smwatch.turns import Slot, Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from smwatch.pipeline import Polled
    from smwatch.plugin import Source
    from smwatch.store.claims import Claims
    from smwatch.store.db import Store
    from smwatch.store.sources import SourceRow

log = structlog.get_logger(__name__)

WEDGED = 150.0  # seconds after which a poll is left behind
PARTING = 3.0  # seconds that a poll gets to end when the daemon stops
AT_ONCE = 64
PUT_BACK = timedelta(seconds=5)  # less is the usual tuning of clocks
STORE_PAUSE = timedelta(seconds=10)  # after the store did not take what a poll brought
TICK = 1.0
SAVE_EVERY = 1.0  # seconds between two transactions with states
MANY = 500  # states that are written at once
ALL_DOWN = 3  # so many sources at least, all failing: it is rather the network


class Scheduler:
    """Polls every source when it is due. `poll(source, row, now)` is the pipeline's.

    `on_poll(name, outcome, polled)` hears how each ended: "read", "unchanged", or the state of one that failed.
    `claims` are needed where other daemons work with the same store.
    """

    def __init__(  # noqa: PLR0913 - the store, the work, and what tests put in place of the world
        self,
        store: Store,
        poll: Callable[[Source, SourceRow, datetime], Awaitable[Polled]],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
        on_poll: Callable[[str, str, Polled | None], None] = lambda *_: None,
        claims: Claims | None = None,
    ) -> None:
        self._store = store
        self._poll = poll
        self._clock = clock
        self._chance = chance
        self._on_poll = on_poll
        self._claims = claims
        self._log = log.bind()  # once: most polls have a line that nobody reads
        self._slots: dict[int, Slot] = {}
        self._heap: list[tuple[datetime, int, Slot]] = []
        self._turns = Turns()
        self._running = 0
        self._early: set[int] = set()
        self._resting: frozenset[int] = frozenset()
        self._unsaved: dict[int, SourceRow] = {}
        self._saved_at = 0.0
        self._knock = asyncio.Event()
        self._tickets = 0
        self._latest = clock()
        self.held = False  # nothing is polled: the disk is full
        self.progress = time.monotonic()

    @property
    def rows(self) -> list[SourceRow]:
        """The state of every source now."""
        return [slot.row for slot in self._slots.values()]

    def resting(self) -> frozenset[int]:
        """The sources that people let rest now, by id."""
        now = self._clock()
        return frozenset(number for number, slot in self._slots.items() if slot.row.paused(now))

    def has_woken(self) -> bool:
        """Whether others rest now than when `awake` was asked last."""
        return self.resting() != self._resting

    def awake(self) -> dict[int, Source]:
        """The others."""
        resting = self._resting = self.resting()
        return {number: slot.source for number, slot in self._slots.items() if number not in resting}

    @property
    def first_round_over(self) -> bool:
        """Whether every source has been tried at least once, but for those that rest."""
        now = self._clock()
        return all(row.first_poll_at or row.failures or row.reason or row.paused(now) for row in self.rows)

    @property
    def network_down(self) -> bool:
        """Whether every source fails in a way that may pass: rather the network than all of them."""
        return len(self._slots) >= ALL_DOWN and all(slot.row.state == "failing" for slot in self._slots.values())

    def replace(self, sources: Mapping[int, tuple[Source, SourceRow]]) -> None:
        """The sources of a (new) config by id; those that stay keep their state and their place in the queue."""
        fresh = [number for number in sources if number not in self._slots]
        for number in self._slots.keys() - sources.keys():
            self._turns.forget(self._slots.pop(number))
        for number, (source, row) in sources.items():
            standing = self._slots.get(number)
            if standing is None:
                self._slots[number] = Slot(source, row)
                continue
            if standing.source != source:
                standing.source = source
                fresh.append(number)
                self._early.add(number)
            standing.row = due.renamed(standing.row, row)
        self._queue_first(fresh)

    def _queue_first(self, numbers: Iterable[int]) -> None:
        """The first polls, spread, the longest unread first; who asked for a pause before the restart gets it."""
        slots = sorted((self._slots[number] for number in numbers), key=lambda slot: due.waiting_since(slot.row))
        now = self._clock()
        for place, slot in enumerate(slots):
            first = due.first_poll(now, place, len(slots), self._chance())
            self._push(slot, max(first, due.held_until(slot.row, now) or first))

    def _push(self, slot: Slot, at: datetime) -> None:
        self._tickets += 1
        slot.ticket = self._tickets
        if slot.row.due_at != at:
            slot.row = replace(slot.row, due_at=at)
        heapq.heappush(self._heap, (at, slot.ticket, slot))
        if self._heap[0][2] is slot:
            self._knock.set()

    def heard(self, number: int, error: SourceError | None) -> None:
        """How the stream of a source stands, beside its polls."""
        slot = self._slots.get(number)
        if slot is None or (slot.stream is error is None):
            return
        slot.stream = error
        self._become(slot, due.heard(slot.row, error, self._clock()))
        self._unsaved[number] = slot.row
        self._knock.set()

    def pushed(self, number: int, until: datetime | None) -> None:
        """A hub announces what is new at this source, as long as that."""
        slot = self._slots.get(number)
        if slot is not None:
            slot.row = replace(slot.row, pushed_until=until)

    def poll_now(self) -> None:
        """Poll everything as soon as there is room (`run --once`, a person's wish)."""
        self._early |= self._slots.keys()
        now = self._clock()
        for slot in self._slots.values():
            self._push(slot, now)

    def rest(self, number: int, at: datetime | None, until: datetime | None) -> None:
        """Let a source rest from `at` on (None: it goes on at once), until a moment or until it is told to go on."""
        slot = self._slots.get(number)
        if slot is None:
            return
        slot.row = replace(slot.row, paused_at=at, paused_until=until)
        if at is None:
            self._early.add(number)
            self._push(slot, self._clock())

    async def run(self) -> None:
        """Poll for ever; cancelling it cancels the polls that are on their way."""
        try:
            while True:
                self.progress = time.monotonic()
                self._knock.clear()
                await self._start_due()
                if len(self._unsaved) >= MANY or self.progress - self._saved_at >= SAVE_EVERY:
                    await self._save()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause()):  # `wait_for` may swallow a cancellation
                        await self._knock.wait()
        finally:
            await self._abandon()

    async def round(self) -> None:
        """Poll every source once, and wait for all of them."""
        self._heap.clear()
        self._early |= self._slots.keys()
        room = asyncio.Semaphore(AT_ONCE)

        async def once(slot: Slot) -> None:
            async with room:
                for claimed in await self._claimed([] if slot.row.paused(self._clock()) else [slot]):
                    await self._guarded(claimed)

        await asyncio.gather(*(once(slot) for slot in list(self._slots.values())))
        await self._save()

    def _pause(self) -> float:
        if self.held or not self._heap or self._running >= AT_ONCE:
            return TICK
        return min(max((self._heap[0][0] - self._clock()).total_seconds(), 0.0), TICK)

    def _follow_clock(self, now: datetime) -> None:
        """A clock that was put back makes nobody wait for the time to come again."""
        back, self._latest = self._latest - now, now
        if back > PUT_BACK:
            log.info("clock_put_back", seconds=int(back.total_seconds()))
            for slot in self._slots.values():
                if slot.row.due_at is not None:
                    self._push(slot, slot.row.due_at - back)

    async def _start_due(self) -> None:
        """Start what is due, as far as there is room."""
        now = self._clock()
        self._follow_clock(now)
        taken = [] if self.held else self._take_due(now)
        claimed = {slot.row.id for slot in await self._claimed(taken)}
        for slot in taken:
            if slot.row.id not in claimed:
                self._ended(slot)
                continue
            slot.polling = asyncio.create_task(self._guarded(slot), name=f"poll {slot.row.name}")
            slot.polling.add_done_callback(partial(self._ended, slot))

    def _take_due(self, now: datetime) -> list[Slot]:
        """The next ones that are due and have room at their hosts; each takes a place of its own."""
        taken: list[Slot] = []
        while self._heap and self._heap[0][0] <= now and self._running < AT_ONCE:
            _, ticket, slot = heapq.heappop(self._heap)
            if slot.ticket != ticket or self._slots.get(slot.row.id) is not slot:
                continue
            if slot.polling is not None:
                slot.missed = ticket
            elif slot.row.paused(now):
                if slot.row.paused_until is not None:
                    self._push(slot, slot.row.paused_until)
            elif self._turns.enter(slot):
                self._running += 1
                taken.append(slot)
        return taken

    def _ended(self, slot: Slot, polling: asyncio.Task[None] | None = None) -> None:
        """A place is free, here and at the host."""
        self._running -= 1
        if slot.polling is polling:
            slot.polling = None  # what is left of a poll takes 700 bytes, for every source
        now = self._clock()
        for one in self._turns.leave(slot, now):
            self._push(one, one.row.due_at or now)  # with a new ticket: the one that it had may be in the heap as well
        if slot.missed == slot.ticket:
            self._push(slot, self._clock())
        if self._heap and self._heap[0][0] <= self._clock():
            self._knock.set()

    async def _claimed(self, slots: list[Slot]) -> list[Slot]:
        """Those of `slots` that this daemon may poll now; the others are put off until the store says they are due."""
        ids = {slot.row.id for slot in slots}
        early = self._early & ids
        self._early -= ids
        if self._claims is None or not slots:
            return slots
        if ids & self._unsaved.keys():  # else what they came to would be lost with the fence that they had
            await self._save()
        try:
            async with self._store.write() as connection:
                taken = await self._claims.take(connection, ids, self._clock(), early=early)
            async with self._store.read() as connection:
                known = await claim_store.standing(connection, ids - taken.keys(), self._clock())
        except SQLAlchemyError as error:
            log.warning("sources_not_claimed", error=type(error).__name__)
            taken, known = {}, {}
        for slot in slots:
            if slot.row.id in taken:
                slot.row = replace(taken[slot.row.id], name=slot.row.name)
            else:
                self._put_off(slot, known.get(slot.row.id))
        return [slot for slot in slots if slot.row.id in taken]

    def _put_off(self, slot: Slot, known: SourceRow | None) -> None:
        """Another daemon reads it: what that one wrote counts here, too."""
        soon = self._clock() + timedelta(seconds=TICK)
        if known is not None:
            slot.row = replace(known, name=slot.row.name)
        again = known.due_at if known is not None and known.due_at is not None else soon
        self._push(slot, max(again, soon))

    async def _guarded(self, slot: Slot) -> None:
        """One poll with a limit in time; one that swallows its cancellation is left behind."""
        work = asyncio.create_task(self._attempt(slot), name=f"poll {slot.row.id}")
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
        except LeaseLost:
            log.info("source_taken_over", source=slot.row.name)
            self._push(slot, self._clock() + self._every(slot))
        except SourceError as error:
            self._failed(slot, error)
        except SecretMissing as error:
            self._failed(slot, NotPermitted(error.sentence))
        except SQLAlchemyError as error:  # a full disk, a locked store: not the source's fault
            log.warning("source_not_stored", source=slot.row.name, error=type(error).__name__)
            self._settle(slot, self._clock() + max(self._every(slot), STORE_PAUSE))
        except Exception as error:
            log.exception("source_broke", source=slot.row.name)
            self._failed(slot, SourceError(text("the plugin failed: {error}", error=type(error).__name__)))

    @staticmethod
    def _every(slot: Slot) -> timedelta:
        return due.rhythm(slot.source, slot.row).every

    async def _worked(self, slot: Slot, polled: Polled) -> None:
        now = self._clock()
        if polled.stored or not polled.unchanged:
            async with self._store.read() as connection:
                slot.row = await source_store.renewed(connection, slot.row)
        tell = self._log.debug if polled.unchanged else self._log.info
        tell("source_fetched", source=slot.row.name, **polled.told())
        again = due.next_after_success(now, every := self._every(slot), self._chance())
        row = due.worked(slot.row, now, every, slot.source, again=again)
        self._become(slot, row if slot.stream is None else due.heard(row, slot.stream, now))
        self._on_poll(slot.row.name, "unchanged" if polled.unchanged else "read", polled)
        self._settle(slot, again)

    def _failed(self, slot: Slot, error: SourceError) -> None:
        now = self._clock()
        if isinstance(error, HostRests):
            slot.row = due.held_up(slot.row, error)
            return self._settle(slot, due.next_after_rest(now, error, self._chance()))
        row = due.failed(slot.row, error, now)
        self._become(slot, row)
        lasting = due.lasting(row, now)
        again = due.next_after_failure(now, self._every(slot), row.failures, error, self._chance(), lasting=lasting)
        self._on_poll(slot.row.name, due.state_of(error), None)
        return self._settle(slot, again)

    def _become(self, slot: Slot, row: SourceRow) -> None:
        """The source's state from now on; a change is logged once."""
        before, slot.row = slot.row, row
        if row.state == "ok" and before.state not in ("ok", "new"):
            log.info("source_recovered", source=row.name)
        if row.state != "ok" and (before.state, before.reason) != (row.state, row.reason):
            log.warning("source_failed", source=row.name, state=row.state, reason=str(row.reason))

    def _settle(self, slot: Slot, again: datetime) -> None:
        if self._slots.get(slot.row.id) is slot:
            self._push(slot, again)
            self._unsaved[slot.row.id] = slot.row

    async def _save(self) -> None:
        """States and due times in one transaction for all polls since the last one."""
        self._saved_at = time.monotonic()
        if not self._unsaved:
            return
        rows, self._unsaved = self._unsaved, {}
        owner, now = self._claims.owner if self._claims else None, self._clock()
        try:
            async with self._store.write() as connection:
                await source_store.save_states(connection, rows.values(), now, owner=owner)
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
