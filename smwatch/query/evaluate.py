"""Whether one query matches one item, and where: the exact reading of the tree, without any short cut.

`Program` compiles a query once into a tree of tests; the engine decides only which programs to run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.query.clauses import All, AnyOf, Never, OfItem, Placed, Spelt, condition
from smwatch.query.document import AUTHOR_FIELDS
from smwatch.query.positions import Near, NotNear, Places, Sentence, TermPlaces, Union, Within
from smwatch.query.syntax import CONDITIONS, LEAVES, TEXT_FIELDS, And, In, ListOf, Not, Or
from smwatch.query.syntax import Near as NearNode
from smwatch.query.syntax import NotNear as NotNearNode
from smwatch.query.syntax import Sentence as SentenceNode
from smwatch.query.syntax import Within as WithinNode
from smwatch.query.terms import compile_term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smwatch.model import Span
    from smwatch.query.clauses import Literals, Test
    from smwatch.query.document import Document
    from smwatch.query.routes import PlainNode
    from smwatch.query.steps import Anchor
    from smwatch.query.syntax import Condition, Leaf, Node, Query
    from smwatch.query.terms import Term

_FIELDS = {"": TEXT_FIELDS, "title": ("title",), "lead": ("lead",), "content": ("text",), "author": AUTHOR_FIELDS}
_ORDER = {name: number for number, name in enumerate((*TEXT_FIELDS, "url", "author"))}


class Program:
    """A query, compiled."""

    __slots__ = ("_inflect", "_terms", "_test", "loose")

    def __init__(self, query: Query) -> None:
        self._inflect = query.inflect
        self.loose = query.umlauts == "loose"
        self._terms: dict[tuple[bool, Leaf], Term] = {}
        self._test = self._compile(query.root, "", positive=True)

    def match(self, document: Document) -> tuple[Span, ...] | None:
        """The spans of every positive term that takes part, in reading order; None where the query does not match."""
        return self.find(document) if self._test.possible(document) else None

    def find(self, document: Document) -> tuple[Span, ...] | None:
        """The same for a document that surely holds the words that the query needs."""
        found = self._test.find(document)
        return None if found is None else tuple(sorted(set(found), key=reading_order))

    def anchors(self) -> list[Anchor] | None:
        """Words of which an item must have at least one if this is to match; None: no such words are known."""
        return self._test.anchors()

    def required(self) -> list[Term]:
        """Terms that each must stand in an item for the query to match."""
        return self._test.required()

    def plain(self, literals: Literals) -> PlainNode | None:
        """The query as a tree of words; None where it is more than that."""
        return None if self.loose else self._test.plain(literals)

    def settle(self) -> None:
        """Let go of what only the building of an engine asks for, the leaves of the tree: it is only matched now."""
        del self._inflect, self._terms

    def term(self, leaf: Leaf, scope: str) -> Term:
        """The compiled form of a leaf inside the field `scope`, or outside any ("")."""
        key = bool(scope), leaf
        if key not in self._terms:
            self._terms[key] = compile_term(leaf, inflect=self._inflect, loose=self.loose, in_field=bool(scope))
        return self._terms[key]

    def terms(self) -> Iterable[Term]:
        """Every term of the query, compiled."""
        return self._terms.values()

    # from nodes to tests; `positive` is False under an odd number of NOT

    def _compile(self, node: Node, scope: str, *, positive: bool) -> Test:
        match node:
            case Not():
                return self._compile(node.child, scope, positive=not positive)
            case In():
                return self._compile(node.child, node.name, positive=positive)
            case ListOf():
                return self._compile(node.child, scope, positive=positive)
            case And() | Or():
                tests = tuple(self._compile(child, scope, positive=positive) for child in node.children)
                return All(tests) if isinstance(node, And) is positive else AnyOf(tests)
        test = self._single(node, scope)
        return test if positive else Never(test)

    def _single(self, node: Leaf | Condition | NearNode | NotNearNode | SentenceNode | WithinNode, scope: str) -> Test:
        if isinstance(node, CONDITIONS):
            return OfItem(condition(node))
        if isinstance(node, LEAVES):
            return Spelt(self.term(node, scope), _FIELDS[scope])
        places = self._places(node, scope)
        return Placed(places, _FIELDS[scope], tuple(places.cores()))

    def _places(self, node: Node, scope: str) -> Places:  # noqa: PLR0911 - one a kind of node
        match node:
            case NearNode():
                return Near(
                    self._places(node.left, scope), self._places(node.right, scope), node.distance, node.ordered
                )
            case NotNearNode():
                return NotNear(self._places(node.left, scope), self._places(node.right, scope), node.distance)
            case SentenceNode():
                return Sentence(self._places(node.left, scope), self._places(node.right, scope), node.ordered)
            case WithinNode():
                return Within(tuple(self._places(child, scope) for child in node.children), node.distance)
            case Or():
                return Union(tuple(self._places(child, scope) for child in node.children))
            case ListOf():
                return self._places(node.child, scope)
        assert isinstance(node, LEAVES)  # noqa: S101 - the parser lets nothing else stand beside an operator of place
        return TermPlaces(self.term(node, scope))


def reading_order(span: Span) -> tuple[int, int, int, str]:
    """Spans sort by field, then as they are read."""
    return _ORDER[span.field], span.start, span.end, span.term
