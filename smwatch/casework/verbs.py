"""What the command line asks of cases: the same moves as in Slack, by the words that people type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from smwatch.case import Move, no_case
from smwatch.casework import moves, when
from smwatch.casework.scope import clients_in
from smwatch.config.named import no_channel, no_client
from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.model import Person, numbered
from smwatch.store import cases, deadlines
from smwatch.store.schema import card, mention, story

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.case import Case
    from smwatch.casework.moves import Office
    from smwatch.config.model import Config
    from smwatch.store.cases import Done

BY_HAND = {
    str(one): one
    for one in (
        *(Move.TAKE, Move.RELEASE, Move.HAND_OVER, Move.ANSWER, Move.CLOSE, Move.IRRELEVANT),
        *(Move.REOPEN, Move.DEADLINE, Move.NOTE, Move.UNDO),
    )
}


def person(said: str) -> Person:
    """`mira`, or Slack's own id (U0MIRA), which is named so that its owner hears of it."""
    bare = said.strip().removeprefix("@")
    if bare[:1] in {"U", "W"} and bare.isascii() and bare.isalnum() and bare.isupper():
        return Person(id=bare)
    return Person(id=f"cli:{bare}", name=bare)


async def find(connection: AsyncConnection, said: str, now: datetime) -> Case:
    """The case called V1A, or the one about M4K2's story, S1A, or the card C1A (begun where there is none yet).

    Raises UserError.
    """
    letter = said.strip()[:1].upper()
    number = numbered(said, letter)
    if number is not None:
        if letter == "V" and (found := await cases.get(connection, number)) is not None:
            return found
        place = await _story(connection, letter, number)
        if place is not None:
            return await cases.begun(connection, place[0] or None, place[1], now)
    raise UserError(no_case(said))


async def _story(connection: AsyncConnection, letter: str, number: int) -> tuple[str, int] | None:
    queries = {
        "S": select(story.c.client, story.c.id).where(story.c.id == number),
        "C": select(card.c.client, card.c.story_id).where(card.c.id == number),
        "M": select(mention.c.client, mention.c.story_id).where(mention.c.id == number),
    }
    if letter not in queries:
        return None
    row = (await connection.execute(queries[letter])).first()
    return (row[0], row[1]) if row is not None and row[1] is not None else None


async def move(
    connection: AsyncConnection, config: Config, office: Office, args: Mapping[str, Any], now: datetime
) -> Done:
    """One move as it was typed: `move`, `case`, `by`, and perhaps `until`, `to`, `note`. Raises UserError."""
    name = BY_HAND.get(str(args.get("move")))
    if name is None:
        raise UserError(text("cases know no “{move}”", move=str(args.get("move"))))
    case = await find(connection, str(args.get("case")), now)
    wish = moves.Wish(
        move=name,
        who=person(str(args.get("by") or "cli")),
        at=now,
        until=until(args.get("until"), now, config.timezone_for(case.client)),
        to=person(str(args["to"])) if args.get("to") else None,
        note=str(args.get("note") or "")[:500],
    )
    done = await moves.make(connection, office, case, wish)
    if done.refused is not None:
        raise UserError(done.refused.reason)
    return done


async def add(
    connection: AsyncConnection, config: Config, office: Office, args: Mapping[str, Any], now: datetime
) -> Done:
    """A case by hand: `title`, `by`, and perhaps `link`, `until`, `client`, `channel`, `note`. Raises UserError."""
    client, channels = home(config, args.get("client"), args.get("channel"))
    wish = moves.Wish(
        move=Move.ADD,
        who=person(str(args.get("by") or "cli")),
        at=now,
        until=until(args.get("until"), now, config.timezone_for(client)),
        note=str(args.get("note") or "")[:500],
    )
    title, link = str(args.get("title") or "").strip()[:500], str(args.get("link") or "")
    if not title:
        raise UserError(text("say who asks what"))
    return await moves.begin_by_hand(connection, office, channels, wish, title=title, link=link, client=client)


def home(config: Config, client: str | None, channel: str | None) -> tuple[str | None, list[str]]:
    """Whose a new case is, and the channels that show it; clients are kept apart. Raises UserError."""
    clients = {watch.client for watch in config.watches} | {one.client for one in config.channels.values()}
    known = sorted(one for one in clients if one)
    if client and client not in known:
        raise no_client(client, known)
    if not channel:
        whose = client or _only({watch.client for watch in config.watches if watch.alert})
        return whose, _alerted(config, whose)
    if channel not in config.channels:
        raise no_channel(channel, config.channels)
    serves = clients_in(config, (channel,))
    whose = client or _only(serves)
    if whose not in serves:
        raise UserError(text("channel {name} is not one of {client}", name=channel, client=whose))
    return whose, [channel]


def _only(clients: Collection[str | None]) -> str | None:
    """Whose it is where nobody said so: nobody's, where that is heard, or the only one's."""
    if not clients or None in clients:
        return None
    if len(clients) > 1:
        known = ", ".join(sorted(one for one in clients if one))
        raise UserError(text("say for which client, with --client: {known}", known=known))
    return next(iter(clients))


def _alerted(config: Config, client: str | None) -> list[str]:
    """The first channel that alerts for this client and can edit."""
    alerts = [name for watch in config.watches if watch.client == client for name in watch.alert]
    found = [name for name in dict.fromkeys(alerts) if name in config.channels]
    live = [name for name in found if "edit" in config.channels[name].abilities()]
    return (live or found)[:1]


async def away(connection: AsyncConnection, config: Config, args: Mapping[str, Any], now: datetime) -> None:
    """`who` is away until `until`, and `to` hears what they would; without `to` they are back. Raises UserError."""
    who = person(str(args.get("who")))
    if not args.get("to"):
        await deadlines.back(connection, who)
        return
    end = until(args.get("until") or "14d", now, config.timezone)
    assert end is not None  # noqa: S101 - `until` raises for what it does not read
    await deadlines.stand_in(connection, who, person(str(args["to"])), end)


def until(said: Any, now: datetime, zone: str) -> datetime | None:  # noqa: ANN401 - a word, or nothing
    """A deadline in words; None where none was said. Raises UserError."""
    if not said:
        return None
    found = when.moment(str(said), now, zone)
    if found is not None and found <= now:
        raise UserError(text("“{said}” is over already: a deadline lies in the future", said=str(said)))
    if found is None:
        raise UserError(text("“{said}” is no deadline: write 2h, today, tomorrow, 14:30 or 2026-12-31", said=str(said)))
    return found
