"""`[[silence]]`: silences that stand in the files; those of Slack and the command line are rows of the store."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from smwatch.config import tables
from smwatch.i18n import text
from smwatch.message.escape import shown_host
from smwatch.model import Person
from smwatch.silence import Scope, Silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from smwatch.config.queries import Queries
    from smwatch.config.report import Report
    from smwatch.config.sections import Sections
    from smwatch.config.tree import Node
    from smwatch.model import Watch

WHAT = ("query", "watch", "site")
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Silences:
    """Reads the tables; `zone(client)` is where a date without a zone counts."""

    def __init__(self, sections: Sections, report: Report, queries: Queries, zone: Callable[[str | None], str]) -> None:
        self.sections = sections
        self.report = report
        self.queries = queries
        self.zone = zone

    def planned(self, watches: Iterable[Watch]) -> tuple[Silence, ...]:
        """One silence for each table that holds what it needs."""
        owners = {watch.name: watch.client for watch in watches}
        nodes = enumerate(self.sections.all("silence"), start=1)
        found = [self._read(node, number, owners) for number, node in nodes]
        return tuple(one for one in found if one is not None)

    def _read(self, node: Node, number: int, owners: Mapping[str, str | None]) -> Silence | None:
        values = self.sections.read(node, tables.SILENCE)
        named = [key for key in WHAT if key in node.table]
        if len(named) != 1 and not {"*", *WHAT} & node.spot.document.lost:
            self.report.error(
                node.spot,
                text("a silence is about one thing: write “query”, “watch” or “site”"),
                named[0] if named else "watch",
            )
        if len(named) != 1 or not {named[0], "until", "reason"} <= set(values):
            return None
        if named[0] == "query" and not self.queries.check(node.table["query"], "", {}, values.get("client")):
            return None
        return self._silence(node, number, named[0], values, owners)

    def _silence(
        self, node: Node, number: int, key: str, values: Mapping[str, Any], owners: Mapping[str, str | None]
    ) -> Silence:
        client = owners.get(values[key], values.get("client")) if key == "watch" else values.get("client")
        where = f"{node.spot.document.path.name}:{node.spot.line}"
        return Silence(
            id=-number,
            client=client,
            scope=Scope(key),
            value=site(values[key]) if key == "site" else values[key],
            label=values[key],
            until=end_of(values["until"], ZoneInfo(self.zone(client))),
            by=Person(id=f"file:{where}", name=where),
            reason=values["reason"],
            at=LONG_AGO,
        )


def site(written: str) -> str:
    """The host that people mean: "https://www.blatt.example/x" is "blatt.example"."""
    return shown_host(written if "://" in written else f"https://{written.strip()}") or written.strip().casefold()


def end_of(until: datetime | date, zone: ZoneInfo) -> datetime:
    """The moment in UTC; a date alone means the end of that day."""
    if not isinstance(until, datetime):
        return datetime.combine(until + timedelta(days=1), time(), zone).astimezone(UTC)
    return (until if until.tzinfo is not None else until.replace(tzinfo=zone)).astimezone(UTC)
