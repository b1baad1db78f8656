"""Pages that stand before what was asked for: a check for robots, a login, a question for consent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

HEAD = 200_000
FEW_LINKS = 30  # more is a page that people read, with a place to log in on it
_CHECK = re.compile(
    rb"cf[-_]chl|cf-browser-verification|/cdn-cgi/challenge-platform/|_Incapsula_Resource|ddos-guard|perimeterx"
    rb"|captcha-delivery\.com|awswafcaptcha|anubis_challenge|hcaptcha\.com/1/api|/sgcaptcha/",
    re.IGNORECASE,
)
_CHECK_TITLES = re.compile(
    r"just a moment|nur einen moment|attention required|einen moment bitte|are you (?:a )?(?:human|robot)"
    r"|checking your browser|security check|sicherheitsabfrage|access denied|verify you are human"
    r"|pardon our interruption|bot verification",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"consent|cookie|einwilligung|zustimmung|datenschutz-?einstellung|privacy (?:gate|wall)", re.IGNORECASE
)
_LOGIN = re.compile(r"log[ -]?in|sign[ -]?in|anmeld|einlogg", re.IGNORECASE)


def wall(page: LexborHTMLParser, body: bytes, url: str) -> str:
    """The code of the refusal (`smwatch.feeds.refusal`); "" for any other page."""
    title = page.css_first("title")
    named = title.text() if title is not None else ""
    if _CHECK_TITLES.search(named) or _CHECK.search(body, 0, HEAD):
        return "html-check"
    asks = page.css_first('input[type="password"]') is not None
    if _LOGIN.search(named) or (asks and len(page.css("a[href]")) < FEW_LINKS):
        return "html-login"
    return "html-consent" if _CONSENT.search(f"{named} {url}") else ""
