"""The text of a page: its article without menus, teasers, forms and notices. Works on a tree that it may take apart.

Paragraphs speak for what holds them, as in Mozilla's Readability (https://github.com/mozilla/readability); links speak
against it. How well it does is measured: docs/decisions has the figures.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from smwatch.feeds.plain import TEXT_LIMIT, cut, fold, plain_text
from smwatch.pages.html import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborHTMLParser, LexborNode

NOISE = (
    "script, style, noscript, template, iframe, svg, canvas, object, embed, nav, footer, aside, form, button, input,"
    " select, textarea, dialog, menu, video, audio, figure, figcaption, picture, [hidden], [aria-hidden='true'],"
    " [role='navigation'], [role='banner'], [role='contentinfo'], [role='complementary'], [role='dialog'],"
    " [role='search']"
)
_AWAY = re.compile(
    r"(?:^|[\s_-])(?:ads?|adslot|advert\w*|anzeige|banner|breadcrumb\w*|byline|captcha|cookie\w*|consent\w*|comments?|kommentare?"
    r"|disqus|footer|gallery|login|menu|meta|modal|nav\w*|newsletter\w*|outbrain|taboola|overlay|pagination|paywall|piano|player"
    r"|popup|promo\w*|related|recommend\w*|share\w*|sharing|sidebar|signup|skip\w*|social\w*|sponsor\w*|subscribe\w*|tags?"
    r"|teaser\w*|toolbar|tooltip|video|widget\w*|weitere\w*|mehr-zum-thema|read-more|meistgelesen|most-read)(?=$|[\s_-])",
    re.IGNORECASE,
)
UNSEEN = (
    "script, style, noscript, template, iframe, svg, canvas, object, embed, nav, button, input, select, textarea,"
    " dialog, [hidden], [aria-hidden='true'], [role='navigation'], [role='dialog'], [role='search']"
)
_VOLATILE = re.compile(
    r"(?:^|[\s_-])(?:ads?|adslot|advert\w*|anzeige|banner|captcha|cookie\w*|consent\w*|clock|uhr|counter|zaehler|weather|wetter"
    r"|carousel|slider|ticker|twitter|feed|popup|modal|newsletter\w*|outbrain|taboola|random|zufall|sponsor\w*)(?=$|[\s_-])",
    re.IGNORECASE,
)
_HERE = re.compile(r"article|artikel|body|content|entry|main|post|story|text|beitrag|inhalt", re.IGNORECASE)
PARTING = (
    "p h1 h2 h3 h4 h5 h6 li ul ol dl dd dt blockquote pre td th tr table div section article main header center"
    " address details summary body html"
)
BLOCKS = frozenset(PARTING.split())
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
PROSE = 60  # characters of a paragraph that counts
_STOP = re.compile(r"[.!?:;…。」](?:\s|[\"'”“»«)\]]|$)")
LINKED = 0.5  # share of a block's characters in links, beyond which it is a list of links
SPARSE = 200  # characters; an article shorter than this is looked for in the whole page
MOST = 0.6  # of all paragraphs' characters are in the node that holds the article
KEPT = frozenset({"html", "body", "article", "main"})
BULK = 0.4  # of all paragraphs' characters: what holds more is no side matter, whatever it is called
NEAR = HEADINGS | {"p", "li", "dt"}  # they hold one paragraph, not an article
DEEPEST = 60


def article_text(page: LexborHTMLParser) -> str:
    """The article's paragraphs, a blank line between them; what the whole page says where it has no article.

    Takes the tree apart: nothing else can be read from it afterwards.
    """
    if page.body is None:
        return ""
    _take_away(page)
    blocks = list(_blocks(page))
    best = _best(blocks)
    text = _joined(blocks, best)
    if len(text) < SPARSE:
        text = max(text, _joined(blocks, None), _all(page), key=len)
    return cut(text, TEXT_LIMIT)


def visible_text(body: bytes, content_type: str = "") -> str:
    """All that a page shows but menus, advertisements, cookie notices and what else is no statement of the page."""
    page = tree(body, content_type)
    for node in page.css(UNSEEN):
        if node.tag not in KEPT:
            node.decompose()
    for node in page.css("[class], [id]"):
        names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
        if node.tag not in KEPT and _VOLATILE.search(names):
            node.decompose()
    return cut("\n\n".join(block.text for block in _blocks(page)), TEXT_LIMIT)


def _take_away(page: LexborHTMLParser) -> None:
    """Drop what is no article by its tag or name; never what holds a good part of the page's paragraphs."""
    for node in page.css(NOISE):
        if node.tag not in KEPT:
            node.decompose()
    held, total = _held(page)
    for node in page.css("[class], [id]"):
        names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
        is_side = _AWAY.search(names) and not _HERE.search(names) and node.tag not in KEPT
        if is_side and held.get(node.mem_id, 0) <= BULK * total:
            node.decompose()


def _held(page: LexborHTMLParser) -> tuple[dict[int, int], int]:
    """Characters of paragraphs in each node that holds some, and in all of the page."""
    held: dict[int, int] = defaultdict(int)
    total = 0
    for one in page.css("p"):
        told = len(one.text(deep=True))
        total += told
        for holder in _holders(one):
            held[holder] += told
    return held, total


class Block(NamedTuple):
    """A paragraph: its words, whether they are mostly links, and what holds it, from near to far."""

    text: str
    heading: bool
    linked: bool
    holders: tuple[int, ...]


def _blocks(page: LexborHTMLParser) -> Iterator[Block]:
    """Runs of words that nothing but inline markup parts, in the page's order."""
    run, above, breaks = _Run(), None, 0
    for node in page.body.traverse(include_text=True) if page.body is not None else ():
        if node.tag == "br":
            breaks += 1
            continue
        if node.tag != "-text":
            continue
        said = node.text(deep=False)
        if not said.strip():
            run.add(" ", linked=False)
            continue
        block, linked = _block_of(node)
        if (above is None or block.mem_id != above.mem_id or breaks > 1) and run:
            yield from run.told(above)
            run = _Run()
        elif breaks:
            run.add(" ", linked=False)
        run.add(said, linked=linked)
        above, breaks = block, 0
    yield from run.told(above)


class _Run:
    """Words on their way to a block."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._linked = 0
        self._said = 0

    def __bool__(self) -> bool:
        return self._said > 0

    def add(self, said: str, *, linked: bool) -> None:
        self._parts.append(said)
        words = len(said.strip())
        self._said += words
        self._linked += words if linked else 0

    def told(self, above: LexborNode | None) -> Iterator[Block]:
        text = fold("".join(self._parts))
        if text and above is not None:
            heading, linked = above.tag in HEADINGS, self._linked > LINKED * self._said
            yield Block(text, heading, linked, tuple(_holders(above)))


def _block_of(node: LexborNode) -> tuple[LexborNode, bool]:
    """The block that a text stands in, and whether it is a link on the way there."""
    above, linked = node.parent, False
    while above is not None and above.parent is not None and above.tag not in BLOCKS:
        linked = linked or above.tag == "a"
        above = above.parent
    return above or node, linked


def _holders(block: LexborNode) -> Iterator[int]:
    """The block itself and what holds it, from near to far."""
    above: LexborNode | None = block
    for _ in range(DEEPEST):
        if above is None or above.tag == "html":
            return
        if above.tag not in NEAR:
            yield above.mem_id
        above = above.parent


def _best(blocks: list[Block]) -> int | None:
    """The deepest node that holds most of what is said in whole paragraphs."""
    weight: dict[int, int] = defaultdict(int)
    depth: dict[int, int] = {}
    total = 0
    for block in filter(_is_prose, blocks):
        told = len(block.text) ** 1.5
        total += told
        for place, holder in enumerate(block.holders):
            weight[holder] += told
            depth[holder] = len(block.holders) - place
    enough = [holder for holder, held in weight.items() if held >= MOST * total]
    return max(enough, key=lambda holder: depth[holder], default=None)


def _is_prose(block: Block) -> bool:
    return not (block.heading or block.linked) and len(block.text) >= PROSE and bool(_STOP.search(block.text))


def _is_said(block: Block) -> bool:
    return not block.linked and (block.heading or bool(_STOP.search(block.text)) or len(block.text) >= PROSE)


def _joined(blocks: list[Block], best: int | None) -> str:
    """From the first whole paragraph (and the heading above it) to the last one, without labels in between."""
    inside = [block for block in blocks if best is None or best in block.holders]
    prose = [place for place, block in enumerate(inside) if _is_prose(block)]
    if best is not None and prose:
        inside = inside[prose[0] : prose[-1] + 1]
    said = [block for block in inside if _is_said(block)]
    kept = [block for block, after in zip(said, [*said[1:], None], strict=False) if not _is_bare(block, after)]
    return "\n\n".join(block.text for block in kept)


def _is_bare(block: Block, after: Block | None) -> bool:
    """A heading with nothing below it."""
    return block.heading and (after is None or after.heading)


def _all(page: LexborHTMLParser) -> str:
    return plain_text(page.body.html or "") if page.body is not None else ""
