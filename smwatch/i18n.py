"""Sentences for people, in their language.

A `Text` is a sentence that is not yet in a language: an English template and its values. It is made where something is
decided and rendered where it is shown, so that one error can be German in Slack and English in the log.

The catalogues are gettext files, one a room: `locale/de/<room>.po`, compiled to `.mo` by `make i18n`. English needs
none. `de-CH` is German with ss for ß.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCALES = Path(__file__).with_name("locale")
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in no language yet: `Text("{n} feeds", plural…)` is made by `text()` and `texts()`.

    `template` is English with `str.format` fields, and the catalogue's key. Values may be `Text` themselves. With
    `many`, `template` is the singular, and `values["n"]` chooses.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    many: str | None = None

    def render(self, language: str) -> str:
        """The sentence in `language` ("de", "de-CH", "en"); an unknown language is English."""
        values = {k: v.render(language) if isinstance(v, Text) else v for k, v in self.values.items()}
        catalogue = _catalogue(language.partition("-")[0])
        if self.many is None:
            template = catalogue.gettext(self.template)
        else:
            template = catalogue.ngettext(self.template, self.many, int(values["n"]))
        rendered = template.format_map(values) if values else template
        return rendered.replace("ß", "ss") if language == "de-CH" else rendered

    def __hash__(self) -> int:
        """Equal sentences count as one in sets and counters."""
        return hash((self.template, self.many, *sorted((k, str(v)) for k, v in self.values.items())))

    def __str__(self) -> str:
        """English, for logs and tracebacks."""
        return self.render("en")


def text(template: str, /, **values: object) -> Text:
    """A sentence for people: `text("no channel named {name}", name=…)`."""
    return Text(template, MappingProxyType(values) if values else NOTHING)


def texts(one: str, many: str, /, n: int, **values: object) -> Text:
    """A sentence whose form depends on the count `n`: `texts("{n} feed", "{n} feeds", n=3)`."""
    return Text(one, MappingProxyType({"n": n, **values}), many)


def to_json(sentence: Text) -> dict[str, Any]:
    """Plain JSON values, for the store; `from_json` reads them back."""
    values = {k: to_json(v) if isinstance(v, Text) else v for k, v in sentence.values.items()}
    found = {"t": sentence.template, "v": values}
    return found if sentence.many is None else {**found, "m": sentence.many}


def from_json(stored: Mapping[str, Any]) -> Text:
    """The `Text` that `to_json` wrote."""
    values = {k: from_json(v) if isinstance(v, dict) and "t" in v else v for k, v in stored["v"].items()}
    return Text(stored["t"], MappingProxyType(values), stored.get("m"))


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    found = gettext.NullTranslations()
    for path in sorted((LOCALES / language).glob("*.mo")):
        with path.open("rb") as stream:
            room = gettext.GNUTranslations(stream)
        room.add_fallback(found)
        found = room
    return found
