"""Single words against the words of one text: exact, with wildcards, verbatim, fuzzy, in spelling variants.

A step finds edges (see smwatch.text.tokens): stretches of atoms that are it. Terms are rows of steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from smwatch.query.edits import closer
from smwatch.text import Edge, fold, fold_loose, fold_marked, letters, surface
from smwatch.text.common import COMMON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.text import Tokens

SIGNS = "#@$"


class Step(Protocol):
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
    def rarity(self) -> tuple[bool, bool, int]:
        """Longer words are rarer, whole words rarer than parts; only a guess, and only for speed."""
        usual = any(word in COMMON for word in self.words)
        return not usual, not self.part, min(map(len, self.words)) if self.words else 0


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
        if self.marked or any(None in piece for piece in self.pieces):
            return [edge for key, edges in tokens.edges.items() for edge in self._fitting(tokens, key, edges)]
        literals, signed = self.literals(), self._is_signed()
        loose = self.loose.literals() if self.loose else None
        found: list[Edge] = []
        for key, edges in tokens.edges.items():
            if (key[0] in SIGNS) is signed and (
                globbed(literals, key) or (loose is not None and globbed(loose, fold_loose(key)))
            ):
                found += edges
        return found

    def literals(self) -> list[str]:
        """The pieces, where they hold no single characters."""
        return ["".join(map(str, piece)) for piece in self.pieces]

    def _is_signed(self) -> bool:
        """Whether it looks for tags or names."""
        return ((self.pieces[0] or ("",))[0] or " ").startswith(tuple(SIGNS))

    def _fitting(self, tokens: Tokens, key: str, edges: Sequence[Edge]) -> list[Edge]:
        """Those of one word's edges that fit; where they are written in ASCII, all do or none."""
        alike: bool | None = None
        found: list[Edge] = []
        for edge in edges:
            if self.marked or not tokens.is_ascii(edge):
                fits = self._fits_anyhow(tokens, key, edge)
            else:
                alike = fits = self._fits_anyhow(tokens, key, edge) if alike is None else alike
            if fits:
                found.append(edge)
        return found

    def _fits_anyhow(self, tokens: Tokens, key: str, edge: Edge) -> bool:
        return self._fits(tokens, key, edge) or (self.loose is not None and self.loose._fits(tokens, key, edge))  # noqa: SLF001 - one of its own kind

    def _fits(self, tokens: Tokens, key: str, edge: Edge) -> bool:
        if (key[0] in SIGNS) is not self._is_signed():
            return False
        seen = tokens.marked.get((key, edge), key) if self.marked else key
        if self.loosen:
            seen = fold_loose(seen)
        if all(None not in piece for piece in self.pieces):
            return globbed(self.literals(), seen)
        if not self.loosen and not self._literals_in(seen):  # loosened, the letters themselves decide
            return False
        return _glob_units(self.pieces, self._units(tokens, edge, key))

    def _literals_in(self, seen: str) -> bool:
        return all(part in seen for piece in self.pieces for part in piece if part)

    def _units(self, tokens: Tokens, edge: Edge, key: str) -> list[str]:
        """The word's characters one by one, folded: ü is one, as "ue"."""
        low, high = tokens.span(edge)
        shown = surface(tokens.text[low:high]).text.replace("-", "").replace("'", "")
        if key[0] not in SIGNS:
            shown = shown.lstrip(SIGNS)
        if not key.endswith(("+", "#")):  # Disney in Disney++
            shown = shown.rstrip("+#")
        folder = fold_marked if self.marked else fold
        units = [unit for unit in map(folder, letters(shown)) if unit]
        word = tokens.marked.get((key, edge), key) if self.marked else key
        if "".join(units) != word:  # a sign at its border that its place leaves out: the _ of @max_
            units = list(word)
        return [fold_loose(unit) if self.loosen else unit for unit in units]

    def anchor(self) -> Anchor:
        """Its longest literal, as part of a word."""
        literals = [part for piece in self.pieces for part in piece if part]
        longest = max(map(fold, literals), key=len, default="")  # nothing, where they are but accents
        return Anchor((longest,) if longest else (), part=True)


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A word exactly so: accents, umlauts, hyphens and, unless `uncased`, case; kinds of apostrophe are equal."""

    text: str
    key: str
    uncased: bool = False

    def edges(self, tokens: Tokens) -> list[Edge]:
        """Where it stands in just this spelling."""
        return [edge for edge in tokens.edges.get(self.key, ()) if self._same(tokens, edge)]

    def _same(self, tokens: Tokens, edge: Edge) -> bool:
        low, high = tokens.span(edge)
        shown, wanted = surface(tokens.text[low:high]).text, self.text
        if self.uncased:
            shown, wanted = shown.lower(), wanted.lower()
        return shown == wanted or (wanted[0] not in SIGNS and shown.lstrip(SIGNS) == wanted)

    def anchor(self) -> Anchor:
        """The word in any spelling."""
        return Anchor((self.key,))


@dataclass(frozen=True, slots=True)
class Similar:
    """Words that differ from `key` by at most `edits` (see smwatch.query.edits)."""

    key: str
    edits: int
    loose: bool = False

    def edges(self, tokens: Tokens) -> list[Edge]:
        """Every word that is close enough."""
        return [edge for key, edges in tokens.edges.items() if self._close(key) for edge in edges]

    def _close(self, key: str) -> bool:
        if key[0] in SIGNS:
            return False
        return closer(self.key, fold_loose(key) if self.loose else key, self.edits)

    def anchor(self) -> Anchor:
        """Its pieces: so many edits leave one of them whole. A swap hits two neighbours, so they do not touch."""
        size = (len(self.key) - self.edits) // (self.edits + 1)
        if size < 1:
            return Anchor((), part=True)
        starts = [number * (size + 1) for number in range(self.edits + 1)]
        pieces = [self.key[start : start + size] for start in starts[:-1]] + [self.key[starts[-1] :]]
        return Anchor(tuple(dict.fromkeys(pieces)), part=True)


@dataclass(frozen=True, slots=True)
class Spellings:
    """Several rows of words of which any will do: "car sharing", "carsharing"."""

    rows: tuple[tuple[OneWord, ...], ...]

    def edges(self, tokens: Tokens) -> list[Edge]:
        """Where one of the rows stands."""
        return [edge for row in self.rows for edge in paths(row, tokens)]

    def anchor(self) -> Anchor:
        """The rarest word of each row."""
        rarest = [max((step.anchor() for step in row), key=lambda anchor: anchor.rarity) for row in self.rows]
        words = dict.fromkeys(word for anchor in rarest for word in anchor.words)
        return Anchor(tuple(words), part=any(anchor.part for anchor in rarest))


def paths(steps: Sequence[Step], tokens: Tokens) -> set[Edge]:
    """Every way through the text on which the steps follow each other directly, as an edge from start to end."""
    found = steps[0].edges(tokens)
    for step in steps[1:]:
        if not found:
            break
        following: dict[int, list[int]] = {}
        for start, end in step.edges(tokens):
            following.setdefault(start, []).append(end)
        found = [(start, after) for start, end in found for after in following.get(end, ())]
    return set(found)


def globbed(pieces: Sequence[str], word: str) -> bool:
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
