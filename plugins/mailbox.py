"""https://www.rfc-editor.org/rfc/rfc3501: a folder of mails: newsletters, Google Alerts, what platforms tell by mail.

It only reads (EXAMINE, PEEK): nothing is marked as read, moved or deleted. New mails arrive by push (IDLE) within
seconds, and by a poll at every `interval` besides. The login is a password, or an OAuth 2 access token that somebody
else keeps fresh in a file (`token`, for Google and Microsoft 365).

A newsletter is one item; its list's name, its sender and whether the signature of the sender's domain held (DKIM, as
your mail server says) stand beside it. A mail of Google Alerts is one item for each page that it found. A mail of a
platform (XING, LinkedIn, kununu, Facebook …) is an item with what happened there as its `type`: comment, mention,
review, message, post. `preset = "xing"` takes only what XING and kununu have signed. Links come without the marks of
trackers; links that confirm, cancel or log in are never followed and never shown as the item's own.

XING has had no programming interface since 2019: its mails, and a Google Alert for `site:xing.com "Acme"`, are all that
can honestly be had from there.

Of a mail that is larger than 1 MiB only the beginning is fetched. Automatic answers and reports of delivery are left
out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from smwatch.plugin import (
    READ_MAIL,
    Broken,
    Card,
    Duration,
    Envelope,
    Field,
    Imap,
    Page,
    Secret,
    Source,
    SourceContext,
    UserError,
    feed_items,
    hookimpl,
    text,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from smwatch.hookspecs import RegisterSource
    from smwatch.plugin import Item, Text

PORTS = {"tls": 993, "starttls": 143, "none": 143}
LARGEST = 1024 * 1024  # bytes of one mail
BATCH, BATCH_BYTES = 50, 4 * 1024 * 1024  # mails fetched by one command
WALK, WALK_BYTES = 1000, 32 * 1024 * 1024  # mails of one poll; the next one goes on
FIRST = 2000  # mails of a folder's first poll: the newest
WITHOUT_PUSH = 6 * 3600.0  # seconds until a server is asked again whether it can push
PRESETS = {
    "xing": ("xing", "kununu"),
    "kununu": ("kununu",),
    "linkedin": ("linkedin",),
    "facebook": ("facebook", "instagram"),
}


class Subject(BaseModel):
    """`{ match = "{author} hat Ihnen gratuliert*", kind = "message" }`: `*` is anything, `{author}` a name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: str
    kind: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far a folder was read: uids count up, and begin anew when `validity` changes."""

    validity: int
    uid: int

    @classmethod
    def read(cls, cursor: str | None) -> Place | None:
        """From a cursor; None where there is none, or one that makes no sense."""
        validity, _, uid = (cursor or "").partition(":")
        return cls(int(validity), int(uid)) if validity.isdigit() and uid.isdigit() else None

    def __str__(self) -> str:
        return f"{self.validity}:{self.uid}"


class MailboxSource(Source):
    """`[[source]]` with `type = "mailbox"`."""

    card: ClassVar[Card] = Card(
        title="Mailbox (IMAP)",
        docs="https://www.rfc-editor.org/rfc/rfc3501",
        author=True,
        push=True,
        mentions=True,
        comments=True,
        gives=("type",),
        blind=text("what nobody sends to this mailbox, and what its spam filter keeps away"),
        example='[[source]]\ntype = "mailbox"\nname = "Newsletter"\nhost = "imap.acme.example"\n'
        'user = "presse@acme.example"\npassword = { env = "SMWATCH_IMAP_PASSWORD" }\nfolder = "Newsletter"\n',
    )

    host: str = Field(description="The IMAP server.")
    port: int | None = Field(default=None, ge=1, le=65535, description="993, or 143 with STARTTLS.")
    security: Literal["tls", "starttls", "none"] = Field(default="tls", description="How the line is encrypted.")
    user: str = Field(description="Who logs in.")
    password: Secret | None = Field(default=None, description="The password, or one made for this program.")
    token: Secret | None = Field(default=None, description="An OAuth 2 access token instead (XOAUTH2).")
    folder: str = Field(default="INBOX", description="Which folder is read.")
    look_back: Duration = Field(default=timedelta(days=30), description="How far the first poll looks back.")
    idle: bool = Field(default=True, description="false: no push, only polls.")
    preset: Literal["xing", "kununu", "linkedin", "facebook"] | None = Field(
        default=None, description="Only what this platform tells, signed by its domain."
    )
    senders: tuple[str, ...] = Field(default=(), alias="from", description="Only mails of these domains or addresses.")
    subjects: tuple[Subject, ...] = Field(default=(), description="What kind a platform's mail is, by its subject.")
    authserv: str | None = Field(default=None, description="Your mail server's name in Authentication-Results.")

    def model_post_init(self, _context: object) -> None:
        """One way to log in, and no password on an open line."""
        if (self.password is None) == (self.token is None):
            raise UserError(text("a mailbox needs either password or token"))
        if self.security == "none" and not self.allow_private:
            raise UserError(text("without encryption only mailboxes in your own network can be read (allow_private)"))
        if not all(one.match.strip("* ") for one in self.subjects):
            raise UserError(text("a subject that fits everything says nothing"))

    def key(self) -> str:
        """User, server, folder, and what is taken from it."""
        taken = "|".join(filter(None, (self.preset, *sorted(self.senders))))
        return f"{self.user}@{self.host}:{self._port()}/{self.folder}" + (f"|{taken}" if taken else "")

    def default_name(self) -> str:
        """Whose mailbox it is, and which folder."""
        place = self.user if self.folder == "INBOX" else f"{self.user}/{self.folder}"
        return f"{self.preset} ({place})" if self.preset else place

    def expand(self, folder: str) -> Sequence[Source]:  # noqa: ARG002 - nothing is looked up
        """With the card of its platform."""
        kind = XingMailbox if self.preset in ("xing", "kununu") else NoticeMailbox if self.preset else None
        if kind is None:
            return [self]
        values = dict(self)
        return [kind.model_construct(**{"from": values.pop("senders"), **values})]

    def listens(self) -> bool:
        """Unless `idle` is off."""
        return self.idle

    def _port(self) -> int:
        return self.port or PORTS[self.security]

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """What came since the last poll; the whole folder, as far as it is looked back, where uids begin anew."""
        async with self._opened(ctx) as (imap, top):
            before = Place.read(ctx.cursor)
            if before is None or before.validity != top.validity:
                uids = (await imap.uids_since((ctx.now - self.look_back).date()))[-FIRST:]
                end = Place(top.validity, max([top.uid, *uids]))
            else:
                uids = await imap.uids_after(before.uid)
                end = Place(top.validity, max([before.uid, *uids]))
            asked = uids[: WALK + 1]
            found = await imap.look(asked) if asked else []
            wanted = list(_affordable(found))
            if len(wanted) < len(found):
                end = Place(top.validity, wanted[-1].uid)
            elif len(asked) < len(uids):
                end = Place(top.validity, asked[-1])
            batches = list(_batches(wanted))
            left: Counter[str] = Counter()
            for batch in batches[:-1]:
                yield Page(items=await self._read(ctx, imap, batch, left))
            last = await self._read(ctx, imap, batches[-1], left) if batches else ()
            if last or end != before:
                yield Page(items=last, cursor=str(end), notes=self._notes(left) if before is None else ())

    def _notes(self, left: Counter[str]) -> tuple[Text, ...]:
        """What the first poll found out that people would look for in vain."""
        unsigned = left["not signed by its domain"]
        if not unsigned:
            return ()
        told = texts(
            "{n} mail of {platform} is not signed by its domain, as your mail server says, and is left out",
            "{n} mails of {platform} are not signed by its domain, as your mail server says, and are left out",
            n=unsigned,
            platform=str(self.preset),
        )
        return (told,)

    async def listen(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """What arrives from now on, each time that the server says so."""
        async with self._opened(ctx) as (imap, top):
            at = Place.read(ctx.cursor)
            if at is None or at.validity != top.validity:
                at = top
                yield Page(cursor=str(at))
            if "IDLE" in imap.capabilities:
                async for page in self._pushed(ctx, imap, at):
                    yield page
        ctx.log.info("mailbox_without_push")
        await asyncio.sleep(WITHOUT_PUSH)

    async def _pushed(self, ctx: SourceContext, imap: Imap, at: Place) -> AsyncIterator[Page]:
        async for page, end in self._after(ctx, imap, at):
            at = end
            yield page
        async for _ in imap.news():
            async for page, end in self._after(ctx, imap, at):
                at = end
                yield page

    async def _after(self, ctx: SourceContext, imap: Imap, at: Place) -> AsyncIterator[tuple[Page, Place]]:
        """The mails behind `at`, in pages with a place each."""
        uids = await imap.uids_after(at.uid)
        for start in range(0, len(uids), WALK):
            for batch in _batches(await imap.look(uids[start : start + WALK])):
                end = Place(at.validity, batch[-1].uid)
                yield Page(items=await self._read(ctx, imap, batch, Counter()), cursor=str(end)), end

    @asynccontextmanager
    async def _opened(self, ctx: SourceContext) -> AsyncIterator[tuple[Imap, Place]]:
        """The folder, opened for reading only, and the place at its end."""
        secret = (self.password or self.token).reveal()  # type: ignore[union-attr]  # one of them is there
        wire = await ctx.connect(self.host, self._port(), tls=self.security == "tls")
        imap = Imap(wire)
        try:
            await imap.greet(starttls=self.security == "starttls")
            await (imap.log_in if self.password else imap.log_in_by_token)(self.user, secret)
            folder = await imap.examine(self.folder)
            yield imap, Place(folder.uid_validity, max((folder.uid_next or 1) - 1, 0))
        finally:
            await imap.log_out()

    async def _read(
        self, ctx: SourceContext, imap: Imap, batch: Sequence[Envelope], left: Counter[str]
    ) -> tuple[Item, ...]:
        """The items of some mails; `left` counts the reasons of those that are left out."""
        bodies = await imap.bodies([one.uid for one in batch], LARGEST)
        found: list[Item] = []
        for one in batch:
            if one.uid in bodies:
                found += await self._items(ctx, one, bodies[one.uid], left)
            else:
                ctx.log.info("mail_not_fetched", uid=one.uid)  # gone meanwhile, or one that the server cannot give out
        return tuple(found)

    async def _items(self, ctx: SourceContext, envelope: Envelope, body: bytes, left: Counter[str]) -> tuple[Item, ...]:
        """The items of a mail; of one that breaks its reader, what its head says."""
        options = self._options(envelope)
        for more in ({}, {"head_only": True}):
            try:
                answer = await ctx.parse(READ_MAIL, body, options | more)
                if answer["left_out"]:
                    left[str(answer["left_out"])] += 1
                    ctx.log.debug("mail_left_out", uid=envelope.uid, reason=answer["left_out"])
                return feed_items(answer, self.name)
            except Broken as error:
                ctx.log.warning("mail_not_read", uid=envelope.uid, reason=str(error.sentence))
        return ()

    def _options(self, envelope: Envelope) -> dict[str, Any]:
        return {
            "arrived": envelope.arrived.isoformat() if envelope.arrived else None,
            "platforms": PRESETS[self.preset] if self.preset else (),
            "from": self.senders,
            "authserv": self.authserv,
            "subjects": [(one.kind, one.match) for one in self.subjects],
        }


class NoticeMailbox(MailboxSource):
    """What one platform tells by mail."""

    card: ClassVar[Card] = replace(
        MailboxSource.card, title="Notices by mail", blind=text("what the platform does not tell by mail")
    )


class XingMailbox(MailboxSource):
    """What XING and kununu tell by mail."""

    card: ClassVar[Card] = replace(
        MailboxSource.card,
        title="XING and kununu, by mail",
        docs="https://dev.xing.com/partners",
        blind=text("everything on XING that it does not tell by mail: it has had no programming interface since 2019"),
    )


def _affordable(found: Sequence[Envelope]) -> Iterator[Envelope]:
    """As many as one poll reads, the oldest first; at least one."""
    left = WALK_BYTES
    for number, one in enumerate(found):
        left -= min(one.size, LARGEST)
        if number and (number >= WALK or left < 0):
            return
        yield one


def _batches(found: Sequence[Envelope]) -> Iterator[list[Envelope]]:
    """As many as one command fetches."""
    batch: list[Envelope] = []
    size = 0
    for one in found:
        own = min(one.size, LARGEST)
        if batch and (len(batch) >= BATCH or size + own > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += own
    if batch:
        yield batch


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "mailbox"`."""
    register("mailbox", MailboxSource)
