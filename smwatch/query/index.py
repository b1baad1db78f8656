"""From what an item holds to the queries that may match it.

Every query names words of which an item must have one (its anchors: the rarest word of each branch). `PlainIndex`
looks for all of them in one pass over the plain form of a text; `WordIndex` looks them up in the words of a text that
was read, for texts without a plain form, and for machines without the compiled package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from smwatch.query.sieve import has_automaton, sieve
from smwatch.text import fold_loose, is_emoji
from smwatch.text.plain import SPACE, key_byte, partial, variants

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.query.routes import PlainNode, Route
    from smwatch.query.sheet import Sheet
    from smwatch.query.sieve import Found, Sieve, Unclear
    from smwatch.query.steps import Anchor

_BORDER = "\n"  # stands in no word
_SIGNS = "#@$"


_NONE: list[Any] = []  # shared by all that have none, which are most; never written to
_NO_ROWS: dict[int, Any] = {}  # likewise
Needs = tuple[tuple[bytes, ...], ...]  # of each row, one literal must be there


@dataclass(slots=True)
class Slot:
    """What one literal points to: terms that are looked for by it, with their query, and other queries.

    `words` are terms that are there where the literal stands alone; `terms` are phrases, patterns, words with accents;
    `others` are queries to evaluate, with what else an item must hold. `left` and `right` are the literal's blanks.
    """

    left: int
    right: int
    words: list[tuple[int, Route]] = field(default_factory=lambda: _NONE)
    terms: list[tuple[int, Route]] = field(default_factory=lambda: _NONE)
    others: list[tuple[int, Needs]] = field(default_factory=lambda: _NONE)
    _before: dict[int, list[tuple[int, Route]]] = field(default_factory=lambda: _NO_ROWS)
    _behind: dict[int, list[tuple[int, Route]]] = field(default_factory=lambda: _NO_ROWS)
    _anywhere: list[tuple[int, Route]] = field(default_factory=lambda: _NONE)

    def add_term(self, number: int, way: Route) -> None:
        """Query `number` has a term that is looked for by this literal."""
        if not way.is_word:
            self.terms = _with(self.terms, (number, way))
        elif not self._has_word(number, way.term.shown):
            self.words = _with(self.words, (number, way))

    def add_other(self, number: int, needs: Needs) -> None:
        """Query `number` is to be evaluated where the literal stands; once, however many of its words it is."""
        if not self.others or self.others[-1][0] != number:
            self.others = _with(self.others, (number, needs))

    def close(self) -> None:
        """Sort the terms by the letter that must stand beside the literal."""
        before: dict[int, list[tuple[int, Route]]] = {}
        behind: dict[int, list[tuple[int, Route]]] = {}
        for number, way in self.terms:
            rows, letters = (before, way.last) if way.last else (behind, way.first)
            for letter in letters:
                rows.setdefault(letter, []).append((number, way))
            if not letters:
                self._anywhere = _with(self._anywhere, (number, way))
        self._before, self._behind = before or _NO_ROWS, behind or _NO_ROWS

    def row(self) -> Row:
        """What every hit asks for, close together."""
        if len(self.words) == 1 and not self.terms and not self.others:
            number, way = self.words[0]
            return self.left, self.right, number, way.term.shown, None
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

    def _has_word(self, number: int, shown: str) -> bool:
        mine = takewhile(lambda row: row[0] == number, reversed(self.words))
        return any(way.term.shown == shown for _, way in mine)


def _with(rows: list[Any], row: object) -> list[Any]:
    """`rows` and one more; a list of one's own takes the place of the empty one that is shared."""
    if rows is _NONE:
        return [row]
    rows.append(row)
    return rows


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
            self._slot(literal).add_term(number, way)

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
                self._slot(literal).add_other(number, tuple(it for it in needs if literal not in it))
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
    if all(key_byte(char) == SPACE for char in word):
        return None
    spelled = variants(word, left=not part, right=not part)
    if spelled is None:
        return partial(word, part=part)
    return spelled if part else [b" %b " % literal for literal in spelled]


class WordIndex:
    """Folded words, whole or parts of them."""

    def __init__(self) -> None:
        self._strict = _Words()
        self._loose = _Words()

    def add(self, anchor: Anchor, number: int, *, loose: bool) -> None:
        """`number` may match where one of the anchor's words stands; `loose` for `umlauts = "loose"`."""
        self._strict.add(anchor.words, number, part=anchor.part)
        if loose:
            self._loose.add(map(fold_loose, anchor.words), number, part=anchor.part)

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
        self._whole: dict[str, Sequence[int]] = {}
        self._parts: dict[str, Sequence[int]] = {}
        self._scan: _Characters | None = None

    def __bool__(self) -> bool:
        return bool(self._whole or self._parts)

    def add(self, words: Iterable[str], number: int, *, part: bool) -> None:
        """Most words are those of one query only, which share what points to it."""
        rows, only = self._parts if part else self._whole, (number,)
        for word in words:
            known = rows.setdefault(word, only)
            if isinstance(known, list):
                known.append(number)
            elif known is not only:
                rows[word] = [*known, number]

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
