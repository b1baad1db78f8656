"""A small website on loopback with robots.txt and a sitemap, for tests of sources and of the whole program.

    async with Site() as site:
        site.publishes("/presse/rueckruf", "Acme ruft zurück", "Der Hersteller Acme ruft …")
        … fetch site.url("/") …

`site.lies = True` gives every page the present moment as its date; `site.dated = False` gives none a date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Self

from smwatch.testing.servers import FeedServer

LONG_AGO = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Sheet:
    """One page; `said` is the date that it names itself, `at` the one in the sitemap."""

    title: str
    paragraphs: tuple[str, ...]
    at: datetime
    said: datetime | None = None


class Site(FeedServer):
    """Its pages by path."""

    def __init__(self, ssl: Any = None) -> None:  # noqa: ANN401 - see Server
        super().__init__(ssl)
        self.sheets: dict[str, Sheet] = {}
        self.dated = True
        self.lies: datetime | None = None

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.publishes("/", "Acme GmbH", "Acme baut Maschinen für Bäckereien in aller Welt, seit 1924.")
        robots = f"User-agent: *\nDisallow: /intern/\nSitemap: {self.url('/sitemap.xml')}\n"
        self.put("/robots.txt", robots, content_type="text/plain")
        return self

    def publishes(
        self, path: str, title: str, *paragraphs: str, at: datetime = LONG_AGO, said: datetime | None = None
    ) -> str:
        """A page, new or changed; its address."""
        self.sheets[path] = Sheet(title=title, paragraphs=paragraphs, at=at, said=said)
        self.shows()
        return self.url(path)

    def shows(self) -> None:
        """Everything as it stands."""
        for path, sheet in self.sheets.items():
            self.put(path, page(sheet), content_type="text/html; charset=utf-8", validators=("etag",))
        self.put("/sitemap.xml", self._sitemap(), content_type="application/xml", validators=("etag",))

    def _sitemap(self) -> str:
        rows = "".join(self._row(path, sheet) for path, sheet in self.sheets.items())
        space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        return f'<?xml version="1.0" encoding="UTF-8"?><urlset {space}>{rows}</urlset>'

    def _row(self, path: str, sheet: Sheet) -> str:
        date = f"<lastmod>{(self.lies or sheet.at).isoformat()}</lastmod>" if self.dated or self.lies else ""
        return f"<url><loc>{escape(self.url(path))}</loc>{date}</url>"


def page(sheet: Sheet) -> str:
    """The page's markup, with what surrounds an article on a usual site."""
    said = f'<meta property="article:published_time" content="{sheet.said.isoformat()}">' if sheet.said else ""
    rows = "".join(f"<p>{escape(one)}</p>" for one in sheet.paragraphs)
    return (
        f'<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>{escape(sheet.title)} – Acme</title>{said}'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>'
        '<nav><a href="/">Start</a><a href="/impressum">Impressum</a></nav>'
        f"<main><article><h1>{escape(sheet.title)}</h1>{rows}</article></main>"
        "<footer>© Acme GmbH · 1.234 Besucher</footer></body></html>"
    )
