"""From the tree of a query to what is asked of a platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smwatch.i18n import Text, text
from smwatch.query.pushdown.platforms import PLATFORMS, Platform
from smwatch.query.pushdown.spellings import LONGEST, spelled
from smwatch.query.pushdown.strings import Writer, size
from smwatch.query.pushdown.wish import NEVER, Ask, Either, Open, Wish, either, every, is_bound
from smwatch.query.syntax import (
    CONDITIONS,
    And,
    Exact,
    In,
    ListOf,
    Near,
    Node,
    Not,
    NotNear,
    Or,
    Phrase,
    Sentence,
    Site,
    Within,
    Word,
    parts,
)
from smwatch.query.terms import longest_path

if TYPE_CHECKING:
    from smwatch.query.pushdown.spellings import Row
    from smwatch.query.syntax import Condition, Joint, Leaf, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What to ask a platform for.

    `strings` are asked one after the other; together they find all that the query matches there, unless `impossible`
    says which part of it no string finds: then they find the other parts. No strings and nothing impossible: nothing
    there can match. `lost` are the conditions that only the matching here sees to; `exact`: there are none. `missed`
    says what the platform's search may not show, whatever it is asked.
    """

    strings: tuple[str, ...]
    exact: bool
    lost: tuple[Text, ...] = ()
    impossible: Text | None = None
    missed: tuple[Text, ...] = ()


def pushdown(query: Query, platform: str) -> Pushed:
    """The strings for `platform`, a name in `PLATFORMS`; raises KeyError for another."""
    reader = _Reader(query, PLATFORMS[platform])
    culprit, wish = _bound(reader.wish(query.root, "", positive=True))
    writer = Writer(reader.platform)
    strings = writer.strings(wish) if wish is not None and wish != NEVER else ()
    lost = tuple(dict.fromkeys((*reader.lost, *writer.dropped)))
    title = reader.platform.title
    impossible = text("{platform} cannot be searched for {part}", platform=title, part=culprit) if culprit else None
    return Pushed(
        strings=strings,
        exact=not lost and impossible is None,
        lost=lost,
        impossible=impossible,
        missed=reader.platform.missed,
    )


def _bound(wish: Wish) -> tuple[str | None, Wish | None]:
    """The part that no string finds, if there is one, and what can be asked."""
    if isinstance(wish, Open):
        rest = _bound(wish.rest)[1] if wish.rest is not None else None
        return wish.part, rest
    if is_bound(wish):
        return None, wish
    if not isinstance(wish, Either):
        return _told(wish), None
    found = [part for part in wish.parts if is_bound(part)]
    culprit = next(part for part in wish.parts if not is_bound(part))
    return _told(culprit), either(found) if found else None


def _told(wish: Wish) -> str:
    match wish:
        case Ask():
            return wish.text
        case Open():
            return wish.part
    return " ".join(map(_told, wish.parts))


@dataclass(slots=True)
class _Reader:
    """Reads one query for one platform; `lost` grows with what cannot be said there."""

    query: Query
    platform: Platform
    lost: list[Text] = field(default_factory=list)

    def wish(self, node: Node, scope: str, *, positive: bool) -> Wish:  # noqa: PLR0911 - one for each kind of node
        """At least all that `node` matches (not `positive`: all that it does not match)."""
        match node:
            case Not():
                return self.wish(node.child, scope, positive=not positive)
            case And() | Or():
                found = [self.wish(child, scope, positive=positive) for child in node.children]
                return every(found) if isinstance(node, And) is positive else either(found)
            case ListOf():
                return self.wish(node.child, scope, positive=positive)
            case In():
                return self._in(node, positive=positive)
        if isinstance(node, CONDITIONS):
            return self._condition(node, positive=positive)
        if not positive:
            self._lose(text("NOT {part}: only here, as the platform would leave out more", part=str(node)))
            return Open(f"NOT {node}")
        if isinstance(node, Near | NotNear | Sentence | Within):
            return self._joint(node, scope)
        return self._leaf(node, scope)

    def _lose(self, why: Text) -> None:
        self.lost.append(why)

    def _open(self, node: Node) -> Open:
        self._lose(text("{part}: cannot be asked there", part=str(node)))
        return Open(str(node))

    # conditions and fields

    def _condition(self, node: Condition, *, positive: bool) -> Wish:
        found = self.platform.condition(node, positive)
        if found is not None and not (isinstance(found, Ask) and size(found.text) > LONGEST):
            return found
        if isinstance(node, Site) and not positive and self.platform.condition(node, True) == NEVER:
            return Open(f"NOT {node}")  # always so: nothing is lost
        if positive:
            return self._open(node)
        self._lose(text("{part}: cannot be asked there", part=f"NOT {node}"))
        return Open(f"NOT {node}")

    def _in(self, node: In, *, positive: bool) -> Wish:
        if node.name == "author":
            return self._author(node, positive=positive)
        if positive and node.name not in self.platform.fields:
            self._lose(text("{part}: asked for in the whole text", part=str(node)))
        return self.wish(node.child, node.name, positive=positive)

    def _author(self, node: In, *, positive: bool) -> Wish:
        child = node.child
        path = longest_path(child.text) if isinstance(child, Word | Phrase) else []
        found = self.platform.author(path[0][1]) if positive and len(path) == 1 else None
        if found is not None:
            return found
        return self._open(node if positive else Not(node))

    # terms

    def _joint(self, node: Joint, scope: str) -> Wish:
        self._lose(text("{part}: asked for without the distance", part=str(node)))
        sides = (node.left,) if isinstance(node, NotNear) else parts(node)
        return every(self.wish(side, scope, positive=True) for side in sides)

    def _leaf(self, leaf: Leaf, scope: str) -> Wish:
        query = self.query
        found = spelled(leaf, self.platform.same, inflect=query.inflect and not scope, loose=query.umlauts == "loose")
        if found is None:
            return self._open(leaf)
        if isinstance(leaf, Exact) and leaf.cased:
            self._lose(text("{part}: asked for without its case", part=str(leaf)))
        wish = every(self._segment(leaf, rows, scope) for rows in found.segments)
        if isinstance(wish, Open):
            return self._open(leaf)
        if not found.whole:
            self._lose(text("{part}: asked for in part", part=str(leaf)))
        return wish

    def _segment(self, leaf: Leaf, rows: tuple[Row, ...], scope: str) -> Wish:
        return either(self._row(leaf, row, scope) for row in rows)

    def _row(self, leaf: Leaf, row: Row, scope: str) -> Wish:
        if not self.platform.phrases and len(row) > 1:
            self._lose(text("{part}: asked for word by word", part=str(leaf)))
            return every(self._row(leaf, (word,), scope) for word in row)
        short = _shortened(row)
        if short is None:
            return Open(str(leaf))
        if short != row:
            self._lose(text("{part}: asked for in part", part=str(leaf)))
        asked = self.platform.row(self.platform, short)
        prefix = self.platform.fields.get(scope, "")
        return Open(str(leaf)) if asked is None else Ask(prefix + asked.text)


def _shortened(row: Row) -> Row | None:
    """As many words of a phrase as one string has room for."""
    kept = list(row)
    while kept and size(" ".join(kept)) > LONGEST:
        kept.pop()
    return tuple(kept) or None
