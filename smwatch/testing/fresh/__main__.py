"""Exit 1 and name what has grown old, or write it anew with `--write`; `smwatch/locale` behind it does only that."""

from __future__ import annotations

import sys
from pathlib import Path

from smwatch.testing.fresh import Stale, stale

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str]) -> int:
    """0 where everything is fresh, or was made so."""
    below = [ROOT / it for it in arguments if it != "--write"] or [ROOT]
    found = [one for one in stale(ROOT) if any(one.path.is_relative_to(it) for it in below)]
    for one in found:
        name = one.path.relative_to(ROOT)
        if "--write" in arguments:
            _write(one)
            sys.stdout.write(f"written: {name}\n")
        else:
            sys.stdout.write(f"stale: {name}\n")
    if found and "--write" not in arguments:
        sys.stdout.write("Write them anew with: make docs\n")
        return 1
    return 0


def _write(one: Stale) -> None:
    if one.now is None:
        one.path.unlink()
    else:
        one.path.parent.mkdir(parents=True, exist_ok=True)
        one.path.write_bytes(one.now)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
