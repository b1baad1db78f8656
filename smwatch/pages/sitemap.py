"""https://www.sitemaps.org/protocol.html: sitemaps, indexes of them, news sitemaps, lists of addresses, gzipped or not.

Runs in the parse worker. https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap for news.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.dates import read_date
from smwatch.feeds.encoding import to_utf8
from smwatch.feeds.mend import mend, sealed
from smwatch.feeds.plain import fold, plain_title
from smwatch.feeds.reader import read_entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST = 10 * 1024 * 1024  # bytes unpacked
MOST = 50_000  # entries: what the protocol allows
KEPT = 20_000  # the newest of them go on
LONGEST = 2_048  # characters of an address, as the protocol has it
OWN = ("loc", "lastmod")
NEWS = {"title": "title", "publication_date": "published", "language": "lang"}


def read(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"kind": "index" | "pages" | "", "entries": [{"url", "modified", "published", "title", "lang"}], "more": bool}`.

    Dates are ISO 8601 in UTC or as a day alone ("2026-11-24"), "" where there is none; the newest come first, `more`
    says that the oldest were left out. `kind` is "" for what is no sitemap. Options: `url`, `content_type`.
    """
    unpacked = _unpacked(body)
    text = to_utf8(unpacked, str(options.get("content_type") or "")).lstrip(b"\xef\xbb\xbf \t\r\n")
    url = str(options.get("url") or "")
    if text.startswith(b"<"):
        kind, entries = _from_xml(text, url)
        if not kind and not entries:
            kind, entries = "pages", list(_from_feed(text, url))
    else:
        kind, entries = "pages", list(_from_lines(text))
    known = {entry["url"]: entry for entry in entries}
    newest = sorted(known.values(), key=lambda entry: entry["published"] or entry["modified"], reverse=True)
    return {"kind": kind if newest or kind == "index" else "", "entries": newest[:KEPT], "more": len(newest) > KEPT}


def _unpacked(body: bytes) -> bytes:
    """Gzip undone, up to `LARGEST`; what is broken or longer ends there."""
    if not body.startswith(b"\x1f\x8b"):
        return body[:LARGEST]
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, LARGEST)
    except zlib.error:
        return b""


def _from_lines(text: bytes) -> Iterator[dict[str, str]]:
    for line in text.decode("utf-8", "replace").splitlines()[:MOST]:
        if line.strip().startswith(("http://", "https://")) and (link := _link(line, "")):
            yield _entry(link)


def _from_feed(text: bytes, url: str) -> Iterator[dict[str, str]]:
    """A feed in a sitemap's place, as the protocol admits it."""
    try:
        found = read_entries(text, {"url": url})
    except ValueError:
        return
    for one in found.entries[:MOST]:
        if link := _link(one.link, url):
            modified = _day(one.updated or one.published)
            yield _entry(link, modified=modified, title=plain_title(one.title, one.title_kind))


def _entry(link: str, **more: str) -> dict[str, str]:
    return {"url": link, "modified": "", "published": "", "title": "", "lang": "", **more}


def _link(written: str, base: str) -> str:
    link = web_link(written.strip(), base).partition("#")[0]
    return link if len(link) <= LONGEST else ""


def _from_xml(text: bytes, url: str) -> tuple[str, list[dict[str, str]]]:
    """Entries of `<url>` and `<sitemap>`; whatever namespace they claim, whatever is broken behind them."""
    from lxml import etree  # noqa: PLC0415 - only the worker reads sitemaps

    reader = etree.XMLPullParser(
        events=("start", "end"), recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    entries: list[dict[str, str]] = []
    kind = ""
    try:
        reader.feed(mend(sealed(text)))
        for event, element in reader.read_events():
            name = _name(element)
            if event == "start":
                kind = kind or {"urlset": "pages", "sitemapindex": "index"}.get(name, "")
                continue
            if name in ("url", "sitemap") and len(entries) < MOST:
                if entry := _read_entry(element, url):
                    entries.append(entry)
                element.clear()
    except etree.XMLSyntaxError:
        pass  # what came before it stands
    return kind, entries


def _name(element: Any) -> str:  # noqa: ANN401 - lxml's elements
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _read_entry(element: Any, base: str) -> dict[str, str] | None:  # noqa: ANN401
    said: dict[str, str] = {}
    for child in element.iter():
        name, parent = _name(child), _name(child.getparent()) if child.getparent() is not None else ""
        if name in OWN and child.getparent() is element:
            said.setdefault(name, "".join(child.itertext()))
        elif name in NEWS and parent in ("news", "publication"):
            said.setdefault(NEWS[name], "".join(child.itertext()))
    link = _link(said.get("loc") or (element.text or ""), base)
    if not link:
        return None
    title, lang = plain_title(said.get("title", "")), fold(said.get("lang", ""))[:20]
    return _entry(
        link, modified=_day(said.get("lastmod", "")), published=_day(said.get("published", "")), title=title, lang=lang
    )


def _day(written: str) -> str:
    """ISO 8601; a day without an hour stays a day."""
    written = written.strip()[:100]
    found = read_date(written) if written else None
    if found is None:
        return ""
    return f"{found:%Y-%m-%d}" if len(written) <= len("2026-11-24") else found.isoformat()
