"""`docs/slack-for-it.md`: what each Slack scope is for and what is lost without it, from the manifests in `deploy/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MANIFESTS = ("webhook", "chat", "full")


@dataclass(frozen=True, slots=True)
class Right:
    """What a scope is for, and what is lost without it; German and English."""

    use: tuple[str, str]
    loss: tuple[str, str]


RIGHTS = {
    "incoming-webhook": Right(
        use=(
            "in den einen Kanal schreiben, der beim Einrichten gewählt wird",
            "post to the one channel that is chosen at installation",
        ),
        loss=(
            "der einfache Weg fehlt; der Weg mit Bot-Token braucht ihn nicht",
            "the simple way is missing; the way with a bot token does not need it",
        ),
    ),
    "chat:write": Right(
        use=("Meldungen und Überblicke schreiben und die eigenen ändern", "post alerts and digests, and edit its own"),
        loss=("keine Nachrichten mit Bot-Token", "no messages with a bot token"),
    ),
    "commands": Right(
        use=("`/smwatch` annehmen (in einer späteren Fassung)", "take `/smwatch` (in a later version)"),
        loss=("zur Zeit nichts", "nothing at present"),
    ),
    "channels:history": Right(
        use=(
            "nach verlorener Antwort die eigene Nachricht an ihren Metadaten wiederfinden; gespeichert wird nichts",
            "after a lost answer, look for its own message (by its metadata); nothing of it is stored",
        ),
        loss=(
            "nach einer verlorenen Antwort kommt die Nachricht noch einmal, als „möglicherweise doppelt“ markiert",
            "after a lost answer the message is sent again, marked “possibly a duplicate”",
        ),
    ),
    "channels:read": Right(
        use=("die Kennung eines Kanals zu seinem Namen finden", "find a channel's id by its name"),
        loss=(
            "gleich nach einem Neustart kann es nur nachsehen, wenn in der Datei die Kennung statt des Namens steht",
            "right after a restart it can look up only where the file holds the channel's id instead of its name",
        ),
    ),
    "connections:write": Right(
        use=(
            "Knöpfe ohne öffentliche Adresse (App-Token `xapp-…`, Socket Mode; in einer späteren Fassung)",
            "buttons without a public address (app-level token `xapp-…`, Socket Mode; in a later version)",
        ),
        loss=(
            "zur Zeit nichts; später: Meldungen haben keine Knöpfe",
            "nothing at present; later: alerts have no buttons",
        ),
    ),
}

HEAD = """<!-- Written by `make docs` from the manifests in deploy/slack and smwatch/testing/fresh/slack.py. -->

# Slack: was die IT wissen will · what IT wants to know

"""
ABOUT = {
    "de": """## Deutsch

smwatch schreibt in Slack, es liest dort nicht mit. Es gibt drei App-Manifeste, vom einfachsten zum vollständigen;
jedes verlangt nur die Rechte, die es nutzt. Verbindungen gehen immer vom eigenen Rechner zu `slack.com`; eine
öffentliche Adresse ist nicht nötig. Token stehen nie in der Konfiguration, nur der Ort, an dem sie liegen.
""",
    "en": """## English

smwatch writes to Slack and does not read along. There are three app manifests, from the simplest to the full one; each
asks only for the rights that it uses. Connections always go from your machine to `slack.com`; no public address is
needed. Tokens never stand in the configuration, only the place where they lie.
""",
}
COLUMNS = {
    "de": "| Recht (scope) | Manifest | wofür | was ohne es fehlt |",
    "en": "| scope | manifest | what it is for | what is lost without it |",
}


def page(folder: Path) -> str:
    """The page in both languages."""
    return HEAD + "\n".join(_part(folder, n, language) for n, language in enumerate(ABOUT))


def scopes(manifest: Path) -> tuple[str, ...]:
    """The scopes that a manifest asks for, the app-level token's too where it uses Socket Mode."""
    words = manifest.read_text(encoding="utf-8")
    found = re.findall(
        r"^      - ([\w:-]+)", words.partition("    bot:\n")[2].partition("\nsettings:")[0], re.MULTILINE
    )
    return (*found, "connections:write") if "socket_mode_enabled: true" in words else tuple(found)


def _part(folder: Path, n: int, language: str) -> str:
    asked = {name: scopes(folder / f"{name}.yaml") for name in MANIFESTS}
    order = dict.fromkeys(scope for found in asked.values() for scope in found)
    rows = [COLUMNS[language], "|---|---|---|---|"]
    for scope in order:
        names = ", ".join(f"[{name}](../deploy/slack/{name}.yaml)" for name in MANIFESTS if scope in asked[name])
        rows.append(f"| `{scope}` | {names} | {RIGHTS[scope].use[n]} | {RIGHTS[scope].loss[n]} |")
    return ABOUT[language] + "\n" + "\n".join(rows) + "\n"
