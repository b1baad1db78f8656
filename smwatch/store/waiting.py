"""What people ask with `smwatch queue`: each delivery that is still here, and why; and which channels are held."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select, update

from smwatch.i18n import Text, from_json, text, to_json
from smwatch.store.jobs import Problem, problem_of
from smwatch.store.schema import card, digest_run, item, mention, meta, post
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

_HOLD = "hold:"
_KINDS = {
    "start": text("Look-back after the start"),
    "late": text("Late items"),
    "ops": text("News for the operator"),
    "note": text("Note"),
    "news": text("News of a story"),
    "summary": text("Summary"),
    "test": text("Test message"),
    "proposal": text("Proposed exclusion"),
    "noisy": text("A watch that matches very often"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One delivery that is still here. `title` and `link` are the item's (a Text where it is no item).

    `next_try` is None where nothing stands in the way but the ones before it. `kind` is "card" or the post's kind;
    `quiet`: it waits for the end of quiet hours.
    """

    channel: str
    kind: str
    title: str | Text
    link: str = ""
    client: str = ""
    priority: str = "normal"
    attempts: int = 0
    reason: Text | None = None
    permanent: bool = False
    quiet: bool = False
    since: datetime
    next_try: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A whole channel waits: everything in it, until `until` at least."""

    reason: Text
    until: datetime
    permanent: bool = False


async def waiting(connection: AsyncConnection, client: str | None = None) -> list[Waiting]:
    """Everything that has not been sent, by channel and age; `client` narrows it."""
    held = await holds(connection)
    found = [*await _cards(connection), *await _posts(connection)]
    chosen = [_with_hold(one, held.get(one.channel)) for one in found if client is None or one.client == client]
    return sorted(chosen, key=lambda one: (one.channel, one.since))


def _with_hold(one: Waiting, hold: Hold | None) -> Waiting:
    if hold is None:
        return one
    values = {name: getattr(one, name) for name in Waiting.__slots__}
    return Waiting(**{**values, "reason": hold.reason, "permanent": hold.permanent, "next_try": hold.until})


async def _cards(connection: AsyncConnection) -> list[Waiting]:
    query = _with_item().where(card.c.wanted > card.c.shown, card.c.state.in_(("waiting", "sending", "sent")))
    return [_from_card(row) for row in await connection.execute(query)]


def _with_item() -> Any:  # noqa: ANN401 - SQLAlchemy's Select with 20 type arguments
    first = select(mention.c.story_id, func.min(mention.c.item_id).label("item_id")).group_by(mention.c.story_id)
    lead = first.where(mention.c.lost.is_(False)).subquery()
    return (
        select(card, item.c.title, item.c.url, item.c.tombstone)
        .outerjoin(lead, lead.c.story_id == card.c.story_id)
        .outerjoin(item, item.c.id == lead.c.item_id)
    )


def _from_card(row: Row[Any], carrier: Row[Any] | None = None) -> Waiting:
    carried = carrier or row
    problem = problem_of(carried.problem)
    return Waiting(
        channel=row.channel,
        kind="card",
        title=text("Post deleted at its source") if row.tombstone else row.title or "",
        link=row.url or "",
        client=row.client,
        priority=row.priority,
        since=row.first_at,
        **_tries(carried, problem),
    )


def _tries(row: Row[Any], problem: Problem | None) -> dict[str, Any]:
    return {
        "attempts": row.attempts,
        "reason": problem.reason if problem else None,
        "permanent": problem.permanent if problem else False,
        "quiet": problem.quiet if problem else False,
        "next_try": row.not_before,
    }


async def _posts(connection: AsyncConnection) -> list[Waiting]:
    query = select(post, digest_run.c.name.label("digest")).outerjoin(
        digest_run, digest_run.c.id == post.c.digest_run_id
    )
    found: list[Waiting] = []
    for row in (await connection.execute(query.where(post.c.state.in_(("waiting", "sending"))))).all():
        found += await _of_post(connection, row)
    return found


async def _of_post(connection: AsyncConnection, row: Row[Any]) -> list[Waiting]:
    """One post; a summary stands for each story that it tells."""
    if row.kind == "summary" and row.plan.get("cards"):
        return [_from_card(one, row) for one in await _cards_of(connection, row)]
    return [
        Waiting(
            channel=row.channel,
            kind=row.kind,
            title=_title(row),
            client=row.client,
            priority=row.priority,
            since=row.created_at,
            **_tries(row, problem_of(row.problem)),
        )
    ]


async def _cards_of(connection: AsyncConnection, row: Row[Any]) -> Sequence[Row[Any]]:
    """The stories that a summary names, and those that it only counts; a replaced message has a key of its own."""
    counted = (card.c.state == "folded") & (card.c.receipt["summary"].as_string() == row.plan.get("key", row.key))
    query = _with_item().where(or_(card.c.id.in_(row.plan["cards"]), counted))
    return (await connection.execute(query.order_by(card.c.first_at, card.c.id))).all()


def no_summary(name: str) -> Text:
    """What somebody hears who asks for a summary that is not there."""
    return text("no summary is called {name}; its last line says its name (N1A)", name=name)


async def of_summary(connection: AsyncConnection, number: int) -> list[Waiting] | None:
    """Every story of the summary with this number, also those that it only counts; None where there is no such one."""
    here = (post.c.id == number) & (post.c.kind == "summary")
    row = (await connection.execute(select(post).where(here))).first()
    return None if row is None else [_from_card(one, row) for one in await _cards_of(connection, row)]


def _title(row: Row[Any]) -> Text | str:
    if row.kind == "digest":
        return text("Digest {name}", name=row.digest or row.plan.get("name", ""))
    if isinstance(row.plan.get("text"), dict):
        return from_json(row.plan["text"])
    return _KINDS.get(row.kind) or str(row.kind)


async def holds(connection: AsyncConnection) -> dict[str, Hold]:
    """The channels that are held, by name."""
    rows = await connection.execute(select(meta).where(meta.c.key.startswith(_HOLD, autoescape=True)))
    return {row.key.removeprefix(_HOLD): _hold_of(json.loads(row.value)) for row in rows}


def _hold_of(stored: Mapping[str, Any]) -> Hold:
    return Hold(
        reason=from_json(stored["reason"]),
        until=datetime.fromisoformat(stored["until"]),
        permanent=stored["permanent"],
    )


async def set_hold(connection: AsyncConnection, channel: str, hold: Hold | None) -> None:
    """Say why `channel` is held, for everybody who asks; None when it goes on."""
    key = _HOLD + channel
    if hold is None:
        await connection.execute(meta.delete().where(meta.c.key == key))
        return
    stored = {"reason": to_json(hold.reason), "until": hold.until.isoformat(), "permanent": hold.permanent}
    value = json.dumps(stored)
    statement = upsert(connection, meta).values(key=key, value=value)
    await connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


async def redraw(connection: AsyncConnection, kind: str, plan: Mapping[str, Any]) -> tuple[list[str], bool]:
    """What the posts with this plan show has changed: they are due again, as edits.

    Their channels, and whether one of them is just on its way: then this has to be asked again.
    """
    rows = await connection.execute(select(post).where(post.c.kind == kind, post.c.state.in_(("sent", "sending"))))
    mine = [row for row in rows if row.plan == dict(plan)]
    again = [row.id for row in mine if row.state == "sent"]
    await connection.execute(update(post).where(post.c.id.in_(again)).values(state="waiting"))
    return [row.channel for row in mine], len(again) < len(mine)


async def withdraw(connection: AsyncConnection, channels: Sequence[str], kind: str) -> int:
    """Take back what has not been sent of this kind: nobody waits for it any more; how many there were."""
    unsent = post.c.state.in_(("waiting", "sending"))
    mine = (post.c.channel.in_(channels)) & (post.c.kind == kind) & unsent
    return (await connection.execute(delete(post).where(mine))).rowcount


async def forget_holds(connection: AsyncConnection, channels: Sequence[str]) -> None:
    """At start: nothing is known about these channels yet."""
    for channel in channels:
        await set_hold(connection, channel, None)
