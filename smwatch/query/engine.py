"""All queries against some items, at a cost that grows with what matches.

The items' texts are laid out on a sheet, in plain form, and scanned once for the anchors of all queries. A query that
is a term (or an OR of terms) is done where its words stand; any other candidate is evaluated exactly.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from smwatch.model import Span
from smwatch.query.compiled import TELLING
from smwatch.query.document import AUTHOR_FIELDS, Document
from smwatch.query.evaluate import Program, reading_order
from smwatch.query.index import PlainIndex, WordIndex
from smwatch.query.look import outer
from smwatch.query.quick import QuickDocument
from smwatch.query.routes import route
from smwatch.query.scan import Scan
from smwatch.query.sheet import Sheet
from smwatch.query.sieve import Way, best_way
from smwatch.query.steps import OneWord
from smwatch.query.syntax import In, Or, Phrase, Wild, Word, walk
from smwatch.text.common import COMMON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.model import Item
    from smwatch.query.routes import Route
    from smwatch.query.sieve import Found
    from smwatch.query.slots import Needs
    from smwatch.query.syntax import Node, Query
    from smwatch.query.terms import Term

_BATCH = 32_768  # characters of text that are laid out on one sheet; one item may be longer
_USUAL = 1000  # queries that would have to hold a word before it counts for more than a usual one


class Hit(NamedTuple):
    """One query that matched an item, with the words that matched."""

    name: str
    spans: tuple[Span, ...]


class Engine:
    """Queries by name, ready to match; built once, then only read.

    Of a query, only its compiled form is kept: pairs that are made one by one leave no trees behind them. `way` is the
    quickest one that the machine has, unless another is asked for; all have the same results.
    """

    def __init__(self, queries: Mapping[str, Query] | Iterable[tuple[str, Query]], *, way: Way | None = None) -> None:
        self._way = best_way() if way is None else way
        with _uncollected():
            self._build(queries.items() if isinstance(queries, Mapping) else queries)

    def match(self, item: Item) -> list[Hit]:
        """Every query that matches `item`, in the order in which the queries were given."""
        return next(iter(self.match_many((item,))))

    def match_many(self, items: Iterable[Item]) -> Iterator[list[Hit]]:
        """The same for many items, in their order; quicker than one by one."""
        if self._plain is None:
            for item in items:
                yield self.match_document(Document(item))
            return
        for batch in _batches(items):
            with _uncollected():
                told = self._match_batch(batch, self._plain)
            yield from told

    def match_document(self, document: Document) -> list[Hit]:
        """The same for an item that is read word by word."""
        candidates = self._words.candidates(document.words()).union(self._always)
        found: Found = dict.fromkeys(candidates)
        return self._hits(found, document)

    # building

    def _build(self, queries: Iterable[tuple[str, Query]]) -> None:
        self._names: list[str] = []
        self._programs: list[Program] = []
        self._plain = None if self._way is Way.WORDS else PlainIndex(compiled=self._way is Way.COMPILED)
        self._words = WordIndex()
        self._always: dict[int, None] = {}
        self._untidy: dict[int, frozenset[str]] = {}  # queries of several or wide terms, and the wide ones
        self._authors = False
        self._routes: dict[int, Route | None] = {}
        self._counts = Counter({_literal(word): _USUAL for word in COMMON})
        for number, (program, terms) in enumerate([self._compiled(*one) for one in queries]):
            self._add(number, program, terms)
        self._counts.clear()  # only for building
        self._words.close()
        if self._plain:
            self._plain.close()

    def _compiled(self, name: str, query: Query) -> tuple[Program, Sequence[Term]]:
        """A query without its tree, and its terms where it is nothing but a term or an OR of terms."""
        program = Program(query)
        self._names.append(name)
        self._programs.append(program)
        self._authors = self._authors or _asks_for_authors(query)
        self._counts.update(_literal(word) for term in program.terms() for word in _whole_words(term))
        terms = [program.term(leaf, "") for leaf in _terms_only(query.root)]
        program.settle()
        return program, terms

    def _add(self, number: int, program: Program, terms: Sequence[Term]) -> None:
        anchors = program.anchors()
        if anchors is None or not all(anchor.words and all(anchor.words) for anchor in anchors):
            self._always[number] = None
            return
        for anchor in anchors:
            self._words.add(anchor, number, loose=program.loose)
        if self._plain is None or self._add_terms(number, terms, self._plain):
            return
        if node := program.plain(self._word):
            self._plain.plain[number] = node
        needs = self._needs(program)
        if program.loose or not all([self._plain.add(anchor, number, needs) for anchor in anchors]):  # noqa: C419 - all of them
            self._always[number] = None

    def _needs(self, program: Program) -> Needs:
        """What an item must hold besides, as far as plain forms tell."""
        ways = [self._route(term) for term in program.required()]
        return tuple(way.anchor.literals for way in ways if way)

    def _word(self, term: Term) -> tuple[bytes, ...] | None:
        way = self._route(term)
        return way.anchor.literals if way and way.is_word else None

    def _add_terms(self, number: int, terms: Sequence[Term], index: PlainIndex) -> bool:
        """Whether a query of nothing but these terms is done where its words stand."""
        ways = [self._route(term) for term in terms]
        if not ways or not all(ways):
            return False
        for way in ways:
            if way:
                index.add_term(number, way)
        if len(ways) > 1 or any(way and way.is_wide for way in ways):
            self._untidy[number] = frozenset(way.term.shown for way in ways if way and way.is_wide)
        return True

    def _route(self, term: Term) -> Route | None:
        if id(term) not in self._routes:
            self._routes[id(term)] = route(term, self._counts)
        return self._routes[id(term)]

    # matching

    def _match_batch(self, items: Sequence[Item], index: PlainIndex) -> list[list[Hit]]:
        sheet = Sheet(self._fields(items), len(items), compiled=self._way is Way.COMPILED)
        found = Scan(sheet, index, self._always).found
        return [
            self._evaluated(items[number], sheet, number, found[number]) if hits is None else hits
            for number, hits in enumerate(self._told(found, sheet.odd))
        ]

    def _told(self, found: Sequence[Found], odd: set[int]) -> list[list[Hit] | None]:
        """What is known of each item; None where something has to be evaluated, as always where it is `odd`."""
        if TELLING is not None and self._way is Way.COMPILED:
            told: list[list[Hit] | None] = TELLING.told(found, odd, self._names, self._untidy, self._tidied, Hit)
            return told
        return [
            None if number in odd or None in mine.values() else self._hits(mine, None)
            for number, mine in enumerate(found)
        ]

    def _evaluated(self, item: Item, sheet: Sheet, number: int, found: Found) -> list[Hit]:
        document = QuickDocument(item, sheet, number, self._routes)
        if number in sheet.odd:
            words = (document.tokens(part.name).edges for part in sheet.parts[number] if part.odd)
            found.update(dict.fromkeys(query for edges in words for query in self._words.candidates(edges)))
        return self._hits(found, document, likely=number not in sheet.odd)

    def _fields(self, items: Sequence[Item]) -> list[tuple[int, str, str]]:
        """Every text that is searched: the number of its item, the field, the text."""
        fields: list[tuple[int, str, str]] = []
        for number, item in enumerate(items):
            if item.title:
                fields.append((number, "title", item.title))
            if item.lead:
                fields.append((number, "lead", item.lead))
            if item.text:
                fields.append((number, "text", item.text))
            if self._authors and item.author:
                document = Document(item)
                fields += [(number, name, text) for name in AUTHOR_FIELDS if (text := document.text(name))]
        return fields

    def _hits(self, found: Found, document: Document | None, *, likely: bool = False) -> list[Hit]:
        """What was found, in order; `likely`: what has to be evaluated holds the words that it needs."""
        hits, names = [], self._names
        for number in sorted(found) if len(found) > 1 else found:
            spans = found[number]
            if spans is None:
                exact = self._exact(number, document, likely=likely) if document else None
                if exact is not None:
                    hits.append(Hit(names[number], exact))
            else:
                told = tuple(spans) if len(spans) == 1 else self._tidied(number, spans)
                hits.append(tuple.__new__(Hit, (names[number], told)))
        return hits

    def _exact(self, number: int, document: Document, *, likely: bool) -> tuple[Span, ...] | None:
        program = self._programs[number]
        return program.find(document) if likely and number not in self._always else program.match(document)

    def _tidied(self, number: int, spans: list[Span]) -> tuple[Span, ...]:
        wide = self._untidy.get(number)
        found = set(spans)
        if wide:
            found = {span for span in spans if span.term not in wide}
            for field, term in {(span.field, span.term) for span in spans if span.term in wide}:
                places = outer((span.start, span.end) for span in spans if (span.field, span.term) == (field, term))
                found.update(Span(field, start, end, term) for start, end in places)
        one_field = len({span.field for span in found}) == 1
        return tuple(sorted(found) if one_field else sorted(found, key=reading_order))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector: of the many things that are made inside, all stay (a third of the time)."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item.title) + len(item.lead) + len(item.text) + 1
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _whole_words(term: Term) -> Iterator[str]:
    """The words of a term, as they are looked for first."""
    return (step.keys[0] for step in term.steps if isinstance(step, OneWord))


def _literal(word: str) -> bytes:
    return b" %b " % word.encode("latin-1", "replace")


def _terms_only(root: Node) -> list[Word | Phrase | Wild]:
    """The terms of a query that is nothing but a term or an OR of terms."""
    nodes = root.children if isinstance(root, Or) else (root,)
    terms = [node for node in nodes if isinstance(node, Word | Phrase | Wild)]
    return terms if len(terms) == len(nodes) else []


def _asks_for_authors(query: Query) -> bool:
    return any(isinstance(node, In) and node.name == "author" for node in walk(query.root))
