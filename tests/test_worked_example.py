"""The figures that were counted by hand, through the program's own commands, on both engines and in any order."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest
from click.testing import Result

EXAMPLE = Path(__file__).parent / "worked_example"
EXPECTED = sorted((EXAMPLE / "expected").iterdir())


def test_the_steps_give_the_figures_counted_by_hand(database_url: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    environment = {**os.environ, "DATABASE_URL": database_url, "TRACKER_INSTANCE": str(tmp_path)}
    environment["SECRET_KEY"] = "a-key-for-tests-0123456789-abcdefghijklmnop"
    done = subprocess.run(["bash", EXAMPLE / "steps.sh", out], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(EXPECTED) == 20
    for file in EXPECTED:
        assert (out / file.name).read_text() == file.read_text(), file.name


ROSTER = [("roster", "import", "roster.csv")]
COMPLETIONS = [("completions", "import", "completions.csv")]
RULES = [
    ("assign", "ai-fundamentals", "--everyone", "--on", "2026-01-05"),
    ("assign", "set-safety", "--unit", "80", "--on", "2025-01-01"),
    ("assign", "ai-hours", "--craft", "editing", "--on", "2026-01-05"),
    ("assign", "ai-hours", "--unit", "15", "--kind", "recommended", "--on", "2026-01-05"),
]
# naming a person needs the person
BY_NAME = [
    ("assign", "ai-hours", "--member", "1", "--on", "2026-02-01"),
    ("exempt", "8", "ai-fundamentals", "--reason", "medical leave", "--from", "2026-02-01", "--until", "2026-06-01"),
]


@pytest.mark.parametrize("order", list(permutations(("roster", "completions", "rules"))))
def test_the_order_of_roster_completions_and_rules_changes_no_figure(
    order: tuple[str, ...], tracker: Callable[..., Result]
) -> None:
    def run(*arguments: str) -> str:
        return tracker(*(str(EXAMPLE / each) if each.endswith((".csv", ".yaml")) else each for each in arguments)).output

    run("union", "apply", "union.csv")
    run("catalogue", "apply", "courses.yaml")
    steps = {"roster": ROSTER, "completions": COMPLETIONS, "rules": RULES}
    for name in order:
        for arguments in steps[name]:
            run(*arguments)
    for arguments in BY_NAME:
        run(*arguments)
    for day in ("2026-02-28", "2026-08-31"):
        got = run("coverage", "--as-of", day, "--floor", "reviewed", "--format", "csv")
        assert got == (EXAMPLE / "expected" / f"coverage-{day}-reviewed.csv").read_text()
    assert "follows from the facts" in run("doctor")
