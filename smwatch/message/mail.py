"""A message as an internet mail: plain text first and complete, HTML second, every header through the gate.

The same `key` gives the same Message-ID for ever, so that a mail sent twice after a lost answer is one mail for
whoever gets both.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING

import idna

from smwatch.i18n import text
from smwatch.message.escape import one_line
from smwatch.message.headers import header_text
from smwatch.message.html import mail_html
from smwatch.message.plain import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from smwatch.message.model import Message

MACHINE = {"message-id", "in-reply-to", "references", "list-id", "list-unsubscribe", "list-unsubscribe-post"}
_SPECIAL = re.compile(r'[\x00-\x1f"(),.:;<>@\[\\\]]')  # where quoted names are folded, the library breaks them
_UNFOLDED = 998  # the longest line a mail may have


class _Policy(EmailPolicy):
    """Folds what people read at 78 characters, and what machines read not at all: folded, a List-Unsubscribe breaks."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """One header as bytes."""
        width = _UNFOLDED if name.lower() in MACHINE else self.max_line_length
        plain = EmailPolicy(utf8=self.utf8, cte_type=self.cte_type, linesep=self.linesep, max_line_length=width)
        return plain.fold_binary(name, value)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mail address: the name shown beside it, what stands before the @, and the host in ASCII."""

    name: str
    user: str
    host: str

    @property
    def address(self) -> str:
        """`user@host` as it goes over the wire."""
        return f"{self.user}@{self.host}"

    @property
    def international(self) -> bool:
        """Whether only servers with SMTPUTF8 can take it."""
        return not self.user.isascii()

    def header(self) -> Address:
        """As it stands in From and To."""
        shown = header_text(_SPECIAL.sub(" ", self.name), 60)
        return Address(display_name=shown, username=self.user, domain=self.host)


def mailbox(written: str) -> Mailbox:
    """`Presse <presse@müller.example>` or a bare address; raises ValueError (with a Text) for anything else."""
    wrong = text("“{address}” is not a mail address", address=one_line(written, 80))
    name, address = parseaddr(written)
    user, at, host = address.rpartition("@")
    if not at or not user or one_line(written) != written.strip() or any(c in user for c in ' "(),:;<>[\\]@'):
        raise ValueError(wrong)
    domain = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()
    found = Mailbox(name=name, user=user, host=domain)
    try:
        found.header()
    except HeaderParseError as error:
        raise ValueError(wrong) from error
    return found


def message_id(key: str, host: str) -> str:
    """The Message-ID of the mail with `key`, sent from `host`."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"<{digest[:32]}@{host}>"


def compose(  # noqa: PLR0913 - what stands on an envelope
    message: Message,
    *,
    key: str,
    sender: Mailbox,
    to: Sequence[Mailbox],
    when: datetime,
    reply_to: str | None = None,
    utf8: bool = False,
) -> bytes:
    """The whole mail with CRLF line ends; `when` is UTC, `reply_to` a Message-ID, `utf8` only towards SMTPUTF8."""
    mail = EmailMessage(policy=_Policy(cte_type="7bit", linesep="\r\n", utf8=utf8))
    mail["From"] = sender.header()
    mail["To"] = [box.header() for box in to]
    mail["Subject"] = header_text(message.title)
    mail["Date"] = format_datetime(when)
    mail["Message-ID"] = message_id(key, sender.host)
    _thread(mail, message, sender.host, reply_to)
    mail["List-ID"] = f"<smwatch.{sender.host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if message.urgent:
        mail["Importance"] = "high"
        mail["X-Priority"] = "1"
    _body(mail, message)
    mail["Content-Language"] = message.language  # a body that is set afterwards would take it along
    return mail.as_bytes()


def _thread(mail: EmailMessage, message: Message, host: str, reply_to: str | None) -> None:
    """Every mail about one story refers to the story's own id, which no mail has: programs show them together."""
    root = message_id(f"thread:{message.thread}", host) if message.thread else None
    if reply_to:
        mail["In-Reply-To"] = reply_to
    if references := [each for each in (root, reply_to) if each]:
        mail["References"] = " ".join(references)


def _body(mail: EmailMessage, message: Message) -> None:
    mail.set_content(_whole(plain_text(message)), subtype="plain", charset="utf-8")
    mail.add_alternative(_whole(mail_html(message)), subtype="html", charset="utf-8")
    for file in message.files:
        kind, _, subtype = file.media_type.partition("/")
        mail.add_attachment(file.content, maintype=kind, subtype=subtype, filename=header_text(file.name, 80))


def _whole(text: str) -> str:
    """`text` without halves of surrogate pairs, which no encoding has."""
    return text.encode("utf-8", "replace").decode()
