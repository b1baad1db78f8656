"""Addresses: one parser (yarl) decides what an address is, for the check and for the request alike."""

from __future__ import annotations

import ipaddress
import re

from yarl import URL

from smwatch.errors import UserError
from smwatch.i18n import text

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")
_NAME = re.compile(r"[a-z0-9._-]+")  # a host as it goes to the resolver
_SCHEME = re.compile(r"[a-z]{3,6}:/{1,2}", re.IGNORECASE)
_NAMED = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?:[/:?]\S*)?$", re.IGNORECASE)
_FILES = (".xml", ".json", ".rss", ".atom", ".rdf", ".opml", ".toml", ".html", ".txt", ".gz")
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)")


def spoken_address(address: str) -> str:
    """An address as people say it: host and path, without "www."; raises UserError."""
    url = read_address(address)
    return f"{(url.host or '').removeprefix('www.')}{url.path_qs.rstrip('/')}"


def read_address(address: str, *, shown: str | None = None) -> URL:
    """The http(s) address as a URL, without its fragment; raises UserError.

    Refused: other schemes, backslashes, white space and control characters, user and password, hosts that are numbers
    in disguise (`2130706433`, `0177.0.0.1`, `127.1`) or hold what no name has. `shown` is what the sentence names
    instead of the address.
    """
    shown = address[:200] if shown is None else shown
    if _FORBIDDEN.search(address):
        raise UserError(text("{address} holds a character that no address has", address=shown))
    try:
        url = URL(address)
        host, _ = url.host or "", url.port
    except ValueError as error:
        raise UserError(text("{address} is no address", address=shown)) from error
    if url.scheme not in ("http", "https"):
        raise UserError(text("{address} must begin with http:// or https://", address=shown))
    if not host or host.startswith(".") or ".." in host:
        raise UserError(text("{address} names no host", address=shown))
    if ":" not in host and not _NAME.fullmatch(url.raw_host or ""):
        raise UserError(text("{address} is no address", address=shown))
    if url.raw_user is not None or url.raw_password is not None:
        raise UserError(text("an address must not hold a user or a password"))
    if _disguised(host):
        raise UserError(text("{address} hides a number as its host", address=shown))
    return url.with_fragment(None)


def meant_address(written: str) -> str | None:
    """The address that was meant without its scheme, or with a mistyped one; None where it looks like none."""
    rest = _SCHEME.sub("", written)
    if not _NAMED.match(rest) or rest.lower().endswith(_FILES):
        return None
    return f"https://{rest}"


def _disguised(host: str) -> bool:
    """Whether a resolver would read `host` as an IPv4 address although it is not written as one."""
    labels = host.rstrip(".").split(".")
    if not _NUMBER.fullmatch(labels[-1]):
        return False
    try:
        return str(ipaddress.IPv4Address(host)) != host
    except ValueError:
        return True


def web_link(link: str, base: str = "") -> str:
    """`link` as an absolute http(s) address, resolved against `base`; "" for anything else."""
    link = link.strip()
    if link[:8].lower().startswith(("http://", "https://")) and not _FORBIDDEN.search(link):
        return link
    try:
        found = URL(base).join(URL(_tidy(link))) if base else URL(_tidy(link))
        return str(found) if found.scheme in ("http", "https") and found.host else ""
    except ValueError:
        return ""


def _tidy(link: str) -> str:
    """`link` as browsers read it: line breaks gone, blanks and backslashes encoded."""
    return re.sub(r"[\t\r\n]", "", link).replace(" ", "%20").replace("\\", "%5C")
