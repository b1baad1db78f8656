"""The forum software that is known: how a page gives it away, and where its feeds lie.

Discourse, NodeBB and Flarum answer as JSON; phpBB, XenForo, vBulletin, MyBB and SMF have feeds at fixed addresses;
WoltLab and the others only name theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from yarl import URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One forum software.

    `marks` are patterns in what a page shows of itself (see `look.facts`), by facet. `feeds` are addresses below the
    forum's root, best first; `section` is one of a single section of it, {id} standing for its number. `own_first`
    means that those show more (single posts) than what the page names.
    """

    title: str
    marks: tuple[tuple[str, str], ...]
    feeds: tuple[str, ...] = ()
    section: str = ""
    section_id: str = ""
    own_first: bool = False


ENGINES: dict[str, Engine] = {
    "discourse": Engine(
        title="Discourse",
        marks=(
            ("generator", "discourse"),
            ("ids", r"\bdata-discourse-setup\b|\bdata-preloaded\b"),
            ("names", r"\bdiscourse[_-]"),
            ("cookies", r"^_forum_session$"),
        ),
        section_id=r"/c/(?:[^/?#]+/)*(\d+)",
    ),
    "nodebb": Engine(
        title="NodeBB",
        marks=(
            ("generator", "nodebb"),
            ("powered", "nodebb"),
            ("scripts", r"/nodebb(?:\.min)?\.js"),
            ("ids", r"\bajaxify-data\b"),
        ),
        feeds=("recentposts.rss", "recent.rss"),
        section="category/{id}/recentposts.rss",
        section_id=r"/category/(\d+)",
        own_first=True,
    ),
    "flarum": Engine(
        title="Flarum",
        marks=(
            ("generator", "flarum"),
            ("ids", r"\bflarum-(?:json-payload|loading|content)\b"),
            ("cookies", r"^flarum_"),
        ),
    ),
    "phpbb": Engine(
        title="phpBB",
        marks=(
            ("generator", "phpbb"),
            ("body", r"\bid=phpbb\b"),
            ("cookies", r"^phpbb"),
            ("links", r"/(?:viewforum|viewtopic)\.php\?(?:.*&)?[ft]=\d"),
            ("said", r"powered by phpbb|phpbb®|phpbb &copy;|phpbb group|phpbb limited"),
        ),
        feeds=("feed", "app.php/feed", "feed.php"),
        section="app.php/feed/forum/{id}",
        section_id=r"viewforum\.php\?(?:.*&)?f=(\d+)",
        own_first=True,
    ),
    "xenforo": Engine(
        title="XenForo",
        marks=(
            ("generator", "xenforo"),
            ("html", r"\bid=(?:xenforo|xf)\b"),
            ("cookies", r"^xf_"),
            ("scripts", r"js/xf/|js/xenforo/"),
        ),
        feeds=("forums/-/index.rss", "index.php?forums/-/index.rss"),
        section_id=r"forums/[^/?#]*?\.?(\d+)/?$",
    ),
    "vbulletin": Engine(
        title="vBulletin",
        marks=(
            ("generator", "vbulletin"),
            ("html", r"\bid=vbulletin_html\b"),
            ("body", r"\bid=vb-page-body\b"),
            ("scripts", r"vbulletin[_-]"),
            ("cookies", r"^bb_?(?:lastvisit|lastactivity|sessionhash)$"),
            ("said", r"powered by vbulletin"),
        ),
        feeds=("external.php?type=RSS2", "external.php"),
        section="external.php?type=RSS2&forumids={id}",
        section_id=r"forumdisplay\.php\?(?:.*&)?(?:f=)?(\d+)|/(?:forums?/)?(\d+)-[^/]+/?$",
    ),
    "woltlab": Engine(
        title="WoltLab",
        marks=(
            ("generator", "woltlab|burning board"),
            ("cookies", r"^(?:wsc|wcf|wbb)[\w]*_"),
            ("scripts", r"\bWCF\.|/wcf/|/wsc/|WoltLabSuite"),
            ("said", r"woltlab(?: suite|®| gmbh)|burning board"),
            ("body", r"\bdata-application=wbb\b"),
        ),
        section_id=r"/board/(\d+)-",
    ),
    "mybb": Engine(
        title="MyBB",
        marks=(
            ("generator", "mybb"),
            ("cookies", r"^mybb"),
            ("said", r"powered by mybb|mybb group"),
            ("links", r"/(?:forumdisplay\.php\?fid=|showthread\.php\?tid=)\d"),
            ("scripts", r"my_post_key|mybb"),
        ),
        feeds=("syndication.php?limit=50", "syndication.php"),
        section="syndication.php?fid={id}&limit=50",
        section_id=r"forumdisplay\.php\?(?:.*&)?fid=(\d+)",
    ),
    "smf": Engine(
        title="SMF",
        marks=(
            ("generator", "simple machines"),
            ("scripts", r"\bsmf_(?:theme_url|scripturl|default_theme_url)\b"),
            ("cookies", r"^smfcookie"),
            ("said", r"simple machines|powered by smf"),
        ),
        feeds=("index.php?action=.xml;sa=recent;limit=50;type=rss2", "index.php?action=.xml;sa=recent;type=rss"),
        section="index.php?action=.xml;sa=recent;limit=50;type=rss2;board={id}",
        section_id=r"[?;&]board=(\d+)",
        own_first=True,
    ),
    "invision": Engine(
        title="Invision",
        marks=(
            ("generator", "invision|ip\\.board"),
            ("cookies", r"^ips4?_"),
            ("said", r"invision community|powered by ip\.board"),
            ("body", r"\bips[A-Z]\w+"),
        ),
    ),
    "vanilla": Engine(
        title="Vanilla",
        marks=(
            ("cookies", r"^vanilla"),
            ("body", r"\bid=vanilla_|\bclass=[^=]*\bVanilla\b"),
            ("said", "vanilla forums"),
        ),
        feeds=("discussions/feed.rss",),
    ),
    "bbpress": Engine(title="bbPress", marks=(("body", r"\bbbpress\b"), ("scripts", r"/plugins/bbpress/"))),
}
LISTS = frozenset({"latest", "top", "new", "hot", "categories", "recent", "popular", "whats-new"})  # no folders
GUESSED = ("phpbb", "xenforo", "nodebb", "vbulletin", "mybb", "smf")


def by_marks(facts: dict[str, list[str]]) -> str:
    """The engine that most facets speak for; "" for none. What it calls itself counts more than what it looks like."""
    scores = {name: _score(engine, facts) for name, engine in ENGINES.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else ""


def _score(engine: Engine, facts: dict[str, list[str]]) -> int:
    found = {
        facet
        for facet, pattern in engine.marks
        if any(re.search(pattern, one, re.IGNORECASE) for one in facts.get(facet, ()))
    }
    return len(found) + 2 * ("generator" in found)


def root_of(url: str) -> str:
    """The folder of a page, without its script: `https://x/forum/index.php?a=1` lies in `https://x/forum/`."""
    address = URL(url).with_query(None).with_fragment(None)
    path = address.path
    if not path.endswith("/") and "." in path.rpartition("/")[2]:
        path = path.rpartition("/")[0] + "/"
    for part in ("/c/", "/category/", "/forums/", "/board/", "/t/", "/topic/", "/threads/", "/viewforum.php"):
        path = path.partition(part)[0] + "/" if part in path else path
    folder, _, last = path.rstrip("/").rpartition("/")
    path = f"{folder}/" if last in LISTS else path
    return str(address.with_path(path if path.endswith("/") else f"{path}/"))


def section_of(engine: str, url: str) -> str:
    """The number of the section that `url` shows; "" for a whole forum."""
    pattern = ENGINES[engine].section_id if engine in ENGINES else ""
    found = re.search(pattern, url) if pattern else None
    return next((group for group in found.groups() if group), "") if found else ""


def feeds_of(engine: str, url: str, named: list[str]) -> list[str]:
    """Where to look for the newest posts, best first. `named` are the feeds that the page itself names."""
    known = ENGINES.get(engine)
    root, section = root_of(url), section_of(engine, url)
    own = [root + path for path in known.feeds] if known else []
    if section:
        named = [feed for feed in named if _is_of(feed, section)]
        own = [root + known.section.format(id=section)] if known and known.section else []
        return list(dict.fromkeys([*named, *own])) or _below(url)
    named = [feed for feed in named if not _is_side(feed)] or named
    ordered = [*own, *named] if known and known.own_first else [*named, *own]
    return list(dict.fromkeys(ordered))


def guesses(url: str) -> list[tuple[str, str]]:
    """Engine and feed to try at an address that gives nothing away; no feed for one that answers as JSON."""
    root = root_of(url)
    named = [(name, root + path) for name in GUESSED for path in ENGINES[name].feeds[:1]]
    return [("discourse", ""), *named]


def _below(url: str) -> list[str]:
    """A section's own feed where none is named: XenForo has it there."""
    return [str(URL(url).with_query(None)).rstrip("/") + "/index.rss"]


def _is_of(feed: str, section: str) -> bool:
    parts = urlsplit(feed)
    numbers = {value for _, value in parse_qsl(parts.query.replace(";", "&"))} | set(re.findall(r"\d+", parts.path))
    return section in numbers


def _is_side(feed: str) -> bool:
    """Comments on articles, a member's or a tag's feed: not what the whole forum says."""
    return bool(re.search(r"comments/feed|/tags?/|/users?/|/blog/|sa=news", feed))
