"""What would keep noise out: from mentions that people called not relevant to one exclusion that fits (pure).

Candidates are words that the marked mentions have in common, their author, their site. The one that separates them best
from the others of the last 30 days is proposed: it takes most of the marked ones and fewest of the rest, and none that
somebody has taken or answered.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from smwatch.errors import QueryError
from smwatch.i18n import texts
from smwatch.message.escape import one_line, shown_host
from smwatch.query.engine import Engine
from smwatch.query.watches import parse_for
from smwatch.text.common import COMMON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smwatch.i18n import Text
    from smwatch.model import Item, Mention, Watch

LOOK_BACK = timedelta(days=30)
ENOUGH = 2  # marked mentions that have something in common
MOST_WORDS = 60  # candidates of each sort
TOO_MUCH = 0.5  # of what nobody has marked: an exclusion that takes more is none
FEW = 4  # with fewer others than this there is no telling what is too much
EXAMPLES = 3
_WORD = re.compile(r"[^\W\d_]{4,40}")
_ORDER = ("author", "words", "site")  # of equals: the narrower first


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One more entry of `exclude`, as it would be written; `value` is what people read of it."""

    query: str
    kind: Literal["words", "author", "site"]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An exclusion with its reason: it takes `marked` of the marked mentions and `others` besides, as ids."""

    exclusion: Exclusion
    marked: tuple[int, ...]
    others: tuple[int, ...]
    reason: Text


def suggest(  # noqa: PLR0913 - everything that speaks for or against one
    watch: Watch,
    marked: Sequence[Mention],
    others: Sequence[Mention],
    *,
    kept: frozenset[int] = frozenset(),
    lists: Mapping[str, Sequence[str]] | None = None,
    refused: Iterable[str] = (),
) -> Suggestion | None:
    """The exclusion that fits the newest marked mention and at least one more; None where nothing does.

    `kept` are mentions that somebody took or answered: no exclusion takes one of them. `refused` were proposed before.
    """
    if len(marked) < ENOUGH:
        return None
    newest = max(marked, key=lambda one: one.id)
    known = {*watch.exclude, *refused}
    candidates = {one.query: one for one in _candidates(watch, newest, marked) if one.query not in known}
    found = _taken(watch, candidates, [*marked, *others], lists)
    fitting = [
        one
        for query, ids in found.items()
        if (one := _judged(candidates[query], ids, marked, others, newest.id, kept)) is not None
    ]
    return max(fitting, key=lambda one: _worth(one, len(marked), len(others), newest.item), default=None)


def _candidates(watch: Watch, newest: Mention, marked: Sequence[Mention]) -> Iterable[Exclusion]:
    rest = [one for one in marked if one.id != newest.id]
    name = _author(newest.item)
    if name and any(_author(one.item) == name for one in rest):
        yield Exclusion(query=f'author:"{name}"', kind="author", value=name)
    host = shown_host(newest.item.url)
    if host and any(shown_host(one.item.url) == host for one in rest):
        yield Exclusion(query=f"site:{host}", kind="site", value=host)
    for word in _common_words(watch, newest, rest):
        yield Exclusion(query=word, kind="words", value=word)


def _author(item: Item) -> str:
    who = item.author
    name = one_line((who and (who.name or who.handle)) or "", 80)
    return "" if {'"', "\\", "…"} & set(name) else name


def _common_words(watch: Watch, newest: Mention, rest: Sequence[Mention]) -> list[str]:
    """Words of the newest that another marked one has too, without what the watch itself looks for."""
    sought = {word.casefold() for one in (newest, *rest) for span in one.spans for word in _WORD.findall(span.term)}
    sought |= {word.casefold() for word in _WORD.findall(watch.query)} | COMMON
    mine = dict.fromkeys(word for word in _words(newest.item) if word not in sought)
    shared = Counter(word for one in rest for word in set(_words(one.item)) if word in mine)
    return [word for word, _ in shared.most_common(MOST_WORDS)]


def _words(item: Item) -> list[str]:
    """Small words in order, the title's first."""
    return [word.casefold() for word in _WORD.findall(f"{item.title}\n{item.lead}\n{item.text[:5_000]}")]


def _taken(
    watch: Watch,
    candidates: Mapping[str, Exclusion],
    mentions: Sequence[Mention],
    lists: Mapping[str, Sequence[str]] | None,
) -> dict[str, set[int]]:
    """Which mentions each candidate would take out, by the same engine that will."""
    queries = {}
    for query in candidates:
        try:
            queries[query] = parse_for(watch, query, lists)
        except QueryError:
            continue
    found: dict[str, set[int]] = {query: set() for query in queries}
    for one, hits in zip(mentions, Engine(queries).match_many([one.item for one in mentions]), strict=True):
        for hit in hits:
            found[hit.name].add(one.id)
    return found


def _judged(  # noqa: PLR0913, PLR0917 - everything that speaks for or against it
    exclusion: Exclusion,
    ids: set[int],
    marked: Sequence[Mention],
    others: Sequence[Mention],
    newest: int,
    kept: frozenset[int],
) -> Suggestion | None:
    mine = tuple(one.id for one in marked if one.id in ids)
    besides = tuple(one.id for one in others if one.id in ids)
    much = len(others) >= FEW and len(besides) > TOO_MUCH * len(others)
    if newest not in mine or len(mine) < ENOUGH or ids & kept or much:
        return None
    return Suggestion(
        exclusion=exclusion,
        marked=mine,
        others=besides,
        reason=_reason(exclusion, len(mine), len(besides), len(others)),
    )


def _reason(exclusion: Exclusion, n: int, besides: int, others: int) -> Text:
    said: dict[str, Any] = {"n": n, "value": exclusion.value, "besides": besides, "others": others}
    if exclusion.kind == "author":
        return texts(
            "{n} mention by {value} is marked not relevant; {besides} of {others} others would go, too",
            "{n} mentions by {value} are marked not relevant; {besides} of {others} others would go, too",
            **said,
        )
    if exclusion.kind == "site":
        return texts(
            "{n} mention on {value} is marked not relevant; {besides} of {others} others would go, too",
            "{n} mentions on {value} are marked not relevant; {besides} of {others} others would go, too",
            **said,
        )
    return texts(
        "{n} mention with “{value}” is marked not relevant; {besides} of {others} others would go, too",
        "{n} mentions with “{value}” are marked not relevant; {besides} of {others} others would go, too",
        **said,
    )


def _worth(one: Suggestion, marked: int, others: int, newest: Item) -> tuple[float, int, bool, int]:
    """How well it separates the marked from the others; of equals the narrower, then a long word of the title."""
    separates = len(one.marked) / marked - len(one.others) / max(others, 1)
    titled = one.exclusion.value in newest.title.casefold()
    return round(separates, 6), -_ORDER.index(one.exclusion.kind), titled, len(one.exclusion.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an exclusion would have taken out of the last 30 days: how many mentions, and a few of them."""

    count: int
    examples: tuple[Mention, ...] = ()


def effect(one: Suggestion, mentions: Iterable[Mention]) -> Effect:
    """The effect of a suggestion on `mentions`, those that nobody has marked first: they are what would be missed."""
    taken = {*one.marked, *one.others}
    hit = sorted((m for m in mentions if m.id in taken), key=lambda m: (m.id in one.marked, -m.id))
    return Effect(count=len(hit), examples=tuple(hit[:EXAMPLES]))
