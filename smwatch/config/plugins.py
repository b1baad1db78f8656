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
from smwatch.config.unknown import unknown_key
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
ADDRESSES = ("url", "server", "host", "feed", "api_url")  # keys that name where a source is read
SECRET_NAMES = re.compile(r"(?:\w+_)?(?:key|token|secret|password)")
TYPE_WORDS = {
    "rss": "feed",
    "atom": "feed",
    "opml": "feed",
    "google-alerts": "feed",
    "google_alerts": "feed",
    "app-store": "feed",
    "appstore": "feed",
    "imap": "mailbox",
    "newsletter": "mailbox",
    "xing": "mailbox",
    "hook": "inbound",
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
        heading = heading_of(node)
        kind, key = self._type(node, heading, self.kinds.channels)
        if kind is None:
            return
        found = Reading(node, self.kinds.channels[kind], heading, self.homes, self.report, type_key=key).build(
            node.name
        )
        if found is not None:
            self._quiet_hours(found, node)
            self.draft.channels[node.name] = Placed(found, node)

    def source(self, node: Node) -> None:
        """One `[[source]]`; one that stands for several (OPML) becomes several."""
        kind, key = self._type(node, "[[source]]", self.kinds.sources, set(tables.LATER_SOURCES))
        if kind is None:
            return
        if kind not in self.kinds.sources:
            self._comes_later(node, kind, key)
            return
        found = Reading(node, self.kinds.sources[kind], "[[source]]", self.homes, self.report, type_key=key).build()
        if found is not None:
            self._hints(found, node)
            self._expand(found, node)

    def _type(
        self, node: Node, heading: str, known: Mapping[str, object], later: Collection[str] = ()
    ) -> tuple[str | None, str]:
        """The type of a table, if it exists, and the key that names it: "type", or how somebody wrote it."""
        key = self._type_key(node, heading, known)
        it = node.table.get(key)
        if it is None or (isinstance(it.value, str) and (it.value in known or it.value in later)):
            return (it.value if it else None), key
        options = sorted(known)
        usual = TYPE_WORDS.get(str(it.value).casefold())
        near = usual if usual in known else words.nearest(str(it.value), [*options, *later])
        self.report.error(
            it.spot,
            text("there is no type “{value}”; possible: {options}", value=str(it.value), options=", ".join(options)),
            f'"{near}"' if near and not isinstance(it.value, str) else near,
        )
        return None, key

    def _type_key(self, node: Node, heading: str, known: Mapping[str, object]) -> str:
        """The word “type”, or the key that surely was meant to be it, which is reported; as is a missing one."""
        if "type" in node.table:
            return "type"
        strange = [key for key in node.table if key not in set(self.homes.all_keys())]
        written = next((key for key in strange if "type" in words.GERMAN_KEYS.get(key.casefold(), ())), None)
        written = written or words.nearest("type", strange)
        if written is not None:
            unknown_key(node.table[written], ("type",), heading, self.homes, self.report)
        elif not {"type", "*"} & node.spot.document.lost:
            options = ", ".join(sorted(known))
            self.report.error(
                node.spot, text("{heading} needs the key “type”: {options}", heading=heading, options=options), "type"
            )
        return written or "type"

    def _comes_later(self, node: Node, kind: str, key: str) -> None:
        """A source type of a later version: what it surely needs is checked, the source itself is left out."""
        self.draft.later_sources.append(node)
        for missing in tables.LATER_SOURCES[kind] - set(node.table):
            if missing not in node.spot.document.lost:
                sentence = text("{heading} needs the key “{key}”", heading="[[source]]", key=missing)
                self.report.error(node.spot, sentence, missing)
        for name, it in node.table.items():
            if isinstance(it.value, str) and SECRET_NAMES.fullmatch(name):
                read_secret(it, self.report)
        self.report.warning(
            node.table[key].spot,
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
        card = getattr(source, "card", None)
        least = max(card.min_interval.total_seconds() if card else 0, SECONDS_A_MINUTE)
        if source.interval is not None and source.interval.total_seconds() < least:
            self._short_interval(source, node.table["interval"], int(least) // SECONDS_A_MINUTE)
        if source.tls == "insecure":
            self.report.warning(
                node.table["tls"].spot,
                text("whoever stands in between can change what this source says (tls = “insecure”)"),
            )
        if source.allow_private:
            return
        for it in node.table.values():
            if isinstance(it.value, str) and it.name in ADDRESSES and is_private(it.value):
                self.report.warning(
                    it.spot,
                    text("this address lies in a private network and will be refused; allow_private = true permits it"),
                    "allow_private = true",
                )

    def _short_interval(self, source: Source, node: Node, minutes: int) -> None:
        if source.interval is not None and source.interval.total_seconds() <= 0:
            self.report.error(node.spot, text("“{key}” must be longer than nothing", key="interval"), "10m")
        elif minutes > 1 and not source.allow_private:
            self.report.warning(
                node.spot,
                text("a source of this type should not be read more often than every {n} minutes", n=minutes),
                f"{minutes}m",
            )
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
