from __future__ import annotations

import sys

import pytest
from smwatch.plugins.console import RULE, ConsoleChannel

from smwatch.errors import ChannelError, Scope
from smwatch.testing.channel_kit import context, delivery


class Bench:
    channel = ConsoleChannel(name="terminal", type="console")
    session = None
    secrets = ()


async def shown(capsys, *args, **more):
    await Bench.channel.send(context(Bench), delivery(*args, **more))
    return capsys.readouterr().out


async def test_an_alert_stands_under_a_rule_with_title_and_link(capsys):
    lines = (await shown(capsys)).splitlines()
    assert lines[:2] == [RULE, "Meldung · Acme"]
    assert "Acme ruft Wecker zurück <https://globex.example/bericht?id=1&teil=2>" in lines


async def test_foreign_text_does_not_steer_the_terminal(capsys):
    out = await shown(capsys, "\x1b[2J\x07weg\u202e\x9b31m")
    assert not set(out) & {"\x1b", "\x07", "\u202e", "\x9b"}


async def test_a_closed_output_holds_the_channel(monkeypatch):
    class Closed:
        def write(self, words):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    with pytest.raises(ChannelError) as caught:
        await Bench.channel.send(context(Bench), delivery())
    assert caught.value.scope is Scope.CHANNEL


async def test_half_characters_do_not_break_it(capsys):
    assert "halb" in await shown(capsys, "halb \ud83d")
