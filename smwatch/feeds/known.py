"""Which source an address stands for that people copy out of their browser (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from smwatch.errors import UserError
from smwatch.feeds import presets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

USUAL = ("de", "at", "ch")  # the countries that are read without being named
_NO_USER = {  # what else stands first in a path
    "vimeo": re.compile(
        r"about|api|blog|categories|channels|create|enterprise|explore|features|groups|help|join|log_in|login|manage|"
        r"ondemand|search|settings|showcase|solutions|stock|upgrade|upload|user|watch|\d+"
    ),
    "pinterest": re.compile(
        r"about|board|business|ideas|login|news_hub|pin|search|settings|today|topics|videos|_.*",
    ),
}
_STORE = re.compile(r"/([a-z]{2})/(?:app|rss)/.*\bid=?(\d{5,15})(?:/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The keys of a `[[source]]`, and the address of the feed that it reads."""

    keys: Mapping[str, Any]
    feed: str


def known(written: str) -> Known | None:
    """The source of a platform that `written` is an address of, with or without its scheme; None where it is none."""
    try:
        parts = urlsplit(written.strip() if "://" in written else f"https://{written.strip()}")
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
        keys = _keys(host, parts)
        return Known(keys={"type": "feed"} | keys, feed=_feed(keys)) if keys else None
    except (ValueError, UserError):
        return None


def _keys(host: str, parts: SplitResult) -> dict[str, Any] | None:
    platform = next((it for it in _PLATFORMS if re.fullmatch(it, host)), None)
    return _PLATFORMS[platform](parts) if platform else None


def _feed(keys: Mapping[str, Any]) -> str:
    if keys["preset"] == "app-store":
        return presets.app_store(keys["app"], keys.get("countries", USUAL)[0])
    if keys["preset"] == "pinterest":
        return presets.pinterest(keys["user"], keys.get("board"))
    if keys["preset"] == "vimeo":
        return presets.vimeo(keys.get("user"), keys.get("channel"))
    return presets.youtube(keys["channel"]) if keys["preset"] == "youtube" else presets.alerts(keys["url"])


def _path(parts: SplitResult) -> list[str]:
    return [unquote(part) for part in parts.path.split("/") if part]


def _alert(parts: SplitResult) -> dict[str, Any] | None:
    url = parts._replace(scheme="https", netloc="www." + (parts.hostname or "").removeprefix("www.")).geturl()
    return {"preset": "google-alerts", "url": url} if presets.ALERTS.match(url) else None


def _video(parts: SplitResult) -> dict[str, Any] | None:
    path, said = _path(parts), parse_qs(parts.query)
    if path[:1] == ["channel"] and path[1:]:
        return {"preset": "youtube", "channel": path[1]}
    if path in (["playlist"], ["feeds", "videos.xml"]):
        named = next((said[key][0] for key in ("channel_id", "playlist_id", "list") if key in said), None)
        return {"preset": "youtube", "channel": named} if named else None
    return None


def _vimeo(parts: SplitResult) -> dict[str, Any] | None:
    path = _path(parts)
    channel = path[1] if path[:1] == ["channels"] and path[1:] else ""
    rest = path[2:] if channel else path[1:]
    if rest not in ([], ["videos"], ["videos", "rss"]) or not path:
        return None
    if channel:
        return {"preset": "vimeo", "channel": channel}
    user = path[0]
    return None if _NO_USER["vimeo"].fullmatch(user) else {"preset": "vimeo", "user": user}


def _pins(parts: SplitResult) -> dict[str, Any] | None:
    path = _path(parts)
    if not path or _NO_USER["pinterest"].fullmatch(path[0]):
        return None
    user, board = path[0], path[1].removesuffix(".rss") if path[1:] else ""
    alone = board in ("", "feed") or board.startswith("_")  # “_created”, “_saved”: parts of the user's own page
    return {"preset": "pinterest", "user": user} | ({} if alone else {"board": board})


def _reviews(parts: SplitResult) -> dict[str, Any] | None:
    found = _STORE.match(parts.path)
    if found is None:
        return None
    country, app = found.groups()
    return {"preset": "app-store", "app": app} | ({} if country in USUAL else {"countries": [country]})


_PLATFORMS: Mapping[str, Callable[[SplitResult], dict[str, Any] | None]] = {
    r"google\.[a-z.]{2,6}": _alert,
    r"youtube\.com": _video,
    r"vimeo\.com": _vimeo,
    r"(?:[a-z]{2}\.)?pinterest\.[a-z.]{2,6}": _pins,
    r"(?:apps|itunes)\.apple\.com": _reviews,
}
