"""The one polite and safe way out: address guard, limits, redirects, validators, back-off asked for by servers."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp

from smwatch import __version__
from smwatch.errors import Broken, SourceError, UserError
from smwatch.fetch.certificates import Certificates, Connector
from smwatch.fetch.decode import ACCEPTED
from smwatch.fetch.guard import is_literal
from smwatch.fetch.hosts import Hosts
from smwatch.fetch.request import MOVED, Answer, Limits, Request, read_url
from smwatch.fetch.resolver import Resolver
from smwatch.fetch.robots import Robots
from smwatch.fetch.verdicts import by_exception
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from yarl import URL

    from smwatch.config.model import Http
    from smwatch.fetch.guard import Guard


class Client:
    """One for the whole program. `contact` goes into the User-Agent; environment proxies are never read."""

    def __init__(
        self,
        http: Http,
        contact: str | None = None,
        *,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.limits = limits or Limits()
        self._http = http
        self._clock = clock
        self._agent = f"smwatch/{__version__}" + (f" (+{contact})" if contact else "")
        self._hosts = Hosts(self.limits.pause)
        self._resolver = Resolver()
        self._sessions: dict[Guard | None, aiohttp.ClientSession] = {}
        self._trusted = trusted(http.ca_file)
        self.certificates = Certificates()
        self.robots = Robots(self)

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, allow_private: bool = False, insecure: bool = False
    ) -> Answer:
        """GET with everything that this module promises; raises a SourceError."""
        return await Request(self, allow_private=allow_private, insecure=insecure).follow(read_url(url), headers or {})

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        allow_private: bool = False,
        insecure: bool = False,
    ) -> Answer:
        """POST once: neither repeated nor sent on to where it is redirected; raises a SourceError."""
        request = Request(self, allow_private=allow_private, insecure=insecure, body=body)
        address = read_url(url)
        answer = await request.hop(address, headers or {})
        if answer.status in MOVED:
            target = answer.headers.get("Location", "")[:100]
            raise Broken(text("{host} sends a posting on to {target}", host=address.host or "", target=target))
        return answer

    @asynccontextmanager
    async def opened(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        allow_private: bool = False,
        insecure: bool = False,
        websocket: bool = False,
    ) -> AsyncIterator[Any]:
        """A connection that stays (an aiohttp response, or a WebSocket); whatever fails is raised as a SourceError."""
        request, address = Request(self, allow_private=allow_private, insecure=insecure), read_url(url)
        try:
            open_it = request.socket if websocket else request.stream
            async with await open_it(address, headers or {}) as connection:
                yield connection
        except (SourceError, asyncio.CancelledError, GeneratorExit):
            raise
        except Exception as error:
            raise by_exception(error, address.host or "") from error

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()
        await self._resolver.close()

    def session(self, guard: Guard | None) -> aiohttp.ClientSession:
        """The session whose connector has this guard, or the one without; they never share a connection."""
        if guard not in self._sessions:
            connector = Connector(
                self.certificates,
                resolver=self._resolver,
                ssl=self._trusted,
                limit=0,
                socket_factory=guard,
            )
            self._sessions[guard] = aiohttp.ClientSession(
                connector=connector,
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                skip_auto_headers=("User-Agent",),
            )
        return self._sessions[guard]

    def headers(self) -> dict[str, str]:
        """What every request says about itself."""
        return {"User-Agent": self._agent, "Accept-Encoding": ACCEPTED, "Accept": "*/*"}

    def proxy_for(self, url: URL) -> str | None:
        """The proxy that a request to `url` goes through."""
        return None if not self._http.proxy or _matches(url.host or "", self._http.no_proxy) else self._http.proxy

    @property
    def trust(self) -> ssl.SSLContext:
        """Whose certificates are accepted."""
        return self._trusted

    @property
    def hosts(self) -> Hosts:
        """Who may be asked, and when."""
        return self._hosts

    @property
    def resolver(self) -> Resolver:
        """Names to addresses."""
        return self._resolver

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self._clock()


def trusted(ca_file: str | None) -> ssl.SSLContext:
    """The system's trust and, where given, the house's own issuer."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise UserError(text("[http] ca_file {file} cannot be read as certificates", file=ca_file)) from error
    return context


def _matches(host: str, names: tuple[str, ...]) -> bool:
    """Whether `host` is among `names`: "*", names with their subdomains, addresses and networks."""
    for name in names:
        if name == "*" or host == name.lstrip(".") or host.endswith("." + name.lstrip("*.")):
            return True
        if is_literal(host) and "/" in name and _within(host, name):
            return True
    return False


def _within(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
