"""Due days that had passed before their members joined: they wait for a person, and what is decided holds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.operations.conftest import ANA, TODAY, Desk
from tracker.coverage.due_exceptions import due_exceptions_waiting, due_groups, late_asks
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Leaving, Role
from tracker.models import AssignmentRule, Batch
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.assignments import DueChoice, decide_due_days
from tracker.operations.batches import undo_batch
from tracker.operations.merging import merge_members
from tracker.operations.refused import Refused

NEW_YEAR = date(2026, 1, 5)
DUE = date(2026, 1, 31)
EVE = "5,Eve,Late,,15,stagehand,apprentice,,2026-02-10,,\n"
GUS = "6,Gus,Later,,80,grip,active,,2026-02-20,,\n"
FLO = "7,Flo,Permit,,80,grip,permit,permit,2026-02-20,,\n"


@pytest.fixture
def late(desk: Desk) -> Desk:
    """Eve and Gus joined after the due day; Ana before; Flo's status does not count."""
    desk.roster(ANA + EVE + GUS + FLO)
    desk.rule = desk.assign("ai-hours", everyone=True, on=NEW_YEAR, due_on=DUE).rules[0].id  # type: ignore[attr-defined]
    return desk


def waiting(desk: Desk) -> tuple[int, date | None]:
    with desk.session() as session:
        return due_exceptions_waiting(session, desk.today)


def decide(desk: Desk, choice: DueChoice, ids: list[int] | None = None, by: Actor = OPERATOR) -> int:
    with desk.write() as session:
        rule = session.get_one(AssignmentRule, desk.rule)  # type: ignore[attr-defined]
        return decide_due_days(session, rule, ids, choice, "joined late", by, today=desk.today, now=desk.now)


def asks(desk: Desk) -> dict[str, int]:
    with desk.session() as session:
        page = late_asks(session, desk.rule, desk.today)  # type: ignore[attr-defined]
        return {each.number: each.assignment_id for each in page.rows}


def test_who_joined_after_the_due_day_waits_with_those_who_count(late: Desk) -> None:
    assert waiting(late) == (2, date(2026, 2, 10))
    assert asks(late).keys() == {"5", "6"}
    with late.session() as session:
        (group,) = due_groups(session, late.today)
        assert (group.members, group.oldest) == (2, date(2026, 2, 10))


def test_some_days_from_joining_for_all(late: Desk) -> None:
    before = late.figures(TODAY)
    assert decide(late, DueChoice(within_days=30)) == 2
    assert late.assignments("5") == [(date(2026, 2, 10), None, date(2026, 3, 12))]
    assert late.assignments("6") == [(date(2026, 2, 20), None, date(2026, 3, 22))]
    assert waiting(late) == (0, None)
    assert late.figures(TODAY) == before
    assert late.wrong() == []
    with pytest.raises(Refused) as twice:
        decide(late, DueChoice(within_days=30))
    assert twice.value.code == "already_decided"


def test_nobody_decides_their_own(late: Desk) -> None:
    with late.write() as session:
        eve = find_member(session, "5")
        user = add_user(session, "eve@example.org", Role.STAFF, None, eve.member_id if eve else None, OPERATOR, TODAY)
        by = Actor(user.id, "staff", "eve")
    with pytest.raises(Refused) as ticked:
        decide(late, DueChoice(), list(asks(late).values()), by)
    assert ticked.value.code == "own_record"
    assert decide(late, DueChoice(), None, by) == 1, "all but their own"
    assert asks(late).keys() == {"5"}
    with pytest.raises(Refused):
        decide(late, DueChoice(), None, by)
    assert decide(late, DueChoice()) == 1


def test_another_day_for_one_and_none_for_the_rest(late: Desk) -> None:
    assert decide(late, DueChoice(due_on=date(2026, 4, 30)), [asks(late)["6"]]) == 1
    assert asks(late).keys() == {"5"}
    assert decide(late, DueChoice()) == 1
    assert late.assignments("5") == [(date(2026, 2, 10), None, None)]
    assert waiting(late) == (0, None), "no date is a decision too"


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (DueChoice(TODAY - timedelta(days=1)), "due_has_passed"),
        (DueChoice(TODAY, 30), "two_due_dates"),
        (DueChoice(within_days=0), "too_many_days"),
        (DueChoice(within_days=100_000), "too_many_days"),
        (DueChoice(date(2999, 1, 1)), "impossible_day"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(late: Desk, choice: DueChoice, code: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(late, choice)
    assert refused.value.code == code
    assert waiting(late)[0] == 2


def test_a_corrected_card_keeps_the_decision_and_so_does_an_undone_correction(late: Desk) -> None:
    decide(late, DueChoice(due_on=date(2026, 4, 30)))
    corrected = late.roster(EVE.replace("apprentice", "active"))
    assert late.assignments("5") == [(date(2026, 2, 10), None, date(2026, 4, 30))]
    with late.write() as session:
        undo_batch(session, session.get_one(Batch, corrected.batch_id), OPERATOR, today=late.today, now=late.now)
    assert late.assignments("5") == [(date(2026, 2, 10), None, date(2026, 4, 30))]
    assert waiting(late) == (0, None)
    assert late.wrong() == []


def test_two_members_made_one_keep_the_decision(late: Desk) -> None:
    decide(late, DueChoice(due_on=date(2026, 4, 30)))
    with late.write() as session:
        keep, gone = find_member(session, "1"), find_member(session, "5")
        assert keep
        assert gone
        merge_members(session, keep, gone, OPERATOR, today=late.today, now=late.now)
    assert (date(2026, 2, 10), None, date(2026, 4, 30)) in late.assignments("1")
    assert waiting(late) == (0, None)


def test_a_decided_day_says_until_when_it_is_kept(desk: Desk) -> None:
    desk.roster(EVE)
    desk.rule = (
        desk.assign(  # type: ignore[attr-defined]
            "ai-hours", everyone=True, on=NEW_YEAR, due_on=DUE, leaving=Leaving.KEEP
        )
        .rules[0]
        .id
    )
    decide(desk, DueChoice(due_on=date(2026, 4, 30)))
    desk.roster(EVE.replace("2026-02-10,,", "2026-02-10,2026-03-20,"))
    assert desk.assignments("5") == [(date(2026, 2, 10), date(2026, 5, 1), date(2026, 4, 30))]
