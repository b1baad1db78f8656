"""The tree of a query, and how it is printed.

`str(node)` is a query again: parsing it gives the same tree. Three kinds of nodes: *terms* (what is written in a text),
*conditions* (what is known about an item besides its text), and what joins them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.i18n import Text

TEXT_FIELDS = ("title", "lead", "text")  # where a bare word searches
_BARE_VALUE = re.compile(r"[\w@#][\w.@/#-]*")
OPERATORS = frozenset(word for it in ("AND", "UND", "OR", "ODER", "NOT", "NICHT") for word in (it, it.lower()))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in the query's source a node stands (half open, from 0)."""

    start: int
    end: int


NOWHERE = Spot(0, 0)


# terms


@dataclass(frozen=True, slots=True)
class Word:
    """One word: `Bahn`, `Siemens-Chef`, `#bahn`, `C++`, an emoji."""

    text: str
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Wild:
    """A word with `*` (any characters) or `?` (exactly one)."""

    text: str
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Quoted words, one behind the other; a single quoted word has no genitive."""

    text: str
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Exact:
    """`{NASA}`: case, accents and umlauts exactly so; `+"NASA"`, not `cased`: the same in any case."""

    text: str
    cased: bool = True
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        if not self.cased:
            return f'+"{self.text}"'
        return f'++"{self.text}"' if "}" in self.text else f"{{{self.text}}}"


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """`bahn~1`: words that differ by at most so many edits."""

    text: str
    edits: int
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.text}~{self.edits}"


@dataclass(frozen=True, slots=True)
class Variants:
    """`"car sharing"~`: with a hyphen, with a space, or joined."""

    text: str
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f'"{self.text}"~'


# conditions


@dataclass(frozen=True, slots=True)
class Site:
    """`site:example.de`: the host of the item's address, subdomains included; `text` is the bare host."""

    text: str
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"site:{self.text}"


@dataclass(frozen=True, slots=True)
class Lang:
    """`lang:de`: the item's language; `text` is lower case, with a hyphen before a region."""

    text: str
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"lang:{self.text}"


@dataclass(frozen=True, slots=True)
class Address:
    """`url:presse` or `links:presse`: part of an address, from sign to sign."""

    name: str
    text: str
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name}:{_value(self.text)}"


@dataclass(frozen=True, slots=True)
class Value:
    """`country:de`, `is:comment`, `tag:"Deutsche Bahn"`: one of the values that an item has in this field."""

    name: str
    text: str
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name}:{_value(self.text)}"


@dataclass(frozen=True, slots=True)
class Compare:
    """`followers:>1000`; `sign` is ">", ">=", "<", "<=" or "=" (printed as nothing)."""

    name: str
    sign: str
    number: float
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        sign = "" if self.sign == "=" else self.sign
        return f"{self.name}:{sign}{shown_number(self.number)}"


@dataclass(frozen=True, slots=True)
class Range:
    """`followers:[500 TO *]`: both ends included, None is open."""

    name: str
    low: float | None
    high: float | None
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name}:[{_end(self.low)} TO {_end(self.high)}]"


# what joins


@dataclass(frozen=True, slots=True)
class In:
    """`title:…`, `lead:…`, `content:…`, `author:…`: what is inside is looked for only there."""

    name: str
    child: Node
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name}:{shown_side(self.child)}"


@dataclass(frozen=True, slots=True)
class ListOf:
    """`list:NAME`: one of the words of a list of the config."""

    name: str
    child: Node
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"list:{self.name}" if self.name.replace("-", "").replace("_", "").isalnum() else f'list:"{self.name}"'


@dataclass(frozen=True, slots=True)
class Near:
    """`a NEAR/5 b`: at most `distance` words between; `ordered`: the left one first."""

    left: Node
    right: Node
    distance: int
    ordered: bool = False
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{shown_side(self.left)} {'ONEAR' if self.ordered else 'NEAR'}/{self.distance} {shown_side(self.right)}"


@dataclass(frozen=True, slots=True)
class NotNear:
    """`a NOT NEAR/5 b`: a place of the left one without the right one near it."""

    left: Node
    right: Node
    distance: int
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{shown_side(self.left)} NOT NEAR/{self.distance} {shown_side(self.right)}"


@dataclass(frozen=True, slots=True)
class Sentence:
    """`a SENTENCE b`: both in one sentence; `ordered`: the left one first."""

    left: Node
    right: Node
    ordered: bool = False
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{shown_side(self.left)} {'OSENTENCE' if self.ordered else 'SENTENCE'} {shown_side(self.right)}"


@dataclass(frozen=True, slots=True)
class Within:
    """`(a AND b AND c)~5` and, `quoted`, `"a b c"~5`: all of them, with at most `distance` other words among them."""

    children: tuple[Node, ...]
    distance: int
    quoted: bool = False
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        if self.quoted:
            return f'"{" ".join(getattr(child, "text", "") for child in self.children)}"~{self.distance}'
        return f"({' AND '.join(map(shown_side, self.children))})~{self.distance}"


@dataclass(frozen=True, slots=True)
class Not:
    """Everything that `child` does not match."""

    child: Node
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"NOT {shown_side(self.child)}"


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    children: tuple[Node, ...]
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return " AND ".join(str(child) if isinstance(child, Not) else shown_side(child) for child in self.children)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    children: tuple[Node, ...]
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return " OR ".join(str(child) if isinstance(child, Not) else shown_side(child) for child in self.children)


Leaf: TypeAlias = Word | Wild | Phrase | Exact | Fuzzy | Variants
Condition: TypeAlias = Site | Lang | Address | Value | Compare | Range
Joint: TypeAlias = Near | NotNear | Sentence | Within
Node: TypeAlias = Leaf | Condition | Joint | In | ListOf | Not | And | Or
LEAVES = (Word, Wild, Phrase, Exact, Fuzzy, Variants)
CONDITIONS = (Site, Lang, Address, Value, Compare, Range)
JOINTS = (Near, NotNear, Sentence, Within)


def parts(node: Node) -> tuple[Node, ...]:
    """The nodes directly below `node`."""
    match node:
        case And() | Or() | Within():
            return node.children
        case Near() | NotNear() | Sentence():
            return node.left, node.right
        case Not() | In() | ListOf():
            return (node.child,)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, in reading order."""
    yield node
    for part in parts(node):
        yield from walk(part)


def height(node: Node) -> int:
    """How many operators of place stand inside each other."""
    below = max((height(part) for part in parts(node)), default=0)
    return below + isinstance(node, JOINTS)


def field_of(node: Node) -> str | None:
    """The field that a condition asks; of an OR-list, the one that all its parts ask."""
    match node:
        case Site():
            return "site"
        case Lang():
            return "lang"
        case Address() | Value() | Compare() | Range() | In():
            return node.name
        case Or():
            names = {field_of(child) for child in node.children}
            return names.pop() if len(names) == 1 else None
    return None


def shown_number(number: float) -> str:
    """A number as a query writes it: 1000, 4.5."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _end(number: float | None) -> str:
    return "*" if number is None else shown_number(number)


def _value(word: str) -> str:
    return word if _BARE_VALUE.fullmatch(word) and word not in OPERATORS else f'"{word}"'


def shown_side(child: Node) -> str:
    """A node as one side of an operator: in brackets where it needs them."""
    bracketed = isinstance(child, And | Or | Not | Near | NotNear | Sentence)
    return f"({child})" if bracketed else str(child)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about one part of a query that people should know, though it runs."""

    sentence: Text
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query that was understood. `str(query)` is the reading, with every bracket and operator written out."""

    source: str
    root: Node
    dialect: str | None = None
    umlauts: str = "strict"
    inflect: bool = True
    notes: tuple[Text, ...] = ()

    def __str__(self) -> str:
        return str(self.root)
