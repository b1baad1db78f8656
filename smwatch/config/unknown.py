"""What somebody probably meant by a key or table that does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.config import tables, words
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from smwatch.config.report import Report
    from smwatch.config.tree import Node

SURE = 0.8
LIKELY = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Homes:
    """Which heading each key belongs to, for keys that stand in the wrong place."""

    keys: Mapping[str, Collection[str]]

    @classmethod
    def of(cls, sources: Collection[str], channels: Collection[str]) -> Homes:
        """All headings with their keys; `sources` and `channels` are the keys that plugins bring."""
        return cls(
            keys={
                "[[watch]]": tuple(tables.WATCH.keys),
                "[[source]]": tuple(sources),
                "[digest.NAME]": tuple(tables.DIGEST.keys),
                "[channels.NAME]": tuple(channels),
                **{
                    it.heading: tuple(it.keys)
                    for it in tables.TABLES.values()
                    if it.heading not in ("[[watch]]", "[digest.NAME]")
                },
            }
        )

    def of_key(self, key: str, here: str) -> str | None:
        """The heading below which `key` belongs, other than `here`."""
        order = {"[[watch.raise]]": "[[watch]]", "": "[smwatch]"}
        found = [heading for heading, keys in self.keys.items() if key in keys and heading != here]
        return order.get(here) if order.get(here) in found else (found[0] if found else None)

    def all_keys(self) -> Iterator[str]:
        """Every key that exists anywhere."""
        for keys in self.keys.values():
            yield from keys


def unknown_key(node: Node, own: Collection[str], here: str, homes: Homes, report: Report) -> str | None:
    """Say that `node` is no key of the table `here`; what was probably meant, ready to paste."""
    key = node.name
    message, suggestion = _meant(key, own, here, homes)
    report.error(node.key, message, suggestion)
    return suggestion


def _meant(key: str, own: Collection[str], here: str, homes: Homes) -> tuple[Text, str | None]:
    right = _own_word(key, own)
    if right:
        return text("“{key}” is called “{right}” here", key=key, right=right), right
    near = words.nearest(key, own, SURE)
    if near:
        return _did_you_mean(key, here, near), near
    heading = _home(key, here, homes)
    if heading:
        return _wrong_place(key, heading, here), heading
    near = words.nearest(key, own, LIKELY)
    if near:
        return _did_you_mean(key, here, near), near
    return text("{here} has no key “{key}”; possible: {own}", here=here, key=key, own=", ".join(own)), None


def _own_word(key: str, own: Collection[str]) -> str | None:
    return next((it for it in words.GERMAN_KEYS.get(key.casefold(), ()) if it in own), None)


def _home(key: str, here: str, homes: Homes) -> str | None:
    heading = homes.of_key(key, here)
    if heading is None:
        english = next((it for it in words.GERMAN_KEYS.get(key.casefold(), ())), None) or words.nearest(
            key, homes.all_keys(), SURE
        )
        heading = homes.of_key(english, here) if english else None
    return heading


def _did_you_mean(key: str, here: str, near: str) -> Text:
    return text("{here} has no key “{key}”; did you mean “{near}”?", here=here, key=key, near=near)


def _wrong_place(key: str, heading: str, here: str) -> Text:
    if here == tables.RAISE.heading:
        return text("“{key}” belongs to {heading}: move it up, above {here}", key=key, heading=heading, here=here)
    return text("“{key}” does not belong to {here}, but to {heading}", key=key, heading=heading, here=here)


def unknown_table(node: Node, homes: Homes, report: Report) -> str | None:
    """Say that there is no such table, or that a key stands outside of every table; the table that was meant."""
    name = node.name
    if not node.is_table and not (node.entries and all(it.is_table for it in node.entries)):
        heading = homes.of_key(name, "") or _home(name, "", homes)
        sentence = (
            text("“{key}” stands above every heading; it belongs below {heading}", key=name, heading=heading)
            if heading
            else text("“{key}” stands above every heading and is no key at all", key=name)
        )
        report.error(node.key, sentence, heading)
        return None
    known = (*tables.TABLES, *tables.PLUGIN_HEADINGS)
    right = words.GERMAN_TABLES.get(name.casefold()) or words.nearest(name, known)
    if right == "raise":
        right = "watch.raise"
    if right is None and (heading := homes.of_key(name, "")):
        report.error(node.key, text("“{key}” is a key of {heading}, not a table", key=name, heading=heading), heading)
        return None
    if right is None:
        report.error(node.key, text("there is no table “{name}”; possible: {known}", name=name, known=", ".join(known)))
        return None
    report.error(node.key, text("there is no table “{name}”; it is called “{right}”", name=name, right=right), right)
    return right
