"""Large configs are read by a process of their own, which ends afterwards.

Reading ten thousand sources takes seconds and 200 MB: in the daemon it would hold up everything else, and the memory
would never come back whole. The other process is this program with the same plugins; it reads the same texts and hands
the finished values back.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smwatch.config.build import Built, build
from smwatch.loader import Registry, load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from smwatch.config.document import Document, Raw
    from smwatch.source import Source

LARGE = 256 * 1024  # bytes of all files together
PATIENCE = 300.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be read, with which plugins; `digests` are those that are loaded here."""

    raws: tuple[Raw, ...]
    names: tuple[str, ...]
    folder: Path | None
    digests: tuple[tuple[str, str], ...]


def is_large(raws: Sequence[Raw]) -> bool:
    """Whether it is worth a process."""
    return sum(len(raw.data) for raw in raws) >= LARGE


def build_apart(raws: Sequence[Raw], registry: Registry, folder: Path | None) -> Built | None:
    """As `build`, without the texts of the files in the findings; None where that cannot be, whatever the reason."""
    order = Order(raws=tuple(raws), names=registry.names, folder=folder, digests=_digests(registry))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "smwatch.config.apart"],
            input=pickle.dumps(order),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=True,
        )
        built: Built | None = pickle.loads(done.stdout)  # noqa: S301 - our own program's answer to us
    except (OSError, subprocess.SubprocessError, pickle.PickleError, AttributeError, ImportError, EOFError):
        return None
    if built is None:
        return None
    light = tuple(map(_light, built.config.sources))
    return replace(built, config=replace(built.config, sources=light))


def _light(source: Source) -> Source:
    """The same source with its values in the class's own layout instead of a dict: half the memory."""
    kind = type(source)
    light = kind.__new__(kind)
    for name, value in source.__dict__.items():
        object.__setattr__(light, name, value)
    for name in ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"):
        object.__setattr__(light, name, getattr(source, name))
    return light


def _digests(registry: Registry) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((one.name, one.digest) for one in registry.plugins))


def _answer(order: Order) -> Built | None:
    """None where the plugins are others by now: then what is loaded decides."""
    registry = load(order.names, order.folder)
    if _digests(registry) != order.digests:
        return None
    built = build(order.raws, registry)
    _share(built.config.sources)
    return replace(built, findings=tuple(replace(it, document=_slim(it.document)) for it in built.findings), places={})


def _share(sources: Sequence[Source]) -> None:
    """One set of written keys for all sources that have the same: ten thousand take 8 MB otherwise."""
    known: dict[frozenset[str], set[str]] = {}
    for source in sources:
        written = source.model_fields_set
        object.__setattr__(source, "__pydantic_fields_set__", known.setdefault(frozenset(written), written))


def _slim(document: Document) -> Document:
    return replace(document, lines=(), parsed=(), values={})


def main() -> None:
    """Read the order from the standard input, and write what came of it to the standard output."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever a plugin prints is no answer
    order: Order = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - from the program that started us
    with os.fdopen(out, "wb") as stream:
        stream.write(pickle.dumps(_answer(order), protocol=pickle.HIGHEST_PROTOCOL))


if __name__ == "__main__":
    main()
