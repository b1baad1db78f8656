"""https://www.sitemaps.org/protocol.html: a website: its new and changed pages, single pages word by word, its health.

The address is enough: smwatch asks the site's robots.txt for its sitemaps, and reads what they list anew, at most
`max_per_hour` pages. Where there is no sitemap it follows the links of the start page. What is there at the first walk
is history; a page that changes later is told by the sentences that came to it. Where the dates of a sitemap say
nothing (all of them are "now", or there are none), pages are read in turn and compared by what they say::

    [[source]]
    type = "website"
    url = "https://www.acme.example/"
    include = ["/presse/*", "/blog/*"]      # paths; * stands for anything
    exclude = ["*/archiv/*"]

Single pages are compared sentence by sentence, at every poll, and what came and went is said in the alert::

    pages = ["/impressum", "/vorstand"]

For a site of your own, `health = true` tells once when it stops working or works again, leads elsewhere, loses its
layout for telephones, or when its certificate ends within 14 days; these items have the type "status", so that a watch
like `type:status` hears of them.

The first walk reads the newest 30 pages. A page that stood there before and was not read yet is told whole when it
changes, by its own date: one that calls itself older than the source stays history. Of a large site the newest 20,000
addresses are known, and the sentences of the 2,000 pages that were read last. A sitemap of more than 5 MiB is not read.

Clocks, counters, today's date, advertisements and whatever differs between two readings in a row are no changes. A
teaser that a site swaps every hour still is one.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from smwatch.plugin import (
    READ_PAGE,
    READ_SITEMAP,
    Broken,
    Card,
    Checkup,
    Field,
    Gone,
    Health,
    Item,
    Ledger,
    Page,
    Paths,
    RateLimited,
    Reading,
    Sitemaps,
    Source,
    SourceContext,
    SourceError,
    Transient,
    UserError,
    Why,
    closed_to_robots,
    compare_pages,
    hookimpl,
    is_page,
    page_item,
    page_mark,
    read_address,
    shown_host,
    shows_login,
    spoken_address,
    status_item,
    text,
    told_changes,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from smwatch.hookspecs import RegisterSource
    from smwatch.plugin import Due, Response

FORMATS = "text/html, application/xhtml+xml, */*;q=0.8"
AT_ONCE = 30  # pages of one walk
LASTS = 60.0  # seconds that the pauses between the pages of one walk may take together
LONGEST = 75.0  # seconds of one walk; the next one goes on from there
STUMBLES = 3  # pages in a row that cannot be read: the site has trouble
PAGES = 20
FEW = 8  # sentences; a page that shows fewer and asks for a password is a login page
RESTLESS = 50  # sentences of one page that are known to change by themselves


class WebsiteSource(Source):
    """A website by its address."""

    card: ClassVar[Card] = Card(
        title="Website",
        docs="https://www.sitemaps.org/protocol.html",
        author=True,
        gives=("type",),
        min_interval=timedelta(minutes=15),
        blind=text("what only scripts show, pages behind a login, and what came and went between two polls"),
        example='[[source]]\ntype = "website"\nurl = "https://www.acme.example/"\n',
    )

    url: str = Field(description="The site's start page.")
    sitemaps: tuple[str, ...] = Field(default=(), description="Its sitemaps, where its robots.txt does not name them.")
    include: tuple[str, ...] = Field(default=(), description="Paths that are read; * stands for anything.")
    exclude: tuple[str, ...] = Field(default=(), description="Paths that are not read.")
    pages: tuple[str, ...] = Field(
        default=(),
        description='Single pages to compare word by word at every poll: addresses, or paths like "/impressum".',
    )
    max_per_hour: int = Field(default=60, ge=0, le=3600, description="So many pages at most; 0 reads only `pages`.")
    health: bool = Field(default=False, description="Tells when the site is down, moves, or its certificate ends.")
    timezone: str = Field(default="Europe/Berlin", description="In which its dates are written, where they name none.")
    language: Literal["de", "en"] = Field(default="de", description="Of the words that tell changes.")

    def model_post_init(self, _context: object) -> None:
        """Addresses that can be asked."""
        for address in (self.url, *self.whole(self.pages), *self.whole(self.sitemaps)):
            read_address(address)
        if len(self.pages) > PAGES:
            raise UserError(text("at most {n} pages can be compared by one source", n=PAGES))

    def key(self) -> str:
        """The site's address."""
        return str(read_address(self.url))

    def whole(self, written: tuple[str, ...]) -> tuple[str, ...]:
        """Addresses as they are asked for: a path is one of this site."""
        return tuple(urljoin(self.url, one) if one.startswith("/") else one for one in written)

    def default_name(self) -> str:
        """The address as people say it: host and path."""
        return spoken_address(self.url)

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """Health, compared pages, then what is new; one part that fails does not hide the others."""
        walk = SiteWalk(self, ctx)
        yield await walk.page()


class SiteWalk:
    """One walk over a site. `state` is what the last one left."""

    def __init__(self, site: WebsiteSource, ctx: SourceContext) -> None:
        self.site = site
        self.ctx = ctx
        self.zone = ZoneInfo(site.timezone)
        self.pages = site.whole(site.pages)
        self.paths = Paths(site.url, include=site.include, exclude=site.exclude, but=self.pages)
        self.state = _remembered(ctx.cursor)
        self.ledger = Ledger.from_json(self.state.get("ledger") or {})
        self.first = self.ledger.first and not (self.state.get("pages") or self.state.get("health"))
        self.failures: list[SourceError] = []
        self.worked = 0
        self.closed = 0
        self._began = time.monotonic()

    async def page(self) -> Page:
        """Everything of this walk; raises the first failure where nothing worked."""
        items: list[Item] = []
        told: dict[str, Any] = {}
        if self.site.health:
            items += await self._part(self._health(told))
        for url in self.pages:
            if self._in_time():
                items += await self._part(self._compared(url))
        if self.site.max_per_hour:
            items += await self._part(self._news())
        if self.failures and not (self.worked or items):
            raise self.failures[0]
        for failure in self.failures:
            self.ctx.log.info("website_part_failed", reason=str(failure.sentence))
        compared = {url: one for url, one in self.state.get("pages", {}).items() if url in self.pages}
        state = {"ledger": self.ledger.to_json(), "pages": compared, **told}
        return Page(
            items=tuple({item.id: item for item in items}.values()), cursor=json.dumps(state, ensure_ascii=False)
        )

    def _in_time(self) -> bool:
        """Whether something more may be begun: what takes too long is given up, and nothing of it would be kept."""
        return time.monotonic() - self._began < LONGEST

    async def _part(self, part: Any) -> list[Item]:  # noqa: ANN401 - a coroutine of items
        try:
            found: list[Item] = await part
        except SourceError as error:
            self.failures.append(error)
            return []
        self.worked += 1
        return found

    async def _get(self, url: str, **how: Any) -> Response:  # noqa: ANN401 - as Http.get
        """One page that the site lets robots read."""
        if not await self.ctx.allowed(url):
            raise closed_to_robots(url)
        return await self.ctx.http.get(url, headers={"Accept": FORMATS}, **how)

    async def _read(self, answer: Response, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - plain JSON values
        kind = answer.headers.get("Content-Type", "")
        if not is_page(kind):
            raise Broken(text("{url} is no web page ({kind})", url=answer.url, kind=kind[:50]))
        found: dict[str, Any] = await self.ctx.parse(
            READ_PAGE, answer.body, {"url": answer.url, "content_type": kind, **options}
        )
        return found

    # new and changed pages

    async def _news(self) -> list[Item]:
        maps = Sitemaps(self.ctx, self.ledger, READ_SITEMAP, self._in_time)
        listed = await maps.listed(self.site.url, self.site.whole(self.site.sitemaps))
        for entries, history in await self._links() if listed is None else listed:
            self.ledger.take(list(self.paths.wanted(entries)), self.ctx.now, history=history)
        room = min(self.ledger.room(self.ctx.now, self.site.max_per_hour), AT_ONCE)
        delay = (await self.ctx.crawl_delay(self.site.url)).total_seconds()
        until = self.ledger.used + (min(room, int(LASTS / delay)) if delay else room)
        items: list[Item] = []
        stumbles = 0
        while self.ledger.used < until and stumbles < STUMBLES and self._in_time():
            if (due := self.ledger.next()) is None:
                break
            try:
                items += await self._told(due)
            except (Transient, RateLimited) as error:
                self.ledger.later(due)
                stumbles += STUMBLES if isinstance(error, RateLimited) else 1
            except SourceError as error:
                self.ctx.log.debug("page_left_out", url=due.url, reason=str(error.sentence))
                self.ledger.skip(due)
                items += self._by_title(due)
            else:
                stumbles = 0
        if self.closed and self.first and not items:
            raise closed_to_robots(self.site.url)
        if listed == [] and self.ledger.first:
            raise Transient(text("{host} does not answer in time", host=shown_host(self.site.url)))
        self.ledger.done(self.ctx.now)
        return items

    async def _told(self, due: Due) -> list[Item]:
        """What one page says, or what is new on it."""
        if not await self.ctx.allowed(due.url):
            self.ledger.leave(due)
            self.closed += 1
            return []
        answer = await self._get(due.url)
        found = await self._read(answer)
        added, before = self.ledger.read(due, found["sentences"])
        if not found["text"] or self._is_only_known_now(due, before=before) or (before and not added):
            return []
        item = page_item(
            found,
            self.site.name,
            url=due.url,
            now=self.ctx.now,
            zone=self.zone,
            published=due.published,
            updated=due.modified,
            title=due.title,
        )
        if not (before and self.ledger.is_history(due.url)):
            return [item]
        lines = (text("New: {sentence}", sentence=one).render(self.site.language) for one in added)
        return [self._change(item, due.url, "\n".join(lines))]

    def _by_title(self, due: Due) -> list[Item]:
        """A page that is not shown to us, by what a news sitemap says of it."""
        if not due.title or self._is_only_known_now(due, before=False):
            return []
        said = {"title": due.title, "published": due.published}
        return [page_item(said, self.site.name, url=due.url, now=self.ctx.now, zone=self.zone, updated=due.modified)]

    def _is_only_known_now(self, due: Due, *, before: bool) -> bool:
        """History is told by the source's first walk alone; later it is read to be compared with."""
        return (due.why is Why.TURN and not before) or (due.why is Why.HISTORY and not self.first)

    def _change(self, item: Item, url: str, said: str) -> Item:
        """A change of a page is something of its own: said now, with a name of its own."""
        return replace(
            item,
            id=f"{url}#{page_mark(said)}",
            text=said,
            kind="page",
            author=None,
            published=self.ctx.now,
            updated=None,
        )

    async def _links(self) -> list[tuple[list[dict[str, str]], bool]]:
        """The links of the start page, for a site without a sitemap."""
        found = await self._read(await self._get(self.site.url))
        entries = [{"url": link, "modified": "", "published": "", "title": ""} for link in found["links"]]
        entries = list(self.paths.wanted(entries))
        if not entries:
            host = shown_host(self.site.url)
            if found["login"]:
                raise shows_login(self.site.url)
            raise Broken(text("{host} names no sitemap, and its start page links to none of its pages", host=host))
        self.ledger.follow_links()
        return [(entries, self.ledger.first)]

    # single pages

    async def _compared(self, url: str) -> list[Item]:
        """What changed on a page since it was read last; the page itself at the first time."""
        known = self.state.setdefault("pages", {}).get(url)
        try:
            answer = await self._get(url, conditional=True)
        except (Broken, Gone) as error:
            return self._lost(url, known, error)
        if answer.unchanged and known:
            return []
        found = await self._read(answer, whole=True, day=self.ctx.now.isoformat())
        self._must_show_something(url, found)
        item = page_item(found, self.site.name, url=url, now=self.ctx.now, zone=self.zone)
        item = replace(item, kind="page")
        restless = list((known or {}).get("restless", []))
        kept = {"said": found["sentences"], "steady": found["steady"], "restless": restless}
        self.state["pages"][url] = kept
        if not known or "steady" not in known:
            return [replace(item, text="\n".join(found["sentences"]))]
        return await self._differences(item, url, Reading.of(known), kept)

    def _must_show_something(self, url: str, found: Mapping[str, Any]) -> None:
        if not found["sentences"]:
            raise Broken(text("{url} shows no text", url=url))
        if found["login"] and len(found["sentences"]) < FEW:
            raise shows_login(url)

    async def _differences(self, item: Item, url: str, before: Reading, kept: dict[str, Any]) -> list[Item]:
        """Read once more where it seems to have changed: what differs at once changes by itself."""
        now = Reading.of(kept)
        if not compare_pages(before, now, kept["restless"]):
            return []
        again = await self._read(await self._get(url), whole=True, day=self.ctx.now.isoformat())
        other = Reading.of({"said": again["sentences"], "steady": again["steady"]})
        kept["restless"] = [*kept["restless"], *now.differing(other)][-RESTLESS:]
        changes = compare_pages(before, now, kept["restless"])
        if not changes:
            return []
        lines = [line.render(self.site.language) for line in told_changes(changes)]
        changed = self._change(item, url, "\n".join(lines))
        return [replace(changed, title=text("Changed: {title}", title=item.title).render(self.site.language))]

    def _lost(self, url: str, known: Mapping[str, Any] | None, error: SourceError) -> list[Item]:
        """A page that was there and is not any more is told once."""
        if not known or known.get("lost"):
            raise error
        self.state["pages"][url] = {**known, "lost": True}
        said = text("{url} cannot be read any more: {reason}", url=url, reason=error.sentence)
        told = said.render(self.site.language)
        return [status_item("lost", told, self.site.name, url=url, now=self.ctx.now)]

    # health

    async def _health(self, told: dict[str, Any]) -> list[Item]:
        """What is news about the site's health. The second failure in a row is the source's own."""
        checkup = Checkup(
            self.site.name,
            self.site.url,
            host=shown_host(self.site.url),
            language=self.site.language,
            now=self.ctx.now,
            before=self.state.get("health"),
        )
        try:
            return await self._checked(checkup)
        finally:
            told["health"] = checkup.kept

    async def _checked(self, checkup: Checkup) -> list[Item]:
        began = time.monotonic()
        try:
            answer = await self.ctx.http.get(self.site.url, headers={"Accept": FORMATS})
            found = await self._read(answer)
        except SourceError as error:
            return checkup.ill(error)
        now = Health(url=answer.url, days=answer.certificate_days, phones=found["viewport"])
        return checkup.well(now, time.monotonic() - began)


def _remembered(cursor: str | None) -> dict[str, Any]:
    """What the last walk left; nothing where it is not readable."""
    try:
        known = json.loads(cursor) if cursor else {}
    except ValueError:
        return {}
    return known if isinstance(known, dict) and isinstance(known.get("ledger"), dict) else {}


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "website"`."""
    register("website", WebsiteSource)
