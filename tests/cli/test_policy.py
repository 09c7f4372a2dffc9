"""`tracker policy`: put in force by itself, with its faults by line, and restating only where what counts has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.test_worked_example import EXAMPLE
from tracker.config import shipped

Tracker = Callable[..., Result]


@pytest.fixture
def file(tracker: Tracker, tmp_path: Path) -> Path:
    """The worked example in force, and a copy of the policy to be changed."""
    for step in (
        ("union", "apply", EXAMPLE / "union.csv"),
        ("catalogue", "apply", EXAMPLE / "courses.yaml"),
        ("roster", "import", EXAMPLE / "roster.csv"),
        ("assign", "ai-hours", "--everyone", "--on", "2026-01-05"),
    ):
        tracker(*step)
    file = tmp_path / "policy.yaml"
    file.write_text(shipped("policy.yaml").read_text())
    return file


def in_scope(tracker: Tracker) -> str:
    return tracker("coverage", "--as-of", "2026-02-28", "--path", "ai-hours", "--unit", "IA", "--format", "csv").output


def test_the_days_of_warning_change_and_no_figure_with_them(tracker: Tracker, file: Path) -> None:
    before = in_scope(tracker)
    file.write_text(file.read_text().replace("due_soon_within_days: 30", "due_soon_within_days: 14"))
    assert "counted anew" not in tracker("policy", "diff", file).output
    assert "14" in tracker("policy", "apply", file).output
    assert "Nothing changed." in tracker("policy", "apply", file).output
    assert in_scope(tracker) == before


def test_whom_the_figures_count_restates_them_and_a_diff_writes_nothing(tracker: Tracker, file: Path) -> None:
    before = in_scope(tracker)
    file.write_text(file.read_text().replace("counts: [active, apprentice]", "counts: [apprentice]"))
    assert "Every figure would be counted anew" in tracker("policy", "diff", file).output
    assert in_scope(tracker) == before
    assert "Every figure was counted anew" in tracker("policy", "apply", file).output
    assert in_scope(tracker) != before
    assert "Every derived figure follows from the facts." in tracker("doctor").output


def test_a_fault_is_told_with_its_line_and_nothing_is_written(tracker: Tracker, file: Path) -> None:
    file.write_text(file.read_text().replace("counts: [active, apprentice]", "counts: [activ]"))
    for verb in ("check", "diff", "apply"):
        assert "policy.yaml:" in tracker("policy", verb, file, exit_code=1).output
    assert "No faults." in tracker("policy", "check").output


def test_an_exposure_of_a_craft_that_nobody_has_is_told(tracker: Tracker, file: Path) -> None:
    text = file.read_text()
    assert "exposure:" in text
    file.write_text(
        text[: text.index("exposure:")]
        + 'exposure:\n  steps: 5\n  crafts: [{craft: gripe, step: 4, source: "minutes of May", on: 2026-05-01}]\n'
    )
    assert "'gripe', which is on no membership card" in tracker("policy", "apply", file).output
