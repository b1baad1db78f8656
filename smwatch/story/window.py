"""What is remembered of recent items, by client, and which of them may be copies of a new one (pure).

An inverted index: from a mark or gram to the items that have it. What many stories have in common (a publisher's
closing words) is no evidence. Bounded: the oldest items are forgotten first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from smwatch.story.prints import CERTAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.story.prints import Fingerprint

K = TypeVar("K")
Items = int | tuple[int, ...]
SLIDES = timedelta(hours=6)
ENDS = timedelta(hours=48)
MOST_ITEMS = 10_000  # of all clients: about 50 MB when they are full
COMMON = 5  # stories that have one gram: it is no evidence any more
MOST_POSTINGS = 32  # items of one gram; more are a publisher's closing words
LOOK = 8  # candidates that are compared word by word
ENOUGH = 0.2  # of the grams of the one that has fewer
FEW = 24  # grams of a short text: there one in common is enough to look


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
        return Known(story_id=self.story_id, first_at=min(self.first_at, at), last_at=max(self.last_at, at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An item in the window that may be a copy. `certain` is the kind of mark that settles it, "" where words decide.

    `passed_on`: both lead to one page.
    """

    item_id: int
    known: Known
    certain: str = ""
    passed_on: bool = False


@dataclass(slots=True)
class _Held:
    """An item in the window: its story, its exact marks and its grams."""

    story_id: int
    marks: list[tuple[str, str]] = field(default_factory=list)
    grams: tuple[int, ...] = ()


@dataclass(slots=True)
class _Shelf:
    """One client's part of the window."""

    items: dict[int, _Held] = field(default_factory=dict)
    exact: dict[tuple[str, str], Items] = field(default_factory=dict)
    grams: dict[int, Items] = field(default_factory=dict)
    common: set[int] = field(default_factory=set)  # grams that many stories have

    def put(self, item_id: int, story_id: int, marks: Iterable[Fingerprint]) -> None:
        held = self.items.setdefault(item_id, _Held(story_id))
        for mark in marks:
            if mark.kind == "grams":
                held.grams = mark.grams
                for gram in mark.grams:
                    alone = self.grams.setdefault(gram, item_id) == item_id  # most are, and need no call
                    if not alone and _post(self.grams, gram, item_id) >= COMMON:
                        self.weigh(gram)
            else:
                held.marks.append((mark.kind, mark.hash))
                _post(self.exact, (mark.kind, mark.hash), item_id)

    def drop(self, item_id: int) -> None:
        held = self.items.pop(item_id, None)
        if held is not None:
            _strike(self.grams, held.grams, item_id)
            for gram in self.common.intersection(held.grams):
                self.weigh(gram)
            _strike(self.exact, held.marks, item_id)

    def weigh(self, gram: int) -> None:
        """Say whether many stories have it."""
        found = _items(self.grams.get(gram))
        if len(found) >= COMMON and len({self.items[one].story_id for one in found}) >= COMMON:
            self.common.add(gram)
        else:
            self.common.discard(gram)

    def with_mark(self, kind: str, hash_: str) -> Sequence[int]:
        return _items(self.exact.get((kind, hash_)))

    def alike(self, grams: Sequence[int]) -> Iterator[int]:
        """The items that share enough of these grams, most first."""
        common = self.common
        telling = [gram for gram in grams if gram in self.grams and gram not in common]
        if not telling:
            return
        mine = len(grams) - len(common.intersection(grams))
        shared = Counter(one for gram in telling for one in _items(self.grams[gram]))
        for one, count in shared.most_common(4 * LOOK):
            theirs = self.items[one].grams
            fewest = min(mine, len(theirs) - len(common.intersection(theirs)))
            if fewest <= FEW or count >= ENOUGH * fewest:
                yield one


@dataclass(slots=True)
class Window:
    """The fingerprints of recent items by client, and the stories they belong to."""

    _stories: dict[int, Known] = field(default_factory=dict)
    _shelves: dict[str, _Shelf] = field(default_factory=dict)
    _order: dict[int, str] = field(default_factory=dict)  # items by age, with their client

    def find(self, client: str, marks: Sequence[Fingerprint], at: datetime) -> list[Candidate]:
        """What may be copies of an item with these fingerprints, the surest first; one a story where it is certain."""
        shelf = self._shelves.get(client)
        if shelf is None:
            return []
        found: dict[int, Candidate] = {}
        for item_id, certain, passed_on in _suspects(shelf, marks):
            known = self._stories.get(shelf.items[item_id].story_id)
            if known is not None and known.takes(at):
                new = Candidate(item_id=item_id, known=known, certain=certain, passed_on=passed_on)
                found.setdefault(item_id, new)
                if certain:
                    return [found[item_id]]
        return list(found.values())[:LOOK]

    def add(self, client: str, item_id: int, marks: Sequence[Fingerprint], known: Known) -> None:
        """An item with these fingerprints is part of `known`."""
        before = self._stories.get(known.story_id)
        if before is not None:
            known = before.with_item(known.first_at).with_item(known.last_at)
        self._stories[known.story_id] = known
        self._shelves.setdefault(client, _Shelf()).put(item_id, known.story_id, marks)
        self._order[item_id] = client
        while len(self._order) > MOST_ITEMS:
            self._drop(next(iter(self._order)))

    def story_of(self, client: str, item_id: int, at: datetime) -> Known | None:
        """The story that this very item is part of already, while it goes on."""
        shelf = self._shelves.get(client)
        held = shelf.items.get(item_id) if shelf else None
        known = self._stories.get(held.story_id) if held else None
        return known if known is not None and known.takes(at) else None

    def merge(self, client: str, gone: int, home: int) -> None:
        """Two stories are one from now on."""
        shelf, lost = self._shelves.get(client), self._stories.pop(gone, None)
        if shelf is None or lost is None:
            return
        for held in shelf.items.values():
            if held.story_id == gone:
                held.story_id = home
        if (known := self._stories.get(home)) is not None:
            self._stories[home] = known.with_item(lost.first_at).with_item(lost.last_at)

    def changed(self, client: str, item_id: int, marks: Sequence[Fingerprint]) -> None:
        """The item says something else now; it stays where it is."""
        shelf = self._shelves.get(client)
        if shelf is not None and item_id in shelf.items:
            story_id = shelf.items[item_id].story_id
            shelf.drop(item_id)
            shelf.put(item_id, story_id, marks)

    def forget(self, now: datetime) -> None:
        """Drop what no item can join any more."""
        gone = {number for number, known in self._stories.items() if not known.takes(now)}
        if not gone:
            return
        for number in gone:
            del self._stories[number]
        for client, shelf in list(self._shelves.items()):
            for item_id in [one for one, held in shelf.items.items() if held.story_id in gone]:
                self._drop(item_id)
            if not shelf.items:
                del self._shelves[client]

    def _drop(self, item_id: int) -> None:
        self._shelves[self._order.pop(item_id)].drop(item_id)

    def __len__(self) -> int:
        """How many items are remembered."""
        return len(self._order)


def _suspects(shelf: _Shelf, marks: Sequence[Fingerprint]) -> Iterator[tuple[int, str, bool]]:
    """(item, the mark that settles it or "", whether both lead to one page), the surest first."""
    kinds = {mark.kind: mark for mark in marks}
    for kind in CERTAIN:
        if kind in kinds:
            yield from ((one, kind, False) for one in shelf.with_mark(kind, kinds[kind].hash))
    for kind, other in (("link", "shares"), ("shares", "link"), ("shares", "shares")):
        if kind in kinds:
            yield from ((one, "", True) for one in shelf.with_mark(other, kinds[kind].hash))
    if "title" in kinds:
        yield from ((one, "", False) for one in shelf.with_mark("title", kinds["title"].hash))
    if "grams" in kinds:
        yield from ((one, "", False) for one in shelf.alike(kinds["grams"].grams))


def _items(found: Items | None) -> Sequence[int]:
    """The items of a posting; most have one, and need no container."""
    return () if found is None else (found,) if isinstance(found, int) else found


def _post(postings: dict[K, Items], key: K, item_id: int) -> int:
    """How many items have it now."""
    found = postings.get(key)
    if found is None:
        postings[key] = item_id
        return 1
    items = _items(found)
    if len(items) < MOST_POSTINGS and item_id not in items:
        postings[key] = (*items, item_id)
    return len(items) + 1


def _strike(postings: dict[K, Items], keys: Iterable[K], item_id: int) -> None:
    for key in keys:
        items = _items(postings.get(key))
        if item_id not in items:
            continue
        if len(items) == 1:
            del postings[key]
        else:
            postings[key] = tuple(one for one in items if one != item_id)
