"""Whether one query matches one item, and where: the exact reading of the tree, without any short cut.

`Program` compiles the leaves of a query once; the engine decides only which programs to run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.model import Span
from smwatch.query.document import AUTHOR_FIELDS
from smwatch.query.syntax import TEXT_FIELDS, And, In, Lang, Leaf, ListOf, Node, Not, Or, Query, Site
from smwatch.query.terms import Anchor, Term, compile_term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smwatch.query.document import Document

_PLACES = {"": TEXT_FIELDS, "title": ("title",), "author": AUTHOR_FIELDS}
_ORDER = {name: number for number, name in enumerate((*TEXT_FIELDS, "url", "author"))}


class Program:
    """A query, compiled."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self.loose = query.umlauts == "loose"
        self._terms: dict[tuple[str, Leaf], Term] = {}

    def match(self, document: Document) -> tuple[Span, ...] | None:
        """The spans of every positive term that takes part, in reading order; None where the query does not match."""
        found = self._find(self.query.root, document, "", positive=True)
        return None if found is None else tuple(sorted(set(found), key=_reading_order))

    def _find(self, node: Node, document: Document, scope: str, *, positive: bool) -> list[Span] | None:
        """The spans under `node` where it holds (or, not positive, where it does not); None otherwise."""
        match node:
            case Not():
                return self._find(node.child, document, scope, positive=not positive)
            case In():
                return self._find(node.child, document, node.name, positive=positive)
            case ListOf():
                return self._find(node.child, document, scope, positive=positive)
            case And() | Or():
                found = [self._find(child, document, scope, positive=positive) for child in node.children]
                return _all(found) if isinstance(node, And) is positive else _any(found)
        spans = self._leaf(node, document, scope)
        if positive:
            return spans
        return [] if spans is None else None

    def _leaf(self, leaf: Leaf, document: Document, scope: str) -> list[Span] | None:
        match leaf:
            case Site():
                return _site(leaf, document)
            case Lang():
                return [] if document.lang == leaf.text or document.lang.startswith(leaf.text + "-") else None
        term = self.term(leaf, scope)
        spans: list[Span] = []
        matched = False
        for name in _PLACES[scope]:
            tokens = document.tokens(name)
            edges = term.edges(tokens) if tokens.edges else []
            matched = matched or bool(edges)
            if name != "handle":
                spans += [_span(name, tokens.span(edge), term) for edge in edges]
        return spans if matched else None

    def term(self, leaf: Leaf, scope: str) -> Term:
        """The compiled form of a leaf."""
        assert not isinstance(leaf, Site | Lang)  # noqa: S101 - these have no words
        if (scope, leaf) not in self._terms:
            self._terms[scope, leaf] = compile_term(
                leaf, inflect=self.query.inflect, loose=self.loose, in_field=bool(scope)
            )
        return self._terms[scope, leaf]

    def anchors(self) -> list[Anchor] | None:
        """Words of which an item must have at least one if this is to match; None: no such words are known."""
        return self._anchors(self.query.root, "", positive=True)

    def _anchors(self, node: Node, scope: str, *, positive: bool) -> list[Anchor] | None:
        match node:
            case Not():
                return self._anchors(node.child, scope, positive=not positive)
            case In():
                return self._anchors(node.child, node.name, positive=positive)
            case ListOf():
                return self._anchors(node.child, scope, positive=positive)
            case And() | Or():
                found = [self._anchors(child, scope, positive=positive) for child in node.children]
                return _rarest(found) if isinstance(node, And) is positive else _every(found)
            case Site() | Lang():
                return None
        return [self.term(node, scope).anchor()] if positive else None


def _span(name: str, place: tuple[int, int], term: Term) -> Span:
    return Span(field=name, start=place[0], end=place[1], term=term.shown)


def _reading_order(span: Span) -> tuple[int, int, int, str]:
    return _ORDER[span.field], span.start, span.end, span.term


def _all(found: Iterable[list[Span] | None]) -> list[Span] | None:
    spans: list[Span] = []
    for part in found:
        if part is None:
            return None
        spans += part
    return spans


def _any(found: Iterable[list[Span] | None]) -> list[Span] | None:
    parts = [part for part in found if part is not None]
    return [span for part in parts for span in part] if parts else None


def _site(leaf: Site, document: Document) -> list[Span] | None:
    if document.host != leaf.text and not document.host.endswith("." + leaf.text):
        return None
    start, end = document.host_span()
    return [Span(field="url", start=start, end=end, term=leaf.text)]


def _rarest(found: list[list[Anchor] | None]) -> list[Anchor] | None:
    known = [anchors for anchors in found if anchors is not None]
    return max(known, key=lambda anchors: (min(anchor.rarity for anchor in anchors), -len(anchors)), default=None)


def _every(found: list[list[Anchor] | None]) -> list[Anchor] | None:
    every: list[Anchor] = []
    for anchors in found:
        if anchors is None:
            return None
        every += anchors
    return every
