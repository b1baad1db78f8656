"""Secrets: named in the files, never written there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.config import words
from smwatch.config.kinds import read_filled
from smwatch.i18n import text
from smwatch.secret import Secret

if TYPE_CHECKING:
    from smwatch.config.report import Report
    from smwatch.config.tree import Node

USUAL_NAMES = {
    "token": "SMWATCH_SLACK_BOT_TOKEN",
    "app_token": "SMWATCH_SLACK_APP_TOKEN",
    "webhook": "SMWATCH_SLACK_WEBHOOK",
    "secret": "SMWATCH_HOOK_SECRET",
    "password": "SMWATCH_SMTP_PASSWORD",
}
NAMES_OF_SOURCES = {  # a source's, where it is not a channel's
    "password": "SMWATCH_IMAP_PASSWORD",
    "token": "SMWATCH_TOKEN",
    "secret": "SMWATCH_INBOUND_SECRET",
}
SECRET_KINDS = ("env", "file", "credential")


def read_secret(node: Node, report: Report) -> Secret | None:
    """`{ env = "X" }`, `{ file = "…" }` or `{ credential = "…" }`; a literal secret is refused and never repeated."""
    if isinstance(node.value, str):
        report.guard(node.value)
        right = f'{{ env = "{_usual_name(node)}" }}'
        report.error(
            node.spot,
            text("a secret does not stand in the file: write {key} = {right}", key=node.name, right=right),
            right,
        )
        return None
    if not node.is_table or len(node.table) != 1 or next(iter(node.table)) not in SECRET_KINDS:
        _no_secret(node, report)
        return None
    kind, place = next(iter(node.table.items()))
    value = read_filled(place, report)
    return None if value is None else Secret(kind=kind, place=value)  # type: ignore[arg-type]


def _usual_name(node: Node) -> str:
    own = NAMES_OF_SOURCES if "source" in node.path else USUAL_NAMES
    return own.get(node.name, f"SMWATCH_{node.name.upper()}")


def _no_secret(node: Node, report: Report) -> None:
    for it in node.walk():
        if isinstance(it.value, str) and it.name not in SECRET_KINDS:
            report.guard(it.value)
    wrong = next((key for key in node.table if key not in SECRET_KINDS), None)
    spot = node.table[wrong].key if wrong else node.spot
    report.error(
        spot,
        text(
            '“{key}” names a secret in one way: {{ env = "X" }}, {{ file = "…" }} or {{ credential = "…" }}',
            key=node.name,
        ),
        words.nearest(wrong, SECRET_KINDS) if wrong else None,
    )
