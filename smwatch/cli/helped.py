"""Commands whose help begins with examples and speaks the user's language, and whose mistakes are sentences."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from smwatch.cli.shell import EX_CONFIG, EX_FAILED, EX_USAGE, language, say_error, spoken, talk
from smwatch.cli.usage import Misused, config_in, explained, unknown_command
from smwatch.errors import ConfigError, SmwatchError, system_reason
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Sequence


UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EIO}  # what a full or broken disk says behind `> file`


class _Helped(click.Command):
    """What commands and groups share."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """A mistake knows the command in which it was made."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own
        """Run it; whatever a person can mend is one sentence, in the language of this call."""
        try:
            return super().invoke(ctx)
        except SmwatchError as error:
            say_error(error)
            ctx.exit(EX_CONFIG if isinstance(error, ConfigError) else EX_FAILED)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples first, one a line, to copy; then usage, words and options."""
        if self.examples:
            with formatter.section(text("Examples").render(spoken())):
                for line in self.examples:
                    formatter.write(f"  {_remarked(line)}\n")
            formatter.write_paragraph()
        super().format_help(ctx, formatter)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line; what stands in brackets is translated."""
        pieces = [Text(piece).render(spoken()) for piece in self.collect_usage_pieces(ctx)]
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=f"{text('Usage').render(spoken())}: ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's shape
        """What it does, in words."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(translated(self.help or ""))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """All options with what they do."""
        rows = [
            (record[0], translated(param.help or ""))
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)) is not None
        ]
        if rows:
            with formatter.section(text("Options").render(spoken())):
                formatter.write_dl(rows)

    def get_short_help_str(self, limit: int = 0) -> str:  # noqa: ARG002 - never cut: written to fit
        """What stands beside its name in lists."""
        return translated(self.short_help or (self.help or "").split("\n\n")[0])


class Command(_Helped):
    """A command."""

    allow_extra_args = True  # they are refused in `parse_args`, in words of our own

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse what is too much."""
        rest = super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:
            raise Misused(text("this is too much: {words}", words=" ".join(map(str, ctx.args))), ctx)
        return rest


class Group(_Helped, click.Group):
    """A group of commands; `first` are shown first, the others under "for the operator"."""

    command_class = Command

    def __init__(self, *args: Any, first: Sequence[str] = (), **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **kwargs)
        self.first = tuple(first)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names; the nearest name where there is none."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise unknown_command(args[0], self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The everyday commands, then the operator's."""
        rest = [name for name in self.list_commands(ctx) if name not in self.first]
        sections = [(text("Commands"), self.first or rest)]
        if self.first:
            sections.append((text("For the operator"), rest))
        for title, names in sections:
            rows = [(name, self.commands[name].get_short_help_str()) for name in names if name in self.commands]
            if rows:
                with formatter.section(title.render(spoken())):
                    formatter.write_dl(rows)


class Root(Group):
    """The command line itself: the border at which every mistake of its user becomes words and an exit code."""

    def main(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - click's own
        """Run it and leave; see the exit codes in `smwatch.cli`."""
        sys.exit(self._code(*args, **{**extra, "standalone_mode": False}))

    def _code(self, *args: Any, **extra: Any) -> int:  # noqa: ANN401 - click's own
        try:
            code = super().main(*args, **extra)
            _flush(told=bool(code))
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            return EX_USAGE
        except click.UsageError as error:
            words = next(iter(args), None) or extra.get("args") or sys.argv[1:]
            talk(explained(error, language(config_in(words))))
            return EX_USAGE
        except click.Abort:
            talk(text("Stopped."))
            return EX_FAILED
        except BrokenPipeError:
            _leave_the_pipe()
            return EX_FAILED
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            talk(text("the output cannot be written: {reason}", reason=system_reason(error)))
            _leave_the_pipe()
            return EX_FAILED
        return code if isinstance(code, int) else 0


def _remarked(line: str) -> str:
    """An example with its remark in the user's language; the command stays as it is typed."""
    command, sign, remark = line.partition("  # ")
    return f"{command}{sign}{Text(remark).render(spoken())}" if sign else line


def _flush(*, told: bool) -> None:
    """What is still unwritten, before Python does it and complains by itself; `told`: the user knows of the trouble."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        if not told:
            raise
        _leave_the_pipe()


def _leave_the_pipe() -> None:
    """Nobody reads any more: so that Python does not flush into it once more, and complain."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def translated(words: str) -> str:
    """Help text in the user's language, its line breaks folded."""
    paragraphs = [" ".join(part.split()) for part in words.split("\n\n")]
    return "\n\n".join(Text(part).render(spoken()) for part in paragraphs if part)
