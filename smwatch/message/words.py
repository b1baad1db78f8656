"""Figures, dates and lists as a reader expects them, in their language and time zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, format_time
from babel.lists import format_list
from babel.numbers import format_decimal

from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from smwatch.i18n import Text

UNKNOWN = "–"
MB, GB = 10**6, 10**9
_LOCALES = {"de": "de", "de-CH": "de_CH", "en": "en_GB"}  # en_GB: 24 hours, the day before the month


def size(count: int) -> Text:
    """So many bytes as people say it: "7 GB", below it "940 MB"."""
    return text("{n} GB", n=count // GB) if count >= GB else text("{n} MB", n=count // MB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads: a language ("de", "de-CH", "en") and a time zone ("Europe/Berlin")."""

    language: str = "de"
    timezone: str = "Europe/Berlin"

    @property
    def locale(self) -> Locale:
        """Babel's locale; an unknown language reads English."""
        return Locale.parse(_LOCALES.get(self.language, "en_GB"))

    def say(self, sentence: Text) -> str:
        """`sentence` in the reader's language."""
        return sentence.render(self.language)

    def number(self, figure: int | None) -> str:
        """12400 as "12.400"; unknown is "–", never 0."""
        return UNKNOWN if figure is None else format_decimal(figure, locale=self.locale)

    def seconds(self, figure: float) -> str:
        """0.244 as "0,24"."""
        return str(format_decimal(figure, "0.00", locale=self.locale))

    def count(self, figure: int | None) -> dict[str, Any]:
        """The values of a counting sentence: `n` chooses its form, `figure` is shown; "– replies" is a plural."""
        return {"n": 2 if figure is None else figure, "figure": self.number(figure)}

    def clock(self, moment: datetime) -> str:
        """`08:00`, in the reader's zone."""
        return format_time(moment, "HH:mm", tzinfo=ZoneInfo(self.timezone), locale=self.locale)

    def day(self, moment: datetime, beside: datetime | None = None) -> str:
        """`Mo., 24. Nov.`; with the year where it is not that of `beside`."""
        zone = ZoneInfo(self.timezone)
        other = beside is not None and beside.astimezone(zone).year != moment.astimezone(zone).year
        if self.locale.language == "de":
            return format_datetime(moment, "EEE, d. MMM y" if other else "EEE, d. MMM", zone, self.locale)
        return format_datetime(moment, "EEE d MMM y" if other else "EEE d MMM", zone, self.locale)

    def moment(self, moment: datetime, beside: datetime | None = None) -> str:
        """`Mo., 24. Nov., 08:00`."""
        return f"{self.day(moment, beside)}, {self.clock(moment)}"

    def soon(self, moment: datetime, now: datetime) -> str:
        """`heute 14:00`, `morgen 08:00`, else day and time."""
        zone = ZoneInfo(self.timezone)
        days = (moment.astimezone(zone).date() - now.astimezone(zone).date()).days
        near = {
            0: text("today {clock}", clock=self.clock(moment)),
            1: text("tomorrow {clock}", clock=self.clock(moment)),
        }
        return self.say(near[days]) if days in near else self.moment(moment, now)

    def together(self, names: Sequence[str]) -> str:
        """`A, B und C`."""
        return format_list(names, locale=self.locale)

    def tongue(self, code: str | None) -> str:
        """The name of a language: "de" is "Deutsch"; unknown is "–"."""
        if not code:
            return UNKNOWN
        return str(self.locale.languages.get(code.partition("-")[0].lower(), code))
