"""Who came into a unit's scope and who left it between two days: against a count of the scope itself, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from tracker.coverage.compare import Moved, by_change, compared_units, moved, told_outside
from tracker.coverage.heatmap import coverage_map
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import LearningPath, ScopeSpan, Unit, UnitClosure, db

EXAMPLE = Path(__file__).parents[1] / "worked_example"
DAYS = [date(2019, 1, 1), date(2026, 2, 4), date(2026, 2, 28), date(2026, 4, 1)]


@pytest.fixture
def example(app: Flask, tracker: Callable[..., Result]) -> Flask:
    for step in (
        ("union", "apply", EXAMPLE / "union.csv"),
        ("catalogue", "apply", EXAMPLE / "courses.yaml"),
        ("roster", "import", EXAMPLE / "roster.csv"),
        ("assign", "ai-fundamentals", "--everyone", "--on", "2018-01-05"),
        ("assign", "ai-hours", "--craft", "editing", "--on", "2026-02-05"),
        ("exempt", "0008", "ai-fundamentals", "--reason", "leave", "--from", "2026-02-10", "--until", "2026-06-01"),
        ("completions", "import", EXAMPLE / "completions.csv"),
    ):
        tracker(*step)
    return app


def test_who_moved_is_the_difference_of_two_days_scopes(example: Flask) -> None:
    with example.app_context():
        session = db.session()
        units = list(session.scalars(select(Unit)))
        under = {unit.id: set() for unit in units}
        for above, below in session.execute(select(UnitClosure.ancestor_id, UnitClosure.descendant_id)):
            under[above].add(below)
        spans = list(session.scalars(select(ScopeSpan)))
        met = Moved(0, 0)
        for path in session.scalars(select(LearningPath)):
            for then, now in permutations(DAYS, 2):
                found = moved(session, path, then, now, [unit.id for unit in units])
                for unit in units:
                    was, is_now = (
                        {
                            span.member_id
                            for span in spans
                            if span.path_id == path.id
                            and span.unit_id in under[unit.id]
                            and span.from_on <= day < span.until_on
                        }
                        for day in (then, now)
                    )
                    by_hand = Moved(len(is_now - was), len(was - is_now))
                    assert found.get(unit.id, Moved(0, 0)) == by_hand, (path.code, then, now, unit.number)
                    met = Moved(met.joined + by_hand.joined, met.left + by_hand.left)
        assert min(met) > 20, "the example moves people"


def test_people_who_came_less_those_who_left_are_the_change_of_the_figure(example: Flask) -> None:
    with example.app_context():
        session = db.session()
        paths = list(session.scalars(select(LearningPath)))
        for then, now in permutations(DAYS, 2):
            earlier, later = (
                coverage_map(session, as_of=day, known=None, floor=Assurance.REVIEWED, whole=None, totals=())
                for day in (then, now)
            )
            for path in paths:
                for kind in UnitKind:
                    rows = compared_units(earlier, later, path, kind)
                    found = moved(session, path, then, now, [row.unit.id for row in rows])
                    for row in rows:
                        assert row.then is not None
                        assert row.now is not None
                        change = found.get(row.unit.id, Moved(0, 0))
                        assert change.joined - change.left == row.now.in_scope - row.then.in_scope
                    ranked = by_change(rows, Assurance.REVIEWED, losses_first=False)
                    points = [row.points(Assurance.REVIEWED) for row in ranked]
                    told = [each for each in points if each is not None]
                    assert told == sorted(told, reverse=True)
                    assert points[len(told) :] == [None] * (len(points) - len(told)), (
                        "where there is no change to tell: last"
                    )


@pytest.mark.parametrize(
    ("joined", "left", "is_told"), [(0, 0, True), (5, 0, True), (5, 5, True), (4, 9, False), (9, 1, False), (1, 1, False)]
)
def test_outside_a_unit_few_who_came_or_left_are_not_told(joined: int, left: int, is_told: bool) -> None:
    assert (told_outside(Moved(joined, left), 5) is not None) is is_told
