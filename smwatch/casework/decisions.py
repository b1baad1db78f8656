"""Clicks on what smwatch proposes: leave it out, or keep it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from smwatch.casework import places
from smwatch.casework.clicks import Reply
from smwatch.errors import UserError
from smwatch.i18n import Text
from smwatch.model import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from smwatch.casework.moves import Office
    from smwatch.plugin import Channel
    from smwatch.store.db import Store
    from smwatch.store.envelopes import Pending

WANT, REFUSE = "exclude", "exclude_not"


class Noise(Protocol):
    """Who proposes, and writes what a person wants."""

    async def confirm(self, name: str, by: Person | None, now: datetime) -> object:
        """A person wants it. Raises UserError."""

    async def decline(self, name: str, by: Person | None, now: datetime) -> object:
        """A person does not want it. Raises UserError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Works on the buttons of proposals."""

    store: Store
    channels: Callable[[], Mapping[str, Channel]]
    office: Callable[[], Office]
    noise: Noise

    async def work(self, one: Pending, now: datetime) -> Reply:
        """One click; a second one, or a late one, hears what was decided before."""
        async with self.store.read() as connection:
            place = await places.proposal(connection, one.click, one.line, self.channels())
        if isinstance(place, Text):
            return Reply(sentence=place)
        by = self.office().person(Person(id=one.click.user, name=one.click.name))
        decide = self.noise.confirm if one.click.action == WANT else self.noise.decline
        try:
            await decide(one.click.value, by, now)
        except UserError as error:
            return Reply(sentence=error.sentence)
        return Reply(done=True)
