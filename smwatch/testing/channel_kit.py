"""What every channel must do: subclass `ChannelConformance` and give it a `bench`.

    class TestMyChannel(ChannelConformance):
        @pytest.fixture
        async def bench(self):
            yield MyBench()

A `Bench` knows the channel, what people see of it, and how to make its other end fail. Tests of abilities that the
channel does not have are skipped with a word.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import structlog

from smwatch.errors import ChannelError, Outcome
from smwatch.message.model import Action, Bullets, Context, Heading, Message, Paragraph, Run, Table
from smwatch.plugin import Delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.plugin import Channel

LINK = "https://globex.example/bericht?id=1&teil=2"
HOSTILE = (
    "<!channel> <!here> <!everyone>",
    "<@U012AB3CD> <!subteam^S012|team> <#C012AB3CD>",
    "@channel @here @everyone",
    "&lt;!channel&gt; &amp;lt;!here&amp;gt;",
    "<https://evil.example|https://bank.example>",
    "*fett* _kursiv_ ~weg~ `code` ```block``` > Zitat",
    "Zeile\r\nBcc: evil@evil.example\r\n\r\nText",
    "=?utf-8?b?b2sNCkJjYzogZXZpbEBldmlsLmV4YW1wbGU=?=",
    "\u202eodnu\u202c \u2066links\u2069 \u200bnull\u200b",
    "Z" + "\u0301" * 60 + "algo",
    "\x00\x01\x07\x1b[31mrot\x1b[0m\x7f",
    "halb \ud83d surrogat",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "javascript:alert(1) data:text/html,x",
    "{{ 7 * 7 }} ${jndi:ldap://evil.example} %s %n {0}",
    ":smile: :skull: 👩‍👩‍👧‍👦 🇩🇪",
    "x" * 5_000,
    "",
    " ",
)
HOSTILE_LINKS = (
    "javascript:alert(1)",
    "https://evil.example>|<!channel>",
    "https://bank.example@evil.example/",
    "https://globex.example/a b|c<d>",
    "HTTPS://globex.example/\u202egpj.exe",
    "file:///etc/passwd",
    "",
)


class Bench(Protocol):
    """A channel and the world at its other end."""

    channel: Channel
    session: Any
    secrets: Sequence[str]

    def seen(self) -> list[str]:
        """What people read, one text a message, in order; edits in place."""

    def alarms(self) -> list[str]:
        """What must never happen: mentions that ping, headers added, markup that works."""

    def lose_reply(self) -> None:
        """The next message arrives, its answer does not."""

    def break_down(self) -> None:
        """From now on nothing is accepted, in the ugliest way that there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KitContext:
    """A ChannelContext for tests."""

    session: Any
    now: datetime
    log: Any


def context(bench: Bench) -> KitContext:
    """The context of one call."""
    return KitContext(session=bench.session, now=datetime.now(UTC), log=structlog.get_logger("smwatch.testing"))


def delivery(title: str = "Acme ruft Wecker zurück", *, key: str = "kit-1", link: str = LINK, **more: Any) -> Delivery:  # noqa: ANN401 - fields of Delivery
    """An alert with foreign text in every place that may hold some."""
    foreign = Run(text=title, link=link)
    blocks = (
        Heading(text="Meldung · Acme"),
        Paragraph(runs=(replace(foreign, bold=True),)),
        Context(runs=(Run(text=title), Run(text=" · "), Run(text="24. Nov., 14:05", when=datetime.now(UTC)))),
        Paragraph(runs=(Run(text=title), Run(text="Acme", bold=True)), quote=True),
        Bullets(items=((foreign,), (Run(text=title, italic=True),))),
        Table(header=("Suchauftrag", "Erwähnungen"), rows=((title, "3"),), numeric=frozenset({1})),
    )
    actions = (Action(id="open", label="Original öffnen", url=link), Action(id="take", label="Übernehmen", value="S4"))
    message = Message(title=title, blocks=blocks, actions=actions, thread="story:1")
    return Delivery(key=key, kind="card", message=message, **{"data": {"title": title}, **more})


class ChannelConformance:
    """The tests; a subclass brings the fixture `bench`."""

    async def test_send_shows_title_and_link(self, bench: Bench) -> None:
        """An alert holds at least the title and the link."""
        await bench.channel.send(context(bench), delivery())
        (text,) = bench.seen()
        assert "Acme ruft Wecker zurück" in text
        assert LINK in text

    async def test_an_edit_changes_the_message_in_place(self, bench: Bench) -> None:
        """Full state, sent again: one message afterwards."""
        _needs(bench, "edit")
        receipt = await bench.channel.send(context(bench), delivery())
        for _ in range(2):
            receipt = await bench.channel.edit(context(bench), delivery("Neuer Stand", revision=2), receipt)
        (text,) = bench.seen()
        assert "Neuer Stand" in text

    async def test_find_finds_what_has_this_key_and_nothing_else(self, bench: Bench) -> None:
        """What a crash left behind is found by its key."""
        _needs(bench, "find")
        sent = await bench.channel.send(context(bench), delivery(key="mine"))
        ctx = context(bench)
        found = await bench.channel.find(ctx, delivery(key="mine", first_attempt=ctx.now))
        assert found == sent
        assert await bench.channel.find(ctx, delivery(key="other", first_attempt=ctx.now)) is None

    async def test_a_lost_reply_is_unsure(self, bench: Bench) -> None:
        """Whoever does not know must say so: only "surely not sent" is repeated without asking."""
        bench.lose_reply()
        with pytest.raises(ChannelError) as caught:
            await bench.channel.send(context(bench), delivery())
        assert caught.value.outcome is Outcome.UNSURE

    @pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
    async def test_hostile_text_is_only_text(self, bench: Bench, title: str) -> None:
        """No mention, no markup, no header, no control character; and it is accepted."""
        await bench.channel.send(context(bench), delivery(title))
        (text,) = bench.seen()
        assert bench.alarms() == []
        assert not set(text) & {"\x00", "\x07", "\x1b", "\u202e", "\u2066"}

    @pytest.mark.parametrize("link", HOSTILE_LINKS, ids=range(len(HOSTILE_LINKS)))
    async def test_hostile_links_lead_nowhere_else(self, bench: Bench, link: str) -> None:
        """Only http(s), only to the host that is shown."""
        await bench.channel.send(context(bench), delivery(link=link))
        (text,) = bench.seen()
        assert bench.alarms() == []
        assert "javascript:alert" not in text
        assert "file:///" not in text

    async def test_no_secret_leaks_when_everything_fails(
        self, bench: Bench, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Neither in the sentence, nor in the traceback, nor in the log."""
        bench.break_down()
        with pytest.raises(ChannelError) as caught:
            await bench.channel.send(context(bench), delivery())
        trace = "".join(traceback.format_exception(caught.value))
        out = capsys.readouterr()
        told = [caught.value.sentence.render("de"), str(caught.value), trace, caplog.text, out.out, out.err]
        told.append(repr(bench.channel))
        assert [secret for secret in bench.secrets if any(secret in one for one in told)] == []


def _needs(bench: Bench, ability: str) -> None:
    if ability not in bench.channel.abilities():
        pytest.skip(f"this channel cannot {ability}")
