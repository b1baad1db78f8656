"""The sign of life, against a real server."""

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from smwatch.heartbeat import Heartbeat


class Switch:
    """A dead man's switch: counts calls, answers as it is told."""

    def __init__(self):
        self.calls, self.status = 0, 200

    async def called(self, _request):
        self.calls += 1
        return web.Response(status=self.status)


@pytest.fixture
async def switch():
    made = Switch()
    app = web.Application()
    app.router.add_get("/ping/s3cret", made.called)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ping/s3cret"
    yield made
    await runner.cleanup()


async def test_it_beats_while_work_goes_on_and_an_address_is_there(switch):
    url, alive = [switch.url], [True]
    async with aiohttp.ClientSession() as session:
        heart = Heartbeat(session, lambda: url[0], lambda: alive[0])
        await heart.beat()
        alive[0] = False
        await heart.beat()
        alive[0], url[0] = True, None
        await heart.beat()
    assert switch.calls == 1


async def test_trouble_is_logged_once_and_without_the_address(switch):
    async with aiohttp.ClientSession() as session:
        heart = Heartbeat(session, lambda: switch.url, lambda: True)
        with capture_logs() as logs:
            for status in (200, 500, 500, 200):
                switch.status = status
                await heart.beat()
    assert [entry["event"] for entry in logs] == ["heartbeat_not_heard", "heartbeat_heard_again"]
    assert "s3cret" not in str(logs)


async def test_nobody_there_is_trouble_and_nothing_more():
    async with aiohttp.ClientSession() as session:
        heart = Heartbeat(session, lambda: "http://127.0.0.1:9/ping/s3cret", lambda: True)
        with capture_logs() as logs:
            await heart.beat()
    assert [(entry["event"], entry["error"]) for entry in logs] == [("heartbeat_not_heard", "ClientConnectorError")]
