"""Which digest is due: a loop that plans each run once, together with its posts, and leaves the sending to the sender.

Nothing is remembered between two looks but what the store holds, so that a restart, a second process or a jump of the
clock plans nothing twice and forgets nothing.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from smwatch.digest import Due, due_now, next_due
from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.silence import told
from smwatch.store import cases, silences
from smwatch.store import digests as store_digests

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.case import Case
    from smwatch.config.model import Config, DigestPlan
    from smwatch.i18n import Text
    from smwatch.model import Watch
    from smwatch.store.digests import Run

log = structlog.get_logger(__name__)

TWO = 2
LONGEST_NAP = timedelta(seconds=30)  # a reload, or a clock that was put right, is noticed after this


class Store(Protocol):
    """What the timetable needs of the store."""

    @property
    def key(self) -> bytes:
        """The store's secret, for keys."""

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection to read with."""

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """The one writer; leaving it commits."""


def watches_of(config: Config, plan: DigestPlan) -> tuple[Watch, ...]:
    """The watches of a digest, in the config's order."""
    return tuple(watch for watch in config.watches if plan.name in watch.digest)


def counted_of(config: Config, plan: DigestPlan) -> tuple[Watch, ...]:
    """Watches that stand in no digest: what is held back of them is counted in every digest that may know of them."""
    clients = {watch.client for watch in watches_of(config, plan)}
    owner = {plan.client} if plan.client is not None or plan.shared else (clients if len(clients) == 1 else {None})
    return tuple(watch for watch in config.watches if not watch.digest and (watch.client in owner))


def clients_of(config: Config, plan: DigestPlan) -> tuple[str | None, ...]:
    """Whose watches a digest holds."""
    return tuple(dict.fromkeys([plan.client, *(watch.client for watch in watches_of(config, plan))]))


async def muted(connection: AsyncConnection, config: Config, plan: DigestPlan, now: datetime) -> list[Text]:
    """The silences that hold something of a digest back now, those of the store and those of the files."""
    clients = clients_of(config, plan)
    stored = [one for client in clients for one in await silences.active(connection, now, client)]
    named = {watch.client for watch in config.watches} - {None}
    open_to = {*clients, *([None] if len(named) < TWO else [])}  # words of one client's are not told another
    planned = [one for one in config.silences if one.until > now and one.client in open_to]
    found = sorted([*stored, *planned], key=lambda one: one.until)
    return [text("silenced: {silence}", silence=told(one, now)) for one in found]


async def open_cases(connection: AsyncConnection, config: Config, plan: DigestPlan) -> tuple[Case, ...]:
    """What waits for an answer at the clients of a digest, overdue first."""
    clients = {watch.client for watch in watches_of(config, plan)} | ({plan.client} if plan.client else set())
    return tuple(one for one in await cases.listed(connection) if one.client in clients)


def sources_of(config: Config, plan: DigestPlan) -> tuple[str, ...]:
    """The names of the sources that feed a digest: its client's and those without a client."""
    return tuple(source.name for source in config.sources if source.client in {None, plan.client})


def uncovered(config: Config, plan: DigestPlan) -> tuple[Text, ...]:
    """What the sources of a digest cannot see, each sentence once."""
    sources = [source for source in config.sources if source.client in {None, plan.client}]
    cards = [card for source in sources if (card := getattr(source, "card", None)) and card.blind]
    said = {card.title: text("{source}: {what}", source=card.title, what=card.blind) for card in cards}
    return tuple(said.values())


class Timetable:
    """The loop; `config` gives the config as it is now, `clock` the time in UTC."""

    def __init__(
        self,
        store: Store,
        config: Callable[[], Config],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nap: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._nap = nap

    async def run(self) -> None:
        """Plan what is due, for ever."""
        while True:
            await self.step(self._clock())
            await self._nap(self.pause(self._clock()).total_seconds())

    async def step(self, now: datetime) -> tuple[Run, ...]:
        """Plan every digest that is due at `now`; the runs that were planned."""
        planned = [await self._look(plan, now) for plan in self._config().digests.values()]
        return tuple(run for run in planned if run is not None)

    def pause(self, now: datetime) -> timedelta:
        """How long nothing is due; at most half a minute."""
        pauses = [LONGEST_NAP]
        for plan in self._config().digests.values():
            try:
                pauses.append(next_due(plan, now) - now)
            except UserError:
                continue  # `step` says so
        return max(min(pauses), timedelta(milliseconds=10))

    async def send_now(self, name: str, now: datetime) -> Run | None:
        """Plan the digest `name` as if it were due `now`; the next one then starts here. None if just planned."""
        plan = self._config().digests[name]
        return await self._plan(plan, Due(at=now, late=False), now)

    async def _look(self, plan: DigestPlan, now: datetime) -> Run | None:
        try:
            due = await self._due(plan, now)
        except (UserError, NotImplementedError) as error:
            log.warning("digest_without_date", digest=plan.name, reason=str(error))
            return None
        return None if due is None else await self._plan(plan, due, now)

    async def _due(self, plan: DigestPlan, now: datetime) -> Due | None:
        async with self._store.read() as connection:
            known = await store_digests.in_force_since(connection, plan)
            last = await store_digests.last_run(connection, plan.name)
        if known is None:
            async with self._store.write() as connection:
                await store_digests.put_in_force(connection, plan, now)
            known = now
        return due_now(plan, last=last.due_at if last else None, known_since=known, now=now)

    async def _plan(self, plan: DigestPlan, due: Due, now: datetime) -> Run | None:
        config = self._config()
        async with self._store.write() as connection:
            run = await store_digests.plan_run(
                connection,
                plan,
                due,
                watches=watches_of(config, plan),
                channels=[name for name in plan.channels if name in config.channels],
                secret=self._store.key,
                now=now,
            )
        if run is not None:
            log.info("digest_planned", digest=plan.name, due=due.at.isoformat(), late=due.late)
        return run
