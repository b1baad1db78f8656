"""What a query means, written as plainly as possible: the judge of the engine in tests and benchmarks.

`judge(query, read(item))` gives the spans of a match, or None. Nothing here is fast, compiled or clever: every word of
a query is held against every word of the text, every place against every other. Only the words of a text (`tokenise`),
its sentences and the folded forms are shared with the engine.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from smwatch.model import Span
from smwatch.query.syntax import (
    CONDITIONS,
    JOINTS,
    LEAVES,
    Address,
    And,
    Compare,
    In,
    Lang,
    ListOf,
    Near,
    Not,
    NotNear,
    Or,
    Range,
    Sentence,
    Site,
    Value,
    Within,
)
from smwatch.testing.oracle_terms import Field, read_field, rows, takes_longest
from smwatch.text import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smwatch.model import Item
    from smwatch.query.syntax import Condition, Leaf, Node, Query
    from smwatch.text import Edge

ORDER = ("title", "lead", "text", "url", "author")
FIELDS = {"": ("title", "lead", "text"), "content": ("text",), "author": ("author", "handle")}


@dataclass(frozen=True, slots=True)
class Reading:
    """An item with its fields read."""

    item: Item
    fields: tuple[Field, ...]

    def of(self, scope: str) -> list[Field]:
        """The fields in which a term under `scope` is looked for; "" is no field in particular."""
        return [field for field in self.fields if field.name in FIELDS.get(scope, (scope,))]


def read(item: Item) -> Reading:
    """`item`, ready to be judged by many queries."""
    author = item.author
    handle = (author.handle or "") if author else ""
    texts = {
        "title": item.title,
        "lead": item.lead,
        "text": item.text,
        "author": (author.name or "") if author else "",
        "handle": handle if handle.startswith("@") or not handle else "@" + handle,
    }
    return Reading(item, tuple(read_field(name, text) for name, text in texts.items()))


def judge(query: Query, reading: Reading) -> tuple[Span, ...] | None:
    """Every span of `query` in reading order, or None where it does not match."""
    return _Judge(query, reading).verdict()


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: its first and last whole word, its characters, and the terms that it is made of."""

    first: int
    last: int
    start: int
    end: int
    marks: frozenset[tuple[int, int, str]]


class _Judge:
    """One query over one item."""

    def __init__(self, query: Query, reading: Reading) -> None:
        self.query = query
        self.reading = reading
        self._found: dict[tuple[Leaf, str, bool], set[Edge]] = {}

    def verdict(self) -> tuple[Span, ...] | None:
        root = _without_not(self.query.root, positive=True)
        if not self.holds(root, ""):
            return None
        return tuple(sorted(set(self.spans(root, "")), key=_reading_order))

    def holds(self, node: Node, scope: str) -> bool:  # noqa: PLR0911 - one for each kind of node
        match node:
            case And():
                return all(self.holds(child, scope) for child in node.children)
            case Or():
                return any(self.holds(child, scope) for child in node.children)
            case Not():
                return not self.holds(node.child, scope)
            case In():
                return self.holds(node.child, node.name)
            case ListOf():
                return self.holds(node.child, scope)
        if isinstance(node, CONDITIONS):
            return _is_so(node, self.reading.item)
        return any(self.places(node, field, scope) for field in self.reading.of(scope))

    def spans(self, node: Node, scope: str) -> Iterator[Span]:  # noqa: C901 - one for each kind of node
        """Where `node`, which holds, was found; only below what holds, and nothing below a NOT."""
        match node:
            case And() | Or():
                for child in node.children:
                    if self.holds(child, scope):
                        yield from self.spans(child, scope)
            case In():
                yield from self.spans(node.child, node.name)
            case ListOf():
                yield from self.spans(node.child, scope)
        if isinstance(node, Site | Address):
            yield from (Span(field="url", start=start, end=end, term=node.text) for start, end in self.in_url(node))
        if isinstance(node, LEAVES + JOINTS):
            for field in self.reading.of(scope):
                if field.name != "handle":  # it is no field of the item that could be shown
                    for place in self.places(node, field, scope):
                        for start, end, term in place.marks:
                            yield Span(field=field.name, start=start, end=end, term=term)

    def in_url(self, node: Site | Address) -> list[tuple[int, int]]:
        url = self.reading.item.url
        if isinstance(node, Address):
            return _in_address(node.text, url) if node.name == "url" else []
        start = url.lower().index(_host(url))
        return [(start, start + len(_host(url)))]

    # places in one field

    def places(self, node: Node, field: Field, scope: str) -> list[Place]:
        """Everything in one field that is `node`: a term, or terms joined by an operator of place."""
        match node:
            case Or():
                return [place for child in node.children for place in self.places(child, field, scope)]
            case ListOf():
                return self.places(node.child, field, scope)
            case Near() | Sentence():
                return [_over(pair) for pair in self.pairs(node, field, scope)]
            case NotNear():
                near = {one for one, _ in self.pairs(Near(node.left, node.right, node.distance), field, scope)}
                return [place for place in self.places(node.left, field, scope) if place not in near]
            case Within():
                rows = itertools.product(*(self.places(child, field, scope) for child in node.children))
                return [_over(row) for row in rows if _together(row, node.distance, field)]
        assert isinstance(node, LEAVES), node
        return [_place(edge, node.text, field) for edge in self.found(node, field, scope)]

    def pairs(self, node: Near | Sentence, field: Field, scope: str) -> Iterator[tuple[Place, Place]]:
        for one in self.places(node.left, field, scope):
            for other in self.places(node.right, field, scope):
                if one.last < other.first or (other.last < one.first and not node.ordered):
                    close = (
                        _together((one, other), node.distance, field)
                        if isinstance(node, Near)
                        else _one_sentence(one, other, field)
                    )
                    if close:
                        yield one, other

    def found(self, leaf: Leaf, field: Field, scope: str) -> set[Edge]:
        """Every stretch of atoms that is `leaf`; of wildcards, fuzzy words and variants only the longest."""
        key = leaf, field.name, bool(scope)
        if key not in self._found:
            self._found[key] = self.look(leaf, field, scope)
        return self._found[key]

    def look(self, leaf: Leaf, field: Field, scope: str) -> set[Edge]:
        stretches: set[Edge] = set()
        for row in rows(leaf, self.query.inflect and not scope, self.query.umlauts == "loose"):
            begun = {said.edge for said in field.said if row[0](said)}
            for is_next in row[1:]:
                following = {said.edge for said in field.said if is_next(said)}
                begun = {(start, after) for start, end in begun for begin, after in following if begin == end}
            stretches |= begun
        if takes_longest(leaf):
            return {one for one in stretches if not any(_inside(one, other) for other in stretches)}
        return stretches


# places


def _place(edge: Edge, term: str, field: Field) -> Place:
    start, end = field.tokens.span(edge)
    words = field.tokens.words
    return Place(words[edge[0]], words[edge[1] - 1], start, end, frozenset({(start, end, term)}))


def _over(row: Sequence[Place]) -> Place:
    return Place(
        min(place.first for place in row),
        max(place.last for place in row),
        min(place.start for place in row),
        max(place.end for place in row),
        frozenset().union(*(place.marks for place in row)),
    )


def _together(row: Sequence[Place], distance: int, field: Field) -> bool:
    """Whether the places are different ones, with at most `distance` other words in the window that they span."""
    if not all(one.last < other.first or other.last < one.first for one, other in itertools.combinations(row, 2)):
        return False
    low, high = min(place.first for place in row), max(place.last for place in row)
    others = [word for word in field.whole if low <= word <= high]
    others = [word for word in others if not any(place.first <= word <= place.last for place in row)]
    return len(others) <= distance


def _one_sentence(one: Place, other: Place, field: Field) -> bool:
    low, high = min(one.start, other.start), max(one.end, other.end)
    return any(start <= low and high <= end for start, end in sentences(field.tokens.text))


def _inside(path: Edge, other: Edge) -> bool:
    return path != other and other[0] <= path[0] and path[1] <= other[1]


# what is known besides the text


def _is_so(node: Condition, item: Item) -> bool:
    match node:
        case Site():
            host = _unicode(_host(item.url))
            return host == node.text or host.endswith("." + node.text)
        case Lang():
            lang = (item.lang or "").lower().replace("_", "-")
            return lang == node.text or lang.startswith(node.text + "-")
        case Address():
            return any(_in_address(node.text, it) for it in ([item.url] if node.name == "url" else item.links))
        case Value():
            return any(_same(node.text, value) for value in _values(node.name, item))
        case Compare() | Range():
            number = _number(node.name, item)
            return number is not None and _fulfils(node, number)


def _host(url: str) -> str:
    """As it stands in the address, without www."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _unicode(host: str) -> str:
    return host.encode().decode("idna") if "xn--" in host else host


def _in_address(value: str, address: str) -> list[tuple[int, int]]:
    """From sign to sign, the first and shortest, then the next behind it."""
    low, found, at = address.lower(), [], 0
    while at < len(low):
        ends = (end for end in range(at, len(low) + 1) if _is_part(value.lower(), low, at, end))
        if (end := next(ends, None)) is not None and end > at:
            found.append((at, end))
            at = end
        else:
            at += 1
    return found


def _is_part(value: str, address: str, start: int, end: int) -> bool:
    open_start = value.startswith("*") or not _splits(address, start)
    open_end = value.endswith("*") or not _splits(address, end)
    return open_start and open_end and _globbed(value.strip("*"), address[start:end])


def _splits(address: str, at: int) -> bool:
    return 0 < at < len(address) and address[at - 1].isalnum() and address[at].isalnum()


def _globbed(pattern: str, word: str) -> bool:
    places = {0}
    for sign in pattern:
        if sign == "*":
            places = {place for place in range(len(word) + 1) if places and place >= min(places)}
        else:
            places = {place + 1 for place in places if word[place : place + 1] == sign}
    return len(word) in places


def _values(name: str, item: Item) -> list[str]:
    told = item.attributes.get("tags" if name == "tag" else name)
    values = list(told) if isinstance(told, list | tuple) else [told] if isinstance(told, str) else []
    if name == "sentiment" and isinstance(told, int | float):
        values.append("positive" if told > 0 else "negative" if told < 0 else "neutral")
    if name in {"type", "is"}:
        values.append(item.kind)
    if name == "source":
        values.append(item.source)
    if name == "contains" and item.links:
        values.append("link")
    return values


def _same(wanted: str, value: str) -> bool:
    return _globbed(_plain(wanted), _plain(value))


def _plain(value: str) -> str:
    """Names in the form in which they are compared."""
    for letter, pair in {"ä": "ae", "ö": "oe", "ü": "ue"}.items():
        value = value.casefold().replace(letter, pair)
    return " ".join(value.split())


def _number(name: str, item: Item) -> float | None:
    told = item.attributes.get(name)
    if name == "followers":
        return item.author.followers if item.author else None
    if told is None and name == "engagement" and item.engagement:
        known = [item.engagement.likes, item.engagement.replies, item.engagement.shares]
        return sum(it for it in known if it is not None) if any(it is not None for it in known) else None
    return told if isinstance(told, int | float) else None


def _fulfils(node: Compare | Range, number: float) -> bool:
    if isinstance(node, Range):
        return (node.low is None or number >= node.low) and (node.high is None or number <= node.high)
    return {
        "=": number == node.number,
        ">": number > node.number,
        ">=": number >= node.number,
        "<": number < node.number,
        "<=": number <= node.number,
    }[node.sign]


# the tree


def _without_not(node: Node, *, positive: bool) -> Node:
    """The same query with every NOT directly before a term (De Morgan), so that what is positive is seen."""
    match node:
        case Not():
            return _without_not(node.child, positive=not positive)
        case And() | Or():
            children = tuple(_without_not(child, positive=positive) for child in node.children)
            return And(children) if isinstance(node, And) is positive else Or(children)
        case In():
            return In(node.name, _without_not(node.child, positive=positive))
        case ListOf():
            return ListOf(node.name, _without_not(node.child, positive=positive))
    return node if positive else Not(node)


def _reading_order(span: Span) -> tuple[int, int, int, str]:
    return ORDER.index(span.field), span.start, span.end, span.term
