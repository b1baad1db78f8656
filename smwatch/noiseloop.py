"""From "not relevant" to an exclusion: proposed, shown with its effect, written only when a person wants it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from smwatch import noise
from smwatch.config.edit import Desk, write
from smwatch.config.exclusions import difference, exclude, is_there
from smwatch.errors import SmwatchError, UserError
from smwatch.i18n import text
from smwatch.model import numbered
from smwatch.noisy import Warner
from smwatch.ops import ops_channels
from smwatch.store import outbox, proposals, records
from smwatch.store.jobs import next_key
from smwatch.store.proposals import APPLIED, CONFIRMED, DECLINED, WAITING, Proposal
from smwatch.store.waiting import redraw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.config.build import Kinds
    from smwatch.config.keeper import Keeper
    from smwatch.model import Person, Watch
    from smwatch.noise import Effect, Suggestion
    from smwatch.store.db import Store
    from smwatch.store.proposals import Judged

log = structlog.get_logger(__name__)

_LAST = "noise:verdict"


@dataclass(slots=True, kw_only=True)
class NoiseLoop:
    """Looks at what people called not relevant; `wake(channel)` is told where there is something to send."""

    store: Store
    keeper: Keeper
    wake: Callable[[str | None], None]
    stale: set[int] = field(default_factory=set)  # proposals whose message was on its way when somebody decided

    @property
    def _warner(self) -> Warner:
        return Warner(store=self.store, config=lambda: self.keeper.config, wake=self.wake)

    async def step(self, now: datetime) -> list[Proposal]:
        """Warn of noisy watches, and propose what follows from new verdicts; what was proposed."""
        await self._warner.step(now)
        for number in list(self.stale):
            await self._redraw(number)
        async with self.store.read() as connection:
            after = await records.get(connection, _LAST) or 0
            last, watches = await proposals.judged_since(connection, after)
        if last == after:
            return []
        found = [one for client, name in watches if (one := await self._look(client, name, now)) is not None]
        async with self.store.write() as connection:
            made = [await proposals.add(connection, one) for one in found]
            channels = [channel for one in made for channel in await self._tell(connection, one, now)]
            await records.put(connection, _LAST, last)
        for channel in channels:
            self.wake(channel)
        return made

    async def _look(self, client: str | None, name: str, now: datetime) -> Proposal | None:
        watch = next((one for one in self.keeper.config.watches if (one.client, one.name) == (client, name)), None)
        if watch is None:
            return None
        async with self.store.read() as connection:
            judged = await proposals.judged(connection, client, name, now - noise.LOOK_BACK)
            refused = await proposals.known(connection, client, name)
        return await asyncio.to_thread(self._propose, watch, judged, refused, now)

    def _propose(self, watch: Watch, judged: Judged, refused: list[str], now: datetime) -> Proposal | None:
        lists = self.keeper.config.lists
        found = noise.suggest(watch, judged.marked, judged.others, kept=judged.kept, lists=lists, refused=refused)
        if found is None:
            return None
        effect = noise.effect(found, [*judged.marked, *judged.others])
        return self._with_lines(_drafted(watch, found, effect, now))

    def _with_lines(self, one: Proposal) -> Proposal:
        """The proposal with what would change in its file; without, where that cannot be said."""
        try:
            edit = exclude(Desk(self.keeper.path, self.keeper.registry), one.watch, one.client, one.query)
        except SmwatchError as error:
            log.info("proposal_without_lines", watch=one.watch, reason=str(error.sentence))
            return one
        return replace(one, file=str(edit.path), diff=difference(edit))

    async def _tell(self, connection: AsyncConnection, one: Proposal, now: datetime) -> list[str]:
        """Plan the message in the channel where people called it not relevant; else for the operator."""
        config = self.keeper.config
        watch = next(it for it in config.watches if (it.client, it.name) == (one.client, one.watch))
        channels = [name for name in watch.alert if name in config.channels][:1] or list(ops_channels(config))[:1]
        for name in channels:
            key = next_key(f"proposal|{one.id}|{name}", 0)
            plan = {"proposal": one.id}
            await outbox.add_post(
                connection, key=key, channel=name, kind="proposal", plan=plan, now=now, client=one.client or ""
            )
        return channels

    async def confirm(self, name: str, by: Person | None, now: datetime) -> Proposal:
        """A person wants it: written at once where that may be, else kept with its lines. Raises UserError."""
        one = await self._waiting(name)
        try:
            await asyncio.to_thread(self._write, one)
            state = APPLIED
        except UserError as error:
            log.info("proposal_not_written", proposal=one.short, reason=str(error.sentence))
            state = CONFIRMED
        return await self._decided(one, state, by, now)

    async def done(self, name: str, by: Person | None, now: datetime) -> Proposal:
        """Somebody has written it into the file."""
        return await self._decided(await self._waiting(name), APPLIED, by, now)

    async def decline(self, name: str, by: Person | None, now: datetime) -> Proposal:
        """A person does not want it; it is not proposed again."""
        return await self._decided(await self._waiting(name), DECLINED, by, now)

    async def _waiting(self, name: str) -> Proposal:
        async with self.store.read() as connection:
            return await find(connection, name)

    async def _decided(self, one: Proposal, state: str, by: Person | None, now: datetime) -> Proposal:
        async with self.store.write() as connection:
            await proposals.decide(connection, one.id, state, now, by)
            found = await proposals.get(connection, one.id)
        await self._redraw(one.id)
        return found or one

    async def _redraw(self, number: int) -> None:
        """Show in its message what became of a proposal."""
        async with self.store.write() as connection:
            channels, again = await redraw(connection, "proposal", {"proposal": number})
        self.stale.discard(number)
        if again:
            self.stale.add(number)
        for channel in channels:
            self.wake(channel)

    def _write(self, one: Proposal) -> None:
        apply(self.keeper.path, one, self.keeper.registry, standing=self.keeper.texts())


def _drafted(watch: Watch, found: Suggestion, effect: Effect, now: datetime) -> Proposal:
    return Proposal(
        client=watch.client,
        watch=watch.name,
        query=found.exclusion.query,
        kind=found.exclusion.kind,
        reason=found.reason,
        count=effect.count,
        examples=tuple(one.id for one in effect.examples),
        at=now,
    )


async def find(connection: AsyncConnection, name: str) -> Proposal:
    """The proposal called `name` ("P1A") that waits for a decision; raises UserError."""
    number = numbered(name, "P", bare=True)
    found = await proposals.get(connection, number) if number is not None else None
    if found is None:
        raise UserError(text("no proposal is called {name}; smwatch apply lists them", name=name))
    if found.state not in WAITING:
        raise UserError(text("{name} has been decided already ({state})", name=found.short, state=STATES[found.state]))
    return found


STATES = {
    "open": text("nobody has decided"),
    "confirmed": text("wanted, and not yet in the file"),
    "applied": text("in the file"),
    "declined": text("declined"),
}


def apply(
    path: Path, one: Proposal, kinds: Kinds | None = None, *, standing: Mapping[Path, str] | None = None
) -> Path | None:
    """Write the exclusion into its file, comments kept; the file, or None where it stands there already.

    Raises UserError with the lines to paste where the file may not be written, or (with `standing`, the texts that run)
    changed since it was read.
    """
    desk = Desk(path, kinds)
    if is_there(desk, one.watch, one.client, one.query):
        return None
    edit = exclude(desk, one.watch, one.client, one.query)
    if standing is not None and standing.get(edit.path) != edit.before:
        raise UserError(text("{path} changed since it was read", path=str(edit.path)))
    write(edit)
    return edit.path
