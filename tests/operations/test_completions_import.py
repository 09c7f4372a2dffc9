"""Reports of completions: every row ends as exactly one outcome, and nothing is ever lost or counted twice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, COMPLETIONS, EXAMPLE, TODAY, Desk, counts
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Role
from tracker.intake.imports import import_completions
from tracker.models import BatchOutcome, Completion, Evidence, RowFault, WaitingCompletion
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.refused import Refused

NEW_COURSE = (
    "  - {code: deepfakes, title: Spotting Deepfakes, provider: LinkedIn Learning, minutes: 30, language: en}\npaths:"
)
WITH_DEEPFAKES = (EXAMPLE / "courses.yaml").read_text().replace("paths:", NEW_COURSE)


def facts(desk: Desk) -> list[tuple[object, ...]]:
    """Course, day and assurance of every valid completion, with its source's id."""
    with desk.session() as session:
        rows = session.scalars(select(Completion).where(Completion.voided_at.is_(None)).order_by(Completion.id))
        return [(row.completed_on.isoformat(), row.assurance.word, row.external_id) for row in rows]


def waiting(desk: Desk) -> list[str]:
    with desk.session() as session:
        rows = session.scalars(select(WaitingCompletion).where(WaitingCompletion.settled_at.is_(None)))
        return sorted(row.reason.value for row in rows)


@pytest.fixture
def desk_with_two(with_ana: Desk) -> Desk:
    with_ana.roster(BEN)
    return with_ana


MIXED = """\
0001,,firefly,2026-02-01,claimed,,
0001,,firefly,2026-02-20,provider,,L4
0001,,firefly,2026-02-20,provider,,L4
,BEN@example.org,ai-ethics,2026-02-03,reviewed,,
0099,,ai-ethics,2026-02-03,provider,,
0001,,deepfakes,2026-02-03,provider,,
0001,,ai-ethics,2026-13-03,provider,,
0001,,ai-ethics,2026-03-03,rumour,,
"""


def test_the_outcomes_add_up_to_the_rows(desk_with_two: Desk) -> None:
    imported = desk_with_two.completions(MIXED)
    assert counts(imported) == {
        "recorded": 2,
        "corroborated": 1,
        "already known": 1,
        "unmatched": 1,
        "unknown course": 1,
        "faulty": 2,
    }
    assert imported.rows == len(MIXED.splitlines())
    assert imported.summary == (
        "recorded 2, corroborated 1, already known 1, not a completion 0, unmatched 1, unknown course 1, faulty 2"
    )
    with desk_with_two.session() as session:
        kept = session.scalars(select(BatchOutcome).where(BatchOutcome.batch_id == imported.batch_id)).all()
        assert {row.outcome.value: row.row_count for row in kept} == counts(imported)
        faults = session.scalars(select(RowFault).order_by(RowFault.line, RowFault.column)).all()
        assert [(row.line, row.column) for row in faults] == [(8, "completed_on"), (9, "assurance"), (9, "completed_on")]


def test_the_same_report_again_changes_nothing(desk_with_two: Desk) -> None:
    desk_with_two.completions(MIXED)
    before, figures = desk_with_two.written(), desk_with_two.figures()
    again = desk_with_two.completions(MIXED)
    assert counts(again) == {"already known": 4, "unmatched": 1, "unknown course": 1, "faulty": 2}
    after = desk_with_two.written()
    assert after.pop("audit_entry") == before.pop("audit_entry") + 1
    assert (after, desk_with_two.figures()) == (before, figures)
    assert waiting(desk_with_two) == ["unknown course", "unmatched"]  # the same row waits once
    assert desk_with_two.wrong() == []


def test_rows_in_any_order_give_the_same_facts(desk_with_two: Desk) -> None:
    rows = MIXED.splitlines(keepends=True)
    desk_with_two.completions("".join(reversed(rows)))
    assert sorted(facts(desk_with_two), key=str) == sorted(
        [("2026-02-01", "claimed", None), ("2026-02-20", "provider", "L4"), ("2026-02-03", "reviewed", None)], key=str
    )


# what a report of member 1's firefly, provider, 20 February, id L4 is beside what is known already
BESIDE = [
    ("0001,,firefly,2026-02-20,provider,,L4", "already known"),
    ("0001,,FIREFLY,2026-02-20,provider,,", "already known"),  # same member, course, day and assurance
    ("0001,,firefly,2026-02-20,provider,,L5", "already known"),
    ("0001,,firefly,2026-02-21,provider,,L4", "already known"),  # same source's id
    ("0001,,ai-ethics,2026-02-21,provider,,L4", "already known"),
    ("0001,,firefly,2026-02-21,provider,,", "corroborated"),
    ("0001,,firefly,2026-02-20,claimed,,", "corroborated"),
    ("0001,,firefly,2026-02-20,reviewed,,", "corroborated"),
    ("0001,,ai-ethics,2026-02-20,provider,,L5", "recorded"),
    ("0002,,firefly,2026-02-20,provider,,L4", "recorded"),  # an id is unique per source and member
]


@pytest.mark.parametrize(("row", "outcome"), BESIDE)
def test_what_a_report_is_beside_what_is_known(desk_with_two: Desk, row: str, outcome: str) -> None:
    desk_with_two.completions("0001,,firefly,2026-02-20,provider,,L4\n")
    assert counts(desk_with_two.completions(f"{row}\n")) == {outcome: 1}


MATCHES = [
    ("0001,", True),
    ("1,", True),
    ("00000001,", True),
    (",ANA@Example.ORG", True),
    ("0099,ana@example.org", True),  # the number finds no one, the e-mail does
    ("0002,ana@example.org", True),  # a number that finds someone comes first
    (",nobody@example.org", False),
    ("0099,", False),
]


@pytest.mark.parametrize(("learner", "is_found"), MATCHES)
def test_whom_a_row_finds(desk_with_two: Desk, learner: str, is_found: bool) -> None:
    imported = desk_with_two.completions(f"{learner},firefly,2026-02-20,provider,,\n")
    assert counts(imported) == {"recorded" if is_found else "unmatched": 1}
    local = "700" if learner.startswith("0002") else "80"
    assert desk_with_two.figure("ai-hours", local)[3] == int(is_found)


def test_a_shared_e_mail_matches_nobody(desk_with_two: Desk) -> None:
    desk_with_two.roster("3,Cleo,,ANA@example.org,15,stagehand,active,,2018-01-01,,\n")
    assert counts(desk_with_two.completions(",ana@example.org,firefly,2026-02-20,provider,,\n")) == {"unmatched": 1}
    assert facts(desk_with_two) == []


def test_an_unmatched_row_waits_and_a_later_roster_settles_it(with_ana: Desk) -> None:
    imported = with_ana.completions(
        "0002,,firefly,2026-02-20,provider,https://example.org/x,L9\n,ben@example.org,copilot,2026-02-21,,,\n"
    )
    assert counts(imported) == {"unmatched": 2}
    with_ana.today = date(2026, 3, 9)
    assert with_ana.roster(BEN).settled == 2
    assert waiting(with_ana) == []
    assert facts(with_ana) == [("2026-02-20", "provider", "L9"), ("2026-02-21", "claimed", None)]
    with with_ana.session() as session:
        row = session.scalars(select(Completion).where(Completion.external_id == "L9")).one()
        assert (row.batch_id, row.recorded_at) == (imported.batch_id, datetime(2026, 3, 9, 12, tzinfo=UTC))
        assert session.scalars(select(Evidence.url)).all() == ["https://example.org/x"]
    assert with_ana.figure("ai-hours", "700", date(2026, 2, 20)) == (1, 1, 1, 1)
    assert with_ana.figure("ai-hours", "700", known=date(2026, 3, 8)) == (0, 0, 0, 0)
    assert counts(with_ana.completions("0002,,firefly,2026-02-20,provider,,L9\n")) == {"already known": 1}
    assert with_ana.wrong() == []


def test_an_unknown_course_waits_and_a_later_catalogue_settles_it(with_ana: Desk) -> None:
    assert counts(with_ana.completions("0001,,Spotting Deepfakes,2026-02-20,provider,,\n")) == {"unknown course": 1}
    with_ana.catalogue(WITH_DEEPFAKES)
    assert waiting(with_ana) == []
    assert facts(with_ana) == [("2026-02-20", "provider", None)]


def test_a_row_that_lacks_both_waits_for_both(with_ana: Desk) -> None:
    assert counts(with_ana.completions("0002,,deepfakes,2026-02-20,provider,,\n")) == {"unmatched": 1}
    with_ana.roster(BEN)
    assert (waiting(with_ana), facts(with_ana)) == (["unknown course"], [])
    with_ana.catalogue(WITH_DEEPFAKES)
    assert (waiting(with_ana), facts(with_ana)) == ([], [("2026-02-20", "provider", None)])


def test_a_late_claim_that_waited_for_its_course_is_not_recorded_when_the_course_comes_retired(with_ana: Desk) -> None:
    assert counts(with_ana.completions("0001,,deepfakes,2026-02-20,claimed,,\n")) == {"unknown course": 1}
    with_ana.catalogue(
        WITH_DEEPFAKES.replace("title: Spotting Deepfakes", "title: Spotting Deepfakes, retired_on: 2026-02-01")
    )
    assert facts(with_ana) == []
    assert len(waiting(with_ana)) == 1


def test_two_courses_with_one_title_are_an_unknown_course(with_ana: Desk) -> None:
    twice = NEW_COURSE.replace("paths:", "  - {code: fakes-2, title: spotting deepfakes, provider: Other}\npaths:")
    with_ana.catalogue((EXAMPLE / "courses.yaml").read_text().replace("paths:", twice))
    rows = "0001,,Spotting Deepfakes,2026-02-20,provider,,\n0001,,fakes-2,2026-02-20,provider,,\n"
    assert counts(with_ana.completions(rows)) == {"unknown course": 1, "recorded": 1}


@pytest.mark.parametrize(
    ("on", "assurance", "outcome"),
    [
        ("2026-02-10", "claimed", "recorded"),
        ("2026-02-11", "claimed", "faulty"),
        ("2026-02-11", "", "faulty"),  # blank is claimed
        ("2026-02-11", "reviewed", "recorded"),
        ("2026-02-11", "provider", "recorded"),
    ],
)
def test_after_a_course_was_retired_a_claim_alone_does_not_count(
    with_ana: Desk, on: str, assurance: str, outcome: str
) -> None:
    text = (EXAMPLE / "courses.yaml").read_text()
    with_ana.catalogue(text.replace("minutes: 228,", "minutes: 228, retired_on: 2026-02-10,"))
    imported = with_ana.completions(f"0001,,firefly,{on},{assurance},,\n")
    assert counts(imported) == {outcome: 1}
    assert all("was retired on 2026-02-10" in fault.reason for fault in imported.faults)


def test_what_a_person_voided_no_report_brings_back(with_ana: Desk) -> None:
    row = "0001,,firefly,2026-02-20,provider,,L4\n"
    with_ana.completions(row)
    with_ana.void("0001", "firefly")
    assert counts(with_ana.completions(row)) == {"already known": 1}
    assert counts(with_ana.completions(row.replace("L4", ""))) == {"already known": 1}
    assert facts(with_ana) == []
    assert with_ana.figure("ai-hours", "80") == (1, 0, 0, 0)
    assert counts(with_ana.completions(row.replace("02-20", "02-21").replace("L4", "L5"))) == {"recorded": 1}


def test_a_strict_import_refuses_the_whole_file(with_ana: Desk) -> None:
    before = with_ana.written()
    with pytest.raises(Refused) as refused:
        with_ana.completions("0001,,firefly,2026-02-20,provider,,\n0001,,firefly,soon,provider,,\n", strict=True)
    assert (refused.value.code, len(refused.value.faults)) == ("faulty_rows", 1)
    assert with_ana.written() == before


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("0001,,firefly,2026-03-03,provider,,", "completed_on"),  # tomorrow
        ("0001,,firefly,20260301,provider,,", "completed_on"),
        ("0001,,firefly,,provider,,", "completed_on"),
        ("0001,,,2026-03-01,provider,,", "course"),
        (",,firefly,2026-03-01,provider,,", "member_number"),
        ("0001,,firefly,2026-03-01,sure,,", "assurance"),
        ("0001,,firefly,2026-03-01,claimed,javascript:alert(1),", "evidence_url"),
    ],
)
def test_a_row_that_cannot_be_is_named_by_line_and_column(with_ana: Desk, row: str, column: str) -> None:
    imported = with_ana.completions(f"0001,,copilot,{TODAY},,,\n{row}\n")
    assert counts(imported) == {"recorded": 1, "faulty": 1}
    assert [(fault.line, fault.column) for fault in imported.faults] == [(3, column)]


def test_a_file_with_nothing_but_its_header_is_an_import_of_no_rows(with_ana: Desk) -> None:
    imported = with_ana.completions("")
    assert (imported.rows, counts(imported)) == (0, {})
    assert COMPLETIONS.startswith("member_number")


def test_one_row_feeds_every_section_and_path_that_lists_the_course(desk: Desk) -> None:
    desk.roster(ANA)
    for path in ("ai-hours", "ai-fundamentals"):
        desk.assign(path, everyone=True, on=date(2026, 1, 5))
    courses = ("what-is-generative-ai", "ai-ethics", "prompt-engineering", "copilot")
    desk.completions("".join(f"1,,{course},2026-02-0{place},provider,,\n" for place, course in enumerate(courses, start=1)))
    assert desk.figure("ai-hours", "80", date(2026, 2, 2)) == (1, 0, 0, 0)  # 63 + 52 minutes
    assert desk.figure("ai-hours", "80", date(2026, 2, 3)) == (1, 1, 1, 1)
    assert desk.figure("ai-fundamentals", "80", date(2026, 2, 3)) == (1, 0, 0, 0)
    assert desk.figure("ai-fundamentals", "80", date(2026, 2, 4)) == (1, 1, 1, 1)


def test_nobody_records_their_own_as_more_than_a_claim_by_a_file(desk_with_two: Desk) -> None:
    with desk_with_two.write() as session:
        ana = find_member(session, "0001")
        sam = add_user(session, "sam@example.org", Role.STAFF, None, ana.member_id if ana else None, OPERATOR, TODAY)
        actor = Actor(sam.id, "staff", "sam")
    desk_with_two.completions("0001,,ai-ethics,2026-02-01,provider,,\n")
    rows = (
        "0001,,ai-ethics,2026-02-01,provider,,\n"  # which somebody else recorded
        "0001,,firefly,2026-02-02,provider,,\n"
        "0001,,firefly,2026-02-03,reviewed,,\n"
        "0001,,firefly,2026-02-04,claimed,,\n"
        "0002,,firefly,2026-02-02,provider,,\n"
    )
    before = facts(desk_with_two)
    with desk_with_two.write() as session:
        said = {"today": desk_with_two.today, "now": desk_with_two.now}
        imported = import_completions(session, (COMPLETIONS + rows).encode(), "mine.csv", actor, **said)
    assert counts(imported) == {"recorded": 2, "already known": 1, "faulty": 2}
    assert {fault.line for fault in imported.faults} == {3, 4}
    assert all("somebody else records it" in fault.reason for fault in imported.faults)
    assert len(facts(desk_with_two)) == len(before) + 2
    assert desk_with_two.wrong() == []
