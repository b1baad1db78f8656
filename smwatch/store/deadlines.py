"""What time brings to cases: deadlines, urgent stories, our own replies, substitutes, and names that are forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, insert, or_, select, update

from smwatch.case import Case, Status, reopens
from smwatch.model import Person, Priority
from smwatch.store.cases import case_of, person_row, select_cases, show
from smwatch.store.schema import card, decision, mention, post, watch
from smwatch.store.schema_cases import case_, case_event, substitute

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

KEPT = timedelta(days=30)  # names on cases, after they were closed
MOST = 200  # cases that one look begins
FORGOTTEN = timedelta(days=90)  # cases that came by phone or mail: those of a story go with it


async def with_deadline(connection: AsyncConnection) -> list[Case]:
    """The cases that wait and whose deadline runs."""
    here = and_(case_.c.status.in_((str(Status.OPEN), str(Status.TAKEN))), case_.c.until.is_not(None))
    return [case_of(row) for row in await connection.execute(select_cases().where(here))]


async def reminded(connection: AsyncConnection, case: Case, told: int) -> None:
    """This reminder was planned."""
    await connection.execute(update(case_).where(case_.c.id == case.id).values(told=told))


async def raised(connection: AsyncConnection) -> list[Case]:
    """The cases that were done when their story became more urgent."""
    done = case_.c.status.in_((str(Status.ANSWERED), str(Status.CLOSED)))
    query = select_cases(card.c.priority.label("now_at")).join(
        card, and_(card.c.story_id == case_.c.story_id, card.c.client == case_.c.client)
    )
    here = and_(done, case_.c.priority != card.c.priority)
    found = {row.id: row for row in await connection.execute(query.where(here))}
    return [case for row in found.values() if reopens(case := case_of(row), Priority(row.now_at))]


async def unanswered(
    connection: AsyncConnection, watches: Sequence[tuple[str, str]], since: datetime
) -> list[tuple[str, int, str, datetime]]:
    """Stories that were told since `since` of watches (client, name) with a deadline, and that are no case yet.

    Client, story, watch, and when they were first to be told; the `MOST` oldest of them. What was told in a summary
    counts once that is out; not what a silence had held: somebody asked for that to be quiet.
    """
    apart = and_(post.c.key == card.c.receipt["summary"].as_string(), post.c.receipt.is_not(None))
    together = exists().where(apart, func.coalesce(post.c.plan["why"].as_string(), "") != "muted")
    told = or_(card.c.state == "sent", and_(card.c.state == "folded", together))
    query = (
        select(card.c.client, card.c.story_id, watch.c.name, func.min(card.c.first_at).label("first_at"))
        .join(mention, mention.c.story_id == card.c.story_id)
        .join(watch, watch.c.id == mention.c.watch_id)
        .outerjoin(case_, and_(case_.c.story_id == card.c.story_id, case_.c.client == card.c.client))
        .where(card.c.first_at >= since, told, card.c.receipt.is_not(None), case_.c.id.is_(None))
        .where(watch.c.name.in_([name for _, name in watches]), mention.c.old.is_(False))
        .group_by(card.c.client, card.c.story_id, watch.c.name)
        .order_by(func.min(card.c.first_at))
        .limit(MOST)
    )
    rows = await connection.execute(query)
    return [(row.client, row.story_id, row.name, row.first_at) for row in rows if (row.client, row.name) in watches]


async def only_in_summaries(
    connection: AsyncConnection, stories: Iterable[int]
) -> dict[int, tuple[str, Mapping[str, str] | None]]:
    """Those of `stories` without a message of their own: the channel, and the place of the summary that names each."""
    numbers = list(stories)
    found: dict[int, tuple[str, Mapping[str, str] | None]] = {}
    for at in range(0, len(numbers), MOST):
        here = and_(card.c.story_id.in_(numbers[at : at + MOST]), card.c.receipt.is_not(None))
        query = (
            select(card.c.story_id, card.c.channel, card.c.receipt, post.c.receipt.label("summary"))
            .outerjoin(post, post.c.key == card.c.receipt["summary"].as_string())
            .where(here)
            .order_by(card.c.id)
        )
        rows = (await connection.execute(query)).all()
        own = {row.story_id for row in rows if "summary" not in row.receipt}
        for row in rows:
            if row.story_id not in own:
                found.setdefault(row.story_id, (row.channel, (row.summary or {}).get("ref")))
    return found


async def answered_by_us(connection: AsyncConnection) -> list[Case]:
    """Cases that wait although one of our own accounts has answered since: its reply arrived as an item."""
    ours = (
        select(decision.c.id)
        .join(mention, mention.c.id == decision.c.mention_id)
        .where(decision.c.code == "own", mention.c.story_id == case_.c.story_id, decision.c.at >= case_.c.opened_at)
    )
    waiting = case_.c.status.in_((str(Status.OPEN), str(Status.TAKEN)))
    return [case_of(row) for row in await connection.execute(select_cases().where(waiting, ours.exists()))]


async def answer_by(connection: AsyncConnection, case: Case, begun_at: datetime, until: datetime) -> None:
    """The watch sets a deadline."""
    values = {"begun_at": begun_at, "until": until, "answer_by": until}
    await connection.execute(update(case_).where(case_.c.id == case.id).values(**values))


async def watches_of(connection: AsyncConnection, story_id: int | None) -> list[str]:
    """The names of the watches that a story's mentions belong to."""
    query = select(watch.c.name).join(mention, mention.c.watch_id == watch.c.id)
    rows = await connection.execute(query.where(mention.c.story_id == story_id).distinct())
    return [row.name for row in rows]


async def stand_in(connection: AsyncConnection, away: Person, other: Person, until: datetime) -> None:
    """`other` hears what `away` would, until `until`."""
    await connection.execute(substitute.delete().where(substitute.c.away_id == away.id))
    values = {"away": person_row(away), "away_id": away.id, "stand_in": person_row(other), "until": until}
    await connection.execute(insert(substitute).values(**values))


async def substitutes(connection: AsyncConnection, now: datetime) -> dict[str, tuple[Person, datetime]]:
    """Who stands in for whom now, by the id of who is away."""
    rows = await connection.execute(select(substitute).where(substitute.c.until > now))
    return {row.away_id: (Person(**row.stand_in), row.until) for row in rows}


async def back(connection: AsyncConnection, away: Person) -> bool:
    """`away` is here again; whether somebody stood in."""
    return (await connection.execute(substitute.delete().where(substitute.c.away_id == away.id))).rowcount > 0


async def erase_names(connection: AsyncConnection, now: datetime) -> int:
    """Names on cases that were closed 30 days ago; how many cases. Their messages are edited, too."""
    done = and_(case_.c.status == str(Status.CLOSED), case_.c.changed_at <= now - KEPT)
    named = or_(case_.c.owner.is_not(None), case_.c.by.is_not(None))
    found = [case_of(row) for row in await connection.execute(select_cases().where(done, named))]
    for one in found:
        await connection.execute(update(case_).where(case_.c.id == one.id).values(owner=None, by=None))
        nobody = {"id": "", "name": ""}
        mine = update(case_event).where(case_event.c.case_id == one.id)
        await connection.execute(mine.values(who=nobody, value={}, before=None))
        await show(connection, one, now)
    await connection.execute(substitute.delete().where(substitute.c.until <= now))
    by_hand = case_.c.story_id.is_(None) & (case_.c.status == str(Status.CLOSED))
    await connection.execute(case_.delete().where(by_hand, case_.c.changed_at <= now - FORGOTTEN))
    return len(found)
