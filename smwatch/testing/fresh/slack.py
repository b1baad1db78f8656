"""`docs/slack-for-it.md`: what each Slack scope is for and what is lost without it; the manifests in `deploy/`."""

from __future__ import annotations

from smwatch.slack.rights import MANIFESTS, RIGHTS, manifest, scopes

HEAD = """<!-- Written by `make docs` from the manifests and smwatch/slack/rights.py. -->

# Slack: was die IT wissen will · what IT wants to know

"""
ABOUT = {
    "de": """## Deutsch

smwatch schreibt in Slack, es liest dort nicht mit; es hört nur, was jemand bei ihm anklickt oder mit `/smwatch` fragt.
Es gibt drei App-Manifeste, vom einfachsten zum vollständigen; jedes verlangt nur die Rechte, die es nutzt.
`smwatch slack setup` zeigt den Link, der die App mit einem davon anlegt, und prüft danach Rechte und Mitgliedschaft.
Verbindungen gehen immer vom eigenen Rechner zu `slack.com`; eine öffentliche Adresse ist nicht nötig. Token stehen nie
in der Konfiguration, nur der Ort, an dem sie liegen.
""",
    "en": """## English

smwatch writes to Slack and does not read along; it hears only what somebody clicks in its messages or asks with
`/smwatch`. There are three app manifests, from the simplest to the full one; each asks only for the rights it uses.
`smwatch slack setup` shows the link that makes the app from one of them, and then checks rights and membership.
Connections always go from your machine to `slack.com`; no public address is needed. Tokens never stand in the
configuration, only the place where they lie.
""",
}
COLUMNS = {
    "de": "| Recht (scope) | Manifest | wofür | was ohne es fehlt |",
    "en": "| scope | manifest | what it is for | what is lost without it |",
}


def page() -> str:
    """The page in both languages."""
    return HEAD + "\n".join(_part(n, language) for n, language in enumerate(ABOUT))


def manifests() -> dict[str, str]:
    """What stands in `deploy/slack`: the program's own manifests."""
    return {f"{name}.yaml": manifest(name) for name in MANIFESTS}


def _part(n: int, language: str) -> str:
    asked = {name: scopes(manifest(name)) for name in MANIFESTS}
    order = dict.fromkeys(scope for found in asked.values() for scope in found)
    rows = [COLUMNS[language], "|---|---|---|---|"]
    for scope in order:
        names = ", ".join(f"[{name}](../deploy/slack/{name}.yaml)" for name in MANIFESTS if scope in asked[name])
        rows.append(f"| `{scope}` | {names} | {RIGHTS[scope].use[n]} | {RIGHTS[scope].loss[n]} |")
    return ABOUT[language] + "\n" + "\n".join(rows) + "\n"
