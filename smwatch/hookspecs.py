"""Every hook, in the order in which it is called.

Hooks are synchronous and only register or judge; what is asynchronous lives in the registered objects. A hook stands
here only if a plugin in this repository uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pluggy

if TYPE_CHECKING:
    from smwatch.plugin import Channel, Enricher, Source

hookspec = pluggy.HookspecMarker("smwatch")


class RegisterSource(Protocol):
    """Takes the word that stands behind `type =`, and the class."""

    def __call__(self, kind: str, source: type[Source], /) -> None:
        """Register it."""


class RegisterChannel(Protocol):
    """Takes the word that stands behind `type =`, and the class."""

    def __call__(self, kind: str, channel: type[Channel], /) -> None:
        """Register it."""


class RegisterEnricher(Protocol):
    """Takes the enricher's name and the object itself."""

    def __call__(self, name: str, enricher: Enricher, /) -> None:
        """Register it."""


@hookspec
def register_sources(register: RegisterSource) -> None:
    """At start, before the config is built: `register("feed", FeedSource)`."""


@hookspec
def register_channels(register: RegisterChannel) -> None:
    """At start, before the config is built: `register("slack", SlackChannel)`."""


@hookspec
def register_enrichers(register: RegisterEnricher) -> None:
    """At start: `register("language", LanguageEnricher())`; enrichers run on each new item before it is matched."""
