"""Answers to what people ask with `/smwatch` and on the command line: found mentions, why, status, silences, help."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from smwatch.i18n import Text, text, texts
from smwatch.message.case import silence_runs
from smwatch.message.escape import one_line, safe_url, shown_host
from smwatch.message.model import Bullets, Context, Heading, Message, Paragraph, Run, coded
from smwatch.message.quote import headline_run, origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from smwatch.message.model import Block, Runs
    from smwatch.message.words import Reader
    from smwatch.model import Mention
    from smwatch.silence import Silence

VERDICTS: Mapping[str, Text] = {
    "alert": text("told"),
    "hold": text("held back"),
    "digest": text("in the digest only"),
    "nothing": text("not told"),
}
DOT = Run(text=" · ")
PAGE = 20  # stories
FOUND = 10  # mentions that an answer lists


class Named(Protocol):
    """A story of a summary (`smwatch.store.waiting.Waiting`)."""

    @property
    def title(self) -> str | Text:
        """Its headline."""

    @property
    def link(self) -> str:
        """Where it stands."""

    @property
    def since(self) -> datetime:
        """When it was to be told."""


def sentence_message(sentence: Text, reader: Reader, *more: Text) -> Message:
    """One sentence, and perhaps some more below it."""
    line = one_line(reader.say(sentence))
    rest = [Context(runs=coded(reader.say(one))) for one in more]
    return Message(title=line, blocks=(Paragraph(runs=coded(reader.say(sentence))), *rest), language=reader.language)


def found_message(mentions: Sequence[Mention], words: str, reader: Reader) -> Message:
    """Mentions with title, link, source, watch and id; of more than `FOUND` that there are more."""
    shown = one_line(words, 60)
    count = texts("{n} mention of “{words}”", "{n} mentions of “{words}”", n=len(mentions), words=shown)
    if len(mentions) > FOUND:
        count = text("The newest {n} mentions of “{words}”", n=FOUND, words=shown)
    if not mentions:
        return sentence_message(text("No mention of “{words}” is stored.", words=shown), reader)
    rows = []
    for one in mentions[:FOUND]:
        moment = one.item.published or one.seen_at
        when = Run(text=reader.moment(moment, one.seen_at), when=moment)
        tail = Run(text=f" · {one_line(one.watch)} · {one.short}")
        rows.append((headline_run(one.item, reader), Run(text=f" – {origin(one.item)} · "), when, tail))
    return _listed(count, rows, reader)


def stories_message(stories: Sequence[Named], name: str, page: int, reader: Reader) -> Message:
    """A page of the stories that the summary `name` tells or counts, `PAGE` on each."""
    last = -(-len(stories) // PAGE)
    page = min(max(page, 1), last)
    rows: list[Runs] = []
    for one in stories[(page - 1) * PAGE : page * PAGE]:
        title = reader.say(one.title) if isinstance(one.title, Text) else one.title
        head = Run(text=one_line(title, 140) or "–", link=safe_url(one.link))
        when = Run(text=reader.moment(one.since, one.since), when=one.since)
        rows.append((head, Run(text=f" – {shown_host(one.link)} · "), when))
    count = texts(
        "{name}: {figure} story, page {page} of {last}",
        "{name}: {figure} stories, page {page} of {last}",
        **reader.count(len(stories)),
        name=one_line(name, 20),
        page=page,
        last=last,
    )
    listed = _listed(count, rows, reader)
    if page == last:
        return listed
    more = text("next page: `/smwatch stories {name} {page}`", name=one_line(name, 20), page=page + 1)
    return replace(listed, blocks=(*listed.blocks, Context(runs=coded(reader.say(more)))))


def why_message(  # noqa: PLR0913 - what is known about a mention
    mention: Mention,
    decided: Sequence[tuple[str, str, Text]],
    shown: Sequence[str],
    reader: Reader,
    *,
    irrelevant: bool = False,
    silences: Sequence[Silence] = (),
) -> Message:
    """The words that matched, and what was decided for each channel; `decided` is channel, verdict, reason."""
    title = text("{id}: why", id=mention.short)
    matched = mention.reason or text("matches the watch")
    head: list[Block] = [
        Heading(text=reader.say(title)),
        Paragraph(runs=(headline_run(mention.item, reader, bold=True),)),
        Context(runs=(Run(text=f"{one_line(mention.watch)}: {one_line(reader.say(matched))}"),)),
    ]
    rows: list[Runs] = [_decided(channel, verdict, reason, reader) for channel, verdict, reason in decided]
    if shown:
        stands = text("stands in: {channels}", channels=reader.together(list(shown)))
        rows.append((Run(text=reader.say(stands)),))
    if irrelevant:
        rows.append((Run(text=reader.say(text("marked as not relevant"))),))
    rows += [silence_runs(one, reader) for one in silences]
    if not rows:
        rows.append((Run(text=reader.say(text("nothing was decided yet"))),))
    blocks = (*head, Bullets(items=tuple(rows)))
    return Message(title=reader.say(title), blocks=blocks, language=reader.language)


def _decided(channel: str, verdict: str, reason: Text, reader: Reader) -> Runs:
    where = channel or reader.say(text("everywhere"))
    said = reader.say(VERDICTS.get(verdict, Text(verdict)))
    return (Run(text=f"{where}: ", bold=True), Run(text=f"{said} – {one_line(reader.say(reason))}"))


def silences_message(silences: Sequence[Silence], reader: Reader) -> Message:
    """What is silenced, until when, by whom and why."""
    if not silences:
        return sentence_message(text("Nothing is silenced."), reader)
    count = texts("{n} silence", "{n} silences", n=len(silences))
    return _listed(count, [(*silence_runs(one, reader), DOT, Run(text=one.short)) for one in silences], reader)


def status_message(  # noqa: PLR0913 - one keyword for each thing it tells
    reader: Reader, *, sources: int, failing: Sequence[str], waiting: int, held: Sequence[str], cases: int
) -> Message:
    """Whether all is well, in five lines at most."""
    well = not failing and not held
    title = text("All is well.") if well else text("Something needs a look.")
    lines: list[Text] = [
        texts("{n} source is read", "{n} sources are read", n=sources),
        texts("{n} message waits", "{n} messages wait", n=waiting),
        texts("{n} case waits", "{n} cases wait", n=cases),
    ]
    if failing:
        named = reader.together([one_line(one) for one in failing[:5]])
        lines.append(texts("{n} of them fails: {names}", "{n} of them fail: {names}", n=len(failing), names=named))
    lines += [text("channel {name} takes nothing", name=one_line(one)) for one in held]
    return _listed(title, [(Run(text=reader.say(line)),) for line in lines], reader)


def check_message(problems: Sequence[tuple[str, Text]], reader: Reader) -> Message:
    """What is wrong in the files; `problems` is place and sentence."""
    if not problems:
        return sentence_message(text("The configuration has no mistakes."), reader)
    count = texts("{n} mistake in the configuration", "{n} mistakes in the configuration", n=len(problems))
    rows: list[Runs] = [
        (Run(text=place, bold=True), Run(text=f" {one_line(reader.say(said))}")) for place, said in problems[:10]
    ]
    return _listed(count, rows, reader)


HELP: Mapping[str, Text] = {
    "status": text("whether all is well"),
    "search …": text("mentions that hold these words"),
    "why M4K2": text("why a mention was told or not"),
    "stories N1A": text("every story of a summary, also those that it only counts"),
    "cases": text("what waits for an answer; also: cases add, cases take V12, cases away @JAN 14d"),
    "silence": text("what is silenced; also: silence watch NAME 4h WHY, silence site HOST 7d WHY, silence end Q01"),
    "check": text("mistakes in the configuration"),
}


def help_message(reader: Reader) -> Message:
    """The words that `/smwatch` knows."""
    rows = [
        (Run(text=f"/smwatch {words}", code=True), Run(text=f" – {reader.say(said)}")) for words, said in HELP.items()
    ]
    return _listed(text("What smwatch can tell"), rows, reader)


def _listed(title: Text, rows: Sequence[Runs], reader: Reader) -> Message:
    said = one_line(reader.say(title))
    return Message(title=said, blocks=(Heading(text=said), Bullets(items=tuple(rows))), language=reader.language)
