"""Where people stop: on the worked example equal to the figures and to each member's own record, and by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from tracker.coverage import sections
from tracker.coverage.derivation import current_world, facts_of
from tracker.coverage.figures import NOBODY, figures_on
from tracker.coverage.people import people_here
from tracker.coverage.progress import progress_of
from tracker.coverage.sections import SectionFunnel, section_funnel
from tracker.curriculum.words import Assurance
from tracker.models import LearningPath, Unit, db

EXAMPLE = Path(__file__).parents[1] / "worked_example"
DAYS = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 8, 31)]


@pytest.fixture
def example(app: Flask, tracker: Callable[..., Result]) -> Flask:
    for step in (
        ("union", "apply", EXAMPLE / "union.csv"),
        ("catalogue", "apply", EXAMPLE / "courses.yaml"),
        ("roster", "import", EXAMPLE / "roster.csv"),
        ("assign", "ai-fundamentals", "--everyone", "--on", "2026-01-05"),
        ("assign", "set-safety", "--unit", "80", "--on", "2025-01-01"),
        ("assign", "ai-hours", "--craft", "editing", "--on", "2026-01-05"),
        ("exempt", "0008", "ai-fundamentals", "--reason", "leave", "--from", "2026-02-01", "--until", "2026-06-01"),
        ("completions", "import", EXAMPLE / "completions.csv"),
    ):
        tracker(*step)
    return app


@pytest.fixture
def two_versions(example: Flask, tracker: Callable[..., Result], tmp_path: Path) -> Flask:
    """AI Fundamentals asks one course of the second section from March on; who has begun keeps the two."""
    text = (EXAMPLE / "courses.yaml").read_text()
    first, rest = text.split("    version: 1\n", 1)
    newer = f"{first}    version: 2\n    change: keep\n    from: 2026-03-01\n{rest}".replace("any: 2", "any: 1", 1)
    (tmp_path / "courses.yaml").write_text(newer)
    tracker("catalogue", "apply", tmp_path / "courses.yaml")
    return example


def every(as_of: date, floor: Assurance, known: date | None = None) -> dict[tuple[str, str], SectionFunnel]:
    session = db.session()
    return {
        (unit.number, path.code): section_funnel(session, unit, path, as_of=as_of, known=known, floor=floor)
        for unit in session.scalars(select(Unit))
        for path in session.scalars(select(LearningPath))
    }


def check(found: SectionFunnel) -> None:
    """It is what the figure says, and what each member's own record adds up to."""
    session, day, floor = db.session(), found.as_of, found.floor
    figure = figures_on(session, day).get((found.unit.id, 0, found.path.id), NOBODY)
    assert (found.in_scope, found.complete) == (figure.in_scope, figure.covered(floor))
    world = current_world(session)
    here = [each.member_id for each in people_here(session, found.unit, found.path.id, day) if each.is_in_scope]
    held: Counter[tuple[int, int]] = Counter()
    bound: Counter[int] = Counter()
    for _, facts in facts_of(session, world, here):
        mine = progress_of(facts, found.path.id, day=day, floor=floor, world=world, takeable={})
        assert mine is not None
        bound[mine.version.number] += 1
        holds = {each.course for each in mine.counting if day < each.until_on and each.assurance >= floor}
        held.update((mine.version.number, course) for course in holds)
    assert {each.number: each.in_scope for each in found.versions} == dict(bound)
    for version in found.versions:
        told = {(version.number, each.course.id): each.held for part in version.sections for each in part.courses}
        assert told == {key: held[key] for key in told}
        assert sum(part.stops for part in version.sections) == version.begun - version.complete
        for part in version.sections:
            assert version.complete <= part.met <= version.in_scope
            assert sum(each.stops for each in part.courses) in (0, part.stops)


@pytest.mark.parametrize("floor", Assurance)
def test_it_is_what_the_figures_and_the_members_own_records_say(example: Flask, floor: Assurance) -> None:
    with example.app_context():
        for day in DAYS:
            for found in every(day, floor).values():
                check(found)


def test_those_bound_by_different_versions_are_told_apart(two_versions: Flask) -> None:
    with two_versions.app_context():
        told = every(date(2026, 8, 31), Assurance.REVIEWED)
        assert {len(found.versions) for found in told.values()} == {0, 1, 2}
        newest = told["IA", "ai-fundamentals"].versions
        assert [each.number for each in newest] == [2, 1]
        assert [part.asks for each in newest for part in each.sections] == [
            "every course", "any 1 of 3", "every course", "any 2 of 3",
        ]  # fmt: skip
        for found in told.values():
            check(found)


def test_as_known_it_is_derived_from_what_was_known(two_versions: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    today = datetime.now(UTC).date()
    with two_versions.app_context():
        now = every(DAYS[-1], Assurance.REVIEWED)
        monkeypatch.setattr(sections, "is_restated_since", lambda *_: True)
        as_known = every(DAYS[-1], Assurance.REVIEWED, known=today)
        for key, found in now.items():
            assert [(each.number, each.in_scope, each.begun, each.complete) for each in found.versions] == [
                (each.number, each.in_scope, each.begun, each.complete) for each in as_known[key].versions
            ]
        assert {found.in_scope for found in every(DAYS[-1], Assurance.REVIEWED, known=date(2020, 1, 1)).values()} == {0}


ROSTER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
COMPLETIONS = "member_number,email,course,completed_on,assurance,evidence_url,external_id\n"


def test_where_people_stop_counted_by_hand(example: Flask, tracker: Callable[..., Result], tmp_path: Path) -> None:
    """Five in Local 15: one begins nothing, two lack ethics, one lacks a second choice, one is complete."""
    numbers = ["501", "502", "503", "504", "505"]
    (tmp_path / "roster.csv").write_text(
        ROSTER + "".join(f"{each},Hand,Counted,,15,stagehand,active,member,2024-01-01,,yes\n" for each in numbers)
    )
    done = {
        "502": ["what-is-generative-ai"],
        "503": ["what-is-generative-ai", "copilot"],
        "504": ["what-is-generative-ai", "ai-ethics", "copilot"],
        "505": ["what-is-generative-ai", "ai-ethics", "copilot", "firefly"],
    }
    (tmp_path / "completions.csv").write_text(
        COMPLETIONS + "".join(f"{who},,{each},2026-02-01,provider,,\n" for who, all_ in done.items() for each in all_)
    )
    with example.app_context():
        session = db.session()
        unit = session.scalars(select(Unit).where(Unit.number == "15")).one()
        path = session.scalars(select(LearningPath).where(LearningPath.code == "ai-fundamentals")).one()
        question = {"as_of": date(2026, 2, 28), "known": None, "floor": Assurance.REVIEWED}
        (before,) = section_funnel(session, unit, path, **question).versions  # type: ignore[arg-type]
        session.rollback()
        tracker("roster", "import", tmp_path / "roster.csv")
        tracker("completions", "import", tmp_path / "completions.csv")
        found = section_funnel(session, unit, path, **question)  # type: ignore[arg-type]
        (after,) = found.versions
        assert after.in_scope - before.in_scope == 5
        assert after.begun - before.begun == 4
        assert after.complete - before.complete == 1
        stops = [(new.stops - old.stops) for old, new in zip(before.sections, after.sections, strict=True)]
        assert stops == [2, 1]
        ethics = after.sections[0].courses[1]
        assert ethics.course.code == "ai-ethics"
        assert ethics.stops - before.sections[0].courses[1].stops == 2
        assert ethics.held - before.sections[0].courses[1].held == 2
