"""Several items in one buffer: their fields one behind the other, as text and in plain form, to be scanned in one go.

A place in the buffer is a place in the text. `compounds` holds the parts of Car-Sharing and Siemens’ once more, joined.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from smwatch.query.compiled import COMPOUNDS
from smwatch.text import tokenise
from smwatch.text.plain import GLUE, JOINING, ODD, SPACE, plain, plain_key
from smwatch.text.tokens import LONGEST_RUN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.text import Tokens

_BETWEEN = "\n"  # fields: white space, so that nothing reaches over
_LONGEST = 120  # characters of one word beside a match; longer ones are read with their whole field
_ASCII_GLUE = "'-`"
_ODD = bytes([ODD])


Around = tuple[int, int, list[int]]  # start, end, and where each word between begins


class Words(Protocol):
    """The words of a plain form, to be asked again and again."""

    def find(self, literal: bytes, low: int, high: int) -> list[int] | None:
        """Where a literal stands between two places; None where it is more or less than a word between blanks."""

    def alone(self, literals: tuple[bytes, ...], low: int, high: int) -> list[tuple[int, int]] | None:
        """Where these words, each between blanks, stand between two places; None: one needs a closer look."""

    def around(self, edges: list[tuple[int, int]], reach: int, low: int, high: int) -> list[Around] | None:
        """See `Sheet.around`; in places of the sheet."""


@dataclass(slots=True)
class Stretch:
    """A field of an item: `low` to `high` in the buffer; `odd` where it has to be read word by word.

    `looks` counts the places that were looked at closely.
    """

    owner: int
    name: str
    low: int
    high: int
    odd: bool
    looks: int = 0


@dataclass(slots=True)
class Compounds:
    """Joined spellings, each between spaces: where each begins in `buffer`, and `at` what place of the text.

    `ends` is where it ends there if it is all that signs join around it; else 0.
    """

    buffer: bytes
    starts: list[int]
    at: list[int]
    ends: list[int]

    def place(self, start: int) -> tuple[int, int]:
        """A part of the text that the compound at `start` of the buffer holds."""
        low = self.at[bisect_right(self.starts, start) - 1]
        return low, low + 1

    def extent(self, low: int, high: int) -> tuple[int, int]:
        """The part of the buffer that belongs to the text from `low` to `high`, with the blanks around."""
        first, last = bisect_left(self.at, low), bisect_left(self.at, high)
        if first == last:
            return 0, 0
        return self.starts[first] - 1, self.starts[last] if last < len(self.starts) else len(self.buffer)


class Sheet:
    """The fields of some items, given as (owner, name, text) in the order of the owners, which are numbers from 0."""

    def __init__(self, fields: Sequence[tuple[int, str, str]], owners: int = 1, *, compiled: bool = True) -> None:
        self.text = _BETWEEN.join(["", *[text for _, _, text in fields], ""])
        quick = COMPOUNDS if compiled else None
        laid: tuple[bytes, Sequence[int]] = quick.laid(self.text) if quick else (plain(self.text), ())
        self.plain, links = laid
        self.starts: list[int] = []
        self.stretches: list[Stretch] = []
        self.parts: list[list[Stretch]] = [[] for _ in range(owners)]
        odd = ODD in self.plain
        low = 1
        for owner, name, text in fields:
            high = low + len(text)
            is_odd = odd and self.plain.find(_ODD, low, high) >= 0
            self.starts.append(low)
            stretch = Stretch(owner, name, low, high, is_odd)
            self.stretches.append(stretch)
            self.parts[owner].append(stretch)
            low = high + 1
        self.odd = {stretch.owner for stretch in self.stretches if stretch.odd} if odd else set()  # owners
        self.words: Words | None = None  # the words of the plain form, where a sieve knows them
        self.parted: set[int] = set()  # where parts of Car-Sharing begin that are words by themselves
        self.compounds = Compounds(*(quick.joined(self, links) if quick else self.joined()))

    def holds(self, owner: int, literals: Iterable[bytes]) -> bool:
        """Whether one of the literals stands in a field of an item, or in a compound of it; True where one is odd."""
        low, high = self.parts[owner][0].low - 1, self.parts[owner][-1].high + 1
        return any(self.find(it, low, high) for it in literals) or self.holds_joined(owner, literals)

    def find(self, literal: bytes, low: int, high: int) -> list[int]:
        """Where a literal stands in the plain form between two places."""
        found = self.words.find(literal, low, high) if self.words else None
        return list(_places(self.plain, literal, low, high)) if found is None else found

    def around(self, stretch: Stretch, edges: list[tuple[int, int]], reach: int) -> list[Around] | None:
        """Parts of a field that hold `reach` whole words on either side of each of `edges`; None: not clear."""
        return self.words.around(edges, reach, stretch.low, stretch.high) if self.words else None

    def holds_joined(self, owner: int, literals: Iterable[bytes]) -> bool:
        """The same where none stands in the text itself."""
        if owner in self.odd:
            return True
        if not self.compounds.at:
            return False
        low, high = self.parts[owner][0].low - 1, self.parts[owner][-1].high + 1
        return _any_in(self.compounds.buffer, literals, *self.compounds.extent(low, high))

    def give_up(self, stretch: Stretch) -> None:
        """Have a field read word by word."""
        stretch.odd = True
        self.odd.add(stretch.owner)

    def stretch(self, at: int) -> Stretch:
        """The field that holds the place `at`."""
        return self.stretches[self._number(at)]

    def _number(self, at: int) -> int:
        return bisect_right(self.starts, at) - 1

    def is_word(self, start: int, end: int) -> bool:
        """Whether the letters from `start` to `end`, between blanks of the plain form, are surely a word by themselves.

        Either nothing touches them, or they are a part of Car-Sharing.
        """
        if self.text[start - 1] not in JOINING and self.text[end] not in JOINING:
            return True
        return start in self.parted or self.stands_alone(start, end)

    def stands_alone(self, start: int, end: int) -> bool:
        """Whether the letters from `start` to `end` are a word by themselves, and no part of a longer one.

        False where that needs a closer look.
        """
        if not (self.ends_before(start) and self.ends_behind(end)):
            return False
        return self.text[end] != "#" or end - start > 1

    def ends_before(self, start: int) -> bool:
        """Whether the sign in front of the letters at `start` surely joins nothing to them."""
        sign = self.text[start - 1]
        if sign not in JOINING:
            return True
        before = start - 2
        return sign not in "@#$_" and (before < 0 or (self.plain[before] == SPACE and self.text[before] != "_"))

    def ends_behind(self, end: int) -> bool:
        """Whether the sign behind the letters that end at `end` surely joins nothing to them."""
        sign = self.text[end]
        if sign not in JOINING:
            return True
        behind = end + 1
        if sign == "_" or behind == len(self.text):
            return sign != "_"
        return self.plain[behind] == SPACE and self.text[behind] != "_" and self.text[end : end + 2] != "++"

    def letters(self, start: int, end: int) -> tuple[int, int]:
        """The whole run of letters and digits around a place."""
        return self.plain.rfind(b" ", 0, start + 1) + 1, self.plain.find(b" ", end - 1)

    def chunk(self, start: int, end: int) -> tuple[int, Tokens] | None:
        """What stands around `start` to `end` up to white space: where it begins, and its words; None if too long."""
        around = self._around(start, end)
        return None if around is None else (around[0], words_of(around[1]))

    def _around(self, start: int, end: int) -> tuple[int, str] | None:
        low = max(start - _LONGEST, 0)
        before = self.text[low:start]
        head = before.split()[-1] if before and not before[-1].isspace() else ""
        behind = self.text[end : end + _LONGEST]
        tail = behind.split(None, 1)[0] if behind and not behind[0].isspace() else ""
        if len(head) == _LONGEST or len(tail) == _LONGEST:
            return None
        first = start - len(head)
        return first, self.text[first : end + len(tail)]

    # compounds

    def joined(self) -> tuple[bytes, list[int], list[int], list[int]]:
        """The joined spellings, each between blanks; where each begins there, where in the text, and ends."""
        starts: list[int] = []
        at: list[int] = []
        ends: list[int] = []
        pieces: list[bytes] = [b""]
        length = 1
        for low, end, spelling in self._joined():
            starts.append(length)
            at.append(low)
            ends.append(end)
            pieces.append(spelling)
            length += len(spelling) + 1
        return b" ".join([*pieces, b""]), starts, at, ends

    def _joined(self) -> Iterator[tuple[int, int, bytes]]:
        form, text, done = self.plain, self.text, 0
        for at in self.glued():
            if at < done:
                continue
            low, end = form.rfind(b" ", 0, at) + 1, form.find(b" ", at + 1)
            if text[low - 1] not in JOINING and text[end] not in JOINING:  # two parts and nothing else: by far the most
                self.parted |= {low, at + 1}
                yield low, end, form[low:at] + form[at + 1 : end]
                continue
            low, runs, done = self.tangle(at)
            for run in runs:
                yield low, 0, run

    def tangle(self, at: int) -> tuple[int, Sequence[bytes], int]:
        """What signs join around the hyphen at `at`: where it begins, its joined spellings, and where it ends."""
        low, parts, end = self._chain(at)
        if len(parts) <= LONGEST_RUN and self.ends_before(low) and self.ends_behind(end):
            return low, _runs(parts), end
        around = self._around(at, at + 1)  # very many parts, or other signs between them: what the exact reading finds
        if around is None:
            stretch = self.stretches[self._number(at)]
            self.give_up(stretch)
            return at, [], stretch.high
        first, chunk = around
        return first, _wide(chunk), first + len(chunk)

    def _chain(self, at: int) -> tuple[int, list[bytes], int]:
        """The parts that hyphens join around the one at `at`: where they begin, their letters, where they end."""
        form, text = self.plain, self.text
        low = form.rfind(b" ", 0, at) + 1
        parts, end = [form[low:at]], at
        while end < len(form) - 1 and text[end] in GLUE and form[end + 1] != SPACE:
            start, end = end + 1, form.find(b" ", end + 1)
            parts.append(form[start:end])
        return low, parts, end

    def glued(self) -> list[int]:
        """Where a hyphen or apostrophe stands between two letters, in order."""
        text, form = self.text, self.plain
        found: list[int] = []
        for sign in GLUE if not text.isascii() else _ASCII_GLUE:
            at = text.find(sign, 1)
            while at >= 0:
                if form[at - 1] != SPACE and at + 1 < len(form) and form[at + 1] != SPACE:
                    found.append(at)
                at = text.find(sign, at + 1)
        found.sort()
        return found


def _places(form: bytes, literal: bytes, low: int, high: int) -> Iterator[int]:
    found = form.find(literal, low, high)
    while found >= 0:
        yield found
        found = form.find(literal, found + 1, high)


def _any_in(form: bytes, literals: Iterable[bytes], low: int, high: int) -> bool:
    for literal in literals:  # noqa: SIM110 - a generator takes twice as long here
        if form.find(literal, low, high) >= 0:
            return True
    return False


@lru_cache(maxsize=1 << 12)
def _wide(chunk: str) -> Sequence[bytes]:
    """The words of several parts, remembered."""
    return [
        plain_key(key) for key, edges in words_of(chunk).edges.items() if any(end - start > 1 for start, end in edges)
    ]


def _runs(parts: list[bytes]) -> list[bytes]:
    """Every run of two parts or more, joined."""
    if len(parts) == 2:  # noqa: PLR2004 - by far the most
        return [b"".join(parts)]
    places = range(len(parts) + 1)
    return [b"".join(parts[first:last]) for first in places for last in places if last - first > 1]


@lru_cache(maxsize=1 << 12)
def words_of(chunk: str) -> Tokens:
    """The words of a short piece of text, remembered."""
    return tokenise(chunk)
