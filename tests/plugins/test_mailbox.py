"""Mailboxes: a real Dovecot, and servers that do not behave."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import dovecot as imap_server
import pytest
from dovecot import MISSING, PASSWORD, USER, mail
from smwatch.plugins import mailbox as plugin
from smwatch.plugins.mailbox import MailboxSource, Place

from smwatch.config.model import Http
from smwatch.errors import AuthExpired, Broken, NotPermitted, SourceError, Transient, UserError
from smwatch.fetch.client import Client
from smwatch.fetch.walk import Walk
from smwatch.imap import Imap, mailbox_name
from smwatch.secret import Secret
from smwatch.testing.source_kit import are_items, has_a_card, walker

needs_dovecot = pytest.mark.skipif(imap_server.DOVECOT is None, reason=MISSING)


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv("IMAP_PASSWORD", PASSWORD)


@pytest.fixture
async def server():
    async with imap_server.dovecot() as made:
        yield made


def box(server, **keys):
    given = {
        "type": "mailbox",
        "name": "post",
        "host": server.host,
        "port": server.secure,
        "user": USER,
        "password": Secret("env", "IMAP_PASSWORD"),
        "allow_private": True,
        "tls": "insecure",
    }
    return MailboxSource.model_validate(given | keys)


@asynccontextmanager
async def reading(source):
    async with walker(source) as core:
        core.now = datetime.now(UTC)
        yield core


def ids(pages):
    return [item.id.partition("@")[0] for page in pages for item in page.items]


@needs_dovecot
async def test_a_mail_becomes_an_item_and_stays_unread(server):
    server.delivers(
        mail("Müller-Lüdenscheidt baut um", "Das Werk wächst.", number=1, List_Id="Acme Post <p.acme.example>")
    )
    async with reading(box(server)) as core:
        (page,) = await core.walk()
        assert await core.walk() == []
    (item,) = page.items
    assert (item.id, item.title, item.text, item.kind) == (
        "1@blatt.example",
        "Müller-Lüdenscheidt baut um",
        "Das Werk wächst.",
        "mail",
    )
    assert item.attributes == {
        "from": "Blatt <redaktion@blatt.example>",
        "dkim": "none",
        "list": "Acme Post",
        "list_id": "p.acme.example",
    }
    assert item.published is not None  # without a Date, the moment at which it arrived
    assert server.flags() == {""}


@needs_dovecot
async def test_conforms(server):
    for number in range(3):
        server.delivers(mail(f"Nummer {number}", number=number))
    source = box(server)
    has_a_card(source)
    async with reading(source) as core:
        first = await core.walk()
        assert all(page.cursor is None for page in first[:-1])
        are_items([item for page in first for item in page.items], source)


@needs_dovecot
@pytest.mark.parametrize("keys", [{"security": "starttls", "port": None}, {"security": "tls"}])
async def test_both_ways_of_encryption_with_a_certificate_that_is_trusted(server, keys):
    server.delivers(mail("Acme", number=1))
    given = {"tls": "strict"} | (
        {"port": server.port, "security": "starttls"} if keys["security"] == "starttls" else {}
    )
    async with reading(box(server, **given)) as core:
        core.client = Client(Http(ca_file=str(server.ca)))
        try:
            assert ids(await core.walk()) == ["1"]
        finally:
            await core.client.close()


@needs_dovecot
async def test_a_certificate_that_is_not_trusted(server):
    async with reading(box(server, tls="strict")) as core:
        with pytest.raises(Broken, match="certificate"):
            await core.walk()


@needs_dovecot
async def test_what_keeps_it_out_says_so(server, monkeypatch):
    cases = [
        ({"allow_private": False}, NotPermitted, "private address"),
        ({"folder": "Entwürfe"}, Broken, "there is no folder Entwürfe"),
        ({"security": "none", "port": server.port}, NotPermitted, "no password on an unencrypted line"),
        ({"host": "127.0.0.4"}, Transient, "cannot be reached"),
    ]
    for keys, error, words in cases:
        async with reading(box(server, **keys)) as core:
            with pytest.raises(error, match=words):
                await core.walk()
    monkeypatch.setenv("IMAP_PASSWORD", "falsch")
    async with reading(box(server)) as core:
        with pytest.raises(AuthExpired, match="refuses the login") as told:
            await core.walk()
    assert "falsch" not in str(told.value)


@needs_dovecot
async def test_a_thousand_mails_and_what_comes_after_them(server):
    for number in range(1000):
        server.delivers(mail(f"Nummer {number}", number=number))
    async with reading(box(server)) as core:
        first = await core.walk()
        assert sorted(map(int, ids(first))) == list(range(1000))
        assert [len(page.items) for page in first] == [50] * 20
        server.delivers(mail("Acme", number="neu"))
        assert ids(await core.walk()) == ["neu"]
        await server.restarts()
        assert await core.walk() == []
        server.delivers(mail("Acme", number="danach"))
        assert ids(await core.walk()) == ["danach"]
    assert server.flags() == {""}


@needs_dovecot
async def test_a_folder_that_is_numbered_anew_is_read_again_under_the_same_ids(server):
    for number in range(3):
        server.delivers(mail(f"Nummer {number}", number=number))
    server.delivers(mail("Ohne Nummer", Date="Tue, 24 Nov 2026 10:00:00 +0100"))
    async with reading(box(server)) as core:
        first, cursor = await core.walk(), core.cursor
        await server.numbers_anew()
        again = await core.walk()
        assert core.cursor.partition(":")[0] != cursor.partition(":")[0]
        assert sorted(ids(again)) == sorted(ids(first))
        assert await core.walk() == []


@needs_dovecot
async def test_the_first_poll_looks_back_only_so_far(server):
    old = (datetime.now(UTC) - timedelta(days=40)).timestamp()
    server.delivers(mail("alt", number="alt"), at=old)
    server.delivers(mail("neu", number="neu"))
    async with reading(box(server)) as core:
        assert ids(await core.walk()) == ["neu"]
    async with reading(box(server, look_back="90d")) as core:
        assert sorted(ids(await core.walk())) == ["alt", "neu"]


@needs_dovecot
async def test_one_poll_reads_so_many_and_the_next_goes_on(server, monkeypatch):
    monkeypatch.setattr(plugin, "WALK", 4)
    for number in range(10):
        server.delivers(mail(f"Nummer {number}", number=number))
    async with reading(box(server)) as core:
        walks = [sorted(map(int, ids(await core.walk()))) for _ in range(4)]
    assert sorted(number for walk in walks for number in walk) == list(range(10))
    assert [len(walk) for walk in walks] == [4, 4, 2, 0]


@needs_dovecot
async def test_notices_that_nobody_signed_are_told_once(server):
    server.delivers(mail("Erika Beispiel hat Ihren Beitrag kommentiert", number=1, From="XING <x@mail.xing.com>"))
    async with reading(box(server, preset="xing")) as core:
        (page,) = await core.walk()
        assert (page.items, [note.render("en") for note in page.notes]) == (
            (),
            ["1 mail of xing is not signed by its domain, as your mail server says, and is left out"],
        )
        signed = {"From": "XING <x@mail.xing.com>", "Authentication-Results": "mx; dkim=pass header.d=xing.com"}
        server.delivers(mail("Erika Beispiel hat Ihren Beitrag kommentiert", number=2, **signed))
        server.delivers(mail("Erika Beispiel hat Ihren Beitrag kommentiert", number=3, From="XING <x@xing.com>"))
        (page,) = await core.walk()
    assert [(item.kind, item.author.name) for item in page.items] == [("comment", "Erika Beispiel")]
    assert page.notes == ()


@needs_dovecot
async def test_of_a_large_mail_the_beginning_is_read(server, monkeypatch):
    monkeypatch.setattr(plugin, "LARGEST", 2000)
    server.delivers(mail("Groß", "Am Anfang steht acme.\n" + "Füllung. " * 5000, number=1))
    async with reading(box(server)) as core:
        ((item,),) = [page.items for page in await core.walk()]
    assert item.text.startswith("Am Anfang steht acme.")
    assert len(item.text) < 2000


@needs_dovecot
async def test_a_mail_that_breaks_its_reader_is_told_by_its_head(server, monkeypatch):
    server.delivers(mail("Gift", number=1))
    server.delivers(mail("Danach", number=2))
    async with reading(box(server)) as core:
        run = core.pool.run

        async def refuses(function, body, options, **more):
            if b"Gift" in body and not options.get("head_only"):
                raise Broken("it takes too long")
            return await run(function, body, options, **more)

        monkeypatch.setattr(core.pool, "run", refuses)
        items = [item for page in await core.walk() for item in page.items]
    assert sorted((item.title, item.text) for item in items) == [("Danach", "Danach."), ("Gift", "")]


async def heard(source, until, *, cursor=None):
    """What is pushed until so many items have come; the pages."""
    client, pages = Client(Http()), []
    async with walker(source) as core:
        walk = Walk(source=source, client=client, pool=core.pool, now=datetime.now(UTC), cursor=cursor)
        try:
            async with asyncio.timeout(30):
                async for page in source.listen(walk):
                    pages.append(page)
                    yield page
                    if sum(len(one.items) for one in pages) >= until:
                        return
        finally:
            await client.close()


@needs_dovecot
async def test_what_arrives_is_pushed(server):
    server.delivers(mail("vorher", number="vorher"))
    got = []
    async for page in heard(box(server), 2):
        got += ids([page])
        if not page.items:  # the place from which it listens
            server.delivers(mail("eins", number="eins"))
        elif len(got) == 1:
            server.delivers(mail("zwei", number="zwei"))
    assert got == ["eins", "zwei"]
    assert page.cursor.endswith(":3")


@needs_dovecot
async def test_what_came_while_nobody_listened_is_caught_up(server):
    async for page in heard(box(server), 0):
        cursor = page.cursor
    server.delivers(mail("inzwischen", number="inzwischen"))
    assert [ids([page]) async for page in heard(box(server), 1, cursor=cursor)] == [["inzwischen"]]


@needs_dovecot
async def test_a_restart_of_the_server_ends_the_stream(server):
    pages = heard(box(server), 99)
    assert (await anext(pages)).cursor
    await server.restarts()
    with pytest.raises(SourceError):
        await anext(pages)


@needs_dovecot
async def test_idle_is_renewed(server):
    source = box(server)
    client = Client(Http())
    async with walker(source) as core:
        walk = Walk(source=source, client=client, pool=core.pool, now=datetime.now(UTC))
        wire = await walk.connect(source.host, source.port, tls=True)
        imap = Imap(wire, renew=0.05)
        await imap.greet(starttls=False)
        await imap.log_in(USER, PASSWORD)
        await imap.examine("INBOX")
        news = imap.news()
        for _ in range(3):
            await anext(news)
        await news.aclose()
        await imap.log_out()
        await client.close()


class Unwell:
    """An IMAP server that answers what a test says: a command's word to raw lines ({tag} is its tag)."""

    host = "127.0.0.1"

    def __init__(self, **answers):
        self.answers = {
            "": "* OK da\r\n",
            "CAPABILITY": "* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK\r\n",
            "LOGIN": "{tag} OK\r\n",
            "EXAMINE": "* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 3] x\r\n{tag} OK\r\n",
            "UID SEARCH": "* SEARCH 1 2\r\n{tag} OK\r\n",
            "UID FETCH SIZE": "* 1 FETCH (UID 1 RFC822.SIZE 5)\r\n* 2 FETCH (UID 2 RFC822.SIZE 5)\r\n{tag} OK\r\n",
            "UID FETCH": '* 1 FETCH (UID 1 BODY[]<0> {{5}}\r\nhallo)\r\n* 2 FETCH (BODY[]<0> "du" UID 2)\r\n{tag} OK\r\n',
            "LOGOUT": "* BYE\r\n{tag} OK\r\n",
        } | answers  # fmt: skip
        self.heard = []
        self._tasks = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.secure = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        try:
            writer.write(self.answers[""].encode())
            while line := await reader.readline():
                self.heard.append(line)
                tag, _, said = line.decode().strip().partition(" ")
                word = next(
                    (one for one in ("UID SEARCH", "UID FETCH") if said.startswith(one)), said.partition(" ")[0]
                )
                if "RFC822.SIZE" in said:
                    word = "UID FETCH SIZE"
                answer = self.answers.get(word, "{tag} BAD\r\n")
                if callable(answer):
                    await answer(tag, writer)
                else:
                    writer.write(answer.format(tag=tag).encode())
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()


def ill(server, **keys):
    return box(server, security="none", **keys)


async def test_quoted_and_literal_bodies_are_the_same():
    async with Unwell() as server, reading(ill(server)) as core:
        (page,) = await core.walk()
    assert [item.text for item in page.items] == ["hallo", "du"]
    assert core.cursor == "7:2"
    assert [line.split()[1] for line in server.heard] == [
        b"CAPABILITY", b"LOGIN", b"CAPABILITY", b"EXAMINE", b"UID", b"UID", b"UID", b"LOGOUT",
    ]  # fmt: skip


async def endless(tag, writer):
    while not writer.is_closing():
        writer.write(b"* 1 FETCH (FLAGS ())\r\n" * 1000)
        await writer.drain()


async def silent(tag, writer):
    await asyncio.Event().wait()


async def without_end(tag, writer):
    while not writer.is_closing():
        writer.write(b"x" * 65536)
        await writer.drain()


async def cut_off(tag, writer):
    writer.write(b"* 1 FETCH (UID 1 BODY[]<0> {50000}\r\nhal")
    await writer.drain()
    writer.transport.abort()


async def asks_for_ever(tag, writer):
    while not writer.is_closing():
        writer.write(b"+ \r\n" * 100)
        await writer.drain()


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"": "HTTP/1.1 400 Bad Request\r\n"}, Broken),
        ({"": "* BYE überlastet\r\n"}, Transient),
        ({"LOGIN": "{tag} NO [AUTHENTICATIONFAILED] nein\r\n"}, AuthExpired),
        ({"EXAMINE": "{tag} NO gibt es nicht\r\n"}, Broken),
        ({"EXAMINE": "{tag} OK\r\n"}, Broken),
        ({"UID SEARCH": "{tag} BAD was?\r\n"}, Broken),
        ({"UID SEARCH": "{tag} NO jetzt nicht\r\n"}, Transient),
        ({"UID FETCH": "* 1 FETCH (UID 1 BODY[]<0> {{4000000000}}\r\nhallo"}, Broken),
        ({"UID FETCH": cut_off}, Transient),
        ({"UID FETCH": silent}, Transient),
        ({"UID FETCH SIZE": without_end}, Broken),
        ({"UID FETCH SIZE": endless}, Broken),
        ({"UID SEARCH": asks_for_ever}, Broken),
        ({"UID SEARCH": "* BYE Wartung\r\n"}, Transient),
    ],
)
async def test_servers_that_do_not_behave(monkeypatch, answers, error):
    monkeypatch.setattr("smwatch.imap.PATIENCE", 0.3)
    monkeypatch.setattr("smwatch.imap.LINES", 20_000)
    monkeypatch.setattr(plugin, "Imap", lambda wire: Imap(wire, patience=0.3))
    async with Unwell(**answers) as server, reading(ill(server)) as core:
        with pytest.raises(error):
            await core.walk()
        assert core.cursor is None


@pytest.mark.parametrize(
    "answer",
    [
        "* SEARCH\r\n{tag} OK\r\n",
        "* SEARCH 99999999999999999999999 x -1\r\n{tag} OK\r\n",
        "* 4 EXISTS\r\n{tag} OK\r\n",
    ],
)
async def test_nothing_is_nothing(answer):
    async with Unwell(**{"UID SEARCH": answer}) as server, reading(ill(server)) as core:
        (page,) = await core.walk()
        assert page.items == ()
        assert core.cursor == "7:2"


async def test_mails_that_are_gone_meanwhile_are_left_out():
    gone = "* 2 FETCH (UID 2 RFC822.SIZE 5)\r\n{tag} OK\r\n"
    body = "* 2 FETCH (UID 2 BODY[]<0> NIL)\r\n{tag} OK\r\n"
    async with Unwell(**{"UID FETCH SIZE": gone, "UID FETCH": body}) as server, reading(ill(server)) as core:
        (page,) = await core.walk()
    assert (page.items, core.cursor) == ((), "7:2")


async def test_one_mail_that_the_server_cannot_give_out_keeps_no_other_back():
    async with Unwell() as server, reading(ill(server)) as core:

        async def picky(tag, writer):
            fit = b" FETCH 2 " in server.heard[-1]
            writer.write(b"* 2 FETCH (UID 2 BODY[]<0> {4}\r\nzwei)\r\n" if fit else b"")
            writer.write(f"{tag} {'OK' if fit else 'NO [SERVERBUG]'}\r\n".encode())

        server.answers["UID FETCH"] = picky
        (page,) = await core.walk()
    assert [item.text for item in page.items] == ["zwei"]
    assert core.cursor == "7:2"


async def test_a_server_without_push_is_only_polled(monkeypatch):
    monkeypatch.setattr(plugin, "WITHOUT_PUSH", 0)
    async with Unwell(CAPABILITY="* CAPABILITY IMAP4rev1\r\n{tag} OK\r\n") as server:
        assert [page.cursor async for page in heard(ill(server), 99)] == ["7:2"]


async def test_a_token_instead_of_a_password(monkeypatch):
    monkeypatch.setenv("IMAP_TOKEN", "ya29.zeichen")
    keys = {"password": None, "token": Secret("env", "IMAP_TOKEN")}
    failed = "+ eyJzdGF0dXMiOiI0MDAifQ==\r\n{tag} NO\r\n"
    async with Unwell(AUTHENTICATE="{tag} OK\r\n") as server, reading(ill(server, **keys)) as core:
        await core.walk()
        assert server.heard[1].split()[1:3] == [b"AUTHENTICATE", b"XOAUTH2"]
    async with Unwell(AUTHENTICATE=failed) as server, reading(ill(server, **keys)) as core:
        with pytest.raises(AuthExpired):
            await core.walk()


async def test_what_was_said_before_the_encryption_does_not_count():
    slipped = "{tag} OK\r\n* OK untergeschoben\r\n"
    async with Unwell(STARTTLS=slipped) as server, reading(box(server, security="starttls")) as core:
        with pytest.raises(SourceError):
            await core.walk()


@pytest.mark.parametrize(
    ("name", "written"), [("INBOX", "INBOX"), ("Entwürfe", "Entw&APw-rfe"), ("A&B", "A&-B"), ("日本", "&ZeVnLA-")]
)
def test_names_of_folders(name, written):
    assert mailbox_name(name) == written


@pytest.mark.parametrize(
    "keys",
    [
        {"password": None},
        {"token": Secret("env", "X")},
        {"security": "none", "allow_private": False},
        {"subjects": [{"match": "*", "kind": "post"}]},
    ],
)
def test_keys_that_make_no_sense(keys):
    class Somewhere:
        host, secure = "imap.acme.example", 993

    with pytest.raises(UserError):
        box(Somewhere, **keys)


@pytest.mark.parametrize(
    ("preset", "words"),
    [(None, "nobody sends"), ("xing", "no programming interface since 2019"), ("linkedin", "does not tell")],
)
def test_each_has_the_card_of_its_platform(preset, words):
    class Somewhere:
        host, secure = "imap.acme.example", 993

    source = box(Somewhere, preset=preset, **{"from": ["a.example"]})
    (found,) = source.expand("/")
    assert words in found.card.blind.render("en")
    assert (found.key(), found.senders, found.password) == (source.key(), ("a.example",), source.password)
    has_a_card(found)


@pytest.mark.parametrize("cursor", [None, "", "7", "a:b", "7:", "7:-1"])
def test_places_that_are_none(cursor):
    assert Place.read(cursor) is None
