"""Trends on the worked example: each point is the figure of its day, as known and as far as it may be seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from tracker.coverage import trends
from tracker.coverage.figures import NOBODY, figures_on
from tracker.coverage.trends import Mark, month_ends, trend
from tracker.models import LearningPath, Unit, db

EXAMPLE = Path(__file__).parents[1] / "worked_example"
AS_OF = date(2026, 8, 14)


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


def test_the_days_are_the_ends_of_months_and_the_day_itself() -> None:
    assert month_ends(date(2026, 3, 10), 2) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 10)]
    assert month_ends(date(2026, 3, 31), 1) == [date(2026, 2, 28), date(2026, 3, 31)]
    assert month_ends(date(1, 1, 5), 24) == [date(1, 1, 5)]


def test_each_point_is_the_figure_of_its_day(example: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    today = datetime.now(UTC).date()
    with example.app_context():
        session = db.session()
        for unit in session.scalars(select(Unit)):
            for path in session.scalars(select(LearningPath)):
                found = trend(session, unit.id, path.id, as_of=AS_OF)
                assert len(found.points) == 25
                for day, figure in found.points:
                    assert figure == figures_on(session, day).get((unit.id, 0, path.id), NOBODY), (unit.number, day)
                with monkeypatch.context() as patch:  # counted from the facts, it is the same
                    patch.setattr(trends, "is_restated_since", lambda *_: True)
                    assert trend(session, unit.id, path.id, as_of=AS_OF, known=today).points == found.points
                    before = trend(session, unit.id, path.id, as_of=AS_OF, known=date(2020, 1, 1))
                    assert before.asked == []


def test_a_new_version_of_the_path_is_marked(example: Flask, tracker: Callable[..., Result], tmp_path: Path) -> None:
    text = (EXAMPLE / "courses.yaml").read_text()
    assert text.count("    version: 1\n") >= 3
    newer = text.replace("    version: 1\n", "    version: 2\n    change: require\n    from: 2026-05-01\n", 1)
    newer = newer.replace("need: all", "need: {any: 1}", 1)
    (tmp_path / "courses.yaml").write_text(newer)
    tracker("catalogue", "apply", tmp_path / "courses.yaml")
    with example.app_context():
        session = db.session()
        paths = {path.code: path for path in session.scalars(select(LearningPath))}
        unit = session.scalars(select(Unit).where(Unit.number == "80")).one()
        marked = {code: trend(session, unit.id, path.id, as_of=AS_OF).marks for code, path in paths.items()}
        assert sorted(marked.values()) == [[], [], [Mark(date(2026, 5, 1), "version 2")]]
        (code,) = [each for each, found in marked.items() if found]
        assert trend(session, unit.id, paths[code].id, as_of=date(2026, 4, 30)).marks == []
        assert trend(session, unit.id, paths[code].id, as_of=AS_OF, known=date(2020, 1, 1)).marks == []
