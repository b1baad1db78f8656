"""Photographs messages with a headless Chromium, for the docs: `make pictures`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from smwatch.demo import showcase
from smwatch.message.blockkit import block_kit, fallback
from smwatch.message.html import mail_html
from smwatch.testing.slack_page import Reader, Shown, page

if TYPE_CHECKING:
    from smwatch.message.model import Message

DOCS = Path(__file__).resolve().parents[2] / "docs" / "pictures"
MEASURE = "<script>document.title = Math.ceil(document.body.getBoundingClientRect().height)</script>"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An HTML page and how it is looked at: `width` in CSS pixels, `sharp` device pixels for each."""

    name: str
    html: str
    width: int
    sharp: float = 2.0
    dark: bool = False


def slack(name: str, message: Message, width: int, *, language: str = "de", dark: bool = False) -> Picture:
    """A message as Slack shows it."""
    body = {"text": fallback(message), "blocks": block_kit(message, buttons=True)}
    people = {"U0MIRA": "Mira Krüger"}
    reader = Reader(language=language, timezone=showcase.ZONE, now=showcase.NOW, people=people)
    shown = Shown(body=body, at=showcase.NOW - timedelta(minutes=51))
    return Picture(name=name, html=page([shown], reader, dark=dark), width=width, dark=dark)


def pictures() -> tuple[Picture, ...]:
    """What the README shows."""
    return (
        slack("alert", showcase.alert(), 600),
        slack("case", showcase.taken(), 600),
        Picture(name="digest", html=mail_html(showcase.digest()), width=600, sharp=1.1),
    )


def take(picture: Picture, folder: Path) -> Path:
    """One PNG, as high as its page; raises CalledProcessError where the browser fails."""
    target = folder / f"{picture.name}.png"
    with tempfile.TemporaryDirectory() as home:
        source = Path(home, "page.html")
        source.write_text(picture.html + MEASURE, encoding="utf-8")
        told = _browse(picture, 100, source, "--dump-dom")
        height = re.search(r"<title>(\d+)</title>", told)
        if height is None:
            raise SystemExit(f"{picture.name}: the page cannot be measured")
        _browse(picture, int(height[1]), source, f"--screenshot={target}")
    return target


def _browse(picture: Picture, height: int, source: Path, what: str) -> str:
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit("pictures need Chromium (apt-get install chromium)")
    scheme = f"--blink-settings=preferredColorScheme={0 if picture.dark else 1}"
    window = (f"--window-size={picture.width},{height}", f"--force-device-scale-factor={picture.sharp}")
    words = [browser, *FLAGS, scheme, *window, f"--user-data-dir={source.parent / 'browser'}", what, source.as_uri()]
    return subprocess.run(words, check=True, capture_output=True, timeout=60, text=True).stdout  # noqa: S603 - our own page


def main() -> None:
    """Write all pictures of the docs anew."""
    DOCS.mkdir(parents=True, exist_ok=True)
    for one in pictures():
        sys.stdout.write(f"{take(one, DOCS)}\n")


if __name__ == "__main__":
    main()
