"""A newsletter on its way from a real mail server to Slack."""

from __future__ import annotations

from datetime import UTC, datetime

import dovecot as imap_server
import pytest
from dovecot import MISSING, PASSWORD, USER, mail

from smwatch.store import sources

pytestmark = pytest.mark.skipif(imap_server.DOVECOT is None, reason=MISSING)


@pytest.fixture
async def server():
    async with imap_server.dovecot() as made:
        yield made


async def test_a_mail_is_an_alert_within_seconds_and_a_hundred_before_it_are_none(world, server, monkeypatch):
    monkeypatch.setenv("IMAP_PASSWORD", PASSWORD)
    for number in range(100):
        server.delivers(mail(f"Acme-Brief {number}", number=number))
    world.clock.runs()
    world.watch("Acme", "acme")
    world.source(
        "Newsletter",
        "",
        type="mailbox",
        host=server.host,
        port=server.secure,
        user=USER,
        password={"env": "IMAP_PASSWORD"},
        tls="insecure",
        interval="1h",  # what comes meanwhile comes by push
    ).pop("url")
    await world.watches()
    await world.eventually(lambda: world.polls["Newsletter"], "the first poll")
    await world.eventually(lambda: stands_at(world, 100), "the stream")
    server.delivers(mail("Acme ruft zurück", number="neu", at=datetime.now(UTC)))
    await world.hears("Acme ruft zurück")
    await world.eventually(lambda: stands_at(world, 101), "the push")
    assert world.slack.reads("Acme-Brief 7") == []
    polls = world.polls["Newsletter"]
    await server.numbers_anew()
    world.nudge()
    await world.eventually(lambda: world.polls["Newsletter"] > polls, "a poll of the folder that was numbered anew")
    await world.calm(but=["Newsletter"])
    assert len(world.slack.reads("Acme ruft zurück")) == 1
    world.may_fail = True  # the stream fell when the server went


async def stands_at(world, uid):
    """Whether the stream has brought everything up to this mail."""
    async with world.app.store.read() as connection:
        (row,) = await sources.all_sources(connection)
    return (row.stream_cursor or "").endswith(f":{uid}")
