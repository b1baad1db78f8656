"""The web server: health, readiness, metrics, the status page, and whom it answers."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64encode
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

import aiohttp
import pytest

from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.web.metrics import Metrics, watch_lag
from smwatch.web.server import Listen, WebServer, read_listen
from smwatch.web.status import Section, Snapshot, page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Daemon:
    """A daemon that says what the test wants."""

    def __init__(self) -> None:
        self.is_alive = True
        self.is_ready = True
        self.refreshed = 0
        self.metrics = Metrics(version="9.8.7")
        self.headline: str = "Acme <b>&"

    def alive(self) -> bool:
        return self.is_alive

    def ready(self) -> bool:
        return self.is_ready

    async def refresh(self) -> None:
        self.refreshed += 1
        self.metrics.queue({"pr": 2})

    async def snapshot(self) -> Snapshot:
        rows = (("<script>alert(1)</script>", '"quoted" & <i>'),)
        return Snapshot(
            headline=text("{it}", it=self.headline), sections=(Section(title=text("{it}", it="Quellen"), rows=rows),)
        )


@asynccontextmanager
async def served(daemon: Daemon, public_url: str | None = None) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    listen = read_listen("127.0.0.1:0", public_url)
    assert listen is not None
    server = WebServer(listen, daemon, daemon.metrics)
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield session, f"http://127.0.0.1:{server.port}"
    finally:
        await server.stop()


async def test_health_and_readiness_are_two_questions() -> None:
    daemon = Daemon()
    async with served(daemon) as (session, url):
        for alive, ready in ((True, True), (True, False), (False, True)):
            daemon.is_alive, daemon.is_ready = alive, ready
            async with session.get(url + "/healthz") as answer:
                assert answer.status == (200 if alive else 503)
            async with session.get(url + "/readyz") as answer:
                assert answer.status == (200 if ready else 503)


async def test_metrics_are_brought_up_to_date_and_all_called_smwatch() -> None:
    daemon = Daemon()
    daemon.metrics.polled("ok")
    daemon.metrics.delivered("pr", "sent")
    async with served(daemon) as (session, url), session.get(url + "/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        lines = (await answer.text()).splitlines()
    names = {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")}
    assert daemon.refreshed == 1
    assert {name for name in names if not name.startswith("smwatch_")} == set()
    assert 'smwatch_polls_total{outcome="ok"} 1.0' in lines
    assert 'smwatch_deliveries_total{channel="pr",outcome="sent"} 1.0' in lines
    assert 'smwatch_queue_length{channel="pr"} 2.0' in lines
    assert 'smwatch_build_info{version="9.8.7"} 1.0' in lines


async def test_the_page_escapes_what_it_shows() -> None:
    async with served(Daemon()) as (session, url), session.get(url + "/") as answer:
        html = await answer.text()
    assert "<h1>Acme &lt;b&gt;&amp;</h1>" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&quot;quoted&quot; &amp; &lt;i&gt;" in html
    assert "<script" not in html


async def test_the_policy_admits_exactly_the_style_that_the_page_carries() -> None:
    async with served(Daemon()) as (session, url), session.get(url + "/") as answer:
        html = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/nothing-here"])
async def test_every_answer_is_dressed_and_names_no_version(path: str) -> None:
    async with served(Daemon()) as (session, url), session.get(url + path) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Server"] == "smwatch"
        assert answer.status == (404 if path == "/nothing-here" else 200)


async def test_a_malformed_request_learns_no_version() -> None:
    async with served(Daemon()) as (_, url):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"nonsense\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.0 400")
    assert b"aiohttp" not in answer
    assert b"Python" not in answer


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8787", 200),
        ("127.0.0.1", 200),
        ("[::1]:8787", 200),
        ("WATCH.acme.example", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("[", 421),
    ],
)
async def test_only_hosts_that_are_meant_are_answered(host: str, status: int) -> None:
    async with (
        served(Daemon(), "https://watch.acme.example/") as (session, url),
        session.get(url + "/healthz", headers={"Host": host}) as answer,
    ):
        assert answer.status == status


async def test_only_reading() -> None:
    async with served(Daemon()) as (session, url), session.post(url + "/", data=b"x") as answer:
        assert answer.status == 405


@pytest.mark.parametrize("listen", ["0.0.0.0:8787", "[::]:80", "192.0.2.7:8787", "watch.acme.example:80"])
def test_an_address_that_others_reach_needs_a_public_url(listen: str) -> None:
    with pytest.raises(UserError, match="public_url"):
        read_listen(listen)
    admitted = read_listen(listen, "https://watch.acme.example/smwatch")
    assert admitted is not None
    assert "watch.acme.example" in admitted.names


@pytest.mark.parametrize("listen", ["8787", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:80/x", "[::1"])
def test_a_listen_that_is_none_is_said(listen: str) -> None:
    with pytest.raises(UserError, match=r"like 127\.0\.0\.1:8787"):
        read_listen(listen)


def test_an_empty_listen_turns_it_off() -> None:
    assert read_listen("") is None


def test_a_plain_listen_knows_the_loopback_names() -> None:
    assert read_listen("127.0.0.1:8787") == Listen(host="127.0.0.1", port=8787, names=LOOPBACK)


async def test_a_taken_port_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = Listen(host="127.0.0.1", port=other.getsockname()[1], names=LOOPBACK)
        with pytest.raises(UserError, match=r"cannot listen on 127\.0\.0\.1"):
            await WebServer(listen, Daemon(), Metrics()).start()


def test_a_section_without_rows_says_so() -> None:
    shown = page(Snapshot(headline=text("ok"), sections=(Section(title=text("Sources"), rows=()),), language="en"))
    assert "<h2>Sources</h2><p>nothing</p>" in shown


async def test_the_lag_is_what_blocked_the_loop_and_starts_anew_with_each_scrape() -> None:
    metrics = Metrics()
    rounds = 0

    async def no_wait(_: float) -> None:
        nonlocal rounds
        rounds += 1
        if rounds > 1:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await watch_lag(metrics, no_wait)
    metrics.lagged(1.5)
    metrics.lagged(0.5)
    assert b"smwatch_loop_lag_seconds 1.5" in metrics.exposition()
    assert b"smwatch_loop_lag_seconds 0.0" in metrics.exposition()


def test_a_channel_that_is_gone_leaves_the_metrics() -> None:
    metrics = Metrics()
    metrics.queue({"old": 3})
    metrics.queue({"pr": 1})
    metrics.sources({"ok": 4, "failing": 1})
    metrics.reloaded(ok=False)
    shown = metrics.exposition().decode()
    assert 'smwatch_queue_length{channel="pr"} 1.0' in shown
    assert "old" not in shown
    assert 'smwatch_sources{state="failing"} 1.0' in shown
    assert "smwatch_config_reload_ok 0.0" in shown
