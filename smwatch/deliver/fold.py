"""Folds the stories that wait in a storm into one rolling summary."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from smwatch.deliver.hush import hushed
from smwatch.deliver.storm import PART
from smwatch.i18n import text
from smwatch.store import decisions, outbox
from smwatch.store.outbox import Job, next_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from smwatch.deliver.desk import Desk
    from smwatch.deliver.storm import Storm
    from smwatch.plugin import Channel

MOST = 400  # stories in one go: ten parts
WHY = {
    "storm": text("more stories at once than can be told one by one: told in a summary"),
    "max-per-hour": text("more messages in an hour than the channel takes: told in a summary"),
}


async def fold(desk: Desk, channel: Channel, storm: Storm, now: datetime) -> bool:
    """Put every story that waits into the summary that stands, the rest into new ones; False: there was none."""
    async with desk.store.read() as connection:
        untold = await outbox.untold(connection, channel.name, now, channel.group_wait, MOST)
    free = await hushed(desk, untold, now, ZoneInfo(desk.zone(channel.name)))
    jobs = [job for job in free if storm.holds(job, now)]
    if jobs:
        await desk.commit(partial(_fold, channel=channel, storm=storm, jobs=jobs, now=now))
        storm.told = now
    return bool(jobs)


async def tell_together(desk: Desk, channel: Channel, jobs: Sequence[Job], now: datetime, why: str) -> None:
    """Tell these stories in summaries of their own; `why` is a word that the renderer knows."""
    await desk.commit(partial(_together, channel=channel, jobs=jobs, now=now, why=why))


async def _together(connection: Any, channel: Channel, jobs: Sequence[Job], now: datetime, why: str) -> None:  # noqa: ANN401 - see outbox
    for start in range(0, len(jobs), PART):
        part = jobs[start : start + PART]
        key = next_key(hashlib.sha256(f"{channel.name}|{why}|{part[0].key}".encode()).hexdigest(), start)
        plan = {"cards": [job.id for job in part], "since": part[0].since.isoformat(), "why": why}
        clients = {job.client for job in part}
        await outbox.add_post(
            connection,
            key=key,
            channel=channel.name,
            kind="summary",
            plan=plan,
            now=now,
            client=clients.pop() if len(clients) == 1 else "",
        )
        await outbox.fold(connection, part, key)


async def _fold(connection: Any, channel: Channel, storm: Storm, jobs: Sequence[Job], now: datetime) -> None:  # noqa: ANN401 - see outbox
    await decisions.held(connection, jobs, storm.code, WHY[storm.code], now)
    room = storm.room
    if room:
        await _extend(connection, storm, jobs[:room])
    for start in range(room, len(jobs), PART):
        await _begin(connection, channel, storm, jobs[start : start + PART], now)


async def _extend(connection: Any, storm: Storm, jobs: Sequence[Job]) -> None:  # noqa: ANN401 - see outbox
    standing = await outbox.by_key(connection, storm.key)
    if standing is None:
        storm.key = ""
        return
    cards = [job.id for job in jobs]
    await outbox.extend_summary(connection, standing, cards)
    await outbox.fold(connection, jobs, storm.key)
    storm.part += cards


async def _begin(connection: Any, channel: Channel, storm: Storm, jobs: Sequence[Job], now: datetime) -> None:  # noqa: ANN401 - see outbox
    began = storm.began or now
    storm.parts += 1
    storm.key = next_key(hashlib.sha256(f"{channel.name}|{began.isoformat()}".encode()).hexdigest(), storm.parts)
    storm.part = [job.id for job in jobs]
    plan = {"cards": storm.part, "since": began.isoformat(), "part": storm.parts}
    clients = {job.client for job in jobs}
    await outbox.add_post(
        connection,
        key=storm.key,
        channel=channel.name,
        kind="summary",
        plan=plan,
        now=now,
        client=clients.pop() if len(clients) == 1 else "",
    )
    await outbox.fold(connection, jobs, storm.key)
