"""Silences: what is not told for a while, and whether one covers a story (pure).

A silence holds new messages, never edits; it always has an end, somebody who wanted it, and a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from smwatch.i18n import Text, text
from smwatch.model import Person, short_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime


class Scope(StrEnum):
    """What a silence is about."""

    STORY = "story"
    AUTHOR = "author"
    SITE = "site"
    WATCH = "watch"


SCOPES: Mapping[Scope, Text] = {
    Scope.STORY: text("this story"),
    Scope.AUTHOR: text("the author"),
    Scope.SITE: text("the site"),
    Scope.WATCH: text("the whole watch"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One silence. `value` is a story's id, an author's keyed hash, a host or a watch's name; `label` is for people."""

    id: int = 0
    client: str | None = None
    scope: Scope
    value: str
    label: str = ""
    until: datetime
    by: Person
    reason: str
    at: datetime

    @property
    def short(self) -> str:
        """The speakable id."""
        return short_id("Q", self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a silence may be about in one mention: its story, its author's keyed hash, its site, its watch."""

    story: str = ""
    author: str = ""
    site: str = ""
    watch: str = ""

    def of(self, scope: Scope) -> str:
        """The value that a silence of this scope has to have."""
        return {Scope.STORY: self.story, Scope.AUTHOR: self.author, Scope.SITE: self.site, Scope.WATCH: self.watch}[
            scope
        ]


def covering(silences: Iterable[Silence], marks: Sequence[Marks], now: datetime) -> tuple[Silence, ...]:
    """The silences under which a story may not be posted at `now`: every mention of it has to be covered.

    A story that also stands in a watch, on a site, or under an author that nobody silenced is told. The one that lasts
    longest stands first.
    """
    active = [one for one in silences if one.until > now]
    found = [[one for one in active if one.value and one.value == mark.of(one.scope)] for mark in marks]
    if not found or not all(found):
        return ()
    every = {one.id: one for group in found for one in group}
    return tuple(sorted(every.values(), key=lambda one: (one.until, one.id), reverse=True))


def until_told(silences: Sequence[Silence], marks: Sequence[Marks], now: datetime) -> datetime:
    """When a story that `silences` cover may be told: as soon as one of its mentions is not covered any more."""
    ends = [max((s.until for s in silences if s.value == mark.of(s.scope)), default=now) for mark in marks]
    return min(ends, default=now)
