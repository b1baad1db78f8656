"""A feed's bytes to plain JSON values: choose the reader, normalise what it brings. Runs in the parse worker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.channel import read_channel, read_json_channel
from smwatch.feeds.dates import read_date
from smwatch.feeds.details import own_address, read_details
from smwatch.feeds.doubts import leaves_out, needs_details
from smwatch.feeds.encoding import to_utf8
from smwatch.feeds.fast import read_fast
from smwatch.feeds.identity import identities
from smwatch.feeds.jsonfeed import looks_like_json, read_json_feed
from smwatch.feeds.mend import mend, sealed
from smwatch.feeds.outline import outline, outside
from smwatch.feeds.plain import TAGS, fold, plain_text, plain_title
from smwatch.feeds.refusal import NotAFeed
from smwatch.feeds.slow import read_slow
from smwatch.feeds.walls import wall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smwatch.feeds.entry import Entry, Feed

HEAD = 4096
TAG_LIMIT = 50
LINK_LIMIT = 4096  # characters; a longer one is no address but a payload
_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(rb"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_RSS_10 = re.compile(rb"""<channel[\s>]|xmlns=["']http://(?:purl\.org/rss/1\.0/|\w+\.netscape\.com/rdf/simple)""")
_NAMED = re.compile(r"[^\s@()]{1,80}@[^\s@()]{1,80}\s*\((?P<name>[^()]+)\)")
_MAILBOX = re.compile(r"\"?(?P<name>[^<>\"]+)\"?\s*<[^\s<>@]{1,80}@[^\s<>@]{1,80}>")
_BARE = re.compile(r"[^\s@]{1,80}@[^\s@]{1,80}\.[^\s@.]{2,20}")
_LOST = re.compile("[\ud800-\udfff\x00]")


def read_feed(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"parser", "feed": {"title", "url", "lang"}, "channel": …, "items": [...]}`; raises NotAFeed.

    `channel` is a `smwatch.feeds.channel.Channel`.

    Options, all optional: `url` (the document's address, the base of relative links), `content_type` (the HTTP
    header), `parser` (the reader that read this source before and is tried first: "fast", "feedparser", "json").
    Items hold `id, url, title, lead, text, author, published, updated, lang, tags`; dates are ISO 8601 in UTC or None.
    """
    feed = read_entries(body, options)
    items = [_item(entry) for entry in feed.entries]
    about = {"title": plain_title(feed.title), "url": feed.link, "lang": _lang(feed.lang)}
    return {"parser": feed.parser, "feed": about, "channel": feed.channel, "items": items}


def read_entries(body: bytes, options: Mapping[str, Any]) -> Feed:
    """The feed with its identities and absolute links, everything else as it was written; options as `read_feed`."""
    url = str(options.get("url") or "")
    if not body.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise NotAFeed("empty")
    body = to_utf8(body, str(options.get("content_type") or ""))
    if looks_like_json(body):
        feed = read_json_feed(body)
        feed.channel = read_json_channel(body, url)
    else:
        feed = _read_xml(body, url, str(options.get("parser") or ""))
    return _normalised(feed, url or own_address(body))


def _read_xml(body: bytes, url: str, pinned: str) -> Feed:
    if _PAGE.match(body, 0, HEAD):
        raise _page(body, url)
    body = sealed(body)
    places = list(outside(body))
    tags, body = outline(body, places), mend(body, places)
    feed = _chosen(body, tags, url, pinned)
    if feed is None or (not feed.entries and _says_nothing(body)):
        root = _root(body)
        raise _page(body, url) if root in TAGS else NotAFeed(NO_FEEDS.get(root, "unknown"))
    feed.channel = read_channel(body, tags, url)
    return feed


def _chosen(body: bytes, tags: bytes, url: str, pinned: str) -> Feed | None:
    """The fast reader's feed unless it left something out that the other one finds."""
    fast = None if pinned == "feedparser" else _fast(body, tags, url)
    if fast is not None and not leaves_out(fast, tags):
        return fast
    slow = _slow(body, url)
    if slow is None and pinned == "feedparser":
        return _fast(body, tags, url)
    return fast if fast is not None and (slow is None or len(slow.entries) < len(fast.entries)) else slow


NO_FEEDS = {"opml": "opml", "urlset": "sitemap", "sitemapindex": "sitemap"}


def _says_nothing(body: bytes) -> bool:
    """Whether what has no entries is no feed either: a page, a list, RDF about something else."""
    root = _root(body)
    return root in NO_FEEDS or root == "html" or (root == "rdf" and not _RSS_10.search(body))


def _fast(body: bytes, tags: bytes, url: str) -> Feed | None:
    """The fast reader's feed with its details mended; None where it fails in whatever way it fails."""
    try:
        feed = read_fast(body, tags)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a foreign reader on foreign bytes: the second one is asked then
        return None
    return _mended(feed, body, url) if needs_details(feed, tags) else feed


def _slow(body: bytes, url: str) -> Feed | None:
    """The other reader's feed; None where it sees none, or falls over one."""
    try:
        return read_slow(body, url)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as above, and nobody is left to ask
        return None


def _mended(feed: Feed, body: bytes, url: str) -> Feed | None:
    details = read_details(body, url)
    if details is None or len(details) != len(feed.entries):
        return None
    for entry, detail in zip(feed.entries, details, strict=True):
        entry.lang = detail.lang
        entry.link = detail.link or web_link(entry.link, detail.base) or entry.link
        if detail.title is not None:
            entry.title, entry.title_kind = detail.title, detail.kind
        entry.title = entry.title or detail.other_title
        if not (entry.published or entry.updated):
            entry.published, entry.updated = detail.published, detail.updated
    return feed


def _root(body: bytes) -> str:
    found = _ROOT.search(body, 0, HEAD)
    return found[1].decode("ascii", "replace").lower() if found else ""


def _page(body: bytes, url: str) -> NotAFeed:
    """The refusal of a web page, with the feed that it names in its head, if it does."""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - only for pages that are no feed

    page = LexborHTMLParser(body[:200_000].decode("utf-8", "replace"))
    for link in page.css('link[rel~="alternate"][href]'):
        if "rss" in (kind := link.attributes.get("type") or "") or "atom" in kind or "feed+json" in kind:
            found = web_link(link.attributes.get("href") or "", url)
            if found and found != url:
                return NotAFeed("html-feed", found[:300])
    return NotAFeed(wall(page, body, url) or "html")


def _normalised(feed: Feed, url: str) -> Feed:
    feed.link = web_link(feed.link, url)
    base = url or feed.link
    for entry in feed.entries:
        entry.id = _LOST.sub("\ufffd", entry.id)
        entry.link = _link(entry, base)
    for entry, name in zip(feed.entries, identities(feed.entries), strict=True):
        entry.id = name
    return feed


def _link(entry: Entry, base: str) -> str:
    """The entry's page; where it names none, an id that is an address."""
    link = web_link(entry.link, base) if entry.link else web_link(entry.id)
    return link if len(link) <= LINK_LIMIT else ""


def _item(entry: Entry) -> dict[str, Any]:
    content = plain_text(entry.content, literal=entry.literal) if entry.content else ""
    summary = plain_text(entry.summary) if entry.summary and entry.summary != entry.content else ""
    author = _person(fold(entry.author)[:200])
    return {
        "id": entry.id,
        "url": entry.link,
        "title": plain_title(entry.title, entry.title_kind),
        "lead": summary if content and not _begins(content, summary) else "",
        "text": content or summary,
        "author": {"name": author, "url": web_link(entry.author_url)} if author else None,
        "published": _date(entry.published) or _date(entry.updated),
        "updated": _date(entry.updated),
        "lang": _lang(entry.lang),
        "tags": [fold(tag)[:100] for tag in entry.tags[:TAG_LIMIT]],
    }


def _begins(content: str, summary: str) -> bool:
    """Whether the summary is only how the content begins, paragraphs or not."""
    beginning = content[: len(summary) + 200].replace("\n\n", " ")
    return beginning.startswith(summary.replace("\n\n", " ").rstrip("… "))


def _person(written: str) -> str:
    """The name in `name@host (Name)` and `Name <name@host>`, as RSS has them; a bare address is no name to show."""
    found = _NAMED.fullmatch(written) or _MAILBOX.fullmatch(written)
    name = found["name"].strip() if found else "" if _BARE.fullmatch(written) else written
    return "" if name.lower() in {"unknown", "unbekannt"} else name


def _date(written: str) -> str | None:
    found = read_date(written) if written else None
    return found.isoformat() if found else None


def _lang(written: str) -> str | None:
    found = fold(written).replace("_", "-")[:20]
    return found or None
