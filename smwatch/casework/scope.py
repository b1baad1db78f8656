"""Which clients may be spoken of where: a place belongs to the entries of the config that post there (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smwatch.config.model import Config


def names_on(config: Config, line: str) -> tuple[str, ...]:
    """The config's channels on this line."""
    return tuple(name for name, one in config.channels.items() if one.hears() == line)


def names_at(config: Config, place: str, line: str) -> tuple[str, ...]:
    """The config's channels on this line that post to `place` (the channel's own id)."""
    return tuple(name for name in names_on(config, line) if config.channels[name].stands_at(place))


def clients_in(config: Config, names: tuple[str, ...]) -> frozenset[str | None]:
    """The clients whose news these channels get: their own, and those of watches and digests that lead there.

    A channel without a client that gets one client's news alone is that client's. Where nobody is anybody's client,
    everything may be said everywhere on the line.
    """
    if not any(watch.client for watch in config.watches) and not any(one.client for one in config.channels.values()):
        return frozenset({None})
    here = set(names)
    digests = {name for name, plan in config.digests.items() if here & set(plan.channels)}
    led = {watch.client for watch in config.watches if here & set(watch.alert) or digests & set(watch.digest)}
    own = {config.channels[name].client for name in names}
    return frozenset(led if len(led) == 1 and own <= {None, *led} else led | own)
