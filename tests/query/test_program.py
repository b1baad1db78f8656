"""Programs: anchors never lose a match, terms go through the document alone, and long texts take linear time."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smwatch.errors import QueryError
from smwatch.model import Author, Item
from smwatch.query import parse
from smwatch.query.document import Document
from smwatch.query.engine import Engine
from smwatch.query.evaluate import Program
from smwatch.query.sieve import Way
from tests.query.queries import WORDS, queries

if TYPE_CHECKING:
    from smwatch.query.syntax import Query
    from smwatch.query.terms import Term
    from smwatch.text import Edge, Tokens

ITEM = Item(id="1", source="s")
words = st.sampled_from(
    (*WORDS, "Bahnhof", "Rückholruf", "Deutsche Bahn", "Car-Sharing", "Bhan", ".", "\n\n", "und", "Zeit")
)


@st.composite
def items(draw: st.DrawFn) -> Item:
    title, lead, text = (" ".join(draw(st.lists(words, max_size=size))) for size in (3, 2, 14))
    author = draw(st.sampled_from((None, Author(name="Jörg Müller", handle="acme", followers=1200))))
    rare = draw(st.sampled_from(({}, {"country": "de", "is": ["comment"], "tags": ["Bahn"], "rating": 3, "reach": 5})))
    url = draw(st.sampled_from(("", "https://www.example.de/presse/blog/1")))
    return replace(ITEM, title=title, lead=lead, text=text, author=author, attributes=rare, url=url, lang="de")


@settings(deadline=None, max_examples=800, derandomize=True, database=None)
@given(queries(), st.lists(items(), min_size=1, max_size=3), st.sampled_from(("strict", "loose")))
def test_the_engine_finds_what_the_program_finds(source: str, several: list[Item], umlauts: str) -> None:
    try:
        query = parse(source, umlauts=umlauts, dialect="talkwalker")
    except QueryError:
        return
    engine, program = Engine({"": query}), Program(query)
    for item in several:
        assert [hit.spans for hit in engine.match(item)] == [
            spans for spans in [program.match(Document(item))] if spans is not None
        ]


@settings(deadline=None, max_examples=300, derandomize=True, database=None)
@given(queries(), items())
def test_not_is_the_opposite(source: str, item: Item) -> None:
    try:
        query = parse(source)
        opposite = parse(f"x NOT ({source})")
    except QueryError:
        return
    item = replace(item, title="x")
    matches = Program(query).match(Document(item)) is not None
    assert (Program(opposite).match(Document(item)) is not None) is not matches


@settings(deadline=None, max_examples=300, derandomize=True, database=None)
@given(queries(), items())
def test_spans_are_in_their_field_and_in_reading_order(source: str, item: Item) -> None:
    try:
        spans = Program(parse(source)).match(Document(item)) or ()
    except QueryError:
        return
    texts = {"title": item.title, "lead": item.lead, "text": item.text, "url": item.url, "author": "Jörg Müller"}
    assert all(0 <= span.start < span.end <= len(texts[span.field]) for span in spans)
    order = ("title", "lead", "text", "url", "author")
    assert [*spans] == sorted(set(spans), key=lambda it: (order.index(it.field), it.start, it.end, it.term))


class Elsewhere(Document):
    """A document that answers in coordinates of its own, a million further on."""

    def tokens(self, name: str) -> Tokens:
        raise AssertionError(name)

    def edges(self, name: str, term: Term) -> list[Edge]:
        tokens = Document(self.item).tokens(name)
        return [(start + 10**6, end + 10**6) for start, end in term.edges(tokens)]

    def place(self, name: str, edge: Edge) -> tuple[int, int]:
        return Document(self.item).tokens(name).span((edge[0] - 10**6, edge[1] - 10**6))


@pytest.mark.parametrize("source", ["bahn", '"die bahn" OR zug*', "title:bahn OR bahn~1", "bahn NOT (zug NEAR/3 auto)"])
def test_terms_go_through_the_document(source: str) -> None:
    item, program = replace(ITEM, title="Bahn", text="Die Bahn, ein Zug"), Program(parse(source))
    assert program.match(Elsewhere(item)) == program.match(Document(item)) is not None


def test_near_reads_no_words_where_a_side_is_missing() -> None:
    item = replace(ITEM, text="Die Bahn")
    assert Program(parse("bahn NEAR/5 streik OR bahn SENTENCE (x OR y)")).match(Elsewhere(item)) is None


@pytest.mark.parametrize(
    ("source", "spans"),
    [
        ("a NEAR/100 b", 40_000),
        ("a ONEAR/0 b", 40_000),
        ("(a NEAR/100 b) NEAR/100 a", 40_000),
        ("(a AND b AND abba*)~100", None),
        ('"a a b b"~100', 40_000),
        ("a SENTENCE b", 40_000),
        ("a NOT NEAR/100 c", 20_000),
        ("a NOT NEAR/100 b", None),
        ("ab~1", 40_000),
    ],
)
def test_thousands_of_places_are_all_found(source: str, spans: int | None) -> None:
    found = Program(parse(source)).match(Document(replace(ITEM, text="a b " * 20_000)))
    assert (found and len(found)) == spans


def _parsed(source: str) -> Query | None:
    try:
        return parse(source)
    except QueryError:
        return None


_SIGNS = "&'-_#@*?/\u0301\u00ad😀€゙"
_FORMS = ["%s", '"%s"', "{%s}", '+"%s"', '"a %s"~2', '"a %s b"', "{a %s}", "*%s*x", 'title:"%s"', "#%s", '"%s"~']


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("way", Way)
def test_whatever_signs_a_query_may_hold_can_be_looked_for(form: str, way: Way) -> None:
    sources = [form % "".join(signs) for size in (1, 2, 3) for signs in product(_SIGNS, repeat=size)]
    parsed = [it for it in map(_parsed, sources) if it is not None]
    assert Engine({str(number): it for number, it in enumerate(parsed)}, way=way).match(ITEM) == []


@pytest.mark.parametrize(
    "source", ["mu*\u0301\u0301\u0301*lch", "\u0301\u0301\u0301*mue", "m?\u0301\u0301\u0301\u0301?ller"]
)
def test_a_pattern_whose_longest_part_is_but_accents_stops_no_engine(source: str) -> None:
    query, item = parse(source), replace(ITEM, text="Mu\u0301\u0301\u0301lch und \u0301\u0301\u0301mue")
    exact = Program(query).match(Document(item))
    assert [hit.spans for hit in Engine({"": query}).match(item)] == ([] if exact is None else [exact])
