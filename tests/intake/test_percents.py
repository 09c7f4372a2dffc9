"""How much of a course was done, in every shape that exports give it."""

from __future__ import annotations

import pytest

from tracker.intake.percents import COMPLETE, PercentColumn


def progress(text: str, *others: str) -> str | None:
    """What the text says in a column with the others."""
    column = PercentColumn()
    for each in (text, *others):
        column.look(each)
    column.begin()
    return column.progress(text)


@pytest.mark.parametrize(
    "text",
    [
        *("100 %", "100%", "100", "100.0", "100,0", "100,00 %", "% 100", "+100", "100 percent", "100 pour cent"),
        *("10/10", "5 of 5", "12 sur 12"),
        *("Completed", "COMPLETE", "Passed", "yes", "Y", "true", "Finished", "completed-successfully"),
        *("Completed (achieved pass grade)", "Complété", "Terminée", "Réussi", "Oui", "Sí", "Aprobado", "Abgeschlossen"),
    ],
)
def test_the_whole_course_is_complete(text: str) -> None:
    assert progress(text, "45 %") == COMPLETE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0", "0 % of the course"),
        ("45 %", "45 % of the course"),
        ("99,5", "99.5 % of the course"),
        ("99.999999", "99.99 % of the course"),
        ("9/10", "90 % of the course"),
        ("In Progress", "in progress"),
        ("IN_PROGRESS", "in_progress"),
        ("Not Started", "not started"),
        ("Failed", "failed"),
        ("No", "no"),
        ("En cours", "en cours"),
        ("Non commencé", "non commencé"),
        ("No completado", "no completado"),
        ("Completed (did not achieve pass grade)", "completed (did not achieve pass grade)"),
    ],
)
def test_less_is_no_completion_and_says_why(text: str, reason: str) -> None:
    assert progress(text, "100 %") == reason


@pytest.mark.parametrize("text", ["150 %", "-5", "all", "n/m", "1/0", "Attended", "Waived", "100 %%", "9" * 400, "1e2", "½"])
def test_what_cannot_be_told_is_left_to_a_person(text: str) -> None:
    assert progress(text, "100 %") is None


@pytest.mark.parametrize(
    ("text", "others", "expected"),
    [
        ("1.00", ("0.45", "0"), COMPLETE),
        ("1", ("0",), COMPLETE),
        ("1,0", ("0,333",), COMPLETE),
        ("0.45", ("1",), "45 % of the course"),
        ("1", ("45",), "1 % of the course"),  # 45 is no fraction, so 1 is none
        ("1", ("0 %",), "1 % of the course"),  # a sign: they are percentages
        ("1 %", ("1",), "1 % of the course"),
    ],
)
def test_one_is_the_whole_only_where_no_cell_of_the_column_says_otherwise(
    text: str, others: tuple[str, ...], expected: str
) -> None:
    assert progress(text, *others) == expected
