"""The clauses that a query is compiled into: each says whether it holds for a document, and with which spans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Protocol

from smwatch.model import Span
from smwatch.query.addresses import Needle
from smwatch.query.anchors import every, rarest
from smwatch.query.document import same_value
from smwatch.query.positions import Near, TermPlaces
from smwatch.query.routes import Plain
from smwatch.query.steps import globbed
from smwatch.query.syntax import TEXT_FIELDS, Address, Compare, Lang, Range, Site, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.query.document import Document
    from smwatch.query.positions import Core, Places
    from smwatch.query.routes import PlainNode, PlainTerm
    from smwatch.query.steps import Anchor
    from smwatch.query.syntax import Condition
    from smwatch.query.terms import Term

Literals = Callable[["Term"], "tuple[bytes, ...] | None"]  # the plain forms of a term that is one word
_SIGNS = {"=": eq, ">": gt, ">=": ge, "<": lt, "<=": le}


class Test(Protocol):
    """One part of a query."""

    def possible(self, document: Document) -> bool:
        """False where it surely does not hold; quick, so that most documents are done with it."""

    def find(self, document: Document) -> list[Span] | None:
        """The spans with which it holds, or None where it does not hold."""

    def required(self) -> list[Term]:
        """Terms that each must stand somewhere where it holds."""

    def anchors(self) -> list[Anchor] | None:
        """See `Program.anchors`."""

    def plain(self, literals: Literals) -> PlainNode | None:
        """The same as a tree of words in texts; None where it is more than that."""


# what joins


@dataclass(frozen=True, slots=True)
class All:
    """Every one must hold."""

    tests: tuple[Test, ...]

    def possible(self, document: Document) -> bool:
        """Whether all are."""
        return all(test.possible(document) for test in self.tests)

    def find(self, document: Document) -> list[Span] | None:
        """The spans of all."""
        spans: list[Span] = []
        for test in self.tests:
            found = test.find(document)
            if found is None:
                return None
            spans += found
        return spans

    def required(self) -> list[Term]:
        """Those of all."""
        return [term for test in self.tests for term in test.required()]

    def anchors(self) -> list[Anchor] | None:
        """The rarest."""
        return rarest([test.anchors() for test in self.tests])

    def plain(self, literals: Literals) -> PlainNode | None:
        """AND of all."""
        nodes = _plain(self.tests, literals)
        return None if nodes is None else (Plain.ALL, nodes)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One is enough."""

    tests: tuple[Test, ...]

    def possible(self, document: Document) -> bool:
        """Whether any is."""
        return any(test.possible(document) for test in self.tests)

    def find(self, document: Document) -> list[Span] | None:
        """The spans of those that hold."""
        spans: list[Span] = []
        holds = False
        for test in self.tests:
            found = test.find(document) if test.possible(document) else None
            if found is not None:
                holds = True
                spans += found
        return spans if holds else None

    def required(self) -> list[Term]:
        """None in particular."""
        return []

    def anchors(self) -> list[Anchor] | None:
        """Those of every one."""
        return every(test.anchors() for test in self.tests)

    def plain(self, literals: Literals) -> PlainNode | None:
        """OR of all."""
        nodes = _plain(self.tests, literals)
        return None if nodes is None else (Plain.ANY, nodes)


@dataclass(frozen=True, slots=True)
class Never:
    """The opposite of a test; it has no spans."""

    test: Test

    def possible(self, document: Document) -> bool:  # noqa: ARG002 - see Test
        """It is: what is only possible may be absent."""
        return True

    def find(self, document: Document) -> list[Span] | None:
        """No spans, where the test does not hold."""
        absent = not self.test.possible(document) or self.test.find(document) is None
        return [] if absent else None

    def required(self) -> list[Term]:
        """None in particular."""
        return []

    def anchors(self) -> list[Anchor] | None:
        """None: what is absent says nothing."""
        return None

    def plain(self, literals: Literals) -> PlainNode | None:
        """NOT of it."""
        node = self.test.plain(literals)
        return None if node is None else (Plain.NEVER, node)


def _plain(tests: Sequence[Test], literals: Literals) -> tuple[PlainNode, ...] | None:
    nodes = [test.plain(literals) for test in tests]
    known = tuple(node for node in nodes if node is not None)
    return known if len(known) == len(nodes) else None


# what is written in a text


@dataclass(frozen=True, slots=True)
class Spelt:
    """A term in some fields."""

    term: Term
    fields: tuple[str, ...]

    def possible(self, document: Document) -> bool:
        """Whether the term may stand somewhere."""
        return document.may_hold(self.term)

    def find(self, document: Document) -> list[Span] | None:
        """Where it stands."""
        spans: list[Span] = []
        holds = False
        for name in document.present(self.fields):
            edges = document.edges(name, self.term)
            if not edges:
                continue
            holds = True
            if name != "handle":
                places = (document.place(name, edge) for edge in edges)
                spans += [Span(field=name, start=start, end=end, term=self.term.shown) for start, end in places]
        return spans if holds else None

    def required(self) -> list[Term]:
        """The term."""
        return [self.term]

    def anchors(self) -> list[Anchor] | None:
        """The term's own."""
        return [self.term.anchor()]

    def plain(self, literals: Literals) -> PlainNode | None:
        """Itself, in texts."""
        return plain_term(self.term, literals) if self.fields is TEXT_FIELDS else None


@dataclass(frozen=True, slots=True)
class Placed:
    """Operators of place, in each of some fields by itself."""

    places: Places
    fields: tuple[str, ...]
    cores: tuple[Core, ...]

    def possible(self, document: Document) -> bool:
        """Whether its terms may stand somewhere."""
        return self.places.possible(document)

    def find(self, document: Document) -> list[Span] | None:
        """The terms of every match."""
        spans: list[Span] = []
        holds = False
        for name in document.present(self.fields):
            if not self.places.occurs(document, name):
                continue
            found = self.places.taking_part(document.passage(name, self.cores))
            holds = holds or bool(found)
            if name != "handle":
                spans += [
                    Span(field=name, start=start, end=end, term=term)
                    for place in found
                    for start, end, term in place.marks
                ]
        return spans if holds else None

    def required(self) -> list[Term]:
        """Those of the places."""
        return self.places.required()

    def anchors(self) -> list[Anchor] | None:
        """Those of the places."""
        return self.places.anchors()

    def plain(self, literals: Literals) -> PlainNode | None:
        """NEAR of two words, in texts."""
        places = self.places
        if self.fields is not TEXT_FIELDS or not isinstance(places, Near):
            return None
        sides = [plain_term(side.term, literals) for side in places.must() if isinstance(side, TermPlaces)]
        if len(sides) < 2 or sides[0] is None or sides[1] is None:  # noqa: PLR2004 - two sides
            return None
        return Plain.NEAR, sides[0], sides[1], places.words, places.ordered, self.cores[0].reach


def plain_term(term: Term, literals: Literals) -> PlainTerm | None:
    """A term that is one word; None where it is more."""
    found = literals(term)
    return None if found is None else (Plain.TERM, found, term.shown)


# what is known about an item


@dataclass(frozen=True, slots=True)
class OfItem:
    """A condition on what is known besides the text; the unknown never holds."""

    test: FromSite | InLanguage | AtAddress | HasValue | HasNumber

    def possible(self, document: Document) -> bool:  # noqa: ARG002 - see Test
        """To find out is quick enough."""
        return True

    def find(self, document: Document) -> list[Span] | None:
        """Spans only for addresses."""
        return self.test.find(document)

    def required(self) -> list[Term]:
        """None in particular."""
        return []

    def anchors(self) -> list[Anchor] | None:
        """None: words say nothing about it."""
        return None

    def plain(self, literals: Literals) -> PlainNode | None:  # noqa: ARG002 - see Test
        """None."""
        return None


def condition(node: Condition) -> FromSite | InLanguage | AtAddress | HasValue | HasNumber:
    """The test of a condition."""
    match node:
        case Site():
            return FromSite(node.text)
        case Lang():
            return InLanguage(node.text)
        case Address():
            return AtAddress(node.name, node.text, Needle(node.text))
        case Value():
            return HasValue(node.name, same_value(node.text))
        case Compare() | Range():
            return HasNumber(node)


@dataclass(frozen=True, slots=True)
class FromSite:
    """The host of the item's address, or one above it."""

    host: str

    def find(self, document: Document) -> list[Span] | None:
        """The host in the address."""
        if document.host != self.host and not document.host.endswith("." + self.host):
            return None
        start, end = document.host_span()
        return [Span(field="url", start=start, end=end, term=self.host)]


@dataclass(frozen=True, slots=True)
class InLanguage:
    """The item's language; de also finds de-AT."""

    code: str

    def find(self, document: Document) -> list[Span] | None:
        """No spans."""
        return [] if document.lang == self.code or document.lang.startswith(self.code + "-") else None


@dataclass(frozen=True, slots=True)
class AtAddress:
    """Part of the item's own address, or of one that it links to."""

    name: str
    shown: str
    needle: Needle

    def find(self, document: Document) -> list[Span] | None:
        """Every place in the item's own address; links have no spans."""
        if self.name == "links":
            return [] if any(self.needle.found(link) for link in document.item.links) else None
        found = self.needle.found(document.item.url)
        return [Span(field="url", start=start, end=end, term=self.shown) for start, end in found] or None


@dataclass(frozen=True, slots=True)
class HasValue:
    """One of the item's values in a field."""

    name: str
    value: str

    def find(self, document: Document) -> list[Span] | None:
        """No spans."""
        values = document.values(self.name)
        if "*" not in self.value:
            return [] if self.value in values else None
        return [] if any(globbed(self.value.split("*"), value) for value in values) else None


@dataclass(frozen=True, slots=True)
class HasNumber:
    """The item's number in a field."""

    node: Compare | Range

    def find(self, document: Document) -> list[Span] | None:
        """No spans."""
        number = document.number(self.node.name)
        return [] if number is not None and self._holds(number) else None

    def _holds(self, number: float) -> bool:
        if isinstance(self.node, Compare):
            return bool(_SIGNS[self.node.sign](number, self.node.number))
        low, high = self.node.low, self.node.high
        return (low is None or low <= number) and (high is None or number <= high)
