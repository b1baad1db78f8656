"""Letters of other alphabets that pass for Latin ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.model import Item, Watch
from smwatch.query.watches import WatchEngine
from smwatch.text.lookalike import TABLE, unmasked

CYRILLIC_A, CYRILLIC_E, CYRILLIC_S = "А", "е", "с"
MASKED = f"{CYRILLIC_A}{CYRILLIC_S}m{CYRILLIC_E}"


@pytest.mark.parametrize(
    ("said", "read", "words"),
    [
        (f"{MASKED} ruft zurück", "Acme ruft zurück", (MASKED,)),
        ("Die ΒΑSF meldet „Zahlen“", "Die BASF meldet „Zahlen“", ("ΒΑSF",)),
        ("Ein Konto namens Асме wirbt im Netz um Kunden", "Ein Konto namens Acme wirbt im Netz um Kunden", ("Асме",)),
        ("Соса-Соla und Реpsi", "Coca-Cola und Pepsi", ("Соса", "Соla", "Реpsi")),
        ("Асме отзывает партию после жалоб", "Асме отзывает партию после жалоб", ()),
        ("Η ΑΚΜΗ ανακαλεί παρτίδα", "Η ΑΚΜΗ ανακαλεί παρτίδα", ()),
        (
            "Die Δt-Messung und der Begriff Перестройка in einem deutschen Text",
            "Die Δt-Messung und der Begriff Перестройка in einem deutschen Text",
            (),
        ),
        ("Acme ruft zurück – „sofort“", "Acme ruft zurück – „sofort“", ()),
        ("", "", ()),
    ],
)
def test_as_people_read_it(said: str, read: str, words: tuple[str, ...]) -> None:
    assert unmasked(said) == (read, words)


@given(st.text(alphabet=st.sampled_from("Acme ßü–" + "".join(map(chr, TABLE)) + "Жд")))
def test_every_letter_stays_where_it_is(said: str) -> None:
    read, words = unmasked(said)
    assert len(read) == len(said)
    assert all(one == other or ord(one) in TABLE for one, other in zip(said, read, strict=True))
    assert bool(words) == (read != said)


def test_a_brand_in_look_alike_letters_is_found_and_flagged() -> None:
    engine = WatchEngine([Watch(name="Acme", query="acme"), Watch(name="Rückruf", query="zurück")])
    item = Item(id="1", source="s", title=f"{MASKED} ruft zurück")
    first, second = engine.match(item)
    assert (first.watch.name, second.watch.name) == ("Rückruf", "Acme")
    assert first.reason.render("en") == "‘zurück’ in the title"
    assert second.reason.render("en") == f"‘acme’ in the title, in look-alike letters: {MASKED}"
    assert "ähnlich aussehenden" in second.reason.render("de")
    (span,) = second.spans
    assert item.title[span.start : span.end] == MASKED


def test_what_matches_as_it_is_written_is_not_flagged_and_excludes_hold() -> None:
    plain = Item(id="1", source="s", title=f"Acme und {MASKED}")
    (hit,) = WatchEngine([Watch(name="Acme", query="acme")]).match(plain)
    assert "look-alike" not in hit.reason.render("en")
    excluded = Watch(name="Acme", query="acme", exclude=("rabatt",))
    assert WatchEngine([excluded]).match(Item(id="1", source="s", title=f"{MASKED} mit Rаbаtt")) == ()


def test_batches_keep_their_order() -> None:
    engine = WatchEngine([Watch(name="Acme", query="acme")])
    items = [Item(id=str(n), source="s", title=title) for n, title in enumerate(["Acme", MASKED, "Globex", "Acme"])]
    assert [len(hits) for hits in engine.match_many(items)] == [1, 1, 0, 1]
