"""Silences: what is not told for a while, and whether one covers a story (pure).

A silence holds new messages, never edits; it always has an end, somebody who wanted it, and a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
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
    CLIENT = "client"
    QUERY = "query"


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EVERYTHING = "*"  # the value of a silence of a whole client

SCOPES: Mapping[Scope, Text] = {
    Scope.STORY: text("this story"),
    Scope.AUTHOR: text("the author"),
    Scope.SITE: text("the site"),
    Scope.WATCH: text("the whole watch"),
    Scope.CLIENT: text("the whole client"),
    Scope.QUERY: text("what a query finds"),
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
    """What a silence may be about in one mention: its story, its author's keyed hash, its site, its watch.

    `queries` are those of silences in the files that find it.
    """

    story: str = ""
    author: str = ""
    site: str = ""
    watch: str = ""
    queries: frozenset[str] = frozenset()

    def under(self, one: Silence) -> bool:
        """Whether a silence is about this mention; one of a site is about its subdomains, too."""
        if not one.value:
            return False
        if one.scope is Scope.SITE:
            return self.site == one.value or self.site.endswith(f".{one.value}")
        if one.scope is Scope.QUERY:
            return one.value in self.queries
        known = {Scope.STORY: self.story, Scope.AUTHOR: self.author, Scope.WATCH: self.watch, Scope.CLIENT: EVERYTHING}
        return one.value == known[one.scope]


WHAT: Mapping[Scope, Text] = {
    Scope.STORY: text("the story “{label}”"),
    Scope.AUTHOR: text("an author"),
    Scope.SITE: text("the site {label}"),
    Scope.WATCH: text("the watch “{label}”"),
    Scope.CLIENT: text("everything of {label}"),
    Scope.QUERY: text("what “{label}” finds"),
}


def what(one: Silence) -> Text:
    """What a silence is about, in words; an author's name is not kept."""
    if one.scope is Scope.CLIENT and not one.client:
        return text("everything without a client")
    label = one.label or one.client or one.value
    return replace(WHAT[one.scope], values={"label": label})


def ends_in(one: Silence, now: datetime) -> Text:
    """How long it still holds: "ends in 2 h"."""
    left = one.until - now
    if left < HOUR:
        return text("ends in {n} min", n=max(1, round(left / MINUTE)))
    if left < timedelta(days=2):
        return text("ends in {n} h", n=round(left / HOUR))
    return text("ends in {n} days", n=left.days)


def told(one: Silence, now: datetime) -> Text:
    """One silence on one line: "the watch “Acme”, ends in 2 h: press conference (Anna)"."""
    words = {"what": what(one), "ends": ends_in(one, now), "reason": one.reason}
    if not one.by.name:
        return text("{what}, {ends}: {reason}", **words)
    return text("{what}, {ends}: {reason} ({who})", **words, who=one.by.name)


def covering(silences: Iterable[Silence], marks: Sequence[Marks], now: datetime) -> tuple[Silence, ...]:
    """The silences under which a story may not be posted at `now`: every mention of it has to be covered.

    A story that also stands in a watch, on a site, or under an author that nobody silenced is told. The one that lasts
    longest stands first.
    """
    active = [one for one in silences if one.until > now]
    found = [[one for one in active if mark.under(one)] for mark in marks]
    if not found or not all(found):
        return ()
    every = {one.id: one for group in found for one in group}
    return tuple(sorted(every.values(), key=lambda one: (one.until, one.id), reverse=True))


def until_told(silences: Sequence[Silence], marks: Sequence[Marks], now: datetime) -> datetime:
    """When a story that `silences` cover may be told: as soon as one of its mentions is not covered any more."""
    ends = [max((s.until for s in silences if mark.under(s)), default=now) for mark in marks]
    return min(ends, default=now)
