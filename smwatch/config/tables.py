"""Every table and every key of the files, except those that plugins bring: one line a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.config import fields
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from smwatch.config.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key: how it is read, what it is for, and whether it must stand there.

    `later` marks a key whose feature comes with a later version: it is read, and a warning says so.
    """

    kind: Kind
    doc: Text
    required: bool = False
    later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: `heading` as people write it, its keys, and who may write it."""

    heading: str
    doc: Text
    keys: Mapping[str, Key]
    people: bool = False
    later: bool = False
    listed: bool = False
    named: bool = False


def key(kind: Kind, doc: Text, *, required: bool = False, later: bool = False) -> Key:
    """A line of the tables below."""
    return Key(kind=kind, doc=doc, required=required, later=later)


SMWATCH = Table(
    heading="[smwatch]",
    doc=text("What holds for everything."),
    keys={
        "language": key(
            fields.LANGUAGE, text('Language of alerts, digests and error messages: "de", "de-CH" or "en".')
        ),
        "timezone": key(fields.TIMEZONE, text('Time zone of all times in this file, e.g. "Europe/Berlin".')),
        "store": key(fields.STORE, text("Where everything is kept.")),
        "own_accounts": key(fields.STRINGS, text("Your own accounts and addresses: what they post never alerts.")),
        "plugins": key(fields.STRINGS, text("Installed third-party plugins to load, by name.")),
        "plugins_dir": key(fields.FILLED, text("Folder of your own one-file plugins.")),
        "ops": key(fields.STRINGS, text("Channels that hear about broken sources and broken configuration.")),
        "history": key(fields.DURATION, text("How long title and excerpt of unmatched items are kept.")),
        "history_max": key(fields.STRING, text("How much room that history may take."), later=True),
        "retention": key(fields.DURATION, text("How long text and author of mentions are kept.")),
        "max_age": key(fields.DURATION, text("Older items do not alert singly.")),
        "contact": key(fields.FILLED, text("Goes into the User-Agent of our requests.")),
        "public_url": key(fields.ADDRESS, text("The address under which people reach smwatch.")),
        "heartbeat_url": key(fields.ADDRESS, text("An address that is called once a minute while all is well.")),
        "holidays": key(fields.HOLIDAYS, text('Bank holidays that "werktags" leaves out, e.g. "DE-BY".')),
        "include": key(fields.STRINGS, text("People's own files: watches, sources, digests only.")),
    },
)

WEB = Table(
    heading="[web]",
    doc=text("Status and metrics."),
    keys={"listen": key(fields.LISTEN, text('Address and port of the status pages; "" turns them off.'))},
)

HTTP = Table(
    heading="[http]",
    doc=text("How requests leave the house."),
    keys={
        "proxy": key(fields.ADDRESS, text("Proxy for all requests.")),
        "no_proxy": key(fields.STRINGS, text("Hosts that are reached without the proxy.")),
        "ca_file": key(fields.FILLED, text("File with further certificate authorities.")),
    },
)

WATCH = Table(
    heading="[[watch]]",
    doc=text("A named query with its routing."),
    people=True,
    listed=True,
    keys={
        "name": key(fields.FILLED, text("The name that people see."), required=True),
        "query": key(fields.FILLED, text("What to look for, in the query language."), required=True),
        "client": key(fields.FILLED, text("For whom; clients are kept apart.")),
        "exclude": key(fields.STRINGS, text("Queries whose hits are left out.")),
        "alert": key(fields.STRINGS, text("Channels that are told at once.")),
        "digest": key(fields.STRINGS, text("Digests that tell of it.")),
        "priority": key(fields.PRIORITY, text('"sofort", "normal" or "nur-digest".')),
        "share_of_voice": key(fields.FILLED, text("Watches with the same word are compared."), later=True),
        "shared": key(fields.FLAG, text("The comparison may go over several clients.")),
        "dialect": key(
            fields.choice({it: it for it in ("brandwatch", "meltwater", "talkwalker", "cision")}),
            text("The tool from which the query was taken."),
        ),
        "umlauts": key(
            fields.choice({"strict": "strict", "streng": "strict", "loose": "loose", "locker": "loose"}),
            text('"loose": ä is also found as a.'),
        ),
        "inflect": key(fields.FLAG, text("Also find the genitive of names (on by default).")),
        "note": key(fields.STRING, text("For yourselves.")),
        "active": key(fields.FLAG, text("false rests it.")),
        "was": key(fields.FILLED, text("Its former name, so that its history follows.")),
        "answer_within": key(fields.DURATION, text("How soon mentions want an answer.")),
        "escalate": key(fields.FILLED, text("Channel that hears of overdue answers.")),
        "trial": key(fields.FLAG, text("Only counts, and tells nobody."), later=True),
    },
)

RAISE = Table(
    heading="[[watch.raise]]",
    doc=text("When it is urgent."),
    people=True,
    listed=True,
    keys={
        "query": key(fields.FILLED, text("What makes it urgent, in the query language."), required=True),
        "priority": key(fields.PRIORITY, text('"sofort" or "normal".'), required=True),
    },
)

DIGEST = Table(
    heading="[digest.NAME]",
    doc=text("A summary at a fixed time."),
    people=True,
    named=True,
    keys={
        "at": key(fields.CLOCK_TIME, text('Time of day, e.g. "08:00".'), required=True),
        "days": key(fields.WEEKDAYS, text('"täglich", "werktags", "montags" … or a cron line.')),
        "channels": key(fields.SOME, text("Channels that it goes to."), required=True),
        "period": key(fields.PERIOD, text('"daily" or "weekly".')),
        "timezone": key(fields.TIMEZONE, text("Time zone of this digest.")),
        "language": key(fields.LANGUAGE, text("Language of this digest.")),
        "holidays": key(fields.HOLIDAYS, text('Bank holidays that "werktags" leaves out, e.g. "DE-BY".')),
        "client": key(fields.FILLED, text("For whom; clients are kept apart.")),
        "shared": key(fields.FLAG, text("It may hold several clients.")),
    },
)

CLIENT = Table(
    heading="[client.NAME]",
    doc=text("What differs for one client."),
    people=True,
    named=True,
    keys={
        "language": key(fields.LANGUAGE, text("Language of what this client reads.")),
        "timezone": key(fields.TIMEZONE, text("Time zone of what this client reads.")),
        "holidays": key(fields.HOLIDAYS, text('Bank holidays that "werktags" leaves out, e.g. "DE-BY".')),
        "own_accounts": key(fields.STRINGS, text("Your own accounts and addresses: what they post never alerts.")),
        "retention": key(fields.DURATION, text("How long text and author of mentions are kept.")),
        "people": key(fields.FLAG, text("Whether lists of active people are made."), later=True),
        "channels": key(fields.STRINGS, text("Channels that belong to this client alone.")),
        "ops": key(fields.STRINGS, text("Channels that hear about broken sources and broken configuration.")),
    },
)

LIST = Table(
    heading="[list.NAME]",
    doc=text("Words for queries: list:NAME."),
    people=True,
    named=True,
    keys={"words": key(fields.SOME, text("The words, each written as in a query."), required=True)},
)

SILENCE = Table(
    heading="[[silence]]",
    doc=text("What is not told for a while."),
    people=True,
    listed=True,
    keys={
        "query": key(fields.FILLED, text("What to look for, in the query language.")),
        "watch": key(fields.FILLED, text("The watch to silence.")),
        "site": key(fields.FILLED, text("The site to silence.")),
        "client": key(fields.FILLED, text("For whom; clients are kept apart.")),
        "until": key(fields.MOMENT, text("When it ends."), required=True),
        "reason": key(fields.FILLED, text("Why, for colleagues."), required=True),
    },
)

PRIVACY = Table(
    heading="[privacy]",
    doc=text("Personal data."),
    keys={
        "people": key(fields.FLAG, text("Whether lists of active people are made."), later=True),
        "slack": key(
            fields.choice(
                {"excerpt": "excerpt", "auszug": "excerpt", "link-only": "link-only", "nur-link": "link-only"}
            ),
            text("How much of a mention goes to Slack."),
            later=True,
        ),
        "mask_names": key(fields.STRINGS, text("Names that are masked in alerts."), later=True),
        "cases": key(
            fields.choice({"anonymous": "anonymous", "anonym": "anonymous", "named": "named"}), text("Names on cases.")
        ),
    },
)

TABLES: Mapping[str, Table] = {
    "smwatch": SMWATCH,
    "web": WEB,
    "http": HTTP,
    "watch": WATCH,
    "digest": DIGEST,
    "client": CLIENT,
    "list": LIST,
    "silence": SILENCE,
    "privacy": PRIVACY,
}
# Tables whose keys come from plugins.
PLUGIN_HEADINGS: Mapping[str, str] = {"channels": "[channels.NAME]", "source": "[[source]]"}
PEOPLES_TABLES = frozenset({"watch", "source", "digest", "silence", "list", "client"})

# Source types that later versions bring: what they will need, so that a file may already name them.
LATER_SOURCES: Mapping[str, frozenset[str]] = {
    "youtube": frozenset({"key"}),
    **{
        name: frozenset()
        for name in (
            "x",
            "hackernews",
            "gdelt",
            "reddit",
            "vimeo",
            "pinterest",
            "facebook",
            "instagram",
            "linkedin",
            "tiktok",
            "threads",
            "telegram",
            "trustpilot",
            "wikipedia",
        )
    },
}


def headings() -> Iterable[str]:
    """All headings, as people write them."""
    return (*(it.heading for it in TABLES.values()), RAISE.heading, *PLUGIN_HEADINGS.values())
