"""The head of a mail: who wrote it, to which list, when, and whether the signature of its domain held."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email.utils import getaddresses
from typing import TYPE_CHECKING

from smwatch.feeds.dates import read_date
from smwatch.feeds.plain import fold

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from email.message import EmailMessage

LONGEST = 2000  # characters of a header that are looked at
NAME = 200
_WORD = re.compile(r"=\?[\w*-]{1,40}\?[bBqQ]\?")
_LIST = re.compile(r"^(?P<name>[^<]*)<(?P<id>[^<>\s]{1,200})>")
_COMMENT = re.compile(r"\([^()]*\)")
_DKIM = re.compile(r"\bdkim\s*=\s*(\w+)", re.IGNORECASE)
_SIGNER = re.compile(r"\bheader\.(?:d|i)\s*=\s*\"?(?:[^\s@;\"]*@)?([\w.-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a mail says about itself; "" where it does not. `dkim` is "pass", "fail" or "none"."""

    id: str
    subject: str
    name: str
    address: str
    date: datetime | None
    list_name: str
    list_id: str
    dkim: str

    @property
    def domain(self) -> str:
        """The domain of the sender's address, lower case."""
        return self.address.rpartition("@")[2].lower()


def read_head(mail: EmailMessage, authserv: str = "") -> Head:
    """The head; a header that the library falls over counts as it stands."""
    name, address = _sender(mail)
    list_name, list_id = _list(header(mail, "List-Id"))
    subject, date = header(mail, "Subject"), header(mail, "Date")
    return Head(
        id=_id(header(mail, "Message-ID")) or _made_up(subject, address, date, header(mail, "Received")),
        subject=subject,
        name=name,
        address=address,
        date=read_date(_COMMENT.sub("", date).strip()[:100]) if date else None,
        list_name=list_name,
        list_id=list_id,
        dkim=dkim_of(mail, address.rpartition("@")[2].lower(), authserv),
    )


def automatic(mail: EmailMessage) -> str:
    """What a mail is that no person and no editor sent: a report of delivery, an automatic answer; "" else."""
    kind = header(mail, "Content-Type").lower()
    if kind.startswith("multipart/report") and "delivery-status" in kind:
        return "a report of delivery"
    answered = header(mail, "Auto-Submitted").lower().startswith("auto-replied")
    if answered or "X-Autoreply" in mail or header(mail, "Precedence").lower() == "auto_reply":
        return "an automatic answer"
    return ""


def header(mail: EmailMessage, name: str) -> str:
    """A header as one line of text; "" where there is none, whatever it holds."""
    said = _said(lambda: str(mail[name])) if name in mail else ""
    if said is None:
        said = next((str(value) for key, value in mail.raw_items() if key.lower() == name.lower()), "")
    return fold(said[:LONGEST])


def _said(look: Callable[[], str]) -> str | None:
    """What the library reads; None where it falls over what stands there."""
    try:
        return look()
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
        return None


def _sender(mail: EmailMessage) -> tuple[str, str]:
    """The first name and address in From, else in Sender."""
    for key in ("From", "Sender"):
        said = header(mail, key)
        for name, address in getaddresses([said[:LONGEST]]):
            if "@" in address:
                return fold(name)[:NAME], address.strip()[:NAME]
        if said:
            return said[:NAME], ""
    return "", ""


def _id(said: str) -> str:
    return said.strip().strip("<>").strip()[:500]


def _made_up(*parts: str) -> str:
    """An id for a mail without one: the same mail gets the same, wherever it lies."""
    return "hash:" + hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:24]


def _list(said: str) -> tuple[str, str]:
    """The name and the id of the list: `Acme Newsletter <news.acme.example>`."""
    found = _LIST.match(said)
    if found is None:
        return "", said.strip("<> ")[:NAME]
    return fold(found["name"].strip().strip('"'))[:NAME], found["id"]


def dkim_of(mail: EmailMessage, domain: str, authserv: str) -> str:
    """Whether a signature of `domain` held, as our own mail server says.

    That is the topmost Authentication-Results header (what stands below, anybody may have written), or the topmost one
    by the server `authserv`.
    """
    for said in mail.get_all("Authentication-Results", []):
        line = _COMMENT.sub("", fold(str(said)[:LONGEST]))
        if authserv and line.partition(";")[0].split()[:1] != [authserv]:
            continue
        return _verdict(line, domain)
    return "none"


def _verdict(line: str, domain: str) -> str:
    worst = "none"
    for part in line.split(";")[1:]:
        found = _DKIM.search(part)
        if found is None:
            continue
        signers = [one.lower() for one in _SIGNER.findall(part)]
        if found[1].lower() == "pass" and domain and any(_is_within(domain, one) for one in signers):
            return "pass"
        worst = "fail"
    return worst


def _is_within(domain: str, signer: str) -> bool:
    """Whether one of the two is the other, or a part of it (`mail.xing.com`, `xing.com`)."""
    return "." in signer and (domain == signer or domain.endswith(f".{signer}") or signer.endswith(f".{domain}"))
