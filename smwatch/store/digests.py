"""Digest runs: planned once each, together with their posts, and read back as a `Digest`.

Every function takes a connection of `store.read()` or `store.write()` and makes no transaction of its own.

A run keeps which mentions it holds. A mention whose transaction ends a moment after the digest was planned, with a
time before it, is therefore not lost between two periods: the next run takes it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, exists, func, insert, literal, or_, select, tuple_

from smwatch import digest as digests
from smwatch.i18n import Text, from_json
from smwatch.store.mentions import mentions_where
from smwatch.store.outbox import add_post
from smwatch.store.schema import decision, digest_mention, digest_run, mention, meta, watch
from smwatch.store.sources import all_sources, as_state
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.digest import Due, Plan
    from smwatch.model import Digest, SourceState, Watch

STRAGGLING = timedelta(hours=1)  # so late a transaction may bring a mention of the period before
HELD = ("hold", "nothing")  # verdicts that the part "held back" counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One planned digest: it covers (`since`, `due_at`]."""

    id: int
    name: str
    since: datetime
    due_at: datetime
    late: bool


async def last_run(connection: AsyncConnection, name: str, before: datetime | None = None) -> Run | None:
    """The newest run of the digest `name`, or the newest that was due earlier than `before`."""
    query = select(digest_run).where(digest_run.c.name == name).order_by(digest_run.c.due_at.desc()).limit(1)
    if before is not None:
        query = query.where(digest_run.c.due_at < before)
    row = (await connection.execute(query)).first()
    return None if row is None else _run(row)


async def get_run(connection: AsyncConnection, number: int) -> Run | None:
    """One run by its id."""
    row = (await connection.execute(select(digest_run).where(digest_run.c.id == number))).first()
    return None if row is None else _run(row)


def _run(row: Row[Any]) -> Run:
    return Run(id=row.id, name=row.name, since=row.since, due_at=row.due_at, late=row.late)


async def in_force_since(connection: AsyncConnection, plan: Plan) -> datetime | None:
    """When this plan, with these times, was first seen; None if it never was."""
    stored = (await connection.execute(select(meta.c.value).where(meta.c.key == _key(plan)))).scalar()
    known = json.loads(stored) if stored else {}
    return datetime.fromisoformat(known["since"]) if known.get("plan") == _times(plan) else None


async def put_in_force(connection: AsyncConnection, plan: Plan, now: datetime) -> None:
    """Remember that `plan` with these times is known from `now` on: what was due before is not sent late."""
    await connection.execute(delete(meta).where(meta.c.key == _key(plan)))
    value = json.dumps({"since": now.isoformat(), "plan": _times(plan)})
    await connection.execute(insert(meta).values(key=_key(plan), value=value))


def _key(plan: Plan) -> str:
    return f"digest:{plan.name}"


def _times(plan: Plan) -> list[str | None]:
    return [plan.at, plan.days, plan.cron, plan.timezone]


async def plan_run(  # noqa: PLR0913 - one keyword for each thing that is written down
    connection: AsyncConnection,
    plan: Plan,
    due: Due,
    *,
    watches: Sequence[Watch],
    channels: Iterable[str],
    secret: bytes,
    now: datetime,
) -> Run | None:
    """Write down the run that is due, the mentions it holds, and one post a channel; None if it was planned before.

    `watches` are those of this digest; `secret` is the store's key.
    """
    since = await period_start(connection, plan, due.at)
    values = {"name": plan.name, "since": since, "due_at": due.at, "planned_at": now, "late": due.late}
    inserted = await connection.execute(upsert(connection, digest_run).values(values).on_conflict_do_nothing())
    if inserted.rowcount != 1:
        return None
    run = await last_run(connection, plan.name, due.at + timedelta(microseconds=1))
    if run is None:  # pragma: no cover - it was inserted a line above
        return None
    wanted = await _in_period(connection, plan.name, watches, since, due.at)
    chosen = select(literal(run.id), mention.c.id).where(wanted)
    await connection.execute(insert(digest_mention).from_select(["digest_run_id", "mention_id"], chosen))
    for channel in channels:
        await add_post(
            connection,
            key=post_key(secret, plan, due.at, channel),
            channel=channel,
            kind="digest",
            plan={"digest_run_id": run.id, "part": 1, "parts": 1},
            now=now,
            client=plan.client or "",
            digest_run_id=run.id,
        )
    return run


def post_key(secret: bytes, plan: Plan, due: datetime, channel: str, part: int = 1) -> str:
    """The key of one part of one digest in one channel: the same after a restored backup."""
    words = "|".join((plan.client or "", channel, "digest", plan.name, due.isoformat(), str(part)))
    return hmac.new(secret, words.encode(), hashlib.sha256).hexdigest()[:32]


async def period_start(connection: AsyncConnection, plan: Plan, until: datetime) -> datetime:
    """Where the period that ends at `until` starts: where the last run ended, else one period before the plan."""
    run = await last_run(connection, plan.name, until)
    if run is not None:
        return run.due_at
    known = await in_force_since(connection, plan) or until
    return digests.previous_due(plan, min(known, until)) or known - timedelta(days=1)


async def load_digest(  # noqa: PLR0913 - the run, and what the config says about it
    connection: AsyncConnection,
    run: Run,
    plan: Plan,
    *,
    watches: Sequence[Watch],
    counted: Sequence[Watch] = (),
    sources: Collection[str] | None = None,
    uncovered: Iterable[Text] = (),
    muted: Iterable[Text] = (),
) -> Digest:
    """What a planned run holds, as it is now: what was erased since is gone from it.

    `sources` are the names of the config's sources; others are not told about any more. `counted` are watches whose
    held back mentions no other digest counts; `muted` tells of the silences that hold something back now.
    """
    held = exists().where(digest_mention.c.digest_run_id == run.id, digest_mention.c.mention_id == mention.c.id)
    found = await mentions_where(connection, held)
    return digests.build(
        plan,
        since=run.since,
        until=run.due_at,
        watches=watches,
        mentions=found,
        before=await _before(connection, plan.name, run.due_at),
        held=await held_back(connection, [*watches, *counted], run.since, run.due_at),
        muted=muted,
        sources=await source_states(connection, plan.client, run.due_at, sources),
        uncovered=uncovered,
        late=run.late,
        upcoming=digests.next_due(plan, run.due_at),
    )


async def preview(  # noqa: PLR0913 - as `load_digest`
    connection: AsyncConnection,
    plan: Plan,
    *,
    watches: Sequence[Watch],
    now: datetime,
    counted: Sequence[Watch] = (),
    sources: Collection[str] | None = None,
    uncovered: Iterable[Text] = (),
    muted: Iterable[Text] = (),
) -> Digest:
    """What the digest would hold if it were sent `now`: every mention of the period so far, alerted or not."""
    since = await period_start(connection, plan, now)
    wanted = await _in_period(connection, plan.name, watches, since, now)
    return digests.build(
        plan,
        since=since,
        until=now,
        watches=watches,
        mentions=await mentions_where(connection, wanted),
        before=await _before(connection, plan.name, now),
        held=await held_back(connection, [*watches, *counted], since, now),
        muted=muted,
        sources=await source_states(connection, plan.client, now, sources),
        uncovered=uncovered,
        upcoming=digests.next_due(plan, now),
    )


async def _in_period(
    connection: AsyncConnection, name: str, watches: Sequence[Watch], since: datetime, until: datetime
) -> ColumnElement[bool]:
    """New mentions of `watches` in (`since`, `until`], and those that came too late for the run before."""
    told = (
        select(digest_mention.c.mention_id)
        .join(digest_run, digest_mention.c.digest_run_id == digest_run.c.id)
        .where(digest_run.c.name == name, digest_mention.c.mention_id == mention.c.id)
    )
    straggler = and_(mention.c.seen_at > since - STRAGGLING, ~told.exists())
    first = await last_run(connection, name, until) is None
    fresh = mention.c.seen_at > since if first else or_(mention.c.seen_at > since, straggler)
    return and_(mention.c.watch_id.in_(_ids(watches)), ~mention.c.old, mention.c.seen_at <= until, fresh)


def _ids(watches: Sequence[Watch]) -> Any:  # noqa: ANN401 - a subquery
    names = [(each.client or "", each.name) for each in watches]
    return select(watch.c.id).where(tuple_(watch.c.client, watch.c.name).in_(names))


async def _before(connection: AsyncConnection, name: str, until: datetime) -> Mapping[str, int] | None:
    """Mentions by watch in the run before; None where there was none."""
    run = await last_run(connection, name, until)
    if run is None:
        return None
    query = (
        select(watch.c.name, func.count())
        .join(mention, mention.c.watch_id == watch.c.id)
        .join(digest_mention, digest_mention.c.mention_id == mention.c.id)
        .where(digest_mention.c.digest_run_id == run.id)
        .group_by(watch.c.name)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def held_back(
    connection: AsyncConnection, watches: Sequence[Watch], since: datetime, until: datetime
) -> list[tuple[Text, int]]:
    """Why mentions were not told at once, each reason with its number of mentions, the most first.

    What was decided in (`since`, `until`] counts, each mention once, under its last reason. One that a channel was told
    of by a message of its own at once is not counted.
    """
    alert, after = decision.alias("alert"), decision.alias("after")
    later = exists().where(
        after.c.mention_id == alert.c.mention_id,
        after.c.channel == alert.c.channel,
        after.c.verdict.in_(HELD),
        after.c.id > alert.c.id,
    )
    told = exists().where(alert.c.mention_id == decision.c.mention_id, alert.c.verdict == "alert", ~later)
    query = (
        select(decision.c.code, decision.c.mention_id, decision.c.reason)
        .join(mention, decision.c.mention_id == mention.c.id)
        .where(mention.c.watch_id.in_(_ids(watches)), ~mention.c.old)
        .where(decision.c.at > since, decision.c.at <= until, decision.c.verdict.in_(HELD))
        .where(~told)
        .order_by(decision.c.id)
    )
    last = {row.mention_id: row for row in await connection.execute(query)}
    reasons: dict[str, Text] = {}
    for row in last.values():
        reasons.setdefault(row.code, digests.WHY_HELD.get(row.code) or from_json(row.reason))
    counted = Counter(row.code for row in last.values())
    return [(reasons[code], count) for code, count in counted.most_common()]


async def source_states(
    connection: AsyncConnection, client: str | None, now: datetime, names: Collection[str] | None = None
) -> list[SourceState]:
    """The sources that feed `client`'s watches, its own and those without a client; of those called `names`."""
    rows = [row for row in await all_sources(connection) if row.client in {"", client or ""}]
    found = [as_state(row, now) for row in rows if names is None or row.name in names]
    return sorted(found, key=lambda state: state.name.casefold())
