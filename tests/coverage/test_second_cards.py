"""Second cards: exactly what the locals add up to more than the people above them, on every day asked, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from tracker.coverage import second_cards as second_cards_module
from tracker.coverage.catalogue import find_path
from tracker.coverage.finding import find_unit
from tracker.coverage.heatmap import Wanted, coverage_map
from tracker.coverage.second_cards import second_cards, second_cards_page
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import Craft, LearningPath, Unit, db

EXAMPLE = Path(__file__).parents[1] / "worked_example"
DAYS = [date(2021, 12, 31), date(2026, 2, 4), date(2026, 2, 28), date(2026, 4, 1)]
ROSTER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"


@pytest.fixture
def example(app: Flask, tracker: Callable[..., Result], tmp_path: Path) -> Flask:
    """The worked example, and beside it people with two and three cards, in one local, one district and two."""
    more = tmp_path / "more.csv"
    more.write_text(
        ROSTER
        + "".join(
            f"{number},{name},Many,,{local},{craft},active,member,2020-01-01,,{home}\n"
            for number, name, local, craft, home in (
                ("9001", "Zoe", "80", "grip", "yes"),
                ("9001", "Zoe", "700", "editing", "no"),
                ("9001", "Zoe", "15", "grip", "no"),
                ("9002", "Abe", "80", "grip", "yes"),
                ("9002", "Abe", "80", "rigging", "no"),
                ("9003", "Mia", "80", "grip", "yes"),
                ("9003", "Mia", "15", "stagehand", "no"),
            )
        )
    )
    for step in (
        ("union", "apply", EXAMPLE / "union.csv"),
        ("catalogue", "apply", EXAMPLE / "courses.yaml"),
        ("roster", "import", EXAMPLE / "roster.csv"),
        ("roster", "import", more),
        ("assign", "ai-fundamentals", "--everyone", "--on", "2020-01-05"),
        ("assign", "ai-hours", "--craft", "grip", "--on", "2021-01-05"),
        ("exempt", "9001", "ai-hours", "--reason", "leave", "--from", "2026-02-10", "--until", "2026-03-10"),
    ):
        tracker(*step)
    return app


def _unit(number: str) -> Unit:
    unit = find_unit(db.session(), number)
    assert unit is not None
    return unit


def _path(code: str) -> LearningPath:
    path = find_path(db.session(), code)
    assert path is not None
    return path


def test_the_excess_is_that_of_the_ledger(example: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with example.app_context():
        session = db.session()
        grip = session.scalar(select(Craft).where(Craft.key == "grip"))
        met = 0
        for day in DAYS:
            for craft in (None, grip):
                whole = coverage_map(
                    session, as_of=day, known=None, floor=Assurance.REVIEWED, whole=None, totals=(), craft=craft
                )
                for wanted in (Wanted(), Wanted(district="D1"), Wanted(district="D2")):
                    summary = whole.summary(wanted)
                    assert summary.unit is not None
                    for line in summary.lines:
                        found = second_cards(session, summary.unit, line.path, as_of=day, known=None, craft=craft)
                        assert found.excess == line.excess >= 0, (day, craft, wanted, line.path.code)
                        met += found.excess
                        with monkeypatch.context() as patch:  # derived from the facts known, it is the same
                            patch.setattr(second_cards_module, "is_restated_since", lambda *_: True)
                            asked = {"as_of": day, "known": datetime.now(UTC).date(), "craft": craft}
                            derived = second_cards(session, summary.unit, line.path, **asked)
                            assert derived.locals_of == found.locals_of
                            asked["known"] = date(2020, 1, 1)
                            assert second_cards(session, summary.unit, line.path, **asked).people == 0
        assert met > 20, "the example has second cards"


def test_who_they_are_by_name_a_page_at_a_time(example: Flask) -> None:
    with example.app_context():
        session = db.session()
        found = second_cards(session, _unit("IA"), _path("ai-fundamentals"), as_of=DAYS[2], known=None)
        rows = second_cards_page(session, found, size=None).rows
        listed = [(row.member.number, [unit.number for unit in row.locals]) for row in rows]
        assert listed == [("0002", ["80", "700"]), ("9003", ["15", "80"]), ("9001", ["15", "80", "700"])]
        assert (found.people, found.excess) == (3, 4), "Zoe counts in three locals: two too many"
        numbers, after = [], None
        for _ in range(3):
            page = second_cards_page(session, found, after, size=1)
            numbers += [row.member.number for row in page.rows]
            after = int(page.next_key) if page.next_key else None
        assert numbers == ["0002", "9003", "9001"]
        assert after is None
        in_district = second_cards(session, _unit("D2"), _path("ai-fundamentals"), as_of=DAYS[2], known=None)
        assert (in_district.people, in_district.excess) == (2, 2)
        one_local = second_cards(session, _unit("80"), _path("ai-fundamentals"), as_of=DAYS[2], known=None)
        assert one_local.people == 0, "Abe's two cards are in one local"


def test_distinct_people_are_at_most_the_locals_sum_and_at_least_the_largest(example: Flask) -> None:
    with example.app_context():
        for day in DAYS:
            found = coverage_map(db.session(), as_of=day, known=None, floor=Assurance.CLAIMED, whole=None, totals=())
            locals_ = [row for row in found.rows if row.unit.kind is UnitKind.LOCAL]
            for line in found.summary(Wanted()).lines:
                largest = max(row.figure(line.path).in_scope for row in locals_)
                assert largest <= line.figure.in_scope <= line.added_up
                assert line.locals == sum(1 for row in locals_ if row.figure(line.path).in_scope)
