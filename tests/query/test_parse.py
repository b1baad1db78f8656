"""Reading a query: what is printed reads the same, and every mistake has its place, two sentences and good repairs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smwatch.errors import QueryError
from smwatch.query import parse
from smwatch.query.explain import explain, explain_json
from smwatch.query.fields import DIALECTS
from tests.query.queries import broken, queries

THOROUGH = settings(deadline=None, max_examples=600, derandomize=True, database=None)
dialects = st.sampled_from((None, *DIALECTS))


@THOROUGH
@given(queries(), dialects)
def test_what_is_printed_reads_the_same(source: str, dialect: str | None) -> None:
    try:
        query = parse(source, dialect=dialect)
    except QueryError:
        return
    printed = str(query)
    again = parse(printed)
    assert again.root == query.root
    assert str(again) == printed


@THOROUGH
@given(st.one_of(queries(), broken()), dialects)
def test_every_mistake_has_its_place_and_repairs_that_parse(source: str, dialect: str | None) -> None:
    error = mistake(source, dialect)
    if error is None:
        return
    assert 0 <= error.start <= len(source)
    assert error.start < error.end
    assert [mistake(repair, dialect) for repair in error.repairs] == [None] * len(error.repairs)
    assert error.sentence.render("de") != error.sentence.render("en")


def mistake(source: str, dialect: str | None = None) -> QueryError | None:
    try:
        parse(source, dialect=dialect)
    except QueryError as error:
        return error
    return None


@THOROUGH
@given(queries())
def test_every_query_is_explained_in_both_languages(source: str) -> None:
    try:
        query = parse(source)
    except QueryError:
        return
    german, english = explain(query, "de"), explain(query, "en")
    assert german.startswith("Findet Beiträge, ")
    assert english.startswith("Finds items ")
    assert not re.search(r"\b(in which|occurs|words between|Note:)\b", german)


@THOROUGH
@given(st.text(max_size=40))
def test_any_text_parses_or_says_why(source: str) -> None:
    told = explain_json(source, "de")
    assert told["ok"] in {True, False}


@pytest.mark.parametrize("sign", ["(", "((", '"', "{", "<<<", "-", "NOT ", "a NEAR/5 ", "a~", "title:", "[", "🚀", "ä"])
def test_long_queries_are_read_in_time_or_refused(sign: str) -> None:
    source = (sign * (64 * 1024 // len(sign.encode())))[: 64 * 1024]
    told = explain_json(source, "en")
    assert told["ok"] is False or sign in {"🚀", "ä"}


def test_a_query_of_64_kib_is_read_and_one_more_byte_is_not() -> None:
    words = " OR ".join(f"wort{n}" for n in range(7000))
    source = words[: 64 * 1024].rpartition(" OR ")[0]
    assert len(parse(source).root.children) > 5000
    with pytest.raises(QueryError):
        parse(source.ljust(64 * 1024 + 1))


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("a@b@c.de", "c.de"),
        ("www.www.heise.de", "heise.de"),
        ("www.de", "www.de"),
        ("www2.tum.de", "tum.de"),
        ("https://max:x@heise.de/@max", "heise.de"),
    ],
)
def test_the_host_of_an_address_is_its_own_host(address: str, host: str) -> None:
    assert str(parse(f"site:{address}")) == f"site:{host}" == str(parse(f"site:{host}"))


@pytest.mark.parametrize("source", ["SENTENCE-#tag", "OSENTENCE-#tag", "NEAR-#tag", 'NEAR-"x"'])
def test_a_word_of_the_language_before_an_exclusion_is_no_word_of_a_text(source: str) -> None:
    with pytest.raises(QueryError, match=r"needs something before it|a number of words"):
        parse(source)


def test_a_word_of_the_language_inside_a_compound_is_a_word() -> None:
    assert [str(parse(source)) for source in ("NEAR-Duell", "SENTENCE-Mining")] == ["NEAR-Duell", "SENTENCE-Mining"]
