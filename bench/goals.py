"""What the figures of `match.py` say about the goals G2, G3 and G11."""

from __future__ import annotations

OURS, RAW, RAW_DEFAULT, IDLE = "smwatch", "raw scan", "raw scan, default", "smwatch, texts without a match"
KINDS = ("posts", "articles")


def goals(rows: list[dict[str, object]]) -> str:
    """The goals of the project that these figures show."""
    rate = {(row["kind"], row["n"], row["name"]): float(str(row["rate"])) for row in rows}
    wanted = [
        *(
            ("G2", kind, n, OURS, n, "one regex a query", goal)
            for kind in KINDS
            for n, goal in ((10, 1), (1_000, 1_000))
        ),
        *(
            ("G3", "articles", n, OURS, n, raw, least)
            for raw in (RAW_DEFAULT, RAW)
            for n, least in ((1_000, 0.5), (10_000, 0.25))
        ),
        *(("G11", "posts", 10_000, name, 100, name, 0.5) for name in (OURS, IDLE)),
        *(("", "posts", 10_000, OURS, 10_000, *it) for it in (("flashtext2", 2), ("SQLite FTS5", 4), ("tantivy", 4))),
    ]
    lines = ["\n### Goals\n", "| | | times | goal |", "|---|---|---:|---:|"]
    for goal, kind, n, name, other_n, other, least in wanted:
        one, two = rate.get((kind, n, name)), rate.get((kind, other_n, other))
        times = f"{one / two:,.2f}" if one and two else "not measured"
        lines.append(f"| {goal} | {kind}, {n:,} queries: {other} at {other_n:,} | {times} | {least:,} |")
    return "\n".join(lines)
