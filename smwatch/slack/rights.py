"""What each of Slack's scopes is for, what is lost without it, and the manifests that ask for them (pure).

https://docs.slack.dev/reference/app-manifest; the link is that of https://docs.slack.dev/app-manifests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import quote

MANIFESTS = ("webhook", "chat", "full")
NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_yaml="
PRIVATE = {"groups:history": "channels:history", "groups:read": "channels:read"}


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
        use=(
            "`/smwatch` und die Befehle im Menü einer Nachricht (Vorgang beginnen)",
            "`/smwatch`, and the shortcuts in the menu of a message (begin a case)",
        ),
        loss=(
            "`/smwatch` und „Vorgang beginnen“ fehlen; Knöpfe gehen auch ohne",
            "`/smwatch` and “Begin a case” are missing; buttons work without",
        ),
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
            "Knöpfe, Menüs und `/smwatch` ohne öffentliche Adresse (App-Token `xapp-…`, Socket Mode)",
            "buttons, menus and `/smwatch` without a public address (app-level token `xapp-…`, Socket Mode)",
        ),
        loss=(
            "Meldungen haben Links statt Knöpfe; Vorgänge nur auf der Kommandozeile (`smwatch case`)",
            "alerts have links instead of buttons; cases only on the command line (`smwatch case`)",
        ),
    ),
}


def manifest(name: str) -> str:
    """One of the three, as YAML."""
    return files(__package__).joinpath("manifests", f"{name}.yaml").read_text(encoding="utf-8")


def scopes(words: str) -> tuple[str, ...]:
    """The scopes that a manifest asks for, the app-level token's too where it uses Socket Mode."""
    asked = words.partition("    bot:\n")[2].partition("\nsettings:")[0]
    found = re.findall(r"^      - ([\w:-]+)", asked, re.MULTILINE)
    return (*found, "connections:write") if "socket_mode_enabled: true" in words else tuple(found)


GERMAN = {
    "Media monitoring – alerts and digests for the PR team": "Medienbeobachtung: Meldungen und Überblicke fürs PR-Team",
    "Begin a case": "Vorgang beginnen",
    "A message that wants an answer": "Eine Nachricht, die eine Antwort braucht",
    "New case (phone, mail)": "Neuer Vorgang",
    "A question that came by phone or mail": "Eine Frage, die per Telefon oder Mail kam",
    "Status, search, silences, cases": "Stand, Suche, Stummschaltungen, Vorgänge",
}


def link(name: str, language: str = "en") -> str:
    """Where Slack makes an app from this manifest, its comments left out; what people read is in their language."""
    lines = [re.sub(r"\s+#.*$", "", line) for line in manifest(name).splitlines() if not line.startswith("#")]
    if language.startswith("de"):
        parts = [line.partition(": ") for line in lines]
        lines = [f"{key}{colon}{GERMAN.get(words, words)}" for key, colon, words in parts]
    return NEW_APP + quote("\n".join(lines) + "\n", safe="")
