"""Operands and operators of place, compiled: where in one field of a document they stand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

from smwatch.query.anchors import every, rarest
from smwatch.query.places import MOST_PAIRS, Place, Sentences, joined, near, near_pairs, sharing, together
from smwatch.query.windows import taking_part, windows
from smwatch.text import sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.query.document import Document
    from smwatch.query.steps import Anchor
    from smwatch.query.terms import Term
    from smwatch.text import Tokens


class Piece(Protocol):
    """Part of a field's text, in which terms are found."""

    def places(self, term: Term) -> Iterable[Place]:
        """Where a term stands, in characters of the field and by the numbers of its words."""


@dataclass(frozen=True, slots=True)
class ReadPiece:
    """A piece read word by word: where it begins in the field, and the number of its first word."""

    tokens: Tokens
    start: int = 0
    word: int = 0

    def places(self, term: Term) -> Iterator[Place]:
        """See Piece."""
        tokens, words = self.tokens, self.tokens.words
        for edge in term.edges(tokens):
            low, high = tokens.span(edge)
            start, end = low + self.start, high + self.start
            yield Place(
                words[edge[0]] + self.word, words[edge[1] - 1] + self.word, start, end, ((start, end, term.shown),)
            )


class Passage:
    """One field of a document, read as words and as sentences; `pieces` may leave out what nobody asks for."""

    def __init__(self, text: str, pieces: Sequence[Piece]) -> None:
        self._text = text
        self._pieces = pieces

    def places(self, term: Term) -> list[Place]:
        """Where a term stands."""
        return [place for piece in self._pieces for place in piece.places(term)]

    @cached_property
    def sentences(self) -> Sentences:
        """The sentences of the field."""
        return Sentences(sentences(self._text))


class Core(NamedTuple):
    """Terms of which every match holds one, and how many words around it matter."""

    terms: tuple[Term, ...]
    reach: int


class Places(Protocol):
    """What stands in a text, so that words between can be counted."""

    def possible(self, document: Document) -> bool:
        """False where its terms surely do not stand in the document."""

    def occurs(self, document: Document, name: str) -> bool:
        """Whether it may stand in this field; asks only for the terms, so that most documents are done here."""

    def found(self, passage: Passage) -> list[Place]:
        """Every match as a place, for an operator around this one."""

    def taking_part(self, passage: Passage) -> list[Place]:
        """The places of the terms that take part in any match."""

    def terms(self) -> tuple[Term, ...] | None:
        """Its terms, if it is nothing but a term or an OR of terms."""

    def cores(self) -> list[Core]:
        """Ways to look for it without reading the whole field; none where that has to be read."""

    def required(self) -> list[Term]:
        """Terms that each must stand in the document."""

    def anchors(self) -> list[Anchor] | None:
        """See `Program.anchors`."""


@dataclass(frozen=True, slots=True)
class TermPlaces:
    """One term."""

    term: Term

    def possible(self, document: Document) -> bool:
        """Whether the term may be there."""
        return document.may_hold(self.term)

    def occurs(self, document: Document, name: str) -> bool:
        """Whether the field holds it."""
        return bool(document.edges(name, self.term))

    def found(self, passage: Passage) -> list[Place]:
        """Where it stands."""
        return passage.places(self.term)

    taking_part = found

    def terms(self) -> tuple[Term, ...] | None:
        """Itself."""
        return (self.term,)

    def cores(self) -> list[Core]:
        """None: alone it is no operator of place."""
        return []

    def required(self) -> list[Term]:
        """The term."""
        return [self.term]

    def anchors(self) -> list[Anchor] | None:
        """The term's own."""
        return [self.term.anchor()]


@dataclass(frozen=True, slots=True)
class Union:
    """An OR-list."""

    parts: tuple[Places, ...]

    def possible(self, document: Document) -> bool:
        """Whether any may."""
        return any(part.possible(document) for part in self.parts)

    def occurs(self, document: Document, name: str) -> bool:
        """Whether any may."""
        return any(part.occurs(document, name) for part in self.parts)

    def found(self, passage: Passage) -> list[Place]:
        """The matches of all."""
        return [place for part in self.parts for place in part.found(passage)]

    def taking_part(self, passage: Passage) -> list[Place]:
        """The places of all."""
        return [place for part in self.parts for place in part.taking_part(passage)]

    def terms(self) -> tuple[Term, ...] | None:
        """Those of all."""
        rows = [part.terms() for part in self.parts]
        return None if any(row is None for row in rows) else tuple(term for row in rows if row for term in row)

    def cores(self) -> list[Core]:
        """None: alone it is no operator of place."""
        return []

    def required(self) -> list[Term]:
        """None in particular."""
        return []

    def anchors(self) -> list[Anchor] | None:
        """Those of every part."""
        return every(part.anchors() for part in self.parts)


class Operator:
    """What operators of place share: the parts that must all be there."""

    __slots__ = ()

    def must(self) -> tuple[Places, ...]:
        """The parts of which each must stand in the text."""
        raise NotImplementedError

    def possible(self, document: Document) -> bool:
        """Whether all may be there."""
        return all(part.possible(document) for part in self.must())

    def occurs(self, document: Document, name: str) -> bool:
        """Whether all may."""
        return all(part.occurs(document, name) for part in self.must())

    def terms(self) -> tuple[Term, ...] | None:
        """None: it is more than terms."""
        return None

    def required(self) -> list[Term]:
        """Those of all."""
        return [term for part in self.must() for term in part.required()]

    def anchors(self) -> list[Anchor] | None:
        """Those of the rarest part."""
        return rarest([part.anchors() for part in self.must()])


@dataclass(frozen=True, slots=True)
class Near(Operator):
    """`a NEAR/5 b`, `a ONEAR/5 b`."""

    left: Places
    right: Places
    words: int
    ordered: bool

    def must(self) -> tuple[Places, ...]:
        """Both sides."""
        return self.left, self.right

    def found(self, passage: Passage) -> list[Place]:
        """Every pair, as a place over both."""
        pairs = near_pairs(self.left.found(passage), self.right.found(passage), self.words, ordered=self.ordered)
        return _spread(pairs)

    def taking_part(self, passage: Passage) -> list[Place]:
        """Both sides of every pair."""
        left, right = near(self.left.found(passage), self.right.found(passage), self.words, ordered=self.ordered)
        return left + right

    def cores(self) -> list[Core]:
        """Either side."""
        return _cores(self.must(), self.words)


@dataclass(frozen=True, slots=True)
class NotNear(Operator):
    """`a NOT NEAR/5 b`: places of a that have no b near them."""

    left: Places
    right: Places
    words: int

    def must(self) -> tuple[Places, ...]:
        """The left side."""
        return (self.left,)

    def found(self, passage: Passage) -> list[Place]:
        """The free ones."""
        left = self.left.found(passage)
        taken, _ = near(left, self.right.found(passage), self.words, ordered=False)
        near_it = set(taken)
        return [place for place in left if place not in near_it]

    taking_part = found

    def cores(self) -> list[Core]:
        """The left side."""
        return _cores((self.left, self.right), self.words)[:1]


@dataclass(frozen=True, slots=True)
class Sentence(Operator):
    """`a SENTENCE b`, `a OSENTENCE b`."""

    left: Places
    right: Places
    ordered: bool

    def must(self) -> tuple[Places, ...]:
        """Both sides."""
        return self.left, self.right

    def found(self, passage: Passage) -> list[Place]:
        """Every pair, as a place over both."""
        left, right = self.left.found(passage), self.right.found(passage)
        return _spread(together(left, right, passage.sentences, ordered=self.ordered))

    def taking_part(self, passage: Passage) -> list[Place]:
        """Both sides of every pair."""
        left, right = self.left.found(passage), self.right.found(passage)
        ours, theirs = sharing(left, right, passage.sentences, ordered=self.ordered)
        return ours + theirs

    def cores(self) -> list[Core]:
        """None: sentences need the whole text."""
        return []


@dataclass(frozen=True, slots=True)
class Within(Operator):
    """`(a AND b AND c)~5`."""

    parts: tuple[Places, ...]
    others: int

    def must(self) -> tuple[Places, ...]:
        """All parts."""
        return self.parts

    def found(self, passage: Passage) -> list[Place]:
        """Every window, as a place over all."""
        return _spread(windows([part.found(passage) for part in self.parts], self.others, MOST_PAIRS))

    def taking_part(self, passage: Passage) -> list[Place]:
        """What stands in any window."""
        return taking_part([part.found(passage) for part in self.parts], self.others)

    def cores(self) -> list[Core]:
        """Any part."""
        return _cores(self.parts, self.others)


def _cores(parts: Sequence[Places], words: int) -> list[Core]:
    """A core for each part, where all parts are nothing but terms: so far away the others may end."""
    rows = [part.terms() for part in parts]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows):
        return []
    longest = sum(max(term.longest for term in row) for row in known)
    return [Core(row, words + longest) for row in known]


def _spread(matches: Iterable[tuple[Place, ...]]) -> list[Place]:
    """One place for each stretch of text that matches cover, with the marks of all that cover just it."""
    found: dict[tuple[int, int], Place] = {}
    for match in matches:
        place = joined(match)
        known = found.get((place.start, place.end))
        found[place.start, place.end] = place if known is None else place._replace(marks=_both(known, place))
    return list(found.values())


def _both(one: Place, other: Place) -> tuple[tuple[int, int, str], ...]:
    return tuple(dict.fromkeys(one.marks + other.marks))
