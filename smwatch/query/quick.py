"""A document that is looked at in plain form, and read word by word only where that decides."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from smwatch.query.document import Document
from smwatch.query.look import everywhere
from smwatch.query.places import Place
from smwatch.query.positions import Passage, ReadPiece
from smwatch.query.routes import route
from smwatch.query.syntax import TEXT_FIELDS
from smwatch.text import tokenise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.model import Item
    from smwatch.query.positions import Core
    from smwatch.query.routes import Route
    from smwatch.query.sheet import Around, Sheet, Stretch
    from smwatch.query.terms import Term
    from smwatch.text import Edge

_WORD = 10  # characters of a word and the blank behind it, with room to spare
_APART = 1 << 32  # words between two windows


class QuickDocument(Document):
    """An item on a sheet. Edges are characters of the field's text, or of its words where the field is odd."""

    __slots__ = ("_edges", "_held", "_owner", "_routes", "_sheet", "_stretches", "_texts")

    def __init__(self, item: Item, sheet: Sheet, owner: int, routes: dict[int, Route | None]) -> None:
        super().__init__(item)
        self._sheet = sheet
        self._owner = owner
        self._stretches = {part.name: part for part in sheet.parts[owner]}
        self._texts = [name for name in self._stretches if name in TEXT_FIELDS]
        self._routes = routes
        self._held: dict[int, bool] = {}
        self._edges: dict[tuple[str, int], list[Edge]] = {}

    def edges(self, name: str, term: Term) -> list[Edge]:
        """See Document."""
        known = self._edges.get((name, id(term)))
        if known is None:
            known = self._edges[name, id(term)] = self._found(name, term)
        return known

    def _found(self, name: str, term: Term) -> list[Edge]:
        stretch = self._stretches.get(name)
        if stretch is None:
            return [] if name in TEXT_FIELDS else Document.edges(self, name, term)
        if stretch.odd:
            return Document.edges(self, name, term)
        way = self._route(term)
        places = None if way is None else everywhere(self._sheet, stretch, way)
        if places is None:
            tokens = self.tokens(name)
            return [tokens.span(edge) for edge in term.edges(tokens)]
        low = stretch.low
        return [(start - low, end - low) for start, end in places]

    def may_hold(self, term: Term) -> bool:
        """See Document."""
        known = self._held.get(id(term))
        if known is None:
            known = self._held[id(term)] = self._holds(term)
        return known

    def _holds(self, term: Term) -> bool:
        way = self._route(term)
        return way is None or not self._stretches or self._sheet.holds(self._owner, way.anchor.literals)

    def present(self, fields: tuple[str, ...]) -> Iterable[str]:
        """See Document."""
        return self._texts if fields is TEXT_FIELDS else fields

    def place(self, name: str, edge: Edge) -> tuple[int, int]:
        """See Document."""
        stretch = self._stretches.get(name)
        return Document.place(self, name, edge) if stretch is None or stretch.odd else edge

    def passage(self, name: str, cores: Sequence[Core]) -> Passage:
        """See Document."""
        stretch = self._stretches.get(name)
        if not cores or stretch is None or stretch.odd:
            return Document.passage(self, name, cores)
        rows = [(core.reach, [edge for term in core.terms for edge in self.edges(name, term)]) for core in cores]
        reach, edges = min(rows, key=lambda row: len(row[1]))
        edges.sort()
        clear = self._sheet.around(stretch, [(low + stretch.low, high + stretch.low) for low, high in edges], reach)
        if clear is not None:
            return Passage(self.text(name), [self._plain(stretch, number, it) for number, it in enumerate(clear)])
        return self._read(name, list(_windows(self.text(name), edges, reach)))

    def _plain(self, stretch: Stretch, number: int, around: Around) -> PlainPiece:
        start, end, begins = around
        return PlainPiece(self, stretch.name, stretch.low, start, end, begins, number * _APART)

    def _read(self, name: str, windows: list[Edge]) -> Passage:
        text = self.text(name)
        if sum(end - start for start, end in windows) * 2 > len(text):
            return Passage(text, [ReadPiece(self.tokens(name))])
        pieces = [ReadPiece(tokenise(text[low:high]), low, n * _APART) for n, (low, high) in enumerate(windows)]
        return Passage(text, pieces)

    def _route(self, term: Term) -> Route | None:
        if id(term) not in self._routes:
            self._routes[id(term)] = route(term, {})
        return self._routes[id(term)]


@dataclass(frozen=True, slots=True)
class PlainPiece:
    """Part of a field whose words are clear without reading them: its start and end, and where each word begins.

    These are places of the sheet, where the field begins at `low`; the piece's first word has the number `word`.
    """

    document: QuickDocument
    name: str
    low: int
    start: int
    end: int
    begins: list[int]
    word: int

    def places(self, term: Term) -> Iterator[Place]:
        """See Piece."""
        begins, word, low = self.begins, self.word - 1, self.low
        edges = self.document.edges(self.name, term)
        first, last = (bisect_left(edges, (place - low, 0)) for place in (self.start, self.end))
        for start, end in edges[first:last]:
            if end + low <= self.end:
                one, other = bisect_right(begins, start + low), bisect_right(begins, end + low - 1)
                yield Place(one + word, other + word, start, end, ((start, end, term.shown),))


def _windows(text: str, edges: Iterable[Edge], reach: int) -> Iterator[Edge]:
    """Stretches of whole words that hold at least `reach` words on either side of each edge.

    Linear: from the end of a stretch it goes on with the last edge that begins in it, and back only to that end.
    """
    rows = sorted(edges)
    starts, ends = [start for start, _ in rows], list(accumulate((end for _, end in rows), max))
    low = high = at = 0
    while at < len(rows):
        first = _back(text, starts[at], reach, high)
        if first > high:
            if high:
                yield low, high
            low = first
        high = max(high, _on(text, ends[at], reach))
        at = max(at + 1, bisect_right(starts, high) - 1)
    if high:
        yield low, high


def _back(text: str, start: int, reach: int, floor: int) -> int:
    """Where so many words begin that end at `start`, or `floor`."""
    size = _WORD * (reach + 2)
    while size < start - floor:
        words = text[start - size : start].split()[1:]
        if sum(any(map(str.isalnum, word)) for word in words) > reach:
            return text.index(words[0], start - size + 1)
        size *= 2
    return floor


def _on(text: str, end: int, reach: int) -> int:
    """Where so many words end that begin at `end`, or the end of the text."""
    size = _WORD * (reach + 2)
    while end + size < len(text):
        words = text[end : end + size].split()[:-1]
        if sum(any(map(str.isalnum, word)) for word in words) > reach:
            return text.rindex(words[-1], end, end + size) + len(words[-1])
        size *= 2
    return len(text)
