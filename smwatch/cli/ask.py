"""Questions on the terminal: asked on stderr, answered on stdin, so that stdout stays data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

import click

from smwatch.cli.shell import spoken, talk
from smwatch.errors import UserError
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
YES, NO = {"j", "ja", "y", "yes"}, {"n", "nein", "no"}


def ask(question: Text, read: Callable[[str], T], default: str = "") -> T:
    """The answer, as `read` makes something of it; what `read` raises as UserError is said, and it is asked again."""
    shown = f" [{default}]" if default else ""
    while True:
        words = f"{question.render(spoken())}{shown}"
        click.echo(f"{words} " if words.endswith(("?", "]")) else f"{words}: ", nl=False, err=True)
        answer = _line() or default
        try:
            return read(answer)
        except UserError as error:
            talk(error.sentence)


def confirmed(question: Text, *, default: bool) -> bool:
    """Yes or no; an empty answer is `default`, which stands in capitals."""
    letters = text("[Y/n]") if default else text("[y/N]")

    def read(answer: str) -> bool:
        word = answer.casefold()
        if word and word not in YES | NO:
            raise UserError(text("please answer yes or no"))
        return word in YES if word else default

    return ask(text("{question} {letters}", question=question, letters=letters), read)


def several(question: Text) -> tuple[str, ...]:
    """Answers parted by commas; none where nothing is written."""
    return ask(question, lambda answer: tuple(part for one in answer.split(",") if (part := one.strip())))


def needed(answer: str) -> str:
    """An answer that may not be empty."""
    if not answer:
        raise UserError(text("this is needed"))
    return answer


def _line() -> str:
    """One line from stdin, without white space around it; the end of the input stops the program."""
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        click.echo(err=True)
        raise click.Abort
    return line.strip()
