"""A forum's page read by CSS selectors, where it has neither a feed nor JSON. Runs in the parse worker."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from smwatch.feeds.address import web_link
from smwatch.feeds.plain import fold, plain_text
from smwatch.forums.places import spot_of
from smwatch.forums.shapes import post, refused
from smwatch.links.canonical import clean_link
from smwatch.pages.html import attribute, base_of, tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from selectolax.lexbor import LexborHTMLParser, LexborNode

MOST = 200  # items of one page
WHEN = ("datetime", "data-time", "data-timestamp", "title")  # where a date stands besides its words


def read(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """`{"items"}`, dates as they are written; refused where the selectors find nothing.

    Options: `url`, `content_type`, `selectors` (`item`, and below it `title`, `link`, `author`, `date`, `text`).
    """
    page = tree(body, str(options.get("content_type") or ""))
    url, selectors = str(options.get("url") or ""), dict(options["selectors"])
    found = page.css(selectors["item"])[:MOST]
    if not found:
        return refused("login" if _asks_for_password(page) else "nothing-selected", _seen(page))
    items = [item for node in found if (item := _item(node, base_of(page, url), selectors))]
    if not items:
        return refused("selected-empty", f"{len(found)}: {fold(found[0].text(deep=True, separator=' '))[:100]}")
    return {"items": items}


def known_selector(selector: str) -> bool:
    """Whether `selector` is CSS that can be used; "&" is the item itself."""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - only where selectors are given

    try:
        return selector.strip() == "&" or LexborHTMLParser("<p>").css(selector) is not None
    except Exception:  # noqa: BLE001 - selectolax raises different errors for different mistakes
        return False


def _item(node: LexborNode, base: str, selectors: Mapping[str, str]) -> dict[str, Any] | None:
    title = _said(_within(node, selectors.get("title")))
    said = _within(node, selectors.get("text"))
    text = plain_text(said.html or "") if said is not None else ""
    link = clean_link(_link(node, base, selectors.get("link") or selectors.get("title")))
    if not (title or text):
        return None
    author, spot = _said(_within(node, selectors.get("author")))[:200], spot_of(link)
    found = post(
        id=link or "hash:" + hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()[:32],
        url=link,
        title=title,
        markup="",
        author={"name": author, "handle": None, "native_id": None, "url": None} if author else None,
        published=_when(_within(node, selectors.get("date"))),
        kind="comment" if spot.post else "post",
        thread=f"t{spot.thread}" if spot.thread else None,
        parent=f"t{spot.thread}" if spot.thread and spot.post else None,
    )
    return {**found, "text": text}


def _within(node: LexborNode, selector: str | None) -> LexborNode | None:
    """The first element below `node` that fits; the node itself for "&"."""
    if not selector:
        return None
    return node if selector.strip() == "&" else node.css_first(selector)


def _said(node: LexborNode | None) -> str:
    return fold(node.text(deep=True, separator=" ")) if node is not None else ""


def _link(node: LexborNode, base: str, selector: str | None) -> str:
    """The address of the selected element, of a link inside of it, or of the item itself."""
    chosen = _within(node, selector) or node
    for one in (chosen, chosen.css_first("a[href]"), node):
        if one is not None and (found := web_link(attribute(one, "href"), base) if attribute(one, "href") else ""):
            return found
    return ""


def _when(node: LexborNode | None) -> str | None:
    """A date as it is written, in an attribute for machines where there is one."""
    if node is None:
        return None
    inner = node.css_first("time[datetime]") or node
    machine = (attribute(inner, name) for name in WHEN)
    return next((said for said in (*machine, _said(node)) if any(map(str.isdigit, said))), _said(node))[:100] or None


def _asks_for_password(page: LexborHTMLParser) -> bool:
    return page.css_first('input[type="password" i]') is not None


def _seen(page: LexborHTMLParser) -> str:
    """How the page begins: what a person needs to see that it is another page than the one meant."""
    title = _said(page.css_first("title"))
    body = page.body
    text = fold(body.text(deep=True, separator=" "))[:100] if body is not None else ""
    return " – ".join(filter(None, (title[:100], text)))
