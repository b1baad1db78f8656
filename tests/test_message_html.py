from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from message_samples import ALERT, NOW, PLAN, SOURCES, WATCHES, full_digest, item, mention, quiet_digest, story
from selectolax.lexbor import LexborHTMLParser

from smwatch import digest as digests
from smwatch.message.alert import alert_message
from smwatch.message.digest import digest_messages
from smwatch.message.escape import one_line, tame
from smwatch.message.html import mail_html
from smwatch.message.model import Bullets, Context, Divider, Heading, Message, Paragraph, Run, Table
from smwatch.message.plain import plain_text
from smwatch.model import Alert, Priority

READER = {"language": "de", "timezone": "Europe/Berlin"}
PAYLOADS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</mj-text><mj-raw><script>x</script></mj-raw>",
    "{{ 7*7 }}{% raw %}", "<!--", "-->", "<![CDATA[x]]>", "]]>", "&lt;b&gt;", "<style>*{display:none}</style>",
    "' onmouseover='x", "<mj-include path=/etc/passwd />", "a\x00b\x08c", "<form action=https://evil.example>", "<meta http-equiv=refresh>",
)  # fmt: skip


def text_of(html: str) -> str:
    body = LexborHTMLParser(html).body
    assert body is not None
    return " ".join(body.text(separator=" ").split())


def hostile(payload: str) -> Message:
    runs = (Run(text=payload, bold=True, link="https://a.example/?q=%3C&x=1"), Run(text=payload, italic=True))
    return Message(
        title=payload,
        preheader=payload,
        blocks=(
            Heading(text=payload),
            Paragraph(runs=runs),
            Context(runs=runs),
            Heading(text=payload, level=2),
            Bullets(items=(runs, runs[1:])),
            Table(header=(payload, "n"), rows=((payload, "1"),), numeric=frozenset({1})),
            Paragraph(runs=runs, quote=True),
            Divider(),
        ),
    )


def elements(html: str) -> set[str]:
    return {node.tag for node in LexborHTMLParser(html).css("*")}


PLAIN_ELEMENTS = elements(mail_html(hostile("x")))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_an_element_or_an_attribute(payload):
    html = mail_html(hostile(payload))
    assert elements(html) == PLAIN_ELEMENTS
    names = {name for node in LexborHTMLParser(html).css("*") for name in node.attributes}
    assert not [name for name in names if name and name.startswith("on")]
    shown = one_line(payload)
    assert text_of(html).count(shown) >= 8


@given(st.text(st.characters(), max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_arrives_as_text(payload):
    html = mail_html(hostile(payload))
    assert elements(html) == PLAIN_ELEMENTS
    assert "".join(tame(payload).split()) in "".join(text_of(html).split())


def test_the_only_links_are_ours_and_nothing_is_loaded():
    html = mail_html(alert_message(ALERT, **READER))
    tree = LexborHTMLParser(html)
    hrefs = {node.attributes["href"] for node in tree.css("a")}
    assert hrefs == {each.item.url.replace("müller-forum", "xn--mller-forum-thb") for each in ALERT.story.mentions}
    assert not tree.css("img, script, link, iframe, form, object")
    assert not re.search(r"url\(|@import|src=|fonts\.googleapis", html)
    assert 'lang="de"' in html
    assert "prefers-color-scheme: dark" in html


def test_everything_in_the_plain_text_is_in_the_html():
    for message in (*digest_messages(full_digest(), **READER), alert_message(ALERT, **READER)):
        shown = "".join(mail_html(message).split())
        for block in message.blocks:
            for runs in getattr(block, "items", ()) or [getattr(block, "runs", ())]:
                for run in runs:
                    words = run.text.strip(" –")
                    assert "".join(words.split()).replace("&", "&amp;") in shown
                    assert words in plain_text(message)


def test_the_heading_is_small_above_a_headline_and_big_elsewhere():
    assert 'class="big"' not in mail_html(alert_message(ALERT, **READER))
    assert 'class="big"' in mail_html(digest_messages(quiet_digest(), **READER)[0])


def test_three_thousand_items_stay_below_what_mail_programs_cut():
    title = "Ein Titel von üblicher Länge, wie er in Zeitungen steht, mit Umlauten äöü und so weiter bis hier"
    long = "https://www.tagesbote.example/wirtschaft/" + "sehr-lange-adresse-" * 6
    many = [mention(n, on=item(n, title=f"{title} {n}", url=f"{long}{n}")) for n in range(3000)]
    digest = digests.build(PLAN, since=NOW, until=NOW, watches=WATCHES, mentions=many, sources=SOURCES)
    [message] = digest_messages(digest, **READER)
    assert len(mail_html(message).encode()) < 100_000


def test_an_empty_message_is_still_a_mail():
    assert "<html" in mail_html(Message(title="x", blocks=(Heading(text="x"),)))
    assert plain_text(Message(title="x", blocks=(Heading(text="x"),))) == "x\n=\n"


def test_an_alert_without_anything_but_a_link():
    bare = Alert(
        story=story(mention(1, on=replace(item(1), title="", text="", lang=None))),
        channel="c",
        priority=Priority.NORMAL,
    )
    assert "tagesbote.example" in text_of(mail_html(alert_message(bare, **READER)))
