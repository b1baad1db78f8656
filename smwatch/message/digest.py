"""A digest as people read it: quiet or not, the top, the figures, the rest, and what was not told.

Every story is one line with its whole title and link. Beyond a hundred lines it says how many there are more, and all
of them are in the attached table. Where a channel wants it in parts, no heading is parted from what it heads.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from smwatch.i18n import text, texts
from smwatch.message.alert import DOT, lead_mention
from smwatch.message.case import case_blocks
from smwatch.message.coverage import coverage_blocks, opening, quiet
from smwatch.message.escape import one_line, safe_url
from smwatch.message.model import Bullets, Context, Divider, Heading, Message, Paragraph, Run, Table, coded
from smwatch.message.pack import packed
from smwatch.message.quote import headline, headline_run, origin, publisher, publishers
from smwatch.message.sheet import sheet
from smwatch.message.words import UNKNOWN, Reader
from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from smwatch.message.model import Attachment, Block, Runs
    from smwatch.model import Digest, Mention, Story, WatchCount

LINES = 100
PLACES = 8  # watches that the footer names one by one
FURTHER = 5  # other publishers of a story that its line names


def digest_messages(  # noqa: PLR0913 - what a channel can take, and how much a reader wants
    digest: Digest,
    *,
    language: str,
    timezone: str,
    size: int | None = None,
    parts: int | None = None,
    whole: bool = False,
) -> tuple[Message, ...]:
    """`digest` as one message, or as several of at most `size` characters each (exactly `parts` of them, if given).

    `whole` names every story and every item of it, however many: the preview.
    """
    reader = Reader(language=language, timezone=timezone)
    title, heading = _title(digest, reader), _heading(digest, reader)
    blocks = tuple(_blocks(digest, reader, whole=whole))
    bodies = (blocks,) if size is None else packed(blocks, size, parts)
    thread = f"digest:{digest.client or ''}:{digest.name}:{digest.until.isoformat()}"
    files = () if whole or len(_stories(digest)) <= LINES else _files(digest, reader)
    first = " ".join(reader.say(sentence) for sentence in opening(digest))
    return tuple(
        Message(
            title=title if len(bodies) == 1 else f"{title} ({part}/{len(bodies)})",
            blocks=(Heading(text=heading if len(bodies) == 1 else f"{heading} ({part}/{len(bodies)})"), *body),
            language=language,
            preheader=first if part == 1 else "",
            thread=thread,
            files=files if part == 1 else (),
        )
        for part, body in enumerate(bodies, 1)
    )


def _title(digest: Digest, reader: Reader) -> str:
    day = reader.day(digest.until)
    if quiet(digest):
        return reader.say(text("Digest {name}, {day}: quiet", name=_name(digest), day=day))
    told = texts("{figure} mention", "{figure} mentions", **reader.count(digest.total))
    return reader.say(text("Digest {name}, {day}: {told}", name=_name(digest), day=day, told=told))


def _name(digest: Digest) -> str:
    return " · ".join(one_line(name) for name in (digest.name, digest.client) if name)


def _heading(digest: Digest, reader: Reader) -> str:
    return reader.say(text("Digest {name}, {day}", name=_name(digest), day=reader.day(digest.until)))


def _blocks(digest: Digest, reader: Reader, *, whole: bool) -> Iterator[Block]:
    yield Paragraph(runs=(Run(text=" ".join(reader.say(sentence) for sentence in opening(digest))),))
    yield Context(runs=(Run(text=_period(digest, reader)),))
    yield from _top(digest, reader, whole=whole)
    yield from _figures(digest, reader)
    yield from case_blocks(digest.cases, digest.until, reader)
    yield from _rest(digest, reader, whole=whole)
    yield from _held(digest, reader)
    yield from coverage_blocks(digest, reader)
    yield Divider()
    yield Context(runs=(Run(text=_footer(digest, reader)),))


def _period(digest: Digest, reader: Reader) -> str:
    same_day = reader.day(digest.since) == reader.day(digest.until, digest.since)
    until = reader.clock(digest.until) if same_day else reader.moment(digest.until)
    told = reader.say(text("{since} to {until}", since=reader.moment(digest.since, digest.until), until=until))
    if digest.late:
        told += " · " + reader.say(text("delivered late: it was due at {clock}", clock=reader.clock(digest.until)))
    return told


def _stories(digest: Digest) -> list[Story]:
    return [story for group in digest.stories.values() for story in group]


def _top(digest: Digest, reader: Reader, *, whole: bool) -> Iterator[Block]:
    if not digest.top:
        return
    yield Heading(text=reader.say(text("Top stories")), level=2)
    for story in digest.top:
        mention = lead_mention(story)
        yield Paragraph(runs=(headline_run(mention.item, reader, bold=True),))
        facts = list(_marks(story, mention, reader))
        yield Context(runs=(*_origin(mention, reader, facts), *_elsewhere(story, mention, reader, whole=whole)))
        yield Context(runs=_why(story, mention, reader))


def _watches(story: Story) -> list[str]:
    return list(dict.fromkeys(one_line(mention.watch) for mention in story.mentions))


def _why(story: Story, mention: Mention, reader: Reader) -> Runs:
    """Why it matters: urgent or not, for which watch, the words that matched."""
    mark = (Run(text=reader.say(text("urgent")), bold=True), DOT) if mention.priority is Priority.URGENT else ()
    watches = Run(text=reader.together(_watches(story)))
    told = one_line(reader.say(mention.reason)) if mention.reason is not None else ""
    return (*mark, watches, DOT, Run(text=told, italic=True)) if told else (*mark, watches)


def _origin(mention: Mention, reader: Reader, facts: Sequence[str], before: str = "") -> Runs:
    """Source, time and `facts`; the time is an element of its own, for channels that show the reader's zone."""
    moment = mention.item.published or mention.item.updated or mention.seen_at
    when = Run(text=reader.moment(moment, mention.seen_at), when=moment)
    tail = (Run(text="".join(f" · {fact}" for fact in facts)),) if facts else ()
    return Run(text=f"{before}{origin(mention.item)} · "), when, *tail


def _marks(story: Story, mention: Mention, reader: Reader) -> Iterator[str]:
    if mention.late:
        yield reader.say(text("came late"))
    if (found := len(publishers(story))) > 1:
        yield reader.say(texts("in {n} source", "in {n} sources", n=found))


def _elsewhere(story: Story, mention: Mention, reader: Reader, *, whole: bool) -> Runs:
    """The story's other items: the publisher as link, with the title where it is another one."""
    seen, runs = {mention.item.url}, []
    others = [other for other in story.mentions if other.item.url not in seen and not seen.add(other.item.url)]  # type: ignore[func-returns-value]
    shown = others if whole else others[:FURTHER]
    for at, other in enumerate(shown):
        label = publisher(other.item)
        if headline(other.item, reader) != headline(mention.item, reader):
            label = f"{label}: {headline(other.item, reader)}"
        runs += [
            Run(text=", " if at else reader.say(text(" · also: "))),
            Run(text=label, link=safe_url(other.item.url)),
        ]
    if hidden := len(others) - len(shown):
        runs.append(Run(text=reader.say(text(" and {n} more", n=hidden))))
    return tuple(runs)


def _figures(digest: Digest, reader: Reader) -> Iterator[Block]:
    """Mentions by watch, beside the period before where there was one."""
    if not any(count.mentions or count.before for count in digest.counts):
        return
    yield Heading(text=reader.say(text("Mentions by watch")), level=2)
    columns = 2 if all(count.before is None for count in digest.counts) else 4
    header = (text("Watch"), text("Mentions"), text("period before"), text("change"))[:columns]
    rows = tuple(_row(count, reader)[:columns] for count in digest.counts)
    yield Table(header=tuple(map(reader.say, header)), rows=rows, numeric=frozenset(range(1, columns)))


def _row(count: WatchCount, reader: Reader) -> tuple[str, ...]:
    figures = reader.number(count.mentions), reader.number(count.before)
    return one_line(count.watch), *figures, _change(count.mentions, count.before)


def _change(now: int, before: int | None) -> str:
    if before is None:
        return UNKNOWN
    return "±0" if now == before else f"{now - before:+d}".replace("-", "−")


def _rest(digest: Digest, reader: Reader, *, whole: bool) -> Iterator[Block]:
    told = set(map(id, digest.top))
    newest = {name: sorted(group, key=_age) for name, group in digest.stories.items()}
    groups = {name: [story for story in group if id(story) not in told] for name, group in newest.items()}
    shown = groups if whole else fair(groups, LINES)
    for name, group in groups.items():
        if not group:
            continue
        more = text("Also: {watch} ({figure})", watch=one_line(name), figure=reader.number(len(group)))
        yield Heading(text=reader.say(more), level=2)
        lines = [_line(story, name, reader, whole=whole) for story in shown[name]]
        if hidden := len(group) - len(lines):
            lines.append(coded(_more(digest, hidden, reader), italic=True))
        yield Bullets(items=tuple(lines))


def _age(story: Story) -> float:
    return -story.first_at.timestamp()


def _more(digest: Digest, hidden: int, reader: Reader) -> str:
    return reader.say(
        texts(
            "and {figure} more story: `smwatch digest preview {name}` names it",
            "and {figure} more stories: `smwatch digest preview {name}` names them all",
            **reader.count(hidden),
            name=digest.name,
        )
    )


def fair(groups: Mapping[str, Sequence[Story]], limit: int) -> dict[str, list[Story]]:
    """At most `limit` stories, taken in turns, so that a loud watch leaves room for the others."""
    taken: dict[str, list[Story]] = {name: [] for name in groups}
    turns = zip_longest(*([(name, story) for story in group] for name, group in groups.items()))
    queue = (entry for turn in turns for entry in turn if entry is not None)
    for (name, story), _ in zip(queue, range(limit), strict=False):
        taken[name].append(story)
    return taken


def _line(story: Story, name: str, reader: Reader, *, whole: bool) -> Runs:
    """One story on one line, below the watch `name`: title as link, publisher, time, marks, where else."""
    mention = lead_mention(story)
    urgent = [reader.say(text("urgent"))] if mention.priority is Priority.URGENT else []
    facts = [*urgent, *_marks(story, mention, reader)]
    if others := [watch for watch in _watches(story) if watch != one_line(name)]:
        facts.append(reader.say(text("also in {watches}", watches=reader.together(others))))
    origin = _origin(mention, reader, facts, before=" – ")
    return headline_run(mention.item, reader), *origin, *_elsewhere(story, mention, reader, whole=whole)


def _held(digest: Digest, reader: Reader) -> Iterator[Block]:
    if not digest.held and not digest.muted:
        return
    yield Heading(text=reader.say(text("Held back")), level=2)
    counts = [f"{reader.number(count)} × {one_line(reader.say(why))}" for why, count in digest.held]
    lines = [*counts, *(one_line(reader.say(told)) for told in digest.muted)]
    yield Bullets(items=tuple((Run(text=line),) for line in lines))


def _footer(digest: Digest, reader: Reader) -> str:
    """Where to change the watches, and when the next one comes."""
    places = _places(digest, reader)
    lines = [reader.say(text("To change a watch: {places}.", places="; ".join(places)))] if places else []
    if digest.next_due is not None:
        lines.append(reader.say(text("Next digest: {moment}.", moment=reader.moment(digest.next_due, digest.until))))
    return " ".join(lines) or _name(digest)


def _places(digest: Digest, reader: Reader) -> list[str]:
    """Each file with the line of each watch in it; of many watches only the files."""
    found = [(count.watch, count.where) for count in digest.counts if count.where is not None]
    files: dict[str, list[str]] = {}
    for watch, where in found:
        place = text("{watch} line {line}", watch=one_line(watch), line=where.line)
        files.setdefault(where.file, []).append(reader.say(place))
    if len(found) > PLACES:
        return list(files)
    return [f"{file} ({', '.join(places)})" for file, places in files.items()]


def _files(digest: Digest, reader: Reader) -> tuple[Attachment, ...]:
    return (sheet(_stories(digest), reader, f"{digest.name}-{digest.until:%Y-%m-%d}.csv"),)
