"""https://www.rfc-editor.org/rfc/rfc8288.html: the Link header, as far as hubs are named in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smwatch.feeds.address import web_link

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 8192
_LINK = re.compile(
    r"<([^<>]{1,2000})>((?:\s*;\s*[\w!*'-]{1,40}(?:\s*=\s*(?:\"[^\"]{0,500}\"|[^\s\",;]{0,500}))?){0,20})"
)
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]*))", re.IGNORECASE)


def linked(headers: Mapping[str, str], url: str) -> dict[str, str]:
    """The first web link of each relation ("hub", "self"), resolved against `url`; relations in lower case."""
    every = headers.getall("Link", []) if hasattr(headers, "getall") else [headers.get("Link", "")]
    found: dict[str, str] = {}
    for target, parameters in _LINK.findall(", ".join(every)[:LONGEST]):
        relation = _REL.search(parameters)
        names = (relation[1] or relation[2] or "").lower().split() if relation else []
        for name in names:
            if link := web_link(target, url):
                found.setdefault(name, link)
    return found
