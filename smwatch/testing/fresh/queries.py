"""What smwatch says about a query, for the pages about the query language."""

from __future__ import annotations

from smwatch.errors import QueryError
from smwatch.query.explain import complain
from smwatch.query.parse import parse


def complaint(query: str, language: str) -> str:
    """The error that `query` gives, as a block of text; raises ValueError where it gives none."""
    try:
        parse(query)
    except QueryError as error:
        return f"```\n{complain(query, error, language)}\n```"
    raise ValueError(f"{query!r} is no mistake")
