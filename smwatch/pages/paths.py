"""Which addresses are pages of a site that somebody wants to have read (pure)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Iterable

FILES = ".pdf .jpg .jpeg .png .gif .webp .svg .ico .mp4 .mp3 .zip .docx .xlsx .css .js .xml"
NOT_PAGES = tuple(FILES.split())


class Paths:
    """Patterns over paths ("/presse/*"); `but` are addresses that are read in another way."""

    def __init__(self, home: str, *, include: Iterable[str], exclude: Iterable[str], but: Iterable[str]) -> None:
        self._home = _host(URL(home))
        self._include = tuple(include)
        self._exclude = tuple(exclude)
        self._but = frozenset(but)

    def wanted(self, entries: Iterable[dict[str, str]]) -> Iterable[dict[str, str]]:
        """Those that are pages of the site and fit."""
        return (entry for entry in entries if entry["url"] not in self._but and self._is_wanted(entry["url"]))

    def _is_wanted(self, url: str) -> bool:
        try:
            address = URL(url)
        except ValueError:
            return False
        path = address.path
        if _host(address) != self._home or path.lower().endswith(NOT_PAGES) or _fits(path, self._exclude):
            return False
        return not self._include or _fits(path, self._include)


def _host(address: URL) -> str:
    """The host and an unusual port; http and https, with and without "www.", are one site."""
    host = (address.host or "").removeprefix("www.")
    return host if address.port in (80, 443) else f"{host}:{address.port}"


def _fits(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, one) or fnmatchcase(path.rstrip("/"), one.rstrip("/")) for one in patterns)
