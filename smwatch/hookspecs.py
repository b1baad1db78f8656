"""Every hook, in the order in which it is called.

Hooks are synchronous and only register or judge; what is asynchronous lives in the registered objects. A hook stands
here only if a plugin in this repository uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pluggy

if TYPE_CHECKING:
    from smwatch.plugin import Channel, Source

hookspec = pluggy.HookspecMarker("smwatch")


class RegisterSource(Protocol):
    """Takes the word that stands behind `type =` and the class."""

    def __call__(self, kind: str, source: type[Source], /) -> None: ...


class RegisterChannel(Protocol):
    """Takes the word that stands behind `type =` and the class."""

    def __call__(self, kind: str, channel: type[Channel], /) -> None: ...


@hookspec
def register_sources(register: RegisterSource) -> None:
    """At start, before the config is built: `register("feed", FeedSource)`."""


@hookspec
def register_channels(register: RegisterChannel) -> None:
    """At start, before the config is built: `register("slack", SlackChannel)`."""
