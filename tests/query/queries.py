"""Queries made up by Hypothesis as text: whole ones that parse, and broken ones as people type them."""

from __future__ import annotations

from hypothesis import strategies as st

WORDS = [
    "Bahn",
    "bahn",
    "Müller",
    "Straße",
    "Siemens-Chef",
    "L'Oréal",
    "H&M",
    "C++",
    "amazon.de",
    "3.5",
    "niño",
    "A380",
    "sentence",
    "near",
    "To",
    "#Bahn",
    "@acme",
    "$TSLA",
    "🚀",
    "東京",
    "삼성",
    "Über",
]
WILDS = ["Bahn*", "*bahn*", "Rück*ruf", "M?ller", "Bahne?", "#Bahn*", "A38*"]
PHRASES = ('"Deutsche Bahn"', "„Die Zeit“", '"und"', '"Bahn* Streik"', '"Car-Sharing Anbieter"', "»Öl«")
EXACTS = ("{NASA}", "{Die Zeit}", '+"Die Zeit"', '++"Öl"', "cs(NASA)", 'cs("Die Zeit")')
FUZZIES = ("Bahn~1", "Müller~2", '"car sharing"~', "carsharing~", "Car-Sharing~")
CONDITIONS = [
    "site:example.de",
    "domain:www.zeitung.example",
    "lang:de",
    "language:de-AT",
    "url:presse",
    "url:/blog/",
    "links:acme.example",
    "country:de",
    "type:article",
    "followers:>1000",
    "followers:[500",
    "TO",
    "*]",
    "followers:1200",
    "engagement:<=5",
    "reach:[*",
    "TO",
    "10]",
    "rating:4.5",
    "rating:[1",
    "TO",
    "3]",
    "sentiment:negative",
    "is:comment",
    "contains:image",
    "subreddit:de",
    "tag:Bahn",
    'tag:"Deutsche',
    'Bahn"',
    "source:heise",
    'source:"heise',
    'online"',
    "hashtag:Bahn",
    "mention:@acme",
    'author:"Jörg',
    'Müller"',
]
FIELDS = ("title", "headline", "lead", "content", "text", "author", "from")
NEARS = ("NEAR/5", "ONEAR/3", "W/2", "PRE/4", "NEAR/5f", "near/7", "NOT NEAR/3", "SENTENCE", "OSENTENCE", "NEAR/0")
JOINTS = (" AND ", " OR ", " und ", " ODER ", " AND NOT ", " NICHT ", " NOT ", " -")
MISTAKES = [
    "NEAR",
    "!",
    "&",
    "|",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    '"',
    "~",
    "~3",
    "~1",
    "*",
    "d*",
    "D*C*",
    "???",
    "titel:x",
    "followers:viele",
    "followers:1.000",
    'itemReview:"x"',
    "+",
    "-",
    "–",
    ",",
    "AND",
    "OR",
    "NOT",
    "NEAR/5",
    "near/4:a,b",
    "<<<",
    ">>>",
    "^9",
    "\\",
    ":",
    "=",
    "'a'",
    "sentiment:foo",
    "is:",
    "rating:[3",
    "followers>5",
    "und",
    "oder",
    "nicht",
    "site:*.x",
    "lang:deutsch",
    'hashtag:"a.b"',
    "NEAR/500",
    '"a"~5',
    "bahn~0",
    "TO",
    "&&",
    "||",
    "NOT_NEAR",
    "W/",
    "‚",
    "…",
    ";",
    "/",
]

terms = st.sampled_from((*WORDS, *WILDS, *PHRASES, *EXACTS, *FUZZIES))


@st.composite
def placed(draw: st.DrawFn) -> str:
    """What may stand beside an operator of place."""
    kind = draw(st.integers(0, 5))
    if kind <= 2:
        return draw(terms)
    if kind == 3:
        return f"({draw(terms)} OR {draw(terms)})"
    if kind == 4:
        return f"({' AND '.join(draw(st.lists(terms, min_size=2, max_size=3)))})~{draw(st.integers(0, 9))}"
    return f"({draw(placed())} {draw(st.sampled_from(NEARS))} {draw(placed())})"


@st.composite
def atoms(draw: st.DrawFn, depth: int = 2) -> str:
    """One operand."""
    kind = draw(st.integers(0, 9))
    if kind <= 2 or depth == 0:
        return draw(terms)
    if kind == 3:
        return draw(st.sampled_from(CONDITIONS))
    if kind == 4:
        return f"{draw(st.sampled_from(FIELDS))}:{draw(st.one_of(terms, placed(), atoms(0)))}"
    if kind <= 6:
        return f"({draw(placed())} {draw(st.sampled_from(NEARS))} {draw(placed())})"
    if kind == 7:
        return (
            f'"{" ".join(draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=3)))}"~{draw(st.integers(0, 20))}'
        )
    return f"({draw(queries(depth - 1))})"


@st.composite
def queries(draw: st.DrawFn, depth: int = 3) -> str:
    """A query; most parse, some break a rule (mixed operators, a NOT alone)."""
    operands = draw(st.lists(atoms(depth), min_size=1, max_size=4))
    joint = draw(st.sampled_from(JOINTS))
    return "".join(operand if n == 0 else f"{joint}{operand}" for n, operand in enumerate(operands))


@st.composite
def broken(draw: st.DrawFn) -> str:
    """Pieces in any order: nearly always a mistake, often several."""
    pieces = draw(st.lists(st.one_of(st.sampled_from(MISTAKES), terms, queries(1)), min_size=1, max_size=6))
    return "".join(piece + draw(st.sampled_from((" ", " ", " ", "", "\n", "  "))) for piece in pieces)
