"""The body of a mail: its text, and its links with their words. Nothing is opened, nothing is fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.plain import MARKUP_LIMIT, TEXT_LIMIT, cut, fold, plain_text
from smwatch.links import clean_link, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

PARTS = 200  # of a mail that are looked at
LINKS = 300
DEEPEST = 30
WORDS = 300  # characters of a link's words
_BARE = re.compile(r"https?://[^\s<>\"'\]\[]{4,2000}")
_WRAPPED = re.compile(r"[<\[(]?https?://[^\s<>\"'\]\[]{60,2000}[>\])]?")  # addresses that nobody reads
_SILENT = re.compile(
    r"unsubscri|opt[-_]?out|abmeld|abbestell|austrag|list-manage\.com/(?:unsub|profile)|preferenc|einstellung|settings"
    r"|confirm|bestaetig|bestätig|verif|activate|aktivier|reset|passwor[dt]|login|anmeld|einloggen|signin|sign-in|token="
    r"|forward-to-a-friend|weiterempfehl|impressum|imprint|datenschutz|privacy|agb\b|terms|mailto:|contact|kontakt\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"(?:im|in)\s+(?:ihrem\s+|deinem\s+|the\s+|your\s+)?(?:web)?browser|(?:web|online)[- ]?(?:version|ansicht|view)"
    r"|online (?:ansehen|lesen|anzeigen)|view (?:this )?(?:e-?mail |it )?(?:online|in)"
    r"|nicht (?:richtig|korrekt) (?:an|dar)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address in a mail, without detours and marks of readers, and the words that it stands under."""

    url: str
    words: str
    raw: str


@dataclass(slots=True, kw_only=True)
class Body:
    """Plain text, markup where there is some, links in order."""

    text: str = ""
    markup: str = ""
    links: list[Link] = field(default_factory=list)


def read_body(mail: EmailMessage) -> Body:
    """The text from text/plain, else from the markup; links from the markup, else from the text."""
    plain, markup = _contents(mail)
    found = Body(markup=markup)
    readable = fold(plain)
    found.text = _text(plain) if len(readable) > 0 else plain_text(markup)
    found.links = list(_links(markup)) if markup else list(_bare(plain))
    return found


def page_of(body: Body) -> str:
    """The page that shows the mail itself, or the first that it is about; "" where there is none.

    Never one that confirms, cancels or logs in: whoever follows it would do so in somebody's name.
    """
    open_ = [one for one in body.links if not is_silent(one)]
    whole = next((one for one in open_ if _WHOLE.search(one.words)), None)
    return (whole or (open_[0] if open_ else None) or Link(url="", words="", raw="")).url


def is_silent(link: Link) -> bool:
    """Whether a link does something in the reader's name, or leads to what stands under every mail."""
    return bool(_SILENT.search(link.raw) or _SILENT.search(link.words) or _SILENT.search(link.url))


def _contents(mail: EmailMessage) -> tuple[str, str]:
    """The first text and the first markup that are no attachments."""
    plain = markup = ""
    for part in _parts(mail):
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        kind = part.get_content_type()
        if kind.startswith("multipart/"):
            kind = "text/plain"  # its parts are not where its head says: what is there can be read at least
        if kind == "text/html" and not markup:
            markup = _decoded(part)
        elif kind == "text/plain" and not plain:
            plain = _decoded(part)
        if plain and markup:
            break
    return plain, markup


def _parts(mail: EmailMessage) -> Iterator[Any]:
    """The mail and its parts in order, to a depth and a number that real mails stay below."""
    stack: list[tuple[Any, int]] = [(mail, 0)]
    for _ in range(PARTS):
        if not stack:
            return
        part, depth = stack.pop()
        yield part
        if part.get_content_maintype() == "multipart" and depth < DEEPEST and isinstance(part.get_payload(), list):
            stack += [(one, depth + 1) for one in reversed(part.get_payload())]


def _decoded(part: Any) -> str:  # noqa: ANN401 - any message class
    """The text of a part in its charset; unknown ones are read as what they most likely are."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        payload = str(part.get_payload() or "").encode("utf-8", "surrogateescape")
    payload = payload[: MARKUP_LIMIT * 2]
    for charset in (_charset(part), "utf-8", "cp1252"):
        try:
            return payload.decode(charset)[:MARKUP_LIMIT]
        except (LookupError, UnicodeError, ValueError):
            continue
    return payload.decode("latin-1")[:MARKUP_LIMIT]


def _charset(part: Any) -> str:  # noqa: ANN401
    try:
        found = str(part.get_content_charset() or "utf-8")
    except (AttributeError, LookupError, TypeError, ValueError):
        return "utf-8"
    return {"us-ascii": "utf-8", "iso-8859-1": "cp1252"}.get(found, found)


def _text(plain: str) -> str:
    """Paragraphs without the long addresses of trackers, and without what stands behind the signature's line."""
    body = re.split(r"\n-- \r?\n", plain.replace("\r\n", "\n"), maxsplit=1)[0]
    return cut(plain_text(_WRAPPED.sub("", body), literal=True), TEXT_LIMIT)


def _links(markup: str) -> Iterator[Link]:
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - only the worker reads markup

    for node in LexborHTMLParser(markup).css("a[href]")[:LINKS]:
        image = node.css_first("img[alt]")
        words = node.text(separator=" ") or ((image.attributes.get("alt") or "") if image else "")
        found = _link(node.attributes.get("href") or "", words)
        if found is not None:
            yield found


def _bare(plain: str) -> Iterator[Link]:
    for found in list(_BARE.finditer(plain))[:LINKS]:
        before = plain[max(0, found.start() - WORDS) : found.start()].rpartition("\n")
        words = before[2] if before[2].strip(" <([") else before[0].rpartition("\n")[2]
        link = _link(found[0].rstrip(".,;:!?)>"), words)
        if link is not None:
            yield link


def _link(address: str, words: str) -> Link | None:
    raw = web_link(address.strip())
    if not raw or len(raw) > 4096:  # noqa: PLR2004 - as in feeds
        return None
    return Link(url=clean_link(unwrapped(raw)), words=fold(words)[:WORDS], raw=raw)
