"""`tracker waiting` and `tracker merge`: what is asked, and what was done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.test_worked_example import EXAMPLE

REPORT = """\
member_number,email,course,completed_on,assurance,evidence_url,external_id
0777,,copilot,2026-02-03,provider,,
0777,,Microsoft Copilot Basics,2026-02-05,provider,,
0001,,Microsoft Copilot Basics,2026-02-04,provider,,
,stranger@home.example,copilot,2026-02-03,provider,,
0001,,Yoga,2026-02-03,provider,,
"""


@pytest.fixture
def union(tracker: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    """The worked example's union, with a report of which little is found."""
    tracker("db", "upgrade")
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", EXAMPLE / "courses.yaml")
    tracker("roster", "import", EXAMPLE / "roster.csv")
    (tmp_path / "report.csv").write_text(REPORT)
    tracker("completions", "import", tmp_path / "report.csv")
    return tracker


def test_learners_and_courses_are_listed_with_what_they_may_be(union: Callable[..., Result]) -> None:
    learners = union("waiting", "list").stdout
    assert learners.splitlines()[0].startswith("number:777  2 rows  0777")
    assert "email:stranger@home.example|  1 rows" in learners
    courses = union("waiting", "list", "--courses").stdout
    assert "text:yoga  1 rows  Yoga: no course has this id, title or address" in courses
    assert "perhaps copilot: Learning Microsoft Copilot" in courses


def test_each_is_settled_by_a_command_and_said(union: Callable[..., Result]) -> None:
    out = union("waiting", "confirm", "number:777", "0001").stdout
    assert "1 recorded for" in out
    assert "1 still wait for their course" in out
    assert "Later reports find" in out
    assert (
        "2 recorded, 0 known already, 0 still wait"
        in union("waiting", "map", "text:microsoft copilot basics", "copilot").stdout
    )
    assert "1 rows are set aside" in union("waiting", "ignore", "text:yoga").stdout
    assert "1 rows are set aside" in union("waiting", "not-ours", "email:stranger@home.example|").stdout
    assert union("waiting", "list").stdout == union("waiting", "list", "--courses").stdout == ""
    assert "completions wait" not in union("doctor").stdout


def test_what_is_not_there_is_refused_in_one_line(union: Callable[..., Result]) -> None:
    for arguments in (
        ("confirm", "number:1", "0001"),
        ("confirm", "number:777", "nobody"),
        ("not-ours", "number:1"),
        ("map", "text:yoga", "nothing"),
        ("ignore", "text:nothing"),
    ):
        assert union("waiting", *arguments, exit_code=1).stderr.startswith("Refused: ")


def test_two_members_are_merged_after_a_dry_run_and_made_two_again(union: Callable[..., Result]) -> None:
    union("assign", "ai-hours", "--everyone", "--on", "2026-01-05")
    before = union("coverage", "--format", "csv").stdout
    dry = union("merge", "0001", "0002", "--dry-run").stdout
    assert "Nothing was written. It would be:" in dry
    assert union("coverage", "--format", "csv").stdout == before
    out = union("merge", "0001", "0002").stdout
    assert "is " in out
    assert "(0001) from now on." in out
    union("doctor")
    assert union("coverage", "--format", "csv").stdout != before
    assert union("merge", "0001", "0002", exit_code=1).stderr.startswith("Refused: That is the same member twice")
    batch = out.split()[1]
    union("batch", "undo", batch)
    assert union("coverage", "--format", "csv").stdout == before
    union("doctor")
