"""Conditions on what a source never says: there they never hold, and their NOT always does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smwatch.config.document import Spot
    from smwatch.config.draft import Placed
    from smwatch.config.report import Report
    from smwatch.plugin import Card, Source
    from smwatch.query import Query

ALWAYS = frozenset({"title", "lead", "content", "site", "url", "lang", "source"})  # or guessed, or its own name

_NEVER_HOLDS = text("“{field}” is unknown at {sources}: this condition never holds there")
_ALWAYS_HOLDS = text("“{field}” is unknown at {sources}: this NOT always holds there")


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition of a client's query: the field, where it stands, and whether it stands under a NOT."""

    field: str
    spot: Spot
    negated: bool
    client: str | None


def conditions(query: Query) -> Iterator[tuple[str, int, int, bool]]:
    """The field of each condition, its first and last character, and whether it is negated."""
    from smwatch.query.syntax import CONDITIONS, In, Node, Not, field_of, parts  # noqa: PLC0415 - where queries are

    def below(node: Node, *, negated: bool) -> Iterator[tuple[str, int, int, bool]]:
        name = field_of(node) if isinstance(node, (In, *CONDITIONS)) else None
        if name is not None and name not in ALWAYS:
            yield name, node.spot.start, node.spot.end, negated
        for part in parts(node):
            yield from below(part, negated=negated is not isinstance(node, Not))

    yield from below(query.root, negated=False)


def tell(report: Report, asked: Iterable[Asked], sources: Sequence[Placed[Source]]) -> None:
    """A warning for each condition and the sources, of its client or of nobody, that do not say its field."""
    for one in asked:
        seen = [it.it for it in sources if it.it.client in (None, one.client)]
        silent = [it for it in seen if (card := getattr(it, "card", None)) and one.field not in given(card)]
        if not silent:
            continue
        who, rest = silent[0].name, len(silent) - 1
        shown = text("{source} and {n} more", source=who, n=rest) if rest else text("{source}", source=who)
        sentence = _ALWAYS_HOLDS if one.negated else _NEVER_HOLDS
        report.warning(one.spot, text(sentence.template, field=one.field, sources=shown))


def given(card: Card) -> frozenset[str]:
    """The query fields that the items of a source may carry."""
    flags = {"author": card.author, "followers": card.followers, "engagement": card.engagement, "is": card.comments}
    return ALWAYS | frozenset(card.gives) | {name for name, is_there in flags.items() if is_there}
