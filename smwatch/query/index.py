"""From what an item holds to the queries that may match it.

Every query names words of which an item must have one (its anchors: the rarest word of each branch). `PlainIndex`
looks for all of them in one pass over the plain form of a text; `WordIndex` looks them up in the words of a text that
was read, for texts without a plain form, and for machines without the compiled package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smwatch.query.sieve import has_automaton, sieve
from smwatch.text import fold_loose, is_emoji
from smwatch.text.plain import SPACE, partial, variants

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from smwatch.query.routes import PlainNode, Route
    from smwatch.query.sheet import Sheet
    from smwatch.query.sieve import Found, Sieve, Unclear
    from smwatch.query.steps import Anchor

_BORDER = "\n"  # stands in no word
_SIGNS = "#@$"


_NOTHING: list[object] = []
_NONE: list[tuple[int, Route]] = []  # shared by all that have none; never written to
_EMPTY: dict[str, object] = {
    "words": _NOTHING,
    "routes": _NONE,
    "terms": _NONE,
    "others": _NOTHING,
    "_before": {},
    "_behind": {},
    "_anywhere": _NONE,
}
Needs = tuple[tuple[bytes, ...], ...]  # of each row, one literal must be there


@dataclass(slots=True)
class Slot:
    """What one literal points to: terms that are looked for by it, with their query, and other queries.

    `words` are terms that are there where the literal stands alone, as they are shown, `routes` the same terms where it
    does not; `terms` are phrases, patterns, words with accents; `others` are queries to evaluate, with what else an
    item must hold. `left` and `right` are the literal's blanks.
    """

    left: int
    right: int
    words: list[tuple[int, str]] = field(default_factory=list)
    routes: list[tuple[int, Route]] = field(default_factory=list)
    terms: list[tuple[int, Route]] = field(default_factory=list)
    others: list[tuple[int, Needs]] = field(default_factory=list)
    _before: dict[int, list[tuple[int, Route]]] = field(default_factory=dict)
    _behind: dict[int, list[tuple[int, Route]]] = field(default_factory=dict)
    _anywhere: list[tuple[int, Route]] = field(default_factory=list)

    def close(self) -> None:
        """Sort the terms by the letter that must stand beside the literal."""
        for number, way in self.terms:
            rows, letters = (self._before, way.last) if way.last else (self._behind, way.first)
            for letter in letters:
                rows.setdefault(letter, []).append((number, way))
            if not letters:
                self._anywhere.append((number, way))
        self._let_go()

    def _let_go(self) -> None:
        """Most slots hold one word and nothing else: what is empty is one and the same for all of them."""
        for name, nothing in _EMPTY.items():
            if not getattr(self, name):
                setattr(self, name, nothing)

    def row(self) -> Row:
        """What every hit asks for, close together."""
        if len(self.words) == 1 and not self.terms and not self.others:
            return self.left, self.right, *self.words[0], None
        return self.left, self.right, 0, "", self

    def likely(self, before: int, behind: int) -> list[tuple[int, Route]]:
        """The terms that may be there, by the letters one blank before and behind the literal; SPACE: not known."""
        first = self._anywhere if before != SPACE else self.terms
        if first is self.terms or behind == SPACE:
            return self.terms
        second, third = self._before.get(before), self._behind.get(behind)
        if second is None and third is None:
            return first
        return first + (second or _NONE) + (third or _NONE)


# of a slot: its blanks; the query and the word where it stands for nothing but one word; else the slot itself
Row = tuple[int, int, int, str, "Slot | None"]


class PlainIndex:
    """Literals of plain forms; filled, closed, then only asked."""

    def __init__(self, *, compiled: bool = True) -> None:
        self._compiled = compiled
        self.slots: list[Slot] = []
        self.plain: dict[int, PlainNode] = {}  # queries that are trees of words
        self.emoji: dict[str, list[int]] = {}
        self._numbers: dict[bytes, int] = {}
        self._sieve: Sieve | None = None
        self._emoji: re.Pattern[str] | None = None

    def add_term(self, number: int, way: Route) -> None:
        """Query `number` is this term, or an OR that holds it."""
        for literal in way.anchor.literals:
            slot = self._slot(literal)
            if not way.is_word:
                slot.terms.append((number, way))
            elif (number, way.term.shown) not in slot.words:
                slot.words.append((number, way.term.shown))
                slot.routes.append((number, way))

    def add(self, anchor: Anchor, number: int, needs: Needs) -> bool:
        """`number` may match where one of the anchor's words stands, and what it `needs`.

        False where they have no usable plain form; a word that no plain text can hold needs none.
        """
        for word in anchor.words:
            if is_emoji(word[:1]):
                self.emoji.setdefault(word[0], []).append(number)
                continue
            literals = _literals(word.lstrip(_SIGNS), part=anchor.part)
            if literals is None:
                return False
            for literal in literals:
                row = self._slot(literal).others
                if not row or row[-1][0] != number:
                    row.append((number, tuple(it for it in needs if literal not in it)))
        return True

    def close(self) -> None:
        """Make ready to be asked."""
        for slot in self.slots:
            slot.close()
        self._sieve = (
            sieve(list(self._numbers), self.slots, self.plain, compiled=self._compiled) if self._numbers else None
        )
        self._emoji = re.compile(f"[{''.join(map(re.escape, self.emoji))}]") if self.emoji else None

    def scan(self, form: bytes) -> list[tuple[int, int, int]]:
        """Every literal in `form`: number of its slot, start and end (half open), by their ends."""
        return self._sieve.find(form) if self._sieve else []

    def sift(self, sheet: Sheet, found: list[Found]) -> list[Unclear]:
        """See `Sieve`."""
        return self._sieve.sift(sheet, found) if self._sieve else []

    def emoji_in(self, text: str) -> Iterator[tuple[list[int], int]]:
        """Queries that look for an emoji of `text`, and where it stands."""
        if self._emoji is None or text.isascii():
            return
        for found in self._emoji.finditer(text):
            yield self.emoji[found.group()], found.start()

    def _slot(self, literal: bytes) -> Slot:
        if literal not in self._numbers:
            self._numbers[literal] = len(self.slots)
            self.slots.append(Slot(left=literal.startswith(b" "), right=literal.endswith(b" ")))
        return self.slots[self._numbers[literal]]


def _literals(word: str, *, part: bool) -> list[bytes] | None:
    """What a plain text must hold of a word: nothing at all where only other texts can hold it; None: not known."""
    spelled = variants(word, left=not part, right=not part)
    if spelled is None:
        return partial(word, part=part)
    if not all(literal.strip() for literal in spelled):
        return None
    return spelled if part else [b" %b " % literal for literal in spelled]


class WordIndex:
    """Folded words, whole or parts of them."""

    def __init__(self) -> None:
        self._strict = _Words()
        self._loose = _Words()

    def add(self, anchor: Anchor, number: int, *, loose: bool) -> None:
        """`number` may match where one of the anchor's words stands; `loose` for `umlauts = "loose"`."""
        for word in anchor.words:
            self._strict.add(word, number, part=anchor.part)
            if loose:
                self._loose.add(fold_loose(word), number, part=anchor.part)

    def close(self) -> None:
        """Make ready to be asked."""
        self._strict.close()
        self._loose.close()

    def candidates(self, words: Iterable[str]) -> set[int]:
        """The queries that may match a text with these words."""
        found: set[int] = set()
        known = set(words)
        if self._strict:
            self._strict.collect(known, found)
        if self._loose:
            self._loose.collect({fold_loose(word) for word in known}, found)
        return found


class _Words:
    def __init__(self) -> None:
        self._whole: dict[str, list[int]] = {}
        self._parts: dict[str, list[int]] = {}
        self._scan: _Characters | None = None

    def __bool__(self) -> bool:
        return bool(self._whole or self._parts)

    def add(self, word: str, number: int, *, part: bool) -> None:
        (self._parts if part else self._whole).setdefault(word, []).append(number)

    def close(self) -> None:
        self._scan = _Characters(list(self._parts)) if self._parts else None

    def collect(self, words: set[str], found: set[int]) -> None:
        whole = self._whole
        for word in words & whole.keys() if len(words) > len(whole) else words:
            if word in whole:
                found.update(whole[word])
        if self._scan:
            for literal in self._scan.literals_in(_BORDER.join(words)):
                found.update(self._parts[literal])


class _Characters:
    """The same for words; without the compiled package one search each."""

    def __init__(self, literals: list[str]) -> None:
        self._literals = literals
        self._automaton = None
        if has_automaton():
            from ahocorasick_rs import AhoCorasick  # noqa: PLC0415 - the package may be missing

            self._automaton = AhoCorasick(literals)

    def literals_in(self, text: str) -> Iterable[str]:
        """The literals that `text` holds, some of them more than once."""
        if self._automaton is None:
            return [literal for literal in self._literals if literal in text]
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return [self._literals[number] for number, _, _ in found]
