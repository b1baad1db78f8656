"""Which pages of a site are to be read now, and what is known of those that were: the cursor of a website (pure).

What the first walk finds is history. Later a page is new, changed by its own date, or one whose date says nothing:
where a site gives none, or all of them the present moment, pages are read in turn and compared by what they say.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from smwatch.model import utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST = 20_000  # addresses that are remembered
READ = 2_000  # pages whose sentences are remembered
WAITING = 2_000  # addresses that wait for their turn
SHORT = 3  # bytes of a sentence's hash
MARGIN = timedelta(days=1)  # a day without an hour may mean its end
TOGETHER = timedelta(hours=1)  # dates that lie closer were made by a program at one time
LINKS = "-"  # among the sitemaps: there are none
HOUR = timedelta(hours=1)


class Why(StrEnum):
    """Why a page is read."""

    HISTORY = "history"  # it was there at the first walk
    NEW = "new"
    CHANGED = "changed"  # its date in the sitemap is another one
    TURN = "turn"  # its date says nothing: its turn has come


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A page to read; what its sitemap says of it, "" for nothing or what is not believed."""

    url: str
    why: Why
    modified: str = ""
    published: str = ""
    title: str = ""


@dataclass(slots=True)
class Known:
    """What is known of a page: its date in the sitemap, whether it is history, hashes of its sentences ("" unread)."""

    modified: str = ""
    history: bool = True
    said: str = ""


@dataclass(slots=True)
class Ledger:
    """Everything that one walk leaves to the next. Marks are hashes of addresses."""

    since: str = ""
    known: dict[str, Known] = field(default_factory=dict)
    waiting: deque[Due] = field(default_factory=deque)
    maps: dict[str, str] = field(default_factory=dict)
    hour: str = ""
    used: int = 0
    blind: bool = False  # dates say nothing: sitemaps are read whole, not asked whether they changed

    @property
    def first(self) -> bool:
        """Whether no walk came to its end yet."""
        return not self.since

    @property
    def follows_links(self) -> bool:
        """Whether the site has no sitemap, so that the links of its start page stand for one."""
        return LINKS in self.maps

    def follow_links(self) -> None:
        """There is no sitemap: it is not looked for again."""
        self.maps[LINKS] = "read"

    def expect(self, sitemaps: Iterable[str]) -> None:
        """They were there from the beginning: what they list is history, whenever they are read first."""
        for one in sitemaps:
            self.maps.setdefault(one, "")

    def has_read(self, sitemap: str, modified: str = "") -> None:
        """A sitemap was read; `modified` is its date in its index. Those that are unread the longest stand first."""
        before = self.maps.pop(sitemap, "")
        self.maps[sitemap] = modified or before or "read"

    def room(self, now: datetime, most: int) -> int:
        """How many pages may still be read this hour."""
        if not self.hour or now - _moment(self.hour) >= HOUR:
            self.hour, self.used = now.isoformat(), 0
        return max(most - self.used, 0)

    def take(self, entries: Sequence[Mapping[str, str]], now: datetime, *, history: bool) -> None:
        """Put what a sitemap lists in line; `history` for one that was there from the beginning, first read now."""
        lie = dates_lie(entries, now)
        self.blind = self.blind or lie or any(not entry["modified"] and not entry["published"] for entry in entries)
        in_line = {due.url for due in self.waiting}
        for entry in entries:
            due = self._due(entry, history=history, lie=lie)
            if due is not None and due.url not in in_line:
                self.waiting.append(due)
        self._order()

    def _due(self, entry: Mapping[str, str], *, history: bool, lie: bool) -> Due | None:
        mark, said = mark_of(entry["url"]), entry["modified"] or entry["published"]
        known = self.known.get(mark)
        why = Why.TURN
        if known is None:
            if not history and not lie and said and not self.first and _is_before(said, self.since):
                return None
            why = Why.HISTORY if history else Why.NEW
            if history:
                self.known[mark] = Known(modified=said)
        elif not lie and said:
            if known.modified == said:
                return None
            why = Why.CHANGED
        believed = "" if lie else said
        return Due(url=entry["url"], why=why, modified=believed, published=entry["published"], title=entry["title"])

    def _order(self) -> None:
        """News first, then changes, history, and at last what is read in turn, the longest unread first."""
        places = {mark: place for place, mark in enumerate(self.known)}
        rank = {Why.NEW: 0, Why.CHANGED: 1, Why.HISTORY: 2, Why.TURN: 3}
        turn = {due.url: places.get(mark_of(due.url), 0) if due.why is Why.TURN else 0 for due in self.waiting}
        ordered = sorted(self.waiting, key=lambda due: (rank[due.why], turn[due.url]))
        self.waiting = deque(ordered[:WAITING])

    def next(self) -> Due | None:
        """The next page to read."""
        self.used += bool(self.waiting)
        return self.waiting.popleft() if self.waiting else None

    def read(self, due: Due, sentences: Iterable[str]) -> tuple[list[str], bool]:
        """Keep what a page says now; the sentences that are new on it, and whether it had been read before."""
        mark, listed = mark_of(due.url), list(sentences)
        before = self.known.pop(mark, None) or Known(history=due.why is Why.HISTORY)
        hashes = [_short_hash(one) for one in listed]
        known = _unpacked(before.said)
        said = b64encode(b"".join(hashes)).decode() or "-"
        self.known[mark] = Known(modified=due.modified, history=before.history, said=said)  # the newest last
        return [one for one, short in zip(listed, hashes, strict=True) if short not in known], bool(before.said)

    def is_history(self, url: str) -> bool:
        """Whether the page was there before anything of it was news."""
        known = self.known.get(mark_of(url))
        return known is not None and known.history

    def later(self, due: Due) -> None:
        """A page that cannot be read at this moment: in the next walk."""
        self.waiting.append(due)

    def leave(self, due: Due) -> None:
        """A page that may not be read: it was not asked for, and is not news either."""
        self.used -= 1
        self.skip(due)

    def skip(self, due: Due) -> None:
        """A page that cannot be read: not again until its date is another one."""
        before = self.known.pop(mark_of(due.url), None) or Known(history=False)
        self.known[mark_of(due.url)] = Known(modified=due.modified, history=before.history, said=before.said)

    def done(self, now: datetime) -> None:
        """The walk came to its end. History that found no room is known, and read only when it changes."""
        kept = (due for due in self.waiting if due.why in {Why.NEW, Why.CHANGED})
        self.waiting = deque(kept)
        self.since = self.since or now.isoformat()
        for mark in list(self.known)[: max(len(self.known) - MOST, 0)]:
            del self.known[mark]
        read = [known for known in self.known.values() if known.said]
        for known in read[: max(len(read) - READ, 0)]:
            known.said = ""

    def to_json(self) -> dict[str, Any]:
        """As it goes into the cursor."""
        waiting = [[due.url, due.why.value, due.modified, due.published, due.title] for due in self.waiting]
        known = {mark: [one.modified, int(one.history), one.said] for mark, one in self.known.items()}
        return {
            "since": self.since,
            "known": known,
            "waiting": waiting,
            "maps": self.maps,
            "hour": self.hour,
            "used": self.used,
            "blind": self.blind,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Ledger:
        """Out of the cursor; an empty one where it is not readable."""
        try:
            return cls(
                since=str(found["since"]),
                known={mark: Known(one[0], bool(one[1]), one[2]) for mark, one in found["known"].items()},
                waiting=deque(
                    Due(url=one[0], why=Why(one[1]), modified=one[2], published=one[3], title=one[4])
                    for one in found["waiting"]
                ),
                maps=dict(found["maps"]),
                hour=str(found["hour"]),
                used=int(found["used"]),
                blind=bool(found["blind"]),
            )
        except (LookupError, TypeError, ValueError, AttributeError):
            return cls()


def dates_lie(entries: Sequence[Mapping[str, str]], now: datetime) -> bool:
    """Whether all dates of a sitemap are one moment, and that moment is now: it was made when it was asked for."""
    moments = [_moment(entry["modified"]) for entry in entries if entry["modified"]]
    days = all(len(entry["modified"]) == len("2026-11-24") for entry in entries if entry["modified"])
    if len(moments) < 2:  # noqa: PLR2004 - a single page may well be new
        return False
    newest, oldest = max(moments), min(moments)
    if days:
        return len(moments) > 4 and newest == oldest and now - newest < 2 * MARGIN  # noqa: PLR2004
    return newest - oldest <= TOGETHER and abs(now - newest) <= TOGETHER


def mark_of(url: str) -> str:
    """A short name of an address."""
    return hashlib.blake2b(url.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _short_hash(sentence: str) -> bytes:
    return hashlib.blake2b(sentence.encode("utf-8", "replace"), digest_size=SHORT).digest()


def _unpacked(said: str) -> frozenset[bytes]:
    whole = b64decode(said) if said not in ("", "-") else b""
    return frozenset(whole[at : at + SHORT] for at in range(0, len(whole), SHORT))


def _is_before(said: str, since: str) -> bool:
    return _moment(said) < _moment(since) - MARGIN


def _moment(iso: str) -> datetime:
    try:
        return utc(datetime.fromisoformat(iso))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
