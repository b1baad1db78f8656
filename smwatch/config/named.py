"""Things of the config by the name that somebody typed; a wrong one is answered with the nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.config.words import nearest
from smwatch.errors import UserError
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smwatch.config.model import Config
    from smwatch.source import Source

MOST = 12  # names that a sentence lists


def source_called(config: Config, name: str) -> Source:
    """The source; raises UserError with the name that was perhaps meant."""
    for source in config.sources:
        if source.name == name:
            return source
    raise no_source(name, [source.name for source in config.sources])


def no_source(name: str, names: Iterable[str]) -> UserError:
    """There is no source of this name."""
    return _unknown(
        name,
        names,
        text("no source is called {name}; did you mean {near}?"),
        text("no source is called {name}; there are: {known}"),
    )


def no_digest(name: str, names: Iterable[str]) -> UserError:
    """There is no digest of this name."""
    return _unknown(
        name,
        names,
        text("no digest is called {name}; did you mean {near}?"),
        text("no digest is called {name}; there are: {known}"),
    )


def no_channel(name: str, names: Iterable[str]) -> UserError:
    """There is no channel of this name."""
    return _unknown(
        name,
        names,
        text("no channel is called {name}; did you mean {near}?"),
        text("no channel is called {name}; there are: {known}"),
    )


def no_client(name: str, names: Iterable[str]) -> UserError:
    """There is no client of this name."""
    return _unknown(
        name,
        names,
        text("no client is called {name}; did you mean {near}?"),
        text("no client is called {name}; there are: {known}"),
    )


def _unknown(name: str, names: Iterable[str], meant: Text, there: Text) -> UserError:
    known = list(names)
    near = nearest(name, known)
    if near is not None:
        return UserError(Text(meant.template, {"name": name, "near": near}))
    listed = ", ".join(known[:MOST]) + (" …" if len(known) > MOST else "")
    return UserError(Text(there.template, {"name": name, "known": listed or "–"}))
