"""https://docs.nodebb.org/api/read/: `/api/recent` of a NodeBB whose feeds are off. Runs in the parse worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.forums.shapes import json_of, listed, mapping, moment, number, post, refused, words

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 500  # of one answer


def read(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"items"}`: each thread by its last post, of which the list shows the beginning; options: `base`."""
    base = str(options.get("base") or "")
    found = mapping(json_of(body))
    if not isinstance(found.get("topics"), list):
        return refused("not-nodebb")
    topics = [one for one in listed(found["topics"])[:MOST] if words(one.get("tid")) and not one.get("deleted")]
    return {"items": [_topic(one, base) for one in topics]}


def _topic(one: Mapping[str, Any], base: str) -> dict[str, Any]:
    teaser, tid = mapping(one.get("teaser")), words(one["tid"])
    pid = words(teaser.get("pid") or one.get("mainPid")) or tid
    reply = bool(teaser.get("pid")) and words(teaser.get("pid")) != words(one.get("mainPid"))
    who = mapping(teaser.get("user")) or mapping(one.get("user"))
    return post(
        id=pid,
        url=web_link(f"post/{pid}", base) if reply else web_link(f"topic/{words(one.get('slug')) or tid}", base),
        title=words(one.get("titleRaw") or one.get("title")),
        markup=str(teaser.get("content") or ""),
        author=_author(who, base),
        published=moment(teaser.get("timestampISO") or one.get("timestampISO") or teaser.get("timestamp")),
        kind="comment" if reply else "post",
        thread=f"t{tid}",
        parent=f"t{tid}" if reply else None,
        likes=None if reply else number(one.get("upvotes")),
        replies=None if reply else _replies(one),
        views=number(one.get("viewcount")),
        tags=[words(it.get("value")) for it in listed(one.get("tags"))],
    )


def _replies(one: Mapping[str, Any]) -> int | None:
    posts = number(one.get("postcount"))
    return max(posts - 1, 0) if posts is not None else None


def _author(who: Mapping[str, Any], base: str) -> dict[str, str | None] | None:
    handle = words(who.get("username"))
    if not handle:
        return None
    name = words(who.get("displayname")) or handle
    page = web_link(f"user/{words(who.get('userslug'))}", base) if who.get("userslug") else None
    return {"name": name, "handle": handle, "native_id": words(who.get("uid")) or None, "url": page}
