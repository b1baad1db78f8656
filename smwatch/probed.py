"""What `smwatch source test` found, in words for a person: one paragraph a target. Pure."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import TYPE_CHECKING

from smwatch.config.effective import duration
from smwatch.feeds.refusal import SENTENCES
from smwatch.i18n import Text, text, texts
from smwatch.message.words import UNKNOWN

if TYPE_CHECKING:
    from smwatch.message.words import Reader
    from smwatch.probe import Report


def told(report: Report, reader: Reader, now: datetime, most: int = 20) -> list[str]:
    """The report as lines for a person; the newest `most` items."""
    language = reader.language
    if report.error is not None:
        hint = text("“smwatch source add {url}” looks for the feed of the site", url=report.target).render(language)
        is_page = report.error.template.startswith(SENTENCES["html"].template) and "://" in report.target
        return [f"✗ {report.target}: {report.error.render(language)}", *([f"  {hint}"] if is_page else [])]
    lines = [f"✓ {report.target}: {_summary(report, reader).render(language)}"]
    hits = {match.item.id: match.hits for match in report.matches}
    for item in itertools.islice(report.items, most):
        lines.append(f"  {_said(item['published'], reader, now)}  {item['title'] or item['text'][:80]}")
        if item["url"]:
            lines.append(f"      {item['url']}")
        lines += [f"      → {hit.watch.name}: {hit.reason.render(language)}" for hit in hits.get(item["id"], ())]
    if (rest := len(report.items) - most) > 0:
        lines.append(f"  {text('… and {n} more', n=rest).render(language)}")
    return lines + _facts(report, reader, now)


def _said(published: str | None, reader: Reader, now: datetime) -> str:
    """When an item says that it was published."""
    if not published:
        return UNKNOWN
    return reader.moment(datetime.fromisoformat(published), now) + _zone(reader)


def _zone(reader: Reader) -> str:
    return " UTC" if reader.timezone == "UTC" else ""


def _summary(report: Report, reader: Reader) -> Text:
    values = {
        "title": str(report.feed.get("title") or ""),
        "items": texts("{n} item", "{n} items", n=len(report.items)),
        "hits": texts("{n} of them would match", "{n} of them would match", n=len(report.matches)),
        "seconds": reader.seconds(report.seconds),
    }
    if not values["title"]:
        return text("{items}, {hits}, read in {seconds} s", **values)
    return text("“{title}”, {items}, {hits}, read in {seconds} s", **values)


def _facts(report: Report, reader: Reader, now: datetime) -> list[str]:
    """What concerns the next poll: validators and when."""
    facts, language = list[str](), reader.language
    for known in report.validators.values():
        names = {"etag": "ETag", "last_modified": "Last-Modified"}
        facts += [f"{names[name]}: {known[name]}" for name in names if name in known]
        if moved := known.get("moved"):
            facts.append(text("it has moved for good: {url}", url=moved["to"]).render(language))
    if report.parsing:
        fetched, parsing = reader.seconds(max(report.seconds - report.parsing, 0.0)), reader.seconds(report.parsing)
        times = text("fetched in {fetched} s, read in {parsing} s", fetched=fetched, parsing=parsing)
        facts.append(times.render(language))
    facts += [fact.render(language) for fact in (report.robots, report.pushed) if fact is not None]
    if report.next_poll is not None and report.rhythm is not None:
        when, often = reader.soon(report.next_poll, now) + _zone(reader), duration(report.rhythm.every)
        facts.append(
            text(
                "a running smwatch would read it again {when} (every {every}: {why})",
                when=when,
                every=often,
                why=report.rhythm.reason,
            ).render(language)
        )
    return [f"  {fact}" for fact in facts]
