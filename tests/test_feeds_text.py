"""Encodings and plain text: what people read must be readable."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.built import built
from smwatch.feeds import plain
from smwatch.feeds.encoding import to_utf8
from smwatch.feeds.plain import TEXT_LIMIT, TITLE_LIMIT, cut, parsed_text, plain_text, plain_title

TITLE = "Müller-Lüdenscheidt Werke: „Größe“ – 5 €"


def document(encoding: str | None, title: str = TITLE) -> str:
    declared = f' encoding="{encoding}"' if encoding else ""
    return f'<?xml version="1.0"{declared}?><rss version="2.0"><channel><title>{title}</title></channel></rss>'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (document(None).encode(), ""),
        (document("utf-8").encode(), "application/xml"),
        (document("UTF8").encode(), "text/xml; charset=utf-8"),
        (document(None).encode("cp1252"), ""),
        (document("iso-8859-1").encode("cp1252"), ""),
        (document("windows-1252").encode("cp1252"), "text/xml"),
        (document("us-ascii").encode("cp1252"), ""),
        (document("utf-8").encode("cp1252"), ""),
        (document(None).encode("cp1252"), "text/xml; charset=ISO-8859-1"),
        (document("utf-8").encode("cp1252"), 'text/xml; charset="windows-1252"'),
        (document("iso-8859-1").encode(), "text/xml; charset=iso-8859-1"),
        (codecs.BOM_UTF8 + document("iso-8859-1").encode(), ""),
        (codecs.BOM_UTF16_LE + document("utf-16").encode("utf-16-le"), ""),
        (codecs.BOM_UTF16_BE + document("utf-16").encode("utf-16-be"), ""),
        (document("utf-16").encode("utf-16-le"), ""),
        (document("utf-16").encode("utf-16-be"), "text/xml; charset=utf-16"),
        (document("utf-16").encode(), ""),
        (document("mac-roman").encode("mac-roman"), ""),
        (document("klingon").encode(), "text/xml; charset=klingon"),
        (document("utf-8").encode().decode("cp1252").encode(), ""),
    ],
)
def test_umlauts_survive(body: bytes, content_type: str) -> None:
    assert TITLE in to_utf8(body, content_type).decode("utf-8")


def test_the_euro_of_iso_8859_15() -> None:
    body = document("iso-8859-15", "Größe: 5 €").encode("iso-8859-15")
    assert "Größe: 5 €" in to_utf8(body).decode("utf-8")


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("shift_jis", "アクメ社が製品を回収"),
        ("gb2312", "艾克米公司"),
        ("koi8-r", "Акме"),
        ("euc-kr", "애크미"),
        ("iso-2022-jp", "アクメ社"),
    ],
)
def test_other_scripts(encoding: str, title: str) -> None:
    body = document(encoding, title).encode(encoding)
    assert title in to_utf8(body).decode("utf-8")
    assert title in to_utf8(document(None, title).encode(encoding), f"text/xml; charset={encoding}").decode("utf-8")


def test_single_wrong_bytes_do_not_spoil_the_rest() -> None:
    body = document("utf-8").encode().replace(b"<channel>", b"<channel><!-- caf\xe9 \x81 -->")
    assert TITLE in to_utf8(body).decode("utf-8")
    assert "café" in to_utf8(body).decode("utf-8")


def test_an_article_about_mojibake_stays_as_it_is() -> None:
    body = document("utf-8", "Warum Ã¼ statt ü erscheint").encode()
    assert to_utf8(body) == body


def test_what_was_encoded_twice_in_parts_is_mended() -> None:
    twice = "Größe, Maß, Übermut, Käse – groß".encode().decode("cp1252")
    assert "Größe, Maß, Übermut, Käse – groß" in to_utf8(document("utf-8", f"東京 {twice}").encode()).decode("utf-8")


@pytest.mark.parametrize("encoding", ["rot13", "base64", "zlib", "punycode", "utf-7", "idna", "unicode_escape"])
def test_encodings_that_are_none_are_not_asked(encoding: str) -> None:
    assert TITLE in to_utf8(document(encoding).encode()).decode("utf-8")


@given(st.binary(max_size=200), st.text(max_size=40))
def test_anything_becomes_utf8(body: bytes, content_type: str) -> None:
    to_utf8(body, content_type).decode("utf-8")


TITLES = [
    ("Acme ruft zurück", "", "Acme ruft zurück"),
    ("  Acme\n\truft   zurück ", "", "Acme ruft zurück"),
    ("<b>Acme</b> ruft <i>zu</i>rück", "", "Acme ruft zurück"),
    ("Müller &amp; Söhne", "", "Müller & Söhne"),
    ("M&uuml;ller &#8211; S&ouml;hne", "", "Müller – Söhne"),
    ("AT&T & Söhne", "", "AT&T & Söhne"),
    ("5 < 6 und 7 > 3", "", "5 < 6 und 7 > 3"),
    ("Vec<String> in Rust", "", "Vec<String> in Rust"),
    ("Das Tag <b> erklärt", "text", "Das Tag <b> erklärt"),
    ("Das Tag &lt;b&gt; erklärt", "html", "Das Tag <b> erklärt"),
    ("Ac\u00adme", "", "Ac\u00adme"),
    ("Acme\x00\x0b\x01 GmbH", "", "Acme GmbH"),
    ("\u202egnorw\u202c Acme", "", "gnorw Acme"),
    ("Acme\ud800", "", "Acme"),
    ("<script>alert(1)</script>Acme", "", "Acme"),
    ("<img src=x onerror=alert(1)>Acme", "", "Acme"),
    ("", "", ""),
]


@pytest.mark.parametrize(("title", "kind", "plain"), TITLES)
def test_titles(title: str, kind: str, plain: str) -> None:
    assert plain_title(title, kind) == plain


def test_long_titles_are_cut_at_a_word() -> None:
    title = plain_title("Acme ruft zurück " * 100_000)
    assert len(title) <= TITLE_LIMIT
    assert title.endswith((" ruft…", "Acme…", "zurück…"))


def test_text_keeps_words_apart_and_whole() -> None:
    markup = "<p>Acme<b>Bank</b></p><p>ruft<br>zurück</p><ul><li>eins</li><li>zwei</li></ul><style>p{}</style>"
    assert plain_text(markup) == "AcmeBank\n\nruft zurück\n\neins\n\nzwei"


def test_a_heading_does_not_run_into_the_first_sentence() -> None:
    markup = "<h2>Rückruf\nbei Acme</h2>\n<p>Acme ruft Müsli zurück.</p><table><tr><td>a</td><td>b</td></tr></table>x<br><br>y"
    assert plain_text(markup) == "Rückruf bei Acme\n\nAcme ruft Müsli zurück.\n\na b\n\nx\n\ny"
    assert plain_text("Absatz eins,\nweiter.\n \nAbsatz zwei.", literal=True) == "Absatz eins, weiter.\n\nAbsatz zwei."


def test_literal_text_is_left_alone() -> None:
    assert plain_text("a <b> &amp; c", literal=True) == "a <b> &amp; c"


@given(st.text(), st.integers(min_value=2, max_value=50))
def test_cut(text: str, limit: int) -> None:
    found = cut(text, limit)
    assert len(found) <= limit
    assert found == text or found.endswith("…")


@given(st.text())
def test_text_never_grows(markup: str) -> None:
    assert len(plain_text(markup)) <= min(TEXT_LIMIT, max(len(markup) * 2, 1))


SURE = (
    *(
        "<p>",
        "</p>",
        "<br>",
        "<br/>",
        "<b>",
        "</b>",
        "<a href='?a>b'>",
        '<a href="<p>" title=\'"\'>',
        "<A HREF=/x/>",
        "</a>",
    ),
    *("<img src=x alt>", "<div class=a b=c>", "</div>", "<li>", "<h2>", "</h2>", "<pre>\n", "<!-- <p> -->", "<hr />"),
    *("<iframe src=x></iframe>", "<script>if (a<b) c()</script>", "<style>p {}</style>", "&amp;", "&nbsp;", "&#8217;"),
    *(
        "&#x1F600;",
        "&lt;",
        "&auml;",
        "&nGt;",
        "&NewLine;",
        "&shy;",
        "a",
        "Ä",
        "\n",
        " \n\t",
        "\u200e",
        "\u200b",
        "\x85",
        "€",
    ),
)
UNSURE = (
    *(
        "<",
        ">",
        "<!--",
        "-->",
        "--!>",
        "=",
        "'",
        '"',
        "/",
        "<p a = b>",
        "<p =a>",
        "<p a='1'=2>",
        "<a href=b<p>",
        "</br>",
    ),
    *("<table>", "<td>", "</table>", "<select>", "<option>", "<title>", "<svg>", "<script>", "</script>", "<iframe>"),
    *("<p-x>", "<Div>", "<template>", "<noscript>", "<body>", "&", "&copy", "&amp", "&foo;", "&#0;", "&#129;", "&#13;"),
    *("&#xD800;", "\x00", "\r", "\ud800", "</", "<!doctype x>", "<?a?>", "<math>", "<plaintext>", "<textarea>"),
)
compiled = pytest.mark.skipif(built("smwatch.feeds.markup") is None, reason="no compiler was there at installation")


def told(markup: str) -> str | None:
    """What the compiled way says, where it is sure."""
    module = built("smwatch.feeds.markup")
    assert module is not None
    found: str | None = module.text_of(markup, TEXT_LIMIT, plain._BREAKS, plain._meant)
    return found


@compiled
@given(st.lists(st.sampled_from(SURE)).map("".join))
def test_common_markup_is_read_as_the_parser_reads_it(markup: str) -> None:
    assert told(markup) == parsed_text(markup)


@compiled
@given(st.lists(st.sampled_from(SURE + UNSURE) | st.text(max_size=3), max_size=12).map("".join))
def test_where_the_compiled_way_is_sure_the_parser_says_the_same(markup: str) -> None:
    assert told(markup) in (None, parsed_text(markup))


@compiled
@pytest.mark.parametrize("markup", ["<table>x", "<svg><title>x</title></svg>", "a & b", "<p", "<!-- x", "<x-y>z</x-y>"])
def test_what_only_a_parser_knows_is_left_to_it(markup: str) -> None:
    assert told(markup) is None


@compiled
@pytest.mark.parametrize("size", [TEXT_LIMIT - 1, TEXT_LIMIT, TEXT_LIMIT + 1, 3 * TEXT_LIMIT])
def test_long_markup_is_cut_where_the_parsers_text_is(size: int) -> None:
    markup = "<p>" + "a" * (size - 3) + "</p><p>\U0001f600&nGt;</p>"
    assert plain_text(markup) == cut(parsed_text(markup), TEXT_LIMIT)


def test_without_the_compiled_way_all_is_as_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    markup = "<p>Acme &amp; <b>S</b>öhne</p>\n<!-- x --><ul><li>eins<li>zwei</ul>"
    with_it = plain_text(markup)
    monkeypatch.setattr(plain, "_COMPILED", None)
    assert plain_text(markup) == with_it == "Acme & Söhne\n\neins\n\nzwei"
