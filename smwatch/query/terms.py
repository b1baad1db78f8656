"""Single terms against the words of one text: words, phrases, wildcards, exact case.

A term is compiled once and finds edges (see smwatch.text.tokens): stretches of atoms that are it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol, TypeAlias

from smwatch.query.syntax import Exact, Phrase, Wild, Word
from smwatch.text import (
    Edge,
    fold,
    fold_loose,
    fold_marked,
    has_accent,
    is_spaceless,
    letters,
    surface,
    tokenise,
    word_pattern,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from smwatch.text import Tokens

_STAR_LETTERS = 3  # beside a star
_HANGUL = ("\uac00", "\ud7a3")
_SIGNS = "#@$"


class Matcher(Protocol):
    """One word, or one word with wildcards, as a step of a path."""

    def edges(self, tokens: Tokens) -> list[Edge]:
        """Every edge that is this word, in no order."""

    def anchor(self) -> Anchor:
        """What a text must hold for this to be found."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Folded words of which a text must have one; with `part`, words of which one holds the literal."""

    words: tuple[str, ...]
    part: bool = False

    @property
    def rarity(self) -> tuple[int, int]:
        """Longer words are rarer, whole words rarer than parts; only a guess, and only for speed."""
        return (0 if self.part else 1, min(map(len, self.words)) if self.words else 0)


@dataclass(frozen=True, slots=True)
class OneWord:
    """A word by its folded forms: itself and its genitives; `marked` are the same with accents, where it has any."""

    keys: tuple[str, ...]
    marked: tuple[str, ...] = ()
    prefix: bool = False
    loose: bool = False

    def edges(self, tokens: Tokens) -> list[Edge]:
        """Where the word or a genitive of it stands."""
        return [edge for key, edge in self._candidates(tokens) if self._accents_fit(tokens, key, edge)]

    def _candidates(self, tokens: Tokens) -> list[tuple[str, Edge]]:
        if self.prefix:
            fit = fold_loose if self.loose else str
            return [(k, edge) for k, edges in tokens.edges.items() if fit(k).startswith(self.keys) for edge in edges]
        if self.loose:
            return [found for key in self.keys for found in tokens.loose(key)]
        return [(key, edge) for key in self.keys for edge in tokens.edges.get(key, ())]

    def _accents_fit(self, tokens: Tokens, key: str, edge: Edge) -> bool:
        if not self.marked:
            return True
        seen = tokens.marked.get((key, edge), key)
        seen = fold_loose(seen) if self.loose else seen
        return seen.startswith(self.marked) if self.prefix else seen in self.marked

    def anchor(self) -> Anchor:
        """The word itself."""
        return Anchor(self.keys, part=self.prefix)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A word with wildcards: the folded pieces between stars, each a row of literals and single characters (None)."""

    pieces: tuple[tuple[str | None, ...], ...]
    marked: bool = False
    loose: Pattern | None = None  # the same with ä ≡ a ≡ ae: fits besides
    loosen: bool = False

    def edges(self, tokens: Tokens) -> list[Edge]:
        """Every word that fits; some inside others."""
        return [edge for key, edges in tokens.edges.items() for edge in edges if self._fits_anyhow(tokens, key, edge)]

    def _fits_anyhow(self, tokens: Tokens, key: str, edge: Edge) -> bool:
        return self._fits(tokens, key, edge) or (self.loose is not None and self.loose._fits(tokens, key, edge))  # noqa: SLF001 - one of its own kind

    def _fits(self, tokens: Tokens, key: str, edge: Edge) -> bool:
        if (key[0] in _SIGNS) != ((self.pieces[0] or ("",))[0] or " ").startswith(tuple(_SIGNS)):
            return False
        seen = tokens.marked.get((key, edge), key) if self.marked else key
        if self.loosen:
            seen = fold_loose(seen)
        if all(None not in piece for piece in self.pieces):
            return _glob(["".join(map(str, piece)) for piece in self.pieces], seen)
        if not self._literals_in(seen):
            return False
        return _glob_units(self.pieces, self._units(tokens, edge, key))

    def _literals_in(self, seen: str) -> bool:
        return all(part in seen for piece in self.pieces for part in piece if part)

    def _units(self, tokens: Tokens, edge: Edge, key: str) -> list[str]:
        """The word's characters one by one, folded: ü is one, as "ue"."""
        low, high = tokens.span(edge)
        shown = surface(tokens.text[low:high]).text.replace("-", "").replace("'", "")
        if key[0] not in _SIGNS:
            shown = shown.lstrip(_SIGNS)
        if not key.endswith(("+", "#")):  # Disney in Disney++
            shown = shown.rstrip("+#")
        folder = fold_marked if self.marked else fold
        units = [folder(letter) for letter in letters(shown)]
        return [fold_loose(unit) if self.loosen else unit for unit in units if unit]

    def anchor(self) -> Anchor:
        """Its longest literal, as part of a word."""
        literals = [part for piece in self.pieces for part in piece if part]
        longest = max(literals, key=len, default="")
        return Anchor((_bare(longest),) if longest else (), part=True)


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Words exactly so: case, accents, umlauts, hyphens; only kinds of apostrophe and hyphen are equal."""

    text: str
    key: str

    def edges(self, tokens: Tokens) -> list[Edge]:
        """Where it stands in just this spelling."""
        return [edge for edge in tokens.edges.get(self.key, ()) if self._same(tokens, edge)]

    def _same(self, tokens: Tokens, edge: Edge) -> bool:
        low, high = tokens.span(edge)
        shown = surface(tokens.text[low:high]).text
        return shown == self.text or (self.text[0] not in _SIGNS and shown.lstrip(_SIGNS) == self.text)

    def anchor(self) -> Anchor:
        """The word in any spelling."""
        return Anchor((self.key,))


Step: TypeAlias = OneWord | Pattern | Verbatim


@dataclass(frozen=True, slots=True)
class Term:
    """A leaf of a query, compiled: steps that follow each other directly."""

    steps: tuple[Step, ...]
    shown: str

    def edges(self, tokens: Tokens) -> list[Edge]:
        """Every path through the text, as the edge from its start to its end; in order."""
        paths = self.steps[0].edges(tokens)
        for step in self.steps[1:]:
            if not paths:
                return []
            following: dict[int, list[int]] = {}
            for start, end in step.edges(tokens):
                following.setdefault(start, []).append(end)
            paths = [(start, after) for start, end in paths for after in following.get(end, ())]
        wide = any(isinstance(step, Pattern) for step in self.steps)
        return _longest(set(paths)) if wide else sorted(set(paths))

    def anchor(self) -> Anchor:
        """The rarest word that a text must have."""
        return max((step.anchor() for step in self.steps), key=lambda anchor: anchor.rarity)


def compile_term(leaf: Word | Wild | Phrase | Exact, *, inflect: bool, loose: bool, in_field: bool = False) -> Term:
    """The term of a leaf; `in_field` words have no genitive."""
    match leaf:
        case Exact():
            return Term(tuple(_verbatim(leaf.text)), leaf.text)
        case Phrase():
            return Term(tuple(_phrase(leaf.text, loose=loose)), leaf.text)
        case Wild():
            return Term(tuple(_wild(leaf.text, loose=loose)), leaf.text)
        case Word():
            genitive = inflect and not in_field and is_inflected(leaf.text)
            return Term(tuple(_words(leaf.text, genitive=genitive, loose=loose)), leaf.text)


def is_inflected(word: str) -> bool:
    """Whether a word of a query also stands for its genitive: capitalised, and ending in a letter."""
    return word[:1].isupper() and word[-1:].isalpha() and not is_spaceless(word)


def has_wildcard(word: str) -> bool:
    """Whether `word` holds a star or a question mark."""
    return "*" in word or "?" in word


def too_wide(word: str) -> bool:
    """Whether a word with wildcards would match almost everything."""
    if is_spaceless(word):
        return not word.strip("*?")
    shown = surface(word).text
    if "*" not in shown:
        return not any(char.isalpha() for char in shown)
    for found in _stretch().finditer(shown):
        letters = sum(char.isalnum() for char in found.group())
        beside = shown[found.start() - 1 : found.start()] == "*" or shown[found.end() : found.end() + 1] == "*"
        if letters >= _STAR_LETTERS and beside:
            return False
    return True


def chunks(phrase: str) -> list[str]:
    """The words of a phrase as they are written; signs between them do not count."""
    return [found.group() for found in word_pattern().finditer(phrase)]


def longest_path(text: str) -> list[tuple[str, str]]:
    """The words of `text`, each in its longest form: (folded, as its surface has it)."""
    tokens = tokenise(text)
    best: dict[int, tuple[int, bool, str]] = {}
    for key, edges in tokens.edges.items():
        for start, end in edges:
            rank = (end, key[0] in _SIGNS, key)
            if start not in best or rank > best[start]:
                best[start] = rank
    found, at = [], 0
    while at < len(tokens.starts):
        end, _, key = best.get(at, (at + 1, False, ""))
        if key:
            low, high = tokens.span((at, end))
            found.append((key, surface(text[low:high]).text))
        at = end
    return found


def _words(text: str, *, genitive: bool, loose: bool) -> list[Step]:
    path = longest_path(text)
    return [_word(key, shown, genitive=genitive and len(path) == 1, loose=loose) for key, shown in path]


def _word(key: str, shown: str, *, genitive: bool, loose: bool) -> OneWord:
    marked = _joined(fold_marked(shown)) if has_accent(shown) else ""
    endings = ("", "s", "es") if genitive else ("",)
    fit = fold_loose if loose else str
    return OneWord(
        keys=tuple(fit(key + ending) for ending in endings),
        marked=tuple(fit(marked + ending) for ending in endings) if marked else (),
        prefix=_HANGUL[0] <= key[-1] <= _HANGUL[1],
        loose=loose,
    )


def _phrase(text: str, *, loose: bool) -> list[Step]:
    steps: list[Step] = []
    for chunk in chunks(text):
        steps += _wild(chunk, loose=loose) if has_wildcard(chunk) else _words(chunk, genitive=False, loose=loose)
    return steps


def _wild(text: str, *, loose: bool) -> list[Step]:
    if is_spaceless(text):  # they match inside runs anyhow
        return _words(text.strip("*"), genitive=False, loose=loose)
    shown = _joined(surface(text).text)
    marked = has_accent(shown)
    folder = fold_marked if marked else fold
    pieces = tuple(_piece(piece, folder) for piece in re.split(r"\*+", shown))
    if not loose:
        return [Pattern(pieces, marked=marked)]
    loosened = tuple(tuple(part and fold_loose(part) for part in piece) for piece in pieces)
    return [Pattern(pieces, marked=marked, loose=Pattern(loosened, marked=marked, loosen=True))]


def _piece(piece: str, folder: Callable[[str], str]) -> tuple[str | None, ...]:
    return tuple(None if part == "?" else folder(part) for part in re.split(r"(\?)", piece) if part)


def _verbatim(text: str) -> list[Step]:
    return [Verbatim(shown, key) for key, shown in longest_path(text)]


def _joined(word: str) -> str:
    return word.replace("-", "").replace("'", "")


def _bare(literal: str) -> str:
    """A literal as the folded words hold it, without accents."""
    return fold(literal)


def _longest(paths: set[Edge]) -> list[Edge]:
    """Without those inside another; of `Bahn*` in Bahn-Chef the whole word is left."""
    found: list[Edge] = []
    for edge in sorted(paths, key=lambda path: (path[0], -path[1])):
        if not found or edge[1] > found[-1][1]:
            found.append(edge)
    return found


def _glob(pieces: list[str], word: str) -> bool:
    """Whether `word` is the pieces with anything between them; linear."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return word == first
    if not word.startswith(first) or not word.endswith(last) or len(word) < len(first) + len(last):
        return False
    at, stop = len(first), len(word) - len(last)
    for piece in pieces[1:-1]:
        at = word.find(piece, at, stop)
        if at < 0:
            return False
        at += len(piece)
    return at <= stop


def _glob_units(pieces: tuple[tuple[str | None, ...], ...], units: list[str]) -> bool:
    """Like `_glob`, where `None` stands for exactly one unit."""
    word = "".join(units)
    ends: dict[int, int] = {}
    at = 0
    for unit in units:
        ends[at] = at = at + len(unit)
    at = _fit(pieces[0], word, 0, ends)
    if len(pieces) == 1 or at < 0:
        return at == len(word)
    for piece in pieces[1:-1]:
        at = next((end for p in range(at, len(word) + 1) if (end := _fit(piece, word, p, ends)) >= 0), -1)
        if at < 0:
            return False
    return any(_fit(pieces[-1], word, p, ends) == len(word) for p in range(at, len(word) + 1))


def _fit(piece: tuple[str | None, ...], word: str, at: int, ends: dict[int, int]) -> int:
    """Where `piece` ends if it stands at `at`, or -1."""
    for part in piece:
        if part is None:
            if at not in ends:
                return -1
            at = ends[at]
        elif word.startswith(part, at):
            at += len(part)
        else:
            return -1
    return at


@cache
def _stretch() -> re.Pattern[str]:
    from smwatch.text.surface import marks  # noqa: PLC0415 - computed at first use only

    return re.compile(rf"(?:[^\W_]|[{marks()}])+")
