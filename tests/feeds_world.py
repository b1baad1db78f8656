"""A world of real feeds on loopback: served with validators by nginx or aiohttp, and added to while somebody watches.

async with served(folder, "nginx") as site:
    site.url("a.xml") … site.statuses("a.xml") == [200, 304]
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import TYPE_CHECKING

from aiohttp import web

from smwatch.feeds.encoding import to_utf8

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path


@dataclass(slots=True)
class Site:
    """What was asked, as the server tells it: `statuses` by file name, in order."""

    base: str
    log: Path | None = None
    seen: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def url(self, name: str) -> str:
        return f"{self.base}/{name}"

    def statuses(self) -> dict[str, list[int]]:
        if self.log is None:
            return dict(self.seen)
        found: dict[str, list[int]] = defaultdict(list)
        for line in self.log.read_text().splitlines():
            status, _, path = line.partition(" ")
            found[path.rpartition("/")[2]].append(int(status))
        return dict(found)


@asynccontextmanager
async def served(folder: Path, server: str) -> AsyncIterator[Site]:
    """The files of `folder`, with ETag and Last-Modified, and 304 where nothing changed."""
    async with _nginx(folder) if server == "nginx" else _aiohttp(folder) as site:
        yield site


@asynccontextmanager
async def _aiohttp(folder: Path) -> AsyncIterator[Site]:
    site = Site("")

    async def noted(request: web.Request, response: web.StreamResponse) -> None:
        site.seen[request.path.rpartition("/")[2]].append(response.status)

    app = web.Application()
    app.on_response_prepare.append(noted)
    app.router.add_static("/", folder)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield site
    finally:
        await runner.cleanup()


NGINX = """\
daemon off; master_process off; pid {home}/pid; error_log {home}/error;
events {{ worker_connections 512; }}
http {{
  log_format told '$status $uri'; access_log {home}/access told;
  types {{ application/xml xml; application/json json; }}
  client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3;
  uwsgi_temp_path {home}/4; scgi_temp_path {home}/5;
  server {{ listen 127.0.0.1:{port}; root {folder}; gzip on; gzip_types application/xml application/json; etag on; }}
}}
"""


@asynccontextmanager
async def _nginx(folder: Path) -> AsyncIterator[Site]:
    home, port = folder.parent / "nginx", free_port()
    home.mkdir()
    (home / "access").touch()
    (home / "conf").write_text(NGINX.format(home=home, folder=folder, port=port))
    process = await asyncio.create_subprocess_exec(nginx_program(), "-p", str(home), "-c", str(home / "conf"))
    try:
        await _listening(port)
        yield Site(f"http://127.0.0.1:{port}", home / "access")
    finally:
        process.terminate()
        await process.wait()


def nginx_program() -> str:
    """Where nginx is installed; "" where it is not."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


async def _listening(port: int) -> None:
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise TimeoutError(port)


# ── new entries in real feeds ─────────────────────────────────────────────────────────────────────────────────────────

_ENTRY = re.compile(rb"<(item|entry)[\s>].*?</\1>", re.DOTALL)
_TITLE = re.compile(rb"(<title(?:\s[^>]*)?>\s*(?:<!\[CDATA\[)?)")
_ID = re.compile(rb"(<(?:guid|id)(?:\s[^>]*)?>\s*(?:<!\[CDATA\[)?)[^<\]]*")
_ABOUT = re.compile(rb'(<item\s[^>]*rdf:about=")[^"]*')
_LINK = re.compile(rb"(<link>\s*(?:<!\[CDATA\[)?)[^<\]]*")
_HREF = re.compile(rb"<link(?=\s)(?![^>]*rel=[\"'](?!alternate))[^>]*?href=[\"']([^\"']*)")
_RFC = re.compile(rb"(<pubDate(?:\s[^>]*)?>\s*(?:<!\[CDATA\[)?)[^<\]]*")
_ISO = re.compile(rb"(<(?:dc:date|published|updated|issued|modified|created)(?:\s[^>]*)?>)[^<]*")


def with_news(body: bytes, brand: str, link: str, now: datetime) -> bytes | None:
    """The feed with a copy of its first entry on top: `brand` before its title, a new id, link and date.

    None where the feed has no entry that could be copied so.
    """
    body = to_utf8(body)
    first = _ENTRY.search(body)
    if first is None or not _TITLE.search(first[0]):
        return None
    copy = _TITLE.sub(rb"\g<1>" + brand.encode() + b": ", first[0], count=1)
    copy = _ABOUT.sub(rb"\g<1>" + link.encode(), _ID.sub(rb"\g<1>" + link.encode(), copy), count=1)
    copy = _LINK.sub(rb"\g<1>" + link.encode(), copy, count=1)
    if href := _HREF.search(copy):
        copy = copy[: href.start(1)] + link.encode() + copy[href.end(1) :]
    copy = _RFC.sub(rb"\g<1>" + format_datetime(now).encode(), copy)
    copy = _ISO.sub(rb"\g<1>" + now.isoformat().encode(), copy)
    return body[: first.start()] + copy + b"\n" + body[first.start() :]


def replace_file(file: Path, body: bytes) -> None:
    """All at once, so that nobody reads half of it."""
    part = file.with_suffix(".part")
    part.write_bytes(body)
    part.replace(file)
