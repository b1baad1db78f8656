"""Cases in the store: each move is an event, written with the state that follows from it in one transaction.

Every function takes a connection of `store.read()` or `store.write()` and makes no transaction of its own. A click that
comes twice has the same envelope id and is one event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, and_, func, insert, literal, or_, select, update

from smwatch.case import Case, Move, Outcome, Refusal, Status, Step, after
from smwatch.i18n import text
from smwatch.model import Person, Priority
from smwatch.route import highest
from smwatch.store import silences, verdicts
from smwatch.store.schema import card, item, mention, post
from smwatch.store.schema_cases import case_, case_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

SMWATCH = Person(id="smwatch", name="smwatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a move: the case as it stands now, the channels to wake, why it was refused; `repeated` clicks."""

    case: Case
    channels: tuple[str, ...] = ()
    refused: Refusal | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a case's history."""

    move: Move
    who: Person
    at: datetime
    value: Mapping[str, Any]
    undone: bool = False


async def get(connection: AsyncConnection, number: int) -> Case | None:
    """One case by its id."""
    return await _one(connection, case_.c.id == number)


async def of_story(connection: AsyncConnection, client: str | None, story_id: int) -> Case | None:
    """The case about a story; None while nobody has done anything about it."""
    return await _one(connection, and_(case_.c.client == (client or ""), case_.c.story_id == story_id))


async def begun(connection: AsyncConnection, client: str | None, story_id: int, now: datetime) -> Case:
    """The case about a story; an open one is begun where there is none yet."""
    standing = await of_story(connection, client, story_id)
    if standing is not None:
        return standing
    values = {
        "client": client or "",
        "story_id": story_id,
        "status": str(Status.OPEN),
        "priority": str(await _priority(connection, story_id)),
        "opened_at": now,
        "changed_at": now,
    }
    number = (await connection.execute(insert(case_).values(**values).returning(case_.c.id))).scalar_one()
    return (await get(connection, number)) or _impossible()


async def added(connection: AsyncConnection, case: Case, step: Step, *, envelope: str | None = None) -> Done:
    """A case that came by phone or mail; `case.id` is given here."""
    if await repeated(connection, envelope):
        return Done(case=case, repeated=True)
    values = _row(case) | {"opened_at": step.at, "title": case.title, "link": case.link, "client": case.client or ""}
    number = (await connection.execute(insert(case_).values(**values).returning(case_.c.id))).scalar_one()
    await _note_down(connection, replace(case, id=number), step, {"note": step.note}, None, envelope)
    return Done(case=replace(case, id=number))


async def act(
    connection: AsyncConnection,
    case: Case,
    step: Step,
    *,
    value: Mapping[str, Any] | None = None,
    envelope: str | None = None,
) -> Done:
    """Make a move; `value` is remembered with it (a silence, a verdict, so that an undo finds them)."""
    if await repeated(connection, envelope):
        return Done(case=case, repeated=True)
    moved = after(case, step)
    if isinstance(moved, Refusal):
        return Done(case=case, refused=moved)
    if moved.waits or step.move is Move.RAISE:
        moved = replace(moved, priority=await _priority(connection, case.story_id, case.priority))
    told = {"note": step.note, **({"to": person_row(step.to)} if step.to else {}), **(value or {})}
    await _note_down(connection, case, step, told, _row(case), envelope)
    await connection.execute(update(case_).where(case_.c.id == case.id).values(**_row(moved)))
    return Done(case=moved, channels=await show(connection, moved, step.at))


async def undo(
    connection: AsyncConnection, case: Case, who: Person, now: datetime, *, envelope: str | None = None
) -> Done:
    """Take the last move back, and with it the verdict or silence that it brought."""
    if await repeated(connection, envelope):
        return Done(case=case, repeated=True)
    last = await _last(connection, case.id)
    if last is None:
        return Done(case=case, refused=Refusal(text("there is nothing to undo")))
    await connection.execute(update(case_event).where(case_event.c.id == last.id).values(undone=True))
    await _take_back(connection, last.value, now)
    step = Step(move=Move.UNDO, who=who, at=now)
    await _note_down(connection, case, step, {"of": last.id, "move": last.move}, None, envelope)
    before = {name: _moment(one) if name in _MOMENTS else one for name, one in last.before.items()}
    restored = {**before, "by": person_row(who), "changed_at": now}
    await connection.execute(update(case_).where(case_.c.id == case.id).values(**restored))
    found = (await get(connection, case.id)) or _impossible()
    return Done(case=found, channels=await show(connection, found, now))


async def _take_back(connection: AsyncConnection, value: Mapping[str, Any], now: datetime) -> None:
    if "mention" in value:
        await verdicts.withdraw(connection, value["mention"])
    if "silence" in value:
        await silences.end(connection, value["silence"], now)


async def show(connection: AsyncConnection, case: Case, now: datetime, *, asked: bool = True) -> tuple[str, ...]:
    """Every message of this case is due for an edit, before all else where somebody has `asked`; their channels."""
    if case.story_id is None:
        return await _show_posts(connection, case)
    about = and_(card.c.client == (case.client or ""), card.c.story_id == case.story_id)
    first = {"asked": card.c.wanted + 1} if asked else {}
    changed = update(card).where(about).values(wanted=card.c.wanted + 1, changed_at=now, **first)
    rows = (await connection.execute(changed.returning(card.c.channel))).all()
    return tuple(row.channel for row in rows)


async def _show_posts(connection: AsyncConnection, case: Case) -> tuple[str, ...]:
    """The messages of a case that came by hand; one that is just on its way is due again by its changed plan."""
    told = []
    for row in await standing(connection, case):
        plan = {**row.plan, "stand": row.plan.get("stand", 0) + 1}
        state = "waiting" if row.state == "sent" else row.state
        await connection.execute(update(post).where(post.c.id == row.id).values(plan=plan, state=state))
        told.append(str(row.channel))
    return tuple(told)


async def listed(connection: AsyncConnection, client: str | None = None, *, closed: bool = False) -> list[Case]:
    """The cases that wait, overdue first (then by deadline, then by age); with `closed` the others behind them."""
    waiting = case_.c.status.in_((str(Status.OPEN), str(Status.TAKEN)))
    where = and_(or_(waiting, literal(closed)), or_(case_.c.client == client, literal(client is None)))
    query = select_cases().where(where).order_by(~waiting, case_.c.until.is_(None), case_.c.until, case_.c.opened_at)
    return [case_of(row) for row in await connection.execute(query)]


async def events(connection: AsyncConnection, case: Case) -> list[Event]:
    """What was done about a case, oldest first."""
    rows = await connection.execute(select(case_event).where(case_event.c.case_id == case.id).order_by(case_event.c.id))
    return [
        Event(move=Move(row.move), who=Person(**row.who), at=row.at, value=row.value, undone=row.undone) for row in rows
    ]


async def standing(connection: AsyncConnection, case: Case) -> list[Any]:
    """The messages that show a case: rows of `card` or `post` with id, channel and receipt."""
    if case.story_id is None:
        here = and_(post.c.kind == "case", post.c.receipt.is_not(None))
        rows = (await connection.execute(select(post).where(here))).all()
        return [row for row in rows if row.plan.get("case") == case.id]
    about = and_(card.c.client == (case.client or ""), card.c.story_id == case.story_id, card.c.receipt.is_not(None))
    return list((await connection.execute(select(card.c.id, card.c.channel, card.c.receipt).where(about))).all())


async def _priority(
    connection: AsyncConnection, story_id: int | None, otherwise: Priority = Priority.NORMAL
) -> Priority:
    rows = await connection.execute(select(card.c.priority).where(card.c.story_id == story_id))
    found = [Priority(row.priority) for row in rows]
    return highest(found) if found else otherwise


async def repeated(connection: AsyncConnection, envelope: str | None) -> bool:
    """Whether this click was worked on before."""
    if envelope is None:
        return False
    query = select(case_event.c.id).where(case_event.c.envelope_id == envelope)
    return (await connection.execute(query)).first() is not None


async def _note_down(  # noqa: PLR0913, PLR0917 - the columns of an event
    connection: AsyncConnection,
    case: Case,
    step: Step,
    value: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    envelope: str | None,
) -> None:
    kept = None if before is None or step.move is Move.NOTE else before
    row = {
        "client": case.client or "",
        "case_id": case.id,
        "move": str(step.move),
        "who": person_row(step.who),
        "at": step.at,
        "value": {name: one for name, one in value.items() if one not in (None, "")},
        "before": None if kept is None else {name: _stamp(one) for name, one in kept.items()},
        "envelope_id": envelope,
    }
    await connection.execute(insert(case_event).values(**row))


async def _last(connection: AsyncConnection, number: int) -> Row[Any] | None:
    query = select(case_event).where(case_event.c.case_id == number, case_event.c.undone.is_(False))
    rows = (await connection.execute(query.order_by(case_event.c.id.desc()))).all()
    return next((row for row in rows if row.before is not None), None)


_MOMENTS = frozenset({"begun_at", "until", "answer_by", "changed_at"})


def _stamp(value: Any) -> Any:  # noqa: ANN401 - a column's value
    return value.isoformat() if isinstance(value, datetime) else value


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _row(case: Case) -> dict[str, Any]:
    """The columns that moves change."""
    return {
        "status": str(case.status),
        "outcome": str(case.outcome),
        "priority": str(case.priority),
        "owner": person_row(case.owner),
        "by": person_row(case.by),
        "changed_at": case.at,
        "begun_at": case.begun,
        "until": case.until,
        "answer_by": case.answer_by,
        "told": case.told,
    }


def person_row(person: Person | None) -> dict[str, str] | None:
    """Somebody as a column holds them."""
    return {"id": person.id, "name": person.name} if person else None


def select_cases(*more: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's Select
    """Cases with what stands in their headline: their own title, else their story's first item."""
    first = select(mention.c.story_id, func.min(mention.c.item_id).label("item_id")).group_by(mention.c.story_id)
    lead = first.where(mention.c.lost.is_(False)).subquery()
    undoable = select(case_event.c.id).where(
        case_event.c.case_id == case_.c.id, case_event.c.undone.is_(False), case_event.c.before.is_not(None)
    )
    return (
        select(case_, item.c.title.label("headline"), item.c.url, undoable.exists().label("can_undo"), *more)
        .outerjoin(lead, lead.c.story_id == case_.c.story_id)
        .outerjoin(item, item.c.id == lead.c.item_id)
    )


async def _one(connection: AsyncConnection, which: Any) -> Case | None:  # noqa: ANN401 - an SQL condition
    row = (await connection.execute(select_cases().where(which))).first()
    return case_of(row) if row else None


def case_of(row: Row[Any]) -> Case:
    """A row of `select_cases`."""
    return Case(
        id=row.id,
        client=row.client or None,
        story_id=row.story_id,
        title=row.title or row.headline or "",
        link=row.link or row.url or "",
        status=Status(row.status),
        outcome=Outcome(row.outcome),
        priority=Priority(row.priority),
        owner=Person(**row.owner) if row.owner else None,
        by=Person(**row.by) if row.by else None,
        at=row.changed_at,
        begun=row.begun_at,
        until=row.until,
        answer_by=row.answer_by,
        told=row.told,
        can_undo=bool(row.can_undo),
    )


def _impossible() -> Case:
    raise RuntimeError("a case vanished inside its own transaction")
