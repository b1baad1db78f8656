"""What all commands share: the config option, the language, printing to the right stream."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime

    from smwatch.config import Loaded, Outcome
    from smwatch.errors import Problem, SmwatchError

T = TypeVar("T")
EX_FAILED, EX_USAGE, EX_PROBLEMS, EX_CONFIG = 1, 2, 3, 78
_LANGUAGE = "smwatch.language"


def language(config: str | None = None) -> str:
    """The language to speak: the config's, where it can be read that far, else the environment's, else German."""
    from smwatch.config.files import find, peek
    from smwatch.errors import UserError

    try:
        chosen = peek(find(config).read_bytes()).get("smwatch", {}).get("language")
    except (UserError, OSError, AttributeError, ValueError):
        chosen = None
    if chosen in {"de", "de-CH", "en"}:
        return str(chosen)
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "de"
    return "de" if named.startswith("de") else "en"


def named_config() -> str | None:
    """The file that `--config` named, from inside a command."""
    context = click.get_current_context(silent=True)
    while context is not None:
        if isinstance(found := context.params.get("config"), str):
            return found
        context = context.parent
    return None


def spoken() -> str:
    """The language of the running command, looked up once."""
    context = click.get_current_context(silent=True)
    if context is None:
        return language()
    known: dict[str | None, str] = context.meta.setdefault(_LANGUAGE, {})
    config = named_config()
    if config not in known:
        known[config] = language(config)
    return known[config]


def speak(chosen: str) -> None:
    """Speak `chosen` from here on, where a command has a better word than the config (`init --language`)."""
    click.get_current_context().meta.setdefault(_LANGUAGE, {})[named_config()] = chosen


def talk(sentence: Text | str) -> None:
    """Say something that is not data: to stderr."""
    click.echo(sentence.render(spoken()) if isinstance(sentence, Text) else sentence, err=True)


def tell(sentence: Text | str) -> None:
    """Say what was asked for: to stdout; raises UserError where it cannot be written (a full disk)."""
    from smwatch.errors import UserError, system_reason

    try:
        click.echo(sentence.render(spoken()) if isinstance(sentence, Text) else sentence)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UserError(text("the output cannot be written: {reason}", reason=system_reason(error))) from None


def tell_json(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """One JSON value on a line, flushed at once (by click)."""
    tell(json.dumps(value, ensure_ascii=False))


def say_error(error: SmwatchError) -> None:
    """One sentence, or all mistakes of a config with their lines."""
    from smwatch.config.render import render_problems
    from smwatch.errors import ConfigError
    from smwatch.secret import redact

    if isinstance(error, ConfigError):
        told = render_problems(error.problems, spoken(), colour=coloured(sys.stderr))
        click.echo(redact(told.rstrip("\n")), err=True)
    else:
        click.echo(redact(error.sentence.render(spoken())), err=True)


def coloured(stream: Any) -> bool:  # noqa: ANN401 - a text stream, or None where it is closed
    """Whether to use colour on `stream`: on a terminal, unless NO_COLOR says no."""
    return stream is not None and stream.isatty() and not os.environ.get("NO_COLOR")


def loaded(config: str | None) -> Loaded:
    """The config, ready to use; raises ConfigError with all its problems."""
    from smwatch.config import find, load

    return load(find(config))


def standing(config: str | None) -> Outcome:
    """What is in force: the config as it stands, else its last good copies, as for the daemon; says so.

    Raises ConfigError where there is no good copy. Nothing is kept.
    """
    from smwatch.config import Keeper, find
    from smwatch.config.state import state_for

    path = find(config)
    outcome = Keeper(path, state_for(path)).start(None)
    if not outcome.ok:
        talk(text("{path} has mistakes (smwatch check names them); its last good copy is in force", path=str(path)))
    return outcome


def in_zone(moment: datetime, timezone: str) -> str:
    """Date and time of day as in messages: `Do., 26. Nov., 14:17`, with the year where it is not this one."""
    from datetime import UTC, datetime

    from smwatch.message.words import Reader

    return Reader(language=spoken(), timezone=timezone).moment(moment, datetime.now(UTC))


def problem_json(problem: Problem) -> dict[str, object]:
    """A mistake as `check --json` tells it."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity,
        "message": problem.message.render(spoken()),
        "suggestion": problem.suggestion,
    }


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a fresh event loop; what it logs goes to stderr, as data alone goes to stdout."""
    import asyncio

    from smwatch import log

    log.configure(quiet=True)
    return asyncio.run(work)


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`-c/--config FILE`, on every command."""
    return click.option("-c", "--config", metavar="FILE", help="The configuration file.")(command)


json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout, nothing else.")
