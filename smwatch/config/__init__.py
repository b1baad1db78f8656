"""TOML to a frozen model: every mistake at once, with file, line and column; secrets; the last good copy.

The way of a file: `files` (which ones) → `reader` (text and TOML, mended where it is broken) → `tree` (values with
places) → `sections`, `plugged`, `build` (the model) → `crosscheck` (names and clients) → `report` (what is wrong).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from smwatch.config.files import find
from smwatch.config.model import Client, Config, DigestPlan, Http
from smwatch.config.render import render_problems
from smwatch.errors import ConfigError, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from smwatch.config.build import Kinds
    from smwatch.config.keeper import Keeper, Outcome

__all__ = [
    "Client",
    "Config",
    "ConfigError",
    "DigestPlan",
    "Http",
    "Keeper",
    "Loaded",
    "Outcome",
    "Problem",
    "check",
    "find",
    "load",
    "render_problems",
    "schema",
    "show",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A config that may run, and what is to be said about it (warnings only)."""

    config: Config
    problems: tuple[Problem, ...] = field(default_factory=tuple)


def load(path: Path, registry: Kinds | None = None) -> Loaded:
    """The config at `path`; without `registry`, the plugins that it names are loaded.

    Raises ConfigError with all problems, or UserError where the file cannot be read.
    """
    from smwatch.config.loading import read_all  # noqa: PLC0415 - `import smwatch.config` stays cheap

    built = read_all(path, registry)
    problems = tuple(it.problem for it in built.findings)
    if any(it.severity == "error" for it in problems):
        raise ConfigError(problems)
    return Loaded(config=built.config, problems=problems)


def check(path: Path, registry: Kinds | None = None) -> tuple[Problem, ...]:
    """All problems of the config at `path`, errors and warnings, by file and place; raises UserError as `load`."""
    from smwatch.config.loading import read_all  # noqa: PLC0415 - `import smwatch.config` stays cheap

    return tuple(it.problem for it in read_all(path, registry).findings)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a class of `keeper`
    """`Keeper` and `Outcome`, imported on first use: only the daemon needs them."""
    if name in ("Keeper", "Outcome"):
        from smwatch.config import keeper  # noqa: PLC0415 - likewise

        return getattr(keeper, name)
    raise AttributeError(name)


def schema(registry: Kinds, language: str = "en") -> dict[str, Any]:
    """A JSON schema of the files for editors."""
    from smwatch.config.jsonschema import schema as _schema  # noqa: PLC0415 - only `config schema` needs it

    return _schema(registry, language)


def show(config: Config) -> str:
    """The effective config as TOML, secrets as references."""
    from smwatch.config.effective import show as _show  # noqa: PLC0415 - only `config show` needs it

    return _show(config)
