"""What literals point to: shared where it is the same, and parted where it is not."""

from __future__ import annotations

from smwatch.query import parse
from smwatch.query.evaluate import Program
from smwatch.query.routes import route
from smwatch.query.slots import Pointers, Slots, rows_of

SPACE = ord(" ")


def slots_of(*queries: str) -> dict[bytes, list[int]]:
    """By literal: the numbers of the queries that its slot tells of."""
    made = filled(*queries).made()
    return {literal: [number for number, _ in (*slot.words, *slot.terms)] for literal, slot in made.items()}


def filled(*queries: str) -> Slots:
    """Queries of one term each."""
    slots = Slots()
    for number, query in enumerate(queries):
        (term,) = Program(parse(query)).required()
        slots.add_term(number, route(term, {}))
    return slots


def test_all_spellings_of_a_word_have_one_slot_and_one_row() -> None:
    made = filled("Müller").made()
    assert {b" mueller ", b" muellers ", b" m\xfcller "} <= made.keys()
    assert len({id(slot) for slot in made.values()}) == 1
    assert len({id(row) for row in rows_of(made.values())}) == 1


def test_a_spelling_that_another_query_has_too_gets_a_slot_of_its_own() -> None:
    found = slots_of("Müller", "Müllers")
    assert found[b" mueller "] == [0]
    assert sorted(found[b" muellers "]) == [0, 1]


def test_queries_that_hold_a_word_twice_are_told_of_once() -> None:
    slots = filled("Bahn")
    ((_, slot),) = list(filled("Bahn").made().items())[:1]
    ((number, way),) = slot.words
    slots.add_term(number, way)
    slots.add_other([b" bahn "], 7, ())
    slots.add_other([b" bahn "], 7, ())
    made = slots.made()[b" bahn "]
    assert [number for number, _ in made.words] == [0]
    assert made.others == [(7, ())]


def test_a_query_to_evaluate_needs_nothing_that_its_literal_says_itself() -> None:
    slots = Slots()
    slots.add_other([b" acme ", b" akme "], 3, ((b" acme ",), (b" bahn ",)))
    made = slots.made()
    assert made[b" acme "].others == [(3, ((b" bahn ",),))]
    assert made[b" akme "].others == [(3, ((b" acme ",), (b" bahn ",)))]


def test_phrases_are_chosen_by_the_letter_beside_them_whether_they_are_few_or_many() -> None:
    few = ["Bahn ce", "Bahn zu", "ae Bahn"]
    many = [*few, *(f"Bahn {letter}{letter}" for letter in "bdefghijklm")]
    for phrases in (few, many):
        slot = filled(*(f'"{phrase}"' for phrase in phrases)).made()[b" bahn "]
        assert {way.term.shown for _, way in slot.likely(ord("e"), ord("c"))} == {"Bahn ce", "ae Bahn"}
        assert {way.term.shown for _, way in slot.likely(ord("x"), ord("z"))} == {"Bahn zu"}
        assert slot.likely(SPACE, ord("z")) == slot.likely(ord("x"), SPACE) == slot.terms


def test_keys_that_were_told_alike_share_what_they_point_to() -> None:
    pointers: Pointers[str, int] = Pointers()
    pointers.add(["a", "b"], 1)
    pointers.add(["b"], 2)
    pointers.add(["b", "c"], 3)
    assert {key: list(row) for key, row in pointers.rows.items()} == {"a": [1], "b": [1, 2, 3], "c": [3]}
    pointers.add(["d", "e"], 4)
    assert pointers.rows["d"] is pointers.rows["e"]
