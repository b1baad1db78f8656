"""Silences that people make on the command line or in Slack: what they name becomes a row of the store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from smwatch.config.silences import end_of, site
from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.message.quote import headline
from smwatch.message.words import Reader
from smwatch.model import Person, numbered
from smwatch.silence import EVERYTHING, Scope, Silence
from smwatch.store import silences, whys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.config.model import Config

LONGEST = timedelta(days=366)
_SPAN = re.compile(r"(\d+)\s*(m|min|h|std|d|tage?|w|wochen?)", re.IGNORECASE)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "s": timedelta(hours=1), "d": timedelta(days=1)}
_UNITS |= {"t": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants silent: `scope` and `value` as written (a name, a host, a mention's "M4K2"), until when."""

    scope: Scope
    value: str = ""
    client: str | None = None
    until: datetime
    by: Person
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the control socket."""
        return {
            "scope": str(self.scope),
            "value": self.value,
            "client": self.client,
            "until": self.until.isoformat(),
            "by": {"id": self.by.id, "name": self.by.name},
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Wish:
        """The same back; raises UserError for anything else."""
        try:
            return cls(
                scope=Scope(said["scope"]),
                value=str(said["value"]),
                client=said["client"] and str(said["client"]),
                until=datetime.fromisoformat(said["until"]),
                by=Person(**said["by"]),
                reason=str(said["reason"]),
            )
        except (KeyError, TypeError, ValueError):
            raise UserError(text("that is no silence")) from None


def until_of(said: str, zone: str, now: datetime) -> datetime:
    """When a silence ends: "2h", "3d" from `now` on, or a date with or without a time. Raises UserError."""
    if found := _SPAN.fullmatch(said.strip()):
        until = now + int(found[1]) * _UNITS[found[2][0].lower()]
    else:
        try:
            written = said.strip()
            day = datetime.fromisoformat(written)
        except ValueError:
            raise UserError(
                text("“{said}” is no end: write 2h, 3d, 2026-12-31 or 2026-12-31T18:00", said=said)
            ) from None
        whole = day.date() if len(written) == len("2026-12-31") else day
        until = end_of(whole, ZoneInfo(zone))
    if not now < until <= now + LONGEST:
        raise UserError(text("a silence ends in the future, and within a year"))
    return until.astimezone(UTC)


async def add(connection: AsyncConnection, config: Config, wish: Wish, *, secret: bytes, now: datetime) -> Silence:
    """Begin the silence that is wished for; raises UserError where it cannot be."""
    if not wish.reason.strip():
        raise UserError(text("a silence needs a reason, for colleagues"))
    if wish.until <= now:
        raise UserError(text("a silence ends in the future, and within a year"))
    client, value, label = await _meant(connection, config, wish, secret)
    return await silences.add(
        connection,
        Silence(
            client=client,
            scope=wish.scope,
            value=value,
            label=label,
            until=wish.until,
            by=wish.by,
            reason=wish.reason.strip(),
            at=now,
        ),
    )


async def end(connection: AsyncConnection, name: str, now: datetime) -> Silence:
    """End the silence called `name` ("Q1A"); raises UserError where there is none."""
    number = numbered(name, "Q", bare=True)
    found = await silences.get(connection, number) if number is not None else None
    if found is None or not await silences.end(connection, found.id, now):
        raise UserError(text("no silence is called {name}; smwatch silence list shows them", name=name))
    return found


async def _meant(connection: AsyncConnection, config: Config, wish: Wish, secret: bytes) -> tuple[str | None, str, str]:
    """Client, value and label."""
    if wish.scope is Scope.WATCH:
        watch = next((one for one in config.watches if one.name.casefold() == wish.value.strip().casefold()), None)
        if watch is None:
            known = ", ".join(one.name for one in config.watches) or "–"
            raise UserError(text("there is no watch “{name}”; there are: {known}", name=wish.value, known=known))
        return watch.client, watch.name, watch.name
    if wish.scope in {Scope.STORY, Scope.AUTHOR}:
        return await _of_mention(connection, wish, secret)
    client = _client(config, wish)
    if wish.scope is Scope.CLIENT:
        return client, EVERYTHING, client or ""
    found = await whys.named(connection, wish.value) if "." not in wish.value else None
    host = site(found.item.url if found else wish.value)
    return (found.client if found else client), host, host


async def _of_mention(connection: AsyncConnection, wish: Wish, secret: bytes) -> tuple[str | None, str, str]:
    one = await whys.named(connection, wish.value)
    if one is None:
        raise UserError(whys.no_mention(wish.value))
    if wish.scope is Scope.STORY:
        if one.story_id is None:
            raise UserError(text("{name} belongs to no story yet; try again in a moment", name=wish.value))
        return one.client, str(one.story_id), headline(one.item, Reader())
    mark = silences.author_mark(one.item, one.client, secret)
    if not mark:
        raise UserError(text("the source does not say who wrote {name}", name=wish.value))
    return one.client, mark, ""


def _client(config: Config, wish: Wish) -> str | None:
    """For whom; with several clients somebody has to say it."""
    known = list(dict.fromkeys(one.client for one in config.watches))
    if wish.client is not None:
        if wish.client not in known:
            names = ", ".join(one for one in known if one) or "–"
            raise UserError(text("there is no client “{name}”; there are: {known}", name=wish.client, known=names))
        return wish.client
    if len(known) > 1:
        names = ", ".join(one for one in known if one)
        raise UserError(text("say for whom: --client with one of {names}", names=names))
    return known[0] if known else None
