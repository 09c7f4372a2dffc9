"""Where to train next, against a count of the facts by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from tests.test_worked_example import EXAMPLE
from tracker.config import shipped
from tracker.coverage.derivation import derive, facts_of, world_as_known
from tracker.coverage.exports import document_csv
from tracker.coverage.priorities import By, Priorities, findings, priorities, priorities_document
from tracker.curriculum.priorities import placed
from tracker.curriculum.words import Assurance
from tracker.models import Craft, LearningPath, Unit, db

DAY = date(2026, 2, 28)
STATED = """\
exposure:
  bands: [0.2, 0.4, 0.6, 0.8]
  crafts:
    - {craft: Editing, step: 4, source: Training committee, on: 2026-01-05}
  occupations:
    - {craft: grip, soc: 27-4099, source: SOC 2018, on: 2026-01-05}
  scores:
    - {soc: 27-4099, score: 0.25, source: A public table, on: 2025-12-01}
"""


@pytest.fixture
def run(tracker: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """The worked example, whose policy a test may write."""

    def run(*arguments: str) -> str:
        return tracker(*(str(EXAMPLE / each) if each.endswith((".csv", ".yaml")) else each for each in arguments)).output

    monkeypatch.setenv("TRACKER_POLICY", str(tmp_path / "policy.yaml"))
    state(tmp_path, "")
    for step in (
        ("union", "apply", "union.csv"),
        ("catalogue", "apply", "courses.yaml"),
        ("roster", "import", "roster.csv"),
        ("completions", "import", "completions.csv"),
        ("assign", "ai-fundamentals", "--everyone", "--on", "2026-01-05"),
        ("assign", "set-safety", "--unit", "80", "--on", "2025-01-01"),
        ("assign", "ai-hours", "--craft", "editing", "--on", "2026-01-05"),
        ("exempt", "8", "ai-fundamentals", "--reason", "leave", "--from", "2026-02-01"),
    ):
        run(*step)
    return run


def state(folder: Path, exposure: str) -> None:
    plain = shipped("policy.yaml").read_text()
    (folder / "policy.yaml").write_text(plain[: plain.index("\nexposure:")] + "\n" + exposure)


def by_hand(floor: Assurance, path: str | None) -> dict[tuple[str, str], int]:
    """People not covered by local ("" for the whole union) and craft ("" for all crafts), counted member by member."""
    session = db.session()
    world = world_as_known(session)
    units = {unit.id: unit.number for unit in session.scalars(select(Unit))}
    crafts = {craft.id: craft.key for craft in session.scalars(select(Craft))}
    paths = {row.id: row.code for row in session.scalars(select(LearningPath))}
    left: dict[tuple[str, str], int] = defaultdict(int)
    for _, facts in facts_of(session, world):
        derived = derive(facts, world)
        asked: dict[tuple[int, str, str], None] = {}
        for row in derived.scope:
            if row.from_on <= DAY < row.until_on and path in (None, paths[row.path]):
                for local in ("", units[row.unit]):
                    for craft in ("", crafts[row.craft]):
                        asked[row.path, local, craft] = None
        for path_id, local, craft in asked:
            rows = derived.standings.get(path_id, [])
            if not any(row.level >= floor and row.from_on <= DAY < row.until_on for row in rows):
                left[local, craft] += 1
    return dict(left)


def asked(by: By, floor: Assurance = Assurance.REVIEWED, path: str | None = None) -> Priorities:
    session = db.session()
    found = session.scalar(select(LearningPath).where(LearningPath.code == path)) if path else None
    return priorities(session, by=by, as_of=DAY, floor=floor, path=found)


@pytest.mark.parametrize("path", [None, "ai-fundamentals"])
@pytest.mark.parametrize("floor", list(Assurance))
def test_every_row_is_the_count_by_hand_times_the_exposure(
    run: Callable[..., str], app: Flask, tmp_path: Path, floor: Assurance, path: str | None
) -> None:
    state(tmp_path, STATED)
    run("catalogue", "apply", "courses.yaml")
    steps = {"editing": 4, "grip": 2}
    with app.app_context():
        left = by_hand(floor, path)
        rows = {
            By.CRAFT: {craft: {craft: people} for (local, craft), people in left.items() if craft and not local},
            By.BOTH: {f"{local} {craft}": {craft: people} for (local, craft), people in left.items() if craft and local},
            By.LOCAL: {
                local: {craft: left[local, craft] for other, craft in left if other == local and craft}
                for local, craft in left
                if local and not craft
            },
        }
        for by, expected in rows.items():
            found = asked(by, floor, path)
            got = {
                " ".join(part for part in (row.unit and row.unit.number, row.craft and row.craft.key) if part): row
                for row in (*found.ranked, *found.unranked)
            }
            assert {name: {part.craft.key: part.people for part in row.parts} for name, row in got.items()} == expected
            assert {name: row.place for name, row in got.items() if row.place} == placed(expected, steps)
            weights = [row.place.weight for row in found.ranked if row.place]
            assert weights == sorted(weights, reverse=True)
            if by is By.LOCAL:
                assert {name: row.people for name, row in got.items()} == {name: left[name, ""] for name in got}
            assert {part.craft.key: part.people for part in found.crafts} == {
                craft: people for (local, craft), people in left.items() if craft and not local
            }


def test_without_exposure_the_order_is_by_people_and_says_so(run: Callable[..., str], app: Flask) -> None:
    with app.app_context():
        found = asked(By.LOCAL)
        assert found.is_by_people
        assert found.unranked == []
        people = [row.people for row in found.ranked]
        assert people == sorted(people, reverse=True)
        assert people[0] > people[-1]
        assert found.rank_of(found.ranked[0]) == 1
        assert "No exposure is stated for any craft here, so the order is by people not covered alone" in findings(found)[0]


def test_a_craft_without_exposure_is_told_apart_with_its_people(run: Callable[..., str], app: Flask, tmp_path: Path) -> None:
    state(tmp_path, STATED.replace("score: 0.25", "score: 0.0").replace("soc: 27-4099, score", "soc: 27-4098, score"))
    run("catalogue", "apply", "courses.yaml")
    with app.app_context():
        found = asked(By.CRAFT)
        assert [row.craft and row.craft.key for row in found.ranked] == ["editing"]
        grips = next(row for row in found.unranked if row.craft and row.craft.key == "grip")
        assert grips.place is None
        assert grips.unstated == grips.people > 0
        sentence = findings(found)[-1]
        assert sentence.startswith(f"No exposure stated: not ranked, {found.unstated_people:,} people")
        assert "grip" in sentence
        table = document_csv(priorities_document(found))
        assert "no score is stated for its occupation" not in table  # the file's first table is the order


def test_changing_exposure_changes_no_standing_and_is_kept_as_text(
    run: Callable[..., str], app: Flask, tmp_path: Path
) -> None:
    figures = run("coverage", "--as-of", "2026-02-28", "--format", "csv")
    state(tmp_path, STATED)
    told = run("catalogue", "diff", "courses.yaml")
    assert "every figure is counted anew" not in told
    assert "policy: Exposure of Editing: not stated → step 4 (Training committee, 5 January 2026)." in told
    assert "Exposure of grip: not stated → step 2 (A public table, 1 December 2025)." in told
    run("catalogue", "apply", "courses.yaml")
    assert run("coverage", "--as-of", "2026-02-28", "--format", "csv") == figures
    with app.app_context():
        assert not asked(By.CRAFT).is_by_people
    assert "Nothing changes." in run("catalogue", "diff", "courses.yaml")


def test_a_craft_that_is_on_no_card_is_named_with_what_was_perhaps_meant(run: Callable[..., str], tmp_path: Path) -> None:
    state(tmp_path, STATED.replace("craft: Editing", "craft: Editting"))
    told = run("catalogue", "diff", "courses.yaml")
    assert (
        "note: the policy states the exposure of 'Editting', which is on no membership card: did you mean `editing`?" in told
    )
