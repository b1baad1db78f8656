"""Which addresses are one page. What is known about sites is data: `smwatch/links/links.toml`."""

from __future__ import annotations

import pytest

from smwatch.links import canonical_link, clean_link, unwrapped


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.Blatt.example/a/", "blatt.example/a"),
        ("http://blatt.example/a?utm_source=x&id=7&UTM_medium=y", "blatt.example/a?id=7"),
        ("https://blatt.example/a?b=2&a=1", "blatt.example/a?a=1&b=2"),
        ("https://blatt.example/A", "blatt.example/A"),
        ("https://blatt.example/a#comments", "blatt.example/a"),
        ("https://blatt.example/a#:~:text=acme", "blatt.example/a"),
        ("https://blatt.example/a#comment-17", "blatt.example/a#comment-17"),
        ("https://forum.example/t/9#p123", "forum.example/t/9#p123"),
        ("https://app.example/#!/story/5", "app.example#!/story/5"),
        ("https://blatt.example/", ""),
        ("https://blatt.example", ""),
        ("https://blatt.example/?p=12", "blatt.example?p=12"),
        ("ftp://blatt.example/a", ""),
        ("https://[broken/a", ""),
        ("", ""),
    ],
)
def test_one_link_for_one_page(url: str, expected: str) -> None:
    assert canonical_link(url) == expected


SAME = {
    "blatt.example/wirtschaft/acme-ruft-zurueck-17": [
        "https://www.blatt.example/wirtschaft/acme-ruft-zurueck-17",
        "http://blatt.example:80/wirtschaft/acme-ruft-zurueck-17/",
        "HTTPS://BLATT.EXAMPLE/wirtschaft/acme-ruft-zurueck-17?",
        "https://m.blatt.example/wirtschaft/acme-ruft-zurueck-17",
        "https://amp.blatt.example/wirtschaft/acme-ruft-zurueck-17",
        "https://www.blatt.example/wirtschaft/acme-ruft-zurueck-17/amp/",
        "https://www.blatt.example/amp/wirtschaft/acme-ruft-zurueck-17",
        "https://www.blatt.example/wirtschaft/acme-ruft-zurueck-17?outputType=amp",
        "https://www.blatt.example/wirtschaft/acme-ruft-zurueck-17?amp&amp=1",
        "https://www.blatt.example/wirtschaft/acme-ruft-zurueck-17.amp",
        "https://www.blatt.example/wirtschaft/acme-ruft-zurueck-17/index.html",
        "https://www.blatt.example/wirtschaft/acme-ruft-zurueck-17;jsessionid=0A1B2C?ref=rss&cid=onepager",
        "https://www.blatt.example/wirtschaft/acme-ruft-zurueck-17?fbclid=IwAR0&utm_Source=x&wt_mc=sm&GCLID=1",
        "https://www.blatt.example/wirtschaft/acme-ruft-zurueck-17?PHPSESSID=0123456789abcdef0123456789abcdef",
        "https://www.blatt.example/wirtschaft/acme-ruft-zurueck-17#utm_source=rss",
        "https://www.google.com/amp/s/www.blatt.example/wirtschaft/acme-ruft-zurueck-17/amp",
        "https://www-blatt-example.cdn.ampproject.org/c/s/www.blatt.example/wirtschaft/acme-ruft-zurueck-17.amp",
        "https://www.google.de/url?rct=j&sa=t&url=https%3A%2F%2Fwww.blatt.example%2Fwirtschaft%2Facme-ruft-zurueck-17&ct=ga",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fblatt.example%2Fwirtschaft%2Facme-ruft-zurueck-17%3Ffbclid%3D1&h=AT0",
        "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fblatt.example%2Fwirtschaft%2Facme-ruft-zurueck-17&data=05",
    ],
    "youtube.com/watch?v=dQw4": [
        "https://www.youtube.com/watch?v=dQw4&feature=youtu.be",
        "https://youtu.be/dQw4?si=abc&t=17",
        "https://m.youtube.com/watch?v=dQw4",
        "https://www.youtube.com/shorts/dQw4",
        "https://www.youtube-nocookie.com/embed/dQw4",
    ],
    "x.com/acme/status/17": ["https://twitter.com/acme/status/17?s=20", "https://mobile.twitter.com/acme/status/17"],
    "de.wikipedia.org/wiki/Müller": [
        "https://de.m.wikipedia.org/wiki/M%C3%BCller",
        "https://de.wikipedia.org/wiki/Müller",
    ],
    "müller.example/käse": ["https://xn--mller-kva.example/k%c3%a4se", "https://www.müller.example/käse"],
    "forum.example/viewtopic.php?p=9&t=7": [
        "https://forum.example/viewtopic.php?t=7&p=9&sid=0123456789abcdef0123456789abcdef",
        "https://forum.example/viewtopic.php?p=9&t=7",
    ],
    "blatt.example?id=5": ["https://blatt.example/index.php?id=5", "https://blatt.example/?id=5&pk_campaign=rss"],
}


@pytest.mark.parametrize(("url", "expected"), [(url, one) for one, urls in SAME.items() for url in urls])
def test_these_are_one_page(url: str, expected: str) -> None:
    assert canonical_link(url) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://blatt.example/a?id=1", "https://blatt.example/a?id=2"),
        ("https://blatt.example/a?cid=17", "https://blatt.example/a?cid=18"),
        ("https://blatt.example/a?sid=1", "https://blatt.example/a?sid=2"),
        ("https://blatt.example/a?s=acme", "https://blatt.example/a?s=beta"),
        ("https://blatt.example/a?source=https://x.example/1", "https://blatt.example/a?source=https://x.example/2"),
        ("https://blatt.example:8443/a", "https://blatt.example/a"),
        ("https://news.blatt.example/a", "https://blatt.example/a"),
        ("https://m.example/a", "https://example/a"),
        ("https://blatt.example/amp", "https://blatt.example/"),
        ("https://blatt.example/a/b", "https://blatt.example/a%2Fb"),
        ("https://blatt.example/a?b=1&b=2", "https://blatt.example/a?b=2"),
        ("https://forum.example/t/9#p1", "https://forum.example/t/9#p2"),
        ("https://google.com/url?url=javascript:alert(1)", "https://google.com/url?url=javascript:alert(2)"),
    ],
)
def test_these_are_two(one: str, other: str) -> None:
    assert canonical_link(one) != canonical_link(other)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.blatt.example/a?utm_source=x&id=7#teil", "https://www.blatt.example/a?id=7#teil"),
        ("https://blatt.example/a?fbclid=1", "https://blatt.example/a"),
        ("https://blatt.example/a/?q=K%C3%A4se+frisch", "https://blatt.example/a/?q=K%C3%A4se+frisch"),
        ("https://m.blatt.example/a/amp?x=", "https://m.blatt.example/a/amp?x="),
        ("https://www.google.com/url?url=https://blatt.example/a%3Futm_medium%3Dx&sa=t", "https://blatt.example/a"),
        ("mailto:presse@acme.example", "mailto:presse@acme.example"),
        ("https://[broken/a?utm_source=x", "https://[broken/a?utm_source=x"),
        ("", ""),
    ],
)
def test_what_people_click_follows_nobody(url: str, expected: str) -> None:
    assert clean_link(url) == expected


def test_detours_inside_of_detours_end() -> None:
    wrapped = "https://blatt.example/a"
    for _ in range(3):
        wrapped = f"https://l.facebook.com/l.php?u={wrapped.replace('%', '%25').replace(':', '%3A').replace('?', '%3F').replace('&', '%26')}"
    assert unwrapped(wrapped) == "https://blatt.example/a"
    assert unwrapped("https://blatt.example/a") == "https://blatt.example/a"


@pytest.mark.parametrize(
    "url", ["https://x.example/?" + "&".join(f"p{n}={n}" for n in range(500)), "https://x.example/" + "a/amp/" * 1300]
)
def test_long_ones_are_read_in_a_moment(url: str) -> None:
    assert canonical_link(url).startswith("x.example")


def test_what_is_too_long_is_nobody_s_address() -> None:
    assert canonical_link("https://x.example/" + "a" * 9000) == ""
