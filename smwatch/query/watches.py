"""All watches of a config against one item: query and not exclude, raising rules, and the reason in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smwatch.i18n import Text, text
from smwatch.model import Priority, Span
from smwatch.query.engine import Engine, Hit
from smwatch.query.parse import parse
from smwatch.text.lookalike import unmasked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from smwatch.model import Item, Watch
    from smwatch.query.syntax import Query

_RANK = {Priority.URGENT: 0, Priority.NORMAL: 1, Priority.DIGEST_ONLY: 2}
_MOST_WORDS = 3  # of a reason
_QUERY = " query"  # behind the number of its watch: the name of a query in the engine
PLACES = {
    "title": text("in the title"),
    "lead": text("in the lead"),
    "text": text("in the text"),
    "author": text("as author"),
    "url": text("in the address"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchHit:
    """A watch that matched an item: where, how urgent it is now, and why in words."""

    watch: Watch
    spans: tuple[Span, ...]
    priority: Priority
    reason: Text


class WatchEngine:
    """Watches, ready to match: built once for a config, then only read.

    Raises QueryError where a query, an exclude or a raising rule does not parse: the config's check comes first.
    Watches with one name but two clients are kept apart.
    """

    def __init__(self, watches: Sequence[Watch], lists: Mapping[str, Sequence[str]] | None = None) -> None:
        self._watches = [watch for watch in watches if watch.active]
        self._engine = Engine(
            (key, parse_for(watch, source, lists))
            for number, watch in enumerate(self._watches)
            for key, source in _sources(watch, number)
        )

    def match(self, item: Item) -> tuple[WatchHit, ...]:
        """Every watch that wants this item, in the config's order."""
        return next(iter(self.match_many((item,))))

    def match_many(self, items: Iterable[Item]) -> Iterator[tuple[WatchHit, ...]]:
        """The same for many items, in their order; quicker than one by one."""
        items = tuple(items)
        masked = {place: shown for place, item in enumerate(items) if (shown := _unmasked(item))}
        plain = map(self._judged, self._engine.match_many(items))
        if not masked:
            yield from plain
            return
        seen = dict(zip(masked, self._engine.match_many([item for item, _ in masked.values()]), strict=True))
        for place, hits in enumerate(plain):
            yield _with_lookalikes(hits, self._judged(seen[place]), masked[place][1]) if place in masked else hits

    def _judged(self, found: Iterable[Hit]) -> tuple[WatchHit, ...]:
        hits = {hit.name: hit for hit in found}
        wanted = (self._hit(self._watches[number], number, hits) for number in self._numbers(hits))
        return tuple(hit for hit in wanted if hit is not None)

    def excluded(self, item: Item) -> tuple[tuple[Watch, Hit], ...]:
        """Watches whose query matched but whose `exclude` took the item out, with what excluded it."""
        hits = {hit.name: hit for hit in self._engine.match(item)}
        found = ((self._watches[number], number) for number in self._numbers(hits))
        judged = ((watch, _first(hits, number, "exclude", len(watch.exclude))) for watch, number in found)
        return tuple((watch, hit) for watch, hit in judged if hit is not None)

    def _numbers(self, hits: Mapping[str, Hit]) -> list[int]:
        """The watches whose query itself matched."""
        return sorted(int(name.removesuffix(_QUERY)) for name in hits if name.endswith(_QUERY))

    def _hit(self, watch: Watch, number: int, hits: Mapping[str, Hit]) -> WatchHit | None:
        if _first(hits, number, "exclude", len(watch.exclude)):
            return None
        hit = hits[f"{number}{_QUERY}"]
        raised = [
            (rule, found)
            for n, rule in enumerate(watch.raises)
            if (found := hits.get(_key(number, f"raise{n}"))) and _RANK[rule.priority] < _RANK[watch.priority]
        ]
        if not raised:
            return WatchHit(watch=watch, spans=hit.spans, priority=watch.priority, reason=reason(hit.spans))
        rule, why = min(raised, key=lambda pair: _RANK[pair[0].priority])
        return WatchHit(
            watch=watch,
            spans=_merged(hit.spans, why.spans),
            priority=rule.priority,
            reason=text("{reason}; raised by {rule}", reason=reason(hit.spans), rule=reason(why.spans)),
        )


def _unmasked(item: Item) -> tuple[Item, tuple[str, ...]] | None:
    """The item as people read it, where letters of another alphabet pass for Latin ones, and those words."""
    (title, one), (lead, two), (said, three) = unmasked(item.title), unmasked(item.lead), unmasked(item.text)
    words = tuple(dict.fromkeys((*one, *two, *three)))
    return (replace(item, title=title, lead=lead, text=said), words) if words else None


def _with_lookalikes(
    hits: tuple[WatchHit, ...], seen: tuple[WatchHit, ...], words: Sequence[str]
) -> tuple[WatchHit, ...]:
    """What matches as it is written, and after it what only matches as it is read."""
    known = {(hit.watch.client, hit.watch.name) for hit in hits}
    shown = " ".join(words[:_MOST_WORDS])
    return hits + tuple(
        replace(hit, reason=text("{reason}, in look-alike letters: {words}", reason=hit.reason, words=shown))
        for hit in seen
        if (hit.watch.client, hit.watch.name) not in known
    )


def parse_for(watch: Watch, source: str, lists: Mapping[str, Sequence[str]] | None = None) -> Query:
    """`source` read with the options of `watch`."""
    return parse(source, dialect=watch.dialect, umlauts=watch.umlauts, inflect=watch.inflect, lists=lists)


def reason(spans: Sequence[Span]) -> Text:
    """Which words matched where, as a sentence: ‚Acme‘ in the title."""
    fields: dict[str, list[str]] = {}
    for field, term in dict.fromkeys((span.field, span.term) for span in spans):
        fields.setdefault(term, []).append(field)
    if not fields:
        return text("the query's conditions hold")
    words = [_word(term, where) for term, where in list(fields.items())[:_MOST_WORDS]]
    told = words[0]
    for word in words[1:]:
        told = text("{one}, {other}", one=told, other=word)
    rest = len(fields) - len(words)
    return text("{words} and {n} more", words=told, n=rest) if rest else told


def _word(term: str, fields: Sequence[str]) -> Text:
    """A word with its places: ‚Acme‘ in the title and in the text."""
    if fields == ["url"]:
        return text("site {term}", term=term)
    places = [PLACES.get(field, PLACES["text"]) for field in fields]
    told = places[0]
    for place in places[1:-1]:
        told = text("{one}, {other}", one=told, other=place)
    if len(places) > 1:
        told = text("{one} and {other}", one=told, other=places[-1])
    return text("‘{term}’ {places}", term=term, places=told)


def _sources(watch: Watch, number: int) -> Iterable[tuple[str, str]]:
    yield f"{number}{_QUERY}", watch.query
    for n, exclude in enumerate(watch.exclude):
        yield _key(number, f"exclude{n}"), exclude
    for n, rule in enumerate(watch.raises):
        yield _key(number, f"raise{n}"), rule.query


def _key(number: int, part: str) -> str:
    return f"{number} {part}"


def _first(hits: Mapping[str, Hit], number: int, part: str, count: int) -> Hit | None:
    found = (hits.get(_key(number, f"{part}{n}")) for n in range(count))
    return next((hit for hit in found if hit is not None), None)


def _merged(one: tuple[Span, ...], other: tuple[Span, ...]) -> tuple[Span, ...]:
    return one + tuple(span for span in other if span not in one)
