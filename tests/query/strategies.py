"""Queries and items made up by Hypothesis: few words that collide often, in all the spellings that people and programs write.

A *theme* is a handful of words; the queries and items of one scenario are drawn from the same theme, so that about every
third pair matches.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import normalize

from hypothesis import strategies as st

from smwatch.errors import QueryError
from smwatch.model import Author, Item
from smwatch.query import parse
from smwatch.query.syntax import And, Exact, In, Lang, Node, Not, Or, Phrase, Query, Site, Wild, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FAMILIES = (
    "Bahn bahn BAHN Bahnhof Autobahn Bahns S-Bahn Bahn-Chef Bahnchef U-Bahn-Linie #Bahn @Bahn #bahnhof",
    "Müller Mueller Muller MÜLLER Müllers müller Müller-Lüdenscheidt Müllermilch Müll",
    "schön schon schoen Schön schöner verschönern",
    "Straße Strasse STRASSE STRAẞE Straßen Hauptstraße Weiß weiss",
    "Siemens Siemens’ Siemens' Siemens-Chef siemenschef Siemens-Energy-Chef @siemens info@siemens.com www.siemens.com",
    "Car-Sharing Carsharing Sharing car CarSharing Car Car‑Sharing",
    "L’Oréal L'Oreal loreal Oréal l'oréal Lʼoréal",
    "niño nino Niño NINO Nino's niños Citroën Citroen",
    "H&M h&m H M H&M-Chef Müller&Söhne Söhne R&D",
    "amazon.de Amazon amazon www.amazon.de https://www.amazon.de/bahn?müller=1 z.B. Inc. u.a.",
    "C++ C# C F# c++ Disney+ 3.5 5 3 2.000.000 A380 A38 24. 24",
    "TSLA $TSLA $tsla #TSLA @a @a@social.example @max.muster @max_muster #Nord-Süd #Nord",
    "Über ueber uber Überfall Ueberfall Öl Oel Ärzte Aerzte Poet poet Israel Michael",
    "👍 👍🏽 ❤️ ❤ 👩‍👩‍👧 👩 👧🏿 🇩🇪 ⭐",
    "BMW BMWは ＢＭＷ ｂｍｗ 東京 東京都 京 トヨタ ﾄﾖﾀ がん かん",
    "ไทย ภาษาไทย Москва москва́ мой мои 한국 한국의 Ελλάς ΕΛΛΑΣ ελλας",
    "İstanbul istanbul ıstanbul ISTANBUL Łódź Lodz Ørsted Oersted Orsted Đorđe æther œuvre ﬁnanz finanz",
    "Deutsche deutsche Deutschen Zug Züge Zuege Zug-Verspätung Verspätung Verspaetung und oder Und not",
)
VOCABULARY = tuple(dict.fromkeys(word for family in FAMILIES for word in family.split()))
SEPARATORS = (
    *(" ",) * 14,
    *("\u00a0", "  ", "\n", "\n\n", "\n \n", "\u3000", "\u202f", "\t", "\u2029", " \u200b", ""),
    *(
        ", ",
        ". ",
        ".",
        "! ",
        "? ",
        "… ",
        ": ",
        "; ",
        " - ",
        " – ",
        "-",
        "–",
        "/",
        "'",
        "’",
        " „",
        "“ ",
        '"',
        " (",
        ") ",
    ),
    *("\n- ", "\n1. ", "_", "&", " & ", "+", "#", " #", "@", " @", "$", "·", "*", "\u00ad", "\u200d", "\ufe0f"),
)
SITES = ("https://www.zeitung.example/a", "https://blog.zeitung.example", "http://müller.example:8080/x", "")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_WIDE = str.maketrans({char: chr(ord(char) + 0xFEE0) for char in string.ascii_letters + string.digits})


# words


def spellings() -> tuple[Callable[[str], str], ...]:
    """What happens to a word on its way into a text."""
    return (
        *(str,) * 8,
        lambda word: normalize("NFD", word),
        lambda word: word.translate(_UMLAUTS),
        str.upper,
        str.lower,
        str.capitalize,
        lambda word: word.translate(_WIDE),
        lambda word: word[:2] + "\u00ad" + word[2:],
        lambda word: word[:1] + "\u200b" + word[1:],
        lambda word: word + "s",
        lambda word: word + "es",
        lambda word: word + "\u0301",
        lambda word: word + "\ufe0f",
        lambda word: "\u200e" + word,
        lambda word: normalize("NFKD", word),
    )


@st.composite
def spelled(draw: st.DrawFn, theme: Sequence[str]) -> str:
    """A word of the theme in some spelling."""
    return draw(st.sampled_from(spellings()))(draw(st.sampled_from(theme)))


@st.composite
def prose(draw: st.DrawFn, theme: Sequence[str], most: int) -> str:
    """Words of the theme with anything between them."""
    count = draw(st.integers(0, most))
    return "".join(draw(spelled(theme)) + draw(st.sampled_from(SEPARATORS)) for _ in range(count))


themes = st.lists(st.sampled_from(FAMILIES), min_size=1, max_size=2, unique=True).flatmap(
    lambda families: st.lists(st.sampled_from(" ".join(families).split()), min_size=3, max_size=10, unique=True)
)


# items


@st.composite
def items(draw: st.DrawFn, theme: Sequence[str], most: int = 14) -> Item:
    name, handle = draw(st.sampled_from((None, "", "Max Müller", *theme))), draw(st.sampled_from((None, "max", *theme)))
    return Item(
        id="1",
        source="quelle",
        title=draw(prose(theme, most // 3)),
        lead=draw(st.just("") | prose(theme, most // 3)),
        text=draw(prose(theme, most)),
        url=draw(st.sampled_from(SITES)),
        lang=draw(st.sampled_from((None, "de", "de-AT", "en", "EN_us"))),
        author=None if name is None and handle is None else Author(name=name, handle=handle),
    )


# queries


@cache
def parses(source: str) -> bool:
    try:
        parse(source)
    except QueryError:
        return False
    return True


@st.composite
def wilds(draw: st.DrawFn, theme: Sequence[str]) -> str:
    """A word with parts of it replaced by stars and question marks."""
    word = draw(spelled(theme))
    for _ in range(draw(st.integers(1, 2))):
        low = draw(st.integers(0, len(word)))
        high = draw(st.integers(low, min(low + 3, len(word))))
        word = word[:low] + draw(st.sampled_from("*?*")) + word[high:]
    return word


@st.composite
def phrases(draw: st.DrawFn, theme: Sequence[str], most: int = 3) -> str:
    words = [draw(spelled(theme) | spelled(theme) | wilds(theme)) for _ in range(draw(st.integers(1, most)))]
    return " ".join(words).replace('"', "").replace("“", "").replace("„", "")


@st.composite
def terms(draw: st.DrawFn, theme: Sequence[str]) -> Node:
    """One term that finds words: a tree's leaf, which may still be one that does not parse."""
    kind = draw(st.sampled_from("wwwwppxe"))
    match kind:
        case "w":
            return Word(draw(spelled(theme)))
        case "p":
            return Phrase(draw(phrases(theme)))
        case "x":
            return Wild(draw(wilds(theme)))
    return Exact(draw(phrases(theme, 2)).replace("*", "").replace("?", ""))


@st.composite
def leaves(draw: st.DrawFn, theme: Sequence[str]) -> Node:
    """A term, a condition, or a term inside a field, which parses."""
    kind = draw(st.sampled_from("tttttttttttifsl"))
    good = terms(theme).filter(lambda leaf: parses(str(leaf)))
    match kind:
        case "t":
            return draw(good)
        case "i":
            return In(draw(st.sampled_from(("title", "author"))), draw(good))
        case "f":
            return In("title", Or((draw(good), draw(good))))
        case "s":
            return Site(draw(st.sampled_from(("zeitung.example", "blog.zeitung.example", "müller.example"))))
    return Lang(draw(st.sampled_from(("de", "en", "de-at"))))


def trees(theme: Sequence[str]) -> st.SearchStrategy[Node]:
    """A tree; what only excludes does not parse and is thrown away later."""
    return leaves(theme) | leaves(theme) | st.recursive(leaves(theme), _joined, max_leaves=6)


def _joined(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(children, min_size=2, max_size=4).map(tuple)
    return some.map(Or) | st.tuples(children, children.map(_negated)).map(And) | some.map(And) | some.map(Or)


def _negated(node: Node) -> Node:
    return node if isinstance(node, Not) else Not(node)


@st.composite
def queries(draw: st.DrawFn, theme: Sequence[str]) -> Query | None:
    """A query that was printed and parsed; None where it is refused (only excludes, can never hold)."""
    source = str(draw(trees(theme)))
    umlauts = draw(st.sampled_from(("strict", "strict", "strict", "loose")))
    inflect = draw(st.sampled_from((True, True, True, False)))
    try:
        return parse(source, umlauts=umlauts, inflect=inflect)
    except QueryError:
        return None


# both


@dataclass(frozen=True, slots=True)
class Scenario:
    queries: tuple[Query, ...]
    items: tuple[Item, ...]


@st.composite
def scenarios(draw: st.DrawFn, side: int) -> Scenario:
    """`side` items, and as many queries less those that are refused."""
    theme = draw(themes)
    found = [draw(queries(theme)) for _ in range(side)]
    return Scenario(
        tuple(query for query in found if query is not None), tuple(draw(items(theme)) for _ in range(side))
    )
