"""One request with all its hops: redirects, one more try where the line was cut, limits, the verdict."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import aiohttp

from smwatch.errors import Broken, HostRests, SourceError, Transient, UserError
from smwatch.feeds.address import read_address
from smwatch.fetch.decode import Body, TooLarge, Undecodable
from smwatch.fetch.guard import guarded_socket, is_literal, is_never_asked, is_refused, private_socket
from smwatch.fetch.retry_after import reset_at, retry_at
from smwatch.fetch.verdicts import by_exception, by_status, challenged, refused_address
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from smwatch.fetch.client import Client

KNOWN = 2048  # addresses that are not read again
STEP = 64 * 1024
HEARTBEAT = 30.0  # seconds between two questions whether a WebSocket is still there
LONGEST_MESSAGE = 1024 * 1024
MOVED = frozenset({301, 302, 303, 307, 308})
NOT_MODIFIED = 304
LIMITED = (420, 429)
SAID = 2000  # bytes of a refusal that are looked at
SAID_WITHIN = 1.0  # seconds
PERMANENT = frozenset({301, 308})
KEPT_ACROSS_ORIGINS = frozenset({"accept", "accept-language", "user-agent", "if-none-match", "if-modified-since"})
LOST = (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds and bytes: until the answer's head is there, for everything, of decoded body; redirects followed."""

    head: float = 10.0
    total: float = 30.0
    body: int = 5 * 1024 * 1024
    hops: int = 10
    pause: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; see `smwatch.plugin.Response`.

    `moved` is the new address where every hop was permanent.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    unchanged: bool = False
    moved: str | None = None
    certificate_days: int | None = None


@dataclass(slots=True)
class Request:
    """One GET with all its hops."""

    client: Client
    allow_private: bool = False
    insecure: bool = False
    body: bytes | None = None

    async def follow(self, url: URL, headers: Mapping[str, str]) -> Answer:
        """Follow redirects until there is an answer."""
        own = {name: value for name, value in headers.items() if name.lower() not in ("host", "content-length")}
        seen, permanent = [url], True
        started = asyncio.get_running_loop().time()
        while True:
            answer = await self._hop(url, own, started + self.client.limits.total)
            if answer.status not in MOVED:
                moved = str(url) if permanent and len(seen) > 1 else None
                days = self.client.certificates.days(url, self.client.now())
                if moved is None and days is None:
                    return answer
                return replace(answer, moved=moved, certificate_days=days)
            permanent = permanent and answer.status in PERMANENT
            target = _target(url, answer)
            if target in seen or len(seen) > self.client.limits.hops:
                raise Broken(_circle([*seen, target]), status=answer.status)
            if target.origin() != url.origin():
                own = {name: value for name, value in own.items() if name.lower() in KEPT_ACROSS_ORIGINS}
            seen.append(target)
            url = target

    async def hop(self, url: URL, headers: Mapping[str, str]) -> Answer:
        """One request, wherever it leads."""
        return await self._hop(url, headers, asyncio.get_running_loop().time() + self.client.limits.total)

    async def stream(self, url: URL, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """The head of an answer that goes on and on."""
        async with asyncio.timeout(self.client.limits.head):
            response = await self._answered(url, {**headers, "Accept-Encoding": "identity"})
        if response.status != 200:  # noqa: PLR2004 - nothing else starts a stream
            async with response:
                if response.status in MOVED:
                    target = response.headers.get("Location", "")[:100]
                    raise Broken(text("{host} redirects a stream to {target}", host=url.host or "", target=target))
                raise self._verdict(response.status, response.headers, url)
        return response

    async def socket(self, url: URL, headers: Mapping[str, str]) -> aiohttp.ClientWebSocketResponse:
        """An open WebSocket."""
        self._mind_silence(url)
        session, proxy = await self._way(url)
        async with asyncio.timeout(self.client.limits.head):
            try:
                return await session.ws_connect(
                    url,
                    headers={**self.client.headers(), **headers},
                    proxy=proxy,
                    ssl=not self.insecure,
                    heartbeat=HEARTBEAT,
                    max_msg_size=LONGEST_MESSAGE,
                )
            except aiohttp.WSServerHandshakeError as error:
                raise self._verdict(error.status, error.headers or {}, url) from error

    def _mind_silence(self, url: URL) -> None:
        if until := self.client.hosts.silent_until(f"{url.host}:{url.port}", self.client.now()):
            raise HostRests(url.host or "", until)

    async def _hop(self, url: URL, headers: Mapping[str, str], deadline: float) -> Answer:
        """One request, tried once more where the line was cut; the turn at the host is not on the clock."""
        host, key = url.host or "", f"{url.host}:{url.port}"
        self._mind_silence(url)
        clock = asyncio.get_running_loop().time
        waiting = clock()
        async with self.client.hosts.turn(key, paced=not self.allow_private):
            begun = clock()
            deadline += begun - waiting
            try:
                async with asyncio.timeout_at(min(begun + self.client.limits.head, deadline)) as limit:
                    return await (self._once if self.body is not None else self._twice)(url, headers, limit, deadline)
            except (SourceError, asyncio.CancelledError):
                raise
            except TooLarge as error:
                megabytes = self.client.limits.body // (1024 * 1024)
                raise Broken(text("{host} sends more than {n} MiB", host=host, n=megabytes)) from error
            except Undecodable as error:
                raise Broken(text("{host} sends a content coding that cannot be read", host=host)) from error
            except EOFError as error:
                raise Transient(text("the answer of {host} breaks off", host=host)) from error
            except Exception as error:
                raise by_exception(error, host) from error

    async def _twice(self, url: URL, headers: Mapping[str, str], limit: asyncio.Timeout, deadline: float) -> Answer:
        try:
            return await self._once(url, headers, limit, deadline)
        except aiohttp.ClientConnectorError:
            raise
        except LOST:
            limit.reschedule(min(asyncio.get_running_loop().time() + self.client.limits.head, deadline))
            return await self._once(url, headers, limit, deadline)

    async def _once(self, url: URL, headers: Mapping[str, str], limit: asyncio.Timeout, deadline: float) -> Answer:
        """One attempt; `limit` is that of the answer's head, and put off to the deadline where a body follows."""
        response = await self._answered(url, headers)
        async with response:
            if response.status != NOT_MODIFIED:
                limit.reschedule(deadline)
            return await self._read(response, url)

    async def _answered(self, url: URL, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """The answer's head, however long it takes."""
        self._mind_silence(url)
        session, proxy = await self._way(url)
        return await session.request(
            "GET" if self.body is None else "POST",
            url,
            data=self.body,
            headers={**self.client.headers(), **headers},
            allow_redirects=False,
            proxy=proxy,
            ssl=not self.insecure,
        )

    async def _way(self, url: URL) -> tuple[aiohttp.ClientSession, str | None]:
        """The session with the guard that this request needs, and the proxy that it goes through."""
        proxy = self.client.proxy_for(url)
        if proxy:
            await self._refuse(url.host or "")
        guard = private_socket if self.allow_private else guarded_socket
        return self.client.session(None if proxy else guard), proxy

    async def _refuse(self, host: str) -> None:
        """Behind a proxy nobody sees the address connected to: refuse before what is known to be out of bounds."""
        refused = is_never_asked if self.allow_private else is_refused
        if is_literal(host):
            addresses = [host]
        else:
            try:
                addresses = await self.client.resolver.addresses(host)
            except OSError:
                return  # a name that only the proxy knows
        for address in addresses:
            if refused(address):
                raise refused_address(host, address)

    async def _read(self, response: aiohttp.ClientResponse, url: URL) -> Answer:
        status, headers = response.status, response.headers
        if status < 400:  # noqa: PLR2004 - the classes of errors
            self.client.hosts.answered(f"{url.host}:{url.port}")
        if status in MOVED or status == NOT_MODIFIED:
            return Answer(status=status, url=str(url), headers=headers, body=b"", unchanged=status == NOT_MODIFIED)
        if not 200 <= status < 300:  # noqa: PLR2004 - the class of successes
            error = self._verdict(status, headers, url)
            error.said = await _said(response)
            raise error
        body = Body(headers.get("Content-Encoding", ""), self.client.limits.body)
        async for chunk in response.content.iter_chunked(STEP):
            body.add(chunk)
        return Answer(status=status, url=str(url), headers=headers, body=body.done())

    def _verdict(self, status: int, headers: Mapping[str, str], url: URL) -> SourceError:
        now, key = self.client.now(), f"{url.host}:{url.port}"
        later = retry_at(headers.get("Retry-After"), now)
        if status in LIMITED:  # a 503 without a word is rather that page's trouble
            later = later or reset_at(headers, now) or self.client.hosts.rest(key, now)
        if later and status in (*LIMITED, 503):
            self.client.hosts.silence(key, later)
        if headers.get("Cf-Mitigated", "").lower() == "challenge":
            return challenged(status, url.host or "", later)
        return by_status(status, url.host or "", later)


async def _said(response: aiohttp.ClientResponse) -> str:
    """How the body of a refusal begins; nothing where it does not come at once."""
    with suppress(TimeoutError, aiohttp.ClientError, TooLarge, Undecodable, EOFError):
        body = Body(response.headers.get("Content-Encoding", ""), SAID * 8)
        async with asyncio.timeout(SAID_WITHIN):
            body.add(await response.content.read(SAID))
        return body.done()[:SAID].decode("utf-8", "replace")
    return ""


@lru_cache(maxsize=KNOWN)
def read_url(url: str) -> URL:
    """The address to ask; raises Broken where it is none."""
    try:
        return read_address(url)
    except UserError as error:
        raise Broken(error.sentence) from error


def _target(url: URL, answer: Answer) -> URL:
    host, location = url.host or "", answer.headers.get("Location")
    if not location:
        raise Broken(text("{host} redirects to nowhere", host=host), status=answer.status)
    try:
        found = str(url.join(type(url)(location.strip()))) if "\\" not in location else location
        return read_address(found)
    except (UserError, ValueError) as error:
        shown = location[:100]
        sentence = text("{host} redirects to {target}, which is no address", host=host, target=shown)
        raise Broken(sentence, status=answer.status) from error


def _circle(chain: list[URL]) -> Text:
    shown = " → ".join(str(url.with_query(None)) for url in chain[:12])
    return text("redirects without end: {chain}", chain=shown)
