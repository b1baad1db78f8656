"""The sitemaps of a site, found and read: named by a person or its robots.txt, else at the usual places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from smwatch.errors import Broken, Gone, SourceError
from smwatch.feeds.address import read_address
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smwatch.pages.ledger import Ledger

Listed = tuple[list[dict[str, str]], bool]
KNOWN_PLACES = ("sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml", "sitemap-index.xml")
INDEX = "index"  # in a date's place, among the sitemaps that were read
MAPS = 20  # sitemaps of one index that are read in one walk


class Context(Protocol):
    """What is needed of a source's context."""

    @property
    def http(self) -> Any:  # noqa: ANN401 - see smwatch.source.Http
        """The client."""

    async def parse(self, function: str, body: bytes, options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - plain JSON values
        """Run a reader in the worker."""

    async def sitemaps(self, url: str) -> tuple[str, ...]:
        """Those that robots.txt names."""


class Sitemaps:
    """One walk over them; the ledger knows what they listed before. `reader` is the worker's function.

    What is left when `in_time` says no is read by the next walk.
    """

    def __init__(self, ctx: Context, ledger: Ledger, reader: str, in_time: Callable[[], bool]) -> None:
        self._ctx = ctx
        self._ledger = ledger
        self._reader = reader
        self._in_time = in_time

    async def listed(self, url: str, known: Sequence[str]) -> list[Listed] | None:
        """What each sitemap lists, and whether it was there from the beginning; None for a site without any.

        `known` are those that a person named.
        """
        named = known or await self._ctx.sitemaps(url)
        if named:
            return await self._maps(named, must=True)
        if self._ledger.follows_links:
            return None
        usual = [f"{read_address(url).origin()}/{place}" for place in KNOWN_PLACES]
        if known_place := next((one for one in usual if one in self._ledger.maps), None):
            return await self._maps([known_place], must=True)
        for place in usual:
            if found := await self._maps([place], must=False):
                return found
        return None if self._in_time() else []

    async def _maps(self, urls: Sequence[str], *, must: bool) -> list[Listed]:
        found: list[Listed] = []
        failures: list[SourceError] = []
        queue, inner = list(urls), 0
        dates: dict[str, str] = {}
        if self._ledger.first and must:
            self._ledger.expect(urls)
        while queue and self._in_time():
            url = queue.pop(0)
            try:
                answer = await self._sitemap(url)
            except (Broken, Gone) as error:
                failures.append(error)
                continue
            history = self._ledger.first or self._ledger.maps.get(url) == ""
            self._ledger.has_read(url, INDEX if answer["kind"] == "index" else dates.get(url, ""))
            if answer["kind"] == "index" and inner < MAPS:
                fresh = self._fresh_maps(answer["entries"])
                inner += len(fresh)
                dates |= {entry["url"]: entry["modified"] for entry in fresh}
                queue += [entry["url"] for entry in fresh]
                found.append(([], history))
            elif answer["kind"]:
                found.append((answer["entries"], history))
        if must and not found and failures:
            raise failures[0]
        return found

    def _fresh_maps(self, entries: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
        """The sitemaps of an index that changed; what was there at first and is not read yet comes in later walks."""
        if self._ledger.first:
            self._ledger.expect(entry["url"] for entry in entries)
        places = {url: place for place, url in enumerate(self._ledger.maps)}
        due = [entry for entry in entries if self._is_due(entry)]
        return sorted(due, key=lambda entry: ("news" not in entry["url"], places.get(entry["url"], -1)))[:MAPS]

    def _is_due(self, entry: Mapping[str, str]) -> bool:
        known = self._ledger.maps.get(entry["url"])
        return not known or not entry["modified"] or known != entry["modified"]

    async def _sitemap(self, url: str) -> dict[str, Any]:
        """What a sitemap lists; nothing where it did not change. An index says nothing about those that it names."""
        whole = self._ledger.blind or self._ledger.first or self._ledger.maps.get(url) == INDEX
        answer = await self._ctx.http.get(url, conditional=not whole)
        if answer.unchanged:
            return {"kind": "pages", "entries": []}
        options = {"url": answer.url, "content_type": answer.headers.get("Content-Type", "")}
        found: dict[str, Any] = await self._ctx.parse(self._reader, answer.body, options)
        if not found["kind"]:
            raise Broken(text("{url} is no sitemap", url=url))
        return found
