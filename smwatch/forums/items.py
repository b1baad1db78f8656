"""From the worker's plain values to a forum's items: dates are read here, where the moment and the zone are known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smwatch.errors import Broken
from smwatch.feeds.items import feed_items
from smwatch.forums.places import is_reply, spot_of
from smwatch.i18n import text
from smwatch.model import Author, Engagement, Item
from smwatch.pages.moments import read_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

REFUSED = {
    "login": text("it shows a login page; what is behind it cannot be read ({detail})"),
    "nothing-selected": text("the selector for item finds nothing; the page begins: {detail}"),
    "selected-empty": text("the selector for item finds {detail}, but no title and no text in it"),
    "not-discourse": text("this is no answer of a Discourse: {detail}"),
    "discourse-error": text("the Discourse refuses: {detail}"),
    "not-nodebb": text("this is no answer of a NodeBB"),
    "not-flarum": text("this is no answer of a Flarum"),
}


def forum_items(answer: Mapping[str, Any], source: str, now: datetime, zone: tzinfo) -> tuple[Item, ...]:
    """The items of a forum's reader, named after `source`; raises Broken where it refused, or brings nonsense.

    Dates without a zone are the forum's own time, in `zone`; "Heute, 14:03" is counted from `now`.
    """
    if "refused" in answer:
        told = REFUSED.get(str(answer["refused"]), text("the content could not be read: {detail}"))
        raise Broken(text(told.template, detail=str(answer.get("detail") or "–")))
    found = [one for one in answer.get("items") or () if isinstance(one, dict)]
    plain = [{**one, **{name: _iso(one.get(name), now, zone) for name in ("published", "updated")}} for one in found]
    items = feed_items({"items": plain}, source)
    return tuple(_placed(item, one) for item, one in zip(items, found, strict=True))


def _iso(written: object, now: datetime, zone: tzinfo) -> str | None:
    moment = read_moment(written, now, zone) if isinstance(written, str) else None
    return moment.isoformat() if moment else None


def _placed(item: Item, one: Mapping[str, Any]) -> Item:
    author = one.get("author")
    return replace(
        item,
        kind=str(one.get("kind") or "post"),
        author=_author(author) if isinstance(author, dict) else None,
        root_id=_word(one, "thread"),
        parent_id=_word(one, "parent"),
        engagement=_engagement(one),
    )


def _author(found: Mapping[str, Any]) -> Author:
    return Author(
        name=_word(found, "name"),
        handle=_word(found, "handle"),
        native_id=_word(found, "native_id"),
        url=_word(found, "url"),
    )


def _engagement(one: Mapping[str, Any]) -> Engagement | None:
    counts = {name: one[name] for name in ("likes", "replies", "views") if isinstance(one.get(name), int)}
    return Engagement(**counts) if counts else None


def _word(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and value else None


def feed_posts(answer: Mapping[str, Any], source: str) -> tuple[Item, ...]:
    """The items of a forum's feed: which thread they belong to stands in their links."""
    return tuple(_threaded(item) for item in feed_items(answer, source))


def _threaded(item: Item) -> Item:
    spot = spot_of(item.url)
    reply = is_reply(item.title) or bool(spot.post and spot.post != "1" and _says_post(item.url))
    root = f"t{spot.thread}" if spot.thread else None
    return replace(item, kind="comment" if reply else "post", root_id=root, parent_id=root if reply else None)


def _says_post(url: str) -> bool:
    """Whether a link to a single post stands for a reply; some boards link threads by their first or newest post."""
    return "/post/" in url or "post-" in url or "comment" in url
