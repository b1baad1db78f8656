"""The configuration and its plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.config import check
from smwatch.config.files import collect
from smwatch.config.loading import registry_for
from smwatch.doctor.finding import Finding, note, ok, warning, wrong
from smwatch.i18n import text, texts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from smwatch.config.model import Config
    from smwatch.errors import Problem
    from smwatch.i18n import Text
    from smwatch.loader import Registry


def configuration(path: Path) -> tuple[Finding, ...]:
    """What `smwatch check` says; raises UserError where the file cannot be read."""
    problems = check(path)
    if not problems:
        return (ok("config", text("{path}: nothing stands in the way.", path=str(path))),)
    return tuple(_problem(one) for one in problems)


def _problem(problem: Problem) -> Finding:
    place = f"{problem.file}:{problem.line}"
    kind = wrong if problem.severity == "error" else warning
    fix = text("write {suggestion}", suggestion=problem.suggestion) if problem.suggestion else None
    return kind("config", text("{place}: {message}", place=place, message=problem.message), fix)


def plugins(path: Path) -> tuple[Finding, ...]:
    """Plugins that are off, or stand in for built-in ones; a folder that others may write is told by the config."""
    registry, _ = registry_for(collect(path).raws)
    return tuple(_plugins(registry)) or (ok("plugins", _count(registry)),)


def _plugins(registry: Registry) -> Iterable[Finding]:
    for one in registry.plugins:
        if one.problem is not None:
            yield wrong("plugins", text("{name}: {problem}", name=one.name, problem=one.problem))
        elif one.replaces:
            yield note("plugins", text("{path} replaces the built-in {name}", path=one.path, name=one.name))
    for name in registry.unloaded:
        told = text("{name} is installed, but not named in “plugins”: it is not loaded", name=name)
        yield note("plugins", told, text('plugins = ["{name}"] loads it', name=name))


def _count(registry: Registry) -> Text:
    return texts("{n} plugin is loaded", "{n} plugins are loaded", n=len(registry.plugins))


def coverage(config: Config) -> tuple[Finding, ...]:
    """What the configured sources cannot see, by their capability cards; each kind once."""
    cards = {source.type: source.card for source in config.sources if source.active}
    if not cards:
        return (note("coverage", text("no source is configured: nothing is read")),)
    found = []
    for kind, card in cards.items():
        if card.blind is not None:
            blind = text("{title} does not see: {what}", title=card.title, what=card.blind)
            found.append(note(f"coverage:{kind}", blind))
    return tuple(found)
