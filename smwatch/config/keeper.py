"""The config of a running daemon: a wrong file never stops it, and never starts an empty one.

Each file has its own last good copy. A query that does not parse stops only its watch, which runs on with its last
good version; any other mistake leaves the old version of its file running.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from smwatch.config.apart import build_apart, is_large
from smwatch.config.build import Built, Kinds, build
from smwatch.config.changes import changes, needs_restart
from smwatch.config.document import Raw, Role
from smwatch.config.edit import refuse_unsafe
from smwatch.config.files import FileSet, collect
from smwatch.config.loading import plugin_names, registry_for, with_notes
from smwatch.config.versions import Copy, Version, Versions, write_whole
from smwatch.errors import ConfigError, Problem, UserError, system_reason
from smwatch.i18n import Text, text
from smwatch.loader import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from smwatch.config.model import Config
    from smwatch.model import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a start or a reload came to.

    `config` is what runs now. `problems` is everything wrong with the files as they stand. `kept` are files whose old
    version runs on, `stopped` watches that run with their last good query (or not at all, if there never was one).
    `changed` says in words what is new; `restart` what needs a restart. `fallback` is true where last good copies
    serve at start.
    """

    config: Config
    problems: tuple[Problem, ...] = ()
    changed: tuple[Text, ...] = ()
    kept: tuple[Path, ...] = ()
    stopped: tuple[str, ...] = ()
    restart: tuple[Text, ...] = ()
    fallback: bool = False
    unsaved: Text | None = None

    @property
    def ok(self) -> bool:
        """Whether the files run exactly as they stand."""
        return not any(it.severity == "error" for it in self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """The texts that can run, what they mean, and what was wrong with those on the disk."""

    built: Built
    raws: tuple[Raw, ...]
    problems: tuple[Problem, ...]
    kept: tuple[Path, ...] = field(default_factory=tuple)


class Keeper:
    """Holds the running config; `state` is the folder for the last good copies (None: only remembered)."""

    def __init__(
        self,
        path: Path,
        state: Path | None = None,
        registry: Kinds | None = None,
        *,
        parse: Callable[..., Any] | None = None,
    ) -> None:
        self.path = path
        self.versions = Versions(state / "config" if state else None)
        self._registry = registry
        self._parse = parse
        self._trouble: tuple[Text, ...] = ()
        self._config: Config | None = None

    @property
    def config(self) -> Config:
        """What runs now."""
        if self._config is None:
            raise RuntimeError("not started")
        return self._config

    @property
    def registry(self) -> Kinds:
        """The plugins that were loaded at start."""
        if self._registry is None:
            raise RuntimeError("not started")
        return self._registry

    def start(self, now: datetime | None) -> Outcome:
        """The config to start with; last good copies stand in for broken files.

        Without `now` nothing is kept: for commands beside the daemon. Raises ConfigError with all problems where there
        is no good copy.
        """
        files = self._collect()
        if self._registry is None:
            self._registry, self._trouble = registry_for(files.raws)
        chosen = self._choose(files)
        if chosen is None:
            raise ConfigError(self._problems(files))
        return self._take(chosen, now)

    def reload(self, now: datetime) -> Outcome:
        """Read the files again; never raises for what stands in them."""
        try:
            files = collect(self.path)
        except UserError as error:
            problem = Problem(file=str(self.path), line=1, column=1, message=error.sentence)
            return Outcome(config=self.config, problems=(problem,), kept=(self.path,))
        chosen = self._choose(files)
        if chosen is None:
            return Outcome(config=self.config, problems=self._problems(files), kept=(self.path,))
        return self._take(chosen, now)

    def texts(self) -> dict[Path, str]:
        """The texts of the files that run now."""
        last = self.versions.last
        return {path: it.text for path, it in last.files.items()} if last else {}

    def history(self) -> tuple[Version, ...]:
        """The last 20 good versions, oldest first; the last one runs."""
        return self.versions.all()

    def undo(self) -> tuple[Path, ...]:
        """Write the version before the last back to the disk; the files written. A reload then takes them.

        Raises UserError where there is none, or where a file changed since it was read or may not be written: then
        nothing is written, and the sentence holds the lines to paste.
        """
        found = self.versions.all()
        if len(found) < 2:  # noqa: PLR2004 - a last version and one before it
            raise UserError(text("there is no earlier version"))
        now, before = found[-1], found[-2]
        differing = [path for path, it in before.files.items() if _text_of(now, path) != it.text]
        for path in differing:
            refuse_unsafe(path, _text_of(now, path), before.files[path].text)
        for path in differing:
            write_whole(path, before.files[path].text, mode=path.stat().st_mode & 0o777 if path.exists() else 0o644)
        return tuple(differing)

    # choosing what can run

    def _collect(self) -> FileSet:
        try:
            return collect(self.path)
        except UserError:
            last = self.versions.last
            if last is None or self.path not in last.files:
                raise
            return FileSet(raws=(Raw(path=self.path, data=b""),))  # empty: an error, and its good copy serves

    def _build(self, raws: Sequence[Raw]) -> Built:
        registry = self.registry
        if isinstance(registry, Registry) and self._parse is None and is_large(raws):
            built = build_apart(raws, registry, plugin_names(raws)[1])
            if built is not None:
                return built
        return build(raws, registry, parse=self._parse)

    def _problems(self, files: FileSet) -> tuple[Problem, ...]:
        return tuple(it.problem for it in with_notes(self._build(files.raws), files, self._trouble).findings)

    def _choose(self, files: FileSet) -> _Chosen | None:
        """The files as they stand; else with good copies of the broken ones; else the last good copies of all."""
        first = self._build(files.raws)
        problems = tuple(it.problem for it in with_notes(first, files, self._trouble).findings)
        if not first.broken:
            return _Chosen(built=first, raws=files.raws, problems=problems)
        last = self.versions.last
        good: Mapping[Path, Copy] = last.files if last else {}
        for raws in self._attempts(files.raws, first, good, last):
            built = self._build(raws)
            if raws and not built.broken:
                kept = tuple(it.path for it in raws if it not in files.raws)
                missing = tuple(it.path for it in files.raws if it.path not in {raw.path for raw in raws})
                return _Chosen(built=built, raws=tuple(raws), problems=problems, kept=(*kept, *missing))
        return None

    @staticmethod
    def _attempts(
        raws: Sequence[Raw], first: Built, good: Mapping[Path, Copy], last: Version | None
    ) -> list[list[Raw]]:
        broken = {it.document.path for it in first.broken}
        if raws[0].path in broken and raws[0].path not in good:
            return []
        mixed = [_good(it, good) if it.path in broken else it for it in raws]
        peoples = [it for it in mixed if it is not None and it.role is Role.OPERATOR]
        return [
            [it for it in mixed if it is not None],
            [*peoples, *(kept for it in raws if it.role is Role.PEOPLE and (kept := _good(it, good)))],
            last.raws() if last else [],
        ]

    # taking it

    def _take(self, chosen: _Chosen, now: datetime | None) -> Outcome:
        old = self._config
        config = self._with_last_good_watches(chosen.built)
        changed = changes(old, config) if old else ()
        unsaved = self._remember(chosen, now, changed) if now else None
        self._config = config
        return Outcome(
            config=config,
            problems=chosen.problems,
            changed=changed,
            kept=chosen.kept,
            stopped=tuple(sorted(chosen.built.stopped)),
            restart=needs_restart(old, config) if old else (),
            fallback=old is None and bool(chosen.kept),
            unsaved=unsaved,
        )

    def _with_last_good_watches(self, built: Built) -> Config:
        if not built.stopped:
            return built.config
        standing = {it.name for it in built.config.watches}
        earlier = [it for it in self._earlier_watches() if it.name in built.stopped and it.name not in standing]
        fitting = [_fitting(it, built.config) for it in earlier]
        return replace(built.config, watches=(*built.config.watches, *fitting))

    def _earlier_watches(self) -> tuple[Watch, ...]:
        if self._config is not None:
            return self._config.watches
        last = self.versions.last
        return self._build(last.raws(clean=True)).config.watches if last else ()

    def _remember(self, chosen: _Chosen, now: datetime, changed: tuple[Text, ...]) -> Text | None:
        """Keep the texts as a version where they differ from the last one; what went wrong, if anything."""
        last = self.versions.last
        old: Mapping[Path, Copy] = last.files if last else {}
        unclean = {it.document.path for it in chosen.built.findings if it.watch is not None}
        files = {it.path: _copy(it, old.get(it.path), clean=it.path not in unclean) for it in chosen.raws}
        if last and {path: it.text for path, it in files.items()} == {path: it.text for path, it in old.items()}:
            return None
        try:
            self.versions.add(files, now, changed)
        except OSError as error:
            return text("the last good copy could not be stored: {reason}", reason=system_reason(error))
        return None


def _copy(raw: Raw, earlier: Copy | None, *, clean: bool) -> Copy:
    current = raw.data.decode("utf-8", "replace")
    return Copy(text=current, clean=current if clean or earlier is None else earlier.clean, role=raw.role)


def _good(raw: Raw, good: Mapping[Path, Copy]) -> Raw | None:
    found = good.get(raw.path)
    return Raw(path=raw.path, data=found.text.encode(), role=raw.role) if found else None


def _fitting(watch: Watch, config: Config) -> Watch:
    """A watch of an earlier config without channels and digests that are gone."""
    return replace(
        watch,
        alert=tuple(it for it in watch.alert if it in config.channels),
        digest=tuple(it for it in watch.digest if it in config.digests),
    )


def _text_of(version: Version, path: Path) -> str | None:
    found = version.files.get(path)
    return found.text if found else None
