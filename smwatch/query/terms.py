"""Terms: what is looked for in a text, compiled once into steps that follow each other directly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from smwatch.query.steps import SIGNS, Anchor, OneWord, Pattern, Similar, Spellings, Step, Verbatim, paths
from smwatch.query.syntax import Exact, Fuzzy, Leaf, Phrase, Variants, Wild, Word
from smwatch.text import Edge, fold, fold_loose, fold_marked, has_accent, is_spaceless, surface, tokenise, word_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from smwatch.text import Tokens

_STAR_LETTERS = 3  # beside a star
_HANGUL = ("\uac00", "\ud7a3")
_WIDE = (Pattern, Similar, Spellings)
_FIRST_OTHER = "\u02b0"  # below are Latin letters only: one word, as it stands
MOST_PARTS = 7  # of a term with spelling variants
MOST_LETTERS = 200  # of such a term: a word may be divided at each


@dataclass(frozen=True, slots=True)
class Term:
    """A leaf of a query, compiled: steps that follow each other directly."""

    steps: tuple[Step, ...]
    shown: str

    def edges(self, tokens: Tokens) -> list[Edge]:
        """Every place in the text, as the edge from its start to its end; in order.

        Wildcards and fuzzy words take the whole word: of theirs, none stands inside another.
        """
        found = paths(self.steps, tokens)
        return _longest(found) if any(isinstance(step, _WIDE) for step in self.steps) else sorted(found)

    @property
    def longest(self) -> int:
        """How many words of a text it may take at the most."""
        rows = [row for step in self.steps if isinstance(step, Spellings) for row in step.rows]
        return max(len(self.steps), *(len(row) for row in rows)) if rows else len(self.steps)

    def anchor(self) -> Anchor:
        """The rarest word that a text must have."""
        return max((step.anchor() for step in self.steps), key=lambda anchor: anchor.rarity)


def compile_term(leaf: Leaf, *, inflect: bool, loose: bool, in_field: bool = False) -> Term:
    """The term of a leaf; `in_field` words have no genitive."""
    match leaf:
        case Exact():
            return Term(tuple(_verbatim(leaf.text, uncased=not leaf.cased)), leaf.text)
        case Phrase():
            return Term(tuple(_phrase(leaf.text, loose=loose)), leaf.text)
        case Wild():
            return Term(tuple(_wild(leaf.text, loose=loose)), leaf.text)
        case Fuzzy():
            return Term((_similar(leaf, loose=loose),), leaf.text)
        case Variants():
            return Term((_spellings(leaf.text, loose=loose),), leaf.text)
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
    if text.isalnum() and (text.isascii() or max(text) < _FIRST_OTHER):
        return [(fold(text), text)]
    tokens = tokenise(text)
    best: dict[int, tuple[int, bool, str]] = {}
    for key, edges in tokens.edges.items():
        for start, end in edges:
            rank = (end, key[0] in SIGNS, key)
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


def _words(text: str, *, genitive: bool, loose: bool) -> list[OneWord]:
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


def _wild(text: str, *, loose: bool) -> Sequence[Step]:
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


def _verbatim(text: str, *, uncased: bool) -> list[Step]:
    return [Verbatim(shown, key, uncased) for key, shown in longest_path(text)]


def _similar(leaf: Fuzzy, *, loose: bool) -> Similar:
    key = "".join(key for key, _ in longest_path(leaf.text))
    return Similar(fold_loose(key) if loose else key, leaf.edits, loose)


def variant_parts(text: str) -> list[str]:
    """The parts that spelling variants join, hyphenate or part: what spaces and hyphens divide."""
    return [part for chunk in chunks(text) for part in surface(chunk).text.split("-") if part]


def _spellings(text: str, *, loose: bool) -> Spellings:
    """Every way to join neighbours; a single word may also be divided anywhere."""
    parts = variant_parts(text)
    if len(parts) == 1 and not is_spaceless(text):
        whole = parts[0]
        rows = [[whole], *([whole[:at], whole[at:]] for at in range(1, len(whole)))]
    else:
        rows = [_grouped(parts, number) for number in range(2 ** (len(parts) - 1))]
    steps = (tuple(it for part in row for it in _words(part, genitive=False, loose=loose)) for row in rows)
    return Spellings(tuple(row for row in steps if row))


def _grouped(parts: Sequence[str], number: int) -> list[str]:
    """`parts` with a gap kept for each bit of `number` that is set."""
    rows = [parts[0]]
    for at, part in enumerate(parts[1:]):
        if number >> at & 1:
            rows.append(part)
        else:
            rows[-1] += part
    return rows


def _joined(word: str) -> str:
    return word.replace("-", "").replace("'", "")


def _longest(paths: set[Edge]) -> list[Edge]:
    """Without those inside another; of `Bahn*` in Bahn-Chef the whole word is left."""
    found: list[Edge] = []
    for edge in sorted(paths, key=lambda path: (path[0], -path[1])):
        if not found or edge[1] > found[-1][1]:
            found.append(edge)
    return found


@cache
def _stretch() -> re.Pattern[str]:
    from smwatch.text.surface import marks  # noqa: PLC0415 - computed at first use only

    return re.compile(rf"(?:[^\W_]|[{marks()}])+")
