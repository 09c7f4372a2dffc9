"""``policy.yaml``: what the union has decided about counting, and every way of writing it wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tracker.curriculum.exposure import ExposurePolicy
from tracker.curriculum.policy import Policy, PolicyFaults, read_policy

ROOT = Path(__file__).parents[2]

GOOD = """\
statuses: [active, apprentice, permit]
counts: [active]
covered_workers: [active, permit]
expiring_within_days: 60
due_soon_within_days: 30
small_group: 5
"""


def test_the_shipped_policy_has_no_fault_and_says_what_the_design_says() -> None:
    assert read_policy((ROOT / "policy.yaml").read_text(encoding="utf-8")) == Policy(
        statuses=("active", "apprentice", "permit", "withdrawn", "retired", "suspended", "deceased"),
        counts=frozenset({"active", "apprentice"}),
        covered_workers=frozenset({"active", "apprentice", "permit"}),
        expiring_within_days=60,
        due_soon_within_days=30,
        small_group=5,
        exposure=ExposurePolicy(steps=5, bands=(0.2, 0.4, 0.6, 0.8)),  # and no score: none is ours to give
    )


def test_a_policy_survives_being_stored_as_json() -> None:
    policy = read_policy(GOOD)
    assert Policy.from_data(json.loads(json.dumps(policy.as_data()))) == policy


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("counts: [active]", "counts: [activ]", "2:10: `activ` is not among `statuses`: did you mean `active`?"),
        ("counts: [active]", "counts: []", "2:9: the list is empty: it needs at least one entry"),
        (
            "counts: [active]",
            "counts: active",
            "2:9: `counts` must be a list: each entry on a line of its own after `- `",
        ),
        ("active, permit]", "active, active]", "3:27: `active` is listed twice: take one out"),
        (
            ", permit]\nc",
            ", no]\nc",
            "1:32: entry 3 of `statuses` must be text, and no reads as yes/no: put it in quotes",
        ),
        ("60", "0", "4:23: `expiring_within_days` must be 1 or more"),
        ("30", "1:30", "5:23: `due_soon_within_days` must be a whole number, and '1:30' reads as a time"),
        (
            "30",
            "030",
            "5:23: `due_soon_within_days` must be a whole number, and '030' reads as a number of another notation",
        ),
        ("5", "5.0", "6:14: `small_group` must be a whole number, and '5.0' reads as a number"),
        ("5", "yes", "6:14: `small_group` must be a whole number, and 'yes' reads as yes/no"),
        ("5", "", "6:1: `small_group` is missing or empty: every policy needs one"),
        (
            "small_group",
            "small_groups",
            (
                "6:1: `small_groups` is not a key of a policy: did you mean `small_group`? Known are statuses, counts, "
                "covered_workers, expiring_within_days, due_soon_within_days, small_group, exposure"
            ),
        ),
    ],
)
def test_a_fault_is_told_with_its_place(right: str, wrong: str, expected: str) -> None:
    with pytest.raises(PolicyFaults) as refused:
        read_policy(GOOD.replace(right, wrong, 1))
    assert f"policy.yaml:{expected}" in refused.value.lines()


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(PolicyFaults) as refused:
        read_policy("counts: 3\nsmall_group: 0\n", "ours.yaml")
    assert [line.split(": ")[0] for line in refused.value.lines()] == ["ours.yaml:1:1"] * 4 + [
        "ours.yaml:1:9",
        "ours.yaml:2:14",
    ]
