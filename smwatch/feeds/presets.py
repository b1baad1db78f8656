"""Feeds of platforms: where each stands, and what its items are to people (pure).

An address is made of what people know (a channel, a user, an app); a shape makes an item of the reader what it means,
or None where it is none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from smwatch.errors import UserError
from smwatch.feeds.plain import fold, plain_title
from smwatch.i18n import Text, text
from smwatch.links import clean_link

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAGES = 10  # of reviews that a store shows a country
UNTITLED = "Pin ohne Titel"
_CHANNEL = re.compile(r"UC[\w-]{22}")
_PLAYLIST = re.compile(r"(?:PL|UU|LL|FL|OL)[\w-]{10,60}")
_NAME = re.compile(r"[\w.%-]{1,100}")
_APP = re.compile(r"(?:id)?(\d{5,15})")
_COUNTRY = re.compile(r"[a-z]{2}")
_IN_ADDRESS = {  # what people copy out of their browser
    "youtube": re.compile(r"youtube\.com/(?:channel/(UC[\w-]{22})|playlist\?list=([\w-]{12,64}))"),
    "vimeo": re.compile(r"vimeo\.com/([\w.-]{1,100})(?:/videos)?/?$"),
    "vimeo-channel": re.compile(r"vimeo\.com/channels/([\w.-]{1,100})/?$"),
    "pinterest": re.compile(r"pinterest\.[a-z.]{2,6}/([\w.%-]{1,100})(?:/([\w.%-]{1,100}))?/?$"),
    "app-store": re.compile(r"apps\.apple\.com/.*/id(\d{5,15})"),
}
_ALT = re.compile(r"<img\b[^>]{0,2000}\balt=[\"']([^\"']{1,500})[\"']", re.IGNORECASE)
NEWS = re.compile(r"https?://(?:www\.)?news\.google\.[a-z.]{2,6}/", re.IGNORECASE)
FORBIDDEN = text(
    "Google News forbids this use in its own feed (“personal feed reader” only); "
    "use the feed of a Google Alert (preset = “google-alerts”) or sources of type gdelt instead"
)
ALERTS = re.compile(r"https://www\.google\.[a-z.]{2,6}/alerts/feeds/\d{1,25}/\d{1,25}/?$")


def refused(address: str) -> Text | None:
    """Why a feed may not be read; None where it may."""
    return FORBIDDEN if NEWS.match(address) else None


def alerts(url: str | None) -> str:
    """The feed of a Google Alert: its own address; raises UserError."""
    if not url or not ALERTS.match(url):
        raise UserError(
            text(
                "the address of a Google Alert's feed looks like {example}; "
                "choose “RSS feed” as the delivery of the alert",
                example="https://www.google.com/alerts/feeds/…/…",
            )
        )
    return url


def youtube(channel: str | None) -> str:
    """The feed of a channel or a playlist by its id, or by an address that holds it; raises UserError."""
    said = _from_address("youtube", channel)
    if _CHANNEL.fullmatch(said):
        return f"https://www.youtube.com/feeds/videos.xml?channel_id={said}"
    if _PLAYLIST.fullmatch(said):
        return f"https://www.youtube.com/feeds/videos.xml?playlist_id={said}"
    raise UserError(
        text(
            "a YouTube channel is named by its id (“UC…”, 24 characters): on its page under “About”, “Share channel”, "
            "“Copy channel ID”; {channel} is none",
            channel=channel or "“”",
        )
    )


def is_channel(said: str) -> bool:
    """Whether it is the id of a channel at YouTube."""
    return _CHANNEL.fullmatch(said) is not None


def vimeo(user: str | None, channel: str | None = None) -> str:
    """The feed of a user's videos, or of a channel's; raises UserError."""
    if user and channel:
        raise UserError(text("name either user or channel: each is a source of its own"))
    if channel:
        return f"https://vimeo.com/channels/{_name('vimeo-channel', channel)}/videos/rss"
    return f"https://vimeo.com/{_name('vimeo', user)}/videos/rss"


def pinterest(user: str | None, board: str | None) -> str:
    """The feed of a user, or of one board; raises UserError."""
    name = _name("pinterest", user)
    if not board:
        return f"https://www.pinterest.com/{name}/feed.rss"
    return f"https://www.pinterest.com/{name}/{quote(board.strip('/'), safe='%')}.rss"


def app_store(app: str | None, country: str, page: int = 1) -> str:
    """A page of an app's reviews in one country, the newest first; raises UserError."""
    found = _APP.fullmatch(_from_address("app-store", app))
    if found is None:
        raise UserError(text("an app is named by the number in its address (…/id123456789)"))
    if not _COUNTRY.fullmatch(country):
        raise UserError(text("“{country}” is no country: write two small letters like “de”", country=country))
    return f"https://itunes.apple.com/{country}/rss/customerreviews/page={page}/id={found[1]}/sortby=mostrecent/xml"


def _from_address(preset: str, said: str | None) -> str:
    found = _IN_ADDRESS[preset].search(said or "")
    return next((one for one in found.groups() if one), "") if found else (said or "").strip().lstrip("@")


def _name(preset: str, said: str | None) -> str:
    name = _from_address(preset, said)
    if not _NAME.fullmatch(name):
        raise UserError(text("“{name}” is no name of a user there", name=said or ""))
    return name


def _as_alert(item: dict[str, Any], _options: Mapping[str, Any]) -> dict[str, Any]:
    """The page that was found is the item: two alerts that find it tell it once."""
    url = clean_link(item["url"])
    return item | {"id": url or item["id"], "url": url, "author": None}


def _as_video(item: dict[str, Any], _options: Mapping[str, Any]) -> dict[str, Any]:
    return item | {"kind": "video"}


def _as_pin(item: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Many pins have no title, and the feed's language is what Pinterest speaks, not what the pin does."""
    found = _ALT.search(str(item.get("markup") or ""))
    title = item["title"] or item["text"] or (plain_title(found[1]) if found else "") or UNTITLED
    user = str(options.get("user") or "")
    return item | {
        "title": plain_title(title, "text"),
        "lang": "",
        "kind": "pin",
        "author": item["author"] or ({"handle": user, "name": user} if user else None),
    }


def _as_review(item: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any] | None:
    """An entry without stars is the app itself. The readers differ in what they make of an id that is a number."""
    own = item["attributes"]
    if "rating" not in own:
        return None
    return item | {
        "id": str(item.get("own_id") or item["id"]),
        "kind": "review",
        "engagement": {"likes": own["votes_up"]} if "votes_up" in own else {},
        "attributes": {
            **{name: own[name] for name in ("rating", "version") if name in own},
            "country": str(options.get("country") or ""),
        },
        "title": fold(item["title"]),
    }


SHAPES: Mapping[str, Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any] | None]] = {
    "google-alerts": _as_alert,
    "youtube": _as_video,
    "vimeo": _as_video,
    "pinterest": _as_pin,
    "app-store": _as_review,
}
