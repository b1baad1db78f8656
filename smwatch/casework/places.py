"""What a click points at, and whether it may: a message of ours, on this line, clicked where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from smwatch.i18n import Text, text
from smwatch.model import numbered
from smwatch.store import cases
from smwatch.store.schema import card, post

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.channel import Click
    from smwatch.plugin import Channel

STRANGER = text("only people of this workspace can do that here")
UNKNOWN = text("this message is not known here (any more)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A message of ours: a card about a story, or a case that came by hand; `channel` is the config's name."""

    client: str | None
    channel: str
    story_id: int | None = None
    case_id: int | None = None
    card_id: int | None = None


async def find(connection: AsyncConnection, click: Click, line: str, channels: Mapping[str, Channel]) -> Place | Text:
    """The message that `click` is about, or why it is refused.

    A button has to stand where we posted its message; what a form carries was written by us, and only our own people
    reach a form.
    """
    if click.stranger or not click.user:
        return STRANGER
    ref = click.value.partition("|")[0]
    if (number := numbered(ref, "C")) is not None:
        return await _card(connection, click, number, line, channels)
    if (number := numbered(ref, "V")) is not None:
        return await _by_hand(connection, click, number, line, channels)
    return UNKNOWN


async def _card(
    connection: AsyncConnection, click: Click, number: int, line: str, channels: Mapping[str, Channel]
) -> Place | Text:
    row = (await connection.execute(select(card).where(card.c.id == number))).first()
    if row is None or not of_line(row.channel, line, channels):
        return UNKNOWN
    if click.kind == "button" and not stands(click, row):
        return UNKNOWN
    return Place(client=row.client or None, channel=row.channel, story_id=row.story_id, card_id=row.id)


async def _by_hand(
    connection: AsyncConnection, click: Click, number: int, line: str, channels: Mapping[str, Channel]
) -> Place | Text:
    case = await cases.get(connection, number)
    rows = await cases.standing(connection, case) if case is not None and case.story_id is None else []
    for row in rows:
        if of_line(row.channel, line, channels) and (click.kind != "button" or stands(click, row)):
            return Place(client=case.client if case else None, channel=row.channel, case_id=number)
    return UNKNOWN


async def proposal(
    connection: AsyncConnection, click: Click, line: str, channels: Mapping[str, Channel]
) -> Place | Text:
    """The message of a proposal that was clicked, or why it is refused."""
    if click.stranger or not click.user:
        return STRANGER
    number = numbered(click.value, "P")
    here = select(post).where(post.c.kind == "proposal", post.c.receipt.is_not(None))
    for row in (await connection.execute(here)).all():
        if (
            number is not None
            and row.plan.get("proposal") == number
            and of_line(row.channel, line, channels)
            and stands(click, row)
        ):
            return Place(client=row.client or None, channel=row.channel)
    return UNKNOWN


def of_line(name: str, line: str, channels: Mapping[str, Channel]) -> bool:
    """Whether the channel `name` is heard on this line."""
    found = channels.get(name)
    return found is not None and found.hears() == line


def stands(click: Click, row: Row[tuple[object, ...]]) -> bool:
    """Whether the clicked message is the one that we posted; its key says so where its answer was lost."""
    key = getattr(row, "key", "")
    if click.key and key:
        return click.key == key
    ref = (row.receipt or {}).get("ref") or {}
    return bool(click.message) and (ref.get("channel"), ref.get("ts")) == (click.place, click.message)
