"""The compiled part of the engine against what it stands for: the automaton, and the exact reading of words."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from smwatch.query.compiled import COMPOUNDS, SIEVE
from smwatch.query.sheet import Sheet
from smwatch.query.sieve import PlainSieve, Way, best_way
from smwatch.query.slots import Slot
from smwatch.text import tokenise

pytestmark = pytest.mark.skipif(
    best_way() is not Way.COMPILED, reason="the compiled part was not built: no compiler was there at installation"
)

LETTERS = st.binary(min_size=1, max_size=24).map(lambda raw: bytes(b"abc\xe4\x01   "[byte % 8] for byte in raw))
PIECES = st.lists(LETTERS, min_size=1, max_size=8)
FORMS = PIECES.map(lambda pieces: b" " + b"".join(pieces) + b" ")
WORDS = ["Bahn", "ab", "a", "é", "Müller", "3", "ß", "ﬁ", "½", "Ⅳ", "東", "д", "😀", "\u00ad", "\u200b", "\u0301"]
SIGNS = " .,;:!?-–—'’‘`&+_@#$/()[]\"„“…•€%§^~*|<>=\\\n\t\u00a0\u2009\u2011\u2029\u2028©®™°²ªº¿¡"
TEXT = st.lists(
    st.sampled_from(
        [*WORDS, *SIGNS, "  ", "\n\n", "://", "http://", "www.", "C++", "...", "'s", "- ", " -", ". ", ", "]
    ),
    max_size=24,
).map("".join)


def compiled_sieve(literals: list[bytes]):
    return SIEVE.Sieve(literals, slots_of(literals), {})


def slots_of(literals: list[bytes]) -> list[Slot]:
    return [Slot(one.startswith(b" "), one.endswith(b" "), words=[], terms=[], others=[]) for one in literals]


@given(literals=st.lists(LETTERS.filter(lambda one: one.strip(b" ")), min_size=1, max_size=12, unique=True), form=FORMS)
@example(literals=[b" a", b"a ", b"a", b" a "], form=b" a aa ba ")
@example(literals=[b" abcabcabcabcabcabc ", b"abcabcabcabcabcab"], form=b" abcabcabcabcabcabc abcabcabcabcabcabca ")
@example(literals=[b" ab c ", b"b c"], form=b" ab c ab  c ")
def test_both_sieves_find_the_same_literals(literals: list[bytes], form: bytes) -> None:
    plain = PlainSieve(literals, slots_of(literals))
    assert sorted(compiled_sieve(literals).find(form)) == sorted(plain.find(form))


def test_thousands_of_literals_are_each_found_where_they_stand() -> None:
    literals = [b" word%d " % number for number in range(5000)]
    form = b" " + b" ".join(b"word%d" % number for number in range(4999, -1, -1)) + b" "
    found = compiled_sieve(literals).find(form)
    assert sorted(number for number, _, _ in found) == list(range(5000))
    assert all(form[start:end] == literals[number] for number, start, end in found)


@pytest.mark.parametrize("form", [b"", b"a", b" a", b"a "])
def test_a_form_without_blanks_around_is_refused(form: bytes) -> None:
    with pytest.raises(ValueError, match="begins and ends with a blank"):
        compiled_sieve([b" a "]).find(form)


def test_a_literal_without_a_letter_is_refused() -> None:
    with pytest.raises(ValueError, match="no letter"):
        compiled_sieve([b"  "])


@given(text=TEXT)
@example(text="Car-Sharing, Rock'n'Roll und Müllers’ Bahn-Chef-Büro")
def test_compounds_are_joined_alike(text: str) -> None:
    assert COMPOUNDS is not None
    quick, slow = (Sheet([(0, "text", text)], compiled=compiled) for compiled in (True, False))
    assert (quick.compounds, quick.parted) == (slow.compounds, slow.parted)
    assert [part.odd for part in quick.stretches] == [part.odd for part in slow.stretches]


@given(text=TEXT)
@example(text="#Bahn @Bahn's #Bahn_ab @ab.de #-a x#a C# a++ a+")
@example(text="(https://ab.de/Bahn_a?a=ab), xhttp://ab/a “http://a”/ab http://a b")
@example(text="...a ab--Bahn ab.' a_ _.a Rock'a'ab a’ Bahn’s ‘ab’")
def test_words_beside_signs_are_those_of_the_exact_reading(text: str) -> None:
    sheet = Sheet([(0, "text", text)])
    assume(not sheet.odd)
    compiled_sieve([b" a "]).sift(sheet, [{}])
    tokens = tokenise(text)
    for key in ("bahn", "ab", "a", "3"):
        found = sheet.words.alone((b" %b " % key.encode(),), 0, len(text) + 2)
        if found is not None:
            edges = [tokens.span(edge) for edge in tokens.edges.get(key, []) if edge[1] - edge[0] == 1]
            assert [(start - 1, end - 1) for start, end in found] == edges


def test_so_far_back_that_each_look_would_walk_through_the_text_no_tag_is_looked_for() -> None:
    for count, expected in ((60, []), (2000, None)):
        sheet = Sheet([(0, "text", f"#{'ab_' * count}bahn")])
        compiled_sieve([b" a "]).sift(sheet, [{}])
        assert sheet.words.alone((b" bahn ",), 0, len(sheet.text)) == expected


@given(text=TEXT, around=st.tuples(TEXT, TEXT))
@example(text="Die Bahn – so der Chef – fährt. Das Car-Sharing auch.", around=("", ""))
@example(text="a--b 'a' a' -a", around=("", ""))
def test_clear_words_are_those_of_the_exact_reading(text: str, around: tuple[str, str]) -> None:
    before, behind = around
    whole = f"{before} {text} {behind}"
    sheet = Sheet([(0, "text", whole)])
    compiled_sieve([b" a "]).sift(sheet, [{}])
    low = len(before) + 2  # of the sheet, which has one sign before the text
    clear = sheet.words.around([(low, low + len(text))], 0, low, low + len(text))
    assume(clear is not None)
    ((start, end, begins),) = clear
    assert (start, end) == (low, low + len(text))
    tokens = tokenise(text)
    first: dict[int, int] = {}
    for start, number in zip(tokens.starts, tokens.words, strict=True):
        if any(char.isalnum() for char in text[start : start + 1]):
            first.setdefault(number, start)
    assert [begin - low for begin in begins] == list(first.values())


def test_words_with_unclear_signs_are_left_to_the_exact_reading() -> None:
    for sign in ("a.b", "a@b", "#a", "http://a", "a😀b", "a_b", "C++", "a&b", "www.a"):
        sheet = Sheet([(0, "text", f"x {sign} y")])
        compiled_sieve([b" a "]).sift(sheet, [{}])
        assert sheet.around(sheet.stretches[0], [(1, 2)], 9) is None, sign
