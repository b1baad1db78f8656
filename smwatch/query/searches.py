"""What platforms are searched for on behalf of the watches: each query pushed down, equal strings asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.query.pushdown import pushdown
from smwatch.query.watches import parse_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from smwatch.model import Watch
    from smwatch.query.pushdown import Pushed


class Searches:
    """Built for a config, then only read; a platform's strings are made when they are first asked for."""

    def __init__(self, watches: Sequence[Watch] = (), lists: Mapping[str, Sequence[str]] | None = None) -> None:
        self._watches = [watch for watch in watches if watch.active]
        self._lists = lists
        self._made: dict[tuple[str, str | None], tuple[str, ...]] = {}

    def of(self, platform: str, client: str | None = None) -> tuple[str, ...]:
        """The strings for `platform` that the watches of `client` (None: all watches) need, in the config's order."""
        if (platform, client) not in self._made:
            found = (string for _, pushed in self.pushed(platform, client) for string in pushed.strings)
            self._made[platform, client] = tuple(dict.fromkeys(found))
        return self._made[platform, client]

    def pushed(self, platform: str, client: str | None = None) -> Iterator[tuple[Watch, Pushed]]:
        """What becomes of each watch's query there. Raises QueryError where one does not parse."""
        for watch in self._watches:
            if client in (None, watch.client):
                yield watch, pushdown(parse_for(watch, watch.query, self._lists), platform)
