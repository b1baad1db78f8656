"""Addresses that name no feed by themselves, but whose platform says which feed belongs to them.

A clue says what to ask and how to read the answer: the page of a video names its channel, Apple's directory the feed of
a podcast (https://performance-partners.apple.com/search-api), Vimeo whose video it is (https://oembed.com). The readers
run in the parse worker; where they find nothing, `instead` is what people can paste.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from smwatch.feeds import presets
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

WATCH = "https://www.youtube.com/watch?v={id}"
LOOKUP = "https://itunes.apple.com/lookup?id={id}&entity=podcast"
OEMBED = "https://vimeo.com/api/oembed.json?url={id}"
LARGEST = 2_000_000  # bytes of a page that are looked at
_VIDEO = re.compile(r"[\w-]{11}")
_IN_PATH = re.compile(r"/(?:shorts|live|embed|v)/([\w-]{11})(?:/|$)")
_PODCAST = re.compile(r"/(?:[a-z]{2}/)?podcast/(?:.*/)?id(\d{5,15})(?:/|$)")
_FILM = re.compile(r"/(?:channels/[\w-]+/|groups/[\w-]+/videos/)?(\d{5,15})(?:/\w+)?/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """What to `ask`, and the worker's function that reads the answer: `{"address"}`, "" where it names none."""

    ask: str
    reader: str


def clue(written: str) -> Clue | None:
    """What to ask about an address that people copied; None where it stands for itself."""
    host, parts = _read(written)
    found = next((look for pattern, (look, _) in _PLATFORMS.items() if pattern.fullmatch(host)), None)
    return found(parts) if found is not None and parts is not None else None


def instead(written: str) -> Text | None:
    """What to paste instead of an address of a platform that leads to no feed; None for all other addresses."""
    host, _ = _read(written)
    said = next((say for pattern, (_, say) in _PLATFORMS.items() if pattern.fullmatch(host)), None)
    return said(written.strip()) if said is not None else None


def _read(written: str) -> tuple[str, SplitResult | None]:
    try:
        parts = urlsplit(written.strip() if "://" in written else f"https://{written.strip()}")
        return (parts.hostname or "").removeprefix("www.").removeprefix("m."), parts
    except ValueError:
        return "", None


def _video(parts: SplitResult) -> Clue | None:
    named = parse_qs(parts.query).get("v", [""])[0] if parts.path == "/watch" else ""
    if (parts.hostname or "").endswith("youtu.be"):
        named = parts.path.strip("/")
    if (found := _IN_PATH.match(parts.path)) is not None:
        named = found[1]
    return Clue(ask=WATCH.format(id=named), reader=f"{__name__}:channel_of") if _VIDEO.fullmatch(named) else None


def _podcast(parts: SplitResult) -> Clue | None:
    found = _PODCAST.match(parts.path)
    return Clue(ask=LOOKUP.format(id=found[1]), reader=f"{__name__}:feed_of") if found else None


def _film(parts: SplitResult) -> Clue | None:
    found = _FILM.fullmatch(parts.path)
    address = quote(f"https://vimeo.com/{found[1]}", safe="") if found else ""
    return Clue(ask=OEMBED.format(id=address), reader=f"{__name__}:author_of") if found else None


def _nothing(_parts: SplitResult) -> Clue | None:
    return None


def channel_of(body: bytes, _options: Mapping[str, Any]) -> dict[str, str]:
    """The feed of the channel that the page of a video names. Runs in the parse worker."""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - only the worker reads markup

    page = LexborHTMLParser(body[:LARGEST].decode("utf-8", "replace"))
    for node in page.css('meta[itemprop="channelId"][content]'):
        if presets.is_channel(found := node.attributes.get("content") or ""):
            return {"address": presets.youtube(found)}
    return {"address": ""}


def feed_of(body: bytes, _options: Mapping[str, Any]) -> dict[str, str]:
    """The feed of a podcast out of Apple's answer. Runs in the parse worker."""
    results = _json(body).get("results")
    named = [one.get("feedUrl") for one in results if isinstance(one, dict)] if isinstance(results, list) else []
    return {"address": next((one for one in named if one and isinstance(one, str)), "")}


def author_of(body: bytes, _options: Mapping[str, Any]) -> dict[str, str]:
    """The page of the one whose video it is, out of an oEmbed answer. Runs in the parse worker."""
    named = _json(body).get("author_url")
    return {"address": named if isinstance(named, str) else ""}


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _of_youtube(address: str) -> Text:
    return text(
        "{address}: YouTube does not say which channel this is (it may ask for consent first); paste the channel's "
        "address with its id instead, youtube.com/channel/UC…: on its page under “About”, “Share channel”, "
        "“Copy channel ID”",
        address=address,
    )


def _of_apple(address: str) -> Text:
    return text(
        "{address}: Apple names no feed for this; paste the address of the podcast's own site instead, "
        "or of its feed (there it is mostly called “RSS”)",
        address=address,
    )


def _of_vimeo(address: str) -> Text:
    return text(
        "{address}: Vimeo names no feed for this; paste the address of the user or of the channel instead, like "
        "vimeo.com/acme or vimeo.com/channels/acme",
        address=address,
    )


def _of_spotify(address: str) -> Text:
    return text(
        "{address}: Spotify has no feeds; paste the address of the podcast's own site instead, or its address at "
        "podcasts.apple.com",
        address=address,
    )


_PLATFORMS: Mapping[re.Pattern[str], tuple[Callable[[SplitResult], Clue | None], Callable[[str], Text]]] = {
    re.compile(r"youtu\.be|(?:music\.)?youtube(?:-nocookie)?\.com"): (_video, _of_youtube),
    re.compile(r"(?:podcasts|itunes)\.apple\.com"): (_podcast, _of_apple),
    re.compile(r"(?:player\.)?vimeo\.com"): (_film, _of_vimeo),
    re.compile(r"(?:open|podcasters|creators)\.spotify\.com"): (_nothing, _of_spotify),
}
