"""Queries and items made up: few words that collide often, in all the spellings that people and programs write.

A *theme* is a handful of words; the queries and items of one scenario are drawn from the same theme, so that at least
every third pair matches. Everything is drawn from a `random.Random`: a plain one with a seed where millions are needed,
Hypothesis' own (the strategies at the end) where it shall choose and shrink.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import normalize

from hypothesis import strategies as st

from smwatch.errors import QueryError
from smwatch.model import Author, Engagement, Item
from smwatch.query import parse
from smwatch.query.foreign import QUOTES
from smwatch.query.syntax import (
    Address,
    And,
    Compare,
    Exact,
    Fuzzy,
    In,
    Lang,
    Near,
    Node,
    Not,
    NotNear,
    Or,
    Phrase,
    Query,
    Range,
    Sentence,
    Site,
    Value,
    Variants,
    Wild,
    Within,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Theme = tuple[str, ...]
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
    "süüüüüüüüüß süüüüüüüüüüß Süüüüüüüüüß süü süüüß sueueueueueueueueuess sueueueueueueueueueß müüüüüüüüde",
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
NUMBERS = ("followers", "engagement", "rating", "reach")
SITES = ("https://www.zeitung.example/a", "https://blog.zeitung.example", "http://müller.example:8080/x", "")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_WIDE = str.maketrans({char: chr(ord(char) + 0xFEE0) for char in string.ascii_letters + string.digits})

SPELLINGS: tuple[Callable[[str], str], ...] = (
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


def theme(r: Random) -> Theme:
    """Three to ten words of one or two families."""
    words = " ".join(r.sample(FAMILIES, r.randint(1, 2))).split()
    return tuple(r.sample(words, min(len(words), r.randint(3, 10))))


def spelled(r: Random, theme: Theme) -> str:
    """A word of the theme in some spelling."""
    return r.choice(SPELLINGS)(r.choice(theme))


def prose(r: Random, theme: Theme, most: int) -> str:
    """Words of the theme with anything between them."""
    return "".join(spelled(r, theme) + r.choice(SEPARATORS) for _ in range(r.randint(0, most)))


def item(r: Random, theme: Theme, most: int = 14) -> Item:
    author = Author(
        name=r.choice((None, "", "Max Müller", *theme)),
        handle=r.choice((None, "max", *theme)),
        followers=r.choice((None, 5, 1000)),
    )
    return Item(
        id="1",
        source="quelle",
        title=prose(r, theme, most // 3),
        lead=r.choice(("", prose(r, theme, most // 3))),
        text=prose(r, theme, most),
        url=r.choice(SITES),
        lang=r.choice((None, "de", "de-AT", "en", "EN_us")),
        author=r.choice((None, author)),
        kind=r.choice(("post", "comment")),
        links=r.choice(((), ("https://www.zeitung.example/a?b=c",))),
        engagement=r.choice((None, Engagement(likes=4, shares=1), Engagement(views=7))),
        attributes=attributes(r),
    )


def attributes(r: Random) -> dict[str, object]:
    """Some of the rarer fields."""
    known: dict[str, object] = {
        "country": r.choice(("de", "DE", "at")),
        "tags": r.choice((["Presse", "Über uns"], ["presse"], "ueber UNS")),
        "sentiment": r.choice((-1, 0, 0.5, "positive")),
        "rating": r.choice((4.5, 5, 1)),
        "reach": r.choice((5, 1000)),
        "engagement": r.choice((5, 900)),
        "contains": ["image"],
        "is": r.choice(("reply", ["question", "comment"])),
    }
    return {name: value for name, value in known.items() if r.random() < 0.5}


# queries


@cache
def parses(source: str) -> bool:
    try:
        parse(source)
    except QueryError:
        return False
    return True


def wild(r: Random, theme: Theme) -> str:
    """A word with parts of it replaced by stars and question marks."""
    word = spelled(r, theme)
    for _ in range(r.randint(1, 2)):
        low = r.randint(0, len(word))
        word = word[:low] + r.choice("*?*") + word[low + r.randint(0, 3) :]
    return word


def phrase(r: Random, theme: Theme, most: int = 3) -> str:
    words = [wild(r, theme) if r.random() < 0.25 else spelled(r, theme) for _ in range(r.randint(1, most))]
    return " ".join(words).translate(dict.fromkeys(map(ord, QUOTES)))


def term(r: Random, theme: Theme) -> Node:
    """One term that finds words; some do not parse."""
    match r.choice("wwwwwppxxefv"):
        case "p":
            return Phrase(phrase(r, theme))
        case "x":
            return Wild(wild(r, theme))
        case "e":
            return Exact(phrase(r, theme, 2).replace("*", "").replace("?", ""), cased=r.random() < 0.6)
        case "f":
            return Fuzzy(spelled(r, theme), r.randint(1, 2))
        case "v":
            return Variants(phrase(r, theme))
    return Word(spelled(r, theme))


def good_term(r: Random, theme: Theme) -> Node:
    """One that parses."""
    while not parses(str(found := term(r, theme))):
        pass
    return found


def leaf(r: Random, theme: Theme) -> Node:
    """A term, a condition, or terms inside a field."""
    match r.choice("ttttttttttttttiofc"):
        case "i":
            return In(r.choice(("title", "lead", "content", "author")), good_term(r, theme))
        case "o":
            return In("title", Or((good_term(r, theme), good_term(r, theme))))
        case "f":
            return In(r.choice(("title", "content")), joint(r, theme))
        case "c":
            return condition(r)
    return good_term(r, theme)


def condition(r: Random) -> Node:
    """What is asked of an item besides its text."""
    return r.choice(
        (
            Site(r.choice(("zeitung.example", "blog.zeitung.example", "müller.example"))),
            Lang(r.choice(("de", "en", "de-at"))),
            Address(r.choice(("url", "links")), r.choice(("zeitung", "zei", "zei*", "*tung", "blog.zeit*", "8080/x"))),
            Value("country", r.choice(("de", "at"))),
            Value("tag", r.choice(("Presse", "Über uns", "pres*"))),
            Value(r.choice(("type", "is")), r.choice(("post", "comment"))),
            Value("sentiment", r.choice(("positive", "negative"))),
            Value("source", r.choice(("quelle", "Forum"))),
            Value("contains", r.choice(("image", "link"))),
            Compare(r.choice(NUMBERS), r.choice((">", ">=", "<", "<=", "=")), r.choice((0, 5, 4.5, 1000))),
            Range(r.choice(NUMBERS), r.choice((None, 5)), r.choice((None, 5, 1000))),
        )
    )


def operand(r: Random, theme: Theme, depth: int) -> Node:
    """One side of an operator of place."""
    if depth and r.random() < 0.3:
        return joint(r, theme, depth - 1)
    if r.random() < 0.25:
        return Or((good_term(r, theme), good_term(r, theme)))
    return good_term(r, theme)


def joint(r: Random, theme: Theme, depth: int = 1) -> Node:
    """An operator of place."""
    one, other, n = operand(r, theme, depth), operand(r, theme, depth), r.choice((0, 1, 1, 2, 3, 5))
    match r.choice("nnnxsw"):
        case "n":
            return Near(one, other, n, ordered=r.random() < 0.3)
        case "x":
            return NotNear(one, other, n)
        case "s":
            return Sentence(one, other, ordered=r.random() < 0.3)
    return Within((one, other, *(operand(r, theme, depth) for _ in range(r.randint(0, 1)))), n)


def tree(r: Random, theme: Theme, depth: int = 3) -> Node:
    """A tree; what only excludes is refused later."""
    if depth == 0 or r.random() < 0.45:
        return joint(r, theme) if r.random() < 0.2 else leaf(r, theme)
    children = [tree(r, theme, depth - 1) for _ in range(r.randint(2, 4))]
    if r.random() < 0.4:
        children[-1] = children[-1] if isinstance(children[-1], Not) else Not(children[-1])
        return And(tuple(children))
    return r.choice((And, Or, Or))(tuple(children))


def query(r: Random, theme: Theme) -> Query | None:
    """A query that was printed and parsed; None where it is refused (only excludes, can never hold)."""
    source = str(tree(r, theme))
    umlauts, inflect = r.choice(("strict", "strict", "strict", "loose")), r.random() < 0.75
    try:
        return parse(source, umlauts=umlauts, inflect=inflect)
    except QueryError:
        return None


# both


@dataclass(frozen=True, slots=True)
class Scenario:
    queries: tuple[Query, ...]
    items: tuple[Item, ...]


def scenario(r: Random, side: int) -> Scenario:
    """`side` items, and as many queries less those that are refused."""
    words = theme(r)
    found = [query(r, words) for _ in range(side)]
    return Scenario(tuple(one for one in found if one is not None), tuple(item(r, words) for _ in range(side)))


# for Hypothesis

randoms = st.randoms(use_true_random=False)
queries = randoms.map(lambda r: query(r, theme(r))).filter(lambda found: found is not None)
items = randoms.map(lambda r: item(r, theme(r)))
