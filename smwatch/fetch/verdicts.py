"""What an answer, or its lack, means for a source: one SourceError with a sentence for people."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, TypeVar

import aiohttp

from smwatch.errors import (
    AuthExpired,
    Broken,
    Gone,
    NotPermitted,
    RateLimited,
    SourceError,
    Transient,
)
from smwatch.fetch.guard import AddressRefused, is_never_asked
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T", bound=BaseException)
CERTIFICATES = {  # OpenSSL's X509_V_ERR_*
    9: text("the certificate of {host} is not valid yet"),
    10: text("the certificate of {host} has expired"),
    18: text("the certificate of {host} is self-signed"),
    19: text("the certificate of {host} is self-signed"),
    20: text("the certificate of {host} comes from an issuer that is not trusted"),
    21: text("the certificate of {host} comes from an issuer that is not trusted"),
    62: text("the certificate is not made for {host}"),
    64: text("the certificate is not made for {host}"),
}


STATUSES: dict[int, tuple[type[SourceError], Text]] = {
    401: (AuthExpired, text("{host} wants a login ({status})")),
    404: (Broken, text("{host} does not find it ({status})")),
    410: (Gone, text("{host} says that it is gone for good ({status})")),
    **dict.fromkeys((402, 403, 407, 451), (NotPermitted, text("{host} does not let us read it ({status})"))),
    **dict.fromkeys((408, 425), (Transient, text("{host} has trouble of its own ({status})"))),
    **dict.fromkeys((420, 429), (RateLimited, text("{host} asks us to come back later ({status})"))),
}
FAULTS: tuple[tuple[tuple[type[BaseException], ...], type[SourceError], Text], ...] = (
    (
        (ssl.SSLError, aiohttp.ClientSSLError),
        Broken,
        text("no secure connection to {host}: its TLS is too old or broken"),
    ),
    ((socket.gaierror, aiohttp.ClientConnectorDNSError), Transient, text("the name {host} cannot be resolved")),
    ((TimeoutError, asyncio.TimeoutError), Transient, text("{host} does not answer in time")),
    (
        (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError),
        Transient,
        text("the proxy cannot reach {host}"),
    ),
    ((aiohttp.ClientConnectorError,), Transient, text("{host} cannot be reached")),
    ((aiohttp.ClientPayloadError,), Transient, text("the answer of {host} breaks off")),
    (
        (aiohttp.ClientResponseError, aiohttp.http_exceptions.HttpProcessingError),
        Broken,
        text("{host} does not answer by the HTTP standard"),
    ),
)


def by_status(status: int, host: str, retry_at: datetime | None) -> SourceError:
    """The error for an answer that is neither content nor a redirect."""
    if status >= 500:  # noqa: PLR2004 - the class of server errors
        kind, sentence = STATUSES[408]
    else:
        kind, sentence = STATUSES.get(status, (Broken, text("{host} answers with {status} instead of content")))
    return kind(text(sentence.template, host=host, status=status), retry_at=retry_at, status=status)


def challenged(status: int, host: str, retry_at: datetime | None) -> SourceError:
    """The error for an answer of Cloudflare's that a program cannot pass."""
    sentence = text("{host} asks whether a person is there (Cloudflare), and lets no program in", host=host)
    return NotPermitted(sentence, retry_at=retry_at, status=status)


def by_exception(error: BaseException, host: str) -> SourceError:
    """The error for a request that brought no answer; anything unexpected is Transient and named."""
    if refused := _find(error, AddressRefused):
        return refused_address(host, refused.address)
    if certificate := _find(error, ssl.SSLCertVerificationError):
        return Broken(_certificate(certificate, host))
    for kinds, verdict, sentence in FAULTS:
        if any(_find(error, kind) for kind in kinds):
            return verdict(text(sentence.template, host=host))
    return Transient(text("the connection to {host} was lost", host=host))


def refused_address(host: str, address: str) -> NotPermitted:
    """The guard's refusal, with its way out where there is one."""
    shown = host if address in ("", host) else f"{host} ({address})"
    if is_never_asked(address or host):
        return NotPermitted(text("{host} is an address that is never asked", host=shown))
    return NotPermitted(text("{host} is a private address; allow_private = true on the source admits it", host=shown))


def _certificate(error: ssl.SSLCertVerificationError, host: str) -> Text:
    known = CERTIFICATES.get(getattr(error, "verify_code", 0))
    return (
        Text(known.template, {"host": host}) if known else text("the certificate of {host} is not accepted", host=host)
    )


def _find(error: BaseException | None, kind: type[T]) -> T | None:
    """The first of `kind` among the error, what it wraps, and what caused it."""
    while error is not None:
        inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", None)
        for one in (inner, error):  # aiohttp's own errors inherit from those that they wrap
            if isinstance(one, kind):
                return one
        error = error.__cause__ or error.__context__
    return None
