"""Folds the stories that wait in a storm into one rolling summary, and reports when it is over."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from smwatch.deliver.hush import hushed
from smwatch.deliver.storm import PART, SIZE
from smwatch.i18n import text
from smwatch.model import Priority
from smwatch.store import decisions, outbox, records, tallies
from smwatch.store.outbox import Job, next_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from smwatch.deliver.desk import Desk
    from smwatch.deliver.storm import Part, Storm
    from smwatch.plugin import Channel

MOST = 400  # stories in one transaction
NIGHT = 10_000  # stories that are told together when quiet hours or a silence end
WHY = {
    "storm": text("more stories at once than can be told one by one: told in a summary"),
    "max-per-hour": text("more messages in an hour than the channel takes: told in a summary"),
}


async def fold(desk: Desk, channel: Channel, storm: Storm, now: datetime) -> bool:
    """Put every story that waits into the summary that stands, the rest into new ones; False: there was none."""
    zone, found = ZoneInfo(desk.zone(channel.name)), False
    while True:
        async with desk.store.read() as connection:
            untold = await outbox.untold(connection, channel.name, now, channel.group_wait, MOST)
        free = await hushed(desk, untold, now, zone)
        jobs = [job for job in free if storm.holds(job, now)]
        if jobs:
            found = True
            await desk.commit(partial(_fold, channel=channel, storm=storm, jobs=jobs, now=now))
        if not jobs or len(untold) < MOST:
            break
    if found:
        storm.told = now
        await remember(desk, channel, storm)
    return found


async def remember(desk: Desk, channel: Channel, storm: Storm) -> None:
    """Keep the storm's state: a restart goes on with the same summary."""
    await desk.commit(partial(records.put, key=_record(channel), value=storm.kept()))


async def recall(desk: Desk, channel: Channel, storm: Storm) -> None:
    """What a process before this one knew about the channel's storm."""
    async with desk.store.read() as connection:
        kept = await records.get(connection, _record(channel))
    if kept:
        storm.recall(kept)


def _record(channel: Channel) -> str:
    return f"storm:{channel.name}"


async def close(desk: Desk, channel: Channel, storm: Storm, now: datetime) -> None:
    """The storm is over: its summary stops to roll, and one report closes it."""
    await desk.commit(partial(_close, channel=channel, storm=storm, now=now))
    storm.over = None
    await remember(desk, channel, storm)


async def _close(connection: Any, channel: Channel, storm: Storm, now: datetime) -> None:  # noqa: ANN401 - see outbox
    if storm.over is None:
        return
    await _stand_still(connection, storm.key)
    key = next_key(hashlib.sha256(f"{channel.name}|{storm.over.isoformat()}|over".encode()).hexdigest(), 0)
    plan = {
        "cards": [],
        "why": "over",
        "since": (storm.first or storm.over).isoformat(),
        "until": (storm.busy or now).isoformat(),
        "folded": storm.folded,
    }
    reported = await outbox.by_key(connection, key)
    if reported is None:
        await outbox.add_post(connection, key=key, channel=channel.name, kind="summary", plan=plan, now=now)
    else:  # the storm had ended before, and came back
        await outbox.extend_summary(connection, reported, (), until=plan["until"], folded=storm.folded)


async def _stand_still(connection: Any, key: str) -> None:  # noqa: ANN401 - see outbox
    standing = await outbox.by_key(connection, key) if key else None
    if standing is not None and standing.plan.get("rolling"):
        await outbox.extend_summary(connection, standing, (), rolling=False)


async def tell_together(desk: Desk, channel: Channel, jobs: Sequence[Job], now: datetime, why: str) -> None:
    """Tell these stories in one summary; `why` is a word that the renderer knows.

    It names as many as fit and counts the others: of a night the most important ones, of a silence the newest.
    """
    await desk.commit(partial(_together, channel=channel, jobs=jobs, now=now, why=why))


async def _together(connection: Any, channel: Channel, jobs: Sequence[Job], now: datetime, why: str) -> None:  # noqa: ANN401 - see outbox
    ranked = list(jobs)[::-1] if why == "muted" else await _by_weight(connection, jobs)
    lengths = await tallies.lengths(connection, [job.id for job in ranked[:PART]])
    named = _first(ranked, lengths)
    if why == "muted":
        named = named[::-1]
    key = next_key(hashlib.sha256(f"{channel.name}|{why}|{jobs[0].key}".encode()).hexdigest(), 0)
    since = min(job.since for job in jobs).isoformat()
    plan: dict[str, Any] = {"cards": [job.id for job in named], "since": since, "why": why}
    if more := len(jobs) - len(named):
        plan["more"] = more
    await _post(connection, channel, key, plan, jobs, now)
    await outbox.fold(connection, jobs, key)


async def _by_weight(connection: Any, jobs: Sequence[Job]) -> list[Job]:  # noqa: ANN401 - see outbox
    """The most important first: by priority, then what the most sources tell, then as first seen."""
    sources = await tallies.sources_of(connection, [job.id for job in jobs])
    order = list(Priority)
    return sorted(jobs, key=lambda job: (order.index(job.priority), -sources.get(job.id, 0), job.since, job.id))


def _first(jobs: Sequence[Job], lengths: dict[int, int]) -> list[Job]:
    """As many as one message takes; at least one."""
    size, found = 0, list[Job]()
    for job in jobs[:PART]:
        size += lengths.get(job.id, 0)
        if found and size > SIZE:
            break
        found.append(job)
    return found


async def _post(  # noqa: PLR0913, PLR0917 - what a summary is made of
    connection: Any,  # noqa: ANN401 - see outbox
    channel: Channel,
    key: str,
    plan: dict[str, Any],
    jobs: Sequence[Job],
    now: datetime,
) -> None:
    clients = {job.client for job in jobs}
    owner = clients.pop() if len(clients) == 1 else ""
    plan = {**plan, "key": key}  # by which its cards know it, also when its message was replaced
    await outbox.add_post(connection, key=key, channel=channel.name, kind="summary", plan=plan, now=now, client=owner)


async def _fold(connection: Any, channel: Channel, storm: Storm, jobs: Sequence[Job], now: datetime) -> None:  # noqa: ANN401 - see outbox
    await decisions.held(connection, jobs, storm.code, WHY[storm.code], now)
    if storm.key and await outbox.by_key(connection, storm.key) is None:
        storm.key = ""
    began = storm.began or now
    storm.first = min(filter(None, (storm.first, *(job.since for job in jobs))))
    lengths = await tallies.lengths(connection, [job.id for job in jobs])
    words = f"{channel.name}|{began.isoformat()}"
    before = storm.key
    parts = storm.arrange(
        [(job.id, lengths.get(job.id, 0)) for job in jobs],
        lambda number: next_key(hashlib.sha256(words.encode()).hexdigest(), number),
    )
    if before != storm.key:
        await _stand_still(connection, before)
    for part in parts:
        await _write(connection, channel, storm, part, jobs, now)


async def _write(  # noqa: PLR0913, PLR0917 - what a summary is made of
    connection: Any,  # noqa: ANN401 - see outbox
    channel: Channel,
    storm: Storm,
    part: Part,
    jobs: Sequence[Job],
    now: datetime,
) -> None:
    chosen = {*part.cards, *part.more}
    mine = [job for job in jobs if job.id in chosen]
    rolling = part.key == storm.key and storm.editable
    if part.fresh:
        since = (storm.first or now).isoformat()
        plan = {"cards": part.cards, "since": since, "part": storm.parts, "rolling": rolling, "more": len(part.more)}
        plan |= {"why": "outage"} if storm.outage else {}
        await _post(connection, channel, part.key, plan, mine, now)
    else:
        standing = await outbox.by_key(connection, part.key)
        if standing is not None:
            more = int(standing.plan.get("more", 0)) + len(part.more)
            await outbox.extend_summary(connection, standing, part.cards, more=more, rolling=rolling)
    await outbox.fold(connection, mine, part.key)
