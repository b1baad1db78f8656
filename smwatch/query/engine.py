"""All queries against one item, at a cost that grows with what matches.

Every query names words of which an item must have one (its anchors: the rarest word of each branch). Two indexes turn
an item's words into the queries that may match: a table for whole words, an automaton for parts of words (wildcards).
Only those are evaluated, exactly, by `Program`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.query.document import Document
from smwatch.query.evaluate import Program
from smwatch.text import fold_loose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from smwatch.model import Item, Span
    from smwatch.query.syntax import Query

_BORDER = "\n"  # stands in no word


@dataclass(frozen=True, slots=True)
class Hit:
    """One query that matched an item, with the words that matched."""

    name: str
    spans: tuple[Span, ...]


class Engine:
    """Queries by name, ready to match; built once, then only read."""

    def __init__(self, queries: Mapping[str, Query]) -> None:
        self._names = list(queries)
        self._programs = [Program(query) for query in queries.values()]
        self._strict = _Index()
        self._loose = _Index()
        self._always: list[int] = []
        for number, program in enumerate(self._programs):
            self._add(number, program)
        self._strict.close()
        self._loose.close()

    def match(self, item: Item) -> list[Hit]:
        """Every query that matches `item`, in the order in which the queries were given."""
        return self.match_document(Document(item))

    def match_document(self, document: Document) -> list[Hit]:
        """The same for an item whose words may have been read already."""
        hits = []
        for number in sorted(self._candidates(document)):
            spans = self._programs[number].match(document)
            if spans is not None:
                hits.append(Hit(self._names[number], spans))
        return hits

    def _add(self, number: int, program: Program) -> None:
        anchors = program.anchors()
        if anchors is None or not all(anchor.words for anchor in anchors):
            self._always.append(number)
            return
        for anchor in anchors:
            for word in anchor.words:
                self._strict.add(word, number, part=anchor.part)
                if program.loose:
                    self._loose.add(fold_loose(word), number, part=anchor.part)

    def _candidates(self, document: Document) -> set[int]:
        found = set(self._always)
        if self._strict:
            self._strict.collect(set(document.words()), found)
        if self._loose:
            self._loose.collect(document.loose_words(), found)
        return found


class _Index:
    """From the words of an item to the numbers of queries."""

    def __init__(self) -> None:
        self._whole: dict[str, list[int]] = {}
        self._parts: dict[str, list[int]] = {}
        self._scan: _Scan | None = None

    def __bool__(self) -> bool:
        return bool(self._whole or self._parts)

    def add(self, word: str, number: int, *, part: bool) -> None:
        """`number` may match where `word` is found."""
        (self._parts if part else self._whole).setdefault(word, []).append(number)

    def close(self) -> None:
        """Make ready to be asked."""
        self._scan = _Scan(list(self._parts)) if self._parts else None

    def collect(self, words: set[str], found: set[int]) -> None:
        """Add to `found` what may match an item with these words."""
        whole = self._whole
        for word in words & whole.keys() if len(words) > len(whole) else words:
            if word in whole:
                found.update(whole[word])
        if self._scan:
            for literal in self._scan.literals_in(_BORDER.join(words)):
                found.update(self._parts[literal])


class _Scan:
    """Many literals in one pass; without the compiled package one search each, with the same result."""

    def __init__(self, literals: list[str]) -> None:
        self._literals = literals
        try:
            from ahocorasick_rs import AhoCorasick  # noqa: PLC0415 - the package may be missing
        except ImportError:
            self._automaton = None
        else:
            self._automaton = AhoCorasick(literals)

    def literals_in(self, text: str) -> Iterable[str]:
        """The literals that `text` holds, some of them more than once."""
        if self._automaton is None:
            return [literal for literal in self._literals if literal in text]
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return [self._literals[number] for number, _, _ in found]
