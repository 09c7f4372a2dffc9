"""`tracker catalogue simulate`: three policies in a table, and as CSV; nothing is written."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.test_worked_example import EXAMPLE

Tracker = Callable[..., Result]


@pytest.fixture
def changed(tracker: Tracker, tmp_path: Path) -> Path:
    """The worked example, and its file with a second version of ai-hours that asks for more."""
    for step in (
        ("union", "apply", EXAMPLE / "union.csv"),
        ("catalogue", "apply", EXAMPLE / "courses.yaml"),
        ("roster", "import", EXAMPLE / "roster.csv"),
        ("completions", "import", EXAMPLE / "completions.csv"),
        ("assign", "ai-hours", "--everyone", "--on", "2026-01-05"),
    ):
        tracker(*step)
    head, tail = (EXAMPLE / "courses.yaml").read_text().split("  - code: ai-hours\n")
    tail = tail.replace("version: 1", "version: 2\n    change: keep", 1).replace("{minutes: 120}", "{minutes: 250}", 1)
    file = tmp_path / "changed.yaml"
    file.write_text(f"{head}  - code: ai-hours\n{tail}")
    return file


def test_the_policies_stand_under_one_another_and_nothing_is_written(tracker: Tracker, changed: Path) -> None:
    said = tracker("catalogue", "simulate", changed).output
    assert "Path ai-hours, version 1 → 2: the file says keep" in said
    for policy in ("keep", "grace", "require"):
        assert said.count(f"\n  {policy} ") == 2  # on the version's first day, and on the day of grace
    assert "Nothing was written." in said
    assert "version 1 → 2" in tracker("catalogue", "diff", changed).output  # so it was not applied


def test_as_csv_there_is_a_row_a_policy_and_day_or_a_row_a_local(tracker: Tracker, changed: Path) -> None:
    rows = tracker("catalogue", "simulate", changed, "--format", "csv", "--floor", "claimed").output.splitlines()
    place = next(number for number, row in enumerate(rows) if row.startswith("path,version,policy"))
    found = list(csv.DictReader(rows[place:]))
    assert [(row["policy"], row["path"]) for row in found] == [
        (policy, "ai-hours") for policy in ("keep", "grace", "require") for _ in range(2)
    ]
    kept, moved = found[0], found[-1]
    assert int(kept["turn_incomplete"]) == 0 < int(kept["kept"]) == int(moved["turn_incomplete"])
    locals_ = tracker("catalogue", "simulate", changed, "--format", "csv", "--by", "local", "--floor", "claimed").output
    assert "share_before" in locals_
    assert ",require," in locals_


def test_only_one_path_can_be_asked_for(tracker: Tracker, changed: Path) -> None:
    assert "Path ai-hours" not in tracker("catalogue", "simulate", changed, "--path", "set-safety").output
    assert "There is no path" in tracker("catalogue", "simulate", changed, "--path", "nothing", exit_code=1).output


def test_a_faulty_file_is_refused_with_its_lines(tracker: Tracker, changed: Path) -> None:
    changed.write_text(changed.read_text().replace("provider:", "provder:", 1))
    said = tracker("catalogue", "simulate", changed, exit_code=1).output
    assert "changed.yaml:" in said
    assert "did you mean `provider`?" in said
