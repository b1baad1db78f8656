"""Wrong usage in words: which option, which word, and what was perhaps meant."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    _WordType = click.ParamType[str]
    _MomentType = click.ParamType[datetime]
else:
    _WordType = _MomentType = click.ParamType


class Misused(click.UsageError):
    """Wrong usage with a sentence of our own."""

    def __init__(self, sentence: Text, ctx: click.Context | None = None) -> None:
        super().__init__(str(sentence), ctx)
        self.sentence = sentence


def unknown_command(word: str, known: Sequence[str], ctx: click.Context) -> Misused:
    """There is no such command; perhaps the nearest one was meant."""
    near = get_close_matches(word, known, 1)
    if near:
        return Misused(text("there is no command {word}; did you mean {near}?", word=word, near=near[0]), ctx)
    return Misused(text("there is no command {word}; there are: {known}", word=word, known=", ".join(known)), ctx)


def explained(error: click.UsageError, language: str) -> str:
    """The mistake as people read it, and where to look."""
    said = sentence(error)
    where = error.ctx.command_path if error.ctx else "smwatch"
    told = said.render(language) if isinstance(said, Text) else said
    return f"{where}: {told}\n" + text("“{command} --help” shows how.", command=where).render(language)


def config_in(words: Sequence[str]) -> str | None:
    """The file behind `-c` or `--config`, where the rest could not be read."""
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in {"-c", "--config"}:
            return value if equals else next(iter(words[at + 1 :]), None)
    return None


def sentence(error: click.UsageError) -> Text | str:  # noqa: PLR0911 - one sentence a kind of mistake
    """What is wrong; click's own words for what we have none for."""
    if isinstance(error, Misused):
        return error.sentence
    if isinstance(error, click.NoSuchOption):
        near = ", ".join(sorted(error.possibilities or ()))
        if near:
            return text("there is no option {option}; did you mean {near}?", option=error.option_name, near=near)
        return text("there is no option {option}", option=error.option_name)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return text("{what} is missing", what=_named(error.param))
    if isinstance(error, click.BadOptionUsage):
        if _is_flag(error):
            return text("{option} takes no value", option=error.option_name)
        return text("{option} needs a value behind it", option=error.option_name)
    return error.format_message()


def _named(param: click.Parameter) -> str:
    """`--query`, or the name of an argument as the usage line has it."""
    return param.opts[-1] if isinstance(param, click.Option) else (param.metavar or str(param.name).upper())


def _is_flag(error: click.BadOptionUsage) -> bool:
    params: Sequence[Any] = error.ctx.command.params if error.ctx else ()
    return any(error.option_name in one.opts and getattr(one, "is_flag", False) for one in params)


class OneOf(_WordType):
    """One of a few words."""

    name = "word"

    def __init__(self, *words: str) -> None:
        self.words = words

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002 - click's shape
        """The words, for the help."""
        return f"[{'|'.join(self.words)}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 - click's
        """Refuse other words."""
        if value in self.words:
            return str(value)
        option = _named(param) if param else "?"
        known = ", ".join(self.words)
        raise Misused(text("{option} is one of {known}, not {value}", option=option, known=known, value=value), ctx)


class Moment(_MomentType):
    """A day or a moment: `2026-12-24`, `2026-12-24T18:00`; without a zone it is the config's."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - click's
        """Refuse what is none."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(str(value).strip())
        except ValueError:
            option = _named(param) if param else "?"
            wrong = text(
                "{option} is a moment like 2026-12-24 or 2026-12-24T18:00, not {value}", option=option, value=value
            )
            raise Misused(wrong, ctx) from None


class ReadFile(_WordType):
    """A file that is there and holds text in UTF-8; the text is handed on."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401, ARG002 - click's
        """Read it; a mark at its beginning that some editors write is left out."""
        try:
            return Path(value).read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise Misused(text("there is no file {path}", path=value), ctx) from None
        except UnicodeDecodeError:
            raise Misused(text("{file} is no text in UTF-8", file=value), ctx) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Misused(text("{file} cannot be read: {reason}", file=value, reason=reason), ctx) from None
