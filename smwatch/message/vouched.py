"""What vouches for an item: the sender of a mail, its list, its signature; the stars of a review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.i18n import Text, text
from smwatch.message.escape import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.message.words import Reader
    from smwatch.model import Item

LONGEST = 120  # characters of a name
MOST_STARS = 5
SIGNATURES: dict[str, Text] = {
    "pass": text("signed by its domain"),
    "fail": text("the signature is not valid"),
    "none": text("not signed"),
}


def vouched(item: Item, reader: Reader) -> Iterator[str]:
    """In the words of whoever reads it, one fact after the other; nothing for what is neither."""
    stars = item.attributes.get("rating")
    if isinstance(stars, int) and 0 <= stars <= MOST_STARS:
        yield "★" * stars + "☆" * (MOST_STARS - stars)
    signed = SIGNATURES.get(str(item.attributes.get("dkim")))
    if signed is None:
        return
    if sender := one_line(str(item.attributes.get("from") or ""), LONGEST):
        yield reader.say(text("mail from {sender}", sender=sender))
    if name := one_line(str(item.attributes.get("list") or ""), LONGEST):
        yield reader.say(text("list {name}", name=name))
    yield reader.say(signed)
