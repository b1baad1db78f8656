from __future__ import annotations

import json
from datetime import timedelta

import pytest
from message_samples import NOW, mention, story

from smwatch.i18n import text
from smwatch.message import notes, planned
from smwatch.model import Where

GERMAN = {"language": "de", "timezone": "Europe/Berlin"}
DARK = [notes.Unreadable(name="Blog", reason=text("silent")), notes.Unreadable(name="Forum")]
PLACE = (Where(file="a.toml", line=3, column=7), text("silent"))


def rendered(kind, plan, **more):
    """Through the store and back."""
    return planned.planned_message(kind, json.loads(json.dumps(plan)), **GERMAN, now=NOW, **more)


def test_the_look_back():
    figures = {"sources": 3, "items": 40, "hits": 2, "unreadable": DARK, "next_digest": NOW, "added": ("Blog",)}
    assert rendered("start", planned.start_plan(**figures)) == notes.start_message(**GERMAN, now=NOW, **figures)
    bare = {"sources": 1, "items": 0, "hits": 0}
    assert rendered("start", planned.start_plan(**bare)) == notes.start_message(**GERMAN, now=NOW, **bare)


def test_late_items_and_summaries_get_their_stories_at_sending():
    stories = [story(mention(1)), story(mention(2))]
    span = {"items": 14, "since": NOW - timedelta(days=3), "until": NOW, "source": "Blog"}
    assert rendered("late", planned.late_plan(**span), stories=stories) == notes.late_message(stories, **GERMAN, **span)
    message = rendered("summary", {}, stories=stories)
    assert message.title == "Lage: 2 Themen"
    assert "Gerade ist viel los" in message.blocks[1].runs[0].text
    assert "seit Mo., 24. Nov., 06:58" in message.blocks[2].runs[0].text


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (planned.ops_plan(text("silent")), notes.news_message(text("silent"), **GERMAN)),
        (planned.sources_plan(DARK, ["Presse"]), notes.source_message(DARK, ["Presse"], **GERMAN)),
        (
            planned.broken_config_plan([PLACE], ["Acme"]),
            notes.broken_config_message([PLACE], **GERMAN, stopped=["Acme"]),
        ),
        (planned.saved_config_plan([text("silent")]), notes.saved_config_message([text("silent")], **GERMAN)),
    ],
)
def test_news_for_the_operator(plan, expected):
    assert rendered("ops", plan) == expected


def test_the_test_message_and_an_unknown_kind():
    assert rendered("test", {}, channel="pr") == notes.test_message(**GERMAN, channel="pr", now=NOW)
    with pytest.raises(ValueError, match="'digest'"):
        rendered("digest", {})
