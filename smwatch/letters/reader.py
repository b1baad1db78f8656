"""A mail's bytes to plain JSON values: one item, or several where a mail lists several things. In the parse worker."""

from __future__ import annotations

import warnings
from datetime import datetime
from email import policy
from email.parser import BytesHeaderParser, BytesParser
from email.policy import EmailPolicy
from typing import TYPE_CHECKING, Any, cast

from smwatch.feeds.plain import cut, plain_text, plain_title
from smwatch.letters.alerts import SENDER, results
from smwatch.letters.body import Body, is_silent, page_of, read_body
from smwatch.letters.headers import LONGEST, Head, automatic, read_head
from smwatch.letters.notices import HOMES, platform_of, read_notice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from email.message import EmailMessage

    from smwatch.letters.alerts import Result
    from smwatch.letters.body import Link

HEAD = 64 * 1024
LEAD = 300


class Bounded(EmailPolicy):
    """The library's default, for headers of a length that mails have: its readers take long for longer ones."""

    def header_fetch_parse(self, name: str, value: str) -> Any:  # noqa: ANN401 - a header, whatever its class
        """The header; where the library falls over it, its text."""
        try:
            return super().header_fetch_parse(name, value[:LONGEST])
        except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
            return " ".join(str(value[:LONGEST]).encode("ascii", "replace").decode().split())


BOUNDED = Bounded()


def read_mail(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"items": [...], "left_out": reason or None}`, items as a feed's, with `kind` and `attributes`.

    Options, all optional: `arrived` (ISO 8601, where the mail has no date), `platforms` (only notices of these, signed
    by their domain), `from` (only mails of these domains or addresses), `authserv`, `subjects` ([kind, pattern] pairs),
    `head_only` (for a mail whose body cannot be read).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library, about what is wrong with a mail
        mail = _parsed(body, head_only=bool(options.get("head_only")))
        head = read_head(mail, str(options.get("authserv") or ""))
        platform = platform_of(head.domain)
        unwanted = automatic(mail) or _unwanted(head, platform, options)
        if unwanted:
            return {"items": [], "left_out": unwanted}
        content = Body() if options.get("head_only") else read_body(mail)
    return {"items": _items(head, platform, content, options), "left_out": None}


def _parsed(body: bytes, *, head_only: bool) -> EmailMessage:
    if head_only:
        return cast("EmailMessage", BytesHeaderParser(policy=policy.compat32).parsebytes(body[:HEAD]))
    return cast("EmailMessage", BytesParser(policy=BOUNDED).parsebytes(_without_envelope(body)))


def _without_envelope(body: bytes) -> bytes:
    """Without the "From " line of an mbox."""
    return body.partition(b"\n")[2] if body.startswith((b"From ", b">From ")) else body


def _unwanted(head: Head, platform: str, options: Mapping[str, Any]) -> str:
    wanted: Sequence[str] = options.get("platforms") or ()
    senders: Sequence[str] = options.get("from") or ()
    if wanted and platform not in wanted:
        return "another sender"
    if wanted and head.dkim != "pass":
        return "not signed by its domain"
    if senders and not any(_is_from(head, one.lower()) for one in senders):
        return "another sender"
    return ""


def _is_from(head: Head, wanted: str) -> bool:
    if "@" in wanted.lstrip("@"):
        return head.address.lower() == wanted
    domain = wanted.lstrip("@")
    return head.domain == domain or head.domain.endswith(f".{domain}")


def _items(head: Head, platform: str, content: Body, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    if head.address.lower() == SENDER and (found := results(content.links, content.text or plain_text(content.markup))):
        return [_item(head, options) | _result(one) for one in found]
    item = _item(head, options) | {"text": content.text, "links": _open_links(content.links)}
    if platform:
        return [_notice(item, head, platform, content, options)]
    return [item | {"url": page_of(content), "kind": "mail"}]


def _item(head: Head, options: Mapping[str, Any]) -> dict[str, Any]:
    """What every item of a mail has."""
    arrived = options.get("arrived")
    date = head.date or (datetime.fromisoformat(arrived) if arrived else None)
    about = {
        "from": f"{head.name} <{head.address}>" if head.name and head.address else head.name or head.address,
        "dkim": head.dkim,
        "list": head.list_name or head.list_id,
        "list_id": head.list_id,
    }
    return {
        "id": head.id,
        "url": "",
        "title": plain_title(head.subject, "text"),
        "author": {"name": head.name or head.list_name or head.address} if head.name or head.address else None,
        "published": date.isoformat() if date else None,
        "updated": None,
        "attributes": {name: said for name, said in about.items() if said},
    }


def _result(one: Result) -> dict[str, Any]:
    """The page is the item, not the mail: found twice, it is told once."""
    title = plain_title(one.title, "text")
    return {"id": one.url, "url": one.url, "title": title, "text": one.snippet, "kind": "article", "author": None}


def _notice(
    item: dict[str, Any], head: Head, platform: str, content: Body, options: Mapping[str, Any]
) -> dict[str, Any]:
    rules = [(str(kind), str(pattern)) for kind, pattern in options.get("subjects") or ()]
    notice = read_notice(platform, head.subject, rules)
    own = [link for link in content.links if _is_at(link.url, platform) and not is_silent(link)]
    return item | {
        "kind": notice.kind,
        "url": own[0].url if own else "",
        "author": {"name": notice.author} if notice.author else None,
        "attributes": item["attributes"] | {"platform": platform},
        "lead": "" if item["text"] else cut(item["title"], LEAD),
    }


def _is_at(url: str, platform: str) -> bool:
    host = url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return any(host == home or host.endswith(f".{home}") for home in HOMES.get(platform, ()))


def _open_links(links: Sequence[Link]) -> list[str]:
    return list(dict.fromkeys(one.url for one in links if not is_silent(one)))[:50]
