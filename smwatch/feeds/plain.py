"""Plain text out of titles and markup: no tags, no control characters, white space folded, paragraphs apart."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from html.entities import html5

from smwatch.built import built

TITLE_LIMIT = 500  # characters
TEXT_LIMIT = 50_000
MARKUP_LIMIT = 400_000  # characters of markup that are looked at

TAGS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "address",
        "applet",
        "article",
        "aside",
        "audio",
        "b",
        "bdi",
        "bdo",
        "big",
        "blink",
        "blockquote",
        "body",
        "br",
        "button",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "embed",
        "figcaption",
        "figure",
        "font",
        "footer",
        "form",
        "frame",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "html",
        "i",
        "iframe",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "li",
        "link",
        "main",
        "mark",
        "meta",
        "nav",
        "nobr",
        "noscript",
        "object",
        "ol",
        "p",
        "param",
        "picture",
        "pre",
        "q",
        "s",
        "samp",
        "script",
        "section",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "style",
        "sub",
        "summary",
        "sup",
        "svg",
        "table",
        "tbody",
        "td",
        "textarea",
        "tfoot",
        "th",
        "thead",
        "time",
        "title",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "video",
        "wbr",
        "xmp",
    ]
)
_TAG = re.compile(r"</?([A-Za-z][\w:-]{0,30})(?=[\s/>])")
_BLOCK = re.compile(  # both cases spelled out: IGNORECASE makes the search twice as slow
    r"<(?=/?(?:p|P|div|DIV|li|LI|ul|UL|ol|OL|tr|TR|table|h[1-6]|H[1-6]|hr|HR|blockquote|pre|dd|dt"
    r"|figure|figcaption|section|article|header|footer|aside|iframe)\b|(br|BR|td|TD|th|TH|option)\b)"
)
_HIDDEN = re.compile(r"<(?:[sS][cCtT]|[tT][eE][mM]|[nN][oO][sS]|[hH][eE])")  # script, style, template, noscript, head
_BLANK_LINE = re.compile(r"\n\s*\n")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


_NO_BREAK = (
    *("a", "abbr", "acronym", "address", "audio", "b", "bdi", "bdo", "big", "center", "cite", "code", "del"),
    *(
        "details",
        "dfn",
        "dl",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "label",
        "main",
        "mark",
        "nav",
        "picture",
        "q",
        "s",
        "samp",
        "small",
    ),
    *("source", "span", "strike", "strong", "sub", "summary", "sup", "time", "tt", "u", "var", "video", "wbr"),
)
_BLOCKS = (
    *("p", "P", "div", "DIV", "li", "LI", "ul", "UL", "ol", "OL", "h1", "h2", "h3", "h4", "h5", "h6", "H1", "H2", "H3"),
    *("H4", "H5", "H6", "hr", "HR", "blockquote", "pre", "dd", "dt", "figure", "figcaption", "section", "article"),
    *("header", "footer", "aside"),
)
_BREAKS = {  # before tags that hide nothing and move nothing, as `_BLOCK` sets them apart
    **dict.fromkeys((*_NO_BREAK, *map(str.upper, _NO_BREAK)), 0),
    **dict.fromkeys(("br", "BR"), 1),
    **dict.fromkeys(_BLOCKS, 2),
    "iframe": 3,
    **dict.fromkeys(("script", "style"), 4),
}
_COMPILED = built("smwatch.feeds.markup")


def plain_title(title: str, kind: str = "") -> str:
    """A title as people read it, at most `TITLE_LIMIT` characters, a cut one ending in "…".

    `kind` "text" is literal, "html" markup; "" is a guess: markup if all its tags are HTML's, else only entities.
    """
    if kind == "text" or ("<" not in title and "&" not in title):
        return cut(fold(title), TITLE_LIMIT)
    if kind == "html" or looks_like_markup(title):
        return cut(fold(_text_of(title)), TITLE_LIMIT)
    return cut(fold(html.unescape(title)), TITLE_LIMIT)


def plain_text(markup: str, *, literal: bool = False) -> str:
    """The text of a summary or content, at most `TEXT_LIMIT` characters; a blank line parts its paragraphs.

    Without it a heading would run into the first sentence below it.
    """
    if literal:
        return cut(_paragraphs(markup), TEXT_LIMIT)
    markup = markup[:MARKUP_LIMIT]
    told = _COMPILED.text_of(markup, TEXT_LIMIT, _BREAKS, _meant) if _COMPILED else None
    return cut(parsed_text(markup) if told is None else told, TEXT_LIMIT)


def parsed_text(markup: str) -> str:
    """The same at any length, by the parser, which is sure of everything."""
    return _paragraphs(_text_of(markup) if "<" in markup or "&" in markup else markup)


def _paragraphs(text: str) -> str:
    return "\n\n".join(filter(None, map(fold, _BLANK_LINE.split(text))))


@lru_cache(maxsize=4096)
def _meant(reference: str) -> str | None:
    """What `&amp;` or `&#38;` stands for; None where it is not in order."""
    said = html5.get(reference[1:]) or html.unescape(reference)
    sure = reference[1:] in html5 or (
        reference[1] == "#" and len(said) == 1 and (" " <= said < "\x7f" or said >= "\xa0")
    )
    return said if sure else None


def fold(text: str) -> str:
    """Without what is not seen (control and direction characters), every run of white space one blank."""
    if text.isprintable() and "  " not in text:  # all white space but the blank counts as not printable
        return text.strip()
    folded = " ".join(text.split())
    return folded if folded.isprintable() else " ".join(_UNSEEN.sub("", folded).split())


def tidy(text: str, limit: int = TEXT_LIMIT) -> str:
    """Text that is no markup, line breaks and all: without what is not seen, at most `limit` characters."""
    return cut((text if text.isprintable() else _UNSEEN.sub("", text)).strip(), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, at a word where there is one; "…" stands for the rest."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    word = head.rfind(" ", limit * 3 // 4)
    return (head[:word] if word > 0 else head).rstrip() + "…"


def looks_like_markup(title: str) -> bool:
    """Whether all that looks like a tag is one of HTML's, and there is at least one."""
    names = {name.lower() for name in _TAG.findall(title)}
    return bool(names) and names <= TAGS


def _set_apart(found: re.Match[str]) -> str:
    return "\n<" if found[1] else "\n\n<"


def _text_of(markup: str) -> str:
    """The text between the tags; blocks are set apart, words that only change their style stay whole."""
    if "<" not in markup:
        return html.unescape(markup)
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - only the worker reads markup

    tree = LexborHTMLParser(_BLOCK.sub(_set_apart, markup))
    if _HIDDEN.search(markup):
        tree.strip_tags(["script", "style", "template", "noscript", "head"])
    body = tree.body
    return body.text(separator="") if body else ""
