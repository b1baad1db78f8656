"""The small web server on `[web] listen`: /healthz, /readyz, /metrics, and a status page at /.

It only reads, and it has no log-in: it listens on the loopback interface. Whoever wants it elsewhere puts a proxy in
front and names the address that people use as `public_url`. Requests for any other host are refused, so that no page in
somebody's browser can reach it by a name that resolves to 127.0.0.1.

`doors` are the exception: paths below which something is taken in, each checked by whoever stands behind its door.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web, web_response
from prometheus_client import CONTENT_TYPE_LATEST

from smwatch.errors import UserError, system_reason
from smwatch.i18n import text
from smwatch.web.status import STYLE_HASH, page

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from smwatch.web.doors import Doors
    from smwatch.web.metrics import Metrics
    from smwatch.web.status import Status

CSP = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Server": "smwatch",
}
# malformed requests are answered past every signal: no version there either
vars(web_response)["SERVER_SOFTWARE"] = "smwatch"
STOP_WITHIN = 2.0  # seconds that open requests get when the daemon stops


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the server listens; `names` are the hosts that requests may ask for, lower case."""

    host: str
    port: int
    names: frozenset[str]


def read_listen(listen: str, public_url: str | None = None) -> Listen | None:
    """`[web] listen` ("127.0.0.1:8787", "[::1]:8787"); None where it is empty; raises UserError.

    An address that others can reach needs a `public_url`: somebody has put a proxy in front on purpose.
    """
    if not listen:
        return None
    split = _split(listen)
    public = (public_url and urlsplit(public_url).hostname) or ""
    if not _is_loopback(split[0]) and not public:
        raise UserError(
            text(
                "[web] listen = {listen} would show the status page to others, and it has no log-in. "
                'Write "127.0.0.1:{port}", or put a proxy in front and name its address as public_url',
                listen=listen,
                port=split[1],
            )
        )
    names = {split[0].lower(), "localhost", "127.0.0.1", "::1", public.lower()} - {""}
    return Listen(host=split[0], port=split[1], names=frozenset(names))


def _split(listen: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{listen}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None or parts.path:
        raise UserError(text("[web] listen = {listen}: an address and a port like 127.0.0.1:8787", listen=listen))
    return host, port


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class WebServer:
    """Serves `status`, `metrics` and `doors`; `start` and `stop` in one task.

    `port` is the real one (0 asks for any).
    """

    def __init__(self, listen: Listen, status: Status, metrics: Metrics, doors: Doors | None = None) -> None:
        self._listen = listen
        self._status = status
        self._metrics = metrics
        self._doors = doors
        self._runner: web.AppRunner | None = None
        self.port = listen.port

    async def start(self) -> None:
        """Listen; raises UserError where the port is taken."""
        runner = web.AppRunner(
            self._application(), access_log=None, shutdown_timeout=STOP_WITHIN, auto_decompress=False
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self._listen.host, self._listen.port).start()
        except OSError as error:
            await runner.cleanup()
            place = f"{self._listen.host}:{self._listen.port}"
            reason = system_reason(error)
            raise UserError(text("[web] cannot listen on {place}: {reason}", place=place, reason=reason)) from None
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Let open requests end, then close."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=1024)
        app.on_response_prepare.append(_dress)
        app.router.add_get("/", self._page)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._show_metrics)
        if self._doors is not None:
            self._doors.add_to(app.router)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if _host_of(request) not in self._listen.names:
            return web.Response(status=421, text="421: ask for this host by a name it knows (public_url)\n")
        try:
            return await handler(request)
        except web.HTTPException as refusal:
            return web.Response(status=refusal.status, text=f"{refusal.status}: {refusal.reason}\n")

    async def _healthz(self, _: web.Request) -> web.Response:
        return _answer(good=self._status.alive(), word="stuck")

    async def _readyz(self, _: web.Request) -> web.Response:
        return _answer(good=self._status.ready(), word="not ready")

    async def _show_metrics(self, _: web.Request) -> web.Response:
        await self._status.refresh()
        return web.Response(body=self._metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=page(await self._status.snapshot()), content_type="text/html")


async def _dress(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def _host_of(request: web.Request) -> str:
    try:
        return (urlsplit(f"//{request.host}").hostname or "").lower()
    except ValueError:
        return ""


def _answer(*, good: bool, word: str) -> web.Response:
    return web.Response(status=200 if good else 503, text="ok\n" if good else f"{word}\n")
