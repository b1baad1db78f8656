from __future__ import annotations

import gzip
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme
from smwatch.plugins.website import WebsiteSource

from smwatch.config.model import Http
from smwatch.errors import Broken, NotPermitted, SourceError, Transient, UserError
from smwatch.fetch.client import Client
from smwatch.model import Author
from smwatch.testing.servers import FeedServer, Served
from smwatch.testing.site import Site
from smwatch.testing.source_kit import NOW, QUICK, conforms, walker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from smwatch.model import Item
    from smwatch.testing.source_kit import Walker

HTML = "text/html; charset=utf-8"
RECALL = (
    "Der Hersteller Acme ruft die Charge L2207 zurück, weil Steinchen in der Packung sein können.",
    "Betroffen sind alle Packungen, die seit dem 1. November verkauft wurden. Kunden bekommen ihr Geld zurück.",
)
LATER = NOW + timedelta(minutes=5)


def website(server: FeedServer, **keys: object) -> WebsiteSource:
    values = {"type": "website", "name": "acme", "url": server.url("/"), "allow_private": True, **keys}
    return WebsiteSource.model_validate(values)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as found:
        found.publishes("/impressum", "Impressum", "Verantwortlich ist Erika Muster.", "Telefon 0800 4711, werktags.")
        found.publishes("/presse/neu", "Acme baut aus", *RECALL, said=datetime(2026, 1, 5, 8, 0, tzinfo=UTC))
        yield found


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as found:
        yield found


async def news(core: Walker) -> list[Item]:
    return [item for page in await core.walk() for item in page.items]


# new and changed pages


async def test_it_conforms(site: Site) -> None:
    (page,) = await conforms(website(site), site)
    told = {item.url: item for item in page.items}
    assert set(told) == {site.url("/"), site.url("/impressum"), site.url("/presse/neu")}
    item = told[site.url("/presse/neu")]
    assert (item.id, item.title, item.kind, item.lang) == (item.url, "Acme baut aus", "article", "de")
    assert item.text == "\n\n".join(RECALL)
    assert str(item.published) == "2026-01-05 08:00:00+00:00"
    assert told[site.url("/")].kind == "page"


async def test_a_new_page_is_told_once_and_an_unchanged_sitemap_costs_one_request(site: Site) -> None:
    async with walker(website(site)) as core:
        await core.walk()
        url = site.publishes("/presse/rueckruf", "Acme ruft zurück", *RECALL, at=LATER)
        (item,) = await news(core)
        assert (item.id, item.title, item.text) == (url, "Acme ruft zurück", "\n\n".join(RECALL))
        assert await news(core) == []
        site.requests.clear()
        assert await news(core) == []
    assert [seen.path for seen in site.requests] == ["/sitemap.xml"]


async def test_a_page_of_before_that_changes_is_told_by_what_is_new_on_it(site: Site) -> None:
    async with walker(website(site)) as core:
        await core.walk()
        words = (
            "Verantwortlich ist Erika Muster.",
            "Telefon 0800 4711, werktags.",
            "Neu im Vorstand ist Max Beispiel.",
        )
        url = site.publishes("/impressum", "Impressum", *words, at=LATER)
        (item,) = await news(core)
    assert (item.url, item.title, item.text) == (url, "Impressum", "Neu: Neu im Vorstand ist Max Beispiel.")
    assert item.id != url
    assert item.published == NOW + timedelta(minutes=10)


async def test_a_new_date_over_the_same_words_is_no_change(site: Site) -> None:
    async with walker(website(site)) as core:
        await core.walk()
        sheet = site.sheets["/impressum"]
        site.publishes("/impressum", sheet.title, *sheet.paragraphs, at=LATER)
        assert await news(core) == []


async def test_a_new_page_that_is_edited_stays_one_item(site: Site) -> None:
    async with walker(website(site)) as core:
        await core.walk()
        url = site.publishes("/presse/rueckruf", "Acme ruft zurück", *RECALL, at=LATER)
        await news(core)
        site.publishes("/presse/rueckruf", "Acme ruft zurück", *RECALL, "Nachtrag: Es sind zwei Chargen.", at=core.now)
        (item,) = await news(core)
    assert item.id == url
    assert item.text.endswith("Nachtrag: Es sind zwei Chargen.")


@pytest.mark.parametrize("how", ["lies", "dated"])
async def test_dates_that_say_nothing_are_not_believed(site: Site, how: str) -> None:
    setattr(site, how, NOW if how == "lies" else False)
    site.shows()
    async with walker(website(site)) as core:
        await core.walk()
        for _ in range(2):
            if site.lies:
                site.lies = core.now
            site.shows()
            assert await news(core) == []
        site.sheets["/impressum"].paragraphs += ("Neu im Vorstand ist Max Beispiel.",)
        site.lies = core.now if site.lies else None
        url = site.publishes("/presse/rueckruf", "Acme ruft zurück", *RECALL)
        told = {item.url: item.text for item in await news(core)}
    assert told == {
        url: "\n\n".join(RECALL),
        site.url("/impressum"): "Neu: Neu im Vorstand ist Max Beispiel.",
    }


async def test_so_many_pages_an_hour_and_no_more(site: Site) -> None:
    async with walker(website(site, max_per_hour=5)) as core:
        await core.walk()
        for number in range(7):
            site.publishes(
                f"/presse/{number}", f"Meldung {number}", f"Acme meldet Nummer {number}, und das ist neu.", at=LATER
            )
        told = [item.title for item in await news(core)]
        assert len(told) == 2
        for _ in range(4):
            assert await news(core) == []
        told += [item.title for item in await news(core)]
        assert sorted(told) == [f"Meldung {number}" for number in range(7)]


async def test_a_large_site_is_not_read_whole_at_first(site: Site) -> None:
    for number in range(200):
        site.sheets[f"/alt/{number}"] = site.sheets["/impressum"]
    site.shows()
    async with walker(website(site)) as core:
        assert len(await news(core)) == 30
        assert await news(core) == []


async def test_patterns_choose_paths(site: Site) -> None:
    site.publishes("/presse/archiv/1", "Archiv", "Was früher war.")
    source = website(site, include=["/presse/*"], exclude=["*/archiv/*"])
    async with walker(source) as core:
        assert [item.title for item in await news(core)] == ["Acme baut aus"]


async def test_what_robots_txt_closes_is_not_read(site: Site) -> None:
    site.publishes("/intern/gehalt", "Gehälter", "Geheim.")
    async with walker(website(site)) as core:
        assert "Gehälter" not in [item.title for item in await news(core)]
    assert "/intern/gehalt" not in [seen.path for seen in site.requests]


async def test_other_hosts_and_files_are_not_its_pages(site: Site) -> None:
    rows = "".join(
        f"<url><loc>{url}</loc></url>" for url in ("https://evil.example/a", site.url("/a.pdf"), site.url("/"))
    )
    site.put("/sitemap.xml", f"<urlset>{rows}</urlset>")
    async with walker(website(site)) as core:
        assert [item.url for item in await news(core)] == [site.url("/")]


NEWS = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>{url}</loc><news:news><news:publication>
 <news:name>Acme</news:name><news:language>de</news:language></news:publication>
 <news:publication_date>2026-03-29T07:30:00+00:00</news:publication_date><news:title>Aus der Karte</news:title>
 </news:news></url></urlset>"""


async def test_an_index_gzip_and_a_news_sitemap(server: FeedServer) -> None:
    index = "".join(f"<sitemap><loc>{server.url(path)}</loc></sitemap>" for path in ("/a.xml.gz", "/news.xml"))
    server.put(
        "/sitemap.xml", f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{index}</sitemapindex>'
    )
    rows = f"<urlset><url><loc>{server.url('/a')}</loc></url></urlset>"
    server.put("/a.xml.gz", gzip.compress(rows.encode()), content_type="application/gzip")
    server.put("/news.xml", NEWS.format(url=server.url("/b")))
    server.put("/a", "<title>A</title><p>Die erste Seite sagt etwas.</p>", content_type=HTML)
    server.put("/b", "<p>Die zweite Seite hat weder Titel noch Datum.</p>", content_type=HTML)
    async with walker(website(server)) as core:
        told = {item.url: item for item in await news(core)}
    assert {url: item.title for url, item in told.items()} == {server.url("/a"): "A", server.url("/b"): "Aus der Karte"}
    assert str(told[server.url("/b")].published) == "2026-03-29 07:30:00+00:00"


async def test_news_that_are_not_shown_to_us_are_told_by_their_titles(server: FeedServer) -> None:
    server.put("/sitemap.xml", NEWS.format(url=server.url("/b")), validators=())
    server.pages["/b"] = Served(body=b"", status=403, validators=())
    async with walker(website(server)) as core:
        (item,) = await news(core)
    assert (item.title, item.text, str(item.published)) == ("Aus der Karte", "", "2026-03-29 07:30:00+00:00")


async def test_a_site_that_closes_everything_to_robots_is_refused(site: Site) -> None:
    robots = f"User-agent: *\nDisallow: /\nSitemap: {site.url('/sitemap.xml')}"
    site.put("/robots.txt", robots, content_type="text/plain")
    async with walker(website(site)) as core:
        with pytest.raises(NotPermitted, match=r"robots\.txt"):
            await core.walk()


async def test_a_sitemap_that_comes_to_an_index_later_holds_news(server: FeedServer) -> None:
    def index(*paths: str) -> None:
        rows = "".join(f"<sitemap><loc>{server.url(path)}</loc></sitemap>" for path in paths)
        server.put("/sitemap.xml", f"<sitemapindex>{rows}</sitemapindex>", validators=())

    for name in ("alt", "neu"):
        server.put(f"/{name}.xml", f"<urlset><url><loc>{server.url('/' + name)}</loc></url></urlset>")
        server.put(
            f"/{name}", f"<title>{name}</title><p>Diese Seite ist {name} und sagt es auch.</p>", content_type=HTML
        )
    index("/alt.xml")
    async with walker(website(server)) as core:
        assert [item.title for item in await news(core)] == ["alt"]
        index("/alt.xml", "/neu.xml")
        assert [item.title for item in await news(core)] == ["neu"]


async def test_an_index_that_stays_the_same_says_nothing_of_its_sitemaps(server: FeedServer) -> None:
    def pages(*names: str) -> None:
        rows = "".join(f"<url><loc>{server.url('/' + name)}</loc></url>" for name in names)
        server.put("/pages.xml", f"<urlset>{rows}</urlset>", validators=("etag",))
        for name in names:
            server.put(
                f"/{name}", f"<title>{name}</title><p>Diese Seite ist {name} und sagt es auch.</p>", content_type=HTML
            )

    row = f"<sitemap><loc>{server.url('/pages.xml')}</loc></sitemap>"
    server.put("/sitemap.xml", f"<sitemapindex>{row}</sitemapindex>", validators=("etag",))
    pages("eins")
    async with walker(website(server)) as core:
        for _ in range(4):
            await core.walk()
        pages("eins", "zwei")
        assert [item.title for item in await news(core)] == ["zwei"]


async def test_many_sitemaps_of_an_index_are_read_by_and_by(server: FeedServer) -> None:
    paths = [f"/map{number}.xml" for number in range(45)]
    rows = "".join(f"<sitemap><loc>{server.url(path)}</loc></sitemap>" for path in paths)
    server.put("/sitemap.xml", f"<sitemapindex>{rows}</sitemapindex>")
    for number, path in enumerate(paths):
        server.put(path, f"<urlset><url><loc>{server.url(f'/{number}')}</loc></url></urlset>")
        server.put(f"/{number}", f"<title>Nummer {number}</title><p>Die Seite Nummer {number}.</p>", content_type=HTML)
    async with walker(website(server)) as core:
        told = [len(await news(core)) for _ in range(4)]
    assert told == [20, 0, 0, 0]  # what was there at first stays history, whenever it is read
    assert {seen.path for seen in server.requests} >= set(paths)


async def test_a_walk_that_takes_too_long_ends_and_the_next_one_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with walker(website(site)) as core:
        with monkeypatch.context() as slow:
            slow.setattr("smwatch.plugins.website.LONGEST", -1.0)
            with pytest.raises(Transient):
                await core.walk()
        assert len(await news(core)) == 3
        url = site.publishes("/presse/rueckruf", "Acme ruft zurück", *RECALL, at=core.now)
        assert [item.url for item in await news(core)] == [url]
    assert "/sitemap_index.xml" not in [seen.path for seen in site.requests]


async def test_pages_that_are_closed_or_gone_do_not_stand_in_the_way(site: Site) -> None:
    async with walker(website(site)) as core:
        await core.walk()
        for number in range(6):
            site.publishes(f"/intern/{number}", "Intern", "Geheim.", at=LATER)
            site.publishes(f"/weg/{number}", "Weg", "Weg.", at=LATER)
            site.pages[f"/weg/{number}"] = Served(body=b"", status=404, validators=())
        url = site.publishes("/zuletzt", "Zuletzt", *RECALL, at=LATER)
        for number in range(6):
            site.pages[f"/weg/{number}"] = Served(body=b"", status=404, validators=())
        assert [item.url for item in await news(core)] == [url]


async def test_without_a_sitemap_the_start_page_links_to_its_pages(server: FeedServer) -> None:
    def start(*paths: str) -> None:
        links = "".join(f'<a href="{path}">x</a>' for path in paths)
        server.put("/", f"<p>Willkommen bei uns.</p>{links}", content_type=HTML, validators=())

    server.put("/a", "<h1>Erste</h1><p>Hier steht die erste Meldung.</p>", content_type=HTML)
    server.put("/b", "<h1>Zweite</h1><p>Hier steht die zweite Meldung.</p>", content_type=HTML)
    start("/a", "https://elsewhere.example/", "/logo.png")
    async with walker(website(server)) as core:
        assert [item.title for item in await news(core)] == ["Erste"]
        start("/a", "/b")
        assert [item.title for item in await news(core)] == ["Zweite"]
        server.requests.clear()
        await core.walk()
    assert "/sitemap.xml" not in [seen.path for seen in server.requests]


async def test_a_site_that_shows_nothing_to_read_is_broken(server: FeedServer) -> None:
    server.put("/", '<form><input type="password"></form>', content_type=HTML)
    async with walker(website(server)) as core:
        with pytest.raises(Broken) as caught:
            await core.walk()
    assert "Anmeldeseite" in caught.value.sentence.render("de")


async def test_a_page_that_is_gone_stops_nobody(site: Site) -> None:
    async with walker(website(site)) as core:
        await core.walk()
        site.publishes("/presse/weg", "Weg", "Weg.", at=LATER)
        url = site.publishes("/presse/da", "Da", *RECALL, at=LATER)
        site.pages["/presse/weg"] = Served(body=b"", status=404, validators=())
        assert [item.url for item in await news(core)] == [url]


async def test_pages_that_fail_for_a_while_come_later(site: Site) -> None:
    async with walker(website(site)) as core:
        await core.walk()
        url = site.publishes("/presse/da", "Da", *RECALL, at=LATER)
        good = site.pages["/presse/da"]
        site.pages["/presse/da"] = Served(body=b"", status=503, validators=())
        assert await news(core) == []
        site.pages["/presse/da"] = good
        assert [item.url for item in await news(core)] == [url]


@pytest.mark.parametrize("cursor", ["", "17", "{}", '{"ledger": {"known": 3}}', '{"ledger": []}', "rubbish"])
async def test_a_cursor_that_cannot_be_read_is_none(site: Site, cursor: str) -> None:
    async with walker(website(site)) as core:
        core.cursor = cursor
        assert len(await news(core)) == 3


# single pages


async def test_a_page_is_compared_word_by_word(site: Site) -> None:
    source = website(site, max_per_hour=0, pages=["/impressum"])
    async with walker(source) as core:
        (whole,) = await news(core)
        assert (whole.id, whole.title) == (site.url("/impressum"), "Impressum")
        assert "Verantwortlich ist Erika Muster." in whole.text
        assert await news(core) == []
        site.publishes("/impressum", "Impressum", "Verantwortlich ist Max Beispiel.", "Sitz der Firma ist jetzt Köln.")
        (change,) = await news(core)
    assert change.title == "Geändert: Impressum"
    assert change.text == (
        "Geändert: „Verantwortlich ist Erika Muster.“ → „Verantwortlich ist Max Beispiel.“\n"
        "Neu: Sitz der Firma ist jetzt Köln.\n"
        "Entfernt: Telefon 0800 4711, werktags."
    )
    assert (change.url, change.kind) == (site.url("/impressum"), "page")


async def test_a_compared_page_conforms(site: Site) -> None:
    await conforms(website(site, max_per_hour=0, pages=[site.url("/impressum")]), site, but=("a web page",))


async def test_clocks_counters_and_today_are_no_changes(server: FeedServer) -> None:
    def shows(clock: str, count: str, day: str, *, csrf: str) -> None:
        page = (
            f"<h1>Status</h1><p>Alles läuft.</p><p>Es ist {clock} Uhr.</p><p>{count} Besucher</p><p>Heute ist der {day}.</p>"
            f'<form><input type="hidden" name="csrf" value="{csrf}"></form><div class="ad">Kaufen Sie {csrf}!</div>'
            f'<div class="cookie-banner">Cookies {csrf}</div><script>var t = "{csrf}";</script>'
        )
        server.put("/status", page, content_type=HTML, validators=())

    shows("10:01", "1.204", "29. März 2026", csrf="a1")
    async with walker(website(server, max_per_hour=0, pages=[server.url("/status")])) as core:
        await core.walk()
        core.now += timedelta(days=1)
        shows("11:47", "1.377", "30. März 2026", csrf="b2")
        assert await news(core) == []


async def test_what_differs_between_two_readings_in_a_row_is_no_change(site: Site) -> None:
    class Restless(Site):
        async def answer(self, seen, writer) -> bool:  # type: ignore[no-untyped-def]
            if seen.path == "/impressum":
                self.publishes(
                    "/impressum", "Impressum", "Erika Muster.", f"Unser Tipp des Moments ist {len(self.requests)}."
                )
            return await super().answer(seen, writer)

    async with (
        Restless() as restless,
        walker(website(restless, max_per_hour=0, pages=[restless.url("/impressum")])) as core,
    ):
        await core.walk()
        for _ in range(3):
            assert await news(core) == []


async def test_a_compared_page_that_is_gone_is_told_once(site: Site) -> None:
    url = site.url("/impressum")
    async with walker(website(site, pages=[url])) as core:
        await core.walk()
        site.pages["/impressum"] = Served(body=b"", status=404, validators=())
        (status,) = await news(core)
        assert (status.kind, status.url) == ("status", url)
        assert "ist nicht mehr lesbar" in status.title
        assert await news(core) == []


# health


async def test_a_site_that_goes_down_and_comes_back_is_told_once_each(site: Site) -> None:
    async with walker(website(site, health=True, max_per_hour=0)) as core:
        (first,) = await news(core)
        assert (first.kind, first.url) == ("status", site.url("/"))
        assert "antwortet in" in first.title
        assert await news(core) == []
        good = site.pages["/"]
        site.pages["/"] = Served(body=b"", status=500, validators=())
        (down,) = await news(core)
        assert (down.kind, down.title) == (
            "status",
            "Die Website ist gestört: 127.0.0.1 hat selbst eine Störung (500)",
        )
        for _ in range(2):  # afterwards it is the source's own failure, which ops hears of
            with pytest.raises(Transient):
                await core.walk()
        site.pages["/"] = good
        (up,) = await news(core)
        assert up.title == "127.0.0.1 funktioniert wieder"
        assert "antwortet in" in up.text
        assert await news(core) == []


async def test_a_site_that_moves_and_forgets_telephones(site: Site) -> None:
    async with walker(website(site, health=True, max_per_hour=0)) as core:
        await core.walk()
        site.put("/neu", "<p>Neu</p>", content_type=HTML)
        site.redirect("/", site.url("/neu"), 301)
        moved, phones = await news(core)
    assert moved.title == f"127.0.0.1 leitet jetzt weiter nach {site.url('/neu')}"
    assert phones.title == "127.0.0.1 ist nicht mehr für Mobilgeräte eingerichtet (meta viewport fehlt)"


@pytest.mark.parametrize("left", [9, 60])
async def test_a_certificate_that_ends_soon_is_told_once(left: int) -> None:
    authority = trustme.CA()
    until = datetime.now(UTC) + timedelta(days=left, hours=2)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", not_after=until).configure_cert(context)
    async with Site(ssl=context) as secure, walker(website(secure, health=True, max_per_hour=0)) as core:
        with authority.cert_pem.tempfile() as file:
            await core.client.close()
            core.client = Client(Http(ca_file=file), "test@acme.example", limits=QUICK)
        first = await news(core)
        told = [item.title for _ in range(3) for item in await news(core)]
        await core.client.close()
    assert f"Zertifikat noch {left} Tage" in first[0].title
    assert told == (["Das Zertifikat von 127.0.0.1 läuft in 9 Tagen ab"] if left == 9 else [])


async def test_health_conforms(site: Site) -> None:
    site.pages = {"/": site.pages["/"]}
    source = website(site, health=True, max_per_hour=0)
    for served in (Served(body=b"", status=503, validators=()), Served(body=b"", status=404, validators=())):
        site.pages["/"] = served
        async with walker(source) as core:
            with pytest.raises(SourceError):
                await core.walk()


@pytest.mark.parametrize(
    "keys", [{"url": "acme.example"}, {"pages": ["impressum"]}, {"pages": ["https://a.example/"] * 21}]
)
def test_keys_that_make_no_sense(keys: dict[str, object]) -> None:
    with pytest.raises(UserError):
        WebsiteSource.model_validate({"type": "website", "url": "https://a.example/", **keys})


async def test_an_author_of_a_page_is_told(server: FeedServer) -> None:
    ld = '{"@type": "NewsArticle", "headline": "Acme wächst", "author": [{"name": "Eva Beispiel"}, {"name": "Tom Test"}]}'
    page = f'<script type="application/ld+json">{ld}</script><p>Acme wächst und wächst, sagt der Vorstand.</p>'
    server.put("/a", page, content_type=HTML)
    server.put("/sitemap.xml", f"<urlset><url><loc>{server.url('/a')}</loc></url></urlset>")
    async with walker(website(server)) as core:
        (item,) = await news(core)
    assert (item.title, item.author) == ("Acme wächst", Author(name="Eva Beispiel, Tom Test"))
