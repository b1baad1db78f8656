"""https://www.rfc-editor.org/rfc/rfc5321: alerts and digests as mail, through your own mail server.

A mail has a complete plain text and an HTML part that loads nothing from anywhere. It cannot be changed afterwards: a
story is one mail, and another one only when it becomes urgent, or when a post that it told was deleted at its source;
later sources are in the digest. All mails about one story stand together in the mail program.

    [channels.presse]
    type = "email"
    to = ["presse@acme.example"]
    from = "smwatch@acme.example"
    smtp = { host = "smtp.acme.example", port = 587, tls = "starttls", user = "me", password = { env = "SMTP_PASS" } }

`tls` is "starttls" (port 587), "tls" (port 465) or "none" (port 25). A password is never sent over a line that is not
encrypted, except to this machine itself. `ca_file` names the certificates of a mail server with a CA of its own.

One address that is refused does not keep the mail from the others. An address that is refused for now (4xx) is tried
again without bothering those who have the mail already; if the program is restarted in between, they may get it a
second time, under the same Message-ID, which most mail programs show once.
"""

from __future__ import annotations

import ipaddress
import socket
from collections import OrderedDict
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from smwatch.plugin import (
    Channel,
    ChannelError,
    Mailbox,
    Outcome,
    Receipt,
    Scope,
    Secret,
    SecretMissing,
    compose,
    hookimpl,
    mailbox,
    message_id,
    tame,
    text,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Sequence

    import aiosmtplib

    from smwatch.hookspecs import RegisterChannel
    from smwatch.plugin import ChannelContext, Delivery, Text

PORTS = {"starttls": 587, "tls": 465, "none": 25}
TIMEOUT = 30.0  # seconds for one answer: greylisting servers think for a while
REMEMBERED = 500  # mails of which we know who has them already
_reached: OrderedDict[str, dict[str, str]] = OrderedDict()  # key → address → "" (has it) or why it never will


def _address(written: str) -> str:
    mailbox(written)
    return written


Address = Annotated[str, AfterValidator(_address)]


class Smtp(BaseModel):
    """`smtp = { … }`: the mail server."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    host: str
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: Secret | None = None
    ca_file: str | None = None


class EmailChannel(Channel):
    """Mail to a few people: `type = "email"`."""

    can_recall: ClassVar[bool] = True
    patience: ClassVar[timedelta] = timedelta(minutes=3)

    to: tuple[Address, ...] = Field(min_length=1, description="Who gets it.")
    sender: Address | None = Field(default=None, alias="from", description="The address that it comes from.")
    smtp: Smtp = Field(description="Your mail server.")

    def limit_key(self) -> str:
        """Channels of one mail server share its pace."""
        return f"smtp://{self.smtp.host}:{self._port}"

    @property
    def _port(self) -> int:
        return self.smtp.port or PORTS[self.smtp.tls]

    @property
    def _from(self) -> Mailbox:
        """`from`, else smwatch at the first recipient's host."""
        if self.sender:
            return mailbox(self.sender)
        return Mailbox(name="smwatch", user="smwatch", host=mailbox(self.to[0]).host)

    def _wide(self, *, utf8: bool) -> bool:
        """Whether the mail needs SMTPUTF8, and the server has it."""
        return utf8 and any(box.international for box in (self._from, *map(mailbox, self.to)))

    async def check(self, ctx: ChannelContext) -> tuple[Text, ...]:  # noqa: ARG002 - asks the server only
        """Connect and log in, without sending anything."""
        async with self._session():
            return ()

    async def send(self, ctx: ChannelContext, delivery: Delivery) -> Receipt:
        """Send to every address that has not had this mail; raises ChannelError while any of them may still get it."""
        known = _reached.setdefault(delivery.key, {})
        _reached.move_to_end(delivery.key)
        while len(_reached) > REMEMBERED:
            _reached.popitem(last=False)
        waiting = await self._transfer(ctx, delivery, known)
        return self._result(ctx, delivery, known, waiting)

    async def edit(self, ctx: ChannelContext, delivery: Delivery, receipt: Receipt) -> Receipt:
        """No mail can be taken back: another one below it says what is gone."""
        below = replace(delivery, key=f"{delivery.key}.{delivery.revision}", reply_to=receipt)
        return await self.send(ctx, below)

    async def _transfer(self, ctx: ChannelContext, delivery: Delivery, known: dict[str, str]) -> dict[str, str]:
        """One session; fills `known`, and returns who was refused for now, and why."""
        todo = [box for box in map(mailbox, self.to) if box.address not in known]
        if not todo:
            return {}
        async with self._session() as client:
            utf8 = client.supports_extension("smtputf8")
            accepted, waiting = await self._envelope(client, todo, known, utf8=utf8)
            if accepted:
                await self._data(client, ctx, delivery, utf8=utf8)
                known.update(dict.fromkeys((box.address for box in accepted), ""))
        return waiting

    async def _envelope(
        self, client: aiosmtplib.SMTP, todo: Sequence[Mailbox], known: dict[str, str], *, utf8: bool
    ) -> tuple[list[Mailbox], dict[str, str]]:
        """MAIL and RCPT: who is accepted, and who is refused for now."""
        from aiosmtplib import SMTPRecipientRefused, SMTPSenderRefused

        accepted: list[Mailbox] = []
        waiting: dict[str, str] = {}
        if self._from.international and not utf8:
            raise _error(text("the mail server takes no umlauts before the @ of {address}", address=self._from.address))
        try:
            options = ["SMTPUTF8"] if self._wide(utf8=utf8) else []
            await client.mail(self._from.address, options=options, encoding="utf-8" if options else "ascii")
        except SMTPSenderRefused as error:
            raise _refused(
                text("the mail server refuses the sender {address}", address=self._from.address), error
            ) from None
        for box in todo:
            if box.international and not utf8:
                known[box.address] = "SMTPUTF8"
                continue
            try:
                await client.rcpt(box.address, encoding="utf-8" if utf8 else "ascii")
                accepted.append(box)
            except SMTPRecipientRefused as error:
                into = known if _final(error.code) else waiting
                into[box.address] = _answer(error)
        return accepted, waiting

    async def _data(self, client: aiosmtplib.SMTP, ctx: ChannelContext, delivery: Delivery, *, utf8: bool) -> None:
        from aiosmtplib import SMTPDataError, SMTPServerDisconnected, SMTPTimeoutError

        boxes = [box for box in map(mailbox, self.to) if utf8 or not box.international]
        raw = compose(
            delivery.message,
            key=delivery.key,
            sender=self._from,
            to=boxes,
            when=delivery.first_attempt or ctx.now,
            reply_to=delivery.reply_to.ref.get("message_id") if delivery.reply_to else None,
            utf8=self._wide(utf8=utf8),
        )
        try:
            await client.data(raw)
        except SMTPDataError as error:
            raise _refused(text("the mail server refuses the mail"), error, scope=Scope.MESSAGE) from None
        except (SMTPServerDisconnected, SMTPTimeoutError, OSError):
            sentence = text("the connection broke before the mail server confirmed the mail")
            raise ChannelError(sentence, outcome=Outcome.UNSURE) from None

    def _result(
        self, ctx: ChannelContext, delivery: Delivery, known: dict[str, str], waiting: dict[str, str]
    ) -> Receipt:
        refused = {address: why for address, why in known.items() if why}
        if waiting:
            address, answer = next(iter(waiting.items()))
            raise ChannelError(text("{address} is refused for now: {answer}", address=address, answer=answer))
        for address, answer in refused.items():
            ctx.log.warning("mail_address_refused", address=address, answer=answer)
        reached = [address for address, why in known.items() if not why]
        if not reached:
            _reached.pop(delivery.key, None)
            address, answer = next(iter(refused.items()))
            raise _error(text("{address} is refused: {answer}", address=address, answer=answer))
        _reached.pop(delivery.key, None)
        ref = {"message_id": message_id(delivery.key, self._from.host), "to": ", ".join(reached)}
        return Receipt(ref=ref | ({"refused": ", ".join(refused)} if refused else {}))

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection that is encrypted and logged in as configured; what breaks in it is surely not sent."""
        from aiosmtplib import SMTP, SMTPException

        client = SMTP(
            hostname=self.smtp.host,
            port=self._port,
            local_hostname=_own_name(),
            timeout=TIMEOUT,
            use_tls=self.smtp.tls == "tls",
            start_tls=False,
            tls_context=self._tls(),
        )
        try:
            await self._open(client)
            yield client
        except (SMTPException, OSError) as error:
            raise _error(_trouble(self.smtp.host, error), permanent=_hopeless(error)) from None
        finally:
            await _close(client)

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        await client.connect()
        await client.ehlo()
        if self.smtp.tls == "starttls":
            if not client.supports_extension("starttls"):
                raise _error(text("{host} offers no STARTTLS: nothing is sent in the clear", host=self.smtp.host))
            await client.starttls()
            await client.ehlo()
        if self.smtp.user is not None:
            await self._login(client, self.smtp.user)

    async def _login(self, client: aiosmtplib.SMTP, user: str) -> None:
        if self.smtp.tls == "none" and not _loopback(self.smtp.host):
            raise _error(text("the password for {host} would go over an open line: set tls", host=self.smtp.host))
        if not client.supported_auth_methods:
            raise _error(text("{host} offers no login", host=self.smtp.host))
        try:
            password = self.smtp.password.reveal() if self.smtp.password else ""
        except SecretMissing as error:
            raise _error(error.sentence) from None
        await client.login(user, password)

    def _tls(self) -> ssl.SSLContext | None:
        if self.smtp.tls == "none":
            return None
        import ssl

        try:
            return ssl.create_default_context(cafile=self.smtp.ca_file)
        except (OSError, ssl.SSLError):
            raise _error(text("the certificates in {file} cannot be read", file=self.smtp.ca_file)) from None


def _own_name() -> str:
    """How this machine introduces itself; one without a full name as mail programs do."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


async def _close(client: aiosmtplib.SMTP) -> None:
    """Say goodbye where somebody listens; never wait for long."""
    from aiosmtplib import SMTPException

    try:
        if client.is_connected:
            await client.quit(timeout=3)
    except (SMTPException, OSError):
        pass
    finally:
        client.close()


def _final(code: int) -> bool:
    return code >= 500  # noqa: PLR2004 - RFC 5321: 5yz is permanent, 4yz is not


def _answer(error: aiosmtplib.SMTPResponseException) -> str:
    """What the server said, on one line."""
    return " ".join(tame(f"{error.code} {error.message}").split())[:200]


def _error(sentence: Text, *, permanent: bool = True, scope: Scope = Scope.CHANNEL) -> ChannelError:
    """Surely not sent."""
    return ChannelError(sentence, permanent=permanent, scope=scope)


def _refused(sentence: Text, error: aiosmtplib.SMTPResponseException, *, scope: Scope = Scope.CHANNEL) -> ChannelError:
    told = text("{what}: {answer}", what=sentence, answer=_answer(error))
    return _error(told, permanent=_final(error.code), scope=scope)


def _hopeless(error: Exception) -> bool:
    """Whether only a person can mend it: a login refused for good, a certificate that does not hold."""
    import ssl

    from aiosmtplib import SMTPAuthenticationError

    if isinstance(error, SMTPAuthenticationError):
        return _final(error.code)
    return isinstance(error, ssl.SSLCertVerificationError) or isinstance(error.__cause__, ssl.SSLCertVerificationError)


def _trouble(host: str, error: Exception) -> Text:
    from aiosmtplib import SMTPAuthenticationError, SMTPConnectError, SMTPResponseException, SMTPTimeoutError

    if isinstance(error, SMTPAuthenticationError):
        return text("{host} refuses the login: {answer}", host=host, answer=_answer(error))
    if _hopeless(error):
        return text("the certificate of {host} does not hold", host=host)
    if isinstance(error, SMTPResponseException):
        return text("{host} answers {answer}", host=host, answer=_answer(error))
    if isinstance(error, SMTPTimeoutError):
        return text("{host} does not answer in time", host=host)
    if isinstance(error, SMTPConnectError):
        return text("{host} cannot be reached", host=host)
    return text("the connection to {host} broke", host=host)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@hookimpl
def register_channels(register: RegisterChannel) -> None:
    """Mail."""
    register("email", EmailChannel)
