"""The list of decisions, from their headings."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path("docs", "decisions")


def index(folder: Path | None = None) -> str:
    """One line a page, in order; raises ValueError where two have one number."""
    home = folder or Path(__file__).resolve().parents[3] / FOLDER
    pages = sorted(home.glob("[0-9]*.md"))
    numbers = [page.name[:4] for page in pages]
    if twice := sorted({number for number in numbers if numbers.count(number) > 1}):
        raise ValueError(f"two decisions have the number {', '.join(twice)}")
    return "\n".join(f"- [{_title(page)}]({page.name})" for page in pages)


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
