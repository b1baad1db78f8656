"""What a card or post shows now: drawn when it is sent, never stored drawn.

`news` builds the plans of what is told besides alerts and digests; the same words come out of it again here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from smwatch.case import Reminder
from smwatch.deliver import Rendered
from smwatch.deliver.storm import UPDATE
from smwatch.i18n import from_json, text, to_json
from smwatch.message import notes, summary
from smwatch.message.alert import alert_message
from smwatch.message.case import case_message, reminder_message, reminders_message, team_message
from smwatch.message.data import alert_data, digest_data, story_data
from smwatch.message.digest import digest_messages
from smwatch.message.news import story_news_message
from smwatch.message.proposal import proposal_message
from smwatch.model import Person, Priority, Story, Where, short_id
from smwatch.store import cases, proposals, silences, tallies
from smwatch.store import digests as digest_store
from smwatch.store.mentions import mentions_where
from smwatch.store.schema import mention
from smwatch.store.stories import load_alert, load_alerts
from smwatch.timetable import counted_of, muted, open_cases, sources_of, uncovered, watches_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from smwatch.config.model import Config
    from smwatch.deliver.desk import Store
    from smwatch.errors import Problem
    from smwatch.i18n import Text
    from smwatch.message.model import Message
    from smwatch.model import Mention
    from smwatch.store.jobs import Job

TEST_LIFETIME = timedelta(minutes=2)

WHY = {
    "": text("More stories than can be told one by one:"),
    "quiet": text("What came in during the quiet hours:"),
    "outage": text("What came in while this channel took no messages:"),
    "muted": text("What came in while it was silenced:"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads a channel: its own language and zone, else its client's, else the config's."""

    language: str
    timezone: str


class Renderer:
    """Draws a job for its channel; `config` gives the config as it is now."""

    def __init__(
        self,
        store: Store,
        config: Callable[[], Config],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._kinds: Mapping[str, Callable[[Job, Reading], Awaitable[Rendered | None]]] = {
            "card": self._card,
            "digest": self._digest,
            "summary": self._summary,
            "late": self._late,
            "news": self._story_news,
            "start": self._start,
            "ops": self._ops,
            "test": self._test,
            "proposal": self._proposal,
            "noisy": self._noisy,
            "case": self._case,
            "team": self._team,
            "reminder": self._reminder,
            "reminders": self._reminders,
        }

    async def __call__(self, job: Job) -> Rendered | None:
        """The job as it should be seen now; None where nothing is left to show."""
        draw = self._kinds.get(job.kind)
        return await draw(job, self.reading(job.channel)) if draw is not None else None

    def reading(self, channel: str) -> Reading:
        """Language and zone of those who read `channel`."""
        config = self._config()
        found = config.channels.get(channel)
        client = found.client if found else None
        return Reading(
            (found and found.language) or config.language_for(client),
            (found and found.timezone) or config.timezone_for(client),
        )

    async def _card(self, job: Job, who: Reading) -> Rendered | None:
        async with self._store.read() as connection:
            alert = await load_alert(connection, job.id)
            if alert is None:
                return None
            case = await cases.of_story(connection, alert.story.client, alert.story.id)
            over = await silences.over(connection, alert.story, self._store.key, self._clock())
        alert = replace(alert, case=case, silences=over, possible_duplicate=job.repeat)
        message = alert_message(
            alert,
            language=who.language,
            timezone=who.timezone,
            buttons=self._has_buttons(job.channel),
            card=short_id("C", job.id),
        )
        shown = tuple((job.id, one.id) for one in alert.story.mentions)
        return Rendered(message=message, data=alert_data(alert, job.id, who.language), mentions=shown)

    def _has_buttons(self, channel: str) -> bool:
        found = self._config().channels.get(channel)
        return found is not None and "buttons" in found.abilities()

    async def _digest(self, job: Job, who: Reading) -> Rendered | None:
        config = self._config()
        async with self._store.read() as connection:
            run = await digest_store.get_run(connection, job.plan["digest_run_id"])
            plan = config.digests.get(run.name) if run else None
            if run is None or plan is None:
                return None
            digest = await digest_store.load_digest(
                connection,
                run,
                plan,
                watches=watches_of(config, plan),
                counted=counted_of(config, plan),
                sources=sources_of(config, plan),
                uncovered=uncovered(config, plan),
                muted=await muted(connection, config, plan, self._clock()),
            )
            digest = replace(digest, cases=await open_cases(connection, config, plan))
        message = digest_messages(digest, language=plan.language or who.language, timezone=plan.timezone)[0]
        return Rendered(message=message, data=digest_data(digest, who.language))

    async def _summary(self, job: Job, who: Reading) -> Rendered | None:
        plan, since = job.plan, datetime.fromisoformat(job.plan["since"])
        until = datetime.fromisoformat(plan["until"]) if "until" in plan else self._clock()
        async with self._store.read() as connection:
            found = await load_alerts(connection, plan["cards"])
            figures = plan.get("rolling") or plan.get("why") == "over"
            step = max(timedelta(minutes=1), (until - since) / summary.STEPS)
            tally = await tallies.of_period(connection, job.channel, since, until, step) if figures else None
        stories = [alert.story for alert in found.values()]
        told = summary.Told(
            stories=stories,
            more=int(plan.get("more", 0)),
            since=since,
            until=until,
            figures=tally,
            step=step,
            folded=int(plan.get("folded", 0)),
            next_in=UPDATE if plan.get("rolling") else None,
            name=short_id("N", job.id),
        )
        words = {"language": who.language, "timezone": who.timezone}
        if plan.get("why") == "over":
            message = summary.over_message(told, **words)
        else:
            why = plan.get("why", "")
            message = summary.summary_message(told, reason=WHY.get(why, WHY[""]), why=why, **words)
        data = {"stories": [story_data(story, who.language) for story in stories]}
        shown = tuple((card, one.id) for card, alert in found.items() for one in alert.story.mentions)
        return Rendered(message=message, data=data, mentions=shown)

    async def _late(self, job: Job, who: Reading) -> Rendered | None:
        async with self._store.read() as connection:
            found = await mentions_where(connection, mention.c.id.in_(job.plan["mentions"]))
        if not found:
            return None
        said = [one.item.published or one.item.updated or one.seen_at for one in found]
        message = notes.late_message(
            _as_stories(found),
            language=who.language,
            timezone=who.timezone,
            items=len(found),
            since=min(said),
            until=max(said),
        )
        return Rendered(message=message)

    async def _story_news(self, job: Job, who: Reading) -> Rendered | None:
        """What has joined the story since; None where all of it was deleted before it was told."""
        async with self._store.read() as connection:
            found = await mentions_where(connection, mention.c.id.in_(job.plan["mentions"]) & ~mention.c.lost)
        living = [one for one in found if one.item.deleted is None or job.receipt is not None]
        raised = Priority(job.plan["raised"]) if job.plan.get("raised") else None
        if not living:
            return None
        by = next((one for one in living if one.id == job.plan.get("by")), None)
        words = {"language": who.language, "timezone": who.timezone}
        shown = tuple((job.card_id, one.id) for one in living) if job.card_id is not None else ()
        return Rendered(message=story_news_message(living, raised, by, **words), mentions=shown)

    async def _start(self, job: Job, who: Reading) -> Rendered | None:
        plan, channel = job.plan, self._config().channels.get(job.channel)
        message = notes.start_message(
            language=who.language,
            timezone=who.timezone,
            now=self._clock(),
            sources=plan["sources"],
            items=plan["items"],
            hits=plan["hits"],
            unreadable=_unreadable(plan["unreadable"]),
            next_digest=datetime.fromisoformat(plan["next_digest"]) if plan.get("next_digest") else None,
            added=plan.get("added", ()),
            lacks=channel.lacks() if channel is not None and not plan.get("added") else (),
        )
        return Rendered(message=message, data=plan)

    async def _ops(self, job: Job, who: Reading) -> Rendered | None:
        return Rendered(message=_news(job.plan, who))

    async def _proposal(self, job: Job, who: Reading) -> Rendered | None:
        async with self._store.read() as connection:
            one = await proposals.get(connection, int(job.plan["proposal"]))
            examples = await proposals.examples(connection, one.examples) if one else []
        if one is None:
            return None
        message = proposal_message(
            one, examples, language=who.language, timezone=who.timezone, buttons=self._has_buttons(job.channel)
        )
        return Rendered(message=message, data={"proposal": one.short, "watch": one.watch, "exclude": one.query})

    async def _case(self, job: Job, who: Reading) -> Rendered | None:
        async with self._store.read() as connection:
            case = await cases.get(connection, job.plan["case"])
        if case is None:
            return None
        words = {"language": who.language, "timezone": who.timezone, "note": job.plan.get("note", "")}
        return Rendered(message=case_message(case, buttons=self._has_buttons(job.channel), **words))

    async def _team(self, job: Job, who: Reading) -> Rendered | None:
        plan = job.plan
        to = Person(**plan["to"]) if plan.get("to") else None
        told = team_message(Person(**plan["who"]), to, plan["note"], language=who.language, timezone=who.timezone)
        return Rendered(message=told)

    async def _reminder(self, job: Job, who: Reading) -> Rendered | None:
        async with self._store.read() as connection:
            case = await cases.get(connection, job.plan["case"])
        if case is None or not case.waits or case.until is None:
            return None  # it was answered before this could be said
        people = [Person(**one) for one in job.plan["people"]]
        told = Reminder(job.plan["reminder"])
        words = {"language": who.language, "timezone": who.timezone}
        return Rendered(message=reminder_message(case, told, people, **words))

    async def _reminders(self, job: Job, who: Reading) -> Rendered | None:
        async with self._store.read() as connection:
            found = [await cases.get(connection, number) for number in job.plan["cases"]]
        waiting = [case for case in found if case is not None and case.waits and case.until is not None]
        if not waiting:
            return None
        told, words = Reminder(job.plan["reminder"]), {"language": who.language, "timezone": who.timezone}
        return Rendered(message=reminders_message(waiting, told, self._clock(), **words))

    def _click(self, job: Job) -> str:
        """What the buttons of a post carry; "" where nobody hears them."""
        return short_id("N", job.id) if self._has_buttons(job.channel) else ""

    async def _noisy(self, job: Job, who: Reading) -> Rendered | None:
        plan = {name: job.plan[name] for name in ("watch", "matches", "words", "sources")}
        message = notes.noisy_message(language=who.language, timezone=who.timezone, click=self._click(job), **plan)
        return Rendered(message=message, data=job.plan)

    async def _test(self, job: Job, who: Reading) -> Rendered | None:
        if self._clock() - job.since > TEST_LIFETIME:
            return None  # whoever asked for it has left: a test that arrives later only puzzles
        found = self._config().channels.get(job.channel)
        words = {"language": who.language, "timezone": who.timezone, "channel": job.channel}
        message = notes.test_message(now=self._clock(), lacks=found.lacks() if found else (), **words)
        return Rendered(message=message)


def _as_stories(mentions: Sequence[Mention]) -> list[Story]:
    """The mentions by story, in order of first sight."""
    grouped: dict[int, list[Mention]] = {}
    for one in mentions:
        grouped.setdefault(one.story_id or -one.id, []).append(one)
    return [
        Story(
            id=number,
            client=group[0].client,
            mentions=tuple(group),
            first_at=group[0].seen_at,
            last_at=group[-1].seen_at,
        )
        for number, group in grouped.items()
    ]


def broken_config(problems: Sequence[Problem], stopped: Sequence[str] = ()) -> dict[str, Any]:
    """The plan of "this file has mistakes": `stopped` are watches that run on with their last good query."""
    errors = [one for one in problems if one.severity == "error"]
    told = [{"file": one.file, "line": one.line, "column": one.column, "text": to_json(one.message)} for one in errors]
    return {"what": "config_broken", "problems": told, "stopped": list(stopped)}


def saved_config(changes: Sequence[Text]) -> dict[str, Any]:
    """The plan of "settings saved"."""
    return {"what": "config_saved", "changes": [to_json(one) for one in changes]}


def news(sentence: Text) -> dict[str, Any]:
    """The plan of one sentence."""
    return {"what": "news", "text": to_json(sentence)}


def source_news(
    failing: Sequence[tuple[str, str, Text | None]],
    recovered: Sequence[str] = (),
    moved: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The plan of what cannot be read now (name, state, reason), what can be read again, what has moved for good."""
    told = unreadable_plan([(name, reason) for name, _, reason in failing])
    silent = [name for name, state, _ in failing if state == "silent"]
    return {
        "what": "sources",
        "failing": told,
        "silent": silent,
        "recovered": list(recovered),
        "moved": dict(moved or {}),
    }


def unreadable_plan(failing: Sequence[tuple[str, Text | None]]) -> list[dict[str, Any]]:
    """Names and reasons as JSON values."""
    return [{"name": name, "reason": to_json(reason) if reason else None} for name, reason in failing]


def _unreadable(stored: Sequence[Mapping[str, Any]]) -> list[notes.Unreadable]:
    return [
        notes.Unreadable(name=one["name"], reason=from_json(one["reason"]) if one["reason"] else None) for one in stored
    ]


def _news(plan: Mapping[str, Any], who: Reading) -> Message:
    words = {"language": who.language, "timezone": who.timezone}
    if plan["what"] == "config_broken":
        problems = [
            (Where(file=one["file"], line=one["line"], column=one["column"]), from_json(one["text"]))
            for one in plan["problems"]
        ]
        return notes.broken_config_message(problems, stopped=plan["stopped"], **words)
    if plan["what"] == "config_saved":
        return notes.saved_config_message([from_json(one) for one in plan["changes"]], **words)
    if plan["what"] == "sources":
        silent, moved = plan.get("silent", ()), plan.get("moved", {})
        return notes.source_message(_unreadable(plan["failing"]), plan["recovered"], silent, moved, **words)
    return notes.news_message(from_json(plan["text"]), **words)
