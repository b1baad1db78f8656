"""The dialogue of `init`, and the same answers from options."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smwatch.cli.ask import ask, confirmed, needed, several
from smwatch.cli.shell import speak, spoken, talk
from smwatch.cli.usage import Misused
from smwatch.errors import UserError
from smwatch.i18n import Text, text
from smwatch.init.answers import Answers, mail_address, mail_server
from smwatch.init.brand import query_for
from smwatch.init.place import is_service, local_zone, refuse_useless, store_for
from smwatch.init.plan import Channel, Secret, Smtp
from smwatch.init.secret import as_credential, in_file, in_variable, refuse_value, usual_place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smwatch.cli.init import Target

WEBHOOK, TOKEN, PASSWORD = "SMWATCH_SLACK_WEBHOOK", "SMWATCH_SLACK_BOT_TOKEN", "SMWATCH_SMTP_PASSWORD"
LANGUAGES = ("de", "de-CH", "en")


def given(options: Mapping[str, Any], output: Path | None) -> Answers:
    """The answers that the options give; raises UserError or Misused for what is wrong with them."""
    brand = options["brand"].strip()
    query_for(brand)
    addresses = [*options["website"], *options["feed"], *options["competitor"], brand]
    for written in addresses:
        refuse_value(written)
    return Answers(
        brand=brand,
        language=options["language"] or spoken(),
        store=options["store"] or store_for(output or Path("smwatch.toml")),
        channel=_channel(options),
        websites=_addresses(options["website"]),
        feeds=_addresses(options["feed"]),
        competitors=_names(options["competitor"]),
        timezone=options["timezone"] or local_zone(),
        people=bool(options["people"]),
        allow_private=options["allow_private"],
    )


def _addresses(written: tuple[str, ...]) -> tuple[str, ...]:
    from smwatch.init.feeds import addresses

    for one in written:
        addresses(one)
    return written


def _names(written: tuple[str, ...]) -> tuple[str, ...]:
    for one in written:
        query_for(one)
    return written


def _channel(options: Mapping[str, Any]) -> Channel:
    """The one channel that the options describe; the terminal where they say nothing."""
    kinds = {
        "--console": options["console"],
        "--slack-webhook-env": options["slack_webhook_env"],
        "--slack-webhook-file": options["slack_webhook_file"],
        "--slack-webhook-credential": options["slack_webhook_credential"],
        "--slack-channel": options["slack_channel"] or options["slack_token_env"],
        "--email": options["email"],
    }
    chosen = [name for name, value in kinds.items() if value]
    if len(chosen) > 1:
        raise Misused(text("only one channel can be set up here: {names}", names=", ".join(chosen)))
    return _READ[chosen[0]](options) if chosen else Channel()


def _bot(options: Mapping[str, Any]) -> Channel:
    if not options["slack_channel"]:
        raise Misused(text("{what} is missing", what="--slack-channel"))
    token = _kept(options, "slack_token_env", TOKEN)
    return Channel(kind="slack", slack_channel=_slack_channel(options["slack_channel"]), token=token)


def _kept(options: Mapping[str, Any], option: str, usual: str) -> Secret:
    """The variable that the option names; without it the usual place."""
    if options[option]:
        return in_variable(options[option], usual)
    return usual_place(usual, service=is_service(options["output"]))


def _mail(options: Mapping[str, Any]) -> Channel:
    smtp = mail_server(options["smtp"]) if options["smtp"] else Smtp()
    if options["smtp_user"]:
        password = _kept(options, "smtp_password_env", PASSWORD)
        smtp = replace(smtp, user=refuse_value(options["smtp_user"]), password=password)
    return Channel(kind="email", to=tuple(map(mail_address, options["email"])), smtp=smtp)


_READ: Mapping[str, Callable[[Mapping[str, Any]], Channel]] = {
    "--console": lambda _: Channel(),
    "--slack-webhook-env": lambda it: Channel(kind="slack", webhook=in_variable(it["slack_webhook_env"], WEBHOOK)),
    "--slack-webhook-file": lambda it: Channel(kind="slack", webhook=in_file(it["slack_webhook_file"], WEBHOOK)),
    "--slack-webhook-credential": lambda it: Channel(
        kind="slack", webhook=as_credential(it["slack_webhook_credential"], WEBHOOK)
    ),
    "--slack-channel": _bot,
    "--email": _mail,
}


def asked(options: Mapping[str, Any], target: Target) -> tuple[Answers, Target]:
    """Ask for everything that the options leave open; Ctrl-C and the end of the input stop it."""
    talk("smwatch init: " + text("a few questions; Enter takes what stands in [ ], Ctrl-C stops.").render(spoken()))
    language = options["language"] or ask(Text("Language / Sprache: de, de-CH, en"), _language, spoken())
    speak(language)
    brand = ask(text("What is the brand called?"), _brand)
    websites = options["website"] or _websites()
    feeds = options["feed"] or _feeds()
    competitors = options["competitor"] or _competitors()
    answers = Answers(
        brand=brand,
        language=language,
        store="",
        channel=_chosen_channel(options),
        websites=_addresses(websites),
        feeds=_addresses(feeds),
        competitors=competitors,
        timezone=options["timezone"] or local_zone(),
        people=_people(options),
        allow_private=options["allow_private"],
    )
    target = _place(target)
    store = options["store"] or store_for(target.path or Path("smwatch.toml"))
    return replace(answers, store=store), target


def _language(answer: str) -> str:
    if answer not in LANGUAGES:
        raise UserError(text("please answer with one of: {words}", words=", ".join(LANGUAGES)))
    return answer


def _brand(answer: str) -> str:
    query_for(refuse_value(needed(answer)))
    return answer


def _websites() -> tuple[str, ...]:
    return ask(text("Its own website (Enter: none)"), lambda it: _addresses((refuse_value(it),)) if it else ())


def _feeds() -> tuple[str, ...]:
    question = text("What else is to be read? Addresses of media, blogs, forums, parted by commas (Enter: nothing)")

    def read(answer: str) -> tuple[str, ...]:
        return _addresses(tuple(refuse_value(part) for one in answer.split(",") if (part := one.strip())))

    return ask(question, read)


def _competitors() -> tuple[str, ...]:
    return _names(several(text("Competitors for the digest, parted by commas (Enter: none)")))


def _people(options: Mapping[str, Any]) -> bool:
    if options["people"] is not None:
        return bool(options["people"])
    question = text(
        "Make lists of people who post often about you? That is personal data: ask your data protection officer"
    )
    return confirmed(question, default=False)


def _chosen_channel(options: Mapping[str, Any]) -> Channel:
    """The channel of the options; where they name none, asked for."""
    found = _channel(options)
    if found.kind != "console" or options["console"]:
        return found
    question = text(
        "Where are people told? 1 Slack with a webhook (simple), 2 Slack with a bot, 3 e-mail, 4 this terminal"
    )
    return ask(question, _kind, "4")(is_service(options["output"]))


def _kind(answer: str) -> Callable[[bool], Channel]:
    ways: dict[str, Callable[[bool], Channel]] = {
        "1": _ask_webhook,
        "2": _ask_bot,
        "3": _ask_mail,
        "4": lambda _: Channel(),
    }
    if answer not in ways:
        raise UserError(text("please answer with one of: {words}", words=", ".join(ways)))
    return ways[answer]


def _ask_secret(usual: str, service: bool) -> Secret:  # noqa: FBT001 - handed on
    """Its place: a variable, or for the service the name of a file among its credentials."""
    place = usual_place(usual, service=service).place
    if service:
        question = text("Which file in /etc/smwatch/credentials holds it? (its name, not the secret itself)")
        return ask(question, lambda answer: as_credential(answer, usual), place)
    question = text("Which environment variable holds it? (its name, not the secret itself)")
    return ask(question, lambda answer: in_variable(answer, usual), place)


def _ask_webhook(service: bool) -> Channel:  # noqa: FBT001 - handed on
    talk(text("Slack shows the webhook's address when you add the app “Incoming Webhooks”; it is a secret."))
    return Channel(kind="slack", webhook=_ask_secret(WEBHOOK, service))


def _ask_bot(service: bool) -> Channel:  # noqa: FBT001 - handed on
    channel = ask(text("Which Slack channel, e.g. #pr-alerts?"), lambda answer: _slack_channel(needed(answer)))
    talk(text("The bot's token begins with xoxb-; it is a secret. docs/slack-for-it.md says how to get one."))
    return Channel(kind="slack", slack_channel=channel, token=_ask_secret(TOKEN, service))


def _ask_mail(service: bool) -> Channel:  # noqa: FBT001 - handed on
    def read(answer: str) -> tuple[str, ...]:
        return tuple(mail_address(one.strip()) for one in needed(answer).split(","))

    to = ask(text("To which mail addresses, parted by commas?"), read)
    smtp = ask(text("The mail server, host or host:port"), mail_server, "localhost")
    user = ask(text("Its user (Enter: no log-in)"), refuse_value)
    if user:
        smtp = replace(smtp, user=user, password=_ask_secret(PASSWORD, service))
    return Channel(kind="email", to=to, smtp=smtp)


def _slack_channel(written: str) -> str:
    """`#name` or an id; a name without its sign gets it."""
    name = refuse_value(written.strip())
    if any(sign.isspace() for sign in name):
        raise UserError(text("{name} is no Slack channel", name=name))
    is_id = name[:1] in "CGD" and name.isalnum() and name.isupper()
    return name if name.startswith("#") or is_id else f"#{name}"


def _place(target: Target) -> Target:
    """Where the file goes: what is there already is replaced only after a yes."""
    if target.path is None or target.replace:
        return target
    path = target.path
    while path.exists():
        if confirmed(text("{path} is there already. Replace it (a copy is kept)?", path=str(path)), default=False):
            return replace(target, path=path, replace=True)
        path = ask(text("Which file then?"), _free_path)
    return replace(target, path=path)


def _free_path(answer: str) -> Path:
    path = Path(needed(answer))
    refuse_useless(path)
    return path
