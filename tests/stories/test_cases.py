"""Working on alerts in Slack: who clicks what, what follows from it in every channel, and what is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from smwatch.errors import UserError
from smwatch.model import Priority
from smwatch.store import cases
from smwatch.store.schema import card
from smwatch.store.schema_cases import case_, case_event, envelope, silence, verdict

APP_TOKEN = "STORY_SLACK_APP_TOKEN"


@pytest.fixture
async def team(world, monkeypatch):
    """The world with buttons, and the people in front of it."""
    monkeypatch.setenv(APP_TOKEN, world.slack.app_token)
    world.config["channels"]["pr"]["app_token"] = {"env": APP_TOKEN}
    return Team(world)


class Team:
    def __init__(self, world):
        self.world, self.slack, self.people = world, world.slack, world.slack.team

    async def an_alert(self, title="Acme ruft zurück", **watch):
        """One alert, and its message."""
        self.press = self.world.feed()
        self.world.watch("Acme", "acme", **watch)
        await self.world.watches()
        self.press.publishes(title, link="https://www.tagesbote.example/a", author="Erika Muster")
        await self.world.eventually(lambda: self.people.lines, "a line")
        return await self.world.hears(title, "pr-alerts")

    async def clicks(self, post, label, **how):
        sent = await self.people.clicks(post, label, **how)
        await self.acked(sent)
        return sent

    async def acked(self, sent):
        await self.world.eventually(lambda: sent.acked is not None, "an acknowledgement")
        assert sent.acked < 3

    async def shows(self, post, words):
        await self.world.eventually(lambda: words in post.text.replace("*", ""), f"{words!r} on the card")

    async def whispers(self, words):
        def heard():
            return next((one for one in self.people.whispers if words in str(one.body)), None)

        return await self.world.eventually(heard, f"a whisper: {words}; heard: {self.people.whispers}")

    async def rows(self, table):
        async with self.world.app.store.read() as connection:
            return (await connection.execute(select(table))).all()

    async def done(self):
        """Nothing that was clicked waits any more."""

        async def all_done():
            return all(row.done_at is not None for row in await self.rows(envelope))

        await self.world.eventually(all_done, "everything done")


async def test_a_click_is_acknowledged_and_the_message_shows_who(team):
    post = await team.an_alert()
    assert "[Übernehmen] [Nicht relevant] [Stummschalten …] [⋯]" in post.text
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von @U0MIRA")
    assert "[Beantwortet] [Abgeben] [Rückgängig] [⋯]" in post.text
    assert post.body["text"].endswith("übernommen von mira")
    assert len(team.world.alerts()) == 1
    assert team.slack.pings == []


async def test_the_whole_way_of_a_case(team):
    post = await team.an_alert()
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "[Beantwortet]")
    await team.clicks(post, "Beantwortet")
    await team.shows(post, "beantwortet von @U0MIRA")
    await team.clicks(post, "Schließen", who="U0JAN")
    await team.shows(post, "beantwortet und geschlossen von @U0JAN")
    await team.clicks(post, "Wieder öffnen")
    await team.shows(post, "[Übernehmen]")
    events = [(row.move, row.who["name"]) for row in await team.rows(case_event)]
    assert events == [("take", "mira"), ("answer", "mira"), ("close", "jan"), ("reopen", "mira")]


async def test_a_click_edits_the_card_in_every_channel(team):
    team.world.room("krise")
    team.world.config["channels"]["krise"]["app_token"] = {"env": APP_TOKEN}
    post = await team.an_alert(alert=["pr", "krise"])
    other = await team.world.hears("Acme ruft zurück", "krise")
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von @U0MIRA")
    await team.shows(other, "übernommen von @U0MIRA")
    assert team.people.opened == 1  # both channels are heard over one line


async def test_clicks_are_shown_at_once_whatever_the_interval(team):
    team.world.config["channels"]["pr"]["group_interval"] = "10m"
    post = await team.an_alert()
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von")
    await team.clicks(post, "Abgeben")
    await team.shows(post, "[Übernehmen]")


async def test_the_same_envelope_twice_is_one_event(team):
    post = await team.an_alert()
    sent = await team.clicks(post, "Übernehmen")
    await team.people.repeats(sent)
    await team.world.eventually(lambda: sent.answers == 2, "both acknowledged")
    await team.shows(post, "übernommen von @U0MIRA")
    await team.done()
    assert len(await team.rows(case_event)) == 1
    assert team.people.whispers == []


async def test_two_people_click_at_once_and_one_of_them_hears_who_was_first(team):
    post = await team.an_alert()
    first = await team.people.clicks(post, "Übernehmen", who="U0JAN")
    second = await team.people.clicks(post, "Übernehmen")
    await team.acked(first)
    await team.acked(second)
    await team.shows(post, "übernommen von @U0JAN")
    whisper = await team.whispers("jan hat das schon übernommen")
    assert whisper.user == "U0MIRA"
    assert len(await team.rows(case_event)) == 1


async def test_a_stale_button_does_nothing_and_says_so(team):
    post = await team.an_alert()
    stale = dict(post.body)
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von")
    await team.clicks(post, "Beantwortet")
    await team.shows(post, "beantwortet von")
    post.body, fresh = stale, post.body
    await team.clicks(post, "Nicht relevant", who="U0JAN")
    await team.whispers("Das geht nicht mehr: Stand ist „beantwortet“")
    post.body = fresh
    assert await team.rows(verdict) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"user": {"id": "U0EVIL", "name": "evil", "team_id": "T0OTHER"}},
        {"user": {"id": "B0BOT", "name": "bot", "team_id": "T0FAKE", "is_bot": True}},
        {"user": {}},
        {"api_app_id": "A0OTHER"},
        {"channel": {"id": "C0OTHER"}, "message": {"ts": "1.2"}},
        {"message": {"ts": "1.2"}},
        {"message": {"ts": "1.2", "metadata": {"event_payload": {"key": "forged"}}}},
        {"actions": [{"action_id": "take", "value": "CZZ"}]},
        {"actions": [{"action_id": "take", "value": "V01"}]},
        {"actions": [{"action_id": "take", "value": ""}]},
        {"actions": [{"action_id": "take", "value": "C01; DROP TABLE card"}]},
        {"actions": [{"action_id": "raise", "value": "C01"}]},
        {"actions": [{"action_id": "add", "value": "C01"}]},
        {"actions": [{"action_id": "silence", "selected_option": {"value": "silence|C01|everything:99d"}}]},
        {"actions": [{"action_id": "silence", "selected_option": {"value": "silence|C01|story:never"}}]},
    ],
)
async def test_forged_clicks_change_nothing(team, forged):
    post = await team.an_alert()
    before = post.text
    await team.clicks(post, "Übernehmen", **forged)
    await team.done()
    await team.world.calm()
    assert post.text == before
    assert await team.rows(case_event) == []
    assert await team.rows(silence) == []


async def test_a_click_in_another_channel_of_ours_is_not_taken(team):
    team.world.room("krise")
    team.world.config["channels"]["krise"]["app_token"] = {"env": APP_TOKEN}
    post = await team.an_alert(alert=["pr", "krise"])
    other = await team.world.hears("Acme ruft zurück", "krise")
    moved = {"channel": {"id": other.channel}, "message": {"ts": other.ts, "metadata": other.body["metadata"]}}
    await team.clicks(post, "Übernehmen", **moved)
    await team.whispers("Diese Meldung ist hier nicht (mehr) bekannt")
    assert await team.rows(case_event) == []


async def test_not_relevant_folds_the_card_marks_the_mention_and_can_be_undone(team):
    post = await team.an_alert()
    await team.clicks(post, "Nicht relevant")
    await team.shows(post, "nicht relevant, sagt @U0MIRA")
    (row,) = await team.rows(verdict)
    assert (row.verdict, row.who["name"]) == ("irrelevant", "mira")
    await team.clicks(post, "Rückgängig", who="U0JAN")
    await team.shows(post, "[Übernehmen]")
    assert await team.rows(verdict) == []


async def test_a_new_source_does_not_reopen_a_case_and_an_urgent_one_does(team):
    words = "Weil Steinchen in der Packung sein können, sagt der Hersteller am Dienstag in Berlin."
    team.world.config["watch"] = []
    post = await team.an_alert(**{"raise": [{"query": "warnung", "priority": "sofort"}]})
    team.press.edits(team.press.posts[0], text=words)
    await team.world.calm()
    await team.clicks(post, "Schließen")
    await team.shows(post, "geschlossen von @U0MIRA")
    blog = team.world.feed("Abendblatt")
    await team.world.reloads()
    await team.world.calm()
    await team.world.eventually(lambda: len(team.world.slack.reads("smwatch beobachtet")) == 1, "the look-back")
    blog.publishes("Acme ruft zurück", words)
    await team.world.calm()
    await team.world.moment()
    assert "geschlossen von @U0MIRA" in post.text.replace("*", "")
    async with team.world.app.store.write() as connection:
        await connection.execute(card.update().values(priority=str(Priority.URGENT), wanted=card.c.wanted + 1))
    await team.shows(post, "[Übernehmen]")
    assert [row.move for row in await team.rows(case_event)] == ["close", "raise"]


async def test_a_note_stands_in_the_thread(team):
    post = await team.an_alert()
    await team.clicks(post, "Notiz …")
    await team.world.eventually(lambda: team.people.views, "the form")
    assert team.people.views[0]["title"]["text"] == "Notiz"
    await team.acked(await team.people.submits({"note": "Ruft den Redakteur zurück <!channel>"}))
    note = await team.world.hears("@U0MIRA: Ruft den Redakteur zurück")
    assert note.thread_ts == post.ts
    assert [ping for ping in team.slack.pings if "channel" in ping] == []


async def test_handing_over_tells_the_new_owner_in_the_thread(team):
    post = await team.an_alert()
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von @U0MIRA")
    await team.clicks(post, "Übergeben …")
    await team.world.eventually(lambda: team.people.views, "the form")
    await team.acked(await team.people.submits({"to": "U0JAN", "note": "Bin im Flieger"}))
    await team.shows(post, "übernommen von @U0JAN")
    note = await team.world.hears("@U0JAN, @U0MIRA übergibt Ihnen das. Bin im Flieger")
    assert note.thread_ts == post.ts
    assert "user:U0JAN" in team.slack.pings


async def test_a_deadline_reminds_at_half_time_and_before_and_when_it_is_over(team):
    team.world.room("chefs")
    post = await team.an_alert(escalate="chefs")
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von")
    await team.clicks(post, "Frist …")
    await team.world.eventually(lambda: team.people.views, "the form")
    await team.acked(await team.people.submits({"until": "2h"}))
    await team.shows(post, "bis 2026-11-24 12:00Z")
    team.world.passes(minutes=59)
    await team.world.moment()
    assert team.world.slack.reads("Halbzeit") == []
    team.world.passes(minutes=2)
    half = await team.world.hears("@U0MIRA Halbzeit: Antwort bis")
    assert (half.thread_ts, half.body["reply_broadcast"]) == (post.ts, False)
    team.world.passes(minutes=45)
    await team.world.hears("@U0MIRA Noch 15 Minuten")
    team.world.passes(minutes=15)
    late = await team.world.hears("@U0MIRA Überfällig", "pr-alerts")
    assert (late.thread_ts, late.body["reply_broadcast"]) == (post.ts, True)
    assert (await team.world.hears("@U0MIRA Überfällig", "chefs")).thread_ts is None
    await team.shows(post, "überfällig seit")
    team.world.passes(hours=9)
    await team.world.calm()
    assert len(team.world.slack.reads("Überfällig")) == 2


async def test_a_deadline_that_begins_by_itself_is_shown_after_what_is_new(team):
    """Only what somebody clicked goes before messages that nobody has seen yet."""
    post = await team.an_alert(answer_within="1h")
    await team.shows(post, "Antwort bis")
    assert [row.asked for row in await team.rows(card)] == [None]


async def test_a_watch_with_answer_within_starts_the_clock_by_itself(team):
    post = await team.an_alert(answer_within="1h")
    await team.shows(post, "Antwort bis 2026-11-24 11:00Z")
    team.world.passes(minutes=31)
    reminder = await team.world.hears("Halbzeit")
    assert "Noch hat das niemand übernommen." in reminder.text
    await team.clicks(post, "Beantwortet")
    await team.shows(post, "beantwortet von @U0MIRA")
    team.world.passes(hours=2)
    await team.world.calm()
    assert team.world.slack.reads("Überfällig") == []


async def test_deadlines_break_quiet_hours(team):
    team.world.config["channels"]["pr"]["quiet_hours"] = {"from": "12:00", "to": "23:00"}
    post = await team.an_alert(answer_within="4h")  # 11:00 in Berlin
    await team.shows(post, "Antwort bis")
    team.world.passes(hours=2, minutes=1)
    await team.world.hears("Halbzeit")


async def test_who_is_away_is_reminded_together_with_the_substitute(team):
    post = await team.an_alert()
    await team.acked(await team.people.types("/smwatch cases away <@U0JAN|jan> 14d"))
    await team.whispers("jan vertritt Sie bis")
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von")
    await team.clicks(post, "Frist …")
    await team.world.eventually(lambda: team.people.views, "the form")
    await team.people.submits({"until": "1h"})
    await team.shows(post, "bis 2026-11-24 11:00Z")
    team.world.passes(minutes=31)
    await team.world.hears("@U0MIRA @U0JAN Halbzeit")


async def test_our_own_reply_answers_the_case(team):
    team.world.config["smwatch"]["own_accounts"] = ["https://www.acme.example"]
    words = "Weil Steinchen in der Packung sein können, sagt der Hersteller am Dienstag in Berlin."
    team.press = team.world.feed()
    team.world.watch("Acme", "acme")
    await team.world.watches()
    await team.world.eventually(lambda: team.people.lines, "a line")
    team.press.publishes("Acme ruft zurück", words)
    post = await team.world.hears("Acme ruft zurück")
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von")
    team.press.publishes("Acme ruft zurück", words, link="https://www.acme.example/presse/1")
    await team.shows(post, "beantwortet von @U0MIRA")


async def test_without_an_app_token_there_are_links_and_a_word(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    assert "In diesem Kanal gibt es keine Knöpfe" in world.slack.transcript()
    press.publishes("Acme ruft zurück")
    post = await world.hears("Acme ruft zurück")
    assert "[Übernehmen]" not in post.text
    assert world.slack.count("apps.connections.open") == 0


async def test_names_are_left_out_where_cases_are_anonymous(team):
    team.world.config["privacy"] = {"cases": "anonymous"}
    post = await team.an_alert()
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "\nübernommen\n")
    assert "mira" not in str([row.who for row in await team.rows(case_event)]).casefold()
    await team.clicks(post, "Abgeben", who="U0JAN", actions=[{"action_id": "take", "value": "C01"}])
    await team.whispers("Das geht nicht mehr: Stand ist „übernommen“")
    await team.clicks(post, "Abgeben")
    await team.shows(post, "[Übernehmen]")


async def test_a_kept_click_is_worked_on_after_a_crash(team):
    """What was acknowledged was kept before; the next process works on it."""
    post = await team.an_alert()
    team.world.app._supervisor._tasks["clicks"].cancel()
    sent = await team.clicks(post, "Übernehmen")
    await team.world.stops()
    assert sent.acked is not None
    assert "übernommen" not in post.text
    await team.world.starts()
    await team.shows(post, "übernommen von @U0MIRA")
    assert len(await team.rows(case_event)) == 1


async def test_a_crash_between_the_work_and_its_mark_repeats_nothing(team):
    post = await team.an_alert()
    await team.clicks(post, "diese Seite: 4 Stunden")
    await team.shows(post, "stummgeschaltet bis")
    async with team.world.app.store.write() as connection:
        (row,) = (await connection.execute(select(envelope))).all()
        click = team.people.sent[row.envelope_id]
        assert click.acked is not None
        from dataclasses import asdict

        from smwatch.slack.payload import click_of

        again = click_of({"envelope_id": row.envelope_id, "type": "interactive", "payload": click.payload})
        await connection.execute(envelope.update().values(done_at=None, click=asdict(again)))
    await team.world.stops()
    await team.world.starts()
    await team.done()
    assert len(await team.rows(silence)) == 1
    assert len(await team.rows(case_event)) == 1


async def test_the_line_is_rebuilt_and_clicks_work_again(team):
    post = await team.an_alert()
    team.people.cuts()
    await team.world.eventually(lambda: team.people.opened >= 2 and team.people.lines, "another line")
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von")


async def test_an_app_token_that_is_not_accepted_is_told_to_ops_and_alerts_go_on(team):
    team.slack.app_token = "xapp" + "-another"
    team.press = team.world.feed()
    team.world.watch("Acme", "acme")
    await team.world.watches()
    await team.world.hears("Knöpfe gehen nicht im Kanal pr")
    team.press.publishes("Acme ruft zurück")
    await team.world.hears("Acme ruft zurück")


async def test_a_case_by_phone_has_a_message_of_its_own(team):
    await team.an_alert()
    await team.people.types("/smwatch cases add Radio Nord fragt nach dem Rückruf")
    await team.world.eventually(lambda: team.people.views, "the form")
    await team.acked(await team.people.submits({"until": "1h"}))
    post = await team.world.hears("Radio Nord fragt nach dem Rückruf")
    assert "Antwort bis 2026-11-24 11:00Z" in post.text
    await team.clicks(post, "Übernehmen", who="U0JAN")
    await team.shows(post, "übernommen von @U0JAN")
    team.world.passes(minutes=31)
    assert (await team.world.hears("@U0JAN Halbzeit")).thread_ts == post.ts


async def test_a_message_becomes_a_case_by_its_shortcut(team):
    post = await team.an_alert()
    await team.people.uses("smwatch_case", post)
    await team.world.eventually(lambda: team.people.views, "the form")
    assert "Acme ruft zurück" in team.people.views[0]["blocks"][0]["element"]["initial_value"]


async def test_a_shortcut_from_anywhere_begins_a_case_where_there_is_one_client(team):
    await team.an_alert()
    await team.people.sends({**team.people._common("U0JAN", ""), "type": "shortcut", "callback_id": "smwatch_new_case"})
    await team.world.eventually(lambda: team.people.views, "the form")
    await team.acked(await team.people.submits({"title": "Anruf von Radio Nord"}))
    await team.world.hears("Anruf von Radio Nord")


@pytest.fixture
async def agency(team):
    """One app, two clients with a channel each."""
    team.world.room("globex")
    team.world.config["channels"]["globex"] |= {"app_token": {"env": APP_TOKEN}, "client": "Globex"}
    team.world.watch("Globex", "globex", alert=["globex"], client="Globex")
    await team.an_alert(client="Acme")
    return team


async def new_case(team, **fields):
    """The shortcut from anywhere, and its form filled in."""
    await team.people.sends({**team.people._common("U0JAN", ""), "type": "shortcut", "callback_id": "smwatch_new_case"})
    await team.world.eventually(lambda: team.people.views, "the form")
    await team.acked(await team.people.submits(fields))


async def test_a_shortcut_from_anywhere_asks_for_the_channel_where_there_are_several_clients(agency):
    place = next(number for number, one in agency.slack.channels.items() if one["name"] == "globex")
    await new_case(agency, title="Anruf von Radio Nord", place=place)
    await agency.world.hears("Anruf von Radio Nord", "globex")
    assert [row.client for row in await agency.rows(case_) if row.title == "Anruf von Radio Nord"] == ["Globex"]


async def test_a_case_in_a_channel_that_is_not_ours_is_refused(agency):
    await new_case(agency, title="Anruf von Radio Nord", place="C0FOREIGN")
    await agency.done()
    assert "Radio Nord" not in agency.slack.transcript()


async def test_nobody_stands_in_until_a_day_that_is_over(team):
    await team.an_alert()
    await team.people.types("/smwatch cases away <@U0JAN|jan> 2020-01-01")
    await team.whispers("schon vorbei")


async def test_every_message_with_buttons_is_taken_by_slack_and_has_at_most_eight_blocks(team):
    post = await team.an_alert()
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von")
    assert max(len(body["blocks"]) for body in [*post.history, post.body]) <= 8
    assert team.slack.refused == []


async def test_cases_are_listed_overdue_first(team):
    post = await team.an_alert(answer_within="1h")
    await team.shows(post, "Antwort bis")
    team.press.publishes("Acme eröffnet ein Werk")
    await team.shows(await team.world.hears("Acme eröffnet ein Werk"), "Antwort bis")
    team.world.passes(hours=1, seconds=30)
    async with team.world.app.store.read() as connection:
        titles = [one.title for one in await cases.listed(connection)]
    assert titles == ["Acme ruft zurück", "Acme eröffnet ein Werk"]
    await team.people.types("/smwatch cases")
    listed = await team.whispers("2 Vorgänge sind offen")
    assert str(listed.body["blocks"]).count("überfällig") >= 2


async def a_proposal(team):
    """Two mentions that somebody called not relevant by their buttons, and what is proposed then."""
    team.press = team.world.feed()
    team.world.watch("Acme", "acme")
    await team.world.watches()
    await team.world.eventually(lambda: team.people.lines, "a line")
    for title in ("Acme baut ein Werk", "Acme sucht Leute", "Acme wächst", "Acme kauft Initech"):
        team.press.publishes(title)
    for title in ("Acme Karate in Bonn", "Acme Karate verliert"):
        team.press.publishes(title)
        post = await team.world.hears(title)
        await team.clicks(post, "Nicht relevant")
        await team.shows(post, "nicht relevant, sagt")
    return await team.world.hears("bei Acme ausschließen?")


async def test_not_relevant_twice_proposes_an_exclusion_that_a_click_decides(team):
    post = await a_proposal(team)
    assert "[Ausschließen] [Behalten]" in post.text
    forged = {"message": {"ts": "1.2"}}
    await team.clicks(post, "Ausschließen", **forged)
    await team.whispers("Diese Meldung ist hier nicht (mehr) bekannt")
    await team.clicks(post, "Behalten", who="U0JAN")
    await team.shows(post, "jan")
    assert "[Ausschließen]" not in post.text


async def test_a_confirmed_exclusion_is_written(team):
    post = await a_proposal(team)
    await team.clicks(post, "Ausschließen")
    await team.shows(post, "Von mira übernommen")
    assert "karate" in team.world.path.read_text()
    saved = await team.world.hears("Einstellungen übernommen")
    assert "Kanal" not in saved.text  # what the channel has learned since is no change of it


COMMANDS = [
    ("/smwatch", "Was smwatch beantwortet"),
    ("/smwatch hilfe", "Was smwatch beantwortet"),
    ("/smwatch status", "Alles in Ordnung"),
    ("/smwatch search Acme zurück", "1 Erwähnung mit"),
    ("/smwatch search Globex", "Keine Erwähnung mit"),
    ("/smwatch search", "Bitte sagen, was gesucht wird"),
    ("/smwatch why M01", "M01: warum"),
    ("/smwatch why M99", "keine Erwähnung heißt M99"),
    ("/smwatch why", "Bitte sagen, welche"),
    ("/smwatch check", "Die Konfiguration hat keine Fehler"),
    ("/smwatch cases", "Kein Vorgang ist offen"),
    ("/smwatch cases away", "An Ihre Vorgänge werden wieder Sie selbst erinnert"),
    ("/smwatch cases away @jan gestern", "So geht es"),
    ("/smwatch silence", "Nichts ist stummgeschaltet"),
    ("/smwatch silence watch Acme 4h Pressekonferenz", "1 Stummschaltung"),
    ("/smwatch silence watch Acme 4h", "Bitte den Grund dazuschreiben"),
    ("/smwatch silence watch Globex 4h Grund", "hier heißt kein Suchauftrag Globex"),
    ("/smwatch silence site www.blatt.example 7d Archiv", "blatt.example"),
    ("/smwatch silence alles", "So geht es"),
    ("/smwatch silence end Q99", "keine Stummschaltung heißt Q99"),
]


async def test_smwatch_answers_what_is_typed_to_one_person_alone(team):
    await team.an_alert()
    before = len(team.slack.posts())
    for words, said in COMMANDS:
        team.people.whispers.clear()
        await team.acked(await team.people.types(words))
        whisper = await team.whispers(said)
        assert (whisper.user, whisper.body["response_type"]) == ("U0MIRA", "ephemeral")
    assert len(team.slack.posts()) == before
    team.people.whispers.clear()
    await team.people.types("/smwatch silence list")
    listed = str((await team.whispers("2 Stummschaltungen")).body)
    assert ("Pressekonferenz" in listed, "Archiv" in listed) == (True, True)
    await team.people.types("/smwatch silence end Q01")
    await team.whispers("Q01 ist beendet")


async def test_a_channel_hears_nothing_of_another_client(team):
    """What is asked in Globex's channel is answered from Globex's watches alone."""
    team.world.room("globex")
    for name, client in (("pr", "Acme"), ("globex", "Globex")):
        team.world.config["channels"][name] |= {"client": client, "app_token": {"env": APP_TOKEN}}
        team.world.watch(f"{client} Marke", client.lower(), client=client, alert=[name])
    team.press = team.world.feed()
    team.world.config["smwatch"].pop("ops")
    await team.world.starts()
    await team.world.hears("smwatch beobachtet", "pr-alerts")
    await team.world.hears("smwatch beobachtet", "globex")
    await team.world.eventually(lambda: team.people.lines, "a line")
    team.press.publishes("Acme ruft zurück")
    post = await team.world.hears("Acme ruft zurück", "pr-alerts")
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von")
    there = next(number for number, one in team.slack.channels.items() if one["name"] == "globex")
    for words, said in (
        ("/smwatch search zurück", "Keine Erwähnung"),
        ("/smwatch why M01", "keine Erwähnung heißt M01"),
        ("/smwatch cases", "Kein Vorgang ist offen"),
        ("/smwatch silence watch Acme Marke 4h Grund", "hier heißt kein Suchauftrag"),
    ):
        team.people.whispers.clear()
        await team.people.types(words, channel=there)
        await team.whispers(said)
    await team.people.types("/smwatch search zurück", channel="C0NOWHERE1")
    await team.whispers("Bitte in einem Kanal fragen, in den smwatch schreibt")
    for whisper in team.people.whispers:
        assert "Acme ruft" not in str(whisper.body)


async def test_a_case_is_moved_from_the_command_line_as_by_a_click(team):
    post = await team.an_alert()
    assert await team.world.asks("case_move", move="take", case="M01", by="anna", until="2h") == {"case": "V01"}
    await team.shows(post, "übernommen von @anna · bis 2026-11-24 12:00Z")
    await team.world.asks("case_move", move="note", case="V01", by="anna", note="Ruft zurück")
    await team.world.hears("@anna: Ruft zurück")
    await team.world.asks("case_move", move="hand-over", case="V01", by="anna", to="U0JAN")
    await team.shows(post, "übernommen von @U0JAN")
    await team.world.asks("case_move", move="undo", case="v01", by="anna")
    await team.shows(post, "übernommen von @anna")
    for wrong, said in (
        ({"move": "take", "case": "V01"}, "schon übernommen"),
        ({"move": "take", "case": "V99"}, "kein Vorgang heißt V99"),
        ({"move": "raise", "case": "V01"}, "raise"),
        ({"move": "deadline", "case": "V01", "until": "gestern"}, "keine Frist"),
    ):
        with pytest.raises(UserError) as caught:
            await team.world.asks("case_move", by="bob", **wrong)
        assert said in caught.value.sentence.render("de")
    assert await team.world.asks("case_add", title="Radio Nord fragt", by="anna", until="heute") == {"case": "V02"}
    assert "Antwort bis" in (await team.world.hears("Radio Nord fragt")).text


async def test_the_digest_holds_open_cases_overdue_first_and_calls_nobody(team):
    team.world.digest()
    post = await team.an_alert(digest=["morgens"])
    await team.clicks(post, "Übernehmen")
    await team.shows(post, "übernommen von")
    await team.world.asks("case_add", title="Radio Nord fragt", by="anna", until="1h")
    await team.world.hears("Radio Nord fragt")
    team.world.passes(hours=1, minutes=1)
    await team.world.hears("Überfällig")
    shown = await team.world.preview()
    cases_at = shown.index("Offene Vorgänge")
    assert shown.index("Radio Nord fragt", cases_at) < shown.index("Acme ruft zurück", cases_at)
    assert "übernommen von @mira" in shown
    before = list(team.slack.pings)
    await team.world.asks("digest_send", name="morgens")
    await team.world.hears("Offene Vorgänge")
    assert team.slack.pings == before


async def test_a_silence_from_the_menu_holds_what_comes_and_undo_tells_it(team):
    post = await team.an_alert()
    await team.clicks(post, "ganzer Suchauftrag: 4 Stunden")
    await team.shows(
        post, "stummgeschaltet bis 2026-11-24 14:00Z: ganzer Suchauftrag (Acme) · @U0MIRA: Acme ruft zurück"
    )
    team.press.publishes("Acme eröffnet ein Werk")

    async def is_held():
        reasons = [one.reason.render("de") for one in await team.world.queue() if one.reason]
        return len(reasons) == 1 and "stummgeschaltet" in reasons[0]

    await team.world.eventually(is_held, "the one that is held, and why")
    await team.clicks(post, "Rückgängig")
    await team.world.hears("Acme eröffnet ein Werk")
    await team.world.eventually(lambda: "stummgeschaltet" not in post.text, "no silence on the card")
    (row,) = await team.rows(silence)
    assert row.ended_at is not None


async def test_a_silence_with_a_reason_asks_for_it_in_a_form(team):
    post = await team.an_alert()
    await team.clicks(post, "diese Seite: mit Grund …")
    await team.world.eventually(lambda: team.people.views, "the form")
    assert team.people.views[0]["blocks"][1]["element"]["initial_value"] == "Acme ruft zurück"
    await team.acked(await team.people.submits({"span": "7d", "reason": "Archiv wird neu eingespielt"}))
    await team.shows(post, "diese Seite (tagesbote.example) · @U0MIRA: Archiv wird neu eingespielt")


async def test_a_test_message_says_that_there_are_no_buttons(world):
    world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    await world.asks("alert_test", channel="pr")
    assert "In diesem Kanal gibt es keine Knöpfe" in (await world.hears("Testnachricht")).text


async def test_a_spare_payload_is_enough(team):
    post = await team.an_alert()
    row = next(one for block in post.body["blocks"] if block["type"] == "actions" for one in block["elements"])
    payload = {
        "type": "block_actions",
        "user": {"id": "U0MIRA", "username": "mira"},
        "container": {"channel_id": post.channel, "message_ts": post.ts},
        "actions": [{"action_id": row["action_id"], "value": row["value"], "type": "button"}],
    }
    await team.acked(await team.people.sends(payload))
    await team.shows(post, "übernommen von @U0MIRA")
    assert post.body["text"].endswith("übernommen von mira")
