"""One word in several spellings is one word: matches do not change when text or query is written otherwise."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING
from unicodedata import normalize

from smwatch.errors import QueryError
from smwatch.query import parse
from smwatch.query.engine import Engine
from smwatch.query.syntax import Exact, Fuzzy, Query, Wild, walk
from tests.query.strategies import item, query, theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from smwatch.model import Item

CASES = 400
PAIRS = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
UNSEEN = ("\u00ad", "\u200b")


def cases() -> Iterator[tuple[Query, Item]]:
    """Queries and items with words in common, always the same ones."""
    for seed in range(CASES):
        r = random.Random(seed)
        words = theme(r)
        asked, said = query(r, words), item(r, words)
        if asked is not None:
            yield asked, said


def matches(asked: Query, said: Item) -> list[str]:
    """The terms that matched and in which field, without their places."""
    hits = Engine({"it": asked}).match(said)
    return [*sorted(f"{span.field} {normalize('NFC', span.term)}" for span in hits[0].spans), "it"] if hits else []


def written(said: Item, write: Callable[[str], str]) -> Item:
    return replace(said, **{name: write(getattr(said, name)) for name in ("title", "lead", "text")})


def nfc(text: str) -> str:
    return normalize("NFC", text)


def nfd(text: str) -> str:
    return normalize("NFD", text)


def in_pairs(text: str) -> str:
    return "".join(PAIRS.get(char, char) for char in nfc(text))


def holds(asked: Query, *kinds: type) -> bool:
    return any(isinstance(node, kinds) or "?" in getattr(node, "text", "") for node in walk(asked.root))


def told(asked: Query, said: Item) -> str:
    return f"{asked.source!a} {asked.umlauts} {said.title!a} {said.lead!a} {said.text!a}"


def test_composed_and_decomposed_texts_are_the_same() -> None:
    for asked, said in cases():
        assert matches(asked, written(said, nfc)) == matches(asked, written(said, nfd)), told(asked, said)


def test_composed_and_decomposed_queries_are_the_same() -> None:
    for asked, said in cases():
        forms = [parse(form(asked.source), umlauts=asked.umlauts, inflect=asked.inflect) for form in (nfc, nfd)]
        assert matches(forms[0], said) == matches(forms[1], said), told(asked, said)


def test_umlauts_are_pairs_of_letters_in_texts() -> None:
    """Not where a query counts letters or wants them exactly so."""
    for asked, said in cases():
        if not holds(asked, Exact, Fuzzy):
            assert matches(asked, written(said, nfc)) == matches(asked, written(said, in_pairs)), told(asked, said)


def test_umlauts_are_pairs_of_letters_in_queries() -> None:
    for asked, said in cases():
        if holds(asked, Exact, Fuzzy, Wild):
            continue
        try:
            paired = parse(in_pairs(asked.source), umlauts=asked.umlauts, inflect=asked.inflect)
        except QueryError:  # a term that now covers or refuses another
            continue
        assert bool(matches(asked, said)) == bool(matches(paired, said)), told(asked, said)


def test_what_nobody_sees_changes_nothing() -> None:
    """Between letters; at the border of words it may part or join other signs."""
    for asked, said in cases():
        for unseen in UNSEEN:
            strewn = written(said, lambda text: between_letters(text, unseen))  # noqa: B023 - used at once
            assert matches(asked, said) == matches(asked, strewn), told(asked, said)


def test_case_changes_nothing() -> None:
    for asked, said in cases():
        if not holds(asked, Exact):
            small, large = written(said, str.lower), written(said, lambda text: text.lower().upper())
            assert matches(asked, small) == matches(asked, large), told(asked, said)


def between_letters(text: str, unseen: str) -> str:
    pieces = []
    for char, following in zip(text, f"{text} "[1:], strict=True):
        pieces.append(char + unseen if char.isalpha() and following.isalpha() else char)
    return "".join(pieces)
