"""One unit's coverage on the worked example: denominators add up, states add up, on both engines and as known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tests.operations.conftest import Desk
from tracker.coverage import people as people_module
from tracker.coverage.catalogue import find_path
from tracker.coverage.derivation import current_policy
from tracker.coverage.figures import By, coverage_report
from tracker.coverage.finding import find_unit
from tracker.coverage.local import Counts, counts_of, denominator, denominator_of, in_scope_through, local_coverage
from tracker.coverage.local.files import why_table
from tracker.coverage.people import PersonHere, Wanted, by_state, people_here
from tracker.curriculum.days import FOREVER
from tracker.curriculum.paths import Standing
from tracker.curriculum.policy import Policy
from tracker.curriculum.states import State
from tracker.curriculum.words import Assurance
from tracker.models import LearningPath, Unit, db

EXAMPLE = Path(__file__).parents[1] / "worked_example"
DAYS = [date(2026, 2, 4), date(2026, 2, 28), date(2026, 3, 1), date(2026, 4, 1), date(2026, 8, 31)]
POLICY = Policy(("active", "permit", "retired"), frozenset({"active"}), frozenset({"active", "permit"}), 60, 30, 5)


@pytest.fixture
def example(app: Flask, tracker: Callable[..., Result]) -> Flask:
    """The worked example, loaded through the program's own commands."""
    for step in (
        ("union", "apply", EXAMPLE / "union.csv"),
        ("catalogue", "apply", EXAMPLE / "courses.yaml"),
        ("roster", "import", EXAMPLE / "roster.csv"),
        ("assign", "ai-fundamentals", "--everyone", "--on", "2026-01-05"),
        ("assign", "set-safety", "--unit", "80", "--on", "2025-01-01"),
        ("assign", "ai-hours", "--craft", "editing", "--on", "2026-01-05"),
        ("assign", "ai-hours", "--member", "0001", "--on", "2026-02-01"),
        ("assign", "ai-hours", "--unit", "15", "--kind", "recommended", "--on", "2026-01-05"),
        ("exempt", "0008", "ai-fundamentals", "--reason", "leave", "--from", "2026-02-01", "--until", "2026-06-01"),
        ("completions", "import", EXAMPLE / "completions.csv"),
    ):
        tracker(*step)
    return app


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app)


def _unit(number: str) -> Unit:
    unit = find_unit(db.session(), number)
    assert unit is not None
    return unit


def _path(code: str) -> LearningPath:
    path = find_path(db.session(), code)
    assert path is not None
    return path


def test_denominators_and_states_add_up_to_the_ledgers_figure(example: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with example.app_context():
        session = db.session()
        policy = current_policy(session)
        for day in DAYS:
            for row in coverage_report(session, as_of=day).rows:
                unit, path = _unit(row.unit), _path(row.path)
                people = people_here(session, unit, path.id, day)
                found = denominator_of(people, policy)
                assert found.in_scope == row.figure.in_scope, (day, row)
                assert found.with_card - sum(group.members for group in found.left_out) == found.in_scope
                for floor in Assurance:
                    states = by_state(people, Wanted(), day=day, floor=floor, policy=policy)
                    assert states.in_scope == row.figure.in_scope
                    complete = sum(count for state, count in states.counts.items() if state.is_complete)
                    assert complete == row.figure.covered(floor), (day, row, floor)
                with monkeypatch.context() as patch:  # counted from the facts, it is the same
                    patch.setattr(people_module, "is_restated_since", lambda *_: True)
                    assert people_here(session, unit, path.id, day, known=datetime.now(UTC).date()) == people
                    assert people_here(session, unit, path.id, day, known=date(2020, 1, 1)) == []


@pytest.mark.parametrize(
    ("unit", "path", "day", "with_card", "left_out", "in_scope"),
    [
        ("80", "ai-fundamentals", date(2026, 2, 28), 4, [(1, "exempt")], 3),
        ("80", "ai-hours", date(2026, 2, 28), 4, [(3, "not asked")], 1),
        ("15", "ai-fundamentals", date(2026, 2, 28), 2, [(1, "permit")], 1),
        ("15", "ai-hours", date(2026, 2, 28), 2, [(1, "permit"), (1, "not asked")], 0),
        ("700", "ai-fundamentals", date(2026, 3, 1), 3, [(1, "retired")], 2),
        ("D2", "ai-fundamentals", date(2026, 2, 28), 6, [(1, "exempt")], 5),
    ],
)
def test_whom_a_denominator_leaves_out(
    example: Flask,
    unit: str,
    path: str,
    day: date,
    with_card: int,
    left_out: list[tuple[int, str]],
    in_scope: int,
) -> None:
    with example.app_context():
        found = denominator(db.session(), _unit(unit), _path(path), day, current_policy(db.session()))
        assert [tuple(group) for group in found.left_out] == left_out
        assert (found.with_card, found.in_scope) == (with_card, in_scope)


def test_the_card_nearest_to_being_counted_tells_why_someone_is_left_out() -> None:
    two_cards = PersonHere(1, "a", "1", ["retired", "active"])
    two_that_do_not_count = PersonHere(2, "b", "2", ["retired", "permit"])
    asked_and_excused = PersonHere(3, "c", "3", ["active", "permit"], is_asked=True)
    found = denominator_of([two_cards, two_that_do_not_count, asked_and_excused], POLICY)
    assert [tuple(group) for group in found.left_out] == [(1, "permit"), (1, "exempt"), (1, "not asked")]
    assert (found.with_card, found.in_scope) == (3, 0)


def test_a_local_beside_its_district_by_craft_and_to_its_target(example: Flask) -> None:
    with example.app_context():
        session, local = db.session(), _unit("700")
        coverage = local_coverage(
            session, local, as_of=date(2026, 2, 28), known=None, floor=Assurance.REVIEWED, whole=None, totals=()
        )
        line = coverage.line_of(_path("ai-fundamentals"))
        assert line is not None
        assert (line.covered, line.figure.in_scope, line.target_percent, line.to_go) == (2, 3, 80, 1)
        assert [(each.unit.number, each.figure and each.figure.in_scope) for each in line.beside] == [("D2", 5), ("IA", 6)]
        crafts = [(each.craft, each.figure.in_scope) for each in coverage.crafts[line.path.id]]
        assert crafts == [("editing", 2), ("sound", 1)]
        assert [path.code for path in coverage.idle] == ["set-safety"]
        assert coverage.report().rows == coverage_report(session, as_of=date(2026, 2, 28), unit=local).rows
        known = datetime.now(UTC).date()
        again = local_coverage(
            session, local, as_of=date(2026, 2, 28), known=known, floor=Assurance.REVIEWED, whole=None, totals=()
        )
        assert again.lines == coverage.lines
        assert again.crafts == coverage.crafts


def test_a_parents_total_needs_five_locals(example: Flask) -> None:
    with example.app_context():
        local, district, union = _unit("80"), _unit("D2"), _unit("IA")
        coverage = local_coverage(
            db.session(),
            local,
            as_of=date(2026, 2, 28),
            known=None,
            floor=Assurance.REVIEWED,
            whole={local.id},
            totals={district.id, union.id},
        )
        assert all(each.figure is None for line in coverage.lines for each in line.beside)
        as_total = local_coverage(
            db.session(),
            district,
            as_of=date(2026, 2, 28),
            known=None,
            floor=Assurance.REVIEWED,
            whole={local.id},
            totals={district.id, union.id},
        )
        assert not as_total.lines
        assert len(as_total.hidden) == 3
        assert not any(as_total.crafts.values())
        assert not as_total.locals
        assert as_total.report().rows == ()


def test_a_total_as_known_opens_only_where_the_smaller_ones_let_it(desk: Desk) -> None:
    """Local 600 stands alone outside District 2: the union's total less the district's would tell its figure."""
    units = [f"{number},L{number},local,D2,Burbank,CA,US,Stage,America/Los_Angeles\n" for number in range(80, 85)]
    desk.units(
        "number,name,kind,parent,city,region,country,sector,time_zone\n"
        "IA,International,international,,,,,,America/New_York\n"
        "D2,District 2,district,IA,,,US,,America/Los_Angeles\nD9,District 9,district,IA,,,US,,America/Chicago\n"
        + "".join(units)
        + "600,Photographers,local,D9,Chicago,IL,US,Film,America/Chicago\n"
    )
    desk.catalogue()
    locals_ = ("80", "81", "82", "83", "84", "600")
    desk.roster("".join(f"0{n},First,Last{n},,{n},grip,active,member,2019-03-01,,yes\n" for n in locals_))
    desk.assign("set-safety", everyone=True, on=date(2026, 1, 5))
    then = desk.today
    desk.today += timedelta(days=9)
    desk.log("080", "osha-10", date(2026, 1, 5), Assurance.REVIEWED)  # since then, something was recorded
    with desk.session() as session:
        whole, totals = {_unit("80").id}, {_unit("D2").id, _unit("IA").id}

        def told(number: str, known: date | None) -> int | None:
            asked = {"as_of": desk.today, "known": known, "floor": Assurance.REVIEWED}
            found = local_coverage(session, _unit(number), whole=whole, totals=totals, **asked)  # type: ignore[arg-type]
            assert [each.code for each in found.hidden if each.code == "set-safety"] == ["set-safety"] * (number == "IA")
            line = found.line_of(_path("set-safety"))
            return line.figure.in_scope if line else None

        for known in (None, then):
            assert told("D2", known) == 5
            assert told("IA", known) is None


def test_the_median_is_that_of_the_districts_locals_and_a_reader_of_totals_needs_five(example: Flask) -> None:
    with example.app_context():
        session, local, district = db.session(), _unit("80"), _unit("D2")
        asked = {"as_of": date(2026, 2, 28), "known": None, "floor": Assurance.REVIEWED}

        def median(whole: set[int] | None, totals: set[int]) -> tuple[str, Fraction, int] | None:
            coverage = local_coverage(session, local, whole=whole, totals=totals, **asked)  # type: ignore[arg-type]
            line = coverage.line_of(_path("ai-fundamentals"))
            assert line is not None
            found = line.median
            return (found.district.number, found.share, found.locals) if found else None

        assert median(None, set()) == ("D2", Fraction(2, 3), 2)
        assert median({local.id, _unit("700").id, district.id}, set()) == ("D2", Fraction(2, 3), 2)
        assert median({local.id}, {district.id, _unit("IA").id}) is None


def test_who_is_in_scope_through_a_craft_is_whom_its_figure_counts(example: Flask) -> None:
    with example.app_context():
        session = db.session()
        for day in DAYS:
            for number in ("IA", "D2", "80", "700", "15"):
                unit = _unit(number)
                for row in coverage_report(session, as_of=day, unit=unit, by=By.CRAFT).rows:
                    through = in_scope_through(session, unit, _path(row.path), row.unit, day)
                    assert len(through) == row.figure.in_scope, (day, number, row)
                    today = datetime.now(UTC).date()
                    assert in_scope_through(session, unit, _path(row.path), row.unit, day, today) == through
        assert in_scope_through(session, _unit("80"), _path("set-safety"), "grip", DAYS[1], date(2020, 1, 1)) == set()


def _person(key: int, due_on: date | None, level: int | None = None, status: str = "active") -> PersonHere:
    spans = [] if level is None else [Standing(date(2026, 1, 1), FOREVER, level)]
    return PersonHere(key, str(key), str(key), [status], status == "active", status == "active", due_on, spans)


def test_due_days_are_counted_for_those_who_are_due_and_small_groups_are_hidden_from_outsiders() -> None:
    day, soon, past, far = date(2026, 3, 1), date(2026, 3, 20), date(2026, 2, 1), date(2026, 9, 1)
    people = [
        *(_person(n, soon) for n in range(8)),
        *(_person(n, past) for n in range(10, 13)),
        *(_person(n, past, 2) for n in range(20, 27)),
        *(_person(n, far) for n in range(30, 39)),
        *(_person(n, None, 0) for n in range(40, 42)),
        *(_person(n, None, status="retired") for n in range(50, 58)),
        *(_person(n, None, status="permit") for n in range(60, 62)),
    ]
    states = by_state(people, Wanted(), day=day, floor=Assurance.REVIEWED, policy=POLICY).counts
    why = denominator_of(people, POLICY)

    def counts(hides_small: bool) -> Counts:
        return counts_of(people, states, why, day=day, floor=Assurance.REVIEWED, policy=POLICY, hides_small=hides_small)

    own, outside = counts(False), counts(True)
    assert [tuple(each) for each in own.due] == [(State.OVERDUE, past, 3), (State.DUE_SOON, soon, 8)]
    assert not own.hides
    assert outside.due == ()
    assert outside.hides
    assert outside.states[State.OVERDUE] is None
    assert outside.states[State.IN_PROGRESS] is None
    assert outside.states[State.COMPLETE] == 7
    shown = [number for number in outside.states.values() if number is not None]
    assert len(shown) < len(outside.states) - 1, "not one alone is hidden"
    assert (outside.with_card, outside.too_few, outside.left_out) == (39, 10, [])


def test_so_few_left_out_that_even_their_sum_stays_hidden() -> None:
    people = [*(_person(n, None) for n in range(9)), *(_person(n, None, status="retired") for n in range(20, 23))]
    states = by_state(people, Wanted(), day=DAYS[0], floor=Assurance.REVIEWED, policy=POLICY).counts
    why = denominator_of(people, POLICY)
    found = counts_of(
        people,
        states,
        why,
        day=DAYS[0],
        floor=Assurance.REVIEWED,
        policy=POLICY,
        hides_small=True,
    )
    assert (found.with_card, found.left_out, found.in_scope) == (None, (), 9)
    assert found.states == {State.NOT_STARTED: 9}
    rows = why_table(found).rows
    assert rows == [("hold a card here", None), ("left out", None), ("in scope", 9)]
