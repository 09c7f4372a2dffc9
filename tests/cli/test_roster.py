"""`tracker roster import`: what it says, and when it says no."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.test_worked_example import EXAMPLE
from tracker import create_app
from tracker.config import Settings
from tracker.models import Batch, Membership, db

HEADER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"


def rows(numbers: range, local: str = "80") -> str:
    return "".join(f"{number},First{number},Last,,{local},grip,active,,2019-03-01,,\n" for number in numbers)


@pytest.fixture
def load(tracker: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    """Import rows of the canonical roster, on a union with its units and curriculum."""
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", EXAMPLE / "courses.yaml")

    def run(text: str, *options: object, exit_code: int = 0) -> Result:
        file = tmp_path / "roster.csv"
        file.write_text(HEADER + text)
        return tracker("roster", "import", file, *options, exit_code=exit_code)

    return run


def written() -> tuple[int, int]:
    """How many batches there are, and how many valid cards."""
    app = create_app(Settings.from_environment())
    with app.app_context():
        found = db.session.query(Batch).count(), db.session.query(Membership).filter_by(voided_at=None).count()
        db.session.remove()
        db.engine.dispose()
    return found


def last_line(result: Result) -> str:
    return result.output.splitlines()[-1]


def test_it_says_who_changes_and_last_how_the_rows_ended(load: Callable[..., Result]) -> None:
    said = load(rows(range(1, 7))).output
    assert "6 new members." in said
    assert "joined 6:" in said
    assert "  joined: 1 First1 Last, Local 80 (line 2)" in said
    assert "… and 3 more joined" in said
    assert "Local 80: joined 6" in said
    assert said.splitlines()[-1].startswith("recorded 6, corroborated 0, already known 0")
    said = load(f"1,Anna,,,80,grip,apprentice,,2019-03-01,,\n{rows(range(2, 4))}").output
    assert "changed status 1, changed name 1:" in said
    assert "changed name: 1 Anna Last, First1 Last → Anna Last (line 2)" in said


def test_a_trial_says_the_same_and_writes_nothing(load: Callable[..., Result]) -> None:
    tried = load(rows(range(1, 7)), "--dry-run")
    assert written() == (0, 0)
    assert "Nothing was written. It would be:" in tried.output
    done = load(rows(range(1, 7)))
    assert last_line(tried) == last_line(done)
    assert tried.output.splitlines()[:5] == done.output.splitlines()[:5]


def test_a_complete_file_stops_at_the_brake_until_its_number_is_said(load: Callable[..., Result]) -> None:
    load(rows(range(1, 11)))
    short = rows(range(1, 8))
    for options in (["--full"], ["--full", "--accept-leaving", 2], ["--full", "--dry-run"]):
        said = load(short, *options, exit_code=1).output
        assert "--accept-leaving 3" in said
        assert "Local 80: 3 of 10 (30 %)" in said
        assert written() == (1, 10)
    tried = load(short, "--full", "--accept-leaving", 3, "--dry-run").output
    assert "left: 8 First8 Last, Local 80" in tried
    assert written() == (1, 10)
    load(short, "--full", "--accept-leaving", 3)
    assert written() == (2, 10)
    assert "left" not in load(short, "--full").output


def test_complete_for_some_units(load: Callable[..., Result]) -> None:
    load(rows(range(1, 11)) + rows(range(11, 21), "700") + rows(range(21, 31), "15"))
    said = load(rows(range(1, 11)), *("--full", "--unit", "Local #80", "--unit", "D1", "--accept-leaving", 10)).output
    assert "left 10:" in said
    assert "Local 15: left 10" in said
    assert "700" not in said


@pytest.mark.parametrize(
    ("options", "exit_code", "says"),
    [
        (["--unit", "80"], 2, "--full"),
        (["--full", "--unit", "999"], 1, "no unit '999'"),
        (["--accept-leaving", "many"], 2, "not a valid integer"),
        (["--accept-leaving", "-1"], 2, "-1"),
    ],
)
def test_what_makes_no_sense_is_said(load: Callable[..., Result], options: list[str], exit_code: int, says: str) -> None:
    assert says in load(rows(range(1, 3)), *options, exit_code=exit_code).output
    assert written() == (0, 0)


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_strict_file_with_a_fault_is_refused_whole(load: Callable[..., Result], options: list[str]) -> None:
    text = rows(range(1, 3)) + "3,,,,999,grip,active,,,,\n"
    said = load(text, "--strict", *options, exit_code=1).output
    assert "1 of 3 rows" in said
    assert written() == (0, 0)
    assert last_line(load(text)).endswith("faulty 1")


def test_another_unions_headings_go_in_by_mapping(
    tracker: Callable[..., Result], load: Callable[..., Result], tmp_path: Path
) -> None:
    load(rows(range(1, 3)))
    file = tmp_path / "other.csv"
    file.write_text("Card;Name;Lokal;Stand\n00001;First1 Last;Local Union No. 80;A\n7;Gus Seven;IATSE Local 700;A\n")
    said = tracker(
        *("roster", "import", file, "--map", "member_number=Card", "--map", "name=Name", "--map", "local=Lokal"),
        *("--map", "status=Stand", "--value", "status:A=active", "--full", "--accept-leaving", 1),
    ).output
    assert "joined: 7 Gus Seven, Local 700 (line 3)" in said
    assert "left: 2 First2 Last, Local 80" in said
