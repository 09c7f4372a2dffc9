"""`tracker assign`, `rules list` and `completions list`: what the preview says, and the ids that other commands take."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from click.testing import Result

from tests.cli.test_commands import build

Tracker = Callable[..., Result]


@pytest.fixture
def union(tracker: Tracker) -> Tracker:
    build(tracker)
    return tracker


def test_a_dry_run_says_what_applying_says(union: Tracker) -> None:
    said = ("assign", "ai-hours", "--unit", "80", "--craft", "grip", "--within", "90", "--leaving", "keep")
    tried = union(*said, "--dry-run").stdout.splitlines()
    assert tried[0] == "Nothing was written. It would be:"
    done = union(*said).stdout.splitlines()
    assert done[0].startswith("Rule ")
    assert tried[1] == done[1]
    assert re.fullmatch(
        r"\d+ assignments to \d+ members: \d+ newly asked, \d+ asked already, \d+ not counted \(\d+ exempt, \d+ by status,"
        r" \d+ without a card then\); \d+ of those asked are complete already\.",
        done[1],
    )
    rule = done[0].split()[1]
    listed = next(line for line in union("rules", "list").stdout.splitlines() if line.startswith(rule))
    assert "Members of the craft grip under Local 80" in listed
    assert "due within 90 days. Who no longer matches keeps it until it is due." in listed
    assert union("unassign", rule, "--on", "2026-01-01", "--reason", "a slip").exit_code == 0
    assert rule not in union("rules", "list").stdout
    assert f"{rule}  0 members" in union("rules", "list", "--ended").stdout


def test_a_craft_that_no_card_has_is_warned_of(union: Tracker) -> None:
    result = union("assign", "ai-hours", "--craft", "gripp", "--dry-run")
    assert result.exit_code == 0
    assert "no card has the craft 'gripp'" in result.stderr
    assert "grip" in result.stderr.split("nearest")[1]
    assert "Note" not in union("assign", "ai-hours", "--craft", "Grip", "--dry-run").stderr


def test_a_members_completions_are_listed_with_what_void_takes(union: Tracker) -> None:
    assert union("log", "0001", "firefly", "--on", "2026-01-03").exit_code == 0
    lines = union("completions", "list", "1").stdout.splitlines()
    line = next(each for each in lines if "2026-01-03  firefly  reviewed" in each)
    its_id = line.split()[0]
    assert union("void", "1", its_id, "--reason", "not theirs").exit_code == 0
    assert its_id not in union("completions", "list", "1").stdout
    assert f"{its_id}  2026-01-03  firefly" in union("completions", "list", "1", "--void").stdout
    assert "not theirs" in union("completions", "list", "1", "--void").stdout
