"""https://docs.flarum.org/rest-api/: `/api/posts` of a Flarum, as JSON:API. Runs in the parse worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.forums.shapes import json_of, listed, mapping, moment, number, post, refused, words

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 500  # of one answer

COMMENT = "comment"  # the content type of what people write; the others are events
Known = dict[tuple[str, str], dict[str, Any]]


def read(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"items"}`: the newest posts with their threads and authors; options: `base`."""
    base = str(options.get("base") or "")
    found = mapping(json_of(body))
    if not isinstance(found.get("data"), list):
        return refused("not-flarum")
    known = {(words(one.get("type")), words(one.get("id"))): one for one in listed(found.get("included"))}
    posts = [one for one in listed(found["data"])[:MOST] if one.get("type") == "posts" and _is_said(one)]
    return {"items": [_post(one, base, known) for one in posts]}


def _is_said(one: Mapping[str, Any]) -> bool:
    attributes = mapping(one.get("attributes"))
    return attributes.get("contentType", COMMENT) == COMMENT and not attributes.get("isHidden")


def _post(one: Mapping[str, Any], base: str, known: Known) -> dict[str, Any]:
    said, place = mapping(one.get("attributes")), number(mapping(one.get("attributes")).get("number")) or 1
    thread, thread_id = _related(one, "discussion", known)
    slug = words(thread.get("slug")) or thread_id
    slug = slug if slug.startswith(thread_id) else f"{thread_id}-{slug}"
    return post(
        id=words(one.get("id")),
        url=web_link(f"d/{slug}/{place}", base),
        title=words(thread.get("title")),
        markup=str(said.get("contentHtml") or said.get("content") or ""),
        author=_author(one, base, known),
        published=moment(said.get("createdAt")),
        updated=moment(said.get("editedAt")),
        kind="post" if place == 1 else "comment",
        thread=f"t{thread_id}" if thread_id else None,
        parent=f"t{thread_id}" if thread_id and place > 1 else None,
        likes=number(said.get("likesCount")),
        replies=max((number(thread.get("commentCount")) or 1) - 1, 0) if place == 1 and thread else None,
    )


def _related(one: Mapping[str, Any], name: str, known: Known) -> tuple[dict[str, Any], str]:
    mark = mapping(mapping(mapping(one.get("relationships")).get(name)).get("data"))
    own = words(mark.get("id"))
    return mapping(mapping(known.get((words(mark.get("type")), own))).get("attributes")), own


def _author(one: Mapping[str, Any], base: str, known: Known) -> dict[str, str | None] | None:
    who, own = _related(one, "user", known)
    handle = words(who.get("username"))
    if not handle:
        return None
    page = web_link(f"u/{words(who.get('slug')) or handle}", base)
    return {"name": words(who.get("displayName")) or handle, "handle": handle, "native_id": own, "url": page}
