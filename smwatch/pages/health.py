"""Whether a site is well: what a reading of its start page showed, and what of that is news (pure)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from smwatch.i18n import Text, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOON = 14  # days left of a certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`trouble` is "" for a site that answers; `days` are left of its certificate, None where nobody knows."""

    trouble: str = ""
    url: str = ""
    days: int | None = None
    phones: bool = True
    since: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it goes into the cursor."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Health | None:
        """Out of the cursor; None where it holds none."""
        try:
            return cls(**found)
        except TypeError:
            return None

    @property
    def ends_soon(self) -> bool:
        """Whether its certificate is about to end."""
        return self.days is not None and self.days <= SOON


def news(before: Health, now: Health, site: str) -> Iterator[tuple[str, Text]]:
    """What changed, each with a word that names it: told once, when it changes."""
    if now.trouble and not before.trouble:
        yield "down", text("the website does not work: {trouble}", trouble=now.trouble)
    if before.trouble and not now.trouble:
        yield "up", text("{site} works again", site=site)
    if now.trouble:
        return
    if now.url != before.url and before.url:
        yield "moved", text("{site} now leads to {url}", site=site, url=now.url)
    if now.phones != before.phones:
        lost = text("{site} is no longer made for telephones (no meta viewport)", site=site)
        yield "phones", text("{site} is made for telephones again", site=site) if now.phones else lost
    if now.ends_soon and not before.ends_soon:
        yield "certificate", _certificate(now.days or 0, site)
    if before.ends_soon and now.days is not None and not now.ends_soon:
        yield "certificate", text("{site} has a new certificate, good for {n} days", site=site, n=now.days)


def _certificate(days: int, site: str) -> Text:
    if days < 0:
        return text("the certificate of {site} has ended", site=site)
    return texts(
        "the certificate of {site} ends in {n} day", "the certificate of {site} ends in {n} days", n=days, site=site
    )


def overview(now: Health, site: str, seconds: float) -> Text:
    """How the site stands, in one sentence."""
    days = text("certificate for {n} more days", n=now.days) if now.days is not None else text("no certificate seen")
    phones = text("made for telephones") if now.phones else text("not made for telephones")
    return text(
        "{site} answers in {seconds} s, {days}, {phones}", site=site, seconds=f"{seconds:.2f}", days=days, phones=phones
    )
