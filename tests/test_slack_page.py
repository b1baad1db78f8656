"""The page that shows Slack's blocks: everything that smwatch sends is drawn, and nothing foreign becomes markup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from message_samples import ALERT, NOW, full_digest

from smwatch.demo import showcase
from smwatch.message.alert import alert_message
from smwatch.message.blockkit import block_kit, fallback
from smwatch.message.digest import digest_messages
from smwatch.message.model import Message, Paragraph, Run
from smwatch.testing.fake_slack_blocks import read_message
from smwatch.testing.slack_page import Reader, Shown, blocks_html, page

READER = Reader(language="de", timezone="Europe/Berlin", now=NOW)
BUTTONS = {"language": "de", "timezone": "Europe/Berlin", "buttons": True, "card": "C1"}


def drawn(message: Message, *, buttons: bool = False) -> str:
    body = {"text": fallback(message), "blocks": block_kit(message, buttons=buttons)}
    assert read_message(body).refused == ""
    return page([Shown(body=body, at=NOW)], READER)


@pytest.mark.parametrize(
    "message",
    [
        alert_message(ALERT, **BUTTONS),
        digest_messages(full_digest(40), language="de", timezone="Europe/Berlin")[0],
        showcase.alert(),
        showcase.digest("en"),
    ],
)
def test_everything_that_is_sent_is_drawn(message: Message) -> None:
    found = drawn(message, buttons=True)
    assert 'class="unknown"' not in found
    assert found.count("<article>") == 1


def test_buttons_and_times_look_as_in_slack() -> None:
    found = drawn(alert_message(ALERT, **BUTTONS), buttons=True)
    assert '<span class="button primary">Übernehmen</span><span class="button">Nicht relevant</span>' in found
    assert "Heute 05:59" in found


def test_an_unknown_block_is_seen() -> None:
    assert '<span class="unknown">data_table</span>' in blocks_html([{"type": "data_table"}], READER)


@given(st.text(max_size=60))
def test_foreign_text_is_no_markup(foreign: str) -> None:
    message = Message(title="x", blocks=(Paragraph(runs=(Run(text=f"<b>{foreign}<script>"),)),))
    found = blocks_html(block_kit(message), READER)
    assert "<script" not in found
    assert "<b>" not in found


def test_slacks_own_markup_in_a_section() -> None:
    words = "*fett* _schräg_ `code` <https://acme.example|Acme &amp; Co> &lt;!channel&gt;"
    block = {"type": "section", "text": {"type": "mrkdwn", "text": words}}
    assert (
        "<b>fett</b> <i>schräg</i> <code>code</code> "
        '<a href="https://acme.example" title="acme.example">Acme &amp; Co</a> &lt;!channel&gt;'
    ) in blocks_html([block], READER)


@pytest.mark.parametrize(("days", "shown"), [(0, "Heute 08:00"), (1, "Gestern 08:00"), (2, "22. Nov. 2025 08:00")])
def test_dates_are_near_or_named(days: int, shown: str) -> None:
    assert READER.moment(NOW - timedelta(days=days), "{date_short_pretty} {time}") == shown


def test_a_table() -> None:
    cell = {"type": "raw_text", "text": "7"}
    block = {"type": "table", "rows": [[cell, cell]], "column_settings": [None, {"align": "right"}]}
    assert "<tr><td>7</td><td class=right>7</td></tr>" in blocks_html([block], READER)


def test_the_showcase_is_told_in_german_words_and_few_blocks() -> None:
    alert = block_kit(showcase.alert())
    assert [block["type"] for block in alert] == ["header", "rich_text", "rich_text"]
    told = drawn(showcase.alert()) + drawn(showcase.digest())
    assert "hochgestuft wegen „Steinchen“ im Titel und im Text" in told
    assert [word for word in ("Story", "Mention", "Watch", "in the ") if word in told] == []


def test_the_clock_is_the_readers() -> None:
    far = Reader(language="en", timezone="America/New_York", now=datetime(2026, 1, 2, tzinfo=UTC))
    assert far.moment(datetime(2026, 1, 1, 12, tzinfo=UTC), "{time}") == "07:00"
