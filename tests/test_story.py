from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from smwatch.model import Item
from smwatch.story import (
    Fingerprint,
    Known,
    Window,
    fingerprints,
    near_duplicate,
    packed,
    passes_on,
    prints,
    said,
    serial,
    tie,
    ties,
    unpacked,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LINK = (Fingerprint("link", "a"),)
TEXT = "Acme ruft die Charge L2207 zurück, weil Steinchen in der Packung sein können, sagt der Hersteller."
WIRE = (
    "Der Lebensmittelhersteller Acme ruft sein Früchtemüsli der Charge L2207 zurück. In einzelnen Packungen könnten "
    "kleine Steine enthalten sein, teilte das Unternehmen am Dienstag in Oberau mit.\n\n"
    "Betroffen sind Packungen zu 750 Gramm, die in Süddeutschland und Österreich verkauft wurden. Andere Sorten seien "
    "einwandfrei, sagte eine Sprecherin.\n\n"
    "Kundinnen und Kunden können die Packungen im Handel zurückgeben und erhalten den Kaufpreis auch ohne Kassenbon "
    "erstattet. Vom Verzehr rät der Hersteller dringend ab, weil Zähne beschädigt werden könnten.\n\n"
    "Aufgefallen war der Fehler bei einer Kontrolle in der Abfüllung. Ein Sieb sei gerissen, hieß es aus dem Werk. Die "
    "Anlage wurde angehalten und am Abend repariert; eine zweite Linie lief unterdessen weiter."
)
OTHER = (
    "Mit einem Spatenstich hat der Müslihersteller Acme den Bau seines zweiten Werks begonnen. Rund 40 Millionen Euro "
    "fließen in die Halle am Bahnhof, die in zwei Jahren fertig sein soll. Vorgesehen sind drei Abfülllinien und ein "
    "Hochregallager. Der Betriebsrat rechnet mit 120 neuen Stellen, vor allem in der Technik."
)
CLOSING = (
    "Über Acme: Die Acme GmbH mit Sitz in Oberau stellt seit 1921 Müsli, Haferflocken und Backmischungen her. Das "
    "Familienunternehmen beschäftigt 850 Menschen an drei Standorten und verarbeitet überwiegend Getreide aus Bayern.\n"
    "Pressekontakt: Acme GmbH, Mühlweg 1, Telefon +49 8824 000000, presse@acme.example"
)
POLICE = (
    "Am {day} kam es gegen {hour} Uhr in {place} auf der {street} zu einem Verkehrsunfall. Eine {age}-jährige Autofahrerin "
    "übersah beim Abbiegen einen {other}-jährigen Radfahrer. Es kam zum Zusammenstoß. Der Mann stürzte und wurde mit "
    "leichten Verletzungen ins Krankenhaus nach {town} gebracht. Der Schaden wird auf {loss} Euro geschätzt."
)


def known(at: datetime = NOW, number: int = 1) -> Known:
    return Known(story_id=number, first_at=at, last_at=at)


def item(title="", text="", *, source="Tagesbote", url="", **more):
    return Item(id="1", source=source, url=url, title=title, text=text, kind="article", **more)


def together(one: Item, other: Item) -> str:
    """Why two items belong together by what they say, "" where they do not; asked both ways."""
    there, back = tie(said(one), said(other)), tie(said(other), said(one))
    assert (there and there.code) == (back and back.code)
    return there.code if there else ""


def test_short_texts_are_no_fingerprint():
    assert fingerprints(item("Danke!")) == ()


@pytest.mark.parametrize(
    "written",
    [
        TEXT.upper(),
        f"  {TEXT}\n",
        TEXT.replace("ü", "u\u0308").replace("ö", "o\u0308"),
        TEXT.replace("ü", "ue").replace("ö", "oe"),
        TEXT.replace("Charge", "\u201eCharge\u201c"),
        TEXT.replace("Packung", "Pack\u00adung"),
        f"(dpa) {TEXT}",
        f"Oberau (dpa/lby) – {TEXT}",
        f"OBERAU (AFP) - {TEXT}",
    ],
    ids=["capitals", "blanks", "decomposed", "written out", "quotes", "soft hyphen", "tag", "dateline", "dateline 2"],
)
def test_how_it_is_written_makes_no_other_text(written):
    assert fingerprints(item("Acme", written)) == fingerprints(item("ACME", TEXT))


def test_grams_are_stored_in_four_bytes_each():
    (grams,) = [one.grams for one in fingerprints(item("Acme", WIRE)) if one.kind == "grams"]
    assert unpacked(packed(grams)) == grams
    assert len(packed(grams)) == 4 * len(grams)


def test_what_a_megabyte_leaves_in_memory_is_bounded():
    (grams,) = [one.grams for one in fingerprints(item(text=WIRE * 2000)) if one.kind == "grams"]
    assert len(grams) <= 160


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (TEXT, TEXT, True),
        (TEXT, f"{TEXT} Mehr dazu folgt.", True),
        (TEXT, "Acme eröffnet in Oberau ein neues Werk mit vierzig Arbeitsplätzen und einer Besuchermühle.", False),
        ("", "", False),
        (TEXT, "", False),
        ("Kurz", "Kurz", True),
    ],
)
def test_alike_up_to_a_sentence(one, other, expected):
    assert near_duplicate(one, other) is expected


PARTS = WIRE.split("\n\n")
LEAD = "Wer zu einer Packung aus Oberau gegriffen hat, sollte auf die Rückseite sehen, warnt der Hersteller."


@pytest.mark.parametrize(
    "copy",
    [
        item("Steinchen im Müsli: Acme ruft zurück", f"Oberau (dpa) - {WIRE}"),
        item("Acme ruft Müsli zurück", "\n\n".join(PARTS[:2])),
        item("Steinchen im Müsli: Rückruf bei Acme", "\n\n".join([LEAD, *PARTS[1:]])),
        item("Acme ruft Müsli zurück", "\n\n".join([PARTS[0], *PARTS[2:]])),
        item("Acme ruft Müsli zurück", f"{WIRE}\n\nMehr dazu lesen Sie morgen in unserer gedruckten Ausgabe."),
        item("Update: Acme ruft Müsli zurück", WIRE.replace("750", "500") + " Inzwischen gibt es eine Hotline."),
        item("Acme ruft Müsli zurück", WIRE.replace("ü", "ue").replace("ä", "ae").replace("ö", "oe")),
        item("Acme ruft Müsli zurück", PARTS[0]),
        item("Rückruf: Steine im Müsli von Acme", PARTS[0]),
        item("", f"RT @tagesbote: {PARTS[0][:140]}… https://t.example/x"),
        item("Acme ruft Müsli zurück", f"{WIRE}\n\n{CLOSING}"),
    ],
    ids=[
        "agency", "cut", "new lead", "middle left out", "added", "update", "umlauts", "teaser", "teaser, other headline",
        "cross-post", "closing text",
    ],
)  # fmt: skip
def test_a_wire_copy_is_the_same_story(copy):
    original = item("Acme ruft Müsli zurück", WIRE, source="Abendblatt")
    assert together(original, copy) in {"copy", "teaser"}


def filled(**given):
    usual = {"day": "Montag", "hour": 14, "street": "Hauptstraße", "age": 45, "other": 62, "town": "Jena", "loss": 3000}
    return POLICE.format(**{"place": "Calw", **usual, **given})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (item("Acme ruft Müsli zurück", WIRE), item("Acme baut ein Werk", OTHER)),
        (item("Neues von Acme", WIRE), item("Neues von Acme", OTHER)),
        (
            item("Unfall in Calw", filled()),
            item("Unfall in Husum", filled(place="Husum", age=23, other=77, hour=9, loss=800, day="Freitag")),
        ),
        (item("Acme ruft zurück", f"{PARTS[0]}\n\n{CLOSING}"), item("Acme baut ein Werk", f"{OTHER}\n\n{CLOSING}")),
        (
            item("Acme ruft zurück", f"{PARTS[0]} {CLOSING}".replace("\n", " ")),
            item("Acme baut ein Werk am Bahnhof", f"{OTHER} {CLOSING}".replace("\n", " ")),
        ),
        (item("Acme meldet Zahlen, Teil 1", "Mit Tabelle."), item("Acme meldet Zahlen, Teil 2", "Mit Tabelle.")),
        (item("Acme meldet Zahlen für das Quartal"), item("Acme meldet Zahlen für das Jahr")),
        (item("Polizeibericht für den Landkreis Calw"), item("Polizeibericht für den Landkreis Calw")),
        (item("Acme ruft zurück", "Danke!"), item("Acme baut ein Werk", "Danke!")),
        (item("Acme Bericht Nr. 17", WIRE), item("Acme Bericht Nr. 18", WIRE)),
        (
            item("Acme-Aktie legt zu", "Die Aktie von Acme stieg um 1,2 Prozent auf 45,30 Euro im Xetra-Handel."),
            item("Acme-Aktie legt zu", "Die Aktie von Acme stieg um 2,9 Prozent auf 47,80 Euro im Xetra-Handel."),
        ),
        (item("Acme", ""), item("", "")),
    ],
    ids=[
        "other news", "one headline", "police reports", "closing text", "closing text without breaks", "numbered",
        "headlines", "the same headline of one publisher", "two words", "numbered, one text", "shares", "nothing",
    ],
)  # fmt: skip
def test_what_looks_alike_and_is_not(one, other):
    assert together(one, other) == ""


def test_the_very_same_headline_of_two_publishers_is_one_story():
    one = item("Acme ruft Müsli wegen Steinchen zurück")
    assert together(one, replace(one, source="Abendblatt")) == "title"


def test_a_pattern_is_told_by_many_small_places_that_differ():
    assert serial(filled(), filled(place="Husum", age=23, other=77, hour=9, loss=800))
    assert not serial(WIRE, WIRE.replace("750", "500"))


def test_the_reason_can_be_read():
    found = tie(said(item("Acme ruft Müsli zurück", WIRE)), said(item("Rückruf bei Acme", WIRE, source="Abendblatt")))
    assert found is not None
    assert found.reason.render("en") == "100% of the shorter text stand in both"
    assert found.reason.render("de") == "100 % des kürzeren Textes stehen in beiden"


def test_a_post_that_only_passes_on_a_link_belongs_to_its_page():
    page = said(item("Acme ruft Müsli zurück", WIRE))
    assert passes_on(said(item("", "Lesenswert!")), page) is not None
    own = "Ich finde ja, dass solche Fehler jedem Betrieb passieren, entscheidend bleibt doch immer, wie offen jemand redet"
    assert passes_on(said(item("", own)), page) is None


def test_a_story_takes_items_for_six_hours_after_its_last_one():
    window = Window()
    window.add("", 1, LINK, known())
    assert window.find("", LINK, NOW + 6 * HOUR) != []
    assert window.find("", LINK, NOW + 6 * HOUR + timedelta(seconds=1)) == []


def test_the_window_slides_and_ends_after_two_days():
    window = Window()
    window.add("", 1, LINK, known())
    at, number = NOW, 1
    while found := window.find("", LINK, at + 5 * HOUR):
        at, number = at + 5 * HOUR, number + 1
        window.add("", number, LINK, found[0].known.with_item(at))
    assert NOW + 43 * HOUR < at <= NOW + 48 * HOUR


def test_clients_never_share_a_story():
    window = Window()
    window.add("Acme", 1, LINK, known())
    assert window.find("Globex", LINK, NOW) == []
    assert window.story_of("Globex", 1, NOW) is None


def test_what_no_item_can_join_is_forgotten():
    window = Window()
    window.add("", 1, fingerprints(item("Acme", WIRE)), known())
    window.forget(NOW + 7 * HOUR)
    assert (window._stories, window._shelves, len(window)) == ({}, {}, 0)


def test_the_oldest_are_forgotten_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr("smwatch.story.window.MOST_ITEMS", 10)
    window = Window()
    for number in range(50):
        window.add("", number, (Fingerprint("text", str(number)),), known(number=number))
    assert len(window) == 10
    assert window.find("", (Fingerprint("text", "3"),), NOW) == []
    assert window.find("", (Fingerprint("text", "49"),), NOW)[0].known.story_id == 49


def test_any_certain_mark_in_common_is_enough():
    window = Window()
    window.add("", 1, (*LINK, Fingerprint("text", "b")), known())
    (found,) = window.find("", (Fingerprint("link", "z"), Fingerprint("text", "b")), NOW)
    assert (found.known, found.certain) == (known(), "text")


def test_a_title_alone_is_not_certain():
    window = Window()
    window.add("", 1, (Fingerprint("title", "t"),), known())
    (found,) = window.find("", (Fingerprint("title", "t"),), NOW)
    assert found.certain == ""


def test_an_answer_belongs_to_the_conversation():
    post = Item(id="109501", source="x", text="Ist bei euch auch Stein im Müsli?", kind="post")
    answer = Item(id="109502", source="x", text="Ja, leider.", kind="reply", root_id="109501", parent_id="109501")
    window = Window()
    window.add("", 1, fingerprints(post, "mastodon|m"), known())
    assert window.find("", fingerprints(answer, "mastodon|m"), NOW)[0].certain == "thread"
    assert window.find("", fingerprints(answer, "mastodon|n"), NOW) == []


def test_long_ids_are_one_on_their_whole_platform():
    post = Item(id="113501234567890123", source="x", text="Steine!", kind="post")
    answer = Item(id="113501234567890124", source="x", text="Ja.", kind="reply", root_id=post.id)
    window = Window()
    window.add("", 1, fingerprints(post, "mastodon|m"), known())
    assert window.find("", fingerprints(answer, "mastodon|n"), NOW)[0].certain == "thread"


def test_an_item_that_was_edited_is_found_by_its_new_words():
    window, before, after = Window(), item("Acme", WIRE), item("Acme", OTHER)
    window.add("", 1, prints(before, said(before)), known())
    window.changed("", 1, prints(after, said(after)))
    assert window.find("", fingerprints(item("Globex", OTHER)), NOW) != []
    assert [one for one in window.find("", fingerprints(item("Globex", WIRE)), NOW) if not one.certain] == []


def test_closing_words_of_many_stories_lead_to_no_candidate():
    window = Window()
    closing = OTHER.replace("Acme", "Wir")
    for number in range(8):
        window.add(
            "", number, fingerprints(item(f"Nr. {number}", f"Neuigkeit {number}. {closing}")), known(number=number)
        )
    assert window.find("", fingerprints(item("Nr. 9", f"Etwas ganz anderes. {closing}")), NOW) == []


def test_a_candidate_is_judged_by_its_words():
    original, copy = item("Acme ruft Müsli zurück", WIRE), item("Rückruf bei Acme", WIRE, source="Abendblatt")
    window = Window()
    window.add("", 1, fingerprints(original), known())
    found = window.find("", fingerprints(copy), NOW)
    ((reason, candidate),) = ties(said(copy), found, {1: said(original)})
    assert (reason.code, candidate.item_id) == ("copy", 1)
    assert ties(said(copy), found, {}) == []
