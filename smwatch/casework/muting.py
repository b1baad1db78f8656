"""The click on the warning of a noisy watch: be quiet for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from smwatch.casework import places
from smwatch.casework.clicks import Reply
from smwatch.i18n import Text, text
from smwatch.model import Person, numbered
from smwatch.silence import Scope, Silence
from smwatch.store import silences
from smwatch.store.schema import post

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Row

    from smwatch.casework.moves import Office
    from smwatch.channel import Click
    from smwatch.plugin import Channel
    from smwatch.store.db import Store
    from smwatch.store.envelopes import Pending

MUTE_WATCH = "mute_watch"
DAY = timedelta(hours=24)
REASON = text("matches too often")


@dataclass(frozen=True, slots=True, kw_only=True)
class Muting:
    """Works on its button; `language(channel)` is what those who read a channel speak."""

    store: Store
    channels: Callable[[], Mapping[str, Channel]]
    office: Callable[[], Office]
    language: Callable[[str], str]

    async def work(self, one: Pending, now: datetime) -> Reply:
        """What becomes of a click, checked for who and where like any other."""
        found = await self._post(one.click, one.line)
        if isinstance(found, Text):
            return Reply(sentence=found)
        who = self.office().person(Person(id=one.click.user, name=one.click.name))
        return await self._mute(found, who, now)

    async def _post(self, click: Click, line: str) -> Row[Any] | Text:
        if click.stranger or not click.user:
            return places.STRANGER
        number = numbered(click.value, "N")
        async with self.store.read() as connection:
            row = (await connection.execute(select(post).where(post.c.id == number, post.c.kind == "noisy"))).first()
        if row is None or not places.of_line(row.channel, line, self.channels()) or not places.stands(click, row):
            return places.UNKNOWN
        return row

    async def _mute(self, found: Row[Any], who: Person, now: datetime) -> Reply:
        """The whole watch is silent for a day; once, however often somebody clicks."""
        client, watch = found.plan["client"], found.plan["watch"]
        async with self.store.write() as connection:
            active = await silences.active(connection, now, client)
            if any(one.scope is Scope.WATCH and one.value == watch for one in active):
                return Reply(sentence=text("{watch} is silent already", watch=watch))
            made = Silence(
                client=client,
                scope=Scope.WATCH,
                value=watch,
                label=watch,
                until=now + DAY,
                by=who,
                reason=REASON.render(self.language(found.channel)),
                at=now,
            )
            await silences.add(connection, made)
        return Reply(sentence=text("{watch} is silent for 24 h", watch=watch), done=True)
