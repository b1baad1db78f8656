"""Which items say the same: the same link, the same text, or the same title over texts that agree (pure).

`Window` remembers the fingerprints of recent items of each client. Two clients never share a story. A story takes
another item for six hours after its last one, and for two days at most.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from smwatch.links import canonical_link
from smwatch.text import same_text_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smwatch.model import Item

SLIDES = timedelta(hours=6)
ENDS = timedelta(hours=48)
ALIKE = 0.5
AGREED = 0.7
TITLE = "title"
TITLE_WORDS = 3
SHORTEST = 40  # characters of folded text: "Danke!" twice is not one story


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Something that two copies of one story have in common; `kind` is "link", "text" or (not certain) "title"."""

    kind: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A story in the window."""

    story_id: int
    first_at: datetime
    last_at: datetime

    def takes(self, at: datetime) -> bool:
        """Whether an item of this moment still belongs to it."""
        return at - self.last_at <= SLIDES and at - self.first_at <= ENDS

    def with_item(self, at: datetime) -> Known:
        """The same story after an item of this moment has joined: its window slides."""
        return replace(self, first_at=min(self.first_at, at), last_at=max(self.last_at, at))


@dataclass(slots=True)
class Window:
    """The fingerprints of recent items by client, and the stories they belong to."""

    _stories: dict[int, Known] = field(default_factory=dict)
    _marks: dict[tuple[str, Fingerprint], int] = field(default_factory=dict)

    def find(self, client: str, marks: tuple[Fingerprint, ...], at: datetime) -> Known | None:
        """The story that an item with these fingerprints belongs to."""
        return self._first(client, [mark for mark in marks if mark.kind != TITLE], at)

    def under_the_same_title(self, client: str, marks: tuple[Fingerprint, ...], at: datetime) -> Known | None:
        """The story that an item with this title may belong to; whether it does, its text says (`agree`)."""
        return self._first(client, [mark for mark in marks if mark.kind == TITLE], at)

    def _first(self, client: str, marks: Iterable[Fingerprint], at: datetime) -> Known | None:
        for mark in marks:
            known = self._stories.get(self._marks.get((client, mark), -1))
            if known is not None and known.takes(at):
                return known
        return None

    def add(self, client: str, marks: tuple[Fingerprint, ...], known: Known) -> None:
        """An item with these fingerprints is part of `known`."""
        before = self._stories.get(known.story_id)
        first = min(known.first_at, before.first_at) if before else known.first_at
        last = max(known.last_at, before.last_at) if before else known.last_at
        self._stories[known.story_id] = replace(known, first_at=first, last_at=last)
        for mark in marks:
            self._marks[client, mark] = known.story_id

    def forget(self, now: datetime) -> None:
        """Drop what no item can join any more."""
        gone = {number for number, known in self._stories.items() if not known.takes(now)}
        for number in gone:
            del self._stories[number]
        self._marks = {mark: number for mark, number in self._marks.items() if number not in gone}


def fingerprints(item: Item) -> tuple[Fingerprint, ...]:
    """What identifies the item's content: canonical link, text, title, where they are long enough to say something."""
    marks = []
    if link := canonical_link(item.url):
        marks.append(Fingerprint("link", _hash(link)))
    said = same_text_key(f"{item.title}\n{item.lead}\n{item.text}")
    if len(said) >= SHORTEST:
        marks.append(Fingerprint("text", _hash(said)))
    title = same_text_key(item.title)
    if title.count(" ") + 1 >= TITLE_WORDS:
        marks.append(Fingerprint(TITLE, _hash(title)))
    return tuple(marks)


def near_duplicate(one: str, other: str) -> bool:
    """Whether two texts say the same up to a sentence: half of their runs of three words, in any order."""
    mine, theirs = _shingles(one), _shingles(other)
    both = len(mine & theirs)
    return bool(both) and both / len(mine | theirs) >= ALIKE


def agree(one: str, other: str) -> bool:
    """Whether two texts below one title agree up to a sentence, or one is the beginning of the other."""
    mine, theirs = _shingles(one), _shingles(other)
    return bool(mine and theirs) and len(mine & theirs) / min(len(mine), len(theirs)) >= AGREED


def _shingles(said: str) -> frozenset[tuple[str, ...]]:
    words = same_text_key(said).split()
    return frozenset(tuple(words[at : at + 3]) for at in range(max(len(words) - 2, 1))) if words else frozenset()


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()[:24]
