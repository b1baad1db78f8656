"""The words that files may use: German and English values, German key words, and the nearest valid name."""

from __future__ import annotations

from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING

from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Iterable

PRIORITIES: dict[str, Priority] = {
    "urgent": Priority.URGENT,
    "sofort": Priority.URGENT,
    "dringend": Priority.URGENT,
    "normal": Priority.NORMAL,
    "digest-only": Priority.DIGEST_ONLY,
    "nur-digest": Priority.DIGEST_ONLY,
    "nur-überblick": Priority.DIGEST_ONLY,
}

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GERMAN = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_SHORT = ("mo", "di", "mi", "do", "fr", "sa", "so")
DAYS: dict[str, tuple[str, ...]] = {
    "daily": ("daily",),
    "täglich": ("daily",),
    "taeglich": ("daily",),
    "workdays": ("workdays",),
    "weekdays": ("workdays",),
    "werktags": ("workdays",),
    "weekends": ("sat", "sun"),
    "wochenende": ("sat", "sun"),
    "wochenends": ("sat", "sun"),
    "sonnabends": ("sat",),
    "sonnabend": ("sat",),
}
for _names in (WEEKDAYS, _ENGLISH, _GERMAN, _SHORT):
    for _day, _name in zip(WEEKDAYS, _names, strict=True):
        DAYS[_name] = (_day,)
        if len(_name) > 3:  # noqa: PLR2004 - whole names also as "mondays", "montags"
            DAYS[_name + "s"] = (_day,)

PERIODS: dict[str, str] = {
    "daily": "daily",
    "täglich": "daily",
    "taeglich": "daily",
    "weekly": "weekly",
    "wöchentlich": "weekly",
    "woechentlich": "weekly",
}

GERMAN_TABLES: dict[str, str] = {
    "suchauftrag": "watch",
    "suchaufträge": "watch",
    "suche": "watch",
    "watches": "watch",
    "quelle": "source",
    "quellen": "source",
    "sources": "source",
    "feed": "source",
    "feeds": "source",
    "kanal": "channels",
    "kanäle": "channels",
    "kanaele": "channels",
    "channel": "channels",
    "überblick": "digest",
    "ueberblick": "digest",
    "digests": "digest",
    "kunde": "client",
    "kunden": "client",
    "mandant": "client",
    "clients": "client",
    "liste": "list",
    "listen": "list",
    "lists": "list",
    "stummschaltung": "silence",
    "silences": "silence",
    "datenschutz": "privacy",
    "allgemein": "smwatch",
    "general": "smwatch",
    "global": "smwatch",
    "proxy": "http",
    "anheben": "raise",
    "erhöhen": "raise",
    "raises": "raise",
    "dringlichkeit": "raise",
}

# A German (or otherwise likely) word, and the keys that may be meant, likeliest first.
GERMAN_KEYS: dict[str, tuple[str, ...]] = {
    "abfrage": ("query",),
    "abonnement": ("url",),
    "absender": ("from",),
    "adresse": ("url",),
    "aktiv": ("active",),
    "alarm": ("alert",),
    "an": ("to",),
    "anmeldung": ("user",),
    "art": ("type",),
    "aufbewahrung": ("retention",),
    "ausschluss": ("exclude",),
    "ausschließen": ("exclude",),
    "ausschlüsse": ("exclude",),
    "benutzer": ("user",),
    "beschreibung": ("note",),
    "bis": ("to", "until"),
    "dialekt": ("dialect",),
    "digests": ("digest",),
    "alerts": ("alert",),
    "notiz": ("note",),
    "empfänger": ("to",),
    "feiertage": ("holidays",),
    "geheimnis": ("secret",),
    "grund": ("reason",),
    "intervall": ("interval",),
    "kanal": ("channel", "channels"),
    "kanäle": ("channels",),
    "kanaele": ("channels",),
    "kennwort": ("password",),
    "passwort": ("password",),
    "kontakt": ("contact",),
    "kunde": ("client",),
    "lizenz": ("licence",),
    "license": ("licence",),
    "mandant": ("client",),
    "meldung": ("alert",),
    "melden": ("alert",),
    "ordner": ("plugins_dir",),
    "priorität": ("priority",),
    "prioritaet": ("priority",),
    "quelle": ("source",),
    "ruhezeit": ("quiet_hours",),
    "ruhezeiten": ("quiet_hours",),
    "seite": ("site",),
    "sprache": ("language",),
    "lang": ("language",),
    "suche": ("query",),
    "suchanfrage": ("query",),
    "suchbegriff": ("query",),
    "suchbegriffe": ("query",),
    "tage": ("days",),
    "takt": ("interval",),
    "titel": ("name",),
    "typ": ("type",),
    "uhrzeit": ("at",),
    "um": ("at",),
    "umlaute": ("umlauts",),
    "von": ("from",),
    "wörter": ("words",),
    "worte": ("words",),
    "zeit": ("at",),
    "zeitraum": ("period",),
    "zeitzone": ("timezone",),
    "tz": ("timezone",),
    "time_zone": ("timezone",),
    "bezeichnung": ("name",),
    "überblick": ("digest",),
    "ueberblick": ("digest",),
    "eigene_konten": ("own_accounts",),
    "speicher": ("store",),
    "datenbank": ("store",),
    "database": ("store",),
    "link": ("url", "server", "jetstream", "host"),
    "url": ("server", "jetstream", "host", "webhook", "link"),
    "entry": ("item",),
    "topic": ("item",),
    "thread": ("item",),
    "urls": ("url", "servers", "pages"),
    "api_url": ("url", "server", "pds", "host"),
    "base_url": ("api_url", "url", "server", "pds", "host"),
    "endpoint": ("api_url", "url", "server", "jetstream", "host"),
    "instance": ("server",),
    "instances": ("servers",),
    "server": ("host", "url", "pds"),
    "host": ("url", "server", "pds"),
    "username": ("user",),
    "handle": ("user",),
    "identifier": ("user",),
    "login": ("user",),
    "account": ("user", "accounts"),
    "access_token": ("token",),
    "bearer_token": ("token",),
    "key": ("api_key", "secret", "token"),
    "keywords": ("search", "query"),
    "terms": ("search", "query"),
    "query": ("search",),
    "queries": ("search", "query"),
    "mapping": ("map",),
    "fields": ("map",),
    "signature_header": ("header",),
    "id_header": ("delivery_header",),
    "mailbox": ("folder",),
    "ssl": ("security", "tls"),
    "encryption": ("security", "tls"),
    "watch": ("pages",),
    "page": ("pages",),
    "watch_pages": ("pages",),
}


def nearest(word: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The valid name that `word` most likely stands for, or None."""
    known = {name.casefold(): name for name in sorted(names, reverse=True)}
    exact = known.get(word.strip().casefold())
    if exact is not None:
        return exact
    found = get_close_matches(word.strip().casefold()[:80], list(known), n=1, cutoff=cutoff)
    return known[found[0]] if found else None


def likeness(one: str, other: str) -> float:
    """How alike two words are, from 0 to 1."""
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def days(words: Iterable[str]) -> tuple[str, ...] | None:
    """`("montags", "Mi")` as `("mon", "wed")`; "daily" and "workdays" stay words; None where one is unknown."""
    found: list[str] = []
    for word in words:
        if (meant := DAYS.get(word.strip().casefold())) is None:
            return None
        found += [day for day in meant if day not in found]
    return tuple(found) or None
