from __future__ import annotations

import asyncio
import contextlib
import email
import ssl
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from typing import Any

import pytest
import structlog
import trustme
from selectolax.lexbor import LexborHTMLParser

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # aiosmtpd still looks at asyncio's old policies
    from aiosmtpd.smtp import SMTP, AuthResult

from smwatch.plugins import email as plugin
from smwatch.plugins.email import EmailChannel

from smwatch.errors import ChannelError, Outcome, Scope
from smwatch.message.model import Heading, Message, Paragraph, Run
from smwatch.plugin import Delivery, Receipt
from smwatch.secret import Secret
from smwatch.testing.channel_kit import ChannelConformance

NOW = datetime(2025, 11, 24, 7, 0, tzinfo=UTC)
MESSAGE = Message(
    title="Acme Marke: Rückruf bei Acme",
    blocks=(
        Heading(text="Meldung · Acme Marke"),
        Paragraph(runs=(Run(text="Rückruf bei Acme", link="https://tagesbote.example/1", bold=True),)),
        Paragraph(runs=(Run(text="."),)),
        Paragraph(runs=(Run(text="lang " * 1000),)),
    ),
    thread="story:Acme:1",
)


@dataclass
class Context:
    now: datetime = NOW
    session: Any = None
    log: Any = field(default_factory=structlog.get_logger)


@dataclass
class Server:
    """A real SMTP server on loopback; `script` holds answers by address, or for "DATA", each used once."""

    port: int = 0
    mails: list[tuple[list[str], bytes]] = field(default_factory=list)
    script: dict[str, list[str]] = field(default_factory=dict)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    lost: bool = False
    protocol: Any = None

    async def handle_RCPT(self, _server, _session, envelope, address, _options) -> str:
        if self.script.get(address):
            return self.script[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope) -> str:
        if self.lost:
            self.lost = False
            server.transport.abort()
        if self.script.get("DATA"):
            return self.script["DATA"].pop(0)
        self.mails.append((list(envelope.rcpt_tos), envelope.content))
        return "250 OK"

    def authenticate(self, _server, _session, _envelope, _mechanism, data) -> Any:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"geheimes-wort", handled=False)


@contextlib.asynccontextmanager
async def smtp(
    server: Server | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    wrap: ssl.SSLContext | None = None,
    **options: Any,
):
    server = server or Server()

    def protocol() -> SMTP:
        return SMTP(
            server, hostname="mx.example", tls_context=tls, enable_SMTPUTF8=options.pop("utf8", True), **options
        )

    listening = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=wrap)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


@pytest.fixture(autouse=True)
def _forget():
    plugin._reached.clear()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificates(authority, tmp_path):
    """A server's TLS context for localhost, and the file that its clients trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    return context, str(trusted)


def channel(server: Server, *to: str, sender: str = "smwatch@acme.example", **options: Any) -> EmailChannel:
    settings = {"host": "127.0.0.1", "port": server.port, "tls": "none"} | options
    return EmailChannel(
        type="email", name="presse", to=to or ("presse@acme.example",), smtp=settings, **{"from": sender}
    )


def delivery(key: str = "key-1", message: Message = MESSAGE, **more: Any) -> Delivery:
    return Delivery(key=key, kind="card", message=message, **more)


def read(raw: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(raw, policy=policy.default)


async def failure(channel: EmailChannel, message: Delivery) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await channel.send(Context(), message)
    return caught.value


async def test_a_mail_has_a_complete_plain_text_first_and_html_second():
    async with smtp() as server:
        receipt = await channel(server).send(Context(), delivery())
    [(to, raw)] = server.mails
    mail = read(raw)
    assert to == ["presse@acme.example"]
    assert mail["Subject"] == "Acme Marke: Rückruf bei Acme"
    assert mail["From"] == "smwatch@acme.example"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == receipt.ref["message_id"]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    plain = mail.get_body(("plain",)).get_content()
    assert "Rückruf bei Acme <https://tagesbote.example/1>" in plain
    assert "." in plain.splitlines()
    assert "lang " * 1000 in plain
    assert 'href="https://tagesbote.example/1"' in mail.get_body(("html",)).get_content()
    assert max(map(len, raw.splitlines())) <= 998


async def test_the_same_key_has_the_same_message_id_and_stories_stand_together():
    async with smtp() as server:
        mailer = channel(server)
        first = await mailer.send(Context(), delivery("key-1"))
        await mailer.send(Context(), delivery("key-1"))
        await mailer.send(Context(), delivery("key-2", reply_to=Receipt(ref=first.ref)))
    one, again, other = (read(raw) for _, raw in server.mails)
    assert one["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert other["In-Reply-To"] == one["Message-ID"]
    assert other["References"].split() == [one["References"], one["Message-ID"]]


async def test_one_refused_address_does_not_keep_the_mail_from_the_others():
    async with smtp() as server:
        server.script["weg@acme.example"] = ["550 no such user"]
        receipt = await channel(server, "a@acme.example", "weg@acme.example", "b@acme.example").send(
            Context(), delivery()
        )
    assert [to for to, _ in server.mails] == [["a@acme.example", "b@acme.example"]]
    assert receipt.ref["to"] == "a@acme.example, b@acme.example"
    assert receipt.ref["refused"] == "weg@acme.example"


async def test_who_is_refused_for_now_gets_it_later_and_nobody_twice():
    async with smtp() as server:
        server.script["grau@acme.example"] = ["451 greylisted", "451 greylisted"]
        mailer = channel(server, "a@acme.example", "grau@acme.example")
        for _ in range(2):
            error = await failure(mailer, delivery())
            assert (error.outcome, error.scope, error.permanent) == (Outcome.NOT_SENT, Scope.MESSAGE, False)
            assert "grau@acme.example" in str(error)
        receipt = await mailer.send(Context(), delivery())
    assert [to for to, _ in server.mails] == [["a@acme.example"], ["grau@acme.example"]]
    assert receipt.ref["to"] == "a@acme.example, grau@acme.example"
    assert plugin._reached == {}


async def test_where_everybody_is_refused_a_person_has_to_act():
    async with smtp() as server:
        server.script["weg@acme.example"] = ["550 no such user"]
        error = await failure(channel(server, "weg@acme.example"), delivery())
    assert (error.outcome, error.permanent) == (Outcome.NOT_SENT, True)
    assert error.sentence.render("de") == "weg@acme.example wird abgelehnt: 550 no such user"


@pytest.mark.parametrize(("answer", "permanent"), [("554 looks like spam", True), ("451 try again", False)])
async def test_refused_after_data_is_not_sent(answer, permanent):
    async with smtp() as server:
        server.script["DATA"] = [answer]
        error = await failure(channel(server), delivery())
        assert (error.outcome, error.scope, error.permanent) == (Outcome.NOT_SENT, Scope.MESSAGE, permanent)
        await channel(server).send(Context(), delivery())
    assert len(server.mails) == 1


async def test_a_line_that_breaks_after_the_final_dot_is_unsure():
    async with smtp() as server:
        server.lost = True
        error = await failure(channel(server), delivery())
        await channel(server).send(Context(), delivery())
    assert error.outcome is Outcome.UNSURE
    assert len({read(raw)["Message-ID"] for _, raw in server.mails}) == 1


async def test_starttls_and_login(certificates, monkeypatch):
    context, trusted = certificates
    monkeypatch.setenv("SMTP_WORD", "geheimes-wort")
    async with smtp(tls=context, authenticator=(server := Server()).authenticate, auth_require_tls=True, server=server):
        mailer = channel(
            server, host="localhost", tls="starttls", ca_file=trusted, user="me", password=Secret("env", "SMTP_WORD")
        )
        await mailer.send(Context(), delivery())
        assert await mailer.check(Context()) == ()
    assert len(server.mails) == 1
    assert server.logins == [(b"me", b"geheimes-wort")] * 2


async def test_tls_from_the_first_byte(certificates):
    context, trusted = certificates
    async with smtp(wrap=context) as server:
        await channel(server, host="localhost", tls="tls", ca_file=trusted).send(Context(), delivery())
    assert len(server.mails) == 1


async def test_a_wrong_password_waits_for_a_person(certificates, monkeypatch):
    context, trusted = certificates
    monkeypatch.setenv("SMTP_WORD", "falsches-wort")
    async with smtp(tls=context, authenticator=(server := Server()).authenticate, server=server):
        options = {"host": "localhost", "tls": "starttls", "ca_file": trusted, "user": "me"}
        error = await failure(channel(server, password=Secret("env", "SMTP_WORD"), **options), delivery())
    assert (error.scope, error.permanent, error.outcome) == (Scope.CHANNEL, True, Outcome.NOT_SENT)
    assert "falsches-wort" not in str(error)
    assert server.mails == []


async def test_a_stripped_starttls_never_sends_the_password(monkeypatch):
    monkeypatch.setenv("SMTP_WORD", "geheimes-wort")
    async with smtp(authenticator=(server := Server()).authenticate, auth_require_tls=False, server=server):
        options = {"tls": "starttls", "user": "me", "password": Secret("env", "SMTP_WORD")}
        error = await failure(channel(server, **options), delivery())
    assert (error.scope, error.permanent) == (Scope.CHANNEL, True)
    assert (server.logins, server.mails) == ([], [])
    assert error.sentence.render("de") == "127.0.0.1 bietet kein STARTTLS: Unverschlüsselt wird nichts gesendet"


async def test_a_password_does_not_go_over_an_open_line(monkeypatch):
    monkeypatch.setenv("SMTP_WORD", "geheimes-wort")
    mailer = channel(Server(port=25), user="me", password=Secret("env", "SMTP_WORD"))
    monkeypatch.setattr(plugin, "_loopback", lambda _host: False)
    async with smtp() as server:
        mailer = channel(server, user="me", password=Secret("env", "SMTP_WORD"))
        error = await failure(mailer, delivery())
    assert (error.permanent, server.logins) == (True, [])


async def test_a_server_without_login_and_a_missing_secret_wait_for_a_person(certificates, monkeypatch):
    context, trusted = certificates
    monkeypatch.delenv("SMTP_WORD", raising=False)
    options = {
        "host": "localhost",
        "tls": "starttls",
        "ca_file": trusted,
        "user": "me",
        "password": Secret("env", "SMTP_WORD"),
    }
    async with smtp(tls=context, auth_exclude_mechanism=["LOGIN", "PLAIN"]) as server:
        assert "bietet keine Anmeldung" in (await failure(channel(server, **options), delivery())).sentence.render("de")
    async with smtp(tls=context, authenticator=(server := Server()).authenticate, server=server):
        error = await failure(channel(server, **options), delivery())
    assert "SMTP_WORD" in str(error)
    assert error.permanent


async def test_a_strangers_certificate_is_refused(certificates):
    context, _ = certificates
    async with smtp(tls=context) as server:
        error = await failure(channel(server, host="localhost", tls="starttls"), delivery())
    assert (error.permanent, server.mails) == (True, [])
    assert error.sentence.render("en") == "the certificate of localhost does not hold"


async def test_a_server_that_is_down_is_tried_again():
    async with smtp() as server:
        pass
    error = await failure(channel(server), delivery())
    assert (error.outcome, error.scope, error.permanent) == (Outcome.NOT_SENT, Scope.CHANNEL, False)


async def test_umlauts_in_a_domain_are_written_in_ascii():
    async with smtp(utf8=False) as server:
        await channel(server, "Müller <presse@müller.example>", sender="Wächter <smwatch@exämple.example>").send(
            Context(), delivery()
        )
    [(to, raw)] = server.mails
    assert to == ["presse@xn--mller-kva.example"]
    assert b"Cc:" not in raw
    mail = read(raw)
    assert mail["To"].addresses[0].display_name == "Müller"
    assert mail["From"].addresses[0].addr_spec == "smwatch@xn--exmple-cua.example"


async def test_umlauts_before_the_at_need_a_server_that_takes_them():
    async with smtp(utf8=False) as server:
        receipt = await channel(server, "müller@acme.example", "b@acme.example").send(Context(), delivery())
    assert [to for to, _ in server.mails] == [["b@acme.example"]]
    assert receipt.ref["refused"] == "müller@acme.example"
    async with smtp(utf8=True) as server:
        await channel(server, "müller@acme.example").send(Context(), delivery())
    assert [to for to, _ in server.mails] == [["müller@acme.example"]]


async def test_nobody_is_logged_as_refused_in_silence():
    with structlog.testing.capture_logs() as logs:
        async with smtp() as server:
            server.script["weg@acme.example"] = ["550 no such user"]
            await channel(server, "a@acme.example", "weg@acme.example").send(Context(), delivery())
    assert [(entry["event"], entry["address"]) for entry in logs] == [("mail_address_refused", "weg@acme.example")]


@pytest.mark.parametrize("address", ["presse", "a@b@", "x\nBcc: y@z.example", "a b@acme.example", "", "@acme.example"])
def test_what_is_no_address_is_refused_by_the_config(address):
    with pytest.raises(ValueError, match="is not a mail address"):
        channel(Server(port=25), address)


def test_without_from_the_mail_comes_from_smwatch_at_the_first_recipients_host():
    mailer = EmailChannel(type="email", to=("presse@acme.example",), smtp={"host": "mx.example"})
    assert mailer._from.address == "smwatch@acme.example"
    assert (mailer._port, mailer.limit_key()) == (587, "smtp://mx.example:587")


class Bench:
    """The mail channel before a real server, for the conformance kit."""

    session = None
    secrets = ("geheimes-wort",)

    def __init__(self, server: Server) -> None:
        self.server = server
        self.channel = channel(server, user="me", password=Secret("env", "SMTP_WORD"))

    def mails(self) -> list[email.message.EmailMessage]:
        return [read(raw) for _, raw in self.server.mails]

    def seen(self) -> list[str]:
        return [f"{mail['Subject']}\n{mail.get_body(('plain',)).get_content()}" for mail in self.mails()]

    def alarms(self) -> list[str]:
        found = []
        for mail in self.mails():
            tree = LexborHTMLParser(mail.get_body(("html",)).get_content())
            found += [name for name in mail if name in {"Bcc", "Cc"}]
            found += [node.tag for node in tree.css("script, img, iframe, form, link")]
            found += [
                str(node.attributes) for node in tree.css("*") if any(n.startswith("on") for n in node.attributes)
            ]
            found += [
                href
                for node in tree.css("a")
                if not (href := node.attributes["href"] or "").startswith(("http://", "https://"))
            ]
            found += [box.addr_spec for box in mail["To"].addresses if box.addr_spec != "presse@acme.example"]
        return found

    def lose_reply(self) -> None:
        self.server.lost = True

    def break_down(self) -> None:
        self.server.script["DATA"] = ["554 geheimes Wort? Nein: \x1b[31m"]
        self.server.script["presse@acme.example"] = ["421 <!channel>"]


class TestConformance(ChannelConformance):
    @pytest.fixture
    async def bench(self, monkeypatch):
        monkeypatch.setenv("SMTP_WORD", "geheimes-wort")
        server = Server()
        async with smtp(server, authenticator=server.authenticate, auth_require_tls=False):
            yield Bench(server)
