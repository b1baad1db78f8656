"""What a feed says about itself before its first entry: how often it changes, which hub announces it, its own address.

https://www.rssboard.org/rss-specification#ltttlgtSubelementOfLtchannelgt, https://web.resource.org/rss/1.0/modules/syndication/,
https://www.w3.org/TR/websub/#discovery, https://www.jsonfeed.org/version/1.1/#top-level
"""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any, TypedDict

from smwatch.feeds.address import web_link
from smwatch.feeds.doubts import first_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = 64 * 1024
LONGEST = 366 * 86400
HUBS = 5
_TTL = re.compile(rb"<ttl>\s*(?:<!\[CDATA\[)?\s*(\d{1,7})")
_PERIOD = re.compile(rb"<(?:sy|syn|syndication):updatePeriod>\s*(hourly|daily|weekly|monthly|yearly)", re.IGNORECASE)
_FREQUENCY = re.compile(rb"<(?:sy|syn|syndication):updateFrequency>\s*(\d{1,5})")
_LINK = re.compile(rb"<(?:[\w.-]{1,20}:)?link\s([^<>]{1,2000})>")
_ATTRIBUTE = re.compile(r"""([\w:-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_SECONDS = {b"hourly": 3600, b"daily": 86400, b"weekly": 7 * 86400, b"monthly": 30 * 86400, b"yearly": 365 * 86400}


class Channel(TypedDict):
    """`ttl` and `period` in seconds, None where the feed does not say it; hubs and own address are web links or ""."""

    ttl: int | None
    period: int | None
    hubs: list[str]
    self: str


def read_channel(body: bytes, url: str) -> Channel:
    """From an XML feed in UTF-8; `url` is the base of relative links."""
    head = body[: min(first_entry(body), HEAD)]
    ttl = _TTL.search(head)
    links = list(_links(head))
    hubs = dict.fromkeys(web_link(href, url) for rel, href in links if "hub" in rel)
    return {
        "ttl": _sensible(int(ttl[1]) * 60) if ttl else None,
        "period": _period(head),
        "hubs": [hub for hub in hubs if hub][:HUBS],
        "self": next((web_link(href, url) for rel, href in links if "self" in rel), ""),
    }


def read_json_channel(body: bytes, url: str) -> Channel:
    """From a JSON Feed."""
    found: dict[str, Any] = json.loads(body)
    hubs = found.get("hubs")
    named = [one.get("url") for one in hubs if isinstance(one, dict)] if isinstance(hubs, list) else []
    own = found.get("feed_url")
    return {
        "ttl": None,
        "period": None,
        "hubs": [link for one in named[:HUBS] if isinstance(one, str) and (link := web_link(one, url))],
        "self": web_link(own, url) if isinstance(own, str) else "",
    }


def _period(head: bytes) -> int | None:
    period, often = _PERIOD.search(head), _FREQUENCY.search(head)
    if period is None:
        return None
    times = max(int(often[1]), 1) if often else 1
    return _sensible(_SECONDS[period[1].lower()] // times)


def _sensible(seconds: int) -> int | None:
    return seconds if 0 < seconds <= LONGEST else None


def _links(head: bytes) -> Iterator[tuple[frozenset[str], str]]:
    """Each link's relations and address."""
    for found in _LINK.finditer(head):
        pairs = _ATTRIBUTE.findall(found[1].decode("utf-8", "replace"))
        values = {name.lower(): unescape(double or single) for name, double, single in pairs}
        yield frozenset(values.get("rel", "").lower().split()), values.get("href", "")
