"""A small plot as SVG: lines over two logarithmic axes."""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10

COLOURS = ("#0b6", "#999", "#bbb", "#c33", "#36c", "#e80", "#909", "#077", "#640")
LEFT, TOP, WIDTH, HEIGHT, KEY = 60, 34, 420, 300, 170

Points = list[tuple[float, float]]


def draw(lines: dict[str, Points], *, title: str) -> str:
    """The plot; the first line is drawn thick."""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    across = (floor(log10(min(xs))), max(ceil(log10(max(xs))), floor(log10(min(xs))) + 1))
    up = (floor(log10(min(ys))), max(ceil(log10(max(ys))), floor(log10(min(ys))) + 1))

    def place(x: float, y: float) -> tuple[float, float]:
        right = (log10(x) - across[0]) / (across[1] - across[0])
        high = (log10(y) - up[0]) / (up[1] - up[0])
        return LEFT + right * WIDTH, TOP + (1 - high) * HEIGHT

    parts = [f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>']
    for power in range(across[0], across[1] + 1):
        x, _ = place(10**power, 10 ** up[0])
        parts += [_rule(x, TOP, x, TOP + HEIGHT), _label(x, TOP + HEIGHT + 16, _short(power), "middle")]
    for power in range(up[0], up[1] + 1):
        _, y = place(10 ** across[0], 10**power)
        parts += [_rule(LEFT, y, LEFT + WIDTH, y), _label(LEFT - 6, y + 4, _short(power), "end")]
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        spots = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        thick = 3 if number == 0 else 1.5
        parts.append(f'<polyline points="{spots}" fill="none" stroke="{colour}" stroke-width="{thick}"/>')
        low = TOP + 12 + 20 * number
        parts.append(f'<rect x="{LEFT + WIDTH + 14}" y="{low - 8}" width="14" height="4" fill="{colour}"/>')
        parts.append(_label(LEFT + WIDTH + 34, low, name, "start"))
    size = f"0 0 {LEFT + WIDTH + KEY} {TOP + HEIGHT + 30}"
    style = 'font-family="sans-serif" font-size="12" fill="#333"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" {style}>\n{body}\n</svg>\n'


def _rule(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="#ddd"/>'


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _short(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"
