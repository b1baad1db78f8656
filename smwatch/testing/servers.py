"""Loopback HTTP servers for tests of sources: a polite feed server, and one for each way in which servers are evil.

    async with FeedServer() as server:
        server.put("/feed.xml", rss(entry("Acme ruft zurück")))
        … fetch server.url("/feed.xml") …
        assert server.requests[-1].headers["If-None-Match"] == …

    async with evil("bomb-gzip") as url:
        … fetch url …

Real sockets on 127.0.0.1, nothing mocked; sources need `allow_private = true`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import struct
import zlib
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache, partial
from html import escape
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Any, Self

from multidict import CIMultiDict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

BOMB = 256 * 1024 * 1024  # decoded bytes: enough to be seen in a test's memory, quick to make


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(slots=True, kw_only=True)
class Served:
    """What stands at a path; with `validators` "etag" and "modified" are answered with 304."""

    body: bytes
    content_type: str = "application/rss+xml; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    validators: tuple[str, ...] = ("etag", "modified")
    modified: int = 1_700_000_000


class Server:
    """An HTTP server on a free port; `answer` writes what it likes to the connection."""

    def __init__(self, ssl: Any = None) -> None:  # noqa: ANN401 - an SSLContext, where wanted
        self.requests: list[Seen] = []
        self.at_once = 0
        self.most_at_once = 0
        self._ssl = ssl
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._ssl)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in list(self._open):
            writer.transport.abort()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """The port that the system chose."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of `path`."""
        return f"{'https' if self._ssl else 'http'}://{host}:{self.port}{path}"

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        """Write an answer; True keeps the connection for the next request."""
        raise NotImplementedError

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError, asyncio.LimitOverrunError):
            while await self._one(reader, writer):
                pass
        self._tasks.discard(task)
        self._open.discard(writer)
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        pairs = [line.partition(":") for line in head[1:] if line]
        headers = CIMultiDict((name, value.strip()) for name, _, value in pairs)
        body = await reader.readexactly(int(headers.get("Content-Length", "0")))
        seen = Seen(method=method, path=path, headers=headers, body=body)
        self.requests.append(seen)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self.answer(seen, writer)
        finally:
            self.at_once -= 1


class FeedServer(Server):
    """Serves what was `put`, with ETag and Last-Modified, and answers 304 where it may."""

    def __init__(self, ssl: Any = None) -> None:  # noqa: ANN401 - see Server
        super().__init__(ssl)
        self.pages: dict[str, Served] = {}

    def put(self, path: str, body: bytes | str, **how: Any) -> str:  # noqa: ANN401 - the fields of Served
        """Serve `body` at `path` from now on; the address comes back."""
        self.pages[path] = Served(body=body.encode() if isinstance(body, str) else body, **how)
        return self.url(path)

    def redirect(self, path: str, target: str, status: int = 302) -> str:
        """Redirect `path` to `target`."""
        self.pages[path] = Served(body=b"", status=status, headers={"Location": target}, validators=())
        return self.url(path)

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        """What stands there; 404 else."""
        page = self.pages.get(seen.path.partition("?")[0]) or Served(body=b"nothing here", status=404, validators=())
        headers = {"Content-Type": page.content_type, **_validators(page), **page.headers}
        status, body = page.status, page.body
        if status == 200 and _is_known(seen.headers, headers):
            status, body = 304, b""
        writer.write(head(status, {**headers, "Content-Length": str(len(body))}) + body)
        await writer.drain()
        return True


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """A status line and headers, ready to be sent."""
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _validators(page: Served) -> dict[str, str]:
    known = {
        "etag": ("ETag", f'"{hashlib.sha256(page.body).hexdigest()[:16]}"'),
        "modified": ("Last-Modified", formatdate(page.modified, usegmt=True)),
    }
    return dict(known[name] for name in page.validators)


def _is_known(asked: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    if "If-None-Match" in asked:
        return asked["If-None-Match"] == headers.get("ETag")
    return "Last-Modified" in headers and asked.get("If-Modified-Since") == headers["Last-Modified"]


def entry(title: str, *, link: str = "", guid: str = "", published: str = "", text: str = "") -> str:
    """One RSS item."""
    parts = (("title", title), ("link", link), ("guid", guid), ("pubDate", published), ("description", text))
    return "<item>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts if value) + "</item>"


def rss(*entries: str, title: str = "Acme Presse", lang: str = "de") -> str:
    """An RSS 2.0 feed of `entry`s."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>{escape(title)}</title><link>https://www.acme.example/</link><language>{lang}</language>"
        f"{''.join(entries)}</channel></rss>"
    )


GOOD = rss(entry("Acme ruft zurück", link="https://www.acme.example/1", guid="1"))
PAGE = "<!DOCTYPE html><html><head><title>Anmelden</title></head><body>Bitte anmelden</body></html>"
RETRY_AFTER = {
    "delta": "30",
    "float": "1.5",
    "absurd": "315360000",
    "negative": "-5",
    "nonsense": "soon",
    "huge": "9" * 400,
    "past": "Wed, 21 Oct 2015 07:28:00 GMT",
}


class EvilServer(Server):
    """Does one of the `EVILS` to every request."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._act = EVILS[kind]
        if kind in BOMBS:
            BOMBS[kind][1]()  # made before anybody waits for it

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        """Be evil; never twice on one connection."""
        await self._act(self, seen, writer)
        await writer.drain()
        return False


@contextlib.asynccontextmanager
async def evil(kind: str) -> AsyncIterator[str]:
    """The address of a server that is evil in one of the ways of `EVILS`."""
    async with EvilServer(kind) as server:
        yield server.url("/feed.xml")


def _bytes(status: int, body: bytes, **headers: str) -> Callable[..., Awaitable[None]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def act(_server: EvilServer, _seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, {"Content-Length": str(len(body)), **named}) + body)

    return act


def _raw(answer: bytes) -> Callable[..., Awaitable[None]]:
    async def act(_server: EvilServer, _seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return act


@cache
def gzip_bomb(layers: int = 1, members: int = 1) -> bytes:
    """`BOMB` zeros, compressed `layers` times, in so many `members`; nobody should get to its end."""
    press = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    begin = press.compress(b"") + press.flush(zlib.Z_FULL_FLUSH)
    block = press.compress(bytes(1024 * 1024)) + press.flush(zlib.Z_FULL_FLUSH)  # stands for itself, so it repeats
    packed = begin + block * (BOMB // 1024**2)
    if members > 1:
        packed = gzip.compress(bytes(BOMB // 64 // members)) * members * 64
    for _ in range(layers - 1):
        packed = gzip.compress(packed)
    return packed


@cache
def brotli_bomb() -> bytes:
    """`BOMB` zeros in a few bytes of brotli."""
    import brotli  # noqa: PLC0415 - only where a bomb is wanted

    press = brotli.Compressor(quality=1)
    return bytes(b"".join(press.process(bytes(1024 * 1024)) for _ in range(BOMB // 1024**2)) + press.finish())


@cache
def zstd_bomb() -> bytes:
    """`BOMB` zeros in a few bytes of zstd; raises ImportError where nothing writes zstd."""
    try:
        from compression import zstd  # type: ignore[import-not-found]  # noqa: PLC0415 - Python 3.14
    except ImportError:
        from backports import zstd  # noqa: PLC0415

    press = zstd.ZstdCompressor()
    block = bytes(1024 * 1024)
    return bytes(b"".join(press.compress(block) for _ in range(BOMB // 1024**2)) + press.flush())


def _bomb(encoding: str, body: Callable[[], bytes]) -> Callable[..., Awaitable[None]]:
    async def act(_server: EvilServer, _seen: Seen, writer: asyncio.StreamWriter) -> None:
        packed = body()
        writer.write(head(200, {"Content-Encoding": encoding, "Content-Length": str(len(packed))}) + packed)

    return act


async def _endless(_server: EvilServer, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(head(200, {"Transfer-Encoding": "chunked"}))
    while True:
        writer.write(b"10000\r\n" + b"<item>" * 10922 + b"...." + b"\r\n")
        await writer.drain()


async def _slow(_server: EvilServer, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(head(200, {"Content-Length": "100000"}))
    for byte in GOOD.encode():
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def _slow_head(_server: EvilServer, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 10_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def _silent(_server: EvilServer, _seen: Seen, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _reset(_server: EvilServer, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(head(200, {"Content-Length": "100000"}) + GOOD.encode()[:50])
    await writer.drain()
    writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _reset_once(server: EvilServer, seen: Seen, writer: asyncio.StreamWriter) -> None:
    if len(server.requests) == 1:
        await _reset(server, seen, writer)
    else:
        await _bytes(200, GOOD.encode())(server, seen, writer)


async def _loop(server: EvilServer, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(head(302, {"Location": "/b" if len(server.requests) % 2 else "/a", "Content-Length": "0"}))


async def _stairs(server: EvilServer, _seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(head(302, {"Location": f"/step/{len(server.requests)}", "Content-Length": "0"}))


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {  # the coding that the header names, and the body
    "bomb-gzip": ("gzip", gzip_bomb),
    "bomb-nested": ("gzip, gzip", partial(gzip_bomb, layers=2)),
    "bomb-members": ("gzip", partial(gzip_bomb, members=64)),
    "bomb-br": ("br", brotli_bomb),
    "bomb-zstd": ("zstd", zstd_bomb),
}
EVILS: dict[str, Callable[..., Awaitable[None]]] = {
    **{kind: _bomb(*bomb) for kind, bomb in BOMBS.items()},
    "endless": _endless,
    "huge": _bytes(200, b"<rss>" + b" " * (6 * 1024 * 1024)),
    "slow-loris": _slow,
    "slow-head": _slow_head,
    "silent": _silent,
    "reset": _reset,
    "reset-once": _reset_once,
    "header-flood": _raw(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(200_000)) + b"\r\n"),
    "long-header": _raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 1_000_000 + b"\r\n\r\n"),
    "redirect-loop": _loop,
    "redirect-stairs": _stairs,
    "redirect-private": _bytes(302, b"", Location="http://169.254.169.254/latest/meta-data/"),  # which nobody may ask
    "redirect-file": _bytes(302, b"", Location="file:///etc/passwd"),
    "redirect-nowhere": _bytes(302, b""),
    "html": _bytes(200, PAGE.encode(), Content_Type="text/html; charset=utf-8"),
    "short-body": _raw(head(200, {"Content-Length": "100000"}) + GOOD.encode()),
    "truncated-gzip": _bytes(200, gzip.compress(GOOD.encode())[:-20], Content_Encoding="gzip"),
    "wrong-coding": _bytes(200, GOOD.encode(), Content_Encoding="rot13"),
    "not-http": _raw(b"ICY 200 OK\r\n\r\n" + GOOD.encode()),
    "http-0.9": _raw(GOOD.encode()),
    "two-lengths": _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    "unasked-304": _raw(head(304, {})),
    **{f"status-{status}": _bytes(status, b"no") for status in (401, 403, 404, 410, 418, 451, 500, 503)},
    **{f"429-{name}": _bytes(429, b"slow down", Retry_After=value) for name, value in RETRY_AFTER.items()},
    "429": _bytes(429, b"slow down"),
    "503-delta": _bytes(503, b"later", Retry_After="120"),
}

_GOOD = GOOD.encode()
_LENGTH = str(len(_GOOD))
ODD: dict[str, bytes] = {  # strange, and to be read all the same
    "close-delimited": b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + _GOOD,
    "bare-line-feeds": f"HTTP/1.1 200 OK\nContent-Length: {_LENGTH}\n\n".encode() + _GOOD,
    "early-hints": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + head(200, {"Content-Length": _LENGTH}) + _GOOD,
    "latin-1-header": head(200, {"Content-Length": _LENGTH, "X-Stadt": "Köln"}) + _GOOD,
    "says-gzip": head(200, {"Content-Length": _LENGTH, "Content-Encoding": "gzip"}) + _GOOD,
}
EVILS |= {name: _raw(answer) for name, answer in ODD.items()}
