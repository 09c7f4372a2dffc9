"""What becomes of what a rule asked when its card ends or matches no more. In scope nobody is then, whichever it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, TODAY, Desk
from tests.test_worked_example import EXAMPLE
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.records import member_record
from tracker.curriculum.words import Leaving
from tracker.models import Assignment, Batch
from tracker.operations.actor import OPERATOR
from tracker.operations.batches import undo_batch
from tracker.operations.roster import Full

NEW_YEAR = date(2026, 1, 5)
DUE = date(2026, 6, 30)
ENDED = ANA.replace("2019-03-01,,", "2019-03-01,2026-03-10,")
GONE = date(2026, 3, 10)


def told(desk: Desk, on: date, number: str = "0001", path: str = "ai-hours") -> tuple[str, date | None] | None:
    """As what, and until when, My record asks for the path on a day."""
    with desk.session() as session:
        member = find_member(session, number)
        assert member
        found = {each.path.code: each for each in member_record(session, member, on).paths}
        record = found.get(path)
        return (record.kind.value, record.due_on) if record and record.kind else None


AFTERWARDS = [
    (Leaving.END, None, None),
    (Leaving.KEEP, ("required", DUE), None),
    (Leaving.VOLUNTARY, ("voluntary", None), ("voluntary", None)),
]


@pytest.mark.parametrize(("leaving", "in_june", "in_july"), AFTERWARDS)
def test_what_stays_open_when_a_card_ends(
    desk: Desk, leaving: Leaving, in_june: tuple[str, date] | None, in_july: tuple[str, None] | None
) -> None:
    desk.roster(ANA)
    desk.assign("ai-hours", units=["80"], on=NEW_YEAR, due_on=DUE, leaving=leaving)
    desk.roster(ENDED)
    assert told(desk, GONE - timedelta(days=1)) == ("required", DUE)
    assert told(desk, GONE) == told(desk, DUE) == in_june
    assert told(desk, DUE + timedelta(days=1)) == in_july
    assert [desk.figure("ai-hours", "80", on)[0] for on in (GONE - timedelta(days=1), GONE, DUE)] == [1, 0, 0]
    assert desk.wrong() == []


def test_without_a_due_day_it_ends_with_the_card(desk: Desk) -> None:
    desk.roster(ANA)
    desk.assign("ai-hours", units=["80"], on=NEW_YEAR, leaving=Leaving.KEEP)
    desk.roster(ENDED)
    assert told(desk, GONE) is None


def test_retired_withdrawn_and_back_again(desk: Desk) -> None:
    """Awkward case: leaves the figures on the day, the record stays, may go on as voluntary; returning, all counts again."""
    desk.roster(ANA)
    desk.assign("ai-hours", everyone=True, on=NEW_YEAR, leaving=Leaving.VOLUNTARY)
    desk.completions("1,,firefly,2026-02-01,provider,,\n")
    before = desk.figures(date(2026, 2, 15))
    desk.today = date(2026, 3, 10)
    desk.roster("0001,,,,80,grip,withdrawn,,,,\n")
    assert desk.figure("ai-hours", "80") == (0, 0, 0, 0)
    assert told(desk, desk.today) == ("voluntary", None)
    assert desk.figures(date(2026, 2, 15)) == before
    desk.today = date(2026, 5, 4)
    desk.roster("0001,,,,80,grip,active,,,,\n")
    assert desk.figure("ai-hours", "80") == (1, 1, 1, 1)
    assert told(desk, desk.today) == ("required", None), "what counts again is not told as left"
    assert desk.wrong() == []


def test_a_transfer_mid_path(desk: Desk) -> None:
    """Awkward case: the old card closes, the new one opens; rules are judged anew, the days before stay as they were."""
    desk.roster(ANA)
    desk.assign("ai-hours", units=["80"], on=NEW_YEAR, due_on=DUE, leaving=Leaving.KEEP)
    desk.assign("ai-fundamentals", units=["700"], on=NEW_YEAR, within_days=60)
    desk.completions("1,,firefly,2026-02-01,provider,,\n")
    before = desk.figures(date(2026, 3, 9))
    desk.roster(ENDED + ENDED.replace("80,grip", "700,grip").replace("2019-03-01,2026-03-10", "2026-03-10,"))
    assert told(desk, GONE) == ("required", DUE), "kept until its due day"
    assert told(desk, GONE, path="ai-fundamentals") == ("required", GONE + timedelta(days=60))
    assert desk.figure("ai-hours", "80", GONE)[0] == desk.figure("ai-hours", "700", GONE)[0] == 0
    assert desk.figure("ai-fundamentals", "700", GONE)[0] == 1
    assert desk.figures(date(2026, 3, 9)) == before
    assert desk.wrong() == []


def test_a_transfer_within_a_rule_is_no_leaving(desk: Desk) -> None:
    desk.roster(ANA)
    desk.assign("ai-hours", units=["D2"], on=NEW_YEAR, within_days=90, leaving=Leaving.KEEP)
    desk.roster(ENDED + ENDED.replace("80,grip", "700,grip").replace("2019-03-01,2026-03-10", "2026-03-10,"))
    assert told(desk, GONE) == ("required", GONE + timedelta(days=90)), "by the card that is held"
    assert desk.figure("ai-hours", "D2", GONE)[0] == 1


def test_different_requirements_in_the_two_locals(desk: Desk) -> None:
    """Awkward case: both are asked; each ends with its own card, and an exemption in one does not touch the other."""
    desk.roster(BEN + BEN.replace("700,editing", "80,grip"))
    desk.assign("ai-hours", units=["80"], on=NEW_YEAR, due_on=DUE, leaving=Leaving.KEEP)
    desk.assign("ai-hours", units=["700"], on=NEW_YEAR, due_on=date(2026, 5, 1))
    desk.exempt("2", "ai-hours", NEW_YEAR, unit="80")
    assert (desk.figure("ai-hours", "80")[0], desk.figure("ai-hours", "700")[0]) == (0, 1)
    with desk.session() as session:
        member = find_member(session, "2")
        assert member
        (record,) = [each for each in member_record(session, member, TODAY).paths if each.path.code == "ai-hours"]
    assert sorted((reason.is_excused, reason.due_on) for reason in record.reasons) == [
        (False, date(2026, 5, 1)),
        (True, DUE),
    ]
    assert told(desk, TODAY, "2") == ("required", date(2026, 5, 1))


def test_a_non_member_under_an_agreement(desk: Desk) -> None:
    """Awkward case: on the roster with a permit, counted in no figure by default, and so with nothing to leave."""
    desk.roster(ANA.replace("active,member", "permit,permit"))
    desk.assign("ai-hours", units=["80"], on=NEW_YEAR, leaving=Leaving.VOLUNTARY)
    assert desk.figure("ai-hours", "80")[0] == 0
    assert told(desk, TODAY) is None
    desk.roster(ENDED.replace("active,member", "permit,permit"))
    assert told(desk, GONE) is None


def test_a_complete_roster_that_leaves_someone_out(desk: Desk) -> None:
    desk.roster(ANA + BEN)
    desk.assign("ai-hours", everyone=True, on=NEW_YEAR, due_on=DUE, leaving=Leaving.KEEP)
    desk.roster(BEN, full=Full(), accept_leaving=1)
    assert told(desk, TODAY) == ("required", DUE)
    assert desk.figure("ai-hours", "IA")[0] == 1


def test_undoing_the_import_that_ended_a_card(desk: Desk) -> None:
    desk.roster(ANA)
    desk.assign("ai-hours", units=["80"], on=NEW_YEAR, due_on=DUE, leaving=Leaving.KEEP)
    before, asked = desk.figures(TODAY, GONE, DUE), desk.assignments("1")
    imported = desk.roster(ENDED)
    with desk.write() as session:
        undo_batch(session, session.get_one(Batch, imported.batch_id), OPERATOR, today=desk.today, now=desk.now)
    assert (desk.figures(TODAY, GONE, DUE), desk.assignments("1")) == (before, asked)


def test_what_a_person_ended_stays_ended_when_the_card_is_corrected(desk: Desk) -> None:
    desk.roster(ANA)
    desk.assign("ai-hours", units=["80"], on=NEW_YEAR, due_on=DUE, leaving=Leaving.KEEP)
    desk.roster(ENDED)
    with desk.session() as session:
        kept = session.scalars(select(Assignment.id).where(Assignment.voided_at.is_(None))).one()
    desk.unassign(kept, date(2026, 4, 1))  # after the card's end, before the due day
    desk.roster(ENDED.replace("2026-03-10", "2026-03-20"))
    assert desk.assignments("1") == [(NEW_YEAR, date(2026, 4, 1), DUE)]


@pytest.mark.parametrize(
    ("leaving", "afterwards"),
    [(Leaving.END, None), (Leaving.KEEP, ("required", DUE)), (Leaving.VOLUNTARY, ("voluntary", None))],
)
def test_a_local_that_moves_from_under_the_rule_and_back(
    desk: Desk, leaving: Leaving, afterwards: tuple[str, date] | None
) -> None:
    desk.roster(ANA)
    desk.assign("ai-hours", units=["D2"], on=NEW_YEAR, due_on=DUE, leaving=leaving)
    before = desk.figures(TODAY)
    text = (EXAMPLE / "union.csv").read_text()
    with desk.session() as session:
        local = find_unit(session, "80")
        assert local
    line = next(each for each in text.splitlines() if each.startswith("80,"))
    desk.units(text.replace(line, line.replace("D2", "D1")))
    assert told(desk, TODAY) == afterwards
    assert desk.figure("ai-hours", "80")[0] == 0, "whatever stays open counts nowhere"
    desk.roster(ANA.replace("active", "apprentice"))
    assert told(desk, TODAY) == afterwards, "a corrected card is the same card"
    desk.units(text)
    assert told(desk, TODAY) == ("required", DUE)
    assert desk.figures(TODAY) == before
    assert desk.wrong() == []
