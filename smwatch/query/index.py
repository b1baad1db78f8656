"""From what an item holds to the queries that may match it.

Every query names words of which an item must have one (its anchors: the rarest word of each branch). `PlainIndex`
looks for all of them in one pass over the plain form of a text; `WordIndex` looks them up in the words of a text that
was read, for texts without a plain form, and for machines without the compiled package.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smwatch.query.sieve import has_automaton, sieve
from smwatch.query.slots import Pointers, Slots
from smwatch.text import fold_loose, is_emoji
from smwatch.text.plain import SPACE, key_byte, partial, variants

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from smwatch.query.routes import PlainNode, Route
    from smwatch.query.sheet import Sheet
    from smwatch.query.sieve import Found, Sieve, Unclear
    from smwatch.query.slots import Needs, Slot
    from smwatch.query.steps import Anchor

_BORDER = "\n"  # stands in no word
_SIGNS = "#@$"


class PlainIndex:
    """Literals of plain forms; filled, closed, then only asked."""

    def __init__(self, *, compiled: bool = True) -> None:
        self._compiled = compiled
        self.slots: list[Slot] = []
        self.plain: dict[int, PlainNode] = {}  # queries that are trees of words
        self.emoji: dict[str, list[int]] = {}
        self._filling = Slots()
        self._sieve: Sieve | None = None
        self._emoji: re.Pattern[str] | None = None

    def add_term(self, number: int, way: Route) -> None:
        """Query `number` is this term, or an OR that holds it."""
        self._filling.add_term(number, way)

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
            self._filling.add_other(literals, number, needs)
        return True

    def close(self) -> None:
        """Make ready to be asked."""
        slots, self._filling = self._filling.made(), Slots()
        self.slots = list(slots.values())
        self._sieve = sieve(list(slots), self.slots, self.plain, compiled=self._compiled) if slots else None
        self._emoji = re.compile(f"[{''.join(map(re.escape, self.emoji))}]") if self.emoji else None

    def sift(self, sheet: Sheet, found: list[Found]) -> list[Unclear]:
        """See `Sieve`."""
        return self._sieve.sift(sheet, found) if self._sieve else []

    def sift_joined(self, sheet: Sheet, found: list[Found]) -> list[tuple[int, int, int]]:
        """See `Sieve`."""
        return self._sieve.sift_joined(sheet, found) if self._sieve else []

    def emoji_in(self, text: str) -> Iterator[tuple[list[int], int]]:
        """Queries that look for an emoji of `text`, and where it stands."""
        if self._emoji is None or text.isascii():
            return
        for found in self._emoji.finditer(text):
            yield self.emoji[found.group()], found.start()


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
        self._whole: Pointers[str, int] = Pointers()
        self._parts: Pointers[str, int] = Pointers()
        self._scan: _Characters | None = None

    def __bool__(self) -> bool:
        return bool(self._whole.rows or self._parts.rows)

    def add(self, words: Iterable[str], number: int, *, part: bool) -> None:
        (self._parts if part else self._whole).add(words, number)

    def close(self) -> None:
        self._scan = _Characters(list(self._parts.rows)) if self._parts.rows else None

    def collect(self, words: set[str], found: set[int]) -> None:
        whole = self._whole.rows
        for word in words & whole.keys() if len(words) > len(whole) else words:
            if word in whole:
                found.update(whole[word])
        if self._scan:
            for literal in self._scan.literals_in(_BORDER.join(words)):
                found.update(self._parts.rows[literal])


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
