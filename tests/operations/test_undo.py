"""Taking an import back: its own facts and nobody else's, everything it had corrected as it was, and it may come again."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, TODAY, Desk, counts
from tracker.curriculum.words import Assurance
from tracker.models import Assignment, AuditEntry, Batch, Completion, Membership, WaitingCompletion, db
from tracker.operations.actor import OPERATOR
from tracker.operations.batches import Undone, UndoPreview, undo_batch, what_undo_touches
from tracker.operations.refused import Refused

DONE = "0001,,firefly,2026-02-20,provider,,\n"


def undo(desk: Desk, batch_id: int) -> Undone:
    with desk.write() as session:
        return undo_batch(session, session.get_one(Batch, batch_id), OPERATOR, today=desk.today, now=desk.now)


def preview(desk: Desk, batch_id: int) -> UndoPreview:
    with desk.session() as session:
        return what_undo_touches(session, session.get_one(Batch, batch_id))


def valid(desk: Desk) -> dict[str, list[tuple[object, ...]]]:
    """Every valid fact by what it says, without its id."""
    with desk.session() as session:
        facts = {}
        for model, columns in (
            (Membership, "unit_id craft_id status kind is_home from_on until_on"),
            (Assignment, "path_id version_id kind assigned_on until_on due_on rule_id"),
            (Completion, "course_id completed_on assurance source external_id batch_id"),
        ):
            rows = session.scalars(select(model).where(model.voided_at.is_(None)))
            names = ("member_id", *columns.split())
            facts[model.__tablename__] = sorted(tuple(str(getattr(row, name)) for name in names) for row in rows)
        return facts


def test_undoing_completions_leaves_the_figures_as_before(with_ana: Desk) -> None:
    before, facts = with_ana.figures(date(2026, 2, 21), TODAY), valid(with_ana)
    imported = with_ana.completions(DONE + "0001,,ai-ethics,2026-02-21,provider,https://example.org/c,X1\n")
    assert with_ana.figures(date(2026, 2, 21), TODAY) != before
    undone = undo(with_ana, imported.batch_id)
    assert undone.voided["completion"] == 2
    assert with_ana.figures(date(2026, 2, 21), TODAY) == before
    assert valid(with_ana) == facts
    assert with_ana.wrong() == []


def test_an_undone_import_may_come_again(with_ana: Desk) -> None:
    rows = DONE + "0001,,ai-ethics,2026-02-21,provider,,X1\n0077,,ai-ethics,2026-02-21,provider,,\n"
    first = with_ana.completions(rows)
    figures = with_ana.figures(TODAY)
    undo(with_ana, first.batch_id)
    again = with_ana.completions(rows)
    assert counts(again) == counts(first)
    assert with_ana.figures(TODAY) == figures
    assert counts(with_ana.completions(rows)) == {"already known": 2, "unmatched": 1}
    assert with_ana.wrong() == []


def test_what_a_person_voided_stays_void_through_undo_and_import(with_ana: Desk) -> None:
    first = with_ana.completions(DONE)
    with_ana.void("0001", "firefly")
    assert (
        preview(with_ana, first.batch_id).touched
        == ["Adobe Firefly Essential Training of Ana Example (0001) was voided on 2026-03-02: not theirs."]
        or "was voided" in preview(with_ana, first.batch_id).touched[0]
    )
    assert undo(with_ana, first.batch_id).voided["completion"] == 0
    assert counts(with_ana.completions(DONE)) == {"already known": 1}


def test_a_batch_is_undone_once(with_ana: Desk) -> None:
    first = with_ana.completions(DONE)
    undo(with_ana, first.batch_id)
    with pytest.raises(Refused, match="undone already"):
        undo(with_ana, first.batch_id)
    assert preview(with_ana, first.batch_id).undone_at is not None


def test_what_waited_waits_no_more(with_ana: Desk) -> None:
    first = with_ana.completions("0077,,firefly,2026-02-20,provider,,\n")
    assert preview(with_ana, first.batch_id).waiting == 1
    undo(with_ana, first.batch_id)
    with_ana.roster("0077,Cy,Example,,80,grip,active,member,2019-03-01,,yes\n")
    with with_ana.session() as session:
        assert session.scalars(select(Completion)).all() == []
        assert session.scalars(select(WaitingCompletion.settled_member_id)).all() == [None]


def test_only_its_own_completions_are_voided(with_ana: Desk) -> None:
    with_ana.log("0001", "ai-ethics", date(2026, 2, 1), Assurance.REVIEWED)
    first = with_ana.completions(DONE)
    second = with_ana.completions(DONE + "0001,,ai-ethics,2026-02-22,provider,,\n")
    assert counts(second) == {"already known": 1, "corroborated": 1}
    assert [batch.id for batch in preview(with_ana, first.batch_id).resting] == [second.batch_id]
    undo(with_ana, second.batch_id)
    with with_ana.session() as session:
        days = session.scalars(select(Completion.completed_on).where(Completion.voided_at.is_(None))).all()
    assert sorted(days) == [date(2026, 2, 1), date(2026, 2, 20)]


def test_undoing_a_roster_restores_the_cards_it_corrected(with_ana: Desk) -> None:
    with_ana.assign("set-safety", units=["80"], on=date(2026, 1, 5))
    with_ana.log("0001", "firefly", date(2026, 2, 20), Assurance.REVIEWED)
    before, facts = with_ana.figures(date(2026, 2, 21), TODAY), valid(with_ana)
    roster = with_ana.roster(ANA.replace("active", "withdrawn") + BEN)
    assert with_ana.figures(date(2026, 2, 21), TODAY) != before
    undone = undo(with_ana, roster.batch_id)
    assert undone.recorded_anew["membership"] == 1
    assert with_ana.figures(date(2026, 2, 21), TODAY) == before
    assert valid(with_ana) == facts
    assert with_ana.wrong() == []


def test_an_assignment_ended_by_hand_stays_ended_when_its_card_comes_back(with_ana: Desk) -> None:
    with with_ana.session() as session:
        rule = session.scalars(select(Assignment.rule_id)).one()
    with_ana.unassign(rule, date(2026, 2, 1))
    facts = valid(with_ana)
    roster = with_ana.roster(ANA.replace("active", "apprentice"))
    undo(with_ana, roster.batch_id)
    assert valid(with_ana) == facts
    assert with_ana.wrong() == []


def test_a_rule_made_after_the_roster_asks_no_more_through_its_cards(desk: Desk) -> None:
    roster = desk.roster(ANA)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    undo(desk, roster.batch_id)
    assert desk.figure("ai-hours", "80") == (0, 0, 0, 0)
    assert valid(desk)["assignment"] == []
    assert desk.wrong() == []


def test_cards_corrected_since_stay_as_they_are(with_ana: Desk) -> None:
    first = with_ana.roster(ANA.replace("active", "apprentice"))
    with_ana.roster(ANA.replace("active", "suspended"))
    facts = valid(with_ana)
    assert preview(with_ana, first.batch_id).touched == [
        "The cards of Ana Example (0001) were changed since, and stay as they are."
    ]
    assert undo(with_ana, first.batch_id).left_alone == 1
    assert valid(with_ana) == facts
    assert with_ana.wrong() == []


def test_undoing_the_first_and_then_the_second_leaves_nothing_of_either(desk: Desk) -> None:
    desk.roster(BEN)
    facts = valid(desk)
    first = desk.roster(ANA)
    second = desk.roster(ANA.replace("active", "apprentice"))
    undo(desk, first.batch_id)
    undo(desk, second.batch_id)
    assert valid(desk) == facts
    assert desk.wrong() == []


def test_undo_leaves_one_entry_in_the_audit_trail(with_ana: Desk) -> None:
    first = with_ana.completions(DONE)
    before = with_ana.written()["audit_entry"]
    undo(with_ana, first.batch_id)
    assert with_ana.written()["audit_entry"] == before + 1
    with with_ana.app.app_context():
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert (entry.action, entry.object_id) == ("undo_batch", first.batch_id)


@pytest.mark.parametrize("seed", range(4))
def test_undoing_all_in_any_order_leaves_what_was_there(desk: Desk, seed: int) -> None:
    """Overlapping files of both kinds, undone from the last to the first, leave the facts of each step."""
    chance = random.Random(seed)
    desk.roster(ANA + BEN)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    desk.assign("set-safety", units=["80"], on=date(2026, 1, 5))
    steps = []
    for _ in range(6):
        steps.append((valid(desk), desk.figures(date(2026, 2, 10), TODAY)))
        if chance.random() < 0.5:
            card = chance.choice([ANA, BEN]).replace("active", chance.choice(["apprentice", "retired", "active"]))
            steps[-1] += (desk.roster(card).batch_id,)
        else:
            rows = ""
            for _ in range(chance.randint(1, 5)):
                day = date(2026, 1, 1) + timedelta(days=chance.randint(0, 50))
                course = chance.choice(["firefly", "ai-ethics", "copilot", "fall-protection"])
                assurance = chance.choice(["claimed", "reviewed", "provider"])
                rows += f"{chance.choice(['1', '2', '9'])},,{course},{day},{assurance},,\n"
            steps[-1] += (desk.completions(rows).batch_id,)
    for facts, figures, batch_id in reversed(steps):
        undo(desk, batch_id)
        assert valid(desk) == facts
        assert desk.figures(date(2026, 2, 10), TODAY) == figures
        assert desk.wrong() == []
