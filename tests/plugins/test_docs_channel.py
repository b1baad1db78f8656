"""The channel on the page for plugin authors: its code is loaded as an operator would, and held to the kit."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

import smwatch.loader
from smwatch.errors import ChannelError, Outcome
from smwatch.plugin import Secret
from smwatch.testing.channel_kit import ChannelConformance, context, delivery

DOCS = Path(__file__).resolve().parents[2] / "docs" / "plugins" / "README.md"


class Bench:
    """The pager, and what stands on its display."""

    secrets = ("sehr-geheim-456",)

    def __init__(self) -> None:
        self.got: list[dict[str, object]] = []
        self.statuses: list[int | None] = []

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(json.loads(await request.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        if status is None:
            request.transport.close()
            return web.Response()
        return web.Response(status=status)

    def seen(self) -> list[str]:
        return [str(one["line"]) for one in self.got]

    def alarms(self) -> list[str]:
        return []

    def lose_reply(self) -> None:
        self.statuses.append(None)

    def break_down(self) -> None:
        self.statuses.append(None)


@pytest.fixture
async def bench(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "acme_pager.py").write_text(code, encoding="utf-8")
    tmp_path.chmod(0o700)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "smwatch_operator_acme_pager", raising=False)
    monkeypatch.setenv("PAGER_TOKEN", "sehr-geheim-456")
    made = Bench()
    app = web.Application()
    app.router.add_post("/lines", made.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/lines"
    kind = smwatch.loader.load(folder=tmp_path).channels["acme_pager"]
    made.channel = kind(type="acme_pager", name="pager", url=url, token=Secret("env", "PAGER_TOKEN"))
    async with aiohttp.ClientSession() as session:
        made.session = session
        yield made
    await runner.cleanup()


class TestPager(ChannelConformance):
    async def test_send_shows_title_and_link(self, bench) -> None:  # a pager has no room for links
        await bench.channel.send(context(bench), delivery())
        assert bench.seen() == ["Acme ruft Wecker zurück"]

    async def test_hostile_links_lead_nowhere_else(self) -> None:
        pytest.skip("a pager has no links")


@pytest.mark.parametrize(
    ("status", "outcome", "permanent"), [(401, Outcome.NOT_SENT, True), (500, Outcome.NOT_SENT, False)]
)
async def test_refusals(bench, status, outcome, permanent) -> None:
    bench.statuses.append(status)
    with pytest.raises(ChannelError) as caught:
        await bench.channel.send(context(bench), delivery())
    assert (caught.value.outcome, caught.value.permanent) == (outcome, permanent)
