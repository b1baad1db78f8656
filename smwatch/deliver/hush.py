"""Silences at the moment of sending: what they cover waits for their end, and that is written down."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from smwatch.i18n import text
from smwatch.query.engine import Engine
from smwatch.query.parse import parse
from smwatch.silence import Scope, covering, until_told
from smwatch.store import decisions, outbox, silences
from smwatch.store.jobs import Problem
from smwatch.store.stories import load_stories

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.deliver.desk import Desk
    from smwatch.i18n import Text
    from smwatch.model import Item, Mention, Story
    from smwatch.silence import Marks, Silence
    from smwatch.store.jobs import Job

TOGETHER = 100  # stories that are read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """What silences cover: the store's, and `planned`, those of the files (of all clients where they name none).

    `secret` is the store's key: authors are known by keyed hashes.
    """

    secret: bytes = b""
    planned: tuple[Silence, ...] = ()
    engine: Engine = field(default_factory=lambda: Engine({}))

    async def active(self, connection: AsyncConnection, client: str | None, now: datetime) -> list[Silence]:
        """Everything that may hold something of `client` back at `now`."""
        mine = [one for one in self.planned if one.until > now and one.client in {None, client}]
        return [*await silences.active(connection, now, client), *mine]

    def marks(self, one: Mention) -> Marks:
        """What a silence may be about in a mention."""
        return replace(silences.marks(one, self.secret), queries=self._queries(one.item))

    def _queries(self, item: Item) -> frozenset[str]:
        return frozenset(hit.name for hit in self.engine.match(item)) if self.planned else frozenset()

    def over(self, found: Sequence[Silence], story: Story, now: datetime) -> tuple[tuple[Silence, ...], datetime]:
        """The silences that cover `story`, and when it may be told; what is old in it is told by nobody anyway."""
        marks = [self.marks(one) for one in story.mentions if not one.old]
        covered = covering(found, marks, now)
        return covered, until_told(covered, marks, now) if covered else now


def hush_of(planned: Sequence[Silence], secret: bytes, lists: Mapping[str, Sequence[str]]) -> Hush:
    """The silences of the files, ready to be asked; raises QueryError where a query does not parse."""
    queries = {one.value: parse(one.value, lists=lists) for one in planned if one.scope is Scope.QUERY}
    return Hush(secret=secret, planned=tuple(planned), engine=Engine(queries))


async def hushed(desk: Desk, jobs: Sequence[Job], now: datetime, zone: ZoneInfo) -> list[Job]:
    """Those of `jobs` that no silence covers; the others wait for its end."""
    fresh = [job for job in jobs if job.table == "card" and job.receipt is None and not job.unsure and not job.shown]
    covered = await _covered(desk, fresh, now) if fresh else []
    for job, silence, until in covered:
        reason = sentence(silence, zone)
        await desk.commit(partial(_hold, job=job, reason=reason, until=until, now=now))
    numbers = {job.id for job, _, _ in covered}
    return [job for job in jobs if job.table != "card" or job.id not in numbers]


async def _covered(desk: Desk, jobs: Sequence[Job], now: datetime) -> list[tuple[Job, Silence, datetime]]:
    hush, found = desk.hush(), []
    async with desk.store.read() as connection:
        clients = {job.client for job in jobs}
        active = {client: await hush.active(connection, client or None, now) for client in clients}
        asked = [job for job in jobs if active[job.client]]
        for start in range(0, len(asked), TOGETHER):
            some = asked[start : start + TOGETHER]
            stories = await load_stories(connection, [job.story_id or 0 for job in some])
            for job in some:
                story = stories.get(job.story_id or 0)
                covered, until = hush.over(active[job.client], story, now) if story else ((), now)
                if covered:
                    found.append((job, covered[0], until))
    return found


async def _hold(connection: AsyncConnection, job: Job, reason: Text, until: datetime, now: datetime) -> None:
    problem = Problem(reason=reason, muted=True)
    await outbox.hold(connection, [job], problem, until)
    await decisions.held(connection, [job], "silence", reason, now)


def sentence(one: Silence, zone: ZoneInfo) -> Text:
    """Silenced until 24.11. 18:00 by Anna: complaint is being answered."""
    moment = f"{one.until.astimezone(zone):%d.%m. %H:%M}"
    if not one.by.name:
        return text("silenced until {moment}: {reason}", moment=moment, reason=one.reason)
    return text("silenced until {moment} by {who}: {reason}", moment=moment, who=one.by.name, reason=one.reason)


async def sleep(connection: AsyncConnection, jobs: Sequence[Job], reason: Text, until: datetime, now: datetime) -> None:
    """Hold `jobs` until the quiet hours end, and write down which mentions that holds back."""
    await outbox.hold(connection, jobs, Problem(reason=reason, quiet=True), until)
    await decisions.held(connection, jobs, "quiet", reason, now)


async def nothing_left(connection: AsyncConnection, job: Job, now: datetime) -> None:
    """All that a card would have told was deleted at its source before it went out."""
    await outbox.settle(connection, job)
    if job.shown == 0 and job.receipt is None:
        reason = text("deleted at the source before it was told")
        await decisions.held(connection, [job], "deleted", reason, now, verdict="nothing")
