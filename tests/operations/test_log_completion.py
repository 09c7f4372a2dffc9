"""Logging one completed course: every guard, and what is written when none of them speaks."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from tests.operations.conftest import EXAMPLE, TODAY, Desk
from tracker.coverage.catalogue import find_course
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Assurance
from tracker.models import AuditEntry, Completion, Evidence, Review, StandingSpan
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.completions import log_completion, void_completion
from tracker.operations.refused import Refused

CLAIMED, REVIEWED, PROVIDER = Assurance

RETIRED = (EXAMPLE / "courses.yaml").read_text().replace("minutes: 44,", "minutes: 44, retired_on: 2026-02-10,")

# member, course, day, assurance; and the code and the field of the refusal
WRONG = [
    ("0099", "ai-ethics", date(2026, 3, 1), CLAIMED, "unknown_member", "member"),
    ("0001", "no-such-course", date(2026, 3, 1), CLAIMED, "unknown_course", "course"),
    ("0001", "ai-ethics", date(2026, 3, 3), CLAIMED, "future_date", "completed_on"),
    ("0001", "ai-ethics", date(2026, 3, 3), PROVIDER, "future_date", "completed_on"),
    ("0001", "prompt-engineering", date(2026, 2, 11), CLAIMED, "course_retired", "completed_on"),
    ("0001", "copilot", date(2026, 2, 1), CLAIMED, "already_logged", "completed_on"),
    ("0001", "copilot", date(2026, 2, 1), REVIEWED, "already_logged", "completed_on"),
]


@pytest.mark.parametrize(("member", "course", "on", "assurance", "code", "field"), WRONG)
def test_one_thing_wrong_is_refused_by_name_and_nothing_is_written(
    with_ana: Desk, member: str, course: str, on: date, assurance: Assurance, code: str, field: str
) -> None:
    with_ana.catalogue(RETIRED)
    with_ana.log("0001", "copilot", date(2026, 2, 1), REVIEWED)
    before = with_ana.written()
    with pytest.raises(Refused) as refused:
        with_ana.log(member, course, on, assurance)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert with_ana.written() == before


@pytest.mark.parametrize(
    ("course", "on", "assurance"),
    [
        ("ai-ethics", TODAY, CLAIMED),  # today is no future day
        ("prompt-engineering", date(2026, 2, 10), CLAIMED),  # on its last day
        ("prompt-engineering", date(2026, 2, 11), REVIEWED),  # staff and provider records are always taken
        ("prompt-engineering", date(2026, 2, 11), PROVIDER),
        ("copilot", date(2026, 2, 1), PROVIDER),  # surer than what is recorded of that day
        ("copilot", date(2026, 2, 2), CLAIMED),  # another day
        ("  Learning Microsoft COPILOT ", date(2026, 2, 3), CLAIMED),  # by its title
    ],
)
def test_what_is_just_inside_is_taken(with_ana: Desk, course: str, on: date, assurance: Assurance) -> None:
    with_ana.catalogue(RETIRED)
    with_ana.log("0001", "copilot", date(2026, 2, 1), REVIEWED)
    before = with_ana.written()["completion"]
    with_ana.log("0001", course, on, assurance)
    assert with_ana.written()["completion"] == before + 1


def test_the_member_is_covered_from_the_day_of_the_completion(with_ana: Desk) -> None:
    with_ana.log("0001", "firefly", date(2026, 2, 20))  # 228 minutes of the 120 asked
    assert with_ana.figure("ai-hours", "80", date(2026, 2, 19)) == (1, 0, 0, 0)
    assert with_ana.figure("ai-hours", "80", date(2026, 2, 20)) == (1, 1, 0, 0)
    assert with_ana.figure("ai-hours", "IA", TODAY) == (1, 1, 0, 0)
    assert with_ana.wrong() == []


def test_fact_standing_ledger_and_audit_are_one_transaction(with_ana: Desk) -> None:
    before = with_ana.written()

    class PowerCut(Exception):
        pass

    def log_and_fail() -> None:
        with with_ana.write() as session:
            log_completion(
                session,
                member=find_member(session, "1"),
                course=find_course(session, "firefly"),
                completed_on=TODAY,
                assurance=CLAIMED,
                actor=Actor(None, "member", "Ana"),
                today=TODAY,
                now=with_ana.now,
            )
            raise PowerCut

    with pytest.raises(PowerCut):
        log_and_fail()
    assert with_ana.written() == before
    with_ana.log("0001", "firefly", TODAY)
    after = with_ana.written()
    grown = {table: after[table] - count for table, count in before.items() if after[table] != count}
    assert grown == {
        "completion": 1,
        "standing": 1,
        "coverage_entry": 6,
        "audit_entry": 1,
    }  # 3 units, with and without craft


def test_the_fact_says_who_recorded_it_when_and_how_sure_we_are(with_ana: Desk) -> None:
    with_ana.log("ANA@example.org", "ai-ethics", date(2026, 2, 1), actor=Actor(77, "staff", "Sam"), source="staff")
    with with_ana.session() as session:
        row = session.scalars(select(Completion)).one()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "log_completion")).one()
    assert (row.completed_on, row.assurance, row.source) == (date(2026, 2, 1), CLAIMED, "staff")
    assert (row.recorded_at, row.recorded_by, row.voided_at) == (datetime(2026, 3, 2, 12, tzinfo=UTC), 77, None)
    assert (entry.actor_id, entry.actor_role, entry.object_id, entry.member_id) == (77, "staff", row.id, row.member_id)
    assert entry.detail == {"course": "ai-ethics", "completed_on": "2026-02-01", "assurance": "claimed"}


@pytest.mark.parametrize(("assurance", "review"), [(CLAIMED, Review.WAITING), (REVIEWED, Review.ACCEPTED)])
def test_evidence_of_a_claim_waits_for_review(with_ana: Desk, assurance: Assurance, review: Review) -> None:
    with_ana.log("0001", "ai-ethics", TODAY, assurance, evidence_url="https://example.org/proof")
    with with_ana.session() as session:
        row = session.scalars(select(Evidence)).one()
        assert (row.url, row.review) == ("https://example.org/proof", review)
        assert row.completion_id == session.scalars(select(Completion.id)).one()


def test_a_report_never_moves_a_claim(with_ana: Desk) -> None:
    """Logged on the 1st, reported on the 20th: claimed from the 1st, provider from the 20th."""
    with_ana.log("0001", "firefly", date(2026, 2, 1))
    with_ana.completions("0001,,firefly,2026-02-20,provider,,L4\n")
    for on, figure in {
        date(2026, 1, 31): (1, 0, 0, 0),
        date(2026, 2, 1): (1, 1, 0, 0),
        date(2026, 2, 19): (1, 1, 0, 0),
        date(2026, 2, 20): (1, 1, 1, 1),
    }.items():
        assert with_ana.figure("ai-hours", "80", on) == figure
    with with_ana.session() as session:
        levels = session.execute(select(StandingSpan.from_on, StandingSpan.level).order_by(StandingSpan.from_on)).all()
        hours = [tuple(row) for row in levels]
    assert (date(2026, 2, 1), 1) in hours
    assert (date(2026, 2, 20), 3) in hours


def test_a_voided_completion_counts_nowhere_and_may_be_logged_again(with_ana: Desk) -> None:
    with_ana.log("0001", "firefly", date(2026, 2, 1))
    with_ana.today = date(2026, 3, 5)
    with_ana.void("0001", "firefly")
    assert with_ana.figure("ai-hours", "80") == (1, 0, 0, 0)
    assert with_ana.figure("ai-hours", "80", known=date(2026, 3, 4)) == (1, 1, 0, 0)
    assert with_ana.written()["completion"] == 1  # the record of it stays
    with_ana.log("0001", "firefly", date(2026, 2, 1))
    assert with_ana.figure("ai-hours", "80") == (1, 1, 0, 0)
    assert with_ana.wrong() == []


@pytest.mark.parametrize(("reason", "code"), [("  ", "no_reason"), ("again", "already_voided")])
def test_a_void_needs_a_reason_and_something_to_void(with_ana: Desk, reason: str, code: str) -> None:

    with_ana.log("0001", "firefly", date(2026, 2, 1))

    def void_again() -> None:
        with with_ana.write() as session:
            found = session.scalars(select(Completion)).one()
            if code == "already_voided":
                void_completion(session, found, "not theirs", OPERATOR, now=with_ana.now)
            void_completion(session, found, reason, OPERATOR, now=with_ana.now)

    with pytest.raises(Refused) as refused:
        void_again()
    assert refused.value.code == code
    assert with_ana.figure("ai-hours", "80") == (1, 1, 0, 0)
