"""What one step of gather writes about its mentions: collected, and written in few statements.

A statement takes longer than all the thinking about a mention. What others read in the same transaction is written
first (`flush`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, null, select, update

from smwatch.i18n import to_json
from smwatch.store.later import later
from smwatch.store.schema import card, decision, fingerprint, mention, story
from smwatch.store.upsert import insert_of
from smwatch.story import packed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.route import Decision
    from smwatch.store.stories import Waiting
    from smwatch.story import Fingerprint, Known, Tie


@dataclass(slots=True)
class Gathering:
    """Rows that are not written yet; `begun` are the items that began a story before: (client, identity)."""

    connection: AsyncConnection
    begun: set[tuple[str, str]] = field(default_factory=set)
    _many: int = 1  # so many stories may begin
    _free: list[int] = field(default_factory=list)
    _stories: list[dict[str, Any]] = field(default_factory=list)
    _cards: list[dict[str, Any]] = field(default_factory=list)
    _mentions: list[dict[str, Any]] = field(default_factory=list)
    _ends: dict[int, datetime] = field(default_factory=dict)
    _prints: list[dict[str, Any]] = field(default_factory=list)
    _decisions: list[dict[str, Any]] = field(default_factory=list)

    async def look_back(self, waiting: Sequence[Waiting]) -> None:
        """Which of their items began a story before."""
        if not waiting:
            return
        self._many = len(waiting)
        firsts = {one.identity for one in waiting}
        found = await self.connection.execute(_BEGUN, {"firsts": list(firsts)})
        self.begun |= {(client, first) for client, first in found}

    async def begin(self, *, client: str, first: str, at: datetime) -> int:
        """The id of a new story whose first item is `first`."""
        if not self._free:
            await self.flush()  # so that the store knows which ids are taken
            self._free = await _free_ids(self.connection, self._many)
        number = self._free.pop(0)
        self._stories.append({"id": number, "client": client, "first_item": first, "first_at": at, "last_at": at})
        return number

    def show(self, **row: Any) -> None:  # noqa: ANN401 - columns of `card`
        """The story gets a card in a channel where it has none."""
        self._cards.append(row)

    async def written(self, story_id: int) -> None:
        """Whatever is known of this story stands in the store from now on."""
        unwritten = {row["id"] for row in self._stories} | {row["story_id"] for row in self._cards}
        if story_id in unwritten:
            await self.flush()

    def join(
        self, waiting: Waiting, known: Known, marks: Sequence[Fingerprint], at: datetime, tied: tuple[Tie, int] | None
    ) -> None:
        """The mention belongs to the story, and so do later items with these fingerprints; `tied`: why, to which."""
        self._mentions.append(
            {
                "number": waiting.mention.id,
                "story_id": known.story_id,
                "tie": tied[0].code if tied else None,
                "tie_reason": to_json(tied[0].reason) if tied else null(),
                "tied_to": tied[1] if tied else None,
            }
        )
        if at > known.last_at:
            self._ends[known.story_id] = max(at, self._ends.get(known.story_id, at))
        self._prints += print_rows(waiting.mention.client or "", waiting.item_id, known.story_id, marks, at)

    def decide(self, mention_id: int, decisions: Sequence[Decision], now: datetime) -> None:
        """What was decided about the mention."""
        self._decisions += [
            {
                "mention_id": mention_id,
                "channel": one.channel,
                "verdict": str(one.verdict),
                "code": one.code,
                "reason": to_json(one.reason),
                "at": now,
            }
            for one in decisions
        ]

    async def flush(self) -> None:
        """Write everything down."""
        for statement, rows in ((_STORIES, self._stories), (_CARDS, self._cards), (_JOINS, self._mentions)):
            if rows:
                await later(self.connection, statement, rows)
        for number, at in self._ends.items():
            lasts = (story.c.id == number) & (story.c.last_at < at)
            await self.connection.execute(update(story).where(lasts).values(last_at=at))
        await write_prints(self.connection, self._prints)
        if self._decisions:
            await later(self.connection, _DECISIONS, self._decisions)
        self.forget()

    def forget(self) -> None:
        """Write nothing of it."""
        self._stories, self._cards = [], []
        self._mentions, self._ends, self._prints, self._decisions = [], {}, [], []


_STORIES, _CARDS, _DECISIONS = insert(story), insert(card), insert(decision)
_JOINS = (
    update(mention)
    .where(mention.c.id == bindparam("number"))
    .values({n: bindparam(n, type_=mention.c[n].type) for n in ("story_id", "tie", "tie_reason", "tied_to")})
    .values(raised_at=None)
)
_BEGUN = select(story.c.client, story.c.first_item).where(story.c.first_item.in_(bindparam("firsts", expanding=True)))
_LAST = select(func.coalesce(func.max(story.c.id), 0))


async def _free_ids(connection: AsyncConnection, count: int) -> list[int]:
    """Ids that no story has; on SQLite nobody else writes meanwhile."""
    if connection.dialect.name == "postgresql":
        following = func.nextval(func.pg_get_serial_sequence("story", "id"))
        some = select(following).select_from(func.generate_series(1, count))
        return sorted((await connection.execute(some)).scalars())
    last = (await connection.execute(_LAST)).scalar_one()
    return list(range(last + 1, last + 1 + count))


def print_rows(
    client: str, item_id: int, story_id: int, marks: Sequence[Fingerprint], at: datetime
) -> list[dict[str, Any]]:
    """What an item of a story is found by, as rows."""
    here = {"client": client, "item_id": item_id, "story_id": story_id, "at": at}
    return [
        {**here, "kind": mark.kind, "hash": mark.hash, "grams": packed(mark.grams) if mark.grams else None}
        for mark in marks
    ]


async def write_prints(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Write down what items are found by; what is there already stays."""
    if rows:
        await later(connection, _printing(connection.dialect.name), rows)


@cache
def _printing(dialect: str) -> Any:  # noqa: ANN401 - either dialect's Insert
    return insert_of(dialect, fingerprint).on_conflict_do_nothing()
