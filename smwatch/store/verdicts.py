"""What people said of mentions: "not relevant", by whom, and why. The noise loop learns from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from smwatch.store.schema_cases import verdict
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Mention, Person

IRRELEVANT = "irrelevant"


async def irrelevant(
    connection: AsyncConnection, mention: Mention, who: Person, now: datetime, reason: str = ""
) -> None:
    """`who` says that a mention is none; a second verdict on it takes the first one's place."""
    said = {"verdict": IRRELEVANT, "who": {"id": who.id, "name": who.name}, "reason": reason, "at": now}
    row = upsert(connection, verdict).values(mention_id=mention.id, client=mention.client or "", **said)
    await connection.execute(row.on_conflict_do_update(index_elements=["mention_id"], set_=said))


async def withdraw(connection: AsyncConnection, mention_id: int) -> None:
    """It was not meant so."""
    await connection.execute(delete(verdict).where(verdict.c.mention_id == mention_id))
