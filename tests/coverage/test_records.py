"""One member's record, in the worked example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tracker import create_app
from tracker.coverage.catalogue import find_path
from tracker.coverage.derivation import current_world, derive, facts_of
from tracker.coverage.finding import find_member
from tracker.coverage.records import member_record, path_page
from tracker.coverage.records.shapes import CourseRecord, MemberRecord, PathRecord
from tracker.curriculum.words import AssignmentKind
from tracker.models import Member, db

Tracker = Callable[..., Result]

EXAMPLE = Path(__file__).parents[1] / "worked_example"


@pytest.fixture
def app(tracker: Tracker) -> Iterator[Flask]:
    """The worked example, loaded through the program's own commands."""
    tracker("db", "upgrade")
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", EXAMPLE / "courses.yaml")
    tracker("roster", "import", EXAMPLE / "roster.csv")
    tracker("assign", "ai-fundamentals", "--everyone", "--on", "2026-01-05", "--due", "2026-03-31")
    tracker("assign", "set-safety", "--unit", "80", "--on", "2025-01-01")
    tracker("assign", "ai-hours", "--craft", "editing", "--on", "2026-01-05")
    tracker("assign", "ai-hours", "--member", "0001", "--on", "2026-02-01")
    tracker("assign", "ai-hours", "--unit", "15", "--kind", "recommended", "--on", "2026-01-05")
    tracker(
        "exempt", "0008", "ai-fundamentals", "--reason", "medical leave", "--from", "2026-02-01", "--until", "2026-06-01"
    )
    tracker("completions", "import", EXAMPLE / "completions.csv")
    app = create_app()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def member(number: str) -> Member:
    found = find_member(db.session(), number)
    assert found
    return found


def record(number: str, day: str) -> MemberRecord:
    return member_record(db.session(), member(number), date.fromisoformat(day))


def path_of(whole: MemberRecord, code: str) -> PathRecord:
    return next(path for path in whole.paths if path.path.code == code)


def line_of(path: PathRecord, code: str) -> CourseRecord:
    return next(line for section in path.sections for line in section.courses if line.course.code == code)


def test_what_the_example_says_of_everyone(app: Flask) -> None:
    with app.app_context():
        told = {
            (number, day, path.path.code): (
                path.state.value,
                path.progress.reviewed,
                path.progress.waiting,
                path.progress.needed,
                path.progress.minutes_to_go,
            )
            for number, day in (("1", "2026-02-04"), ("1", "2026-02-20"), ("2", "2026-02-10"), ("3", "2026-04-10"))
            for path in record(number, day).paths
        }
    assert told == {
        ("1", "2026-02-04", "ai-fundamentals"): ("under review", 3, 1, 4, 0),
        ("1", "2026-02-04", "ai-hours"): ("complete", 3, 0, 3, 0),
        ("1", "2026-02-04", "set-safety"): ("expiring", 2, 0, 2, 0),
        ("1", "2026-02-20", "ai-fundamentals"): ("complete", 4, 0, 4, 0),
        ("1", "2026-02-20", "ai-hours"): ("complete", 3, 0, 3, 0),
        ("1", "2026-02-20", "set-safety"): ("expiring", 2, 0, 2, 0),
        ("2", "2026-02-10", "ai-fundamentals"): ("complete by equivalent", 4, 0, 4, 0),
        ("2", "2026-02-10", "ai-hours"): ("complete", 3, 0, 3, 0),
        ("2", "2026-02-10", "set-safety"): ("complete by equivalent", 2, 0, 2, 0),
        ("3", "2026-04-10", "ai-fundamentals"): ("in progress", 3, 0, 4, 63),
        ("3", "2026-04-10", "ai-hours"): ("complete", 2, 0, 2, 0),
    }


def test_the_reasons_are_in_words_each_once(app: Flask) -> None:
    with app.app_context():
        ana, ben, cleo = record("1", "2026-02-10"), record("2", "2026-02-10"), record("3", "2026-04-10")
        assert [reason.words for reason in path_of(ana, "ai-hours").reasons] == ["required by name"]
        assert [reason.words for reason in path_of(ben, "ai-fundamentals").reasons] == ["required for everyone"], "two cards"
        assert [reason.words for reason in path_of(ben, "ai-hours").reasons] == ["required for the craft editing"]
        assert [reason.words for reason in path_of(ben, "set-safety").reasons] == ["required by Local 80"]
        assert [card.unit.number for card in ben.cards] == ["80", "700"]
        assert [card.unit.number for card in cleo.cards] == ["15"], "the transfer"
        assert path_of(cleo, "ai-hours").kind is AssignmentKind.RECOMMENDED
        assert path_of(cleo, "ai-fundamentals").due_on is None, "the new card began after the due day"


def test_two_reports_of_one_course_are_one_line(app: Flask) -> None:
    with app.app_context():
        line = line_of(path_of(record("1", "2026-03-01"), "ai-fundamentals"), "firefly")
        assert [(each.verb, each.on.isoformat()) for each in line.sightings] == [
            ("logged", "2026-02-01"),
            ("confirmed by LinkedIn Learning", "2026-02-20"),
        ]
        earlier = line_of(path_of(record("1", "2026-02-19"), "ai-fundamentals"), "firefly")
        assert [each.verb for each in earlier.sightings] == ["logged"], "on that day the report had not come"


def test_an_equivalent_tells_its_course_and_rule(app: Flask) -> None:
    with app.app_context():
        line = line_of(path_of(record("2", "2026-02-10"), "ai-fundamentals"), "what-is-generative-ai")
        assert [each.course.code for each in line.stood_for] == ["ai-for-creatives"]
        assert line.rules == (
            "AI for Creative Professionals counts as What Is Generative AI?, completed on or after 1\xa0January\xa02026.",
        )
        too_early = record("3", "2026-02-10")
        missing = line_of(path_of(too_early, "ai-fundamentals"), "what-is-generative-ai")
        assert (missing.state.value, missing.is_proposed) == ("not started", False), "no choice: it is simply needed"
        assert [each.course.code for each in too_early.elsewhere] == ["ai-for-creatives"]


@pytest.mark.parametrize(
    ("day", "state", "until"),
    [("2026-02-28", "expiring", "2026-03-01"), ("2026-03-01", "expired", "2026-03-01")],
)
def test_a_course_that_lapses(app: Flask, day: str, state: str, until: str) -> None:
    with app.app_context():
        safety = path_of(record("1", day), "set-safety")
        line = line_of(safety, "fall-protection")
        assert (safety.state.value, line.state.value, line.until_on.isoformat()) == (state, state, until)


def test_an_exemption_and_a_card_that_does_not_count(app: Flask) -> None:
    with app.app_context():
        hal = path_of(record("8", "2026-05-31"), "ai-fundamentals")
        assert (hal.state.value, hal.exemptions) == ("exempt", ("medical leave until 1\xa0June\xa02026",))
        assert hal.due_on is None
        assert path_of(record("8", "2026-06-01"), "ai-fundamentals").state.value == "overdue"
        dov = path_of(record("4", "2026-03-10"), "ai-fundamentals")
        assert dov.reasons
        assert not dov.asking, "retired: nothing is asked any more"
        assert dov.state.value == "complete", "and nothing is lost"


def test_what_a_path_asks_of_no_one_in_particular(app: Flask) -> None:
    with app.app_context():
        path = find_path(db.session(), "ai-hours")
        assert path
        page = path_page(db.session(), path, None, date(2026, 2, 10))
        assert [section.needs for section in page.sections] == ["at least 120 minutes of these"]
        assert page.progress.minutes_to_go == 123, "the fewest minutes that make 120: 63 + 60"
        assert [line.course.code for line in page.sections[0].courses if line.is_proposed] == [
            "what-is-generative-ai",
            "copilot",
        ]
        mine = path_page(db.session(), path, member("7"), date(2026, 2, 10))
        assert (mine.state.value, mine.reasons) == ("not started", ())


def test_a_record_says_what_the_figures_count(app: Flask) -> None:
    """Whoever is complete on their own page is covered in the figures, and the other way round."""
    with app.app_context():
        session = db.session()
        world = current_world(session)
        for number in map(str, range(1, 9)):
            for day in (date(2026, 2, 4), date(2026, 2, 28), date(2026, 3, 1), date(2026, 8, 31)):
                whole = record(number, day.isoformat())
                facts = dict(facts_of(session, world, [member(number).member_id]))[member(number).member_id]
                derived = derive(facts, world)
                for path in whole.paths:
                    rows = derived.standings.get(path.path.id, [])
                    covered = any(row.level >= 2 and row.from_on <= day < row.until_on for row in rows)
                    assert path.state.is_complete == (covered and path.state.value != "exempt"), (
                        number,
                        day,
                        path.path.code,
                    )
                    in_scope = any(row.path == path.path.id and row.from_on <= day < row.until_on for row in derived.scope)
                    assert in_scope == (path.kind is AssignmentKind.REQUIRED), (number, day, path.path.code)
