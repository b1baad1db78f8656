"""Why a page is not read, as errors that a source raises: what forums and websites have in common."""

from __future__ import annotations

from yarl import URL

from smwatch.errors import Broken, NotPermitted
from smwatch.i18n import text


def closed_to_robots(url: str) -> NotPermitted:
    """The host's robots.txt asks programs not to read this page."""
    return NotPermitted(text("the robots.txt of {host} asks not to read {path}", host=host_of(url), path=URL(url).path))


def shows_login(url: str) -> Broken:
    """A login page stands where something else is meant to be: never "nothing new"."""
    return Broken(text("{host} shows a login page; what is behind it cannot be read", host=host_of(url)))


def host_of(url: str) -> str:
    """The host as people say it."""
    return (URL(url).host or "").removeprefix("www.")
