"""Cards and posts on their way: what is outstanding, claimed, sent, failed.

Every function takes a connection of `store.read()` or `store.write()` and makes no transaction of its own, so that a
caller commits "this was claimed" or "this was planned" together with whatever belongs to it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Table, and_, bindparam, case, func, literal, null, or_, select, update

from smwatch.model import Priority
from smwatch.store.jobs import STEP_ASIDE, Job, Problem, card_job, card_key, next_key, order, post_job, problem_row
from smwatch.store.schema import card, card_mention, post
from smwatch.store.upsert import upsert
from smwatch.store.waiting import Waiting, waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

TABLES: Mapping[str, Table] = {"card": card, "post": post}


async def add_post(  # noqa: PLR0913 - one keyword a column
    connection: AsyncConnection,
    *,
    key: str,
    channel: str,
    kind: str,
    plan: Mapping[str, Any],
    now: datetime,
    client: str = "",
    priority: Priority = Priority.NORMAL,
    card_id: int | None = None,
    digest_run_id: int | None = None,
) -> bool:
    """Plan one message besides the cards; False where `key` was planned before, and nothing changes."""
    values = {
        "key": key,
        "channel": channel,
        "kind": kind,
        "plan": dict(plan),
        "created_at": now,
        "client": client,
        "priority": str(priority),
        "card_id": card_id,
        "digest_run_id": digest_run_id,
    }
    return await _insert_once(connection, post, [values]) == 1


async def _insert_once(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert what is not there yet; how many were new."""
    statement = upsert(connection, table).values([dict(row) for row in rows]).on_conflict_do_nothing()
    return (await connection.execute(statement)).rowcount


async def outstanding(  # noqa: PLR0913 - the conditions of one channel
    connection: AsyncConnection,
    channel: str,
    now: datetime,
    *,
    group_wait: timedelta = timedelta(0),
    group_interval: timedelta = timedelta(0),
    limit: int = 50,
) -> list[Job]:
    """What `channel` has to send or edit: what somebody clicked, urgent, new messages before edits, as first seen.

    Holds what is due, and what failed less than 15 minutes ago: that one still stands in the way.
    """
    asked = {"channel": channel, "now": now, "aside": now - STEP_ASIDE, "calm": now - group_interval, "most": limit}
    cards = [card_job(row) for row in await connection.execute(_CARDS, {**asked, "ripe": now - group_wait})]
    posts = [post_job(row) for row in await connection.execute(_POSTS, asked)]
    return sorted([*cards, *posts], key=order)[:limit]


def _near(table: Table) -> ColumnElement[bool]:
    """It is due at `now`, or was tried since `aside`."""
    free = or_(table.c.not_before.is_(None), table.c.not_before <= bindparam("now"))
    return or_(free, table.c.first_attempt_at > bindparam("aside"))


def _past(moment: ColumnElement[Any], limit: str) -> ColumnElement[bool]:
    """Whether it was before `limit`; what lies ahead of `now` was written before the clock was put back."""
    return or_(moment <= bindparam(limit), moment > bindparam("now"))


def _urgent_first(table: Table) -> ColumnElement[int]:
    return case((table.c.priority == str(Priority.URGENT), 0), else_=1)


def _due_cards(*which: ColumnElement[bool]) -> Select[Any]:
    """Up to `most` cards of `channel` that are due: first seen before `ripe`, or edited before `calm`."""
    due = (
        or_(card.c.state.in_(("waiting", "sent")), and_(card.c.state == "folded", _urgent_first(card) == 0)),
        card.c.wanted > card.c.shown,
        or_(card.c.shown > 0, _past(card.c.first_at, "ripe")),
        or_(card.c.edited_at.is_(None), _past(card.c.edited_at, "calm"), card.c.asked > card.c.shown),
    )
    asked = case((card.c.asked > card.c.shown, 0), else_=1)
    place = (asked, _urgent_first(card), card.c.shown > 0, card.c.first_at, card.c.id)
    mine = select(card).where(card.c.channel == bindparam("channel"), *due, _near(card), *which)
    return mine.order_by(*place).limit(bindparam("most"))


def _due_posts() -> Select[Any]:
    gathered = or_(post.c.kind != "news", _past(post.c.created_at, "calm"), _urgent_first(post) == 0)
    return (
        select(post, card.c.receipt.label("thread"))
        .outerjoin(card, post.c.card_id == card.c.id)
        .where(post.c.channel == bindparam("channel"), post.c.state == "waiting", _near(post), gathered)
        .where(or_(post.c.card_id.is_(None), card.c.shown > 0))  # a note waits for the message that it belongs to
        .order_by(_urgent_first(post), post.c.created_at, post.c.id)
        .limit(bindparam("most"))
    )


_CARDS, _POSTS = _due_cards(), _due_posts()  # made once: each channel asks several times a message
_UNTOLD = _due_cards(card.c.shown == 0, card.c.attempts == 0, card.c.unsure_at.is_(None))


async def get(connection: AsyncConnection, table: Literal["card", "post"], number: int) -> Job | None:
    """One job by its id, whatever its state."""
    if table == "card":
        found = (await connection.execute(select(card).where(card.c.id == number))).first()
        return card_job(found) if found else None
    query = select(post, card.c.receipt.label("thread")).outerjoin(card, post.c.card_id == card.c.id)
    found = (await connection.execute(query.where(post.c.id == number))).first()
    return post_job(found) if found else None


def _first(table: Table, now: datetime) -> ColumnElement[Any]:
    moment = table.c.first_attempt_at
    return func.coalesce(moment, literal(now, moment.type), type_=moment.type)


async def by_key(connection: AsyncConnection, key: str) -> Job | None:
    """The post that was planned under `key`."""
    number = (await connection.execute(select(post.c.id).where(post.c.key == key))).scalar()
    return None if number is None else await get(connection, "post", number)


async def untried(connection: AsyncConnection, channel: str, client: str, kind: str) -> Job | None:
    """The post of this kind that is planned for `channel`, and that nobody has tried to send yet."""
    here = (post.c.channel == channel) & (post.c.client == client) & (post.c.kind == kind)
    free = (post.c.state == "waiting") & (post.c.attempts == 0) & post.c.unsure_at.is_(None)
    number = (await connection.execute(select(post.c.id).where(here, free).limit(1))).scalar()
    return None if number is None else await get(connection, "post", number)


async def replan(connection: AsyncConnection, job: Job, plan: Mapping[str, Any]) -> None:
    """What a planned post is to show from now on."""
    await _set(connection, job, {"plan": dict(plan)})


async def claim(connection: AsyncConnection, job: Job, now: datetime) -> bool:
    """Say before the call that it is being sent; False where the job is gone or claimed meanwhile."""
    table = TABLES[job.table]
    statement = (
        update(table)
        .where(table.c.id == job.id, table.c.key == job.key, table.c.state != "sending")
        .values(state="sending", attempts=job.attempts + 1, first_attempt_at=_first(table, now))
    )
    return (await connection.execute(statement)).rowcount == 1


async def record_sent(  # noqa: PLR0913 - what is known about a delivery
    connection: AsyncConnection,
    job: Job,
    now: datetime,
    *,
    ref: Mapping[str, str],
    revision: int | None = None,
    mentions: Iterable[tuple[int, int]] = (),
) -> None:
    """The channel has it: `revision` of it (default: the one that was wanted), with these (card, mention) pairs."""
    done: dict[str, Any] = {
        "state": "sent",
        "receipt": {"ref": dict(ref), "told": str(job.priority), "repeat": job.repeat},
        "unsure_at": None,
        "attempts": 0,
        "first_attempt_at": None,
        "not_before": None,
        "problem": null(),
    }
    if job.table == "card":
        done["shown"] = job.wanted if revision is None else min(revision, job.wanted)
        if job.receipt is not None:
            done["edited_at"] = now
    elif (await get(connection, "post", job.id) or job).plan != job.plan:
        done["state"] = "waiting"  # what it shows has changed while it was on its way
    await _set(connection, job, done)
    pairs = [{"card_id": one, "mention_id": other, "at": now} for one, other in mentions]
    if pairs:
        await _insert_once(connection, card_mention, pairs)


async def record_failure(
    connection: AsyncConnection, job: Job, problem: Problem, *, not_before: datetime, unsure_at: datetime | None
) -> None:
    """It did not get through, or nobody knows; it is tried again at `not_before`."""
    await _set(
        connection,
        job,
        {"state": "waiting", "unsure_at": unsure_at, "not_before": not_before, "problem": problem_row(problem)},
    )


async def release(connection: AsyncConnection, job: Job, problem: Problem) -> None:
    """Give a claim back: the whole channel is held, which says nothing about this message."""
    await _set(
        connection,
        job,
        {
            "state": "waiting",
            "unsure_at": job.unsure_at,
            "attempts": job.attempts,
            "first_attempt_at": job.first_attempt if job.unsure else None,
            "problem": problem_row(problem),
        },
    )


async def hold(connection: AsyncConnection, jobs: Iterable[Job], problem: Problem, until: datetime) -> None:
    """These wait until `until`; what was tried before surely did not arrive, and begins anew then."""
    fresh = {"attempts": 0, "first_attempt_at": None}
    for job in jobs:
        await _set(connection, job, {"not_before": until, "problem": problem_row(problem), **fresh})


async def unhold(connection: AsyncConnection, channel: str, now: datetime) -> None:
    """What waits without having been tried is looked at again: its channel's quiet hours may be others now."""
    for table in TABLES.values():
        idle = and_(_of(table, channel), table.c.state == "waiting", table.c.attempts == 0, table.c.unsure_at.is_(None))
        await connection.execute(update(table).where(idle, table.c.not_before > now).values(not_before=now))


async def unmute(connection: AsyncConnection, now: datetime) -> None:
    """A silence was ended before its time: what any of them holds is looked at again."""
    held = and_(card.c.state == "waiting", card.c.attempts == 0, card.c.receipt.is_(None), card.c.not_before > now)
    rows = (await connection.execute(select(card).where(held))).all()
    for job in map(card_job, rows):
        if job.problem is not None and job.problem.muted:
            await _set(connection, job, {"not_before": now, "problem": null()})


async def postpone(connection: AsyncConnection, job: Job, not_before: datetime, unsure_at: datetime) -> None:
    """Look it up again later, without counting a try."""
    await _set(connection, job, {"not_before": not_before, "unsure_at": unsure_at})


async def renew(connection: AsyncConnection, job: Job) -> None:
    """The message to edit is gone, or a second one is due: the next post, under the next generation's key."""
    if job.table == "card":  # it tells the news itself
        told = (post.c.card_id == job.id) & (post.c.kind == "news") & (post.c.state == "waiting")
        await connection.execute(update(post).where(told).values(state="sent"))
    generation = job.generation + 1  # posts count none: each key follows from the one before
    cards_own = {"generation": generation, "shown": 0, "edited_at": None} if job.table == "card" else {}
    await _set(
        connection,
        job,
        {
            "state": "waiting",
            "key": next_key(job.key, generation),
            "receipt": null(),
            "unsure_at": None,
            "attempts": 0,
            "first_attempt_at": None,
            "not_before": None,
            "problem": null(),
            **cards_own,
        },
    )


async def settle(connection: AsyncConnection, job: Job) -> None:
    """Nothing is to be shown for this revision (a channel without edits, a story that is gone)."""
    values: dict[str, Any] = {"state": "sent", "unsure_at": None, "not_before": None, "problem": null()}
    if job.table == "card":
        values["shown"] = job.wanted
    await _set(connection, job, values)


async def _set(connection: AsyncConnection, job: Job, values: Mapping[str, Any]) -> None:
    table = TABLES[job.table]
    await connection.execute(update(table).where(table.c.id == job.id).values(**values))


async def recover(connection: AsyncConnection, now: datetime, not_before: datetime, channel: str | None = None) -> int:
    """Whatever was on its way when its process (or lane) ended is unsure, and edits are simply due again."""
    found = 0
    for table in TABLES.values():
        mine = table.c.state == "sending" if channel is None else and_(table.c.state == "sending", _of(table, channel))
        rows = await connection.execute(select(table.c.id, table.c.receipt).where(mine))
        for number, receipt in rows.all():
            found += 1
            values = {"state": "waiting", "unsure_at": now if receipt is None else None, "not_before": not_before}
            await connection.execute(update(table).where(table.c.id == number).values(**values))
    return found


def _of(table: Table, channel: str) -> ColumnElement[bool]:
    return table.c.channel == channel


async def distrust(connection: AsyncConnection, now: datetime) -> int:
    """The store came out of a backup or a power cut: everything unsent is looked up before it is posted."""
    changed = 0
    for table in TABLES.values():
        unsent = update(table).where(table.c.state == "waiting", table.c.receipt.is_(None))
        since = table.c.first_at if table is card else table.c.created_at
        statement = unsent.values(unsure_at=now, first_attempt_at=func.coalesce(table.c.first_attempt_at, since))
        changed += (await connection.execute(statement)).rowcount
    return changed


async def untold(
    connection: AsyncConnection, channel: str, now: datetime, group_wait: timedelta, limit: int
) -> list[Job]:
    """The stories that `channel` has not told yet, in order; none that was tried before."""
    asked = {"channel": channel, "now": now, "aside": now - STEP_ASIDE, "calm": now, "most": limit}
    return [card_job(row) for row in await connection.execute(_UNTOLD, {**asked, "ripe": now - group_wait})]


async def fold(connection: AsyncConnection, jobs: Sequence[Job], key: str) -> None:
    """These cards are told in the summary `key`, not by messages of their own."""
    folded = {"state": "folded", "shown": card.c.wanted, "receipt": {"summary": key}, "problem": null()}
    await connection.execute(update(card).where(card.c.id.in_([job.id for job in jobs])).values(**folded))


async def unfold(connection: AsyncConnection, client: str, story_id: int) -> None:
    """A story that was told in a summary gets a message of its own: somebody works on it."""
    here = and_(card.c.client == client, card.c.story_id == story_id, card.c.state == "folded")
    values = {"state": "waiting", "shown": 0, "asked": card.c.wanted, "receipt": null(), "attempts": 0}
    await connection.execute(update(card).where(here).values(**values))


async def extend_summary(connection: AsyncConnection, job: Job, cards: Sequence[int], **more: Any) -> None:  # noqa: ANN401 - JSON values
    """A summary that stands in its channel tells these cards too, and `more`: it is due again, as an edit."""
    plan = {**job.plan, "cards": [*job.plan["cards"], *cards], **more}
    await _set(connection, job, {"plan": plan, "state": "waiting"})


__all__ = [
    "STEP_ASIDE",
    "Job",
    "Problem",
    "Waiting",
    "add_post",
    "by_key",
    "card_key",
    "claim",
    "distrust",
    "extend_summary",
    "fold",
    "get",
    "hold",
    "next_key",
    "order",
    "outstanding",
    "postpone",
    "record_failure",
    "record_sent",
    "recover",
    "release",
    "renew",
    "replan",
    "settle",
    "unfold",
    "unhold",
    "unmute",
    "untold",
    "untried",
    "waiting",
]
