"""The tree of a query, and how it is printed.

`str(node)` is a query again: parsing it gives the same tree. Operators that later parts bring are new node types here,
new branches in evaluate.py and new words in explain.py; nothing else needs to know them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from smwatch.i18n import Text

TEXT_FIELDS = ("title", "lead", "text")  # where a bare word searches


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in the query's source a node stands (half open, from 0)."""

    start: int
    end: int


NOWHERE = Spot(0, 0)


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
    """`{NASA}`: case, accents and umlauts exactly so."""

    text: str
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{{{self.text}}}"


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
class In:
    """`title:…` or `author:…`: what is inside is looked for only there."""

    name: str
    child: Node
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name}:({self.child})" if isinstance(self.child, And | Or | Not) else f"{self.name}:{self.child}"


@dataclass(frozen=True, slots=True)
class ListOf:
    """`list:NAME`: one of the words of a list of the config."""

    name: str
    child: Node
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"list:{self.name}" if self.name.replace("-", "").replace("_", "").isalnum() else f'list:"{self.name}"'


@dataclass(frozen=True, slots=True)
class Not:
    """Everything that `child` does not match."""

    child: Node
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"NOT {_inside(self.child)}"


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    children: tuple[Node, ...]
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return " AND ".join(str(child) if isinstance(child, Not) else _inside(child) for child in self.children)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    children: tuple[Node, ...]
    spot: Spot = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return " OR ".join(str(child) if isinstance(child, Not) else _inside(child) for child in self.children)


Leaf: TypeAlias = Word | Wild | Phrase | Exact | Site | Lang
Node: TypeAlias = Leaf | In | ListOf | Not | And | Or
LEAVES = (Word, Wild, Phrase, Exact, Site, Lang)


def _inside(child: Node) -> str:
    return f"({child})" if isinstance(child, And | Or | Not) else str(child)


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
