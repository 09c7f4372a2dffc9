"""Validity by the calendar, renewal, grace and credits: from the file to the figures."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from tests.operations.conftest import ANA, Desk
from tracker.models import Course
from tracker.operations.refused import Refused

HEAD = """\
principles: [{code: education, number: 4, title: Education}]
courses:
  - {code: fall, title: Fall, provider: T, minutes: 60, valid_months: 12}
  - {code: knots, title: Knots, provider: T, minutes: 30, credits: 12.5, credit_kind: rigging}
  - {code: lamps, title: Lamps, provider: T, minutes: 90, credits: 20}
paths:
"""
PATH = """\
  - code: {code}
    title: {code}
    principle: education
    version: 1
    sections: [{{title: One, need: {need}, courses: [{courses}]}}]
"""
TEXT = (
    HEAD
    + PATH.format(code="safe", need="all", courses="fall")
    + PATH.format(code="etcp", need="{credits: 30, within_months: 60, of_kind: {rigging: 10}}", courses="knots, lamps")
)


@pytest.fixture
def asked(desk: Desk) -> Desk:
    """Ana is asked for both paths, and did the fall course on 1 March 2024 and 10 February 2025."""
    desk.catalogue(TEXT)
    desk.roster(ANA)
    for path in ("safe", "etcp"):
        desk.assign(path, everyone=True, on=date(2024, 1, 1))
    desk.completions("1,,fall,2024-03-01,reviewed,,\n1,,fall,2025-02-10,provider,,\n")
    return desk


def covered(desk: Desk, path: str, on: str) -> tuple[int, ...]:
    """Whether Ana is covered at claimed, reviewed and provider."""
    return desk.figure(path, "80", date.fromisoformat(on))[1:]


@pytest.mark.parametrize(
    ("terms", "change", "days"),
    [
        (
            "valid_months: 12, renewal_days: 30",
            "renewal days none → 30",
            {"2025-02-28": (1, 1, 1), "2026-02-09": (1, 1, 1), "2026-02-10": (1, 1, 0), "2026-03-01": (0, 0, 0)},
        ),
        (
            "valid_months: 12, grace_days: 30",
            "grace days none → 30",
            {"2026-02-10": (1, 1, 1), "2026-03-11": (1, 1, 1), "2026-03-12": (0, 0, 0)},
        ),
        (
            'lapses_each: "12-31"',
            "lapses each none → 12-31",
            {"2024-12-31": (1, 1, 0), "2025-01-01": (0, 0, 0), "2025-02-10": (1, 1, 1), "2026-01-01": (0, 0, 0)},
        ),
    ],
)
def test_editing_how_a_course_lapses_restates_all_days(
    asked: Desk, terms: str, change: str, days: dict[str, tuple[int, ...]]
) -> None:
    assert covered(asked, "safe", "2026-02-09") == (1, 1, 1)
    assert covered(asked, "safe", "2026-02-10") == (0, 0, 0)
    applied = asked.catalogue(TEXT.replace("valid_months: 12", terms))
    assert f"course fall: {change}" in applied.changes
    assert {day: covered(asked, "safe", day) for day in days} == days
    assert asked.wrong() == []
    assert asked.catalogue(TEXT.replace("valid_months: 12", terms)).changes == []


def test_credits_are_counted_for_their_months_and_editing_them_restates_all_days(asked: Desk) -> None:
    asked.completions("1,,knots,2021-06-01,reviewed,,\n1,,lamps,2023-05-01,provider,,\n")
    assert [covered(asked, "etcp", day) for day in ("2026-03-02", "2026-05-31", "2026-06-01")] == [
        (1, 1, 0),
        (1, 1, 0),
        (0, 0, 0),
    ]
    applied = asked.catalogue(TEXT.replace("credits: 20", "credits: 17.5"))
    assert "course lamps: credits 20 → 17.5" in applied.changes
    assert covered(asked, "etcp", "2026-03-02") == (1, 1, 0)  # thirty, and no more
    asked.catalogue(TEXT.replace("rigging", "rope").replace("code: etcp", "code: etcp-2"))
    with asked.session() as session:
        assert session.scalar(select(Course.credit_kind).where(Course.code == "knots")) == "rope"
    assert covered(asked, "etcp", "2026-03-02") == (0, 0, 0)  # none of them is of the kind that the path asks for
    assert asked.wrong() == []


@pytest.mark.parametrize(
    ("right", "other"),
    [
        ("credits: 30", "credits: 29"),
        ("within_months: 60", "within_months: 48"),
        ("{rigging: 10}", "{rigging: 11}"),
    ],
)
def test_what_a_published_version_asks_of_credits_cannot_change(asked: Desk, right: str, other: str) -> None:
    with pytest.raises(Refused) as refused:
        asked.catalogue(TEXT.replace(right, other))
    assert refused.value.code == "version_unchanged"
    assert asked.catalogue(
        TEXT.replace(right, other).replace(
            "version: 1\n    sections: [{title: One, need: {c",
            "version: 2\n    change: require\n    sections: [{title: One, need: {c",
        )
    )
