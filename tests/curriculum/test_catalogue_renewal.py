"""``courses.yaml``: validity by the calendar, renewal, grace and credits, and every way of writing them wrong."""

from __future__ import annotations

import pytest

from tests.curriculum.test_catalogue import faults_of
from tracker.curriculum.catalogue import CatalogueSection, read_catalogue
from tracker.curriculum.paths import NeedKind

# A case below changes one thing in it and says where that shows.
GOOD = """\
principles: [{code: education, number: 4, title: Education}]
courses:
  - {code: fall, title: Fall, provider: T, valid_months: 12, renewal_days: 60, grace_days: 30}
  - {code: drill, title: Drill, provider: T, lapses_each: "12-31", renewal_days: 30}
  - {code: knots, title: Knots, provider: T, credits: 12.5, credit_kind: rigging}
  - {code: lamps, title: Lamps, provider: T, credits: 20}
paths:
  - code: start
    title: Start
    principle: education
    version: 1
    sections:
      - {title: Forty, need: {credits: 30, within_months: 60, of_kind: {rigging: 10}}, courses: [knots, lamps, fall]}
"""


def test_a_catalogue_states_how_a_course_is_renewed_and_what_credits_it_brings() -> None:
    fall, drill, knots, lamps = read_catalogue(GOOD).courses
    assert (fall.valid_months, fall.lapses_each, fall.renewal_days, fall.grace_days) == (12, None, 60, 30)
    assert (drill.valid_months, drill.lapses_each, drill.renewal_days, drill.grace_days) == (None, "12-31", 30, None)
    assert (knots.credit_hundredths, knots.credit_kind) == (1_250, "rigging")
    assert (lamps.credit_hundredths, lamps.credit_kind) == (2_000, None)


def test_a_section_asks_for_credits_in_hundredths() -> None:
    (path,) = read_catalogue(GOOD).paths
    courses = ("knots", "lamps", "fall")
    assert path.sections == (CatalogueSection("Forty", NeedKind.CREDITS, 3_000, courses, 60, (("rigging", 1_000),)),)
    assert path.rules["sections"] == [
        {
            "need": "credits",
            "number": 3_000,
            "courses": ["fall", "knots", "lamps"],
            "within_months": 60,
            "of_kinds": {"rigging": 1_000},
        }
    ]


@pytest.mark.parametrize(
    ("right", "other"),
    [
        ("credits: 30", "credits: 29.5"),
        ("within_months: 60", "within_months: 59"),
        ("rigging: 10", "rigging: 10.5"),
        (", of_kind: {rigging: 10}", ""),
    ],
)
def test_what_is_asked_of_credits_is_a_rule(right: str, other: str) -> None:
    assert read_catalogue(GOOD.replace(right, other, 1)).paths[0].rules != read_catalogue(GOOD).paths[0].rules


WRONG = [
    ('"12-31"', '"02-29"', "4:59: 29 February does not come every year: say 02-28 or 03-01"),
    ('"12-31"', '"31-12"', "4:59: there is no day 31-12 in a year; the month comes first"),
    ('"12-31"', '"04-31"', "4:59: there is no day 04-31 in a year"),
    ('"12-31"', "2026-12-31", '4:59: must be a day of every year, its month first, such as "12-31"'),
    ('"12-31"', "31 December", '4:59: must be a day of every year, its month first, such as "12-31"'),
    ("valid_months: 12", 'valid_months: 12, lapses_each: "12-31"', "3:75: a course holds for `valid_months` or until"),
    ("renewal_days: 60", "renewal_days: 366", "3:76: `renewal_days` is longer than the course holds: 365 at most"),
    ("grace_days: 30", "grace_days: 366", "3:92: `grace_days` is longer than the course holds: 365 at most"),
    ("renewal_days: 30", "renewal_days: 366", "4:82: `renewal_days` is longer than the course holds: 365 at most"),
    ("renewal_days: 60", "renewal_days: 0", "3:76: `renewal_days` must be 1 or more"),
    ("grace_days: 30", "grace_days: soon", "3:92: `grace_days` must be a whole number, and 'soon' reads as text"),
    ("title: Lamps", "title: Lamps, renewal_days: 30", "6:47: only a course that lapses can be renewed before its end"),
    ("title: Lamps", "title: Lamps, grace_days: 30", "6:45: only a course that lapses has days of grace after its end"),
    ("credits: 12.5, credit_kind", "credit_kind", "5:59: says of which kind its credits are, and brings none"),
    ("credits: 20", "credits: 0", "6:55: `credits` must be more than 0"),
    ("credits: 20", "credits: 20.125", "6:55: has more than two decimals: credits are counted in hundredths"),
    ("credits: 20", "credits: true", "6:55: `credits` must be a number, and 'true' reads as yes/no"),
    ("credits: 30,", "credits: 33,", "13:40: asks for 33 credits and lists courses of 32.5 in all"),
    ("{rigging: 10}", "{rigging: 13}", "13:82: asks for 13 credits of rigging and lists courses of 12.5 in all"),
    ("{rigging: 10}", "{sound: 10}", "13:80: asks for 10 credits of sound and lists courses of 0 in all"),
    ("credits: 30, within_months: 60", "credits: 9, within_months: 60", "13:71: asks for more credits by kind than the 9"),
    (", within_months: 60", "", "13:30: `credits` must say within how many months they count"),
    ("credits: 30, ", "any: 2, ", "13:54: `within_months` belongs to `credits`: add them, or take it out"),
    ("{rigging: 10}", "[rigging]", "13:72: `of_kind` must hold `key: value` pairs"),
    ("{rigging: 10}", "{rigging: 0}", "13:82: `rigging` must be more than 0"),
]


@pytest.mark.parametrize(("right", "wrong", "expected"), WRONG)
def test_one_slip_is_one_fault_told_with_its_place(right: str, wrong: str, expected: str) -> None:
    assert GOOD.count(right) >= 1
    (fault,) = faults_of(GOOD.replace(right, wrong, 1))
    assert fault.startswith(expected)


def test_a_shorter_validity_has_a_shorter_window() -> None:
    month = GOOD.replace("valid_months: 12, renewal_days: 60, grace_days: 30", "valid_months: 1, renewal_days: {}")
    assert faults_of(month.replace("{}", "28", 1)) == []
    assert faults_of(month.replace("{}", "29", 1)) == ["3:75: `renewal_days` is longer than the course holds: 28 at most"]


def test_a_kind_of_credit_is_a_code_so_that_one_kind_is_written_one_way() -> None:
    first, *_ = faults_of(GOOD.replace("credit_kind: rigging", "credit_kind: Rigging"))
    assert first.startswith("5:74: 'Rigging' is not a code")
