"""The main job on real feeds: the real daemon polls them all, and news in them arrive in Slack and as mails.

SMWATCH_CORPUS names the folder of real data; see `corpus_expectations`.
"""

from __future__ import annotations

import asyncio
import email
import json
import os
import signal
import sys
import warnings
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import policy
from typing import TYPE_CHECKING, Any

import pytest
from corpus_expectations import CORPUS, members, ours
from feeds_world import Site, nginx_program, replace_file, served, with_news

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # aiosmtpd still looks at asyncio's old policies
    from aiosmtpd.smtp import SMTP

from smwatch.testing.fake_slack import FakeSlack

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Callable
    from email.message import EmailMessage
    from pathlib import Path

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]
SECONDS = 90.0  # for each thing that is waited for
NEWS = 8  # at once: below what makes a storm
SPELLINGS = ("Bergmühle", "Bergmuehle", "BERGMÜHLE", "Bergmu\u0308hle")

CONFIG = """\
[smwatch]
language = "de"
store = "sqlite://{folder}/state/smwatch.db"

[web]
listen = ""

[channels.pr]
type = "slack"
channel = "#pr-alerts"
token = {{ env = "SMWATCH_TEST_SLACK" }}
api_url = "{api_url}"
max_per_hour = 0

[channels.presse]
type = "email"
to = ["presse@acme.example"]
from = "smwatch@acme.example"
smtp = {{ host = "127.0.0.1", port = {smtp}, tls = "none" }}
max_per_hour = 0

[[watch]]
name = "Bergmühle"
query = 'Bergmühle'
alert = ["pr", "presse"]
"""
SOURCE = """
[[source]]
name = "{name}"
type = "feed"
url = "{url}"
interval = "4s"
allow_private = true
"""


@pytest.fixture(autouse=True)
def corpus() -> None:
    if not os.environ.get("SMWATCH_CORPUS"):
        pytest.skip("SMWATCH_CORPUS does not name the folder of real data")


def real_feeds() -> dict[str, bytes]:
    """File names and bodies of all feeds that are feeds, of the small web and of many languages."""
    found = {}
    for archive in ("fastfeedparser-real", "codehollow-feedreader"):
        for _, body in members(CORPUS / "feeds" / f"{archive}.tar.xz"):
            if ours(body) is not None:
                found[f"{len(found):03}.xml"] = body
    return found


class Postbox:
    """A real SMTP server on loopback and the mails that it took."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@asynccontextmanager
async def postbox() -> AsyncIterator[Postbox]:
    box = Postbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def daemon(folder: Path, slack: FakeSlack) -> AsyncIterator[Process]:
    """`smwatch run` as anybody starts it; its log is beside the config."""
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "smwatch", "run", "--config", str(folder / "smwatch.toml"),
            env={**os.environ, "SMWATCH_TEST_SLACK": slack.token}, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def until(true: Callable[[], bool], what: str, process: Process) -> None:
    """Wait for something that other processes bring about, and no longer than it is worth."""
    end = asyncio.get_running_loop().time() + SECONDS
    while not true():
        assert process.returncode is None, "the daemon ended"
        assert asyncio.get_running_loop().time() < end, what
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("server", ["aiohttp", "nginx"])
async def test_the_daemon_on_real_feeds(server: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    if server == "nginx" and not nginx_program():
        pytest.skip("nginx is not installed")
    feeds, site_folder = real_feeds(), tmp_path / "site"
    site_folder.mkdir()
    for name, body in feeds.items():
        (site_folder / name).write_bytes(body)
    async with FakeSlack() as slack, postbox() as box, served(site_folder, server) as site:
        config = CONFIG.format(folder=tmp_path, api_url=slack.api_url, smtp=box.port)
        config += "".join(SOURCE.format(name=name, url=site.url(name)) for name in feeds)
        (tmp_path / "smwatch.toml").write_text(config, encoding="utf-8")
        async with daemon(tmp_path, slack) as process:
            await two_rounds(site, set(feeds), process)
            before = len(slack.posts("pr-alerts")), len(box.mails)
            news = add_news(site_folder, feeds, site)
            await all_told(news, slack, box, process)
            status = await said_by(tmp_path, "status", "--json")
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert [one for one in json.loads(status)["sources"] if one["state"] != "ok"] == []
    assert alerts(slack, before[0]) == alerts_by_mail(box, before[1]) == len(news)
    assert slack.pings == []
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    print(f"\n{server}: {len(feeds)} feeds, {len(news)} news, requests {tally(site)}")  # noqa: T201 - the figures


async def two_rounds(site: Site, names: set[str], process: Process) -> None:
    """Every feed was read whole once, and not again while it did not change."""

    def read_twice() -> bool:
        found = site.statuses()
        return all(len(found.get(name, ())) >= 2 for name in names)

    await until(read_twice, "not every feed was read twice", process)
    for name, statuses in site.statuses().items():
        assert statuses[0] == 200, name
        assert set(statuses[1:]) <= {304}, name


def add_news(folder: Path, feeds: dict[str, bytes], site: Site) -> dict[str, str]:
    """Put an entry about the brand into some of the feeds; its title by link, as it should be read."""
    now, news = datetime.now(UTC).replace(microsecond=0), {}
    for name, body in list(feeds.items())[:: len(feeds) // NEWS][:NEWS]:
        link = f"https://news.acme.example/{name}"
        brand = SPELLINGS[len(news) % len(SPELLINGS)]
        changed = with_news(body, brand, link, now)
        found = next((item for item in ours(changed or b"") or () if item["url"] == link), None)
        if changed is not None and found is not None:
            replace_file(folder / name, changed)
            news[link] = found["title"]
    assert len(news) >= NEWS - 2
    return news


async def all_told(news: dict[str, str], slack: FakeSlack, box: Postbox, process: Process) -> None:
    """Every one of the news stands in Slack and in a mail, with its link and at least 60 characters of its title."""

    def missing(told: list[str]) -> list[str]:
        return [link for link, title in news.items() if not any(_tells(text, title, link) for text in told)]

    await until(
        lambda: not missing([post.text for post in slack.posts("pr-alerts")]), "not all news are in Slack", process
    )
    await until(lambda: not missing([plain(mail) for mail in box.mails]), "not all news came by mail", process)
    assert not missing([plain(mail, "html") for mail in box.mails])


def _tells(text: str, title: str, link: str) -> bool:
    return link in text and title[:60] in " ".join(text.split())


def plain(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def alerts(slack: FakeSlack, before: int) -> int:
    return sum("news.acme.example" in post.text for post in slack.posts("pr-alerts")[before:])


def alerts_by_mail(box: Postbox, before: int) -> int:
    return sum("news.acme.example" in plain(mail) for mail in box.mails[before:])


def tally(site: Site) -> dict[int, int]:
    found: dict[int, int] = {}
    for statuses in site.statuses().values():
        for status in statuses:
            found[status] = found.get(status, 0) + 1
    return found


async def said_by(folder: Path, *words: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "smwatch", *words, "--config", str(folder / "smwatch.toml"),
        env={**os.environ, "SMWATCH_TEST_SLACK": "x"}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    return said
