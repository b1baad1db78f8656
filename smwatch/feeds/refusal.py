"""Why a body is no feed. Codes cross the worker's pipe; the sentences stay on our side of it."""

from __future__ import annotations

from smwatch.i18n import Text, text

SENTENCES = {
    "empty": text("the answer is empty"),
    "html": text("this is a web page, not a feed"),
    "html-feed": text("this is a web page, not a feed; it names this feed: {detail}"),
    "html-check": text("this page asks whether a person or a program is there; programs see no feed"),
    "html-login": text("this is a page to log in, not a feed"),
    "html-consent": text("this page asks for consent; programs see no feed"),
    "opml": text("this is a list of feeds (OPML), not a feed; write it as opml = …"),
    "sitemap": text("this is a sitemap, not a feed"),
    "json": text("this is JSON, but no JSON Feed"),
    "mapping": text("it does not fit the mapping: {detail}"),
    "unknown": text("this is no feed that can be read (RSS, Atom, JSON Feed)"),
}


class NotAFeed(ValueError):
    """The body is not a feed; `code` is a key of `SENTENCES`, `detail` goes into its sentence."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def refusal(code: str, detail: str = "") -> Text:
    """The sentence for a code that came out of the worker (which is not trusted to bring its own)."""
    found = SENTENCES.get(code)
    if found is None:
        return text("the content could not be read: {detail}", detail=detail or code)
    return Text(found.template, {"detail": detail}) if detail else found
