"""Terms that do nothing because another one finds all that they find: `bahn OR bahn*`, `niño NOT nino`.

A warning, never an error. A term is held to be covered where every spelling of it that a text may have is found by the
other one, so a warning is right; not every needless term is seen.
"""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING

from smwatch.i18n import text
from smwatch.query.steps import globbed
from smwatch.query.syntax import (
    LEAVES,
    And,
    Exact,
    Fuzzy,
    In,
    Lang,
    ListOf,
    Not,
    Or,
    Phrase,
    Remark,
    Site,
    Variants,
    Wild,
    Word,
    parts,
)
from smwatch.query.terms import compile_term, has_wildcard, is_inflected
from smwatch.text import fold, surface, tokenise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.query.syntax import Leaf, Node, Query
    from smwatch.query.terms import Term
    from smwatch.text import Tokens

MOST_PAIRS = 20_000
MOST_TERMS = 400  # of one OR-list that are held against each other


def covered(query: Query) -> tuple[Remark, ...]:
    """A remark for each term that another one covers, in reading order."""
    return tuple(_Cover(query).remarks(query.root, ""))


class _Cover:
    """Judges the terms of one query."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self._terms: dict[tuple[Leaf, bool], Term] = {}
        self._samples: dict[tuple[Leaf, bool], list[Tokens]] = {}

    def remarks(self, node: Node, scope: str) -> Iterator[Remark]:
        match node:
            case Or():
                yield from self._needless(node, scope)
            case And():
                yield from self._excluded(node, scope)
            case In():
                scope = node.name
            case ListOf():
                return  # the words of a list are shared: what is needless here may count elsewhere
        for part in parts(node):
            yield from self.remarks(part, scope)

    def _needless(self, node: Or, scope: str) -> Iterator[Remark]:
        terms = list(_terms(node.children, scope))[:MOST_TERMS]
        wider = _Wider(self, [(term, where) for term, where in terms])
        for number, (term, where) in enumerate(terms):
            other = wider.of(number, term, where)
            if other is not None:
                shown = f"{where}:{term}" if where else str(term)
                sentence = text("{term} changes nothing: {other} finds all of it", term=shown, other=str(other))
                yield Remark(sentence, term.spot)

    def _excluded(self, node: And, scope: str) -> Iterator[Remark]:
        refused = [
            found for child in node.children if isinstance(child, Not) for found in _alternatives(child.child, scope)
        ]
        wanted = [found for child in node.children if not isinstance(child, Not) for found in _single(child, scope)]
        for (term, where), (other, there) in islice(product(wanted, refused), MOST_PAIRS):
            if _reaches(there, where) and self.covers(other, term, there, where):
                sentence = text(
                    "this never matches: every {term} is also {other}, which is excluded",
                    term=str(term),
                    other=str(other),
                )
                yield Remark(sentence, term.spot)

    def covers(self, wide: Node, narrow: Node, there: str, where: str) -> bool:
        """Whether `wide`, in the field `there`, holds wherever `narrow` does in `where`."""
        match wide, narrow:
            case Site(), Site():
                return narrow.text == wide.text or narrow.text.endswith("." + wide.text)
            case Lang(), Lang():
                return narrow.text == wide.text or narrow.text.startswith(wide.text + "-")
        if isinstance(wide, LEAVES) and isinstance(narrow, LEAVES):
            return self._covers_term(wide, narrow, there, where)
        return wide == narrow

    def _covers_term(self, wide: Leaf, narrow: Leaf, there: str, where: str) -> bool:
        if isinstance(narrow, Wild):
            return isinstance(wide, Wild) and _wild_covers(wide.text, narrow.text)
        if isinstance(narrow, Fuzzy | Variants) or (isinstance(narrow, Phrase) and has_wildcard(narrow.text)):
            return wide == narrow
        if isinstance(wide, Exact) and not isinstance(narrow, Exact):
            return False
        return all(self.term(wide, there).edges(tokens) for tokens in self.samples(narrow, where))

    def term(self, leaf: Leaf, scope: str) -> Term:
        """A leaf, compiled."""
        key = leaf, bool(scope)
        if key not in self._terms:
            loose = self.query.umlauts == "loose"
            self._terms[key] = compile_term(leaf, inflect=self.query.inflect, loose=loose, in_field=bool(scope))
        return self._terms[key]

    def samples(self, leaf: Leaf, scope: str) -> list[Tokens]:
        """Texts that hold nothing but `leaf`, one for each way it may be written."""
        key = leaf, bool(scope)
        if key not in self._samples:
            genitive = self.query.inflect and not scope
            self._samples[key] = [tokenise(sample) for sample in spellings(leaf, genitive=genitive)]
        return self._samples[key]


class _Wider:
    """The terms of one OR-list, ready to be asked for one that covers another."""

    def __init__(self, cover: _Cover, terms: Sequence[tuple[Node, str]]) -> None:
        self.cover = cover
        self.terms = terms
        self._compiled = {
            number: cover.term(term, where) for number, (term, where) in enumerate(terms) if isinstance(term, LEAVES)
        }
        self._by_word: dict[str, list[int]] = {}
        self._others: list[int] = []
        for number in range(len(terms)):
            anchor = self._compiled[number].anchor() if number in self._compiled else None
            if anchor is None or anchor.part or not anchor.words:
                self._others.append(number)
            else:
                for word in anchor.words:
                    self._by_word.setdefault(word, []).append(number)

    def of(self, number: int, term: Node, where: str) -> Node | None:
        """Another term that covers this one; of two that cover each other, the later one is needless."""
        for other in self._candidates(number, term, where):
            wide, there = self.terms[other]
            if other == number or not _reaches(there, where) or not self.cover.covers(wide, term, there, where):
                continue
            back = there == where and self.cover.covers(term, wide, where, there)
            if not back or other < number:
                return wide
        return None

    def _candidates(self, number: int, term: Node, where: str) -> list[int]:
        if not isinstance(term, LEAVES):
            return self._others
        words = {word for tokens in self.cover.samples(term, where)[:1] for word in tokens.edges}
        found = {other for word in words for other in self._by_word.get(word, ())}
        return sorted({*found, *self._others} - {number})


def _reaches(there: str, where: str) -> bool:
    """Whether what is looked for in the field `there` (or in none) is also looked for in `where`."""
    return there == where or (not there and where != "author")


def spellings(leaf: Leaf, *, genitive: bool) -> list[str]:
    """How a text may write what `leaf` finds."""
    shown = surface(leaf.text).text
    if isinstance(leaf, Exact) and leaf.cased:
        return [shown]
    found = [shown, shown.lower(), shown.upper()]
    if isinstance(leaf, Exact):
        return found
    found += [" ".join(fold(word) or word for word in shown.split()), shown.replace("-", "").replace("'", "")]
    if genitive and isinstance(leaf, Word) and is_inflected(leaf.text):
        found += [f"{shown}s", f"{shown}es"]
    return list(dict.fromkeys(found))


def _wild_covers(wide: str, narrow: str) -> bool:
    """Whether what `narrow` stands for is always inside `wide`: a * of the one must be under a * of the other."""
    if "?" in wide or "?" in narrow:
        return wide == narrow
    pieces = [fold(piece) for piece in wide.split("*")]
    return globbed(pieces, "\n".join(fold(piece) for piece in narrow.split("*")))


def _terms(nodes: Iterable[Node], scope: str) -> Iterator[tuple[Node, str]]:
    """The single terms and conditions of an OR-list, with the field they are looked for in."""
    for node in nodes:
        match node:
            case In():
                yield from _terms((node.child,), node.name)
            case Or():
                continue  # judged by itself
            case _ if isinstance(node, (*LEAVES, Site, Lang)):
                yield node, scope


def _alternatives(node: Node, scope: str) -> Iterator[tuple[Node, str]]:
    if isinstance(node, Or):
        for child in node.children:
            yield from _alternatives(child, scope)
    else:
        yield from _single(node, scope)


def _single(node: Node, scope: str) -> Iterator[tuple[Node, str]]:
    if isinstance(node, In):
        yield from _single(node.child, node.name)
    elif isinstance(node, (*LEAVES, Site, Lang)):
        yield node, scope
