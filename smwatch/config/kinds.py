"""How a value is read: what a kind is, and how a wrong type is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING, Any

from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smwatch.config.report import Report
    from smwatch.config.tree import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a value is read, and its JSON schema for editors."""

    read: Callable[[Node, Report], Any]
    schema: Mapping[str, Any]


def is_scalar(node: Node) -> bool:
    """Whether the value is neither a list nor a table."""
    return not isinstance(node.value, dict | list)


def wrong_type(node: Node, report: Report, expected: Text, suggestion: str | None) -> None:
    """“alert” needs a list, and got something else."""
    report.error(
        node.spot,
        text("“{key}” needs {expected}; here stands {found}", key=node.name, expected=expected, found=_described(node)),
        suggestion,
    )


def _described(node: Node) -> Text:
    value = node.value
    if isinstance(value, bool):
        return text("true or false")
    for types, sentence in (
        ((str,), text("text")),
        ((int, float), text("a number")),
        ((list,), text("a list")),
        ((dict,), text("a table")),
        ((time,), text("a time without quotes")),
    ):
        if isinstance(value, types):
            return sentence
    return text("a date")


def read_text(node: Node, report: Report) -> str | None:
    """Any text."""
    if isinstance(node.value, str):
        return node.value
    wrong_type(node, report, text("text in quotes"), f'"{node.raw}"' if is_scalar(node) and node.raw else None)
    return None


def read_filled(node: Node, report: Report) -> str | None:
    """Text with something in it."""
    value = read_text(node, report)
    if value is not None and not value.strip():
        report.error(node.spot, text("“{key}” is empty", key=node.name))
        return None
    return value
