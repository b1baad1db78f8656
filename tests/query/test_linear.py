"""Texts made to hurt stay linear: what is found in them grows with their length, and no faster."""

from __future__ import annotations

import pytest

from smwatch.model import Item
from smwatch.query import parse
from smwatch.query.engine import Engine
from smwatch.text import sentences, tokenise
from smwatch.text.plain import plain

HOSTILE = (
    "a-",
    "a'",
    "a.",
    "a&b+",
    "@a",
    "@a@a.",
    "#a",
    "#",
    "$a ",
    "https://a.",
    "www.",
    "a\u0301",
    "\u0301",
    "\u00ad",
    "\u200b-",
    "ü",
    "ß",
    "東",
    "한",
    "ไ",
    "👩‍👩‍👧",
    "\n\n",
    "\n \n- ",
    ". ",
    "A. ",
    "24. ",
    "_",
    "++",
    "C++ ",
    "ａ",
    "Aа",
)
QUERIES = ("Bahn", '"a a a"', "a NEAR/3 a", "(a AND b)~5", "a SENTENCE b", "aaa*", "*aaa*", "a?", "Müller~2", '"a b"~')
SIZE = 20_000  # characters
MOST_EDGES = 8  # that one character begins


@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_what_a_text_holds_grows_with_its_length(piece: str) -> None:
    once, twice = (held(piece * (size // len(piece))) for size in (SIZE, 2 * SIZE))
    assert once <= MOST_EDGES * SIZE
    assert twice <= 2 * once + 100


def held(text: str) -> int:
    tokens = tokenise(text)
    return sum(map(len, tokens.edges.values())) + len(tokens.starts) + len(sentences(text)) + len(plain(text))


@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_much_of_it_is_matched(piece: str) -> None:
    """Anything worse than linear would not end before the suite's limit of time."""
    engine = Engine({source: parse(source) for source in QUERIES})
    text = piece * (2**15 // len(piece.encode()))
    found = {hit.name for hit in engine.match(Item(id="1", source="quelle", text=text + " Bahn"))}
    assert "Bahn" in found or piece in {"https://a.", "www.", "_"}
