"""How exposed each craft is: what a policy may state of it, and every way of writing it wrong."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.curriculum.test_policy import GOOD
from tracker.curriculum.exposure import NOTHING_STATED, Exposure, ExposurePolicy, Found, soc_key
from tracker.curriculum.policy import Policy, PolicyFaults, read_policy

STATED = """\
exposure:
  steps: 5
  bands: [0.2, 0.4, 0.6, 0.8]
  crafts:
    - {craft: "Sound  Mix", step: 4, source: Training committee, on: 2026-05-01}
    - {craft: grip, step: 0, source: Training committee, on: 2026-05-01}
  occupations:
    - {craft: editing, soc: 27-4032, source: SOC 2018, on: 2026-04-01}
    - {craft: sound mix, soc: 27-4014, source: SOC 2018, on: 2026-04-01}
    - {craft: props, soc: 27-1027, source: SOC 2018, on: 2026-04-01}
  scores:
    - {soc: "27-4032.00", score: 0.31, source: A public table, on: 2026-03-01}
    - {soc: 27-4014, score: 1, source: A public table, on: 2026-03-01}
"""
LINES = len(GOOD.splitlines())


def read(text: str) -> ExposurePolicy:
    return read_policy(GOOD + text).exposure


def test_a_policy_without_the_block_states_nothing() -> None:
    assert read_policy(GOOD).exposure == NOTHING_STATED
    assert read("exposure:\n") == NOTHING_STATED
    assert NOTHING_STATED.exposures() == {}


def test_each_craft_is_found_by_its_key_with_its_source_and_day() -> None:
    found = read(STATED).exposures()
    assert found["sound mix"] == Exposure(4, Found.STAFF, "Training committee", date(2026, 5, 1))
    assert found["grip"].step == 0
    assert found["editing"] == Exposure(2, Found.OCCUPATION, "A public table", date(2026, 3, 1), "27-4032", 0.31, "SOC 2018")


def test_a_judgement_outweighs_a_joined_score() -> None:
    without = read(STATED.replace('    - {craft: "Sound  Mix", step: 4, source: Training committee, on: 2026-05-01}\n', ""))
    assert without.exposures()["sound mix"].step == 5
    assert read(STATED).exposures()["sound mix"].step == 4


def test_an_occupation_without_a_score_gives_no_exposure_and_says_so() -> None:
    policy = read(STATED)
    assert "props" not in policy.exposures()
    assert policy.without_score() == {"props": "27-1027"}


@pytest.mark.parametrize(
    ("score", "step"),
    [(0.0, 0), (0.001, 1), (0.1999, 1), (0.2, 2), (0.3999, 2), (0.4, 3), (0.6, 4), (0.7999, 4), (0.8, 5), (1.0, 5)],
)
def test_bands_turn_a_score_into_a_step(score: float, step: int) -> None:
    assert ExposurePolicy(5, (0.2, 0.4, 0.6, 0.8)).step_of(score) == step


def test_the_finer_code_of_an_occupation_is_the_same_occupation() -> None:
    assert soc_key("27-4014.00") == soc_key("27-4014") == "27-4014"
    assert soc_key("27-4014.01") != soc_key("27-4014")


def test_exposure_survives_being_stored_as_json() -> None:
    policy = read_policy(GOOD + STATED)
    assert Policy.from_data(json.loads(json.dumps(policy.as_data()))) == policy


def test_a_policy_stored_before_there_was_exposure_can_still_be_read() -> None:
    data = read_policy(GOOD).as_data()
    del data["exposure"]
    assert Policy.from_data(data) == read_policy(GOOD)


def test_exposure_changes_nothing_that_is_counted() -> None:
    plain, stated = read_policy(GOOD), read_policy(GOOD + STATED)
    assert plain != stated
    assert plain.counts_like(stated)
    assert not plain.counts_like(read_policy(GOOD.replace("counts: [active]", "counts: [active, permit]")))


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("steps: 5", "steps: 1", "2:10: `steps` must be 2 or more"),
        ("steps: 5", "steps: yes", "2:10: `steps` must be a whole number, and 'yes' reads as yes/no"),
        ("0.2, 0.4, ", "0.4, 0.2, ", "3:16: bands rise, each above the one before it, between 0 and 1"),
        (", 0.8]", ", 1.0]", "3:26: bands rise, each above the one before it, between 0 and 1"),
        (", 0.8]", "]", "3:10: 5 steps need 4 bands between them, and here are 3"),
        ("step: 4", "step: 6", "5:35: `step` must be 5 or less: the scale has 5 `steps`"),
        ("step: 4", "step: -1", "5:35: `step` must be 0 or more"),
        ("step: 4", "step: 3.5", "5:35: `step` must be a whole number, and '3.5' reads as a number"),
        (
            "source: Training committee, on: 2026-05-01}",
            "on: 2026-05-01}",
            "5:7: `source` is missing or empty: every craft's exposure needs one",
        ),
        ("craft: grip", "craft: SOUND mix", "6:15: `SOUND mix` stands here twice: take one out"),
        ("2026-05-01", "2026-02-30", "5:70: there is no day 2026-02-30"),
        ("craft: props", "craft: Editing", "10:15: `Editing` stands here twice: take one out"),
        ("soc: 27-1027", "soc: 271027", "10:27: `soc` must be text, and 271027 reads as a number: put it in quotes"),
        ("soc: 27-1027", "soc: 27-102", "10:27: '27-102' is no occupation's code: write it like 27-4014 or 27-4014.00"),
        ("- {soc: 27-4014,", "- {soc: 27-4032,", "13:13: `27-4032` stands here twice: take one out"),
        ("score: 1", "score: 1.2", "13:29: `score` must be 1 or less"),
        ("score: 1", "score: .nan", "13:29: `score` must be a number"),
        (
            "  bands: [0.2, 0.4, 0.6, 0.8]\n",
            "",
            "11:5: scores need `bands`, which turn a score into a step: such as `bands: [0.2, 0.4, 0.6, 0.8]`",
        ),
        (
            "steps: 5",
            "step: 5",
            "2:3: `step` is not a key of a policy's exposure: did you mean `steps`? Known are steps, bands, crafts, "
            "occupations, scores",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(right: str, wrong: str, expected: str) -> None:
    with pytest.raises(PolicyFaults) as refused:
        read(STATED.replace(right, wrong, 1))
    line, rest = expected.split(":", 1)
    assert f"policy.yaml:{int(line) + LINES}:{rest}" in refused.value.lines()
