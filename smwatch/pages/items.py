"""From the worker's plain values of a page to an item; dates are read here, where the moment and the zone are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yarl import URL

from smwatch.model import Author, Item
from smwatch.pages.moments import read_moment
from smwatch.pages.verdicts import host_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo


def page_item(  # noqa: PLR0913 - what an item of a page is made of
    found: Mapping[str, Any],
    source: str,
    *,
    url: str,
    now: datetime,
    zone: tzinfo,
    published: str = "",
    updated: str = "",
    title: str = "",
) -> Item:
    """The page as an item. `published`, `updated` and `title` are its sitemap's, for what the page itself leaves open.

    One without any title is called by its address. A day without an hour says nothing about what is newer than what:
    as `updated` it is left out.
    """
    author = _word(found, "author")
    said = _moment(found.get("published"), now, zone) or _moment(published, now, zone)
    return Item(
        id=url,
        source=source,
        url=url,
        title=_word(found, "title") or title or f"{host_of(url)}{URL(url).path}",
        text=_word(found, "text"),
        kind="article" if said else "page",
        author=Author(name=author) if author else None,
        published=said,
        updated=_moment(found.get("updated"), now, zone) or (_moment(updated, now, zone) if "T" in updated else None),
        lang=_word(found, "lang") or None,
    )


def status_item(  # noqa: PLR0913 - as page_item
    word: str, said: str, source: str, *, url: str, now: datetime, more: str = ""
) -> Item:
    """What a source says about the site itself, under a `word` that names it; `more` is what stands below."""
    return Item(
        id=f"{url}#{word}-{now:%Y%m%dT%H%M%S}",
        source=source,
        url=url,
        title=said[:1].upper() + said[1:],
        text=more,
        kind="status",
        published=now,
    )


def _word(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _moment(written: object, now: datetime, zone: tzinfo) -> datetime | None:
    return read_moment(written, now, zone) if isinstance(written, str) and written else None
