"""Group A of the failures: what servers do to us, against real sockets."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import ssl
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import brotli
import pytest
import trustme
from backports import zstd

from smwatch.config.model import Http
from smwatch.errors import (
    AuthExpired,
    Broken,
    Gone,
    HostRests,
    NotPermitted,
    RateLimited,
    SourceError,
    Transient,
    UserError,
)
from smwatch.fetch import guard
from smwatch.fetch.client import Client
from smwatch.fetch.decode import Body, TooLarge
from smwatch.fetch.hosts import Hosts
from smwatch.fetch.request import Limits
from smwatch.fetch.retry_after import retry_at
from smwatch.testing.servers import EVILS, GOOD, ODD, FeedServer, Server, evil, head

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOW = datetime(2026, 3, 29, 8, 0, tzinfo=UTC)
QUICK = Limits(head=0.3, total=0.4, body=1024 * 1024, pause=0.0)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    found = Client(Http(), "presse@acme.example", limits=QUICK, clock=lambda: NOW)
    yield found
    await found.close()


async def refused(client: Client, kind: str) -> SourceError:
    async with evil(kind) as url:
        with pytest.raises(SourceError) as caught:
            await client.get(url, allow_private=True)
    return caught.value


VERDICTS = {
    "bomb-gzip": Broken,
    "bomb-nested": Broken,
    "bomb-br": Broken,
    "bomb-zstd": Broken,
    "bomb-members": Broken,
    "endless": Broken,
    "huge": Broken,
    "slow-loris": Transient,
    "slow-head": Transient,
    "silent": Transient,
    "reset": Transient,
    "header-flood": Broken,
    "long-header": Broken,
    "redirect-loop": Broken,
    "redirect-stairs": Broken,
    "redirect-file": Broken,
    "redirect-nowhere": Broken,
    "short-body": Transient,
    "truncated-gzip": Transient,
    "wrong-coding": Broken,
    "not-http": Broken,
    "http-0.9": Broken,
    "two-lengths": Broken,
    "status-401": AuthExpired,
    "status-403": NotPermitted,
    "status-404": Broken,
    "status-410": Gone,
    "status-418": Broken,
    "status-451": NotPermitted,
    "status-500": Transient,
    "status-503": Transient,
    "429": RateLimited,
}


async def test_the_limits_are_what_is_promised():
    """Ten seconds until a server speaks, thirty for all of it, 5 MiB decoded, ten redirects; the other tests hurry."""
    client = Client(Http())
    assert client.limits == Limits(head=10.0, total=30.0, body=5 * 1024 * 1024, hops=10, pause=0.25)
    await client.close()


@pytest.mark.parametrize("kind", VERDICTS)
async def test_evil_servers(client: Client, kind: str) -> None:
    error = await refused(client, kind)
    assert type(error) is VERDICTS[kind]
    assert error.sentence.render("de") != error.sentence.render("en")


def test_every_evil_is_tried() -> None:
    others = {"html", "reset-once", "unasked-304", "redirect-private", "503-delta"}
    assert set(EVILS) == {*VERDICTS, *ODD, *others, *(kind for kind in EVILS if kind.startswith("429-"))}


@pytest.mark.parametrize("kind", [*ODD, "reset-once"])
async def test_odd_servers_are_read(client: Client, kind: str) -> None:
    async with evil(kind) as url:
        assert (await client.get(url, allow_private=True)).body == GOOD.encode()


async def test_a_redirect_to_a_private_address_is_refused_by_the_guard(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the first hop of a public source would be public, the table forgets one loopback address for this test."""
    left = [network for network in guard.REFUSED_4 if not network.is_loopback]
    monkeypatch.setattr(guard, "REFUSED_4", (*left, ipaddress.IPv4Network("127.0.0.2/32")))
    monkeypatch.setattr(guard, "is_refused", guard.is_refused.__wrapped__)  # it remembers its verdicts
    async with FeedServer() as server:
        server.put("/secret", GOOD)
        url = server.redirect("/feed", server.url("/secret", "127.0.0.2"))
        with pytest.raises(NotPermitted, match=r"127\.0\.0\.2 is a private address; allow_private"):
            await client.get(url)
        assert [seen.path for seen in server.requests] == ["/feed"]


async def test_not_even_private_sources_are_led_to_cloud_metadata(client: Client) -> None:
    assert type(await refused(client, "redirect-private")) is NotPermitted


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "[fe80::1%25lo]", "224.0.0.1", "[::ffff:127.0.0.1]"])
async def test_what_is_never_asked(client: Client, host: str) -> None:
    with pytest.raises(NotPermitted, match="never asked"):
        await client.get(f"http://{host}:9/", allow_private=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "１２７.0.0.1"])
async def test_private_hosts_get_no_connection(client: Client, host: str) -> None:
    async with FeedServer() as server:
        server.put("/", GOOD)
        with pytest.raises(SourceError):
            await client.get(server.url("/", host))
        assert server.requests == []


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("30", 30),
        ("1.5", 1.5),
        ("0", 0),
        ("-5", 0),
        ("315360000", 86400),
        ("9" * 400, 86400),
        ("inf", 86400),
        ("Sun, 29 Mar 2026 08:02:00 GMT", 120),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2115 07:28:00 GMT", 86400),
        ("soon", None),
        ("nan", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, wait: float | None) -> None:
    assert retry_at(header, NOW) == (None if wait is None else NOW + timedelta(seconds=wait))


@pytest.mark.parametrize(
    ("kind", "wait"), [("429-delta", 30), ("429-float", 1.5), ("429-absurd", 86400), ("503-delta", 120)]
)
async def test_retry_after_is_handed_on(client: Client, kind: str, wait: float) -> None:
    assert (await refused(client, kind)).retry_at == NOW + timedelta(seconds=wait)


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, Transient)])
async def test_a_host_that_asks_for_silence_is_left_alone_by_all_sources(
    client: Client, status: int, kind: type[Exception]
) -> None:
    async with FeedServer() as server:
        server.put("/a", "", status=status, headers={"Retry-After": "60"}, validators=())
        server.put("/b", GOOD)
        for path, error in (("/a", kind), ("/b", HostRests)):
            with pytest.raises(SourceError) as caught:
                await client.get(server.url(path), allow_private=True)
            assert (type(caught.value), caught.value.retry_at) == (error, NOW + timedelta(seconds=60))
        assert [seen.path for seen in server.requests] == ["/a"]


async def test_says_who_it_is(client: Client) -> None:
    async with FeedServer() as server:
        await client.get(server.put("/", GOOD), allow_private=True)
        assert server.requests[0].headers["User-Agent"] == "smwatch/0.1.0 (+presse@acme.example)"


async def test_redirects_are_followed_and_secrets_stay_at_home(client: Client) -> None:
    async with FeedServer() as here, FeedServer() as there:
        there.put("/feed", GOOD)
        here.redirect("/old", "/newer", 301)
        here.redirect("/newer", there.url("/feed"), 308)
        headers = {"Authorization": "Bearer geheim", "X-Api-Key": "geheim", "Accept": "application/rss+xml"}
        answer = await client.get(here.url("/old"), headers=headers, allow_private=True)
        assert (answer.url, answer.moved) == (there.url("/feed"), there.url("/feed"))
        assert [seen.headers["Authorization"] for seen in here.requests] == ["Bearer geheim"] * 2
        assert "geheim" not in str(there.requests[0].headers)
        assert there.requests[0].headers["Accept"] == "application/rss+xml"


async def test_a_passing_redirect_is_no_move(client: Client) -> None:
    async with FeedServer() as server:
        server.put("/feed", GOOD)
        answer = await client.get(server.redirect("/old", "/feed", 302), allow_private=True)
        assert (answer.url, answer.moved) == (server.url("/feed"), None)


async def test_the_loop_is_shown(client: Client) -> None:
    error = await refused(client, "redirect-loop")
    assert "/feed.xml → " in str(error)
    assert " → " in str(error).partition("/b")[2]


async def test_at_most_two_connections_to_a_host(client: Client) -> None:
    async with SlowlyServer() as server:
        answers = await asyncio.gather(*(client.get(server.url(), allow_private=True) for _ in range(8)))
        assert (len(answers), server.most_at_once) == (8, 2)


class SlowlyServer(Server):
    async def answer(self, seen: object, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.01)
        writer.write(head(200, {"Content-Length": "2"}) + b"ok")
        await writer.drain()
        return True


async def test_other_sources_go_on_while_one_hangs(client: Client) -> None:
    async with evil("silent") as hangs, FeedServer() as server:
        stuck = asyncio.ensure_future(client.get(hangs, allow_private=True))
        await asyncio.sleep(0)
        assert (await client.get(server.put("/", GOOD), allow_private=True)).body == GOOD.encode()
        assert not stuck.done()
        with pytest.raises(Transient):
            await stuck


def encoded(name: str) -> bytes:
    plain = GOOD.encode()
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return {
        "gzip": gzip.compress(plain),
        "x-gzip": gzip.compress(plain[:40]) + gzip.compress(plain[40:]),
        "deflate": zlib.compress(plain),
        "Deflate": raw.compress(plain) + raw.flush(),
        "br": brotli.compress(plain),
        "zstd": zstd.compress(plain[:40]) + zstd.compress(plain[40:]),
        "gzip, br": brotli.compress(gzip.compress(plain)),
        "identity": plain,
        "": plain,
    }[name]


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "deflate", "Deflate", "br", "zstd", "gzip, br", "identity", ""])
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_codings(name: str, step: int) -> None:
    body, packed = Body(name, 10_000), encoded(name)
    for start in range(0, len(packed), step):
        body.add(packed[start : start + step])
    assert body.done() == GOOD.encode()


@pytest.mark.parametrize("name", ["gzip", "br", "zstd", "deflate"])
def test_bombs_stop_at_the_limit(name: str) -> None:
    zeros = bytes(8 * 1024 * 1024)
    packed = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstd.compress, "deflate": zlib.compress}[name](
        zeros
    )
    with pytest.raises(TooLarge):
        Body(name, 1024 * 1024).add(packed)


async def test_an_answer_says_how_long_its_certificate_holds(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    now = datetime.now(UTC)
    soon = authority.issue_cert("127.0.0.1", not_after=now + timedelta(days=14, hours=1))
    client = Client(Http(ca_file=str(tmp_path / "ca.pem")), limits=QUICK, clock=lambda: now)
    lax = Client(Http(), limits=QUICK, clock=lambda: now)
    try:
        async with FeedServer(context(soon)) as secure, FeedServer() as open_:
            secure.put("/", GOOD)
            open_.redirect("/there", secure.url())
            open_.put("/", GOOD)
            for _ in range(2):  # a kept connection as well
                assert (await client.get(secure.url(), allow_private=True)).certificate_days == 14
            assert (await client.get(open_.url("/there"), allow_private=True)).certificate_days == 14
            assert (await client.get(open_.url(), allow_private=True)).certificate_days is None
            assert (await lax.get(secure.url(), allow_private=True, insecure=True)).certificate_days is None
    finally:
        await client.close()
        await lax.close()


async def test_a_host_that_was_asked_too_often_rests_longer_each_time_for_all_of_its_sources() -> None:
    moment = [NOW]
    client = Client(Http(), limits=QUICK, clock=lambda: moment[0])
    client.hosts._chance = lambda: 1.0
    try:
        async with FeedServer() as server:
            server.put("/busy", "", status=429, validators=())
            server.put("/other", GOOD)
            waits = []
            for _ in range(3):
                with pytest.raises(RateLimited) as caught:
                    await client.get(server.url("/busy"), allow_private=True)
                waits.append((caught.value.retry_at - moment[0]).total_seconds())
                with pytest.raises(RateLimited):
                    await client.get(server.url("/other"), allow_private=True)
                moment[0] = caught.value.retry_at
            assert waits == [15, 30, 60]
            assert len(server.requests) == 3
            assert (await client.get(server.url("/other"), allow_private=True)).status == 200
            with pytest.raises(RateLimited) as caught:
                await client.get(server.url("/busy"), allow_private=True)
            assert caught.value.retry_at - moment[0] == timedelta(seconds=15)
    finally:
        await client.close()


async def test_a_challenge_of_cloudflare_s_is_named(client: Client) -> None:
    async with FeedServer() as server:
        server.put(
            "/", "<title>Just a moment...</title>", status=403, headers={"cf-mitigated": "challenge"}, validators=()
        )
        with pytest.raises(NotPermitted, match="Cloudflare"):
            await client.get(server.url("/"), allow_private=True)


def test_no_host_rests_for_more_than_six_hours() -> None:
    hosts = Hosts(0.0, chance=lambda: 1.0)
    assert max(hosts.rest("a:443", NOW) - NOW for _ in range(40)) == timedelta(hours=6)


async def test_certificates(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate, other = authority.issue_cert("localhost", "127.0.0.1"), authority.issue_cert("globex.example")
    expired = authority.issue_cert(
        "127.0.0.1", not_after=datetime(2020, 1, 2, tzinfo=UTC), not_before=datetime(2020, 1, 1, tzinfo=UTC)
    )
    strict = Client(Http(ca_file=str(tmp_path / "ca.pem")), limits=QUICK)
    simple = Client(Http(), limits=QUICK)
    try:
        async with (
            FeedServer(context(certificate)) as good,
            FeedServer(context(other)) as wrong,
            FeedServer(context(expired)) as old,
        ):
            for server in (good, wrong, old):
                server.put("/", GOOD)
            assert (await strict.get(good.url(), allow_private=True)).status == 200
            assert (await simple.get(old.url(), allow_private=True, insecure=True)).status == 200
            for client, server, reason in (
                (simple, good, "an issuer that is not trusted"),
                (strict, wrong, "not made for"),
                (strict, old, "has expired"),
            ):
                with pytest.raises(Broken, match=reason):
                    await client.get(server.url(), allow_private=True)
    finally:
        await strict.close()
        await simple.close()


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(found)
    return found


def test_a_missing_ca_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ca_file"):
        Client(Http(ca_file=str(tmp_path / "none.pem")))


class Proxy(Server):
    """Answers for every address that it is asked for."""

    async def answer(self, seen: object, writer: asyncio.StreamWriter) -> bool:
        writer.write(head(200, {"Content-Length": "5"}) + b"proxy")
        await writer.drain()
        return True


async def test_the_proxy_is_used_and_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Proxy() as proxy, FeedServer() as direct:
        direct.put("/", GOOD)
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
        client = Client(Http(proxy=proxy.url(), no_proxy=("127.0.0.1",)), limits=QUICK)
        try:
            assert (await client.get("http://acme.invalid/feed")).body == b"proxy"
            assert proxy.requests[0].path == "http://acme.invalid/feed"
            for private in ("http://10.0.0.1/", "http://localhost/", "http://[fc00::1]/"):
                with pytest.raises(NotPermitted):
                    await client.get(private)
            assert len(proxy.requests) == 1
            assert (await client.get(direct.url(), allow_private=True)).body == GOOD.encode()
            with pytest.raises(NotPermitted):
                await client.get(direct.url())
        finally:
            await client.close()


async def test_faults_of_the_way(client: Client) -> None:
    async with FeedServer() as server:
        gone = server.url()
    for url, reason in ((gone, "cannot be reached"), ("http://acme.invalid/", "cannot be resolved")):
        with pytest.raises(Transient, match=reason):
            await client.get(url, allow_private=True)
