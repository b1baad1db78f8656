"""Group A against a real nginx: validators, codings, redirects, limits, connections that are dropped. Needs `nginx`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from smwatch.plugins.feed import FeedSource

from smwatch.errors import Gone, RateLimited, SourceError, Transient
from smwatch.testing.servers import entry, rss
from smwatch.testing.source_kit import walker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")

CONFIG = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
{user}
events {{}}
http {{
  types {{ application/rss+xml xml; }}
  access_log {folder}/access.log;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  gzip on; gzip_types application/rss+xml; gzip_min_length 1; gzip_proxied any;
  limit_req_zone $binary_remote_addr zone=slow:1m rate=1r/m; limit_req_status 429;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/site;
    location /old.xml {{ return 301 /feed.xml; }}
    location /gone.xml {{ return 410; }}
    location /limited/ {{ limit_req zone=slow; alias {folder}/site/; }}
    location /dropped.xml {{ return 444; }}
    location /away.xml {{ add_header Retry-After 90 always; return 503; }}
    location /fresh.xml {{ alias {folder}/site/feed.xml; expires 20m; }}
  }}
}}
"""


@dataclass
class Nginx:
    folder: Path
    port: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def put(self, body: str, name: str = "feed.xml", at: float | None = None) -> None:
        file = self.folder / "site" / name
        file.write_text(body)
        if at is not None:
            os.utime(file, (at, at))

    def statuses(self) -> list[str]:
        return [line.split('" ')[1].split()[0] for line in (self.folder / "access.log").read_text().splitlines()]


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    (tmp_path / "site").mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(CONFIG.format(folder=tmp_path, port=port, user=user))
    command = ["nginx", "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 10
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (tmp_path / "error.log").read_text()
            assert time.monotonic() < end, "nginx does not listen"
            time.sleep(0.02)
        made = Nginx(tmp_path, port)
        made.put(rss(entry("Acme ruft zurück", guid="1")))
        yield made
    finally:
        process.terminate()
        process.wait(10)


def feed(nginx: Nginx, path: str) -> FeedSource:
    return FeedSource(type="feed", name="Blatt", url=nginx.url(path), allow_private=True)


async def test_what_did_not_change_is_a_304_and_what_did_is_read(nginx: Nginx) -> None:
    async with walker(feed(nginx, "/feed.xml")) as core:
        assert [item.title for page in await core.walk() for item in page.items] == ["Acme ruft zurück"]
        assert await core.walk() == []
        nginx.put(rss(entry("Acme zahlt zurück", guid="2")), at=time.time() + 10)
        assert [item.title for page in await core.walk() for item in page.items] == ["Acme zahlt zurück"]
    assert nginx.statuses() == ["200", "304", "200"]


async def test_the_same_bytes_with_new_validators_are_not_parsed_again(nginx: Nginx) -> None:
    async with walker(feed(nginx, "/feed.xml")) as core:
        await core.walk()
        nginx.put(rss(entry("Acme ruft zurück", guid="1")), at=time.time() + 10)
        assert await core.walk() == []
        assert core.pool.metrics.jobs == 1
    assert nginx.statuses() == ["200", "200"]


async def test_a_move_for_good_is_followed_and_counted(nginx: Nginx) -> None:
    async with walker(feed(nginx, "/old.xml")) as core:
        for _ in range(3):
            await core.walk()
        (known,) = core.validators.values()
        assert (known["moved"]["to"], known["moved"]["times"]) == (nginx.url("/feed.xml"), 3)
    assert nginx.statuses() == ["301", "200", "301", "304", "301", "304"]


async def test_how_long_it_may_be_kept_is_remembered(nginx: Nginx) -> None:
    async with walker(feed(nginx, "/fresh.xml")) as core:
        await core.walk()
        (known,) = core.validators.values()
        assert known["fresh_for"] == 1200


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/gone.xml", Gone), ("/dropped.xml", Transient), ("/away.xml", Transient), ("/none.xml", SourceError)],
)
async def test_trouble_has_its_word(nginx: Nginx, path: str, kind: type[SourceError]) -> None:
    async with walker(feed(nginx, path)) as core:
        with pytest.raises(kind) as caught:
            await core.walk()
        assert caught.value.sentence.render("de") != caught.value.sentence.render("en")
        assert caught.value.status == {"/gone.xml": 410, "/away.xml": 503, "/none.xml": 404}.get(path)


async def test_a_host_that_is_asked_too_often_is_left_alone_by_all_its_feeds(nginx: Nginx) -> None:
    async with walker(feed(nginx, "/limited/feed.xml")) as core:
        await core.walk()
        for _ in range(3):
            with pytest.raises(RateLimited):
                await core.walk()
        with pytest.raises(RateLimited):
            await core.client.get(nginx.url("/feed.xml"), allow_private=True)
    assert nginx.statuses() == ["200", "429"]
