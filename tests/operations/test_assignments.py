"""Asking for a path, ending it, and excusing from it."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, EXAMPLE, TODAY, Desk
from tracker.models import Assignment, AssignmentRule
from tracker.operations.refused import Refused

NEW_YEAR = date(2026, 1, 5)
EVE = "5,Eve,,,15,stagehand,apprentice,,2026-02-10,,\n"
FLO = "6,Flo,,,15,stagehand,permit,permit,2025-01-01,,\n"


@pytest.fixture
def union(desk: Desk) -> Desk:
    """Ana (80, grip), Ben (700, editing, and 80, grip), Eve (15, since February), and Flo on permit."""
    desk.roster(ANA + BEN + BEN.replace("700,editing", "80,grip").replace("2022", "2020") + EVE + FLO)
    return desk


def the_only(desk: Desk, table: type[Assignment] | type[AssignmentRule]) -> int:
    with desk.session() as session:
        return session.scalars(select(table.id)).one()


REACHES = [
    ({"everyone": True}, {"80": 2, "700": 1, "15": 1, "D2": 2, "IA": 3}),
    ({"units": ["IA"]}, {"80": 2, "700": 1, "15": 1, "D2": 2, "IA": 3}),
    ({"units": ["D2"]}, {"80": 2, "700": 1, "15": 0, "D2": 2, "IA": 2}),
    ({"units": ["80"]}, {"80": 2, "700": 0, "15": 0, "D2": 2, "IA": 2}),
    ({"units": ["700", "15"]}, {"80": 0, "700": 1, "15": 1, "D2": 1, "IA": 2}),
    ({"crafts": ["Editing"]}, {"80": 0, "700": 1, "15": 0, "D2": 1, "IA": 1}),
    ({"members": ["0002"]}, {"80": 1, "700": 1, "15": 0, "D2": 1, "IA": 1}),
]


@pytest.mark.parametrize(("target", "in_scope"), REACHES, ids=lambda value: " ".join(value))
def test_whom_a_target_reaches(union: Desk, target: dict[str, object], in_scope: dict[str, int]) -> None:
    union.assign("ai-hours", on=NEW_YEAR, **target)
    assert {unit: union.figure("ai-hours", unit)[0] for unit in in_scope} == in_scope
    assert union.wrong() == []


@pytest.mark.parametrize(("kind", "count"), [("required", 3), ("recommended", 0), ("voluntary", 0)])
def test_only_what_is_required_counts(union: Desk, kind: str, count: int) -> None:
    assert union.assign("ai-hours", everyone=True, on=NEW_YEAR, kind=kind).assignments == 5
    assert union.figure("ai-hours", "IA")[0] == count


def test_asking_again_adds_and_never_replaces(union: Desk) -> None:
    union.assign("ai-hours", units=["80"], on=date(2026, 2, 1))
    again = union.assign("ai-hours", everyone=True, on=NEW_YEAR)
    assert (again.assignments, again.newly_in_scope) == (5, 1)  # Eve; Ana and Ben were asked
    assert union.figure("ai-hours", "80", date(2026, 1, 10))[0] == 2
    assert union.assignments("0001") == [(NEW_YEAR, None, None), (date(2026, 2, 1), None, None)]


def test_what_assigning_says_it_did(union: Desk) -> None:
    union.log("0001", "firefly", TODAY)
    union.completions("2,,firefly,2026-02-01,provider,,\n")
    union.exempt("0001", "ai-hours", NEW_YEAR)
    done = union.assign("ai-hours", everyone=True, on=NEW_YEAR)
    assert (done.assignments, done.members, done.newly_in_scope) == (5, 4, 2)
    assert (done.already_complete, done.not_counted) == (1, 2)  # Ben, who was reported; Ana is exempt and Flo on permit


def test_a_preview_says_what_applying_does_and_writes_nothing(union: Desk) -> None:
    before = union.written()

    class OnlyTried(Exception):
        pass

    said = []

    def preview() -> None:
        with union.write() as session:
            done = union.assign_in(session, "ai-hours", everyone=True, on=NEW_YEAR, due_on=date(2026, 1, 31))
            said.append(done[2:])
            raise OnlyTried

    with pytest.raises(OnlyTried):
        preview()
    assert union.written() == before
    assert union.assign("ai-hours", everyone=True, on=NEW_YEAR, due_on=date(2026, 1, 31))[2:] == said[0]


DUE = [
    ({"due_on": date(2026, 1, 31)}, date(2026, 1, 31), None, 1),  # Eve came after that day
    ({"due_on": date(2026, 2, 10)}, date(2026, 2, 10), date(2026, 2, 10), 0),
    ({"within_days": 30}, date(2026, 2, 4), date(2026, 3, 12), 0),
    ({}, None, None, 0),
]


@pytest.mark.parametrize(("said", "ana", "eve", "impossible"), DUE)
def test_a_due_day_before_the_beginning_is_counted_and_left_out(
    union: Desk, said: dict[str, object], ana: date | None, eve: date | None, impossible: int
) -> None:
    assert union.assign("ai-hours", everyone=True, on=NEW_YEAR, **said).due_impossible == impossible
    assert union.assignments("0001")[0][2] == ana
    assert union.assignments("5")[0][2] == eve


REFUSED = [
    ({}, "nobody"),
    ({"everyone": True, "units": ["80"]}, "two_targets"),
    ({"everyone": True, "due_on": TODAY, "within_days": 30}, "two_due_dates"),
    ({"everyone": True, "due_on": date(2026, 3, 1)}, "due_before_start"),
    ({"everyone": True, "within_days": -1}, "due_before_start"),
]


@pytest.mark.parametrize(("said", "code"), REFUSED, ids=[code for _, code in REFUSED])
def test_a_plan_that_makes_no_sense_is_refused(union: Desk, said: dict[str, object], code: str) -> None:
    before = union.written()
    with pytest.raises(Refused) as refused:
        union.assign("ai-hours", **said)
    assert refused.value.code == code
    assert union.written() == before


def test_a_rule_that_ends_asks_no_one_from_that_day(union: Desk) -> None:
    union.assign("ai-hours", everyone=True, on=NEW_YEAR)
    union.today = date(2026, 3, 10)
    assert union.unassign(the_only(union, AssignmentRule), date(2026, 3, 1)) == 4
    assert union.figure("ai-hours", "IA", date(2026, 2, 28))[0] == 3
    assert union.figure("ai-hours", "IA", date(2026, 3, 1))[0] == 0
    assert union.figure("ai-hours", "IA", date(2026, 3, 1), known=date(2026, 3, 9))[0] == 3  # as we knew it before
    union.roster("8,New,,,80,grip,active,,2026-03-05,,\n9,Older,,,80,grip,active,,2026-02-20,,\n")
    assert union.assignments("8") == []
    assert union.assignments("9") == [(date(2026, 2, 20), date(2026, 3, 1), None)]
    assert union.wrong() == []


def test_a_rule_may_end_before_it_began_and_then_asked_on_no_day(union: Desk) -> None:
    union.assign("ai-hours", everyone=True, on=NEW_YEAR)
    union.unassign(the_only(union, AssignmentRule), date(2025, 12, 1))
    assert union.figure("ai-hours", "IA", NEW_YEAR)[0] == 0
    assert union.wrong() == []


def test_a_mistaken_assignment_does_not_set_the_terms_of_the_right_one(desk: Desk) -> None:
    """The look-back is counted from when a member was first asked: not from a day on which, after all, no one asked."""
    courses = (
        (EXAMPLE / "courses.yaml").read_text().replace("target: 0.5", "target: 0.5\n    lookback_months: 12\n    version: 2")
    )
    courses = courses.replace(
        "principle: education\n    version: 1\n    target: 0.5", "principle: education\n    target: 0.5"
    )
    desk.catalogue(courses.replace("version: 2", "version: 2\n    change: require\n    from: 2000-01-01"))
    desk.roster(ANA)
    desk.log("1", "firefly", date(2024, 6, 1))
    desk.assign("ai-hours", everyone=True, on=date(2024, 7, 1))
    assert desk.figure("ai-hours", "80") == (1, 1, 0, 0)
    desk.unassign(the_only(desk, AssignmentRule), date(2024, 7, 1))
    desk.assign("ai-hours", everyone=True, on=NEW_YEAR)
    assert desk.figure("ai-hours", "80") == (1, 0, 0, 0)  # too old: done 2024-06-01, more than 12 months before


def test_one_assignment_may_end_alone(union: Desk) -> None:
    union.assign("ai-hours", crafts=["editing"], on=NEW_YEAR)
    union.assign("ai-hours", members=["5"], on=date(2026, 2, 10))
    with union.session() as session:
        chosen = session.scalars(select(Assignment.id).where(Assignment.rule_id.is_(None))).one()
    assert union.unassign(chosen, date(2026, 3, 1)) == 1
    assert union.figure("ai-hours", "15")[0] == 0
    assert union.figure("ai-hours", "15", date(2026, 2, 28))[0] == 1
    assert union.figure("ai-hours", "700")[0] == 1


def test_ending_twice_or_nothing_at_all_is_refused(union: Desk) -> None:
    union.assign("ai-hours", everyone=True, on=NEW_YEAR)
    rule = the_only(union, AssignmentRule)
    union.unassign(rule, date(2026, 3, 1))
    for chosen, on, code in ((rule, date(2026, 3, 1), "already_ended"), (12345, TODAY, "unknown_assignment")):
        with pytest.raises(Refused) as refused:
            union.unassign(chosen, on)
        assert refused.value.code == code
    assert union.unassign(rule, date(2026, 2, 1)) == 4  # an earlier end is news, to Eve as well


EXEMPT = [
    (None, None, (0, 0, 1)),  # everywhere, for good: Ben's cards in 80 and in 700, and Ana's
    ("80", None, (0, 1, 2)),  # the card in 700 keeps Ben in scope of the district
    ("D2", None, (0, 0, 1)),
    ("D1", None, (1, 1, 2)),
    (None, date(2026, 3, 2), (1, 1, 2)),  # over since today
    (None, date(2026, 3, 3), (0, 0, 1)),
]


@pytest.mark.parametrize(("unit", "until", "expected"), EXEMPT)
def test_an_exemption_covers_the_cards_it_names_for_its_days(
    union: Desk, unit: str | None, until: date | None, expected: tuple[int, int, int]
) -> None:
    union.assign("ai-hours", everyone=True, on=NEW_YEAR)
    union.exempt("2", "ai-hours", date(2026, 2, 1), until, unit)
    ben_in_80 = union.figure("ai-hours", "80")[0] - 1
    assert (ben_in_80, union.figure("ai-hours", "700")[0], union.figure("ai-hours", "D2")[0]) == expected
    assert union.figure("ai-hours", "D2", date(2026, 1, 31))[0] == 2
    assert union.figure("ai-fundamentals", "D2")[0] == 0
    assert union.wrong() == []


def test_an_exemption_may_not_end_before_it_begins(union: Desk) -> None:
    with pytest.raises(Refused) as refused:
        union.exempt("2", "ai-hours", date(2026, 2, 1), date(2026, 2, 1))
    assert (refused.value.code, refused.value.field) == ("backward_span", "until")


def test_a_retired_path_is_asked_of_no_one_anew(union: Desk) -> None:
    text = (EXAMPLE / "courses.yaml").read_text()
    union.assign("ai-hours", everyone=True, on=NEW_YEAR)
    union.catalogue(text[: text.index("  - code: ai-hours")] + text[text.index("  - code: set-safety") :])
    with pytest.raises(Refused) as refused:
        union.assign("ai-hours", everyone=True)
    assert refused.value.code == "path_retired"
    assert union.figure("ai-hours", "IA")[0] == 3  # who was asked stays asked


def test_the_same_exemption_twice_is_refused(union: Desk) -> None:
    union.exempt("0001", "ai-hours", NEW_YEAR, date(2026, 6, 1))
    with pytest.raises(Refused) as refused:
        union.exempt("0001", "ai-hours", NEW_YEAR, date(2026, 6, 1))
    assert refused.value.code == "already_exempt"
    union.exempt("0001", "ai-hours", NEW_YEAR, date(2026, 7, 1))


def test_days_that_are_slips_of_the_finger_are_refused(union: Desk) -> None:
    for refused_act in (
        lambda: union.exempt("0001", "ai-hours", date(1, 1, 1)),
        lambda: union.assign("ai-hours", everyone=True, on=date(9999, 12, 30), within_days=3_000),
        lambda: union.assign("ai-hours", everyone=True, on=NEW_YEAR, within_days=100_000),
    ):
        with pytest.raises(Refused):
            refused_act()
