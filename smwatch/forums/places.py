"""A post's place by its link: which thread it belongs to, and its own number there."""

from __future__ import annotations

import re
from typing import NamedTuple


class Spot(NamedTuple):
    """The thread's number and the post's; "" where the link does not say."""

    thread: str = ""
    post: str = ""


LONGEST = 500  # characters of a link that are looked at


_FORMS = tuple(
    re.compile(form)
    for form in (
        r"[?;&]topic=(?P<thread>\d+)(?:\.(?:msg(?P<post>\d+)|\d+|new))?",  # SMF
        r"showthread\.php\?(?:.*?[&;])?tid=(?P<thread>\d+)(?:.*?[&;]pid=(?P<post>\d+))?",  # MyBB
        r"showthread\.php[?/](?:.*?[&;])?(?:t=)?(?P<thread>\d+)(?:.*?[&;#](?:p=|post)(?P<post>\d+))?",  # vBulletin
        r"viewtopic\.php\?(?:.*?[&;])?t=(?P<thread>\d+)(?:.*?(?:[&;]p=|#p)(?P<post>\d+))?",  # phpBB
        r"viewtopic\.php\?(?:.*?[&;])?p=(?P<post>\d+)",
        r"/t/(?:[^/?#]+/)?(?P<thread>\d+)(?:/(?P<post>\d+))?/?(?:[?#]|$)",  # Discourse
        r"/d/(?P<thread>\d+)(?:-[^/?#]*)?(?:/(?P<post>\d+))?",  # Flarum
        r"/post/(?P<post>\d+)/?(?:[?#]|$)",  # NodeBB
        r"/discussion/comment/(?P<post>\d+)",  # Vanilla
        r"/discussion/(?P<thread>\d+)/",
        r"[/?]threads?/(?:[^/?#]*\.)?(?P<thread>\d+)(?:[-/?#]|$)(?:.*?(?:post-|postID=|#post|[?&]p=)(?P<post>\d+))?",
        r"/topic/(?P<thread>\d+)(?:[-/?#]|$)(?:.*?(?:comment=|#comment-|/)(?P<post>\d+)/?(?:[?#]|$))?",  # NodeBB
        r"(?:^|/)(?P<thread>\d+)-[^/?#]+\.html(?:#post(?P<post>\d+))?",  # vBulletin with an SEO add-on
    )
)


def spot_of(link: str) -> Spot:
    """The place that `link` names."""
    for form in _FORMS:
        if found := form.search(link[:LONGEST]):
            parts = found.groupdict()
            return Spot(parts.get("thread") or "", parts.get("post") or "")
    return Spot()


_REPLY = re.compile(r"(?:^|[•·|:]\s*)(?:re|aw|antw)\s*:\s*", re.IGNORECASE)


def is_reply(title: str) -> bool:
    """Whether a post of a feed answers another one."""
    return bool(_REPLY.search(title))


def thread_title(title: str) -> str:
    """A post's title without the forum's section before it and without "Re:"."""
    return _REPLY.split(title)[-1].strip() or title
