"""One word for all addresses of one page, and an address that people can click without being followed."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from yarl import URL

from smwatch.links.table import site, table

if TYPE_CHECKING:
    from collections.abc import Iterable

PART = re.compile(
    r"(?:[a-z_]*[-_]?\d+|!.+|/.+)", re.IGNORECASE
)  # a comment, a post in a thread, a page drawn by a script
_AMP_NAME = re.compile(r"\.amp(\.html?)?$", re.IGNORECASE)
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/?;]*", re.IGNORECASE)
LONGEST = 8192  # characters; what is longer is nobody's address
WRAPS = 3  # so many addresses inside of one another


@lru_cache(maxsize=4096)
def canonical_link(url: str) -> str:
    """One text for all addresses of one page; "" for what is no page: another scheme, the address of a whole site.

    Left out: scheme, "www.", the edition for telephones, tracking parameters, sessions, a folder's index page, the
    order of parameters, and what only leads on. A fragment stays where it names a part that is something of its own
    ("#comment-7", "#p123"). It is a key, not an address to ask.
    """
    found = _inmost(url)
    if found is None:
        return ""
    host, path = _other_address(_host(found), _path(found))
    path, _, own = path.partition("?")  # the other address may have a parameter of its own
    known, here = table(), site(host)
    said = [
        f"{name}={value}"
        for name, value in found.query.items()
        if not (known.says_nothing(here, name, value) or known.is_for_telephones(name, value))
    ]
    query = "&".join(sorted([*said, *([own] if own else [])]))
    part = f"#{found.fragment}" if PART.fullmatch(found.fragment) else ""
    place = f"{path.rstrip('/')}{'?' if query else ''}{query}{part}"
    return f"{host}{place}" if place else ""


def clean_link(url: str) -> str:
    """`url` without what only says where the reader came from, ready to be clicked; what is no address stays."""
    found = _inmost(url)
    if found is None:
        return url
    here = site(_plain_host(found))
    kept = [pair for pair in found.query.items() if not table().says_nothing(here, *pair)]
    return unwrapped(url) if len(kept) == len(found.query) else str(found.with_query(kept or None))


def unwrapped(url: str) -> str:
    """The address that `url` only leads on to (Google's, Facebook's, Outlook's detours); `url` itself else."""
    found = _read(url)
    for _ in range(WRAPS):
        inner = _inner(found) if found is not None else ""
        if not inner:
            break
        url, found = inner, _read(inner)
    return url


def _inmost(url: str) -> URL | None:
    found = _read(url)
    if found is not None and site(_plain_host(found)).wrapped:
        found = _read(unwrapped(url))
    return found


def _plain_host(found: URL) -> str:
    return (found.host or "").casefold().rstrip(".").removeprefix("www.")


def _inner(found: URL) -> str:
    for path, names in site(_plain_host(found)).wrapped:
        if not (found.path.startswith(path) if path[-1] == "/" else found.path == path):
            continue
        inner = f"https://{unquote(found.raw_path[len(path) :])}" if not names else _first(found, names)
        if _read(inner) is not None:
            return inner
    return ""


def _first(found: URL, names: Iterable[str]) -> str:
    return next((found.query[name] for name in names if found.query.get(name)), "")


def _read(url: str) -> URL | None:
    url = url.strip()
    if len(url) > LONGEST or not url[:8].lower().startswith(("http://", "https://")):
        return None
    try:
        found = URL(url)
    except ValueError:
        return None
    return found if found.host else None


def _host(found: URL) -> str:
    """The host as people say it, with its port where that is unusual."""
    host = _as_said(_plain_host(found))
    return host if found.is_default_port() or found.port is None else f"{host}:{found.port}"


@lru_cache(maxsize=2048)
def _as_said(host: str) -> str:
    """Without what only names the edition for telephones: "m.blatt.example", "de.m.wikipedia.org"."""
    known = table()
    for start in known.mobile_hosts:
        if host.startswith(start) and host.count(".") > 1:
            host = host.removeprefix(start)
    labels = host.split(".")
    if len(labels) > 3 and labels[1] == "m":  # noqa: PLR2004 - a language, "m", and the site's own name
        host = ".".join([labels[0], *labels[2:]])
    return known.sites.get(host, host)


def _path(found: URL) -> str:
    """The path of the page itself: not its edition for telephones, not the name of its index page, no session."""
    path = found.path_safe
    if ";" in path:
        path = _SESSION_IN_PATH.sub("", path)
    parts = path.split("/")
    if "amp" in path.casefold():
        parts = _without_amp(path)
    if parts[-1].casefold() in table().index_pages:
        parts[-1] = ""
    return "/".join(parts)


def _without_amp(path: str) -> list[str]:
    parts = _AMP_NAME.sub(lambda hit: hit[1] or "", path).split("/")
    kept = [part for part in parts if part.casefold() != "amp"]
    return kept if any(kept) else parts


def _other_address(host: str, path: str) -> tuple[str, str]:
    """The page's first address, where the table knows this one as another."""
    for start, first in _other_addresses().get(host, ()):
        if path.startswith(start) and len(path) > len(start):
            home, _, place = first.replace("*", path[len(start) :].rstrip("/")).partition("/")
            return home, f"/{place}"
    return host, path


@cache
def _other_addresses() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for mine, first in table().pages.items():
        host, _, start = mine.removesuffix("*").partition("/")
        found.setdefault(host, []).append((f"/{start}", first))
    return found
