"""A name from one cell."""

from __future__ import annotations

import pytest

from tracker.intake.names import first_and_last, first_name_first


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("McGaffer, Testy", "Testy", "McGaffer"),
        ("McGaffer , Testy J.", "Testy J.", "McGaffer"),
        ("Testy McGaffer", "Testy", "McGaffer"),
        ("Testy James McGaffer", "Testy James", "McGaffer"),
        ("Vincent van Gogh", "Vincent", "van Gogh"),
        ("Juana de la Cruz", "Juana", "de la Cruz"),
        ("Testy McGaffer Jr.", "Testy", "McGaffer Jr."),
        ("Testy McGaffer, Jr.", "Testy", "McGaffer Jr."),
        ("de la Cruz, Juana", "Juana", "de la Cruz"),
        ("Cher", "", "Cher"),
        ("Cher,", "", "Cher"),
        (", ", "", ""),
        ("", "", ""),
    ],
)
def test_a_name_is_taken_apart_either_way_round(name: str, first: str, last: str) -> None:
    assert first_and_last(name) == (first, last)


def test_a_name_is_shown_as_people_say_it() -> None:
    assert first_name_first("McGaffer, Testy") == "Testy McGaffer"
    assert first_name_first("Cher") == "Cher"
