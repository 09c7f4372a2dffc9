"""How alike two spellings of one person are: a table of cases, and what must hold for any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.curriculum.keys import name_key
from tracker.curriculum.likeness import (
    EmailLikeness,
    NameLikeness,
    ReportedName,
    box_beginnings,
    email_likeness,
    is_one_slip,
    names_alike,
    number_forms,
    other_forms,
    slips_of,
    title_likeness,
)

SAME, SWAPPED, MORE, NICKNAME, INITIAL, SLIP = NameLikeness

NAMES = [
    ("Ana Example", "Ana", "Example", SAME),
    ("ANA  EXAMPLE", "Ana", "Example", SAME),
    ("Zoe Fauxfoley", "Zoë", "Fauxfoley", SAME),
    ("Søren Ærø", "Soren", "Aero", SAME),
    ("Example, Ana", "Ana", "Example", SAME),
    ("Example, Ana Maria", "Ana Maria", "Example", SAME),
    ("Maria de la Cruz", "Maria", "de la Cruz", SAME),
    ("Maria de la Cruz", "Maria de", "la Cruz", SAME),
    ("Pat O’Brien", "Pat", "O'Brien", SAME),
    ("Pat OBrien", "Pat", "O'Brien", SAME),
    ("Mary Jane Watson", "Mary-Jane", "Watson", SAME),
    ("Свет Софитов", "Свет", "Софитов", SAME),
    ("Example Ana", "Ana", "Example", SWAPPED),
    ("de la Cruz Maria", "Maria", "de la Cruz", SWAPPED),
    ("Ana M. Example", "Ana", "Example", MORE),
    ("Ana Example", "Ana Maria", "Example", MORE),
    ("Bob Example", "Robert", "Example", NICKNAME),
    ("Robert Example", "Bob", "Example", NICKNAME),
    ("Liz Example", "Elizabeth Ann", "Example", NICKNAME),
    ("Bob Example", "Rob", "Example", NICKNAME),
    ("A. Example", "Ana", "Example", INITIAL),
    ("Ana Example", "A.", "Example", INITIAL),
    ("Ana Exampel", "Ana", "Example", SLIP),
    ("Ana Exmple", "Ana", "Example", SLIP),
    ("Anna Example", "Ana", "Example", SLIP),
    ("Fana Example", "Ana", "Example", SLIP),
    ("Ana Rxample", "Ana", "Example", SLIP),
    ("Ana Exampel", "Anna", "Example", None),
    ("Ben Example", "Ana", "Example", None),
    ("Ana Other", "Ana", "Example", None),
    ("Ana", "Ana", "Example", None),
    ("Al Li", "Ai", "Li", None),  # too short for a slip to leave anything
    ("", "Ana", "Example", None),
    ("Ana Example", "", "", None),
    (",", "Ana", "Example", None),
]


@pytest.mark.parametrize(("reported", "first", "last", "kind"), NAMES)
def test_a_reported_name_beside_a_members(reported: str, first: str, last: str, kind: NameLikeness | None) -> None:
    assert ReportedName(reported).like(name_key(first, last)) is kind


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Ana Example", "Ana Example", True),
        ("Ana Example", "Example Ana", True),
        ("Ana Example", "Ana M Example", True),
        ("Ana M Example", "Ana Example", True),
        ("Ana Example", "Example, Ana", True),
        ("Bob Example", "Robert Example", True),
        ("Cher", "cher", True),
        ("", "Ana Example", True),
        ("Ana Example", "  ", True),
        ("Ana Example", "Bo Example", False),
        ("Cher", "Ana Example", False),
    ],
)
def test_two_reported_names_may_be_one_persons(one: str, other: str, alike: bool) -> None:
    assert names_alike(one, other) is alike
    assert names_alike(other, one) is alike


EMAILS = [
    ("ana@example.org", "ANA@Example.org ", EmailLikeness.SAME),
    ("a.na@example.org", "an.a@example.org", EmailLikeness.SAME_BOX),
    ("ana+li@example.org", "ana@example.org", EmailLikeness.SAME_BOX),
    ("ana@googlemail.com", "a.na@gmail.com", EmailLikeness.SAME_BOX),
    ("ana@exmaple.org", "ana@example.org", EmailLikeness.DOMAIN_SLIP),
    ("ana@gmial.com", "a.n.a@gmail.com", EmailLikeness.DOMAIN_SLIP),
    ("ana@gmail.con", "ana@gmail.com", EmailLikeness.DOMAIN_SLIP),
    ("ana@work.example", "ana@example.org", EmailLikeness.OTHER_DOMAIN),
    ("ana@example.org", "anna@example.org", None),
    ("@example.org", "@example.org.", None),
    ("+x@example.org", "+y@example.org", None),
    ("no address", "ana@example.org", None),
]


@pytest.mark.parametrize(("one", "other", "kind"), EMAILS)
def test_two_addresses(one: str, other: str, kind: EmailLikeness | None) -> None:
    assert email_likeness(one, other) is kind
    assert email_likeness(other, one) is kind


@pytest.mark.parametrize("email", ["ana.example@gmail.com", "a.n.a@x.org", "ab@x.org", "ANA+tag@x.org"])
def test_an_address_is_found_by_a_beginning_of_the_same_mailbox_with_other_dots(email: str) -> None:
    box = email.casefold().partition("@")[0].partition("+")[0]
    for same in (box, box.replace(".", ""), ".".join(box.replace(".", "")[:2]) + box.replace(".", "")[2:]):
        assert any(f"{same}@x.org".startswith(each) for each in box_beginnings(email)), same


def test_no_mailbox_has_no_beginnings() -> None:
    assert box_beginnings("") == box_beginnings("@example.org") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("IA-0000123", "123"),
        ("ia 000 0123", "123"),
        ("#00123", "123"),
        ("0000 123", "123"),
        ("A-0012", "a12"),
        ("0012", "12"),
        ("IA-000", "0"),
    ],
)
def test_a_number_is_found_however_it_is_written(text: str, found: str) -> None:
    assert found in number_forms(text)


def test_what_is_no_number_has_few_forms() -> None:
    assert number_forms("") == number_forms("--") - {"--"} == set()
    assert number_forms("AbCdEf") == {"abcdef"}


def test_short_forms_go_both_ways() -> None:
    assert "robert" in other_forms("bob")
    assert "bob" in other_forms("robert")
    assert {"samuel", "samantha"} <= other_forms("sam")
    assert other_forms("testy") == frozenset()


words = st.text("abcdefgh", min_size=1, max_size=9)


@given(words, words)
def test_one_slip_is_exactly_what_the_slips_of_a_word_are(one: str, other: str) -> None:
    if max(len(one), len(other)) >= 5:
        assert is_one_slip(one, other) == (other in slips_of(one))
    assert is_one_slip(one, other) == is_one_slip(other, one)


@given(st.text(max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_any_text_can_be_asked(reported: str, first: str, last: str) -> None:
    ReportedName(reported).like(name_key(first, last))
    names_alike(reported, first)
    number_forms(reported)
    box_beginnings(reported)


@given(st.lists(words, min_size=1, max_size=2), st.lists(words, min_size=1, max_size=2))
def test_a_person_reported_under_their_own_name_is_the_same(first: list[str], last: list[str]) -> None:
    name = ReportedName(" ".join([*first, *last]))
    assert name.like(name_key(" ".join(first), " ".join(last))) is SAME


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Adobe Firefly Essential Training", "adobe firefly: essential training", 1, 1),
        ("Ethics in the Age of AI", "AI Ethics", 0.6, 0.7),
        ("Learning Microsoft Copilot", "Microsoft Copilot", 0.6, 0.7),
        ("Yoga", "Firefly", 0, 0),
        ("", "Firefly", 0, 0),
        ("the of", "of the", 0, 0),
    ],
)
def test_titles_are_alike_by_their_words(one: str, other: str, least: float, most: float) -> None:
    assert least <= title_likeness(one, other) <= most
