"""What was read so far, each thing with its place, before names are resolved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from smwatch.config.document import Document, Spot
from smwatch.i18n import Text, text
from smwatch.model import Watch, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smwatch.config.model import Client, DigestPlan
    from smwatch.config.report import Report
    from smwatch.config.tree import Node
    from smwatch.config.unnamed import Named
    from smwatch.config.unsaid import Asked
    from smwatch.plugin import Channel, Source

It = TypeVar("It")


@dataclass(frozen=True, slots=True)
class Placed(Generic[It]):
    """A thing and the table that it was read from."""

    it: It
    node: Node


@dataclass(slots=True, kw_only=True)
class Draft:
    """Everything read, in the order of the files.

    `stopped` are names of watches whose query does not parse. `later_sources` are tables of source types that do not
    exist yet. `asked` are conditions of queries, `named` the sources that they name. `known_channels` also holds the
    names of channels that could not be read, so that nobody is told they do not exist.
    """

    channels: dict[str, Placed[Channel]] = field(default_factory=dict)
    known_channels: dict[str, Node] = field(default_factory=dict)
    sources: list[Placed[Source]] = field(default_factory=list)
    later_sources: list[Node] = field(default_factory=list)
    watches: list[Placed[Watch]] = field(default_factory=list)
    digests: dict[str, Placed[DigestPlan]] = field(default_factory=dict)
    clients: dict[str, Placed[Client]] = field(default_factory=dict)
    lists: dict[str, Placed[tuple[str, ...]]] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    stopped_nodes: list[Node] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    ops: tuple[str, ...] = ()

    def is_new(self, node: Node, found: Mapping[str, Any], report: Report) -> bool:
        """Whether a named table is the first of its name; a second one (in another file) is reported."""
        earlier = found.get(node.name)
        if earlier is None:
            return True
        spot = (earlier.node if isinstance(earlier, Placed) else earlier).spot
        sentence = text(
            "“{name}” is already defined in {file}, line {line}",
            name=node.name,
            file=spot.document.path.name,
            line=spot.line,
        )
        report.error(node.spot, sentence)
        return False

    @staticmethod
    def where(node: Node) -> Where:
        """The place of a table, for `Where did this come from?`."""
        return Where(file=str(node.spot.document.path), line=node.spot.line, column=node.spot.column)


def place(document: Document, line: int = 1) -> Spot:
    """The beginning of a line of `document`."""
    return Spot(document=document, line=line)


def filled(sentence: Text, **values: object) -> Text:
    """A sentence from a table of sentences, with its values."""
    return replace(sentence, values=values)
