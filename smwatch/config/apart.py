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
from threading import Timer
from typing import TYPE_CHECKING, Any

from smwatch.config.build import Built, build
from smwatch.config.light import Light, share, shared
from smwatch.loader import Registry, load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from smwatch.config.document import Document, Raw

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
        return _asked(order)
    except (OSError, subprocess.SubprocessError, pickle.PickleError, AttributeError, ImportError, EOFError):
        return None


def _asked(order: Order) -> Built | None:
    """The answer is read while it comes: whole, it takes as much memory as what is made of it."""
    with subprocess.Popen(
        [sys.executable, "-m", "smwatch.config.apart"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        patience = Timer(PATIENCE, process.kill)
        patience.start()
        try:
            pickle.dump(order, process.stdin)  # type: ignore[arg-type]  # a pipe
            process.stdin.close()  # type: ignore[union-attr]
            built: Built | None = pickle.load(process.stdout)  # type: ignore[arg-type]  # noqa: S301 - our own program's answer to us
            return built if process.wait() == 0 else None
        finally:
            patience.cancel()
            process.kill()


def _digests(registry: Registry) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((one.name, one.digest) for one in registry.plugins))


def _answer(order: Order) -> Built | None:
    """None where the plugins are others by now: then what is loaded decides."""
    registry = load(order.names, order.folder)
    if _digests(registry) != order.digests:
        return None
    built = build(order.raws, registry)
    known: dict[Any, Any] = {}
    for source in built.config.sources:
        share(source, known)
    config = replace(built.config, watches=tuple(shared(watch, known) for watch in built.config.watches))
    findings = tuple(replace(it, document=_slim(it.document)) for it in built.findings)
    return replace(built, config=config, findings=findings, places={})


def _slim(document: Document) -> Document:
    return replace(document, lines=(), parsed=(), values={})


def main() -> None:
    """Read the order from the standard input, and write what came of it to the standard output."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever a plugin prints is no answer
    order: Order = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - from the program that started us
    with os.fdopen(out, "wb") as stream:
        Light(stream, protocol=pickle.HIGHEST_PROTOCOL).dump(_answer(order))


if __name__ == "__main__":
    main()
