"""What the literals of plain forms point to: the terms that are looked for by them, and the queries to evaluate.

Most literals are one spelling of several of one word, and all its spellings point to the same. They share one slot: ten
thousand queries have forty thousand literals.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from smwatch.text.plain import SPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from smwatch.query.routes import Route

Needs = tuple[tuple[bytes, ...], ...]  # of each row, one literal must be there
# of a slot: its blanks; the query and the word where it stands for nothing but one word; else the slot itself
Row = tuple[int, int, int, str, "Slot | None"]
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
_NONE: list[Any] = []  # shared by all that have none, which are most; never written to
_MANY = 8  # terms that are sorted by the letters beside them


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """What a literal points to; `left` and `right` are its blanks.

    `words` are terms that are there where the literal stands alone, with their query; `terms` are phrases, patterns,
    words with accents; `others` are queries to evaluate, with what else an item must hold.
    """

    left: int
    right: int
    words: list[tuple[int, Route]]
    terms: list[tuple[int, Route]]
    others: list[tuple[int, Needs]]
    beside: Beside | None = None

    def row(self) -> Row:
        """What every hit asks for, close together."""
        if len(self.words) == 1 and not self.terms and not self.others:
            number, way = self.words[0]
            return self.left, self.right, number, way.term.shown, None
        return self.left, self.right, 0, "", self

    def likely(self, before: int, behind: int) -> list[tuple[int, Route]]:
        """The terms that may be there, by the letters one blank before and behind the literal; SPACE: not known."""
        if SPACE in (before, behind):
            return self.terms
        if self.beside is not None:
            return self.beside.likely(before, behind)
        return [row for row in self.terms if before in (it := row[1]).last or _fits(it, behind)]


def _fits(way: Route, behind: int) -> bool:
    return not way.last and (not way.first or behind in way.first)


class Beside:
    """Terms by the letter that must stand beside their literal: a quick choice where there are many."""

    __slots__ = ("_anywhere", "_before", "_behind")

    def __init__(self, terms: Iterable[tuple[int, Route]]) -> None:
        self._before: dict[int, list[tuple[int, Route]]] = {}
        self._behind: dict[int, list[tuple[int, Route]]] = {}
        self._anywhere: list[tuple[int, Route]] = []
        for number, way in terms:
            rows, letters = (self._before, way.last) if way.last else (self._behind, way.first)
            for letter in letters:
                rows.setdefault(letter, []).append((number, way))
            if not letters:
                self._anywhere.append((number, way))

    def likely(self, before: int, behind: int) -> list[tuple[int, Route]]:
        """See `Slot.likely`; both letters are known."""
        return self._anywhere + self._before.get(before, []) + self._behind.get(behind, [])


class Pointers(Generic[K, T]):
    """What keys point to, in the order in which it was said; keys that point to the same have it in common."""

    def __init__(self) -> None:
        self.rows: dict[K, Sequence[T]] = {}

    def add(self, keys: Iterable[K], target: T) -> None:
        """All these keys point to `target` besides."""
        only = (target,)
        for key in keys:
            known = self.rows.setdefault(key, only)
            if isinstance(known, list):
                known.append(target)
            elif known is not only:
                self.rows[key] = [*known, target]


class Slots:
    """The slots of literals, while they are filled."""

    def __init__(self) -> None:
        self._terms: Pointers[bytes, tuple[int, Route]] = Pointers()
        self._others: Pointers[bytes, tuple[int, Needs]] = Pointers()

    def add_term(self, number: int, way: Route) -> None:
        """Query `number` is this term, or an OR that holds it."""
        self._terms.add(way.anchor.literals, (number, way))

    def add_other(self, literals: Iterable[bytes], number: int, needs: Needs) -> None:
        """Query `number` is to be evaluated where one of the literals stands."""
        groups: dict[Needs, list[bytes]] = {}
        for literal in literals:
            groups.setdefault(tuple(it for it in needs if literal not in it), []).append(literal)
        for more, some in groups.items():
            self._others.add(some, (number, more))

    def made(self) -> dict[bytes, Slot]:
        """The slot of each literal."""
        known: dict[tuple[int, int, int, int], Slot] = {}
        made: dict[bytes, Slot] = {}
        for literal in self._terms.rows | self._others.rows:
            left, right = literal.startswith(b" "), literal.endswith(b" ")
            terms, others = self._terms.rows.get(literal, ()), self._others.rows.get(literal, ())
            key = left, right, id(terms), id(others)
            made[literal] = known[key] = known.get(key) or _slot(left, right, terms, others)
        return made


def _slot(left: int, right: int, ways: Sequence[tuple[int, Route]], others: Sequence[tuple[int, Needs]]) -> Slot:
    """Each word is told once, however often a query has it; each query is evaluated once."""
    words = {(number, way.term.shown): (number, way) for number, way in reversed(ways) if way.is_word}
    terms = [(number, way) for number, way in ways if not way.is_word]
    queries = {row[0]: row for row in reversed(others)}
    beside = Beside(terms) if len(terms) >= _MANY else None
    return Slot(left, right, _turned(words), terms or _NONE, _turned(queries), beside)


def _turned(rows: dict[Any, T]) -> list[T]:
    return list(rows.values())[::-1] or _NONE


def rows_of(slots: Iterable[Slot]) -> list[Row]:
    """The row of each; one for all that are the same slot."""
    known: dict[int, Row] = {}
    return [known.get(id(slot)) or known.setdefault(id(slot), slot.row()) for slot in slots]
