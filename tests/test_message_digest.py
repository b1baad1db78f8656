from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from message_samples import NOW, PLAN, SOURCES, WATCHES, full_digest, item, mention, quiet_digest

from smwatch import digest as digests
from smwatch.i18n import text
from smwatch.message.digest import digest_messages, fair
from smwatch.message.model import Bullets, Heading, Table
from smwatch.message.plain import plain_runs, plain_text
from smwatch.model import Priority, SourceState


def german(digest, **options):
    return digest_messages(digest, language="de", timezone="Europe/Berlin", **options)


def told(digest, **options) -> str:
    return "\n".join(plain_text(message) for message in german(digest, **options))


def first_sentence(digest) -> str:
    return german(digest)[0].blocks[1].runs[0].text


def headings(message) -> list[str]:
    return [block.text for block in message.blocks if isinstance(block, Heading)]


def test_a_full_digest_has_its_parts_in_order():
    [message] = german(full_digest())
    assert message.title == "Überblick morgens · Acme, Mo., 24. Nov.: 17 Erwähnungen"
    assert headings(message) == [
        "Überblick morgens · Acme, Mo., 24. Nov.",
        "Das Wichtigste",
        "Erwähnungen je Suchauftrag",
        "Außerdem: Acme Marke (4)",
        "Außerdem: Wettbewerb (4)",
        "Zurückgehalten",
        "Quellen",
    ]
    assert first_sentence(full_digest()) == (
        "17 Erwähnungen in 13 Themen, 1 davon dringend. "
        "Nicht alles ist erfasst: 2 von 14 Quellen nicht lesbar oder ohne Inhalt."
    )


def test_figures_stand_beside_the_period_before():
    [table] = [block for block in german(full_digest())[0].blocks if isinstance(block, Table)]
    assert table.header == ("Suchauftrag", "Erwähnungen", "davor", "+/−")
    assert table.rows == (("Acme Marke", "13", "9", "+4"), ("Wettbewerb", "4", "6", "−2"))


def test_sources_and_what_was_held_back_are_told():
    everything = told(full_digest())
    assert "- 3 × stummgeschaltet\n- 2 × quiet hours" in everything
    assert "- Heimwerker-Forum: nicht lesbar seit So., 23. Nov., 23:00 (the server answers 500)" in everything
    assert "- Pressemappe: ohne neuen Beitrag seit Mo., 3. Nov." in everything
    assert "\n\nNicht abgedeckt: Pinterest offers no search for what others say.\n\n" in everything
    assert everything.endswith(
        "Suchaufträge ändern: suchauftraege.toml (Acme Marke: Zeile 12, Wettbewerb: Zeile 31). "
        "Nächster Überblick: Di., 25. Nov., 08:00.\n"
    )


def test_a_quiet_day_is_said_in_words():
    [message] = german(quiet_digest())
    assert message.title == "Überblick morgens · Acme, Mo., 24. Nov.: ruhig"
    assert first_sentence(quiet_digest()) == "Ruhiger Tag: keine Erwähnungen, alle 12 Quellen wurden gelesen."
    assert headings(message) == ["Überblick morgens · Acme, Mo., 24. Nov."]


def test_quiet_is_only_said_of_what_could_be_read():
    silent = [SourceState(name=f"s{n}", state="silent", last_item=NOW - timedelta(days=20 + n)) for n in (1, 5)]
    dark = replace(quiet_digest(), sources=(*SOURCES[3:], SOURCES[0], *silent))
    assert first_sentence(dark) == "Ruhig, soweit lesbar: 2 von 14 Quellen seit 21 Tagen ohne Inhalt."
    broken = replace(quiet_digest(), sources=(SOURCES[0], SOURCES[1]))
    assert first_sentence(broken) == "Ruhig, soweit lesbar: 1 von 2 Quellen nicht lesbar."
    nothing = replace(quiet_digest(), sources=())
    assert first_sentence(nothing) == "Es ist keine Quelle eingerichtet: Gelesen werden konnte nichts."


def test_a_paused_source_is_no_gap():
    paused = replace(quiet_digest(), sources=(SOURCES[0], SourceState(name="x", state="paused")))
    assert first_sentence(paused) == "Ruhiger Tag: keine Erwähnungen, die eine Quelle wurde gelesen."


@pytest.mark.parametrize(
    ("count", "before", "priority", "days", "expected"),
    [
        (3, 3, Priority.NORMAL, 1, "Ruhiger Tag: nichts Auffälliges, alle Werte im üblichen Rahmen."),
        (3, 3, Priority.NORMAL, 3, "Ruhige Tage: nichts Auffälliges, alle Werte im üblichen Rahmen."),
        (3, None, Priority.NORMAL, 1, "3 Erwähnungen in 3 Themen, nichts Dringendes."),
        (6, 3, Priority.NORMAL, 1, "6 Erwähnungen in 6 Themen, nichts Dringendes."),
        (1, 3, Priority.URGENT, 1, "1 Erwähnung in 1 Thema, 1 davon dringend."),
    ],
)
def test_what_counts_as_quiet(count, before, priority, days, expected):
    digest = digests.build(
        PLAN,
        since=NOW - timedelta(days=days),
        until=NOW,
        watches=WATCHES,
        mentions=[mention(n, priority=priority) for n in range(count)],
        before=None if before is None else {"Acme Marke": before},
        sources=SOURCES[:1],
    )
    assert first_sentence(digest) == expected


def test_a_late_digest_says_so():
    assert "nachgereicht: fällig war er um 08:00" in told(replace(quiet_digest(), late=True))


def test_a_mention_that_came_late_and_one_in_two_watches_are_marked():
    both = [mention(1), mention(2, watch="Wettbewerb", story_id=1, late=True), *(mention(n) for n in range(3, 10))]
    digest = digests.build(PLAN, since=NOW, until=NOW, watches=WATCHES, mentions=both, sources=SOURCES[:1])
    assert "auch in Wettbewerb" in told(replace(digest, top=()))
    assert "nachgereicht" in told(
        replace(digest, stories={"Acme Marke": (digests.gather(["Acme Marke"], [both[1]])["Wettbewerb"][0],)}, top=())
    )


def test_the_preview_names_every_item_with_whole_title_and_link():
    long = "Ein sehr langer Titel " * 30
    many = [
        mention(n, on=item(n, title=f"{long}{n}", url=f"https://paper{n}.example/a/{n}"), story_id=n % 7)
        for n in range(400)
    ]
    digest = digests.build(PLAN, since=NOW, until=NOW, watches=WATCHES, mentions=many, sources=SOURCES[:1])
    everything = told(digest, whole=True)
    for each in many:
        assert " ".join(each.item.title.split()) in everything
        assert each.item.url in everything


def test_a_long_digest_names_a_hundred_fairly_and_attaches_the_rest():
    many = [mention(n, watch="Wettbewerb" if n % 100 == 0 else "Acme Marke") for n in range(1, 3001)]
    digest = digests.build(PLAN, since=NOW, until=NOW, watches=WATCHES, mentions=many, sources=SOURCES[:1])
    [message] = german(digest)
    lists = [block for block in message.blocks if isinstance(block, Bullets)]
    assert [len(block.items) for block in lists] == [71, 30]  # a line for what is left out, and all of the quiet watch
    assert plain_runs(lists[0].items[-1]) == "und 2.895 weitere Themen: `smwatch digest preview morgens` nennt sie alle"
    assert [run.text for run in lists[0].items[-1] if run.code] == ["smwatch digest preview morgens"]
    [file] = message.files
    assert (file.name, file.media_type) == ("morgens-2025-11-24.csv", "text/csv")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["Zeit", "Suchauftrag", "Quelle", "Überschrift", "Link"]
    assert len(rows) == 3001


def test_a_title_that_is_a_formula_is_text_in_the_table():
    many = [mention(n, on=item(n, title='=HYPERLINK("https://evil.example")')) for n in range(101)]
    digest = digests.build(PLAN, since=NOW, until=NOW, watches=WATCHES, mentions=many)
    rows = list(csv.reader(io.StringIO(german(digest)[0].files[0].content.decode("utf-8-sig")), delimiter=";"))
    assert rows[1][3] == '\'=HYPERLINK("https://evil.example")'


@pytest.mark.parametrize("size", [600, 2000, 9000])
def test_parts_fit_and_lose_nothing(size):
    digest = full_digest(80)
    parts = german(digest, size=size)
    assert len(parts) > 1
    assert [message.title.endswith(f"({n}/{len(parts)})") for n, message in enumerate(parts, 1)] == [True] * len(parts)
    assert len({message.thread for message in parts}) == 1
    for message in parts:
        assert not isinstance(message.blocks[-1], Heading)
        assert len(message.blocks) <= 41
        assert (
            sum(
                len(run.text) + len(run.link)
                for block in message.blocks
                for runs in getattr(block, "items", ())
                for run in runs
            )
            <= size
        )
    together = told(digest, size=size)
    for group in digest.stories.values():
        for story in group:
            assert story.mentions[0].item.url in together


@pytest.mark.parametrize("parts", [1, 2, 9, 60])
def test_as_many_parts_as_were_planned(parts):
    assert len(german(full_digest(40), size=3000, parts=parts)) == parts


def test_many_watches_are_named_by_file():
    counts = full_digest().counts * 6
    assert "Suchaufträge ändern: suchauftraege.toml." in told(replace(full_digest(), counts=counts))


def test_fair_turns():
    groups = {"a": list("aaaaa"), "b": list("b"), "c": list("cc")}
    assert {name: len(taken) for name, taken in fair(groups, 6).items()} == {"a": 3, "b": 1, "c": 2}
    assert fair({}, 5) == {}


def test_english():
    [message] = digest_messages(full_digest(), language="en", timezone="Europe/London")
    assert message.title == "Digest morgens · Acme, Mon 24 Nov: 17 mentions"
    assert headings(message)[1:3] == ["Top stories", "Mentions by watch"]


def test_reasons_are_rendered_in_the_readers_language():
    digest = replace(quiet_digest(), held=((text("urgent"), 2),))
    assert "- 2 × dringend" in told(digest)


def test_a_digest_to_which_no_watch_leads_does_not_say_quiet():
    digest = replace(quiet_digest(), counts=(), stories={})
    (message,) = digest_messages(digest, language="de", timezone="Europe/Berlin")
    words = plain_text(message)
    assert "Kein Suchauftrag führt zu diesem Überblick" in words
    assert "uhig" not in words


def test_a_paused_source_is_named_below():
    until = text("until {moment} UTC", moment="2026-12-24 08:00")
    paused = replace(quiet_digest(), sources=(SOURCES[0], SourceState(name="Bote", state="paused", reason=until)))
    assert "Bote: ruht (bis 2026-12-24 08:00 UTC)" in told(paused)
