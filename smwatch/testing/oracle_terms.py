"""The words of a query against the words of a text, one by one: the oracle's reading of single terms."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from smwatch.query.syntax import Exact, Fuzzy, Leaf, Phrase, Variants, Wild, Word
from smwatch.text import Edge, fold, fold_loose, fold_marked, has_accent, is_spaceless, surface, tokenise, word_pattern
from smwatch.text.fold import ACCENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.text import Tokens

SIGNS = "#@$"
TAILS = "+#"
JOINS = "-'"  # inside a word they leave nothing behind


@dataclass(frozen=True, slots=True)
class Said:
    """One word of a text: the atoms under it, its folded form without and with accents, and how it is written."""

    edge: Edge
    key: str
    marked: str
    shown: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an item: all that can be found in it, in no order, and the numbers of its whole words."""

    name: str
    tokens: Tokens
    said: tuple[Said, ...]
    whole: frozenset[int]


Question: TypeAlias = Callable[[Said], bool]
Row: TypeAlias = tuple[Question, ...]


def read_field(name: str, text: str) -> Field:
    """The words of one field."""
    tokens = tokenise(text)
    said = []
    for key, edges in tokens.edges.items():
        for edge in edges:
            low, high = tokens.span(edge)
            said.append(Said(edge, key, tokens.marked.get((key, edge), key), surface(text[low:high]).text))
    return Field(name, tokens, tuple(said), frozenset(tokens.words[one.edge[0]] for one in said))


@lru_cache(maxsize=4096)
def rows(leaf: Leaf, inflect: bool, loose: bool) -> tuple[Row, ...]:  # noqa: FBT001 - a key of the cache
    """The ways to write a term: each a row of questions to words that follow each other directly."""
    match leaf:
        case Exact():
            return (tuple(_is_exactly(word, cased=leaf.cased) for word in words(leaf.text)),)
        case Word():
            path = words(leaf.text)
            genitive = inflect and len(path) == 1 and _has_genitive(leaf.text)
            return (tuple(_is_word(word, genitive=genitive, loose=loose) for word in path),)
        case Fuzzy():
            return ((_is_like(leaf, loose=loose),),)
        case Variants():
            return tuple(_row(parts, loose=loose) for parts in _spellings(leaf.text))
    steps: list[Question] = []
    for chunk in word_pattern().findall(leaf.text):
        if not has_stars(chunk):
            steps += _row([chunk], loose=loose)
        elif is_spaceless(chunk):
            steps += _row([chunk.strip("*")], loose=loose)
        else:
            steps.append(_fits(chunk, loose=loose))
    return (tuple(steps),)


def takes_longest(leaf: Leaf) -> bool:
    """Whether a match inside a longer match of the same term does not count."""
    if isinstance(leaf, Fuzzy | Variants):
        return True
    chunks = word_pattern().findall(leaf.text)
    return isinstance(leaf, Wild | Phrase) and any(has_stars(it) and not is_spaceless(it) for it in chunks)


def has_stars(word: str) -> bool:
    """Whether it holds a wildcard."""
    return "*" in word or "?" in word


def _row(parts: Sequence[str], *, loose: bool) -> Row:
    return tuple(_is_word(word, genitive=False, loose=loose) for part in parts for word in words(part))


def words(text: str) -> list[Said]:
    """The words of a term, each as long as it can be: the whole compound, not its parts; the tag with its sign."""
    field = read_field("", text)
    path, at = [], 0
    while at < len(field.tokens.starts):
        here = [said for said in field.said if said.edge[0] == at]
        if here:
            path.append(max(here, key=lambda said: (said.edge[1], said.key[0] in SIGNS, said.key[-1] in TAILS)))
        at = path[-1].edge[1] if here else at + 1
    return path


def _has_genitive(word: str) -> bool:
    return word[0].isupper() and word[-1].isalpha() and not is_spaceless(word)


def _is_word(word: Said, *, genitive: bool, loose: bool) -> Question:
    accents = has_accent(word.shown)
    wanted = word.marked if accents else word.key
    wanted = fold_loose(wanted) if loose else wanted
    korean = "\uac00" <= word.key[-1] <= "\ud7a3"

    def is_it(said: Said) -> bool:
        seen = said.marked if accents else said.key
        seen = fold_loose(seen) if loose else seen
        if korean:
            return seen.startswith(wanted)
        return seen in {wanted, wanted + "s", wanted + "es"} if genitive else seen == wanted

    return is_it


def _is_exactly(word: Said, *, cased: bool) -> Question:
    wanted = word.shown if cased else word.shown.lower()

    def is_it(said: Said) -> bool:
        seen = said.shown if cased else said.shown.lower()
        if said.key != word.key:
            return False
        return seen == wanted or (wanted[0] not in SIGNS and seen.lstrip(SIGNS) == wanted)

    return is_it


def _is_like(leaf: Fuzzy, *, loose: bool) -> Question:
    wanted = "".join(word.key for word in words(leaf.text))
    wanted = fold_loose(wanted) if loose else wanted

    def is_it(said: Said) -> bool:
        seen = fold_loose(said.key) if loose else said.key
        return said.key[0] not in SIGNS and edits(wanted, seen) <= leaf.edits

    return is_it


def edits(one: str, other: str) -> int:
    """Optimal string alignment, as in the textbook: the whole table."""
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i, j in itertools.product(range(1, len(one) + 1), range(1, len(other) + 1)):
        change = table[i - 1, j - 1] + (one[i - 1] != other[j - 1])
        table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, change)
        if i > 1 and j > 1 and one[i - 2 : i] == other[j - 1] + other[j - 2]:
            table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(one), len(other)]


def _spellings(text: str) -> list[list[str]]:
    """Every way to join neighbours of the parts between spaces and hyphens; one part alone may be cut in two."""
    parts = [part for chunk in word_pattern().findall(text) for part in surface(chunk).text.split("-") if part]
    if len(parts) == 1 and not is_spaceless(text):
        whole = parts[0]
        ways = [[whole], *([whole[:at], whole[at:]] for at in range(1, len(whole)))]
    else:
        ways = []
        for gaps in itertools.product(("", " "), repeat=len(parts) - 1):
            ways.append("".join(itertools.chain(*zip(parts, [*gaps, ""], strict=True))).split(" "))
    return [way for way in ways if words("".join(way))]


# wildcards


def _fits(pattern: str, *, loose: bool) -> Question:
    shown = _unjoined(surface(pattern).text)
    folder = fold_marked if has_accent(shown) else fold
    sign = shown[0] if shown[0] in SIGNS else ""

    def fits(said: Said) -> bool:
        if (said.key[0] in SIGNS) != bool(sign):
            return False
        letters = _letters(said, folder)
        if _glob(_folded(shown, folder), letters):
            return True
        if not loose:
            return False
        if "?" not in shown:
            letters = [fold_loose("".join(letters))]
        return _glob(_folded(shown, lambda part: fold_loose(folder(part))), [fold_loose(one) for one in letters])

    return fits


def _folded(pattern: str, folder: Callable[[str], str]) -> list[str]:
    """The pattern as a list of single folded characters, `*` and `?`."""
    found: list[str] = []
    literal = ""
    for char in pattern:
        if char in "*?":
            found += [*folder(literal), char]
            literal = ""
        else:
            literal += char
    return [*found, *folder(literal)]


def _letters(said: Said, folder: Callable[[str], str]) -> list[str]:
    """What people see as one character each, folded: ü is "ue" and still one."""
    shown = _unjoined(said.shown)
    shown = shown if said.key[0] in SIGNS else shown.lstrip(SIGNS)
    while shown[-1:] in TAILS and said.key[-1] not in TAILS:  # Disney is found in Disney++
        shown = shown[:-1]
    clusters: list[str] = []
    for char in shown:
        if clusters and char in ACCENTS:
            clusters[-1] += char
        else:
            clusters.append(char)
    seen = [folded for folded in map(folder, clusters) if folded]
    word = said.marked if folder is fold_marked else said.key
    return seen if "".join(seen) == word else list(word)  # a sign at its border: the _ of @max_


def _glob(pattern: list[str], letters: list[str]) -> bool:
    """Whether the whole word fits: the set of all places in it that the pattern can have reached, sign by sign."""
    word = "".join(letters)
    ends, at = {}, 0
    for letter in letters:
        ends[at] = at = at + len(letter)
    places = {0}
    for sign in pattern:
        if sign == "*":
            places = {place for place in range(len(word) + 1) if places and place >= min(places)}
        elif sign == "?":
            places = {ends[place] for place in places if place in ends}
        else:
            places = {place + 1 for place in places if word[place : place + 1] == sign}
    return len(word) in places


def _unjoined(word: str) -> str:
    return "".join(char for char in word if char not in JOINS)
