"""The lists that staff work from, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from tracker import create_app
from tracker.coverage.batches import batch_of_file, batch_outcomes, batches_page
from tracker.coverage.catalogue import course_choices, path_choices
from tracker.coverage.desk.courses import courses_page
from tracker.coverage.desk.learners import learners_page
from tracker.coverage.directory import history_of, identifiers_of, members_page
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.reviewing import Question, claims_page
from tracker.coverage.rules import craft_names, open_rules
from tracker.coverage.worklist import last_report, work_list
from tracker.models import Completion, Course, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import void_completion

EXAMPLE = Path(__file__).parents[1] / "worked_example"
TODAY = date(2026, 9, 1)

MORE = """member_number,email,course,completed_on,assurance,evidence_url,external_id
7777,,ai-ethics,2026-03-01,provider,,M1
0001,,juggling,2026-03-01,provider,,M2
0001,,juggling,never,provider,,M3
"""


@pytest.fixture
def app(tracker: Callable[..., Result], tmp_path: Path) -> Iterator[Flask]:
    tracker("db", "upgrade")
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", EXAMPLE / "courses.yaml")
    tracker("roster", "import", EXAMPLE / "roster.csv")
    tracker("assign", "ai-fundamentals", "--everyone", "--on", "2026-01-05")
    tracker("assign", "set-safety", "--unit", "80", "--on", "2025-01-01")
    tracker("completions", "import", EXAMPLE / "completions.csv")
    (tmp_path / "more.csv").write_text(MORE)
    tracker("completions", "import", tmp_path / "more.csv")
    app = create_app()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_what_waits(app: Flask) -> None:
    with app.app_context():
        session = db.session()
        work = work_list(session, TODAY)
        assert (work.claims.count, work.unmatched.count, work.unknown_courses.count) == (2, 1, 1)
        assert not work.lost_courses
        assert not work.is_clear
        claims = claims_page(session, Question(), TODAY, datetime.now(UTC)).rows
        assert [(claim.member.number, claim.course.code) for claim in claims] == [
            ("0003", "what-is-generative-ai"),
            ("0005", "ai-ethics"),
        ], "the claim that was confirmed waits no more"
        assert [learner.all("number") for learner in learners_page(session).rows] == [["7777"]]
        assert len(courses_page(session).rows) == 1
        assert last_report(session, "linkedin-learner-detail") is None


def test_a_withdrawn_course_is_told_until_its_path_is_mended(app: Flask) -> None:
    with app.app_context():
        session = db.session()
        session.scalars(select(Course).where(Course.code == "ai-ethics")).one().retired_on = TODAY
        session.flush()
        assert [(lost.path.code, lost.course.code) for lost in work_list(session, TODAY).lost_courses] == [
            ("ai-fundamentals", "ai-ethics"),
            ("ai-hours", "ai-ethics"),
        ]
        assert not work_list(session, date(2026, 8, 31)).lost_courses


def test_members_and_what_was_recorded(app: Flask) -> None:
    with app.app_context():
        session = db.session()
        found = members_page(session, "EXAMPLE cleo", None, TODAY).rows
        assert [(line.member.number, line.cards, line.emails) for line in found] == [
            ("0003", ["Local 15 · stagehand"], ["cleo@example.org"])
        ]
        assert [line.member.number for line in members_page(session, "4", None, TODAY).rows] == ["0004"]
        unit = find_unit(session, "700")
        assert [line.member.first_name for line in members_page(session, "", unit, TODAY).rows] == ["Ben", "Dov"]
        ana = find_member(session, "1")
        assert ana
        assert [each.shown for each in identifiers_of(session, ana.member_id)] == ["ana@example.org", "0001"]
        with writing() as transaction:
            done = transaction.scalars(select(Completion).where(Completion.member_id == ana.member_id)).first()
            assert done
            void_completion(transaction, done, "a mistake", OPERATOR, now=datetime.now(UTC))
        history = history_of(session, ana.member_id)
        assert len(history) == 7
        assert [past.voided_by for past in history if past.completion.voided_at] == ["the operator"]


def test_imports_and_rules(app: Flask) -> None:
    with app.app_context():
        session = db.session()
        newest = batches_page(session).rows[0]
        assert (newest.batch.file_name, newest.rows, newest.by) == ("more.csv", 3, "the operator")
        outcomes = batch_outcomes(session, newest.batch.id)
        assert outcomes
        assert {outcome.value: count for outcome, count in outcomes.counts if count} == {
            "unmatched": 1,
            "unknown course": 1,
            "faulty": 1,
        }
        assert (outcomes.rows, outcomes.faults_in_all, outcomes.waiting_in_all) == (3, 1, 2)
        same = batch_of_file(session, newest.batch.sha256)
        assert same
        assert same.id == newest.batch.id
        assert batch_outcomes(session, 1) is None
        assert [(line.path.code, line.who) for line in open_rules(session, TODAY)] == [
            ("ai-fundamentals", "Everyone"),
            ("set-safety", "Members under Local 80 · Studio Grips"),
        ]
        assert craft_names(session) == ["editing", "grip", "sound", "stagehand"]
        assert [path.code for path in path_choices(session, TODAY)] == ["ai-fundamentals", "set-safety", "ai-hours"]
        assert "AI for Creative Professionals" in [choice.value for choice in course_choices(session)]
