"""One item as queries see it: its fields as words, read at most once for all queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smwatch.query.fields import host, host_span
from smwatch.query.syntax import TEXT_FIELDS
from smwatch.text import Tokens, fold_loose, tokenise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.model import Item

AUTHOR_FIELDS = ("author", "handle")


@dataclass(slots=True, eq=False)
class Document:
    """An item's fields as words. `handle` is the author's handle; it has spans only where there is no name."""

    item: Item
    _tokens: dict[str, Tokens] = field(default_factory=dict)
    _host: str | None = None

    def tokens(self, name: str) -> Tokens:
        """The words of one field."""
        if name not in self._tokens:
            self._tokens[name] = tokenise(self.text(name))
        return self._tokens[name]

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

    def words(self) -> Iterator[str]:
        """Every folded word that any field holds, for the index; some come twice."""
        for name in (*TEXT_FIELDS, *AUTHOR_FIELDS):
            yield from self.tokens(name).edges

    def loose_words(self) -> set[str]:
        """The same for `umlauts = "loose"`."""
        return {fold_loose(word) for word in self.words()}
