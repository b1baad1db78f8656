"""What stands in a mail: newsletters, alerts, notices of platforms, and mails that want to be something else."""

from __future__ import annotations

import os
import tarfile
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from smwatch.fetch.pool import ParsePool
from smwatch.letters import READ_MAIL
from smwatch.letters.notices import platform_of, read_notice
from smwatch.letters.reader import read_mail

PASSED = "mx.acme.example; spf=pass smtp.mailfrom=x; dkim=pass (2048-bit key) header.d=xing.com header.s=a; dmarc=pass"


def mail(subject="Betreff", plain=None, markup=None, **headers):
    made = EmailMessage()
    given = {"From": "Blatt <redaktion@blatt.example>", "Message-ID": "<1@blatt.example>"}
    given |= {"Date": "Tue, 24 Nov 2026 10:00:00 +0100"} | {name.replace("_", "-"): it for name, it in headers.items()}
    for name, value in given.items():
        if value:
            made[name] = value
    made["Subject"] = subject
    if plain is not None or markup is None:
        made.set_content(plain or "")
    if markup is not None:
        (made.add_alternative if plain is not None else made.set_content)(markup, subtype="html")
    return made.as_bytes()


def one(body, **options):
    (item,) = read_mail(body, options)["items"]
    return item


NEWSLETTER = """<html><head><style>p{}</style><title>Nr. 47</title></head><body>
<p><a href="https://news.acme.example/n/47?utm_source=nl&mc_eid=abc123">Im Browser ansehen</a></p>
<h1>Acme-Brief Nr. 47</h1><p>Das <b>Werk</b> in Köln wird größer.</p>
<p><a href="https://www.blatt.example/werk?utm_medium=email">Weiterlesen</a>
<a href="https://www.google.com/url?q=https://www.blatt.example/zwei&amp;sa=D">Noch etwas</a></p>
<p><a href="https://news.acme.example/unsubscribe?u=1">Abmelden</a>
<a href="https://news.acme.example/p?token=1">Hier klicken</a> <a href="mailto:x@y.example">Mail</a>
<a href="javascript:alert(1)">Mehr</a></p><script>böse()</script></body></html>"""


def test_a_newsletter():
    item = one(mail("Acme-Brief Nr. 47", markup=NEWSLETTER, List_Id='"Acme-Brief" <brief.acme.example>'))
    assert (item["id"], item["title"], item["kind"]) == ("1@blatt.example", "Acme-Brief Nr. 47", "mail")
    assert item["url"] == "https://news.acme.example/n/47"
    assert "Das Werk in Köln wird größer." in item["text"]
    assert "böse" not in item["text"]
    assert item["links"] == [
        "https://news.acme.example/n/47",
        "https://www.blatt.example/werk",
        "https://www.blatt.example/zwei",
    ]
    assert item["published"] == "2026-11-24T09:00:00+00:00"
    assert item["author"] == {"name": "Blatt"}
    assert item["attributes"] == {
        "from": "Blatt <redaktion@blatt.example>",
        "dkim": "none",
        "list": "Acme-Brief",
        "list_id": "brief.acme.example",
    }


def test_plain_text_goes_before_markup_and_the_signature_goes():
    item = one(
        mail(
            plain="Acme baut.\n\nUnd zwar hier:\nhttps://blatt.example/a/" + "x" * 80 + "\n\n-- \nErika", markup="<p>Y"
        )
    )
    assert item["text"] == "Acme baut.\n\nUnd zwar hier:"


def test_of_a_mail_in_plain_text_the_first_page_is_its_link():
    text = "Zum Abmelden: https://news.acme.example/weg\n\nDer Bericht:\nhttps://blatt.example/bericht?utm_source=nl."
    assert one(mail(plain=text))["url"] == "https://blatt.example/bericht"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://n.example/unsubscribe/7", "hier"),
        ("https://n.example/7", "Newsletter abbestellen"),
        ("https://n.example/confirm?x=1", "Weiter"),
        ("https://n.example/7", "Anmeldung bestätigen"),
        ("https://n.example/7", "Bitte verifizieren Sie Ihre Adresse"),
        ("https://n.example/a?token=8", "Artikel"),
        ("https://n.example/preferences", "hier"),
        ("https://n.example/reset", "Passwort zurücksetzen"),
    ],
)
def test_links_that_do_something_are_nobodys_page(address, words):
    item = one(mail(markup=f'<p>Guten Tag <a href="{address}">{words}</a></p>'))
    assert (item["url"], item["links"]) == ("", [])


ALERT = """<html><body><table><tr><td>Acme</td></tr>
<tr itemscope itemtype="http://schema.org/Article"><td>
<a href="https://www.google.com/url?rct=j&sa=t&url=https://www.blatt.example/acme%3Fseite%3D2%26utm_source%3Dx&ct=ga&cd=1">
<span itemprop="name"><b>Acme</b> ruft Pumpen zurück</span></a>
<div>Blatt</div><div>Der Hersteller <b>Acme</b> ruft 500 Pumpen zurück …</div>
<a href="https://www.google.com/alerts/share?hl=de&url=https://www.blatt.example/acme">Teilen</a>
<a href="https://www.google.com/alerts/feedback?x=1">Als irrelevant markieren</a></td></tr>
<tr><td><a href="https://www.google.com/url?url=https://globex.example/kauf&ct=ga">Globex kauft die Acme-Sparte</a>
<div>Globex übernimmt.</div></td></tr>
<tr><td><a href="https://www.google.com/alerts/remove?s=1">Diesen Alert löschen</a></td></tr></table></body></html>"""


def test_a_google_alert_is_an_item_for_each_page():
    body = mail("Google Alert – Acme", markup=ALERT, From="Google Alerts <googlealerts-noreply@google.com>")
    items = read_mail(body, {})["items"]
    assert [(item["id"], item["title"], item["kind"]) for item in items] == [
        ("https://www.blatt.example/acme?seite=2", "Acme ruft Pumpen zurück", "article"),
        ("https://globex.example/kauf", "Globex kauft die Acme-Sparte", "article"),
    ]
    assert [item["url"] for item in items] == [item["id"] for item in items]
    assert items[0]["text"].startswith("Blatt Der Hersteller Acme ruft 500 Pumpen zurück …")
    assert items[1]["text"].startswith("Globex übernimmt.")
    assert all(item["author"] is None for item in items)


def test_a_mail_that_only_says_that_it_is_google_is_a_mail():
    item = one(mail("Google Alert", markup=ALERT, From="Google Alerts <noreply@google.example>"))
    assert item["kind"] == "mail"


XING = """<p>Erika Beispiel hat Ihren Beitrag kommentiert: „Schöne Pumpe!“</p>
<a href="https://www.xing.com/settings/notifications">Einstellungen</a>
<a href="https://click.mail.example/t?x=1">XING</a>
<a href="https://www.xing.com/discover/detail/77?sc_cid=mail&xing_share=1">Zum Kommentar</a>"""


def xing(subject="Erika Beispiel hat Ihren Beitrag kommentiert", **headers):
    given = {"From": "XING <notifications@mail.xing.com>", "Authentication-Results": PASSED} | headers
    return mail(subject, markup=XING, **given)


def test_a_notice_of_a_platform():
    item = one(xing(), platforms=["xing", "kununu"])
    assert (item["kind"], item["author"]) == ("comment", {"name": "Erika Beispiel"})
    assert item["url"] == "https://www.xing.com/discover/detail/77"
    assert item["attributes"]["platform"] == "xing"
    assert item["attributes"]["dkim"] == "pass"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"From": "XING <noreply@xing.example>"}, "another sender"),
        ({"From": "XING <x@notxing.com>"}, "another sender"),
        ({"Authentication-Results": None}, "not signed by its domain"),
        ({"Authentication-Results": "mx; dkim=fail header.d=xing.com"}, "not signed by its domain"),
        ({"Authentication-Results": "mx; dkim=pass header.d=böse.example"}, "not signed by its domain"),
        ({"Authentication-Results": "mx; dkim=pass header.d=com"}, "not signed by its domain"),
        ({"Authentication-Results": "mx; spf=pass"}, "not signed by its domain"),
    ],
)
def test_what_a_preset_does_not_take(headers, reason):
    assert read_mail(xing(**headers), {"platforms": ["xing"]}) == {"items": [], "left_out": reason}


def test_only_the_topmost_verdict_counts_or_that_of_our_own_server():
    forged = b"Authentication-Results: mx.acme.example; dkim=none\r\n" + xing()
    assert read_mail(forged, {"platforms": ["xing"]})["items"] == []
    below = b"Authentication-Results: relay.example; dkim=none\r\n" + xing()
    assert len(read_mail(below, {"platforms": ["xing"], "authserv": "mx.acme.example"})["items"]) == 1


@pytest.mark.parametrize(
    ("subject", "kind", "author"),
    [
        ("Erika Beispiel hat Ihren Beitrag kommentiert", "comment", "Erika Beispiel"),
        ("Max Muster hat Sie in einem Beitrag erwähnt", "mention", "Max Muster"),
        ("Max Muster hat auf Ihren Kommentar geantwortet", "comment", "Max Muster"),
        ("Neue Nachricht von Dr. Lena Vogt", "message", "Dr. Lena Vogt"),
        ("Neue Bewertung für Acme GmbH", "review", ""),
        ("Erika Beispiel mentioned Acme in a post", "mention", "Erika Beispiel"),
        ("Jane Roe commented on your post", "comment", "Jane Roe"),
        ("Ihr Wochenrückblick", "notice", ""),
        ("„Erika Beispiel“ hat Acme markiert.", "mention", "Erika Beispiel"),
    ],
)
def test_kinds_by_their_subject(subject, kind, author):
    notice = read_notice("xing", subject)
    assert (notice.kind, notice.author) == (kind, author)


def test_ones_own_rules_come_first():
    item = one(xing("Erika Beispiel hat Ihnen gratuliert"), subjects=[["message", "{author} hat ihnen gratuliert*"]])
    assert (item["kind"], item["author"]) == ("message", {"name": "Erika Beispiel"})


def test_patterns_take_no_time():
    started = time.perf_counter()
    read_notice("xing", "hat " * 2000, [("x", "*hat*hat*hat*hat*hat*nie")])
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("domain", "platform"),
    [
        ("mail.xing.com", "xing"),
        ("XING.com", "xing"),
        ("facebookmail.com", "facebook"),
        ("xing.com.example", ""),
        ("", ""),
    ],
)
def test_platforms_by_their_domain(domain, platform):
    assert platform_of(domain) == platform


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [(["blatt.example"], 1), (["example"], 1), (["redaktion@blatt.example"], 1), (["andere@blatt.example"], 0), (["@blatt.example"], 1), (["att.example"], 0)],
)  # fmt: skip
def test_only_wanted_senders(wanted, taken):
    assert len(read_mail(mail(), {"from": wanted})["items"]) == taken


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n\r\n",
        b"\x00\xff" * 5000,
        b"Subject: =?utf-8?b?" + b"A" * 5000,
        b"Subject: =?no-such-charset?q?=FC?=\r\n\r\nText",
        b"From: " + b"<" * 20_000 + b"\r\n\r\n",
        b"From: " + b"a," * 20_000 + b"\r\n\r\n",
        b"Date: Mon, 99 Foo 99999 99:99:99 +9999\r\n\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nText ohne Grenze",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n" * 20_000,
        b"Content-Type: text/plain; charset=\xff\r\n\r\n\xfc",
        b"Content-Type: text/html\r\n\r\n" + b"<a href=x>" * 50_000,
        b"Content-Transfer-Encoding: base64\r\n\r\n@@@@",
        b"Message-ID: " + b"<" * 9000 + b"\r\n\r\n",
        b"List-Id: " + b"a<" * 9000 + b"\r\n\r\n",
        b"Authentication-Results: " + b"(" * 9000 + b";dkim=pass" * 900 + b"\r\n\r\n",
        b"Subject: Hallo\r\n Bcc: x@y.example\r\n\r\n",
        b"X: y\r\n" * 20_000 + b"\r\n",
        b"Content-Type: message/rfc822\r\n\r\n" * 300,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(300)),
    ],
    ids=range(20),
)
def test_hostile_mails_are_mails(body):
    started = time.perf_counter()
    (item,) = read_mail(body, {})["items"]
    assert time.perf_counter() - started < 2
    assert item["id"]
    assert "\n" not in item["title"]
    assert "\x00" not in item["title"] + item["text"]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Auto-Submitted": "auto-replied (vacation)"}, "an automatic answer"),
        ({"X-Autoreply": "yes"}, "an automatic answer"),
        ({"Auto-Submitted": "auto-generated"}, None),  # as notices of platforms are
    ],
)
def test_automatic_answers_are_no_news(headers, reason):
    assert read_mail(mail("Abwesend: Acme", **headers), {})["left_out"] == reason


def test_reports_of_delivery_are_no_news():
    report = b"From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered: Acme\r\n"
    report += (
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nAcme\r\n--b--\r\n'
    )
    assert read_mail(report, {}) == {"items": [], "left_out": "a report of delivery"}


def test_the_same_mail_without_a_number_has_the_same_id_and_others_have_another():
    first, second = mail("Eins", Message_ID=None), mail("Zwei", Message_ID=None)
    assert one(first)["id"] == one(first)["id"] != one(second)["id"]


def test_a_mail_without_a_date_is_dated_by_its_arrival():
    item = one(mail(Date=None), arrived="2026-11-24T09:00:00+00:00")
    assert item["published"] == "2026-11-24T09:00:00+00:00"


def test_where_the_body_cannot_be_read_the_head_is():
    item = one(mail("Acme", plain="Text"), head_only=True)
    assert (item["title"], item["text"]) == ("Acme", "")


CORPUS = os.environ.get("SMWATCH_CORPUS")


def corpus():
    root = Path(CORPUS)
    for path in sorted((root / "mail").glob("*.tar.xz")):
        with tarfile.open(path) as packed:
            for member in packed:
                stream = packed.extractfile(member) if member.isfile() else None
                if stream is not None:
                    yield member.name, stream.read()
    for path in sorted((root / "platforms" / "recorded" / "mail").glob("*")):
        yield path.name, path.read_bytes()


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS, reason="SMWATCH_CORPUS names no folder of real data")
async def test_real_mails_through_the_real_worker():
    pool, read, slow, faults = ParsePool(), 0, [], []
    try:
        for name, body in corpus():
            started = time.perf_counter()
            answer = await pool.run(READ_MAIL, body[: 1024 * 1024], {}, source=name)
            if time.perf_counter() - started > 2:
                slow.append(name)
            faults += [name for item in answer["items"] if not item["id"] or "\x00" in item["text"]]
            read += 1
        assert (slow, faults, pool.metrics.killed, pool.metrics.died) == ([], [], 0, 0)
        assert read >= 400
    finally:
        await pool.close()
