"""Mails of Google Alerts: each result is an item of its own, with the page that it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.feeds.plain import cut, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.letters.body import Link

SENDER = "googlealerts-noreply@google.com"
SHORTEST = 12  # characters of a title
SNIPPET = 600
OWN = ("google.", "gstatic.", "youtube.com/redirect")
NO_TITLES = (
    "als irrelevant",
    "flag as irrelevant",
    "mehr ergebnisse",
    "see more",
    "alle ergebnisse",
    "share",
    "teilen",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One page that the alert found."""

    url: str
    title: str
    snippet: str


def results(links: list[Link], text: str) -> list[Result]:
    """The pages in order; the words of a page are those of its links, what stands below is its snippet."""
    titles: dict[str, str] = {}
    for link in links:
        if link.url == link.raw or _is_own(link.url):
            continue  # a result always stands behind google.com/url
        words = fold(link.words)
        known = titles.get(link.url, "")
        if len(words) > len(known) and not words.lower().startswith(NO_TITLES):
            titles[link.url] = known if len(known) >= SHORTEST else words
    found = {url: title for url, title in titles.items() if len(title) >= SHORTEST}
    return [
        Result(url=url, title=title, snippet=snippet)
        for (url, title), snippet in zip(found.items(), _snippets(list(found.values()), text), strict=True)
    ]


def _is_own(url: str) -> bool:
    host = url.partition("://")[2].partition("/")[0].removeprefix("www.")
    return host.startswith(OWN)


def _snippets(titles: list[str], text: str) -> Iterator[str]:
    """What stands in the text behind each title, up to the next one."""
    flat = fold(text.replace("\n", " "))
    places = []
    at = 0
    for title in titles:
        found = flat.find(title, at)
        places.append(found)
        at = found + len(title) if found >= 0 else at
    for n, (title, place) in enumerate(zip(titles, places, strict=True)):
        if place < 0:
            yield ""
            continue
        end = next((one for one in places[n + 1 :] if one > place), len(flat))
        yield cut(flat[place + len(title) : end].strip(" .·-–"), SNIPPET)
