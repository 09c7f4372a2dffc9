"""Recording a class from its sign-in sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, TODAY, Desk
from tracker.coverage.catalogue import find_course
from tracker.coverage.classes import Why, class_held
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.words import Assurance, Outcome, Role
from tracker.models import AuditEntry, Batch, Completion, Course, Evidence, WaitingCompletion
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.classes import ClassRecorded, HeldClass, record_class, undo_class
from tracker.operations.evidence import StoredFile
from tracker.operations.recognising import recognise_learner
from tracker.operations.refused import Refused

SHEET = StoredFile("a" * 64, "application/pdf", 1_000, "evidence-aaaaaaaa.pdf")
CAL = "0003,Cal,Example,cal@example.org,80,grip,active,member,2020-01-01,,yes\n"
DAN = "0004,Dan,Namesake,dan@example.org,80,grip,active,member,2020-01-01,,yes\n"
DAN_TOO = "0005,Dan,Namesake,dan2@example.org,80,grip,active,member,2020-01-01,,yes\n"
LEAD = Actor(77, Role.LOCAL_LEAD.value, "lead@example.org")


@pytest.fixture
def hall(desk: Desk) -> Desk:
    """Ana, Cal and two called Dan Namesake hold cards in Local 80; Ben in Local 700."""
    desk.roster(ANA + BEN + CAL + DAN + DAN_TOO)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    return desk


def course_of(desk: Desk) -> str:
    with desk.session() as session:
        return session.scalars(select(Course.code).order_by(Course.code)).first() or ""


def record(
    desk: Desk,
    lines: Sequence[str] = (),
    ticked: Sequence[str] = (),
    local: str | None = "80",
    actor: Actor = LEAD,
    **said: Any,
) -> ClassRecorded:
    code = course_of(desk)
    with desk.write() as session:
        held = HeldClass(
            unit=find_unit(session, local) if local else None,
            course=find_course(session, code),
            held_on=said.pop("held_on", TODAY - timedelta(days=1)),
            note=said.pop("note", "Hall B, with Jo"),
            ticked=[find_member(session, each).member_id for each in ticked],
            lines=lines,
            sheet=said.pop("sheet", SHEET),
        )
        return record_class(session, held, actor, today=TODAY, now=desk.now)


def refused(desk: Desk, **said: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        record(desk, **said)
    return caught.value


def test_a_class_is_one_batch_with_its_sheet_behind_each_course(hall: Desk) -> None:
    done = record(hall, ["0003"], ["0001"])
    assert [each.number for each in done.recorded] == ["0001", "0003"]
    with hall.session() as session:
        rows = session.scalars(select(Completion)).all()
        assert {(each.assurance, each.source, each.batch_id) for each in rows} == {
            (Assurance.REVIEWED, "class", done.batch_id)
        }
        sheets = session.scalars(select(Evidence)).all()
        assert {each.completion_id for each in sheets} == {each.id for each in rows}
        assert {(each.sha256, each.review.value) for each in sheets} == {("a" * 64, "accepted")}
        batch = session.get_one(Batch, done.batch_id)
        assert (batch.kind, batch.profile) == ("class", "local 80")
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "record_class")).one()
        assert entry.unit_id == find_unit(session, "80").id
        assert entry.detail["recorded"] == ["0001", "0003"]
    assert hall.wrong() == []


def test_a_bulk_sign_in_sheet_with_illegible_names_says_who_waits(hall: Desk) -> None:
    """Bulk sign-in sheet with illegible names: rows may stay unmatched; totals say so."""
    done = record(hall, ["0001", "Cal Example", "Dan Namesake", "J. Sm…", "J. Sm…", "", "Example, Ana"])
    assert [each.number for each in done.recorded] == ["0001", "0003"]
    assert [(each.text, each.why) for each in done.sheet.unfound] == [
        ("Dan Namesake", Why.SEVERAL),
        ("J. Sm…", Why.NO_ONE),
        ("J. Sm…", Why.NO_ONE),
    ]
    assert done.sheet.again == ["Example, Ana"]
    assert done.sheet.lines == 5
    with hall.session() as session:
        held = class_held(session, find_unit(session, "80"), done.batch_id)
        assert held is not None
        assert held.counts == {Outcome.RECORDED: 2, Outcome.UNMATCHED: 3}
        assert (held.lines, len(held.people), len(held.waiting)) == (5, 2, 3)


def test_who_waits_of_a_class_is_settled_with_the_sheet_behind_them(hall: Desk) -> None:
    record(hall, ["0001", "Dan Namesake"])
    with hall.write() as session:
        row = session.scalars(select(WaitingCompletion)).one()
        member = find_member(session, "0004")
        recognise_learner(session, row.learner_key, member, OPERATOR, today=TODAY, now=hall.now)
    with hall.session() as session:
        member = find_member(session, "0004")
        done = session.scalars(select(Completion).where(Completion.member_id == member.member_id)).one()
        sheet = session.scalars(select(Evidence).where(Evidence.member_id == member.member_id)).one()
        assert (sheet.completion_id, sheet.sha256, sheet.review.value) == (done.id, "a" * 64, "accepted")
        assert done.assurance is Assurance.REVIEWED


def test_two_people_who_share_one_email_are_not_found_by_it(hall: Desk) -> None:
    hall.roster("0006,Eve,Example,ana@example.org,80,grip,active,member,2020-01-01,,yes\n")
    done = record(hall, ["ana@example.org", "0006"])
    assert [each.number for each in done.recorded] == ["0006"]
    assert [(each.text, each.why) for each in done.sheet.unfound] == [("ana@example.org", Why.SEVERAL)]


def test_a_local_records_only_who_held_a_card_there_on_that_day(hall: Desk) -> None:
    """Whoever belongs elsewhere reads like who is nobody, and no later roster records them by itself."""
    done = record(hall, ["0001", "0002", "ben@example.org", "9999"], ["0002"])
    assert [each.number for each in done.recorded] == ["0001"]
    assert [each.why for each in done.sheet.unfound] == [Why.NO_ONE] * 3
    assert done.sheet.gone == 1
    hall.roster(BEN)
    with hall.session() as session:
        ben = find_member(session, "0002")
        assert session.scalars(select(Completion).where(Completion.member_id == ben.member_id)).all() == []


def test_a_card_that_ended_before_the_day_records_nobody(hall: Desk) -> None:
    hall.roster("0007,Fay,Example,fay@example.org,80,grip,active,member,2020-01-01,2026-02-01,yes\n")
    late = record(hall, ["0007", "0001"])
    assert [each.number for each in late.recorded] == ["0001"]
    then = record(hall, ["0007"], held_on=date(2026, 1, 20))
    assert [each.number for each in then.recorded] == ["0007"]


def test_the_training_staff_record_people_of_several_locals_by_number_and_never_by_name(hall: Desk) -> None:
    done = record(hall, ["0001", "ben@example.org", "Cal Example"], local=None, actor=OPERATOR)
    assert [each.number for each in done.recorded] == ["0001", "0002"]
    assert [each.text for each in done.sheet.unfound] == ["Cal Example"]


def test_the_same_sheet_twice_is_already_recorded(hall: Desk) -> None:
    record(hall, ["0001", "illegible"])
    assert refused(hall, lines=["0001", "illegible"]).code == "already_recorded"
    assert refused(hall, lines=["0001"]).code == "already_recorded"
    assert refused(hall, lines=["illegible"]).code == "already_recorded"
    more = record(hall, ["0001", "0003"])
    assert [each.number for each in more.recorded] == ["0003"]
    assert [each.number for each in more.known] == ["0001"]
    with hall.session() as session:
        assert len(session.scalars(select(Completion)).all()) == 2
        assert len(session.scalars(select(WaitingCompletion)).all()) == 1


def test_nobody_records_their_own_course(hall: Desk) -> None:
    with hall.write() as session:
        ana = find_member(session, "0001")
        user = add_user(session, "ana@example.org", Role.LOCAL_LEAD, find_unit(session, "80"), None, OPERATOR, TODAY)
        user.member_id = ana.member_id
        its_id = user.id
    done = record(hall, ["0003"], ["0001"], actor=Actor(its_id, Role.LOCAL_LEAD.value, "ana@example.org"))
    assert [each.number for each in done.recorded] == ["0003"]
    assert [each.why for each in done.sheet.unfound] == [Why.ONESELF]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"lines": [], "ticked": []}, "nobody"),
        ({"lines": ["", "  "]}, "nobody"),
        ({"lines": ["0001"], "held_on": TODAY + timedelta(days=1)}, "future_date"),
        ({"lines": ["0001"], "held_on": date(1492, 1, 1)}, "impossible_day"),
        ({"lines": ["0001"], "note": " "}, "no_note"),
        ({"lines": ["0001"], "note": "x" * 201}, "too_long"),
        ({"lines": ["x" * 201]}, "too_long"),
        ({"lines": [f"{each}" for each in range(501)]}, "too_many"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_leaves_nothing(hall: Desk, said: dict[str, Any], code: str) -> None:
    before = hall.written()
    assert refused(hall, **said).code == code
    assert hall.written() == before


def test_a_class_is_taken_back_as_a_whole_and_can_be_recorded_again(hall: Desk) -> None:
    done = record(hall, ["0001", "illegible"])
    with hall.write() as session:
        batch = session.get_one(Batch, done.batch_id)
        undo_class(session, batch, LEAD, is_staff=False, today=TODAY, now=hall.now + timedelta(hours=23))
    with hall.session() as session:
        assert all(each.voided_at for each in session.scalars(select(Completion)))
        assert all(each.settled_at for each in session.scalars(select(WaitingCompletion)))
    assert hall.wrong() == []
    again = record(hall, ["0001", "illegible"])
    assert [each.number for each in again.recorded] == ["0001"]
    assert again.waiting == 1


@pytest.mark.parametrize(
    ("actor", "hours", "is_staff", "code"),
    [
        (LEAD, 24, False, ""),
        (LEAD, 25, False, "too_late"),
        (Actor(78, Role.LOCAL_LEAD.value, "other"), 1, False, "not_yours"),
        (OPERATOR, 1, False, "not_yours"),
        (Actor(79, Role.STAFF.value, "staff"), 500, True, ""),
    ],
)
def test_who_recorded_a_class_may_take_it_back_for_a_day(
    hall: Desk, actor: Actor, hours: int, is_staff: bool, code: str
) -> None:
    done = record(hall, ["0001"])
    with hall.write() as session:
        batch = session.get_one(Batch, done.batch_id)
        found = ""
        try:
            undo_class(session, batch, actor, is_staff=is_staff, today=TODAY, now=hall.now + timedelta(hours=hours))
        except Refused as refusal:
            found = refusal.code
    assert found == code
