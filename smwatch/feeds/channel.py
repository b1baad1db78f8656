"""What a feed says besides its entries: how often it changes, which hub announces it, its own address, what is deleted.

https://www.rssboard.org/rss-specification#ltttlgtSubelementOfLtchannelgt, https://web.resource.org/rss/1.0/modules/syndication/,
https://www.w3.org/TR/websub/#discovery, https://www.jsonfeed.org/version/1.1/#top-level
"""

from __future__ import annotations

import json
import re
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Any, TypedDict

from smwatch.feeds.address import web_link
from smwatch.feeds.doubts import first_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = 64 * 1024
LONGEST = 366 * 86400
HUBS = 5
MOST_DELETED = 1000
TOMBSTONES = b"http://purl.org/atompub/tombstones/1.0"
_TOMBSTONE = re.compile(rb"<(?:[\w.-]{1,20}:)?deleted-entry\s([^<>]{1,2000})>")
_TTL = re.compile(rb"<ttl>\s*(?:<!\[CDATA\[)?\s*(\d{1,7})")
_PERIOD = re.compile(rb"<(?:sy|syn|syndication):updatePeriod>\s*(hourly|daily|weekly|monthly|yearly)", re.IGNORECASE)
_FREQUENCY = re.compile(rb"<(?:sy|syn|syndication):updateFrequency>\s*(\d{1,5})")
_LINK = re.compile(rb"<(?:[\w.-]{1,20}:)?link\s([^<>]{1,2000})>")
_ATTRIBUTE = re.compile(r"""([\w:-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_SECONDS = {b"hourly": 3600, b"daily": 86400, b"weekly": 7 * 86400, b"monthly": 30 * 86400, b"yearly": 365 * 86400}


class Channel(TypedDict):
    """`ttl` and `period` in seconds, None where the feed does not say it; hubs and own address are web links or "".

    `deleted` are the ids of entries that the feed takes back (https://www.rfc-editor.org/rfc/rfc6721.html).
    """

    ttl: int | None
    period: int | None
    hubs: list[str]
    self: str
    deleted: list[str]


def read_channel(body: bytes, tags: bytes, url: str) -> Channel:
    """From an XML feed in UTF-8 and its outline; `url` is the base of relative links."""
    head = body[: min(first_entry(body), HEAD)]
    ttl = _TTL.search(head)
    links = list(_links(head))
    hubs = dict.fromkeys(web_link(href, url) for rel, href in links if "hub" in rel)
    return {
        "ttl": _sensible(int(ttl[1]) * 60) if ttl else None,
        "period": _period(head),
        "hubs": [hub for hub in hubs if hub][:HUBS],
        "self": next((web_link(href, url) for rel, href in links if "self" in rel), ""),
        "deleted": _deleted(tags) if TOMBSTONES in tags else [],
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
        "deleted": [],
    }


def _period(head: bytes) -> int | None:
    period, often = _PERIOD.search(head), _FREQUENCY.search(head)
    if period is None:
        return None
    times = max(int(often[1]), 1) if often else 1
    return _sensible(_SECONDS[period[1].lower()] // times)


def _deleted(tags: bytes) -> list[str]:
    """The ids that tombstones name."""
    found = (_attributes(hit[1]).get("ref", "") for hit in islice(_TOMBSTONE.finditer(tags), MOST_DELETED))
    return list(dict.fromkeys(ref for ref in found if ref))


def _sensible(seconds: int) -> int | None:
    return seconds if 0 < seconds <= LONGEST else None


def _links(head: bytes) -> Iterator[tuple[frozenset[str], str]]:
    """Each link's relations and address."""
    for found in _LINK.finditer(head):
        values = _attributes(found[1])
        yield frozenset(values.get("rel", "").lower().split()), values.get("href", "")


def _attributes(tag: bytes) -> dict[str, str]:
    pairs = _ATTRIBUTE.findall(tag.decode("utf-8", "replace"))
    return {name.lower(): unescape(double or single) for name, double, single in pairs}
