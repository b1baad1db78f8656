"""Finds plugins and registers what they bring.

Three stages, in this order: the built-in folder, the installed packages that the config names (entry points of the
group `smwatch`; one that is only installed is never loaded), the operator's own folder. Two of one stage with one name
are an error; a later stage replaces an earlier one, and `smwatch plugins` says so. A plugin that cannot be loaded is
off and says why; the others run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import sys
from dataclasses import dataclass, field
from enum import IntEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from smwatch import __version__, hookspecs
from smwatch.errors import UserError
from smwatch.i18n import Text, text
from smwatch.plugin import Channel, Enricher, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType

GROUP = "smwatch"
PACKAGE = "smwatch.plugins"


class Stage(IntEnum):
    """Where a plugin comes from; a later stage replaces an earlier one."""

    BUILT_IN = 1
    INSTALLED = 2
    OPERATOR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """One plugin for `smwatch plugins`: where it is, what it brings, or why it is off.

    `kinds` says of each name that it `brings` what it is: "source", "channel" or "enricher".
    """

    name: str
    stage: Stage
    path: str = ""
    version: str = ""
    digest: str = ""
    brings: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    replaces: bool = False
    problem: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What all plugins together bring: the classes behind `type =`, the enrichers, and each plugin's story."""

    sources: dict[str, type[Source]] = field(default_factory=dict)
    channels: dict[str, type[Channel]] = field(default_factory=dict)
    enrichers: dict[str, Enricher] = field(default_factory=dict)
    plugins: tuple[PluginInfo, ...] = ()
    names: tuple[str, ...] = ()  # the installed ones that were asked for

    @property
    def unloaded(self) -> tuple[str, ...]:
        """What is installed and was not asked for."""
        return tuple(sorted({point.name for point in metadata.entry_points(group=GROUP)} - set(self.names)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A plugin that was found and not yet loaded."""

    name: str
    stage: Stage
    path: str
    version: str
    load: Callable[[], Any]


def load(names: Sequence[str] = (), folder: Path | None = None) -> Registry:
    """Everything that is built in, named in `names`, or in the operator's `folder`.

    Raises UserError where a named plugin is not installed, where two of one stage have one name, or where the folder
    is open to others; a single plugin that fails is only off.
    """
    found = [*_built_in(), *_installed(names), *(_operators(folder) if folder else ())]
    _refuse_twins(found)
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    registry = Registry()
    infos = [_start(candidate, manager, registry, found) for candidate in _winners(found)]
    return Registry(
        sources=registry.sources,
        channels=registry.channels,
        enrichers=registry.enrichers,
        plugins=tuple(infos),
        names=tuple(names),
    )


def _winners(found: Sequence[Candidate]) -> list[Candidate]:
    last = {candidate.name: candidate for candidate in sorted(found, key=lambda c: c.stage)}
    return sorted(last.values(), key=lambda c: (c.stage, c.name))


def _refuse_twins(found: Sequence[Candidate]) -> None:
    places: dict[tuple[Stage, str], str] = {}
    for one in found:
        other = places.setdefault((one.stage, one.name), one.path)
        if other != one.path:
            raise UserError(
                text("two plugins are called {name}: {one} and {other}", name=one.name, one=other, other=one.path)
            )


def _built_in() -> list[Candidate]:
    home = _home()
    _as_package(home)
    paths = sorted(path for path in home.glob("*.py") if not path.name.startswith("_"))
    return [_from_file(path, Stage.BUILT_IN, f"{PACKAGE}.{path.stem}", __version__) for path in paths]


def _home() -> Path:
    """The folder `plugins/`: installed as `smwatch.plugins`, or beside the package in a bare checkout."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(__file__).resolve().parent.parent / "plugins"


def _as_package(home: Path) -> None:
    """Make `smwatch.plugins` importable from `home`, where setuptools has not done it."""
    if importlib.util.find_spec(PACKAGE) is None:
        spec = importlib.util.spec_from_loader(PACKAGE, loader=None, is_package=True)
        assert spec is not None  # noqa: S101 - a spec without a loader is always made
        spec.submodule_search_locations = [str(home)]
        sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)


def _installed(names: Sequence[str]) -> Iterable[Candidate]:
    points = {point.name: point for point in metadata.entry_points(group=GROUP)} if names else {}
    for name in names:
        if name not in points:
            raise UserError(text("no plugin named {name} is installed", name=name))
        point = points[name]
        version = point.dist.version if point.dist else ""
        yield Candidate(name=name, stage=Stage.INSTALLED, path=point.value, version=version, load=point.load)


def _operators(folder: Path) -> Iterable[Candidate]:
    if not folder.is_dir():
        return []
    paths = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
    for path in (folder, *paths):
        _refuse_open(path)
    return [_from_file(path, Stage.OPERATOR, f"smwatch_operator_{path.stem}") for path in paths]


def _refuse_open(path: Path) -> None:
    """A plugin is code with the daemon's rights: nobody else may write it."""
    status = path.stat()
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UserError(text("{path} can be written by others; mend it with: chmod go-w {path}", path=str(path)))
    if status.st_uid not in (0, os.geteuid()):
        raise UserError(
            text("{path} belongs to another user; only root or smwatch's own user may own it", path=str(path))
        )


def _from_file(path: Path, stage: Stage, module: str, version: str = "") -> Candidate:
    return Candidate(name=path.stem, stage=stage, path=str(path), version=version, load=lambda: _import(path, module))


def _import(path: Path, name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before executing it: dataclasses with postponed annotations look here
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _start(
    candidate: Candidate, manager: pluggy.PluginManager, registry: Registry, found: Sequence[Candidate]
) -> PluginInfo:
    """Load one plugin and let it register; whatever it raises switches off only this one."""
    problem: Text | None = None
    brings: list[tuple[str, str]] = []
    version = candidate.version
    try:
        plugin = candidate.load()
        manager.register(plugin, candidate.name)
        manager.check_pending()
        brings = _register(plugin, manager, registry)
        version = version or str(getattr(plugin, "__version__", ""))
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - the border around one plugin's code
        if manager.has_plugin(candidate.name):
            manager.unregister(name=candidate.name)
        problem = text("cannot be loaded: {error}", error=f"{type(error).__name__}: {error}")
    return PluginInfo(
        name=candidate.name,
        stage=candidate.stage,
        path=candidate.path,
        version=version,
        digest=_digest(candidate.path),
        brings=tuple(name for _, name in brings),
        kinds=tuple(kind for kind, _ in brings),
        replaces=any(c.name == candidate.name and c.stage < candidate.stage for c in found),
        problem=problem,
    )


def _register(plugin: object, manager: pluggy.PluginManager, registry: Registry) -> list[tuple[str, str]]:
    """Call one plugin's own hooks; what it brings (kind, name) counts only if all of them came through."""
    others = [other for other in manager.get_plugins() if other is not plugin]
    brought: list[tuple[str, dict[str, Any], str, Any]] = []
    for kind, kinds, fits in (
        ("source", registry.sources, _is_source),
        ("channel", registry.channels, _is_a(Channel)),
        ("enricher", registry.enrichers, _can_enrich),
    ):
        hook = f"register_{kind}s"
        found: list[tuple[str, Any]] = []
        manager.subset_hook_caller(hook, remove_plugins=others)(register=lambda *it, found=found: found.append(it))
        if misfits := [name for name, what in found if not fits(what)]:
            raise TypeError(f"{hook}: not fit to be registered: {', '.join(misfits)}")
        brought += [(kind, kinds, name, what) for name, what in found]
    for _, kinds, name, what in brought:
        kinds[name] = what
    return [(kind, name) for kind, _, name, _ in brought]


def _is_source(it: object) -> bool:
    """Without a key of its own no source can be told from another."""
    return isinstance(it, type) and issubclass(it, Source) and it.key is not Source.key


def _is_a(base: type) -> Callable[[Any], bool]:
    return lambda what: isinstance(what, type) and issubclass(what, base)


def _can_enrich(what: object) -> bool:
    return callable(getattr(what, "enrich", None))


def _digest(path: str) -> str:
    """The first 12 hex digits of the file's SHA-256, so that two machines can be compared."""
    file = Path(path)
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else ""
