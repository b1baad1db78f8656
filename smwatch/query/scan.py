"""One pass over a sheet: the spans of terms that stand there, and the queries that have to be evaluated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from smwatch.model import Span
from smwatch.query.look import Place, at, near
from smwatch.query.routes import Route
from smwatch.query.sheet import Sheet, Stretch
from smwatch.query.syntax import TEXT_FIELDS
from smwatch.text.plain import JOINING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smwatch.query.index import PlainIndex, Slot

Found = dict[int, "list[Span] | None"]  # spans by query; None: to be evaluated
Look = Callable[[Sheet, Stretch, Route, int, int], "Sequence[Place] | None"]
_NEW: list[Span] = []
_FEW, _RARE = 32, 30  # closer looks that a field is worth: some, and one for so many characters


class Scan:
    """What a sheet of several items holds; `found` has a row an item. `always`: queries to evaluate in any case."""

    def __init__(self, sheet: Sheet, index: PlainIndex, items: int, always: Iterable[int]) -> None:
        self.found: list[Found] = [dict.fromkeys(always) for _ in range(items)]
        self._sheet = sheet
        self._slots = index.slots
        self._literals(index.scan(sheet.plain))
        if sheet.compounds.at:
            self._compounds(index.scan(sheet.compounds.buffer))
        for queries, place in index.emoji_in(sheet.text):
            self.found[sheet.stretch(place).owner].update(dict.fromkeys(queries))

    def _literals(self, hits: Iterable[tuple[int, int, int]]) -> None:
        """Hits in the text itself: a word that nothing touches is there, all else is looked at."""
        sheet, slots, text, found = self._sheet, self._slots, self._sheet.text, self.found
        low = high = 0
        for number, first, last in hits:
            slot = slots[number]
            start, end = first + slot.left, last - slot.right
            if not low <= start < high:
                stretch = sheet.stretch(start)
                low, high, name, mine = stretch.low, stretch.high, stretch.name, found[stretch.owner]
            for query in slot.others:
                mine[query] = None
            if not slot.words or stretch.odd or text[start - 1] in JOINING or text[end] in JOINING:
                _take(sheet, stretch, slot, (start, end), mine, at)
                continue
            if name in TEXT_FIELDS:
                for query, shown in slot.words:
                    spans = mine.setdefault(query, [])
                    if spans is not None:
                        spans.append(Span(name, start - low, end - low, shown))
            if slot.terms:
                _take_terms(sheet, stretch, slot.terms, (start, end), mine, at)

    def _compounds(self, hits: Iterable[tuple[int, int, int]]) -> None:
        """Hits in the joined spellings: Car-Sharing for carsharing."""
        joined = self._sheet.compounds
        for number, first, _ in hits:
            slot = self._slots[number]
            place = joined.place(first + slot.left)
            stretch = self._sheet.stretch(place[0])
            mine = self.found[stretch.owner]
            mine.update(dict.fromkeys(slot.others))
            _take(self._sheet, stretch, slot, place, mine, near)


def _take(sheet: Sheet, stretch: Stretch, slot: Slot, place: Place, mine: Found, look: Look) -> None:  # noqa: PLR0913, PLR0917 - one hit
    """Words and terms alike, where a closer look is needed."""
    if slot.routes or slot.terms:
        _take_terms(sheet, stretch, slot.routes + slot.terms, place, mine, look)


def _take_terms(  # noqa: PLR0913, PLR0917 - one hit
    sheet: Sheet, stretch: Stretch, terms: Sequence[tuple[int, Route]], place: Place, mine: Found, look: Look
) -> None:
    """Add what the terms have around this hit; a query whose term needs the whole field is left to be evaluated."""
    name, low = stretch.name, stretch.low
    if name not in TEXT_FIELDS:
        return
    if stretch.looks > _FEW + (stretch.high - low) // _RARE:
        stretch.odd = True  # so much to look at that reading the whole field costs less
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
