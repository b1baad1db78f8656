"""Terms that change nothing, and that a remark is never wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smwatch.model import Item
from smwatch.query import parse
from smwatch.query.coverage import covered
from smwatch.query.engine import Engine
from smwatch.query.syntax import Or, Query
from tests.query.queries import EXACTS, PHRASES, WILDS, WORDS


@pytest.mark.parametrize(
    ("source", "needless"),
    [
        ("bahn OR bahn*", ["bahn"]),
        ("Bahn* OR Bahnhof*", ["Bahnhof*"]),
        ("bahn OR Bahn", ["bahn"]),
        ("Bahn OR bahn", ["bahn"]),
        ('bahn OR "deutsche bahn"', ['"deutsche bahn"']),
        ("#bahn OR bahn", ["#bahn"]),
        ("NASA OR {NASA}", ["{NASA}"]),
        ("bahn~1 OR bahn", ["bahn"]),
        ("site:a.example OR site:b.a.example", ["b.a.example"]),
        ("lang:de OR lang:de-at", ["de-at"]),
        ("title:bahn OR bahn", ["bahn"]),
        ("acme AND (title:x OR (bahn OR bahn*))", ["bahn"]),
        ("niño NOT nino", ["niño"]),
        ("Siemens NOT (x OR siem*)", ["Siemens"]),
        ("nino NOT niño", []),
        ("author:acme OR acme", []),
        ("author:acme NOT acme", []),
        ("title:acme* NOT acm*", ["acme*"]),
        ("Car-Sharing OR Sharing", []),
        ("bahn OR title:bahnhof", []),
        ("bahn OR zug", []),
        ("Bahn NEAR/3 (zug OR zug*)", ["zug"]),
    ],
)
def test_remarks_point_at_the_needless_term(source: str, needless: list[str]) -> None:
    remarks = covered(parse(source))
    assert [source[it.spot.start : it.spot.end] for it in remarks] == needless


terms = st.sampled_from((*WORDS, *WILDS, *PHRASES, *EXACTS))
texts = st.lists(
    st.sampled_from((*WORDS, "Bahnhof", "BAHN", "Bahns", "Mueller", "nino", "niños", "#Bahnstreik", "und")), max_size=6
)


@settings(deadline=None, max_examples=500, derandomize=True, database=None)
@given(st.lists(terms, min_size=2, max_size=4, unique=True), texts)
def test_without_the_needless_term_the_same_items_match(several: list[str], words: list[str]) -> None:
    query = parse(" OR ".join(several))
    needless = {it.spot for it in covered(query)}
    assert isinstance(query.root, Or)
    kept = tuple(child for child in query.root.children if child.spot not in needless)
    item = Item(id="1", source="s", text=" ".join(words))
    rest = Query(source="", root=Or(kept))
    assert bool(Engine({"": query}).match(item)) == bool(Engine({"": rest}).match(item))


def test_a_long_list_is_judged_in_time() -> None:
    source = " OR ".join(f"wort{n} OR wort{n}en*" for n in range(300))
    assert covered(parse(source)) == ()
