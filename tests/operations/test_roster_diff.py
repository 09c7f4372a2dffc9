"""Who changes by a roster: told before it is recorded, and of the recorded batch alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.operations.conftest import ROSTER, TODAY, Desk, counts
from tests.operations.test_roster_full import many
from tracker.coverage.roster_batches import roster_changes
from tracker.coverage.roster_changes import MOST_PEOPLE, ChangeKind, RosterDiff
from tracker.curriculum.words import Outcome
from tracker.intake.imports import Imported, staged_import
from tracker.models import Batch, BatchChange, Craft, Member, Membership
from tracker.operations.actor import OPERATOR
from tracker.operations.batches import undo_batch
from tracker.operations.roster import Full

FIRST = (
    "1,Ana,One,ana@example.org,80,grip,active,,2019-03-01,,yes\n"
    "2,Ben,Two,,80,grip,active,,2019-03-01,,\n"
    "3,Cy,Three,,80,grip,apprentice,,2019-03-01,,\n"
    "4,Di,Four,,80,grip,active,,2019-03-01,,\n"
    "5,Ed,Five,,80,grip,retired,,2019-03-01,,\n"
)


def previewed(desk: Desk, rows: str, full: Full | None = None) -> Imported:
    with (
        desk.session() as session,
        staged_import(session, "roster", (ROSTER + rows).encode(), "r.csv", full=full, today=desk.today) as staged,
    ):
        return staged.preview(session)


def told(diff: RosterDiff | None) -> set[tuple[str, int, str, str]]:
    assert diff is not None
    return {(kind.value, each.line, each.number, each.what) for kind, people in diff.people.items() for each in people}


# What a second roster says, and who changes by it: kind, line, number, what.
NEWS: dict[str, tuple[str, Sequence[tuple[str, int, str, str]]]] = {
    "nothing": ("1,Ana,One,,80,grip,active,,2019-03-01,,\n", []),
    "a newcomer": ("9,New,Nine,,700,editing,,,,,\n", [("joined", 2, "9", "Local 700")]),
    "a second card": ("1,,,,700,editing,active,,2020-01-01,,\n", [("joined", 2, "1", "Local 700")]),
    "a last day": (f"1,,,,80,grip,,,2019-03-01,{TODAY},\n", [("left", 2, "1", "Local 80")]),
    "a retirement": ("1,,,,80,grip,retired,,,,\n", [("left", 2, "1", "Local 80 (active → retired)")]),
    "a return": ("5,,,,80,grip,active,,,,\n", [("joined", 2, "5", "Local 80 (retired → active)")]),
    "a move": (
        f"1,,,,80,grip,,,2019-03-01,{TODAY},\n1,,,,700,grip,active,,{TODAY},,\n",
        [("moved", 3, "1", "Local 80 → Local 700")],
    ),
    "a promotion": ("3,,,,80,grip,active,,,,\n", [("changed status", 2, "3", "Local 80 (apprentice → active)")]),
    "a death of one who did not count": (
        "5,,,,80,grip,deceased,,,,\n",
        [("changed status", 2, "5", "Local 80 (retired → deceased)")],
    ),
    "an end to come": (
        "1,,,,80,grip,,,2019-03-01,2026-12-31,\n",
        [("changed days or details of a card", 2, "1", "Local 80")],
    ),
    "another home": ("1,,,,80,grip,,,2019-03-01,,no\n", [("changed days or details of a card", 2, "1", "Local 80")]),
    "a name": ("2,Benjamin,,,80,grip,,,2019-03-01,,\n", [("changed name", 2, "2", "Ben Two → Benjamin Two")]),
    "an e-mail": ("1,,,ana.o@example.org,80,,,,,,\n", [("changed e-mail", 2, "1", "also ana.o@example.org")]),
    "a first e-mail": ("2,,,ben@example.org,80,,,,,,\n", [("changed e-mail", 2, "2", "also ben@example.org")]),
    "a faulty row": ("1,,,,80,grip,on tour,,,,\n", []),
}


@pytest.mark.parametrize("what", NEWS)
def test_a_preview_tells_who_changes_and_the_batch_tells_the_same(desk: Desk, what: str) -> None:
    desk.roster(FIRST)
    desk.today = TODAY
    before = desk.written()
    rows, expected = NEWS[what]
    preview = previewed(desk, rows)
    assert told(preview.diff) == set(expected)
    assert desk.written() == before
    with desk.session() as session:
        assert sorted(session.scalars(select(Craft.name))) == ["grip"], "a preview makes no craft"
        assert session.query(Batch).count() == 1

    desk.today = TODAY  # recorded a moment later on the same day
    with (
        desk.write() as session,
        staged_import(session, "roster", (ROSTER + rows).encode(), "r.csv", today=desk.today) as staged,
    ):
        imported = staged.record(session, OPERATOR, now=desk.now + timedelta(hours=1))
    assert told(imported.diff) == set(expected)
    assert imported.outcomes == preview.outcomes
    assert list(imported.lines) == list(preview.lines)
    with desk.session() as session:
        batch = session.get_one(Batch, imported.batch_id)
        recorded = roster_changes(session, batch, desk.today)
    assert {(kind, number, words) for kind, _, number, words in told(recorded)} == {
        (kind, number, words) for kind, _, number, words in expected
    }
    assert imported.diff is not None
    assert recorded.counts == imported.diff.counts
    assert recorded.locals == imported.diff.locals


def test_each_local_counts_its_own(desk: Desk) -> None:
    desk.roster(many(range(1, 201)))
    rows = f"1,,,,80,grip,,,2019-03-01,{TODAY},\n1,,,,700,grip,active,,{TODAY},,\n2,,,,80,grip,retired,,,,\n"
    diff = previewed(desk, rows + many(range(301, 304), "700")).diff
    assert diff is not None
    assert diff.counts == {ChangeKind.MOVED: 1, ChangeKind.LEFT: 1, ChangeKind.JOINED: 3}
    assert diff.locals == {
        "700": {ChangeKind.JOINED: 4},
        "80": {ChangeKind.LEFT: 2},
    }
    assert list(diff.locals) == ["700", "80"], "the locals with the most changes first"


def test_everyone_is_counted_and_the_first_are_named_by_line(desk: Desk) -> None:
    diff = previewed(desk, many(range(1, 121))).diff
    assert diff is not None
    assert diff.counts[ChangeKind.JOINED] == 120
    named = diff.people[ChangeKind.JOINED]
    assert len(named) == MOST_PEOPLE
    assert [each.line for each in named] == sorted(each.line for each in named)
    assert RosterDiff.from_json(diff.as_json()) == diff


def test_who_is_absent_from_a_complete_file_has_no_line(desk: Desk) -> None:
    desk.roster(many(range(1, 101)))
    preview = previewed(desk, many(range(1, 100)), full=Full())
    assert told(preview.diff) == {("left", 0, "100", "Local 80")}


def test_a_new_name_and_a_new_e_mail_are_kept_for_undoing(desk: Desk) -> None:
    desk.roster(FIRST)
    imported = desk.roster("1,Anna,,ana.o@example.org,80,grip,,,,,\n")
    with desk.session() as session:
        changes = session.scalars(select(BatchChange).where(BatchChange.batch_id == imported.batch_id)).all()
        assert {(each.what, each.line, each.before, each.after) for each in changes} == {
            ("name", 2, '["Ana", "One"]', '["Anna", "One"]'),
            ("email", 2, "", "ana.o@example.org"),
        }
    with desk.write() as session:
        undo_batch(session, session.get_one(Batch, imported.batch_id), OPERATOR, today=desk.today, now=desk.now)
    with desk.session() as session:
        assert session.scalars(select(Member.first_name).where(Member.number == "1")).one() == "Ana"
    assert desk.wrong() == []


def test_undoing_a_roster_brings_back_cards_and_what_is_asked_through_them(desk: Desk) -> None:
    desk.assign("ai-hours", everyone=True, on=TODAY - timedelta(days=60))
    desk.roster(FIRST)
    cards = [desk.cards(str(number)) for number in range(1, 6)]
    asked = [desk.assignments(str(number)) for number in range(1, 6)]
    figures = desk.figures(TODAY, TODAY + timedelta(days=100))
    rows = "1,,,,80,grip,retired,,,,\n3,,,,80,grip,active,,2019-03-01,,\n4,,,,80,grip,,,2019-03-01,2026-05-01,\n"
    imported = desk.roster(rows + "8,Hy,Eight,,700,editing,active,,2020-01-01,,\n")
    with desk.write() as session:
        undo_batch(session, session.get_one(Batch, imported.batch_id), OPERATOR, today=desk.today, now=desk.now)
    assert [desk.cards(str(number)) for number in range(1, 6)] == cards
    assert [desk.assignments(str(number)) for number in range(1, 6)] == asked
    assert desk.cards("8") == []
    assert desk.figures(TODAY, TODAY + timedelta(days=100)) == figures
    assert desk.wrong() == []
    # and the same roster may come again
    assert counts(desk.roster(rows)) == {"recorded": 3}
    assert desk.wrong() == []


def test_undoing_a_complete_roster_opens_what_it_had_closed(desk: Desk) -> None:
    desk.assign("ai-hours", everyone=True, on=TODAY - timedelta(days=60))
    desk.roster(many(range(1, 101)))
    imported = desk.roster(many(range(1, 100)), full=Full())
    assert desk.figure("ai-hours", "80") == (99, 0, 0, 0)
    with desk.write() as session:
        undo_batch(session, session.get_one(Batch, imported.batch_id), OPERATOR, today=desk.today, now=desk.now)
    assert desk.figure("ai-hours", "80") == (100, 0, 0, 0)
    assert desk.cards("100")[0][3] is None
    assert desk.wrong() == []


def test_every_row_is_accounted_for_by_its_line(desk: Desk) -> None:
    desk.roster(FIRST)
    imported = desk.roster(
        "1,Ana,One,,80,grip,active,,2019-03-01,,\n"
        "9,,,,8O,grip,active,,2019-03-01,,\n"
        ",,,,80,grip,active,,2019-03-01,,\n"
        "10,,,,80,grip,active,,2019-03-01,,\n"
        "10,,,,80,grip,on tour,,2019-03-01,,\n"
    )
    lines = {each.line: (each.outcome, each.reason) for each in imported.lines}
    assert lines[2] == (Outcome.ALREADY_KNOWN, "")
    assert lines[5] == (Outcome.RECORDED, "")
    assert [lines[line][0] for line in (3, 4, 6)] == [Outcome.FAULTY] * 3
    assert "local is not a local of the union" in lines[3][1]
    assert lines[4][1] == "member_number is missing"
    assert len(lines) == imported.rows == 5


def test_many_faults_are_counted_and_the_first_ones_kept(desk: Desk) -> None:
    imported = desk.roster("1,,,,80,grip,on tour,,2019-03-01,,\n" * 10_050)
    assert (imported.faults_in_all, len(imported.faults)) == (10_050, 10_000)
    assert counts(imported) == {"faulty": 10_050}
    with desk.session() as session:
        assert session.query(Membership).count() == 0
