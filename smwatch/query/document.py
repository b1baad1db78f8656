"""One item as queries see it: its fields as words, read at most once for all queries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smwatch.query.fields import CHOICES, choice, host, host_span
from smwatch.query.positions import Passage, ReadPiece
from smwatch.query.syntax import TEXT_FIELDS
from smwatch.text import Tokens, fold, tokenise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.model import Engagement, Item
    from smwatch.query.positions import Core
    from smwatch.query.terms import Term
    from smwatch.text import Edge

AUTHOR_FIELDS = ("author", "handle")
_PARTS = re.compile(r"\w+|\W")


@dataclass(slots=True, eq=False)
class Document:
    """An item's fields as words. `handle` is the author's handle; it has spans only where there is no name."""

    item: Item
    _tokens: dict[str, Tokens] = field(default_factory=dict)
    _values: dict[str, frozenset[str]] = field(default_factory=dict)
    _host: str | None = None

    def tokens(self, name: str) -> Tokens:
        """The words of one field."""
        if name not in self._tokens:
            self._tokens[name] = tokenise(self.text(name))
        return self._tokens[name]

    def edges(self, name: str, term: Term) -> list[Edge]:
        """Where a term stands in one field; only `place` knows what the numbers mean."""
        tokens = self.tokens(name)
        return term.edges(tokens) if tokens.edges else []

    def may_hold(self, term: Term) -> bool:  # noqa: ARG002 - for documents that can tell sooner
        """False where a term surely stands in no field that words are looked for in."""
        return True

    def present(self, fields: tuple[str, ...]) -> Iterable[str]:
        """Those of some fields that may hold anything."""
        return fields

    def place(self, name: str, edge: Edge) -> tuple[int, int]:
        """The characters of one field under an edge from `edges`."""
        return self.tokens(name).span(edge)

    def passage(self, name: str, cores: Sequence[Core]) -> Passage:  # noqa: ARG002 - for documents that read less
        """One field for operators of place; what lies out of the reach of one of `cores` may be left out."""
        return Passage(self.text(name), [ReadPiece(self.tokens(name))])

    def text(self, name: str) -> str:
        """The original text of one field; "" where it is unknown."""
        author = self.item.author
        match name:
            case "title":
                return self.item.title
            case "lead":
                return self.item.lead
            case "text":
                return self.item.text
            case "author":
                return (author.name or "") if author else ""
            case "handle":
                handle = (author.handle or "") if author else ""
                return handle if handle.startswith("@") or not handle else f"@{handle}"
        return ""

    @property
    def host(self) -> str:
        """The host of the item's address; "" if it has none."""
        if self._host is None:
            self._host = host(self.item.url)
        return self._host

    def host_span(self) -> tuple[int, int]:
        """Where the host stands in the item's address."""
        return host_span(self.item.url)

    @property
    def lang(self) -> str:
        """The item's language in lower case, "" if unknown."""
        return (self.item.lang or "").casefold().replace("_", "-")

    def number(self, name: str) -> float | None:
        """followers, engagement, reach or rating, as far as known."""
        item = self.item
        if name == "followers":
            return item.author.followers if item.author else None
        told = item.attributes.get(name)
        if isinstance(told, int | float) and not isinstance(told, bool):
            return told
        return _total(item.engagement) if name == "engagement" else None

    def values(self, name: str) -> frozenset[str]:
        """The item's values in a field of names (country, type, is, tag …), in the form that `same_value` gives."""
        if name not in self._values:
            self._values[name] = frozenset(same_value(value) for value in self._told(name) if value)
        return self._values[name]

    def _told(self, name: str) -> Iterator[str]:
        item = self.item
        match name:
            case "source":
                yield item.source
            case "type":
                yield item.kind
            case "is":
                yield item.kind
            case "contains" if item.links:
                yield "link"
        told = item.attributes.get("tags" if name == "tag" else name)
        if name == "sentiment" and isinstance(told, int | float):
            yield "positive" if told > 0 else "negative" if told < 0 else "neutral"
        for value in told if isinstance(told, list | tuple) else (told,):
            if isinstance(value, str):
                known = choice(name, value) if name in CHOICES else None
                yield known or (value.removeprefix("r/") if name == "subreddit" else value)

    def words(self) -> Iterator[str]:
        """Every folded word that any field holds, for the index; some come twice."""
        for name in (*TEXT_FIELDS, *AUTHOR_FIELDS):
            yield from self.tokens(name).edges


def same_value(value: str) -> str:
    """The form in which names are compared: folded, one space between words; signs and * stay."""
    return " ".join("".join(fold(part) or part for part in _PARTS.findall(word)) for word in value.split())


def _total(engagement: Engagement | None) -> int | None:
    """All reactions; views are none."""
    if engagement is None:
        return None
    known = [it for it in (engagement.likes, engagement.replies, engagement.shares) if it is not None]
    return sum(known) if known else None
