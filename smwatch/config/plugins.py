"""`[channels.NAME]` and `[[source]]`: tables whose keys are the fields of plugin classes."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from smwatch.config import tables, words
from smwatch.config.document import Role
from smwatch.config.draft import Draft, Placed
from smwatch.config.plugged import Reading
from smwatch.config.secrets import read_secret
from smwatch.config.sections import heading_of
from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from smwatch.config.build import Kinds
    from smwatch.config.report import Report
    from smwatch.config.tree import Node
    from smwatch.config.unknown import Homes
    from smwatch.plugin import Channel, Source

SECONDS_A_MINUTE = 60
SECRET_NAMES = re.compile(r"(?:\w+_)?(?:key|token|secret|password)")
TYPE_WORDS = {
    "rss": "feed",
    "atom": "feed",
    "opml": "feed",
    "mail": "email",
    "e-mail": "email",
    "smtp": "email",
    "konsole": "console",
}
LOCAL_NAMES = re.compile(r"localhost|.*\.(?:localhost|local|localdomain|internal|intranet|lan|home|corp)")


class PluginTables:
    """Reads channels and sources into the draft."""

    def __init__(self, kinds: Kinds, homes: Homes, report: Report, draft: Draft) -> None:
        self.kinds = kinds
        self.homes = homes
        self.report = report
        self.draft = draft

    def channel(self, node: Node) -> None:
        """One `[channels.NAME]`."""
        if not self.draft.is_new(node, self.draft.known_channels, self.report):
            return
        self.draft.known_channels[node.name] = node
        kind = self._type(node, heading_of(node), self.kinds.channels)
        if kind is None:
            return
        found = Reading(node, self.kinds.channels[kind], heading_of(node), self.homes, self.report).build(node.name)
        if found is not None:
            self._quiet_hours(found, node)
            self.draft.channels[node.name] = Placed(found, node)

    def source(self, node: Node) -> None:
        """One `[[source]]`; one that stands for several (OPML) becomes several."""
        kind = self._type(node, "[[source]]", self.kinds.sources, set(tables.LATER_SOURCES))
        if kind is None:
            return
        if kind not in self.kinds.sources:
            self._comes_later(node, kind)
            return
        found = Reading(node, self.kinds.sources[kind], "[[source]]", self.homes, self.report).build()
        if found is not None:
            self._hints(found, node)
            self._expand(found, node)

    def _type(self, node: Node, heading: str, known: Mapping[str, object], later: Collection[str] = ()) -> str | None:
        it = node.table.get("type")
        options = sorted(known)
        if it is None:
            self._no_type(node, heading, options)
            return None
        if isinstance(it.value, str) and (it.value in known or it.value in later):
            return it.value
        usual = TYPE_WORDS.get(str(it.value).casefold())
        near = usual if usual in known else words.nearest(str(it.value), [*options, *later])
        self.report.error(
            it.spot,
            text("there is no type “{value}”; possible: {options}", value=str(it.value), options=", ".join(options)),
            f'"{near}"' if near and not isinstance(it.value, str) else near,
        )
        return None

    def _no_type(self, node: Node, heading: str, options: list[str]) -> None:
        if {"type", "*"} & node.spot.document.lost:
            return
        wrong = next((key for key in node.table if key.casefold() in ("typ", "art", "kind", "tpye", "types")), None)
        spot = node.table[wrong].key if wrong else node.spot
        message = text("{heading} needs the key “type”: {options}", heading=heading, options=", ".join(options))
        self.report.error(spot, message, "type")

    def _comes_later(self, node: Node, kind: str) -> None:
        """A source type of a later version: what it surely needs is checked, the source itself is left out."""
        self.draft.later_sources.append(node)
        for key in tables.LATER_SOURCES[kind] - set(node.table):
            if key not in node.spot.document.lost:
                self.report.error(
                    node.spot, text("{heading} needs the key “{key}”", heading="[[source]]", key=key), key
                )
        for key, it in node.table.items():
            if isinstance(it.value, str) and SECRET_NAMES.fullmatch(key):
                read_secret(it, self.report)
        self.report.warning(
            node.table["type"].spot,
            text("sources of type “{kind}” come with a later version; this one is left out", kind=kind),
        )

    def _quiet_hours(self, channel: Channel, node: Node) -> None:
        quiet = channel.quiet_hours
        if quiet is None:
            return
        it = node.table["quiet_hours"]
        if quiet.start == quiet.end:
            self.report.error(it.spot, text("the quiet hours begin and end at the same time: leave them out"))
        if quiet.except_priority is Priority.DIGEST_ONLY:
            self.report.error(
                it.table.get("except_priority", it).spot,
                text("“{value}” never breaks through quiet hours: write “{right}”", value="nur-digest", right="sofort"),
                "sofort",
            )

    def _hints(self, source: Source, node: Node) -> None:
        if source.interval is not None and source.interval.total_seconds() < SECONDS_A_MINUTE:
            self._short_interval(source, node.table["interval"])
        if source.tls == "insecure":
            self.report.warning(
                node.table["tls"].spot,
                text("whoever stands in between can change what this source says (tls = “insecure”)"),
            )
        if source.allow_private:
            return
        for it in node.table.values():
            if isinstance(it.value, str) and it.name in ("url", "server", "feed", "api_url") and is_private(it.value):
                self.report.warning(
                    it.spot,
                    text("this address lies in a private network and will be refused; allow_private = true permits it"),
                    "allow_private = true",
                )

    def _short_interval(self, source: Source, node: Node) -> None:
        if source.interval is not None and source.interval.total_seconds() <= 0:
            self.report.error(node.spot, text("“{key}” must be longer than nothing", key="interval"), "10m")
        elif not source.allow_private:
            self.report.warning(
                node.spot, text("reading a public source more than once a minute is impolite and soon blocked"), "10m"
            )

    def _expand(self, source: Source, node: Node) -> None:
        folder = node.spot.document.path.parent
        opml = node.table.get("opml")
        if opml is not None and not self._may_read(opml, folder):
            return
        try:
            found = source.expand(str(folder))
        except UserError as error:
            self.report.error((opml or node).spot, error.sentence)
            return
        for it in found:
            named = it if it.name else it.model_copy(update={"name": it.default_name()})
            self.draft.sources.append(Placed(named, node))

    def _may_read(self, opml: Node, folder: Path) -> bool:
        """A list of feeds must be there, and below the folder of the people who name it."""
        path = folder / str(opml.value)
        people = opml.spot.document.role is Role.PEOPLE
        if people and not path.resolve().is_relative_to(folder.resolve()):
            self.report.error(opml.spot, text("a people's file may name only lists in its own folder"))
            return False
        if not path.is_file():
            self.report.warning(
                opml.spot, text("the file {path} is not there; this source brings nothing until it is", path=str(path))
            )
            return False
        return True


def is_private(address: str) -> bool:
    """Whether an address surely lies in a private network; names are not looked up."""
    try:
        host = (urlsplit(address if "//" in address else f"//{address}").hostname or "").rstrip(".").casefold()
    except ValueError:
        return False
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return bool(host) and ("." not in host or LOCAL_NAMES.fullmatch(host) is not None)
