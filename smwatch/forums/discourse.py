"""https://docs.discourse.org: `/posts.json`, `/latest.json` and `/t/{id}.json`. Runs in the parse worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from smwatch.feeds.address import web_link
from smwatch.feeds.plain import fold
from smwatch.forums.shapes import json_of, listed, mapping, moment, number, post, refused, words

if TYPE_CHECKING:
    from collections.abc import Mapping

LIKE = 2  # the number of "like" among the actions on a post
SMALL_ACTION = 3  # "closed this topic", "pinned globally"
FIRST = 1
MOST = 500  # posts or threads of one answer; a Discourse shows 50


def read(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"items", "deleted": [id], "topics": [{"id", "bumped", "posts"}], "oldest", "newest"}`; options: `base`.

    `oldest` and `newest` are the least and the greatest number among the posts, 0 without any. Numbers of posts stand
    for themselves; a thread's own item (from `/latest.json`) has an id like "t57", as `thread` says.
    """
    base = str(options.get("base") or "")
    found = mapping(json_of(body))
    if isinstance(found.get("latest_posts"), list):
        return _posts(listed(found["latest_posts"]), base, {})
    if isinstance(mapping(found.get("post_stream")).get("posts"), list):
        return _posts(listed(found["post_stream"]["posts"]), base, found)
    if isinstance(mapping(found.get("topic_list")).get("topics"), list):
        return _topics(found, base)
    errors = "; ".join(words(one) for one in _errors(found))
    return refused("discourse-error", errors) if errors else refused("not-discourse", _seen(body))


def _errors(found: Mapping[str, Any]) -> list[str]:
    errors = found.get("errors")
    return [one for one in errors if isinstance(one, str)] if isinstance(errors, list) else []


def _seen(body: bytes) -> str:
    return fold(body[:80].decode("utf-8", "replace"))


def _posts(found: list[dict[str, Any]], base: str, topic: dict[str, Any]) -> dict[str, Any]:
    found = found[:MOST]
    numbers = {(words(one.get("topic_id")), number(one.get("post_number"))): words(one.get("id")) for one in found}
    told = [one for one in found if number(one.get("id")) is not None]
    gone = [one for one in told if one.get("user_deleted") is True or one.get("deleted_at")]
    shown = [one for one in told if one not in gone and not _is_action(one)]
    ids = [number(one["id"]) or 0 for one in told]
    return {
        "items": [_post(one, base, topic, numbers) for one in shown],
        "deleted": [words(one["id"]) for one in gone],
        "topics": [],
        "oldest": min(ids, default=0),
        "newest": max(ids, default=0),
    }


def _is_action(one: Mapping[str, Any]) -> bool:
    return one.get("post_type") == SMALL_ACTION


def _post(
    one: Mapping[str, Any], base: str, topic: Mapping[str, Any], numbers: Mapping[tuple[str, int | None], str]
) -> dict[str, Any]:
    topic_id, place = words(one.get("topic_id") or topic.get("id")), number(one.get("post_number")) or FIRST
    slug = words(one.get("topic_slug") or topic.get("slug")) or "-"
    answered = numbers.get((words(one.get("topic_id")), number(one.get("reply_to_post_number"))))
    thread = f"t{topic_id}" if topic_id else None
    created, updated = moment(one.get("created_at")), moment(one.get("updated_at"))
    return post(
        id=words(one.get("id")),
        url=web_link(f"{base}t/{quote(slug)}/{topic_id}/{place}") if topic_id else web_link(base),
        title=words(one.get("topic_title") or topic.get("title")),
        markup=str(one.get("cooked") or one.get("raw") or ""),
        author=_author(one, base),
        published=created,
        updated=updated if updated != created else None,
        kind="post" if place == FIRST else "comment",
        thread=thread,
        parent=None if place == FIRST else answered or thread,
        likes=_likes(one),
        replies=number(one.get("reply_count")),
        views=number(topic.get("views")) if place == FIRST else None,
    )


def _author(one: Mapping[str, Any], base: str) -> dict[str, str | None] | None:
    handle = words(one.get("username"))
    if not handle:
        return None
    name = words(one.get("name") or one.get("display_username")) or handle
    own = words(one.get("user_id")) or None
    return {"name": name, "handle": handle, "native_id": own, "url": web_link(f"{base}u/{quote(handle)}") or None}


def _likes(one: Mapping[str, Any]) -> int | None:
    """Readers' likes; where the list of actions is told, an action that is missing was never taken."""
    if one.get("like_count") is not None:
        return number(one["like_count"])
    if not isinstance(one.get("actions_summary"), list):
        return None
    return next((number(it.get("count")) or 0 for it in listed(one["actions_summary"]) if it.get("id") == LIKE), 0)


def _topics(found: Mapping[str, Any], base: str) -> dict[str, Any]:
    users = {words(one.get("id")): one for one in listed(found.get("users"))[:MOST]}
    topics = [one for one in listed(mapping(found.get("topic_list")).get("topics"))[:MOST] if words(one.get("id"))]
    return {
        "items": [_topic(one, base, users) for one in topics],
        "deleted": [],
        "topics": [
            {
                "id": words(one["id"]),
                "bumped": moment(one.get("bumped_at") or one.get("last_posted_at") or one.get("created_at")),
                "posts": number(one.get("posts_count")) or 0,
            }
            for one in topics
        ],
        "oldest": 0,
        "newest": 0,
    }


def _topic(one: Mapping[str, Any], base: str, users: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    topic_id, slug = words(one["id"]), words(one.get("slug")) or "-"
    posters = listed(one.get("posters"))
    starter = mapping(users.get(words(posters[0].get("user_id"))) if posters else None)
    posts = number(one.get("posts_count"))
    named = one["tags"] if isinstance(one.get("tags"), list) else []
    tags = [words(it.get("name") if isinstance(it, dict) else it) for it in named]
    return post(
        id=f"t{topic_id}",
        url=web_link(f"{base}t/{quote(slug)}/{topic_id}"),
        title=words(one.get("title") or one.get("fancy_title")),
        markup=str(one.get("excerpt") or ""),
        author=_author({**starter, "user_id": starter.get("id")}, base),
        published=moment(one.get("created_at")),
        thread=f"t{topic_id}",
        likes=number(one.get("like_count")),
        replies=posts - 1 if posts else None,
        views=number(one.get("views")),
        tags=[tag for tag in tags if tag],
    )
