"""Texts made to hurt stay linear: what is found in them grows with their length, and no faster."""

from __future__ import annotations

from typing import Self, SupportsIndex

import pytest

from smwatch.model import Item
from smwatch.query import look, parse, steps
from smwatch.query.engine import Engine
from smwatch.query.sheet import Sheet
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


class Counted(str):
    """A text that counts the characters which are cut out of it."""

    __slots__ = ("cut",)

    def __new__(cls, text: str) -> Self:
        made = super().__new__(cls, text)
        made.cut = 0
        return made

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        found = super().__getitem__(key)
        self.cut += len(found)
        return found


@pytest.mark.parametrize("piece", ["a/b/", "a…", "<b>a</b>", "a ", "a b c d e f "])
@pytest.mark.parametrize("query", ["a NEAR/3 b", "a NEAR/100 a", "(a AND b)~9"])
def test_what_is_read_around_words_grows_with_the_text(query: str, piece: str) -> None:
    engine = Engine({query: parse(query)})
    once, twice = (Counted(piece * (size // len(piece))) for size in (SIZE, 2 * SIZE))
    for text in (once, twice):
        engine.match(Item(id="1", source="quelle", text=text))
    assert twice.cut <= 2.5 * once.cut + 1000


def test_what_else_a_query_needs_is_asked_once_an_item(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    holds = Sheet.holds
    monkeypatch.setattr(Sheet, "holds", lambda *args: asked.append(1) or holds(*args))
    Engine({"q": parse("a AND b AND c")}).match(Item(id="1", source="quelle", text="a b " * 100))
    assert len(asked) <= 3 * 3  # terms that are needed, terms that an item is asked for them by


def test_few_places_are_looked_at_closely_before_a_whole_text_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    monkeypatch.setattr(look, "tokenise", lambda text: read.append(len(text)) or tokenise(text))
    for query in ('+"a b"', '"a a" NEAR/3 c'):
        text = "a b a\n\na " * (SIZE // 9) + "c"
        Engine({query: parse(query)}).match(Item(id="1", source="quelle", text=text))
    assert sum(read) <= 2 * 10 * SIZE


def test_a_wildcard_in_a_phrase_is_judged_once_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not once a place, and not by reading the text again around each of them."""
    read: list[int] = []
    judged: list[int] = []
    fitted = steps._glob_units
    monkeypatch.setattr(look, "tokenise", lambda text: read.append(len(text)) or tokenise(text))
    monkeypatch.setattr(steps, "_glob_units", lambda *args: judged.append(1) or fitted(*args))
    (hit,) = Engine({"q": parse('"a b?b"')}).match(Item(id="1", source="quelle", text="a bbb " * (SIZE // 6)))
    assert len(hit.spans) == SIZE // 6
    assert sum(read) <= 2 * SIZE
    assert len(judged) <= SIZE // 60
