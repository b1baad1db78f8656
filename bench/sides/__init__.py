"""What the benchmarks share: CPU time, the machine, tables. Work is counted per second of CPU, never of the clock."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

RESULTS = Path(__file__).resolve().parent.parent / "results"


def cpu_of(work: Callable[[], object]) -> float:
    """Seconds of this process' CPU that one run of `work` takes."""
    gc.collect()
    before = time.process_time()
    work()
    return time.process_time() - before


def medians(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median CPU seconds of each side, measured in turn so that a noisy moment hits them all."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, work in sides.items():
            taken[name].append(cpu_of(work))
    return {name: statistics.median(times) for name, times in taken.items()}


def machine() -> str:
    """Processor, cores and Python, on one line."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or "unknown processor",
    )
    return f"{model}, {os.cpu_count()} cores, {platform.python_implementation()} {platform.python_version()}"


def versions(names: Iterable[str]) -> str:
    """The installed versions of the packages, on one line; those that are missing are left out."""
    found = []
    for name in names:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write(name: str, title: str, *parts: str) -> None:
    """Print the page and keep it below `results`."""
    page = "\n\n".join((f"# {title}", *parts)) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(page, encoding="utf-8")
    print(page)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
