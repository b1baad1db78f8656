"""Stories without a store: items in, the number of each one's story out. For tests and benchmarks of the rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smwatch.story import Known, Recall, Window, prints, said, ties

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from smwatch.model import Item
    from smwatch.story import Fingerprint, Tie


@dataclass(slots=True)
class Gatherer:
    """Gathers as gather.py does, where nobody was told of anything yet; with `told` of everything at once."""

    told: bool = False
    items: dict[int, tuple[str, Item, tuple[Fingerprint, ...], datetime]] = field(default_factory=dict)
    homes: dict[int, int] = field(default_factory=dict)  # the story of each item
    ties: dict[int, tuple[Tie, int]] = field(default_factory=dict)  # why an item is there, and with which one
    window: Window = field(default_factory=Window)
    recall: Recall = field(default_factory=Recall)

    def take(self, item: Item, at: datetime, client: str = "", place: str = "") -> int:
        """The number of the item that was taken; `homes` says where it is."""
        number = len(self.items)
        words = said(item)
        marks = prints(item, words, place)
        found = self.window.find(client, marks, at)
        heard = self.recall.known(one.item_id for one in found)
        missing = [one.item_id for one in found if one.item_id not in heard]
        akin = ties(words, found, heard | {other: said(self.items[other][1]) for other in missing})
        self.recall.keep(number, words)
        if not self.told:
            self._bridge(client, [one.known.story_id for _, one in akin])
        known = self.window.story_of(client, akin[0][1].item_id, at) if akin else None
        known = known or Known(story_id=number, first_at=at, last_at=at)
        if akin:
            self.ties[number] = (akin[0][0], akin[0][1].item_id)
        self.items[number] = (client, item, marks, at)
        self.homes[number] = known.story_id
        self.window.add(client, number, marks, known.with_item(at))
        return number

    def restart(self, now: datetime) -> None:
        """Forget everything, and remember it again from what is stored."""
        self.window = Window()
        spans: dict[int, list[datetime]] = {}
        for number, (_, _, _, at) in self.items.items():
            spans.setdefault(self.homes[number], []).append(at)
        for number, (client, _, marks, _) in self.items.items():
            moments = spans[self.homes[number]]
            known = Known(story_id=self.homes[number], first_at=min(moments), last_at=max(moments))
            self.window.add(client, number, marks, known)
        self.window.forget(now)

    def _bridge(self, client: str, numbers: Sequence[int]) -> None:
        home = min(numbers, default=0)
        for gone in set(numbers) - {home}:
            self.window.merge(client, gone, home)
            self.homes |= {item: home for item, at in self.homes.items() if at == gone}
