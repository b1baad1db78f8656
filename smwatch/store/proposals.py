"""What the program proposes to exclude: a person decides, and nobody is asked twice.

Every function takes a connection of `store.read()` or `store.write()` and makes no transaction of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, insert, select, update

from smwatch.i18n import Text, from_json, to_json
from smwatch.model import Person, short_id
from smwatch.store.mentions import mentions_where
from smwatch.store.schema import mention, watch
from smwatch.store.schema_cases import case_, verdict
from smwatch.store.schema_noise import proposal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Mention

MOST = 2_000  # mentions of a watch that are looked at, the newest
OPEN, CONFIRMED, APPLIED, DECLINED = "open", "confirmed", "applied", "declined"
WAITING = (OPEN, CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One exclusion that is proposed. `count` mentions of 30 days would go; `diff` is what would change in `file`.

    "confirmed": somebody wants it, and the file could not be written.
    """

    id: int = 0
    client: str | None
    watch: str
    query: str
    kind: str
    reason: Text
    count: int
    examples: tuple[int, ...] = ()
    state: str = OPEN
    file: str = ""
    diff: str = ""
    at: datetime
    by: Person | None = None

    @property
    def short(self) -> str:
        """The speakable id."""
        return short_id("P", self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The mentions of one watch in a period: those called not relevant, the others, and which somebody worked on."""

    client: str | None
    watch: str
    marked: tuple[Mention, ...]
    others: tuple[Mention, ...]
    kept: frozenset[int]


async def judged_since(connection: AsyncConnection, after: int) -> tuple[int, list[tuple[str | None, str]]]:
    """The watches in which something was called not relevant after verdict number `after`, and the last number."""
    query = (
        select(verdict.c.id, watch.c.client, watch.c.name)
        .join(mention, verdict.c.mention_id == mention.c.id)
        .join(watch, mention.c.watch_id == watch.c.id)
        .where(verdict.c.id > after)
        .order_by(verdict.c.id)
    )
    rows = (await connection.execute(query)).all()
    last = rows[-1].id if rows else after
    return last, list(dict.fromkeys((row.client or None, row.name) for row in rows))


async def judged(connection: AsyncConnection, client: str | None, name: str, since: datetime) -> Judged:
    """What people said of the mentions of a watch since then."""
    mine = select(watch.c.id).where(watch.c.client == (client or ""), watch.c.name == name)
    newest = (
        select(mention.c.id)
        .where(mention.c.watch_id.in_(mine), mention.c.seen_at > since)
        .order_by(mention.c.id.desc())
        .limit(MOST)
    )
    found = await mentions_where(connection, mention.c.id.in_(newest))
    alive = [one for one in found if one.item.deleted is None]
    said = select(verdict.c.mention_id).where(verdict.c.mention_id.in_(newest))
    bad = set((await connection.execute(said)).scalars())
    return Judged(
        client=client,
        watch=name,
        marked=tuple(one for one in alive if one.id in bad),
        others=tuple(one for one in alive if one.id not in bad),
        kept=await _worked_on(connection, newest),
    )


async def _worked_on(connection: AsyncConnection, newest: Any) -> frozenset[int]:  # noqa: ANN401 - a subquery
    """Mentions whose story somebody took, answered, or closed as something that mattered."""
    mattered = exists().where(
        case_.c.story_id == mention.c.story_id,
        case_.c.client == mention.c.client,
        case_.c.status.in_(("taken", "answered")) | (case_.c.outcome == "answered"),
    )
    rows = await connection.execute(select(mention.c.id).where(mention.c.id.in_(newest), mattered))
    return frozenset(rows.scalars())


async def add(connection: AsyncConnection, one: Proposal) -> Proposal:
    """Keep a proposal; the one that was written, with its id."""
    values = {
        "client": one.client or "",
        "watch": one.watch,
        "query": one.query,
        "kind": one.kind,
        "reason": to_json(one.reason),
        "removed": one.count,
        "examples": list(one.examples),
        "state": one.state,
        "file": one.file,
        "diff": one.diff,
        "at": one.at,
    }
    row = await connection.execute(insert(proposal).values(**values).returning(proposal))
    return _proposal(row.one())


async def get(connection: AsyncConnection, number: int) -> Proposal | None:
    """One proposal by its id."""
    found = await _listed(connection, proposal.c.id == number)
    return found[0] if found else None


async def waiting(connection: AsyncConnection) -> list[Proposal]:
    """The proposals that nobody has decided, and those that were confirmed and could not be written."""
    return await _listed(connection, proposal.c.state.in_(WAITING))


async def known(connection: AsyncConnection, client: str | None, name: str) -> list[str]:
    """What was ever proposed for a watch."""
    here = (proposal.c.client == (client or "")) & (proposal.c.watch == name)
    return [one.query for one in await _listed(connection, here)]


async def decide(connection: AsyncConnection, number: int, state: str, now: datetime, by: Person | None = None) -> None:
    """Somebody decided."""
    values: dict[str, Any] = {"state": state, "decided_at": now}
    if by is not None:
        values["by"] = {"id": by.id, "name": by.name}
    await connection.execute(update(proposal).where(proposal.c.id == number).values(**values))


async def examples(connection: AsyncConnection, numbers: Sequence[int]) -> list[Mention]:
    """The mentions that a proposal shows, as far as they are still there."""
    found = {one.id: one for one in await mentions_where(connection, mention.c.id.in_(numbers))}
    return [found[number] for number in numbers if number in found]


async def _listed(connection: AsyncConnection, which: ColumnElement[bool]) -> list[Proposal]:
    rows = await connection.execute(select(proposal).where(which).order_by(proposal.c.id))
    return [_proposal(row) for row in rows]


def _proposal(row: Row[Any]) -> Proposal:
    return Proposal(
        id=row.id,
        client=row.client or None,
        watch=row.watch,
        query=row.query,
        kind=row.kind,
        reason=from_json(row.reason),
        count=row.removed,
        examples=tuple(row.examples),
        state=row.state,
        file=row.file,
        diff=row.diff,
        at=row.at,
        by=Person(**row.by) if row.by else None,
    )
