from __future__ import annotations

import email
import unicodedata
from email import policy
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from message_samples import NOW

from smwatch.message.escape import one_line, safe_url, shown_host, slack_escape, tame
from smwatch.message.headers import header_text
from smwatch.message.mail import compose, mailbox, message_id
from smwatch.message.model import Heading, Message, Paragraph, Run

ENCODED = "=?utf-8?b?b2sNCkJjYzogZXZpbEB4?="  # "ok\r\nBcc: evil@x"
PIECES = st.sampled_from(
    ["=?utf-8?b?", "?=", ENCODED, "=?utf-8?q?=0D=0ABcc:_x=40y?=", "\r\n", "\n", "\r", "Bcc: evil@x.example", "\x00", "\x85",
     "\u2028", "\u2029", "\u202e", "\ud800", "=?", "=\u200b?", "ß", "é", "😀", ",", ";", ":", "<", ">", '"', "(", ")", "@", "\\",
     " ", "\t", "=", "?", "utf-8", "\x0b", "\x0c", "\x1c", "ﬀ", "a" * 90]
)  # fmt: skip
HOSTILE = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join))
NAMES = {
    "From", "To", "Subject", "Date", "Message-ID", "References", "List-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
    "Content-Language", "MIME-Version", "Content-Type",
}  # fmt: skip


@pytest.mark.parametrize(
    ("foreign", "expected"),
    [
        ("ganz normal", "ganz normal"),
        ("a\u202eb\u2066c", "abc"),
        ("a\nb\x00c\u2028d", "a b c d"),
        ("halb\ud83d", "halb "),
        ("z" + "\u0335" * 20 + "a", "z" + "\u0335" * 3 + "a"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("Zebra\u00adstreifen\ufeff", "Zebrastreifen"),
        ("Käse", "Käse"),
        ("\U0001fae8 \U0001f6dc", "\U0001fae8 \U0001f6dc"),  # newer than the tables of older Pythons
        ("a\ufdd0b\uffffc\U000e0041d", "abcd"),
    ],
)
def test_tame(foreign, expected):
    assert tame(foreign) == expected


@given(st.text())
def test_tame_leaves_nothing_that_hides_or_turns_text(foreign):
    for character in tame(foreign):
        assert unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
        assert unicodedata.bidirectional(character) not in {
            "RLE",
            "LRE",
            "RLO",
            "LRO",
            "PDF",
            "RLI",
            "LRI",
            "FSI",
            "PDI",
        }


def test_one_line_cuts_at_a_word():
    assert one_line("  Der  Rückruf\nbetrifft viele Geräte ", 20) == "Der Rückruf…"
    assert one_line("x" * 30, 10) == "x" * 9 + "…"
    assert one_line("genau zehn", 10) == "genau zehn"


@pytest.mark.parametrize(
    ("foreign", "expected"),
    [
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("<https://evil.example|https://bank.example>", "&lt;https://evil.example|https://bank.example&gt;"),
    ],
)
def test_slack_escape(foreign, expected):
    assert slack_escape(foreign) == expected


@pytest.mark.parametrize(
    ("url", "expected", "host"),
    [
        ("https://www.tagesbote.example/a?b=c&d=%20e#f", "https://www.tagesbote.example/a?b=c&d=%20e#f", "tagesbote.example"),
        ('https://a.example/<b>|c d"e', "https://a.example/%3Cb%3E%7Cc%20d%22e", "a.example"),
        ("https://a.example/ä/☃", "https://a.example/%C3%A4/%E2%98%83", "a.example"),
        ("https://müller.example/", "https://xn--mller-kva.example/", "müller.example"),
        ("https://straße.example/", "https://xn--strae-oqa.example/", "straße.example"),
        ("https://аcme.example/", "https://xn--cme-5cd.example/", "xn--cme-5cd.example"),
        ("https://bank.example@evil.example/", "https://evil.example/", "evil.example"),
        ("https://evil.example\\@bank.example/", "https://evil.example/@bank.example/", "evil.example"),
        (" ht\ntps://a.exam\tple/\u202e", "https://a.example/", "a.example"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x", "127.0.0.1"),
        ("http://[::1]:80/", "http://[::1]:80/", "::1"),
        ("javascript:alert(1)", "", ""),
        ("data:text/html,x", "", ""),
        ("https:/evil.example", "", ""),
        ("https://ev%69l.example/", "", ""),
        ("https://a.example:99999/", "", ""),
        ("//a.example/", "", ""),
        ("", "", ""),
        ("https://a.example/" + "x" * 4000, "", ""),
    ],
)  # fmt: skip
def test_links(url, expected, host):
    assert (safe_url(url), shown_host(url)) == (expected, host)


@given(st.one_of(st.text(), st.tuples(st.sampled_from(["http://", "https://", "https:\\\\"]), st.text()).map("".join)))
@settings(max_examples=400, deadline=None)
def test_a_link_is_empty_or_plain_and_safe_twice(url):
    safe = safe_url(url)
    assert safe == "" or (safe.startswith(("http://", "https://")) and safe.isascii())
    assert not set(safe) & set("<>|\"'`\\ \r\n\t") - {"'"}
    assert safe_url(safe) == safe
    assert not safe or "@" not in urlsplit(safe).netloc


def test_a_headline_that_decodes_to_a_header_adds_none():
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"] = header_text(ENCODED)
    mail.set_content("x")
    assert b"\nBcc" not in mail.as_bytes()


@given(HOSTILE)
def test_the_gate_is_short_and_stable(text):
    gated = header_text(text)
    assert len(gated.replace("\u200b", "")) <= 200
    assert "=?" not in gated
    assert not set(gated) & set("\r\n\x00\u2028")


@given(title=HOSTILE, name=HOSTILE)
@example(title=ENCODED, name=ENCODED)
@example(title="=" * 3 + "?utf-8?b?", name="=?")
@settings(max_examples=300, deadline=None)
def test_no_title_and_no_name_adds_a_header(title, name):
    box = mailbox("presse@acme.example")
    named = type(box)(name=name, user=box.user, host=box.host)
    message = Message(title=title, blocks=(Heading(text="x"),), thread="story:1")
    raw = compose(message, key=title.encode("utf-8", "replace").decode(), sender=named, to=[named], when=NOW)
    parsed = email.message_from_bytes(raw, policy=policy.default)
    assert set(parsed.keys()) == NAMES
    assert len(parsed.keys()) == len(NAMES)
    assert [box.addr_spec for box in parsed["From"].addresses] == ["presse@acme.example"]
    assert [box.addr_spec for box in parsed["To"].addresses] == ["presse@acme.example"]
    assert not parsed.defects
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@given(title=st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=120))
@settings(max_examples=200, deadline=None)
def test_a_subject_arrives_as_it_was_written(title):
    box = mailbox("presse@acme.example")
    raw = compose(Message(title=title, blocks=()), key="k", sender=box, to=[box], when=NOW)
    arrived = email.message_from_bytes(raw, policy=policy.default)["Subject"]
    assert "".join(arrived.split()) == "".join(header_text(title).split())


def test_machine_headers_are_not_folded_and_subjects_are():
    box = mailbox("smwatch@" + "sehr-langer-name." * 4 + "example")
    message = Message(title="Ä" * 150, blocks=(Paragraph(runs=(Run(text="x"),)),), thread="story:1")
    raw = compose(message, key="k", sender=box, to=[box], when=NOW, reply_to=message_id("j", box.host)).decode()
    lines = raw.split("\r\n")
    [references] = [line for line in lines if line.startswith("References:")]
    assert references.count("@") == 2
    assert len(references) > 200
    assert all(len(line) <= 78 for line in lines[lines.index(next(x for x in lines if x.startswith("Subject"))) :][:4])
