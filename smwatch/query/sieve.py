"""The literals of all queries in one pass over a sheet, and what can be told from a hit at once.

There are two sieves with the same results, one in Python and one compiled (`compiled/sieve.pyx`).
"""

from __future__ import annotations

from bisect import bisect_right
from enum import Enum
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from smwatch.model import Span
from smwatch.query.compiled import COMPOUNDS, SIEVE, TELLING
from smwatch.query.slots import rows_of
from smwatch.query.syntax import TEXT_FIELDS
from smwatch.text.plain import JOINING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.query.routes import PlainNode, Route
    from smwatch.query.sheet import Sheet, Stretch
    from smwatch.query.slots import Slot

Found = dict[int, "list[Span] | None"]  # spans by query; None: to be evaluated
Unclear = tuple["Slot", "Sequence[tuple[int, Route]] | None", "Stretch", int, int]
_NEW: list[Span] = []
_DENSE = 20_000  # literals up to which the larger and quicker automaton is worth its memory
_tuple = tuple.__new__  # makes a named tuple in half the time


class Sieve(Protocol):
    """Literals of plain forms, each with at least one letter, and the slots that they point to."""

    def find(self, form: bytes) -> list[tuple[int, int, int]]:
        """Every literal in `form`, which begins and ends with a blank: its number, start and end (half open)."""

    def sift(self, sheet: Sheet, found: list[Found]) -> list[Unclear]:
        """Tell in `found`, which has a row an item, what surely stands on a sheet.

        What needs a closer look comes back: the slot, the stretch, and the letters from start to end that were hit;
        with terms where only these are not clear, with None where all is open that the slot points to.
        """

    def sift_joined(self, sheet: Sheet, found: list[Found]) -> list[tuple[int, int, int]]:
        """The same for the joined spellings of compounds; what needs a closer look comes back as from `find`."""


class Way(Enum):
    """How texts are matched: from the quickest to the one that needs nothing compiled."""

    COMPILED = "compiled"
    AUTOMATON = "automaton"
    WORDS = "words"


def best_way() -> Way:
    """The quickest one that was installed."""
    if SIEVE and COMPOUNDS and TELLING:
        return Way.COMPILED
    return Way.AUTOMATON if has_automaton() else Way.WORDS


def has_automaton() -> bool:
    """Whether the package is there that looks for many literals in one pass."""
    return find_spec("ahocorasick_rs") is not None


def sieve(literals: list[bytes], slots: list[Slot], plain: dict[int, PlainNode], *, compiled: bool) -> Sieve:
    """One of the two; `plain`: the queries that are nothing but trees of words."""
    made: Sieve = SIEVE.Sieve(literals, slots, plain) if compiled and SIEVE else PlainSieve(literals, slots)
    return made


class PlainSieve:
    """The sieve in Python, over the automaton of a compiled package."""

    def __init__(self, literals: list[bytes], slots: list[Slot]) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation  # noqa: PLC0415 - the package may be missing

        dense = Implementation.DFA if len(literals) <= _DENSE else Implementation.ContiguousNFA
        self._automaton = BytesAhoCorasick(literals, implementation=dense)
        self._slots = slots
        self._rows = rows_of(slots)

    def find(self, form: bytes) -> list[tuple[int, int, int]]:
        """See Sieve."""
        found: list[tuple[int, int, int]] = self._automaton.find_matches_as_indexes(form, overlapping=True)
        return found

    def sift(self, sheet: Sheet, found: list[Found]) -> list[Unclear]:
        """See Sieve: here, words that nothing touches are clear."""
        unclear: list[Unclear] = []
        text, starts, stretches, parted = sheet.text, sheet.starts, sheet.stretches, sheet.parted
        low = high = 0
        for number, first, last in self.find(sheet.plain):
            left, right, query, shown, slot = self._rows[number]
            start, end = first + left, last - right
            if not low <= start < high:
                stretch = stretches[bisect_right(starts, start) - 1]
                low, high, mine, name = stretch.low, stretch.high, found[stretch.owner], stretch.name
            if slot is not None:
                unclear.append((slot, None, stretch, start, end))
            elif (
                (
                    (text[start - 1] in JOINING or text[end] in JOINING)
                    and not (start in parted or sheet.stands_alone(start, end))
                )
                or stretch.odd
                or name not in TEXT_FIELDS
            ):
                unclear.append((self._slots[number], None, stretch, start, end))
            else:
                span = _tuple(Span, (name, start - low, end - low, shown))
                spans = mine.get(query, _NEW)
                if spans is _NEW:
                    mine[query] = [span]
                elif spans is not None:
                    spans.append(span)
        return unclear

    def sift_joined(self, sheet: Sheet, found: list[Found]) -> list[tuple[int, int, int]]:  # noqa: ARG002 - nothing is clear
        """See Sieve."""
        return self.find(sheet.compounds.buffer)
