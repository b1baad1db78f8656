"""`init`: the first configuration, by questions or by options."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smwatch.cli.helped import Command
from smwatch.cli.shell import EX_FAILED, coloured, run_async, say_error, speak, spoken, talk, tell
from smwatch.cli.usage import Misused, OneOf
from smwatch.i18n import text, texts

if TYPE_CHECKING:
    from smwatch.init.answers import Answers
    from smwatch.init.feeds import Search
    from smwatch.init.plan import Plan

STDOUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the file goes; `replace` was asked for by an option or answered with yes."""

    path: Path | None
    replace: bool = False


@click.command(
    cls=Command,
    examples=(
        "smwatch init                                  # asks what it needs to know",
        'smwatch init --console --brand "Acme" --feed https://www.example.org/feed.xml',
        "smwatch init --brand Acme --website acme.example --slack-webhook-env SMWATCH_SLACK_WEBHOOK",
        "smwatch init --brand Acme --email presse@acme.example --smtp smtp.acme.example --output acme.toml",
    ),
    short_help="Writes a configuration, step by step.",
    help="Writes a first configuration: a brand to watch, where to look, whom to tell, and a daily digest. It finds "
    "the feeds of a site and tries the channel.\n\nIt asks for what no option says; with --brand it asks nothing. "
    "Secrets never go into the file, and a file that is there is never written over without being asked for.",
)
@click.option("--brand", metavar="NAME", help="What to look for.")
@click.option("--website", multiple=True, metavar="ADDRESS", help="The brand's own site; its feeds are found.")
@click.option("--feed", multiple=True, metavar="ADDRESS", help="A feed, or a page that has one: media, blogs, forums.")
@click.option("--competitor", multiple=True, metavar="NAME", help="Watched for the digest.")
@click.option("--console", is_flag=True, help="Tell on this terminal.")
@click.option("--slack-webhook-env", metavar="VARIABLE", help="Tell in Slack; the variable holds the webhook.")
@click.option("--slack-webhook-file", metavar="FILE", help="The same; a file holds it.")
@click.option("--slack-webhook-credential", metavar="NAME", help="The same; a systemd credential holds it.")
@click.option("--slack-channel", metavar="#CHANNEL", help="Tell in this Slack channel, with a bot's token.")
@click.option("--slack-token-env", metavar="VARIABLE", help="The variable that holds the bot's token.")
@click.option("--email", multiple=True, metavar="ADDRESS", help="Tell by e-mail.")
@click.option("--smtp", metavar="HOST[:PORT]", help="The mail server.")
@click.option("--smtp-user", metavar="NAME", help="Its user, where it wants a log-in.")
@click.option("--smtp-password-env", metavar="VARIABLE", help="The variable that holds the password.")
@click.option("--language", type=OneOf("de", "de-CH", "en"), help="The language of alerts and digests.")
@click.option("--timezone", metavar="ZONE", help="The time zone, e.g. Europe/Berlin.")
@click.option("--people/--no-people", default=None, help="Lists of people who post often (personal data; off).")
@click.option("--allow-private", is_flag=True, help="Admit feeds with private addresses.")
@click.option("--store", metavar="ADDRESS", help="Where everything is kept, e.g. sqlite:///var/lib/smwatch/smwatch.db.")
@click.option("-o", "--output", metavar="FILE", help="The file to write (smwatch.toml); - is the standard output.")
@click.option("--force", is_flag=True, help="Replace the file, and keep a copy of the old one.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
def init(**given: Any) -> None:  # noqa: ANN401 - click's options
    """Exit 0 once the file is written, whatever could not be reached."""
    from smwatch.cli import wizard

    if given["language"]:
        speak(given["language"])
    asks = not given["brand"] and not given["yes"] and sys.stdin is not None and sys.stdin.isatty()
    if not given["brand"] and not asks:
        raise Misused(text("{what} is missing", what="--brand"))
    target = _target(given)
    answers, target = wizard.asked(given, target) if asks else (wizard.given(given, target.path), target)
    _write(answers, target)
    if target.path is not None:
        run_async(_after(answers, target.path, asks=asks))


def _target(given: dict[str, Any]) -> Target:
    """The file that the options name; raises UserError where it cannot be written."""
    from smwatch.errors import UserError
    from smwatch.init.place import refuse_useless

    if given["output"] == STDOUT:
        return Target(path=None)
    path = Path(given["output"] or "smwatch.toml")
    refuse_useless(path)
    if path.exists() and not given["force"] and (given["brand"] or given["yes"]):
        raise UserError(text("{path} is there already; --force replaces it (and keeps a copy)", path=str(path)))
    return Target(path=path, replace=given["force"])


def _write(answers: Answers, target: Target) -> None:
    from smwatch.errors import ConfigError
    from smwatch.init.place import problems_of, write_file

    plan = run_async(_searched(answers))
    content = plan.toml()
    problems = problems_of(target.path or Path("smwatch.toml"), content)
    if any(one.severity == "error" for one in problems):
        say_error(ConfigError(problems))
        sys.exit(EX_FAILED)
    _say_hints(answers, plan)
    if target.path is None:
        tell(content.rstrip("\n"))
        return
    kept = write_file(target.path, content, replace=target.replace)
    if kept is not None:
        talk(text("The old file is kept as {path}.", path=str(kept)))
    talk(text("written: {file}", file=str(target.path)))


async def _searched(answers: Answers) -> Plan:
    """Read every address that was named; what cannot be read is said, and written all the same."""
    from smwatch.init.feeds import finder

    if not (answers.websites or answers.feeds):
        return answers.plan((), ())
    found: list[Search] = []
    async with finder(allow_private=answers.allow_private) as search:
        for address in (*answers.websites, *answers.feeds):
            talk(text("Looking for feeds: {address} …", address=address))
            found.append(await search.find(address))
            _say_found(found[-1], answers.language)
    return answers.plan(found[: len(answers.websites)], found[len(answers.websites) :])


def _say_found(search: Search, language: str) -> None:
    from smwatch.plugin import tame

    for feed in search.feeds:
        entries = texts("{n} entry", "{n} entries", n=feed.items)
        newest = f", {feed.newest:%Y-%m-%d}" if feed.newest else ""
        talk(f"  ✓ {tame(feed.url)}  “{tame(feed.title) or '–'}”, {entries.render(language)}{newest}")
    if search.trouble is not None:
        talk(f"  ✗ {tame(search.address)}: {search.trouble.render(spoken())}")


def _say_hints(answers: Answers, plan: Plan) -> None:
    from smwatch.init.brand import hints, query_for

    talk(text("The query: {query}", query=query_for(answers.brand)))
    for hint in hints(answers.brand):
        talk(text("Note: {note}.", note=hint))
    if not plan.sources:
        talk(text("No source yet: add one below [[source]], or run this again with --feed ADDRESS."))
    elif answers.websites and not answers.feeds:
        talk(text("So far only your own site is read; media and forums come with --feed ADDRESS."))
    talk(text("Times are those of {zone}; the digest comes at 08:00.", zone=plan.timezone))


async def _after(answers: Answers, path: Path, *, asks: bool) -> None:
    """What remains: the channel is asked, a test message goes out if wanted, and how to go on."""
    from smwatch.cli.ask import confirmed
    from smwatch.config import load
    from smwatch.config.render import render_problems
    from smwatch.doctor.channels import channels

    loaded = load(path)
    if loaded.problems:
        talk(render_problems(loaded.problems, spoken(), colour=coloured(sys.stderr)))
    found = await channels(loaded.config)
    for one in found:
        mark = "✓" if one.severity == "ok" else "✗" if one.severity == "error" else "·"
        talk(f"{mark} {one.name}: {one.message.render(spoken())}")
        if one.fix is not None:
            talk(f"    → {one.fix.render(spoken())}")
    works = not any(one.severity == "error" for one in found)
    may_test = asks and works and answers.channel.kind != "console"
    if may_test and confirmed(text("Send a test message now?"), default=True):
        await _test(path)
    _say_next(path)


async def _test(path: Path) -> None:
    from smwatch.config import load
    from smwatch.reports import send_test

    for name, problem in (await send_test(load(path).config, None)).items():
        sent = text("{channel}: sent", channel=name)
        talk(sent if problem is None else text("{channel}: not sent: {reason}", channel=name, reason=problem))


def _say_next(path: Path) -> None:
    talk(text("How to go on:"))
    named = f" -c {_quoted(str(path))}" if str(path) != "smwatch.toml" else ""
    for verb, what in (
        ("check", text("looks the file over")),
        ("run", text("watches, until Ctrl-C")),
        ("doctor", text("says what is wrong, should nothing come")),
    ):
        command = f"{_program()} {verb}{named}"
        talk(f"    {command:<40}  # {what.render(spoken())}")


def _quoted(word: str) -> str:
    import shlex

    return shlex.quote(word)


def _program() -> str:
    """How this program was called, where the shell would not find it by its name."""
    import shutil

    called = Path(sys.argv[0])
    return str(called) if called.name == "smwatch" and shutil.which("smwatch") is None else "smwatch"
