"""A change of the catalogue, told before it is applied: never another than what applying it then does.

``TRACKER_TEST_UNIONS=200 pytest tests/coverage/test_simulating.py`` looks further than the usual run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from tests.conftest import empty_database
from tests.operations.conftest import ANA, BEN, Desk
from tests.test_random_unions import POLICY, Story
from tests.test_worked_example import EXAMPLE
from tracker import create_app
from tracker.cli import main
from tracker.coverage.figures import figures_on
from tracker.coverage.simulating import Group, Members, PathChange, Simulation, named_page, simulate
from tracker.curriculum.catalogue import Catalogue, read_catalogue
from tracker.curriculum.coverage import EVERY_CRAFT, Figure
from tracker.curriculum.paths import ChangePolicy
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import LearningPath, PathVersion, Unit, db, trying
from tracker.operations.actor import OPERATOR
from tracker.operations.catalogue import CatalogueApplied, apply_catalogue
from tracker.operations.refused import Refused
from tracker.operations.simulating import GRACE, tried_catalogue

UNIONS = {
    "sqlite": int(os.environ.get("TRACKER_TEST_UNIONS", "8")),
    "postgresql": int(os.environ.get("TRACKER_TEST_UNIONS", "8")) // 4,
}
T = TypeVar("T")
FLOORS = tuple(Assurance)


def unwatched(_label: str, rows: Iterable[T], _length: int, /) -> Iterator[T]:
    return iter(rows)


class Trial(Story):
    """A union's life, whose last changes of the catalogue are written down and not applied."""

    is_over = False
    text = ""

    def tracker(self, *arguments: object) -> str:
        if self.is_over:
            self.text = Path(str(arguments[-1])).read_text()
            return ""
        return super().tracker(*arguments)


def change_something(story: Trial) -> None:
    story.is_over = True
    for _ in range(story.random.randint(1, 3)):
        story.publish_a_version()
    if story.chance(0.6):
        story.edit_courses()


def under(catalogue: Catalogue, change: ChangePolicy, today: date) -> Catalogue:
    """The file as if it said this of everyone already asked."""
    paths = []
    for path in catalogue.paths:
        grace = path.grace_on or max(path.from_on or today, today) + GRACE
        is_grace = change is ChangePolicy.GRACE
        paths.append(
            replace(path, change=change, grace_on=grace if is_grace else None) if is_new(path.code, path.version) else path
        )
    return replace(catalogue, paths=tuple(paths))


def is_new(code: str, version: int) -> bool:
    newest = db.session.scalars(
        select(PathVersion.number)
        .join(LearningPath, LearningPath.id == PathVersion.path_id)
        .where(LearningPath.code == code)
    ).all()
    return bool(newest) and version > max(newest)


def simulated(catalogue: Catalogue, story: Story, floor: Assurance) -> tuple[Simulation, Members]:
    tried = tried_catalogue(db.session(), catalogue, today=story.today, now=story.moment)
    return simulate(db.session(), tried, floor=floor, today=story.today, now=story.moment, watch=unwatched)


def locals_figures(path: PathChange, day: date) -> dict[int, Figure]:
    """Each local's figure, and the whole union's under 0."""
    units = {unit.id: unit for unit in db.session.scalars(select(Unit))}
    found = {}
    for (unit_id, craft, path_id), figure in figures_on(db.session(), day).items():
        if path_id == path.path_id and craft == EVERY_CRAFT and figure.in_scope:
            if units[unit_id].kind is UnitKind.LOCAL:
                found[unit_id] = figure
            elif units[unit_id].parent_id is None:
                found[0] = figure
    return found


def applied(catalogue: Catalogue, found: Simulation, story: Story, told: dict[str, Any]) -> CatalogueApplied:
    """Apply it, look at every figure, and take it back."""
    with time_machine.travel(story.moment, tick=False), trying(True) as session:
        policy = Path(os.environ["TRACKER_POLICY"]).read_text()
        done = apply_catalogue(session, catalogue, story.text, policy, OPERATOR, today=story.today, now=story.moment)
        for path in found.paths:
            for day in path.days:
                told[f"{path.code} {day}"] = locals_figures(path, day)
    return done


def compare(
    found: Simulation, members: Members, change: ChangePolicy, before: dict[str, Any], after: dict[str, Any]
) -> None:
    for path in found.paths:
        for day in path.days:
            outcome = path.outcome(change, day)
            was, now = before[f"{path.code} {day}"], after[f"{path.code} {day}"]
            whole = Figure(0, 0, 0, 0)
            counts = (outcome.in_scope, outcome.before, outcome.after)
            wanted = was.get(0, whole)
            assert counts == (wanted.in_scope, wanted.covered(found.floor), now.get(0, whole).covered(found.floor))
            expected = {
                unit_id: (figure.in_scope, figure.covered(found.floor), now[unit_id].covered(found.floor))
                for unit_id, figure in was.items()
                if unit_id and figure.covered(found.floor) != now[unit_id].covered(found.floor)
            }
            assert {each.unit_id: (each.in_scope, each.before, each.after) for each in outcome.locals} == expected
            assert outcome.lost_in_scope - outcome.gained_in_scope == outcome.before - outcome.after
            for who in ("lost", "gained", "kept"):
                key = Group(path.path_id, change, day, who).key
                assert len(members.get(key, ())) == getattr(outcome, who) >= getattr(outcome, f"{who}_in_scope")


@pytest.mark.parametrize(("engine", "seed"), [(engine, seed) for engine, count in UNIONS.items() for seed in range(count)])
def test_what_is_simulated_is_what_applying_then_does(
    engine: str, seed: int, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.format(counts="active, apprentice"))
    with empty_database(engine, request, tmp_path) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("TRACKER_INSTANCE", str(tmp_path))
        monkeypatch.setenv("TRACKER_POLICY", str(policy))
        monkeypatch.setenv("SECRET_KEY", "a-key-for-tests-0123456789-abcdefghijklmnop")
        app = create_app()
        monkeypatch.setattr("tracker.create_app", lambda: app)

        def run(*arguments: str) -> str:
            result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
            assert result.exit_code == 0, "\n".join([*story.lines, result.output])
            return result.stdout

        story = Trial(seed, tmp_path, run)
        steps: list[Callable[[], None]] = [story.apply_units, story.apply_first_catalogue, story.import_first_roster]
        steps += [
            *[story.assign] * 4,
            story.import_completions,
            story.publish_a_version,
            story.exempt,
            story.import_completions,
        ]
        steps += [story.import_later_roster, story.exempt]
        for step in steps:
            step()
            story.moment += timedelta(days=story.random.choice((0, 1, 3, 9)), hours=1)
        change_something(story)
        floor = story.random.choice(FLOORS)
        try:
            with app.app_context():
                _as_applied(story, floor)
        except AssertionError as failure:
            failure.add_note("\n".join([*story.lines, story.text]))
            raise
        finally:
            with app.app_context():
                db.engine.dispose()


def _as_applied(story: Trial, floor: Assurance) -> None:
    catalogue = read_catalogue(story.text)
    found, members = simulated(catalogue, story, floor)
    db.session.rollback()
    before = {f"{path.code} {day}": locals_figures(path, day) for path in found.paths for day in path.days}
    claimed, _ = simulated(catalogue, story, Assurance.CLAIMED)
    assert found.paths
    for change in ChangePolicy:
        after: dict[str, Any] = {}
        done = applied(under(catalogue, change, story.today), found, story, after)
        compare(found, members, change, before, after)
        # `catalogue diff` counts the same, at any assurance
        for path in claimed.paths:
            judged = path.grace_day if change is ChangePolicy.GRACE else path.first_day
            outcome = path.outcome(change, judged)
            assert (outcome.gained, outcome.lost) == (done.states.gained[path.path_id], done.states.lost[path.path_id])
        edited = {each.path_id: (each.gained, each.lost, each.other) for each in claimed.edited}
        new = {path.path_id for path in claimed.paths}
        states = done.states
        touched = (states.gained | states.lost | states.other).keys() - new
        assert edited == {each: (states.gained[each], states.lost[each], states.other[each]) for each in touched}
    db.session.rollback()
    assert {f"{path.code} {day}": locals_figures(path, day) for path in found.paths for day in path.days} == before


# --- In a little union -------------------------------------------------------------------------------------------------

TEXT = (EXAMPLE / "courses.yaml").read_text()


def hours(minutes: int, change: str = "") -> str:
    """The file with a second version of ai-hours."""
    head, tail = TEXT.split("  - code: ai-hours\n")
    tail = tail.replace("version: 1", f"version: 2{change}", 1)
    return f"{head}  - code: ai-hours\n{tail.replace('{minutes: 120}', f'{{minutes: {minutes}}}', 1)}"


@pytest.fixture
def union(app: Flask) -> Desk:
    """Ana (80) has 228 minutes of AI and Ben (700) 60, and both are asked for 120."""
    desk = Desk(app)
    desk.units()
    desk.catalogue()
    desk.roster(ANA + BEN)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    desk.completions("1,,firefly,2026-02-01,provider,,\n2,,copilot,2026-02-01,provider,,\n")
    return desk


def tried(desk: Desk, text: str, floor: Assurance = Assurance.REVIEWED) -> tuple[Simulation, Members]:
    with desk.session() as session:
        curricula = tried_catalogue(session, read_catalogue(text), today=desk.today, now=desk.now)
        return simulate(session, curricula, floor=floor, today=desk.today, now=desk.now, watch=unwatched)


def test_each_policy_tells_who_turns_incomplete_who_is_kept_and_which_local_falls_below(union: Desk) -> None:
    before = union.written()
    found, members = tried(union, hours(240))
    (path,) = found.paths
    assert (path.version_before, path.version_after, path.stated) == (1, 2, None)
    assert path.days == (union.today, union.today + GRACE)
    told = {
        (policy, day): (
            path.outcome(policy, day).lost,
            path.outcome(policy, day).kept,
            len(path.outcome(policy, day).below(path.target)),
        )
        for policy in ChangePolicy
        for day in path.days
    }
    first, grace = path.days
    assert told == {
        (ChangePolicy.KEEP, first): (0, 1, 0),
        (ChangePolicy.KEEP, grace): (0, 1, 0),
        (ChangePolicy.GRACE, first): (0, 1, 0),
        (ChangePolicy.GRACE, grace): (1, 0, 1),
        (ChangePolicy.REQUIRE, first): (1, 0, 1),
        (ChangePolicy.REQUIRE, grace): (1, 0, 1),
    }
    assert [each.number for each in path.outcome(ChangePolicy.REQUIRE, first).below(path.target)] == ["80"]
    with union.session() as session:
        page = named_page(session, members[Group(path.path_id, ChangePolicy.REQUIRE, first, "lost").key], first)
        assert [(row.name, row.locals) for row in page.rows] == [("Ana Example", "80")]
    assert union.written() == before


def test_easier_rules_make_people_complete(union: Desk) -> None:
    found, _ = tried(union, hours(60, "\n    change: require"))
    assert found.paths[0].stated is ChangePolicy.REQUIRE
    told = found.paths[0].outcome(ChangePolicy.REQUIRE, union.today)
    assert (told.gained, told.lost, told.before, told.after) == (1, 0, 1, 2)


def test_an_edited_course_is_told_apart_from_new_versions(union: Desk) -> None:
    found, _ = tried(union, TEXT.replace("minutes: 228", "minutes: 100", 1))
    assert found.paths == []
    assert [(each.code, each.gained, each.lost) for each in found.edited] == [("ai-hours", 0, 1)]


def test_the_same_file_changes_nobody(union: Desk) -> None:
    found, _ = tried(union, TEXT)
    assert (found.paths, found.edited, found.members, found.changes) == ([], [], 0, [])


def test_a_path_that_asks_otherwise_under_the_same_version_is_refused_with_its_line(union: Desk) -> None:
    with pytest.raises(Refused) as refused:
        tried(union, hours(240).replace("version: 2", "version: 1"))
    assert refused.value.code == "version_unchanged"
    assert any("ai-hours" in str(fault) for fault in refused.value.faults)


def test_what_was_found_survives_being_kept(union: Desk) -> None:
    found, _ = tried(union, hours(240, "\n    change: keep"))
    assert Simulation.from_json(json.loads(json.dumps(found.as_json()))) == found
