"""How terms are looked for in plain forms: which word first, in which spellings, and what must stand beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from smwatch.query.steps import OneWord, Pattern, Verbatim
from smwatch.text import fold
from smwatch.text.plain import partial, variants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smwatch.query.steps import Step
    from smwatch.query.terms import Term


_MOST_SPELLINGS = 8  # on one side of a phrase's anchor


class Plain(IntEnum):
    """What a node of a plain tree is: a word, AND, OR, NOT over nodes, or NEAR of two words."""

    TERM = 0
    ALL = 1
    ANY = 2
    NEVER = 3
    NEAR = 4


# a query of words alone: (TERM, literals, shown), (ALL | ANY, nodes), (NEVER, node),
# (NEAR, word, word, words between, whether in order, words around one that are read for the other)
PlainTerm = tuple[Plain, tuple[bytes, ...], str]
PlainNear = tuple[Plain, PlainTerm, PlainTerm, int, bool, int]
PlainNode = PlainTerm | PlainNear | tuple[Plain, tuple["PlainNode", ...]] | tuple[Plain, "PlainNode"]


@dataclass(frozen=True, slots=True)
class Probe:
    """How one step of a term is looked for: `literals` in plain form, of which each match holds one.

    `is_word`: they are whole words between blanks, and each, as it stands, is the step. `any_word`: every word that
    holds a literal, as it stands, is the step (`Bahn*`).
    """

    step: Step
    literals: tuple[bytes, ...]
    is_word: bool = False
    any_word: bool = False

    @property
    def words(self) -> tuple[bytes, ...]:
        """The plain forms of a whole word; none where the step is more than one word as it stands."""
        return tuple(literal[1:-1] for literal in self.literals) if self.is_word else ()

    def holds(self, word: bytes) -> bool:
        """Whether a word's plain form is one of them."""
        return b" %b " % word in self.literals

    @property
    def accented(self) -> bool:
        """Whether the text must carry accents that its plain form does not show."""
        return bool(getattr(self.step, "marked", ()))

    def rarity(self, counts: Mapping[bytes, int]) -> tuple[bool, int, int]:
        """Words before parts, words of few queries before those of many, then the longer one; only for speed."""
        longest = max(self.literals, key=len)
        return self.is_word, -counts.get(longest, 0), len(longest)


def probe(step: Step) -> Probe | None:
    """The probe of a step; None where only the exact reading finds it."""
    match step:
        case OneWord() if not step.loose and not step.prefix:
            return _word_probe(step, step.keys)
        case Verbatim():
            return _word_probe(step, (step.key,))
        case Pattern() if step.loose is None and not step.loosen:
            return _pattern_probe(step)
    return None


def probes(term: Term) -> tuple[Probe, ...] | None:
    """The probes of a term's steps; None where only the exact reading finds the term."""
    found = [probe(step) for step in term.steps]
    return None if any(one is None for one in found) else tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class Route:
    """A term as it is looked for: first its `anchor`, then what stands before it (from near to far) and behind it."""

    term: Term
    anchor: Probe
    before: tuple[Probe, ...]
    behind: tuple[Probe, ...]
    is_word: bool  # it is there where its anchor stands alone
    is_wide: bool  # it has wildcards, so that places may lie inside each other
    last: frozenset[int] = frozenset()  # letters that the word before the anchor may end with; empty: any
    first: frozenset[int] = frozenset()  # letters that the word behind it may begin with
    heads: tuple[bytes, ...] = ()  # all that may stand before the anchor, and behind it, with blanks around;
    tails: tuple[bytes, ...] = ()  # empty where that is too much, or where one of the words is no plain word


def route(term: Term, counts: Mapping[bytes, int]) -> Route | None:
    """The route of a term; None where only the exact reading finds it. `counts`: how many terms hold a literal."""
    ways = probes(term)
    if ways is None:
        return None
    known = max(range(len(ways)), key=lambda number: ways[number].rarity(counts))
    anchor = ways[known]
    straight = len(ways) > 1 and all(way.is_word and not way.accented for way in ways)
    return Route(
        term,
        anchor,
        before=tuple(reversed(ways[:known])),
        behind=ways[known + 1 :],
        is_word=anchor.is_word and len(ways) == 1 and not anchor.accented,
        is_wide=any(isinstance(step, Pattern) for step in term.steps),
        last=_one(frozenset(word[-1] for way in ways[:known][-1:] for word in way.words)),
        first=_one(frozenset(word[0] for way in ways[known + 1 :][:1] for word in way.words)),
        heads=_spelled(ways[:known]) if straight else (),
        tails=_spelled(ways[known + 1 :]) if straight else (),
    )


@lru_cache(maxsize=1024)
def _one(letters: frozenset[int]) -> frozenset[int]:
    """One set for all that are equal: each takes 216 bytes, and most phrases have the same few."""
    return letters


def _spelled(ways: Sequence[Probe]) -> tuple[bytes, ...]:
    """The words in all their spellings, with single blanks between and around; none where there are too many."""
    if prod(len(way.words) for way in ways) > _MOST_SPELLINGS:
        return ()
    return tuple(
        b" ".join((b"", *words, b"")) if words else b" " for words in product(*(sorted(way.words) for way in ways))
    )


def _word_probe(step: Step, keys: Iterable[str]) -> Probe | None:
    bare = [key.lstrip("#@$") for key in keys]
    spelled = [variants(key) for key in bare]
    if any(row is None for row in spelled):
        parts = [partial(key) for key in bare]
        return Probe(step, tuple(literal for part in parts for literal in part)) if all(parts) else None
    words = dict.fromkeys(word for row in spelled for word in row or ())
    whole = isinstance(step, OneWord) and all(key.isalnum() for key in step.keys)
    return Probe(step, tuple(b" %b " % word for word in words), is_word=whole)


def _pattern_probe(step: Pattern) -> Probe | None:
    best: list[bytes] | None = None
    for number, piece in enumerate(step.pieces):
        for place, part in enumerate(piece):
            if not part or not (bare := fold(part.lstrip("#@$"))):
                continue
            left = number == 0 and place == 0
            right = number == len(step.pieces) - 1 and place == len(piece) - 1
            spelled = variants(bare, left=left, right=right)
            if spelled is not None:
                literals = [b" " * left + one + b" " * right for one in spelled]
                best = literals if best is None or len(literals[0]) > len(best[0]) else best
    parts = [part for piece in step.pieces for part in piece if part != ""]
    any_word = not step.marked and len(parts) == 1 and parts[0] is not None and parts[0].isalnum()
    return Probe(step, tuple(best), any_word=any_word) if best else None
