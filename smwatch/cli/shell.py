"""What all commands share: the config option, the language, printing, help that begins with examples."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from smwatch.config import Loaded
    from smwatch.errors import SmwatchError

T = TypeVar("T")
EX_FAILED, EX_USAGE, EX_PROBLEMS, EX_CONFIG = 1, 2, 3, 78


def language(config: str | None = None) -> str:
    """The language to speak: the config's, where it can be read that far, else the environment's, else German."""
    from smwatch.config.files import find, peek
    from smwatch.errors import UserError

    try:
        chosen = peek(find(config).read_bytes()).get("smwatch", {}).get("language")
    except (UserError, OSError, AttributeError):
        chosen = None
    if chosen in {"de", "de-CH", "en"}:
        return str(chosen)
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if spoken.startswith(("en", "C")) else "de"


def named_config() -> str | None:
    """The file that `--config` named, from inside a command."""
    context = click.get_current_context(silent=True)
    while context is not None:
        if isinstance(found := context.params.get("config"), str):
            return found
        context = context.parent
    return None


def spoken() -> str:
    """The language of the running command."""
    return language(named_config())


def talk(sentence: Text | str) -> None:
    """Say something that is not data: to stderr."""
    click.echo(sentence.render(spoken()) if isinstance(sentence, Text) else sentence, err=True)


def tell(sentence: Text | str) -> None:
    """Say what was asked for: to stdout."""
    click.echo(sentence.render(spoken()) if isinstance(sentence, Text) else sentence)


def tell_json(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """One JSON value on a line, flushed at once."""
    click.echo(json.dumps(value, ensure_ascii=False))
    sys.stdout.flush()


def say_error(error: SmwatchError) -> None:
    """One sentence, or all mistakes of a config with their lines."""
    from smwatch.config.render import render_problems
    from smwatch.errors import ConfigError
    from smwatch.secret import redact

    if isinstance(error, ConfigError):
        click.echo(redact(render_problems(error.problems, spoken(), colour=coloured(sys.stderr))), err=True)
    else:
        click.echo(redact(error.sentence.render(_argued())), err=True)


def _argued() -> str:
    """The language where no command runs any more: `--config` is looked up in the arguments."""
    words = sys.argv[1:]
    for flag in ("-c", "--config"):
        if flag in words[:-1]:
            return language(words[words.index(flag) + 1])
    return language()


def coloured(stream: Any) -> bool:  # noqa: ANN401 - a text stream
    """Whether to use colour on `stream`: on a terminal, unless NO_COLOR says no."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def loaded(config: str | None) -> Loaded:
    """The config, ready to use; raises ConfigError with all its problems."""
    from smwatch.config import find, load

    return load(find(config))


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a fresh event loop."""
    import asyncio

    return asyncio.run(work)


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`-c/--config FILE`, on every command."""
    return click.option("-c", "--config", metavar="FILE", help="The configuration file.")(command)


json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout, nothing else.")


class Command(click.Command):
    """A command whose help begins with examples and speaks the user's language."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples first, then usage, words and options."""
        write_examples(self.examples, formatter)
        super().format_help(ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's shape
        """The words of the command, translated."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(translated(self.help or ""))

    def get_short_help_str(self, limit: int = 60) -> str:
        """The first sentence, translated."""
        first = translated((self.help or "").strip()).split("\n")[0]
        return first if len(first) <= limit else first[: limit - 1] + "…"


class Group(click.Group):
    """A group of commands; `first` are shown first, the others under "for the operator"."""

    command_class = Command

    def __init__(self, *args: Any, examples: Sequence[str] = (), first: Sequence[str] = (), **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.first = tuple(first)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples first."""
        write_examples(self.examples, formatter)
        super().format_help(ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's shape
        """The words of the group, translated."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(translated(self.help or ""))

    def get_short_help_str(self, limit: int = 60) -> str:
        """The first sentence, translated."""
        return translated((self.help or "").strip()).split("\n")[0][:limit]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The everyday commands, then the operator's."""
        rest = [name for name in self.list_commands(ctx) if name not in self.first]
        sections = [(text("Commands"), self.first or rest)]
        if self.first:
            sections.append((text("For the operator"), rest))
        for title, names in sections:
            rows = [(name, self.commands[name].get_short_help_str(70)) for name in names if name in self.commands]
            with formatter.section(title.render(spoken())):
                formatter.write_dl(rows)


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """The examples, one a line, to copy."""
    if examples:
        with formatter.section(text("Examples").render(spoken())):
            for line in examples:
                formatter.write(f"  {line}\n")
        formatter.write_paragraph()


def translated(words: str) -> str:
    """Help text in the user's language, its line breaks folded."""
    paragraphs = [" ".join(part.split()) for part in words.split("\n\n")]
    return "\n\n".join(Text(part).render(spoken()) for part in paragraphs if part)


def existing(path: str) -> Path | None:
    """`path` if it is a file here."""
    found = Path(path)
    return found if found.exists() else None
