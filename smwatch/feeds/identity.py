"""One identity for every reader: the feed's own id, else the link without tracking, else a hash of what is said."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smwatch.feeds.dates import read_date
from smwatch.links import clean_link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.feeds.entry import Entry

UNDATED = datetime.min.replace(tzinfo=UTC)


def identities(entries: Sequence[Entry]) -> list[str]:
    """An id for each entry, in order: never empty, never twice.

    Of those with equal ids the oldest keeps it, so that a newcomer does not rename what is known; the others get a
    mark made of their link, or a number counted from the oldest. An id that a whole feed repeats says nothing: there
    the links decide.
    """
    own = [entry.id for entry in entries]
    void = own[0] if len(own) > 2 and len(set(own)) == 1 else None  # noqa: PLR2004 - two may be one article told twice
    names = [_name(entry, "" if entry.id == void else entry.id) for entry in entries]
    for name, places in _groups(names).items():
        links = Counter(entries[place].link for place in places)
        for rank, place in enumerate(_oldest_first(places, entries)):
            link = entries[place].link
            mark = _hash(link)[:12] if link and links[link] == 1 else str(rank + 1)
            names[place] = name if rank == 0 else f"{name}#{mark}"
    return _distinct(names)


def _name(entry: Entry, own: str) -> str:
    said = (entry.link, entry.title, entry.published or entry.updated)
    return own or clean_link(entry.link) or "hash:" + _hash("\n".join(said))


def _groups(names: Sequence[str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        groups[name].append(place)
    return {name: places for name, places in groups.items() if len(places) > 1}


def _oldest_first(places: Sequence[int], entries: Sequence[Entry]) -> list[int]:
    """By date where all have one; feeds list the newest first, so the last one counts as the oldest."""
    dates = {place: read_date(entries[place].published or entries[place].updated) for place in places}
    dated = all(dates.values())
    return sorted(places, key=lambda place: ((dated and dates[place]) or UNDATED, -place))


def _distinct(names: list[str]) -> list[str]:
    """The last resort: a feed that itself uses a name that we made."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        mark = name if name not in seen else f"{name}#at{place}"
        seen.add(mark)
        names[place] = mark
    return names


def _hash(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:24]
