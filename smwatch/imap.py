"""https://www.rfc-editor.org/rfc/rfc3501: as much of IMAP as reading takes, and nothing that could change a mailbox.

A folder is opened with EXAMINE and mails are fetched with PEEK, so that nothing is marked as read. What the server says
is bounded: lines by the wire, literals and whole answers here.
"""

from __future__ import annotations

import asyncio
import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from smwatch.errors import AuthExpired, Broken, NotPermitted, SourceError, Transient
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from datetime import date

    from smwatch.source import Wire

PATIENCE = 30.0  # seconds without a word
RENEW = 29 * 60.0  # servers hang up after thirty minutes of IDLE
LITERAL = 4 * 1024 * 1024  # bytes of one mail; more was never asked for
ANSWER = 32 * 1024 * 1024  # bytes of the answer to one command
LINES = 200_000
QUESTIONS = 4
DIGITS = 10  # of a uid
SAID = 200  # characters of the server's own words

_LITERAL = re.compile(rb"\{(\d{1,12})\+?\}\r?\n$")
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})\b")
_BODY = re.compile(rb"\bBODY\[\](?:<[\d.]+>)? (?:\{\d+\}\r?\n$|(NIL)|\"((?:[^\"\\]|\\.)*)\")")
_ARRIVED = re.compile(rb"\bINTERNALDATE \"\s*(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})\"")
_STATUS = re.compile(rb"\[(UIDVALIDITY|UIDNEXT) (\d{1,10})\]", re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """An opened folder: `uid_validity` changes when the uids begin anew."""

    uid_validity: int
    uid_next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a server knows of a mail before it is fetched; size in bytes."""

    uid: int
    size: int
    arrived: datetime | None


@dataclass(slots=True)
class Said:
    """One untagged answer: its lines, and the literals between them."""

    lines: list[bytes] = field(default_factory=list)
    literals: list[bytes] = field(default_factory=list)

    @property
    def head(self) -> bytes:
        """The first line, without its "* "."""
        return self.lines[0][2:].strip()


class Refusal(Exception):
    """The server's NO."""


class Imap:
    """One connection, used by one task. Everything it raises is a SourceError, but for the NO of `command`."""

    def __init__(self, wire: Wire, *, patience: float = PATIENCE, renew: float = RENEW) -> None:
        self._wire = wire
        self._patience = patience
        self._renew = renew
        self._number = 0
        self._budget = ANSWER
        self.capabilities: frozenset[str] = frozenset()

    async def greet(self, *, starttls: bool) -> None:
        """Hear the greeting, go on encrypted where wanted, learn what the server can."""
        said = await self._hear()
        if said.head.upper().startswith(b"BYE"):
            raise Transient(text("{host} is not ready: {said}", host=self._wire.host, said=_words(said.head)))
        if not said.head.upper().startswith((b"OK", b"PREAUTH")):
            raise Broken(text("{host} does not speak IMAP", host=self._wire.host))
        if starttls:
            try:
                await self.command("STARTTLS")
            except Refusal:
                raise Broken(text("{host} offers no encryption (STARTTLS)", host=self._wire.host)) from None
            await self._wire.secure()
        await self._learn()

    async def _learn(self) -> None:
        found = [one.head for one in await self._told("CAPABILITY") if one.head.upper().startswith(b"CAPABILITY")]
        self.capabilities = frozenset(word.decode("ascii", "replace").upper() for one in found for word in one.split())

    async def log_in(self, user: str, password: str) -> None:
        """By password; raises AuthExpired where it is refused."""
        if "LOGINDISABLED" in self.capabilities:
            raise NotPermitted(text("{host} takes no password on an unencrypted line", host=self._wire.host))
        if "AUTH=PLAIN" in self.capabilities:
            await self._authenticate("PLAIN", f"\0{user}\0{password}")
        else:
            await self._or_expired("LOGIN", _quoted(user), _quoted(password))
        await self._learn()

    async def log_in_by_token(self, user: str, token: str) -> None:
        """By an OAuth 2 token (XOAUTH2: Google, Microsoft); raises AuthExpired where it is refused."""
        await self._authenticate("XOAUTH2", f"user={user}\1auth=Bearer {token}\1\1")
        await self._learn()

    async def _authenticate(self, mechanism: str, secret: str) -> None:
        told = base64.b64encode(secret.encode()).decode("ascii")
        if "SASL-IR" in self.capabilities:
            await self._or_expired("AUTHENTICATE", mechanism, told)
        else:
            await self._or_expired("AUTHENTICATE", mechanism, then=told)

    async def _or_expired(self, *words: str, then: str = "") -> None:
        try:
            await self.command(*words, then=then)
        except Refusal as error:
            raise AuthExpired(text("{host} refuses the login: {said}", host=self._wire.host, said=str(error))) from None

    async def examine(self, folder: str) -> Folder:
        """Open a folder for reading only."""
        try:
            said = await self.command("EXAMINE", _quoted(mailbox_name(folder)))
        except Refusal as error:
            raise Broken(text("there is no folder {folder}: {said}", folder=folder, said=str(error))) from None
        found = {m[1].upper(): int(m[2]) for one in said for m in _STATUS.finditer(one.head)}
        if b"UIDVALIDITY" not in found:
            raise Broken(text("{host} does not number its mails (UIDVALIDITY)", host=self._wire.host))
        return Folder(uid_validity=found[b"UIDVALIDITY"], uid_next=found.get(b"UIDNEXT"))

    async def uids_after(self, uid: int) -> list[int]:
        """The uids above `uid`, ascending."""
        return [
            one for one in await self._search("UID", f"{uid + 1}:*") if one > uid
        ]  # "*" is the last one, whatever it is

    async def uids_since(self, day: date) -> list[int]:
        """The uids of mails that arrived on `day` or later, ascending."""
        return await self._search("SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}")

    async def _search(self, *words: str) -> list[int]:
        said = await self._told("UID SEARCH", *words)
        found = [word for one in said if one.head[:6].upper() == b"SEARCH" for word in one.head[6:].split()]
        return sorted({int(word) for word in found if word.isdigit() and len(word) <= DIGITS})

    async def look(self, uids: Sequence[int]) -> list[Envelope]:
        """Size and arrival of each mail, ascending; those that are gone meanwhile are left out."""
        said = await self._told("UID FETCH", _set(uids), "(UID RFC822.SIZE INTERNALDATE)")
        found = [one for one in map(_envelope, said) if one is not None]
        return sorted(found, key=lambda one: one.uid)

    async def bodies(self, uids: Sequence[int], most: int) -> dict[int, bytes]:
        """The first `most` bytes of each mail; those that are gone, or that the server refuses, are left out."""
        try:
            return dict(_bodies(await self.command("UID FETCH", _set(uids), f"(UID BODY.PEEK[]<0.{most}>)")))
        except Refusal:
            if len(uids) == 1:
                return {}
        return {uid: body for one in uids for uid, body in (await self.bodies([one], most)).items()}

    async def news(self) -> AsyncIterator[None]:
        """Something each time that the folder has changed (IDLE) or may have, for as long as the connection holds."""
        while True:
            tag = await self._say("IDLE")
            if not (await self._line()).startswith(b"+"):
                raise Broken(text("{host} cannot push (IDLE)", host=self._wire.host))
            await self._idle()
            await self._write(b"DONE\r\n")
            await self._until(tag, "IDLE")
            yield None

    async def _idle(self) -> None:
        """Wait until mails have come or gone, or until it is time to renew."""
        try:
            async with asyncio.timeout(self._renew):
                while True:
                    self._budget = ANSWER
                    said = await self._hear(patience=None)
                    if re.match(rb"\d+ (EXISTS|RECENT)\b", said.head, re.IGNORECASE):
                        return
        except TimeoutError:
            return

    async def log_out(self) -> None:
        """Say good-bye, without waiting for more than a word."""
        try:
            async with asyncio.timeout(1):
                await self.command("LOGOUT")
        except (SourceError, Refusal, TimeoutError):
            pass
        finally:
            await self._wire.close()

    async def _told(self, *words: str) -> list[Said]:
        """As `command`, where a NO is no usual answer."""
        try:
            return await self.command(*words)
        except Refusal as error:
            raise Transient(text("{host} answers: {said}", host=self._wire.host, said=str(error))) from None

    async def command(self, *words: str, then: str = "") -> list[Said]:
        """Say it, and hear everything up to its end; `then` answers a question of the server. Raises Refusal."""
        tag = await self._say(*words)
        return await self._until(tag, words[0], then)

    async def _say(self, *words: str) -> bytes:
        self._number += 1
        self._budget = ANSWER
        tag = f"s{self._number}".encode()
        await self._write(tag + b" " + " ".join(words).encode() + b"\r\n")
        return tag

    async def _until(self, tag: bytes, name: str, then: str = "") -> list[Said]:
        found: list[Said] = []
        questions = 0
        while len(found) < LINES and questions < QUESTIONS:
            said = await self._hear()
            line = said.lines[0]
            if line.startswith(b"+"):
                await self._write(then.encode() + b"\r\n")  # an error told in a question is answered with nothing
                then, questions = "", questions + 1
            elif line.startswith(b"* "):
                if said.head[:3].upper() == b"BYE" and name != "LOGOUT":
                    raise Transient(text("{host} hangs up: {said}", host=self._wire.host, said=_words(said.head)))
                found.append(said)
            elif line.startswith(tag + b" "):
                return self._ended(line[len(tag) + 1 :], found)
        raise Broken(text("{host} does not stop answering", host=self._wire.host))

    def _ended(self, verdict: bytes, found: list[Said]) -> list[Said]:
        word = verdict[:3].strip().upper()
        if word == b"OK":
            return found
        if word == b"NO":
            raise Refusal(_words(verdict))
        raise Broken(text("{host} does not understand us: {said}", host=self._wire.host, said=_words(verdict)))

    async def _hear(self, patience: float | None = -1) -> Said:
        """One answer with its literals."""
        said = Said()
        while True:
            line = await self._line(patience)
            said.lines.append(line)
            size = _LITERAL.search(line)
            if size is None or not said.lines[0].startswith(b"*"):
                return said
            said.literals.append(await self._literal(int(size[1])))

    async def _line(self, patience: float | None = -1) -> bytes:
        try:
            async with asyncio.timeout(self._patience if patience == -1 else patience):
                line = await self._wire.reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise Broken(text("{host} does not speak IMAP", host=self._wire.host)) from None
        except (OSError, EOFError, TimeoutError) as error:
            raise self._lost(error) from error
        self._spend(len(line))
        return line

    async def _literal(self, size: int) -> bytes:
        if size > LITERAL:
            raise Broken(text("{host} sends more than it was asked for", host=self._wire.host))
        self._spend(size)
        try:
            async with asyncio.timeout(self._patience):
                return await self._wire.reader.readexactly(size)
        except (OSError, EOFError, TimeoutError) as error:
            raise self._lost(error) from error

    async def _write(self, said: bytes) -> None:
        try:
            self._wire.writer.write(said)
            async with asyncio.timeout(self._patience):
                await self._wire.writer.drain()
        except (OSError, TimeoutError) as error:
            raise self._lost(error) from error

    def _spend(self, size: int) -> None:
        self._budget -= size
        if self._budget < 0:
            raise Broken(text("{host} does not stop answering", host=self._wire.host))

    def _lost(self, error: BaseException) -> Transient:
        if isinstance(error, TimeoutError):
            return Transient(text("{host} does not answer in time", host=self._wire.host))
        return Transient(text("the connection to {host} was lost", host=self._wire.host))


def mailbox_name(folder: str) -> str:
    """A folder's name as IMAP writes it (modified UTF-7): "Entwürfe" is "Entw&APw-rfe"."""
    return re.sub(r"&|[^\x20-\x7e]+", _shifted, folder)


def _shifted(found: re.Match[str]) -> str:
    if found[0] == "&":
        return "&-"
    told = base64.b64encode(found[0].encode("utf-16-be")).decode("ascii")
    return f"&{told.rstrip('=').replace('/', ',')}-"


def _quoted(word: str) -> str:
    if not word.isascii() or any(sign in word for sign in "\r\n\0"):
        raise Broken(text("a user, a password or a folder holds characters that IMAP does not take"))
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _set(uids: Sequence[int]) -> str:
    """`1:3,7`: uids as IMAP writes them."""
    runs: list[tuple[int, int]] = []
    for uid in uids:
        if runs and runs[-1][1] == uid - 1:
            runs[-1] = (runs[-1][0], uid)
        else:
            runs.append((uid, uid))
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs)


def _envelope(said: Said) -> Envelope | None:
    uid, size, date = (pattern.search(said.head) for pattern in (_UID, _SIZE, _ARRIVED))
    if uid is None or size is None:
        return None
    return Envelope(uid=int(uid[1]), size=int(size[1]), arrived=_moment(date) if date else None)


def _moment(found: re.Match[bytes]) -> datetime | None:
    """`"17-Jul-2026 02:44:25 -0700"`."""
    day, month, *rest = (one.decode("ascii") for one in found.groups())
    year, hour, minute, second, zone = rest
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:])) * (-1 if zone[0] == "-" else 1)
    try:
        number = _MONTHS.index(month.title()) + 1
        local = datetime(int(year), number, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC)
        return local - offset
    except (ValueError, OverflowError):
        return None


def _bodies(said: Sequence[Said]) -> Iterator[tuple[int, bytes]]:
    for one in said:
        uid = next((found for line in one.lines if (found := _UID.search(line))), None)
        literals = iter(one.literals)
        for line in one.lines:
            body = _BODY.search(line)
            literal = next(literals, b"") if _LITERAL.search(line) else b""
            if uid and body and body[1] is None:
                told = literal if body[2] is None else re.sub(rb"\\(.)", rb"\1", body[2])
                yield int(uid[1]), told
                break


def _words(line: bytes) -> str:
    """What the server said, fit to be shown."""
    said = line.decode("utf-8", "replace").strip()
    return "".join(sign if sign.isprintable() else " " for sign in said)[:SAID]
