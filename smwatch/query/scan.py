"""One pass over a sheet: the spans of terms that stand there, and the queries that have to be evaluated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from smwatch.model import Span
from smwatch.query.look import MISSING, Place, at, near, straight, worth
from smwatch.query.routes import Route
from smwatch.query.sheet import Sheet, Stretch
from smwatch.query.syntax import TEXT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from smwatch.query.index import PlainIndex
    from smwatch.query.sieve import Found
    from smwatch.query.slots import Slot


Look = Callable[[Sheet, Stretch, Route, int, int], "Sequence[Place] | None"]
_NEW: list[Span] = []
_tuple = tuple.__new__  # makes a named tuple in half the time


class Scan:
    """What a sheet of several items holds; `found` has a row an item. `always`: queries to evaluate in any case."""

    def __init__(self, sheet: Sheet, index: PlainIndex, always: Mapping[int, None]) -> None:
        self.found: list[Found] = [dict.fromkeys(always) for _ in sheet.parts] if always else [{} for _ in sheet.parts]
        self._sheet = sheet
        self._asked: set[tuple[int, int]] = set()
        self._slots = index.slots
        for slot, terms, stretch, start, end in index.sift(sheet, self.found):
            if terms is None:
                self._slot(slot, stretch, start, end, self.found[stretch.owner])
            else:
                self._terms(stretch, terms, start, end, self.found[stretch.owner])
        if sheet.compounds.at:
            self._compounds(index.sift_joined(sheet, self.found))
        for queries, place in index.emoji_in(sheet.text):
            self.found[sheet.stretch(place).owner].update(dict.fromkeys(queries))

    def _slot(self, slot: Slot, stretch: Stretch, start: int, end: int, mine: Found) -> None:
        """All that one hit points to."""
        sheet = self._sheet
        if slot.others:
            self._others(slot, stretch.owner, mine)
        if stretch.name not in TEXT_FIELDS:
            return
        if slot.words:
            if stretch.odd or not sheet.is_word(start, end):
                _take(sheet, stretch, slot.words, (start, end), mine, at)
            else:
                _add(slot.words, stretch.name, start - stretch.low, end - stretch.low, mine)
        if slot.terms:
            terms = slot.terms
            if sheet.text[start - 1] == " " == sheet.text[end] and stretch.low < start - 1 and end < stretch.high - 1:
                terms = slot.likely(sheet.plain[start - 2], sheet.plain[end + 1])
            if terms:
                self._terms(stretch, terms, start, end, mine)

    def _terms(self, stretch: Stretch, terms: Sequence[tuple[int, Route]], start: int, end: int, mine: Found) -> None:
        """Phrases that stand there to the letter, then all that needs a closer look."""
        rest: list[tuple[int, Route]] = []
        for query, way in terms:
            place = None if stretch.odd else straight(self._sheet, stretch, way, start, end)
            if place is None:
                rest.append((query, way))
            elif place is not MISSING:
                _add(((query, way),), stretch.name, place[0] - stretch.low, place[1] - stretch.low, mine)
        if rest:
            _take(self._sheet, stretch, rest, (start, end), mine, at)

    def _compounds(self, hits: Iterable[tuple[int, int, int]]) -> None:
        """Hits in the joined spellings: Car-Sharing for carsharing."""
        joined = self._sheet.compounds
        for number, first, _ in hits:
            slot = self._slots[number]
            place = joined.place(first + slot.left)
            stretch = self._sheet.stretch(place[0])
            mine = self.found[stretch.owner]
            self._others(slot, stretch.owner, mine)
            if stretch.name in TEXT_FIELDS:
                _take(self._sheet, stretch, slot.words + slot.terms, place, mine, near)

    def _others(self, slot: Slot, owner: int, mine: Found) -> None:
        """Queries to evaluate, unless the item lacks something else that they need; asked once an item."""
        asked = id(slot), owner
        if asked in self._asked:
            return
        self._asked.add(asked)
        for query, needs in slot.others:
            if query not in mine and all(self._sheet.holds(owner, literals) for literals in needs):
                mine[query] = None


def _add(words: Iterable[tuple[int, Route]], name: str, start: int, end: int, mine: Found) -> None:
    """Words that stand there by themselves."""
    for query, way in words:
        spans = mine.get(query, _NEW)
        if spans is _NEW:
            mine[query] = [_tuple(Span, (name, start, end, way.term.shown))]
        elif spans is not None:
            spans.append(_tuple(Span, (name, start, end, way.term.shown)))


def _take(  # noqa: PLR0913, PLR0917 - one hit
    sheet: Sheet, stretch: Stretch, terms: Sequence[tuple[int, Route]], place: Place, mine: Found, look: Look
) -> None:
    """Add what the terms have around this hit; a query whose term needs the whole field is left to be evaluated."""
    name, low = stretch.name, stretch.low
    if stretch.looks > worth(stretch):
        sheet.give_up(stretch)  # so much to look at that reading the whole field costs less
    for query, way in terms:
        known = mine.get(query, _NEW)
        if known is None:
            continue
        needs_all = stretch.odd or (way.is_wide and len(way.term.steps) > 1)
        places = None if needs_all else look(sheet, stretch, way, *place)
        if places is None:
            mine[query] = None
        elif places:
            spans = [Span(name, start - low, end - low, way.term.shown) for start, end in places]
            if known is _NEW:
                mine[query] = spans
            else:
                known += spans
