"""What changed from one config to the next, in words: every accepted save is confirmed with it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from smwatch.config.draft import filled
from smwatch.i18n import Text, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from smwatch.config.model import Config
    from smwatch.model import Watch

GENERAL = (
    "anonymous_cases",
    "language",
    "timezone",
    "own_accounts",
    "ops",
    "history",
    "retention",
    "max_age",
    "clients",
    "lists",
    "silences",
)
SHOWN = {"anonymous_cases": "privacy.cases", "clients": "client", "lists": "list", "silences": "silence"}
RESTART = {
    "store": "store",
    "http": "http",
    "contact": "contact",
    "listen": "listen",
    "plugins": "plugins",
    "plugins_dir": "plugins_dir",
}
MOST_NAMES = 5


def changes(old: Config, new: Config) -> tuple[Text, ...]:
    """One sentence for each difference; empty where both mean the same."""
    return (*_watches(old, new), *_sources(old, new), *_named(old, new), *_general(old, new))


def needs_restart(old: Config, new: Config) -> tuple[Text, ...]:
    """What a reload cannot do: store, web address and plugins are taken at start only."""
    differing = [key for key, name in RESTART.items() if getattr(old, name) != getattr(new, name)]
    return tuple(text("“{key}” takes effect after a restart", key=key) for key in differing)


def _watches(old: Config, new: Config) -> Iterator[Text]:
    before = {it.name: it for it in old.watches}
    after = {it.name: it for it in new.watches}
    renamed = {it.was: it for it in new.watches if it.was in before and it.name not in before and it.was not in after}
    for name in before:
        if name not in after and name not in renamed:
            yield text("watch “{name}” removed", name=name)
    for name, watch in after.items():
        earlier = before.get(name) or (before.get(watch.was or "") if watch.was in renamed else None)
        if earlier is None:
            yield text("watch “{name}” added", name=name)
        else:
            yield from _watch(earlier, watch)


def _watch(old: Watch, new: Watch) -> Iterator[Text]:
    if old.name != new.name:
        yield text("{old} is now called {name}", old=old.name, name=new.name)
    for what in (*_exclusions(old, new), *_keys(old, new)):
        yield text("{name}: {what}", name=new.name, what=what)


def _exclusions(old: Watch, new: Watch) -> Iterator[Text]:
    more = len(set(new.exclude) - set(old.exclude))
    fewer = len(set(old.exclude) - set(new.exclude))
    if more:
        yield texts("+{n} exclusion", "+{n} exclusions", n=more)
    if fewer:
        yield texts("−{n} exclusion", "−{n} exclusions", n=fewer)


def _keys(old: Watch, new: Watch) -> Iterator[Text]:
    if old.query != new.query:
        yield text("query changed")
    if old.active != new.active:
        yield text("active again") if new.active else text("rests")
    for it in fields(new):
        if it.name not in ("name", "query", "exclude", "where", "was", "active") and getattr(old, it.name) != getattr(
            new, it.name
        ):
            yield text("“{key}” changed", key={"raises": "raise"}.get(it.name, it.name))


def _sources(old: Config, new: Config) -> Iterator[Text]:
    before = {(it.type, it.client, it.key()): it for it in old.sources}
    after = {(it.type, it.client, it.key()): it for it in new.sources}
    added = [it.name for key, it in after.items() if key not in before]
    removed = [it.name for key, it in before.items() if key not in after]
    if added:
        yield texts("+{n} source: {names}", "+{n} sources: {names}", n=len(added), names=_list(added))
    if removed:
        yield texts("−{n} source: {names}", "−{n} sources: {names}", n=len(removed), names=_list(removed))
    for key, it in after.items():
        if key in before and _said(before[key]) != _said(it):
            yield text("source “{name}” changed", name=it.name)


def _named(old: Config, new: Config) -> Iterator[Text]:
    yield from _mapping(
        {name: _said(it) for name, it in old.channels.items()},
        {name: _said(it) for name, it in new.channels.items()},
        (text("channel “{name}” added"), text("channel “{name}” removed"), text("channel “{name}” changed")),
    )
    yield from _mapping(
        {name: _without_place(it) for name, it in old.digests.items()},
        {name: _without_place(it) for name, it in new.digests.items()},
        (text("digest “{name}” added"), text("digest “{name}” removed"), text("digest “{name}” changed")),
    )


def _said(entry: Any) -> Any:  # noqa: ANN401 - a source or channel as plain values
    """What its keys say; what it has learned since (the id of a Slack channel) is no change."""
    return entry.model_dump()


def _without_place(plan: Any) -> Any:  # noqa: ANN401 - a DigestPlan as plain values
    return {it.name: getattr(plan, it.name) for it in fields(plan) if it.name != "where"}


def _mapping(old: Mapping[str, Any], new: Mapping[str, Any], said: tuple[Text, Text, Text]) -> Iterator[Text]:
    for name in new:
        if name not in old:
            yield filled(said[0], name=name)
        elif old[name] != new[name]:
            yield filled(said[2], name=name)
    for name in old:
        if name not in new:
            yield filled(said[1], name=name)


def _general(old: Config, new: Config) -> Iterator[Text]:
    for key in (*GENERAL, *RESTART.values()):
        if _meant(old, key) != _meant(new, key):
            yield text("“{key}” changed", key=SHOWN.get(key, key))


def _meant(config: Config, key: str) -> Any:  # noqa: ANN401 - the value of any key
    """What a key says; where a silence stands in its file says nothing."""
    if key != "silences":
        return getattr(config, key)
    return [(it.client, it.scope, it.value, it.until, it.reason) for it in config.silences]


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return f"{shown} …" if len(names) > MOST_NAMES else shown
