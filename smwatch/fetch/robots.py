"""https://www.rfc-editor.org/rfc/rfc9309.html: what a host lets programs read, asked once a day and kept to.

Feeds are made for programs and are not asked about; pages are. Where there is no robots.txt (any 4xx) everything may be
read; where its server has trouble (5xx, no answer) nothing may, until it answers again.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from protego import Protego
from yarl import URL

from smwatch.errors import HostRests, RateLimited, SourceError, Transient
from smwatch.feeds.address import web_link
from smwatch.i18n import text

if TYPE_CHECKING:
    from datetime import datetime

    from smwatch.fetch.hosts import Hosts
    from smwatch.fetch.request import Answer

AGENT = "smwatch"  # the product token that site owners write
FRESH = timedelta(days=1)
STALE_AT_MOST = timedelta(days=30)  # while the server has trouble, what it said before holds
TRIED_AGAIN = timedelta(minutes=10)
READ = 512 * 1024  # bytes: RFC 9309 asks for 500 KiB at least
SHORT = 16 * 1024  # characters: more is read beside the loop
LONGEST_DELAY = 60.0  # seconds: who asks for more gets this
SITEMAPS = 100
KEPT_HOSTS, KEPT_CHARACTERS = 500, 4 * 1024 * 1024
_VERSION = re.compile(r"(?im)^([ \t]*user-?agent[ \t]*:[ \t]*[a-z_-]{1,80})/\S*")
NO_ROBOTS = range(300, 500)  # not there, or redirects that lead nowhere


class Getter(Protocol):
    """What is needed of the client."""

    @property
    def hosts(self) -> Hosts:
        """Who may be asked, and when."""

    def now(self) -> datetime:
        """The moment, in UTC."""

    async def get(self, url: str, *, allow_private: bool = False, insecure: bool = False) -> Answer:
        """GET; raises a SourceError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one robots.txt says to us; `delay` in seconds between two requests, 0 where it does not ask for one."""

    parsed: Protego | None = None
    delay: float = 0.0
    sitemaps: tuple[str, ...] = ()
    size: int = 0

    def allow(self, url: str) -> bool:
        """Whether the page may be read."""
        return self.parsed is None or self.parsed.can_fetch(url, AGENT)


ALL = Rules()


async def read_rules(body: bytes, base: str) -> Rules:
    """The rules of a robots.txt; whatever it holds, it is read in a moment and never fails."""
    encoding = "utf-16" if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    said = _VERSION.sub(r"\1", body[:READ].decode(encoding, "replace"))
    parsed = Protego.parse(said) if len(said) <= SHORT else await asyncio.to_thread(Protego.parse, said)
    named = dict.fromkeys(link for one in parsed.sitemaps if (link := web_link(one, base)))
    return Rules(parsed=parsed, delay=_delay(parsed), sitemaps=tuple(named)[:SITEMAPS], size=min(len(body), READ))


def _delay(parsed: Protego) -> float:
    rate = parsed.request_rate(AGENT)
    asked = parsed.crawl_delay(AGENT) or (rate.seconds / rate.requests if rate and rate.requests else 0.0)
    return min(max(asked, 0.0), LONGEST_DELAY)


@dataclass(slots=True)
class _Known:
    """What is known of one host's robots.txt: when it was read, and why it could not be read the last time."""

    rules: Rules | None = None
    read_at: datetime | None = None
    trouble: SourceError | None = None
    tried_at: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def holds(self, now: datetime, age: timedelta) -> bool:
        return self.read_at is not None and now - self.read_at < age

    def is_troubled(self, now: datetime) -> bool:
        return self.trouble is not None and self.tried_at is not None and now - self.tried_at < TRIED_AGAIN


class Robots:
    """The rules of all hosts that were asked lately."""

    def __init__(self, client: Getter) -> None:
        self._client = client
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def rules(self, url: str, *, allow_private: bool = False, insecure: bool = False) -> Rules:
        """What the host of `url` says; raises Transient or RateLimited while it cannot say it.

        The pause that it asks for holds for every later request to it.
        """
        origin = URL(url).origin()
        known = self._known.pop(str(origin), None) or _Known()
        self._known[str(origin)] = known  # the newest last
        async with known.lock:
            rules = await self._current(origin, known, allow_private=allow_private, insecure=insecure)
        self._forget()
        if rules.delay:
            self._client.hosts.slow_down(f"{origin.host}:{origin.port}", rules.delay)
        return rules

    async def _current(self, origin: URL, known: _Known, *, allow_private: bool, insecure: bool) -> Rules:
        now = self._client.now()
        if known.rules is not None and known.holds(now, FRESH):
            return known.rules
        if not known.is_troubled(now):
            await self._ask(origin, known, allow_private=allow_private, insecure=insecure)
        if known.trouble is None and known.rules is not None:
            return known.rules
        if known.rules is not None and known.holds(now, STALE_AT_MOST):
            return known.rules
        raise known.trouble or Transient(text("robots.txt of {host} cannot be read now", host=origin.host or ""))

    async def _ask(self, origin: URL, known: _Known, *, allow_private: bool, insecure: bool) -> None:
        known.tried_at = self._client.now()
        address = str(origin / "robots.txt")
        try:
            answer = await self._client.get(address, allow_private=allow_private, insecure=insecure)
            rules = await read_rules(answer.body, address)
        except SourceError as error:
            if isinstance(error, Transient | RateLimited) or error.status not in NO_ROBOTS:
                known.trouble = _unreadable(error, origin)
                return
            rules = ALL
        known.rules, known.read_at, known.trouble = rules, known.tried_at, None

    def _forget(self) -> None:
        size = sum(one.rules.size for one in self._known.values() if one.rules)
        while len(self._known) > KEPT_HOSTS or (size > KEPT_CHARACTERS and len(self._known) > 1):
            _, gone = self._known.popitem(last=False)
            size -= gone.rules.size if gone.rules else 0


def _unreadable(error: SourceError, origin: URL) -> SourceError:
    """The guard's refusals and a page that is too large stay what they are; trouble of the server means: wait."""
    if isinstance(error, HostRests) or not isinstance(error, Transient):
        return error
    sentence = text("{host} does not say what may be read (robots.txt): its pages wait", host=origin.host or "")
    return Transient(sentence, retry_at=error.retry_at)
