"""T2: mentions become stories, decisions and cards, in one transaction; and stories are read back.

A mention without a story is the durable to-do: whatever happens between T1 and T2, it is found again here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update

from smwatch.i18n import from_json, to_json
from smwatch.model import Alert, Item, Mention, Priority, Story
from smwatch.route import Decision, Verdict, highest
from smwatch.store import decisions
from smwatch.store.jobs import card_key, problem_of
from smwatch.store.mentions import mention_of, mentions_where, whole
from smwatch.store.news import add_news, stands
from smwatch.store.schema import card, fingerprint, item, mention, source, story
from smwatch.story import ENDS, SLIDES, Fingerprint, Known, unpacked

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.store.gathering import Gathering

BATCH = 100
MOST_BEGUN = 100  # stories that one item begins


KNOWN_BY = func.coalesce(source.c.origin, source.c.key).label("key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A mention that belongs to no story yet, with its item's id and identity; `place`: where its ids are unique."""

    mention: Mention
    item_id: int
    identity: str
    place: str = ""


async def ungathered(
    connection: AsyncConnection, *, but: Collection[int] = (), only: int | None = None
) -> list[Waiting]:
    """The oldest mentions without a story, in the order of their ids; not those in `but`, or `only` this one."""
    if not but and only is None:
        return await _read(connection, _OLDEST)
    which = _homeless(but)
    return await waiting_where(connection, which if only is None else which & (mention.c.id == only), BATCH)


_WAITING = whole(mention.c.item_id, source.c.kind.label("source_kind"), KNOWN_BY, item.c.id_hmac).order_by(mention.c.id)
_OLDEST = _WAITING.where(mention.c.story_id.is_(None)).limit(BATCH)


async def waiting_numbers(connection: AsyncConnection, *, but: Collection[int] = ()) -> list[int]:
    """The ids of the mentions that `ungathered` reads."""
    query = select(mention.c.id).where(_homeless(but)).order_by(mention.c.id).limit(BATCH)
    return list((await connection.execute(query)).scalars())


def _homeless(but: Collection[int]) -> ColumnElement[bool]:
    return mention.c.story_id.is_(None) & mention.c.id.not_in(but) if but else mention.c.story_id.is_(None)


async def waiting_where(connection: AsyncConnection, which: ColumnElement[bool], limit: int) -> list[Waiting]:
    """The mentions that `which` chooses, in the order of their ids."""
    return await _read(connection, _WAITING.where(which).limit(limit))


async def _read(connection: AsyncConnection, query: Select[Any]) -> list[Waiting]:
    return [
        Waiting(
            mention=mention_of(row),
            item_id=row.item_id,
            identity=f"{row.key}|{row.id_hmac}",
            place=f"{row.source_kind}|{row.key}",
        )
        for row in await connection.execute(query)
    ]


async def remembered(connection: AsyncConnection, now: datetime) -> list[tuple[str, int, list[Fingerprint], Known]]:
    """What the window holds, to fill it again at start: (client, item, its fingerprints, its story), oldest first."""
    query = (
        select(fingerprint, story.c.first_at, story.c.last_at)
        .join(story, fingerprint.c.story_id == story.c.id)
        .where(fingerprint.c.at > now - ENDS, story.c.last_at >= now - SLIDES)
        .order_by(fingerprint.c.id)
    )
    found: dict[tuple[str, int], tuple[list[Fingerprint], Known]] = {}
    for row in await connection.execute(query):
        known = Known(story_id=row.story_id, first_at=row.first_at, last_at=row.last_at)
        marks, _ = found.setdefault((row.client, row.item_id), ([], known))
        marks.append(Fingerprint(row.kind, row.hash, unpacked(row.grams or b"")))
    return [(client, item_id, marks, known) for (client, item_id), (marks, known) in found.items()]


async def new_story(gathering: Gathering, waiting: Waiting, at: datetime) -> tuple[Known, str]:
    """A story that begins with this mention's item, and its first item's identity.

    An item that began a story before gives it a number, so that its cards have another key.
    """
    client, first = waiting.mention.client or "", waiting.identity
    if (client, first) in gathering.begun:
        await gathering.flush()
        first = f"{first}#{await _begun(gathering.connection, client, first)}"
    gathering.begun.add((client, waiting.identity))
    number = await gathering.begin(client=client, first=first, at=at)
    return Known(story_id=number, first_at=at, last_at=at), first


async def _begun(connection: AsyncConnection, client: str, identity: str) -> int:
    """How many stories this item began."""
    same = story.c.first_item.in_([identity, *(f"{identity}#{n}" for n in range(1, MOST_BEGUN))])
    count = select(func.count()).select_from(story).where(story.c.client == client, same)
    return (await connection.execute(count)).scalar_one()


async def items_of(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, Item]:
    """The items with these ids, as stories compare them: link, title, text, source."""
    columns = (item.c.id, item.c.native_id, item.c.url, item.c.title, item.c.lead, item.c.text, item.c.kind)
    query = select(*columns, source.c.name.label("source")).join(source, item.c.source_id == source.c.id)
    return {
        row.id: Item(
            id=row.native_id,
            source=row.source,
            url=row.url,
            title=row.title,
            lead=row.lead,
            text=row.text,
            kind=row.kind,
        )
        for row in await connection.execute(query.where(item.c.id.in_(numbers)))
    }


async def decide(  # noqa: PLR0913 - what a decision is about
    gathering: Gathering,
    waiting: Waiting,
    story_id: int,
    decisions: Sequence[Decision],
    *,
    secret: bytes,
    now: datetime,
    joined: bool = True,
    first: str | None = None,
) -> list[str]:
    """Write the decisions down and put the story on its cards; the channels that have something new to show.

    `joined`: the item has come to the story just now; `first`: it has begun it, and this is its identity.
    """
    gathering.decide(waiting.mention.id, decisions, now)
    alerts = [one for one in decisions if one.verdict is Verdict.ALERT]
    for one in alerts:
        if first is not None or not await _show(
            gathering, waiting.mention, story_id, one, secret=secret, now=now, joined=joined
        ):
            await _add(gathering, waiting.mention, story_id, one, secret=secret, now=now, first=first)
    return [one.channel for one in alerts]


async def _show(  # noqa: PLR0913 - see decide
    gathering: Gathering,
    new: Mention,
    story_id: int,
    one: Decision,
    *,
    secret: bytes,
    now: datetime,
    joined: bool,
) -> bool:
    """Put it on the card that the story has in this channel; False: there is none."""
    connection = gathering.connection
    await gathering.written(story_id)
    here = (card.c.client == (new.client or "")) & (card.c.story_id == story_id) & (card.c.channel == one.channel)
    standing = (await connection.execute(select(card).where(here))).first()
    if standing is None:
        return False
    top = highest([Priority(standing.priority), new.priority])
    raised = top if top is not Priority(standing.priority) else None
    values: dict[str, Any] = {"wanted": card.c.wanted + 1, "priority": str(top), "changed_at": now}
    if _is_held(standing):
        values["not_before"] = now  # it may be told now: more urgent, or not covered by a silence any more
        await gathering.flush()
        await decisions.joined(connection, standing.id, now)
    await connection.execute(update(card).where(card.c.id == standing.id).values(**values))
    if stands(standing) and (joined or raised):
        await add_news(connection, standing, new.id, raised=raised, secret=secret, now=now)
    return True


async def _add(  # noqa: PLR0913 - see decide
    gathering: Gathering,
    new: Mention,
    story_id: int,
    one: Decision,
    *,
    secret: bytes,
    now: datetime,
    first: str | None,
) -> None:
    client = new.client or ""
    if first is None:
        query = select(story.c.first_item).where(story.c.id == story_id)
        first = (await gathering.connection.execute(query)).scalar_one()
    gathering.show(
        client=client,
        story_id=story_id,
        channel=one.channel,
        priority=str(new.priority),
        reason=to_json(one.reason),
        first_at=now,
        changed_at=now,
        key=card_key(secret, client=client, channel=one.channel, first_item=first),
    )


def _is_held(standing: Row[Any]) -> bool:
    """Whether quiet hours, a silence or a summary keep the story from being a message of its own."""
    problem = problem_of(standing.problem)
    waits = problem is not None and (problem.quiet or problem.muted)
    return standing.state == "folded" or (waits and standing.attempts == 0 and standing.receipt is None)


async def load_story(connection: AsyncConnection, story_id: int) -> Story | None:
    """A story with its mentions; None where everything in it was erased."""
    return (await load_stories(connection, [story_id])).get(story_id)


async def load_stories(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, Story]:
    """Stories with their mentions by their ids, without those in which everything was erased."""
    told = or_(~mention.c.lost, item.c.tombstone.is_not(None))  # what was told once and is gone now has to be said
    found: dict[int | None, list[Mention]] = {}
    for one in await mentions_where(connection, mention.c.story_id.in_(numbers) & told):
        found.setdefault(one.story_id, []).append(one)
    return {
        row.id: Story(
            id=row.id,
            client=row.client or None,
            mentions=tuple(found[row.id]),
            first_at=row.first_at,
            last_at=row.last_at,
        )
        for row in await connection.execute(select(story).where(story.c.id.in_(numbers)))
        if row.id in found
    }


def _needs_no_word(row: Row[Any], found: Story) -> bool:
    """Whether nobody can have seen the card, and all that it would tell was deleted meanwhile."""
    if row.shown > 0 or row.receipt is not None or row.unsure_at is not None:
        return False
    gone = [one.item.deleted is not None for one in found.mentions]
    return any(gone) and all(dead or one.old for dead, one in zip(gone, found.mentions, strict=True))


async def load_alert(connection: AsyncConnection, card_id: int) -> Alert | None:
    """What a card shows now; None where there is nothing left to show."""
    return (await load_alerts(connection, [card_id])).get(card_id)


async def load_alerts(connection: AsyncConnection, cards: Sequence[int]) -> dict[int, Alert]:
    """What these cards show now, by their ids in this order, without those that have nothing left to show."""
    rows = {row.id: row for row in await connection.execute(select(card).where(card.c.id.in_(cards)))}
    found = await load_stories(connection, [row.story_id for row in rows.values()])
    return {
        number: Alert(
            story=found[row.story_id],
            channel=row.channel,
            priority=Priority(row.priority),
            reason=from_json(row.reason) if row.reason else None,
        )
        for number in cards
        if (row := rows.get(number)) and row.story_id in found and not _needs_no_word(row, found[row.story_id])
    }
