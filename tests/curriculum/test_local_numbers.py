"""Local numbers in every spelling that public files use, and none that means another local."""

from __future__ import annotations

import csv
import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.config import HERE
from tracker.curriculum.keys import unit_key
from tracker.curriculum.local_numbers import other_spelling

LOCALS = [row["number"] for row in csv.DictReader((HERE / "demonstration" / "locals.csv").read_text().splitlines())]
KEYS = {unit_key(number) for number in LOCALS}

SPELLINGS = {
    "Local One": "1",
    "LOCAL ONE": "1",
    "Local Twenty": "20",
    "Local Twenty-One": "21",
    "Local #18": "18",
    "Local Union No. 74": "74",
    "Local No74": "74",
    "Local B-4": "b4",
    "B-868": "b868",
    "B – 868": "b868",
    "USA-829": "usa829",
    "Local USA 829": "usa829",
    "Local 28 – Stagehand's Union": "28",
    "Local 28 - Stagehand's Union": "28",
    "Local 80 (Grips)": "80",
    "0479": "479",
    "479 ": "479",
    "\u00a0479": "479",
    "４７９": "479",
    "479.0": "479",  # a number that a spreadsheet took for one
    "№ 80": "80",
    "I.A.T.S.E. Local 52": "52",
    "IATSE Local 600": "600",
    "IATSE, Local 600": "600",
    "IATSE-600": "600",
    "Local 600 IATSE": "600",
    "Local 600, I.A.T.S.E.": "600",
    "AQTIS 514 IATSE": "514",
    "Section locale 56": "56",
    "local no. 0600": "600",
    "18032": "18032",
    "Local 1-S": "1s",
    "0": "0",
    "000": "0",
}


@pytest.mark.parametrize(("text", "key"), SPELLINGS.items())
def test_a_spelling_has_the_key_of_its_local(text: str, key: str) -> None:
    assert unit_key(text) == key


NOT_THAT_LOCAL = {
    "Teamsters Local 399": "399",
    "IBEW, Local 45": "45",
    "Local 28 and 33": "28",
    "Local 28/33": "28",
    "Locals 28, 33": "28",
    "Local One, Two": "1",
    "80-44": "8044",
    "80 44": "8044",
    "80.5": "805",
    "Local 18,032": "18",
    "Local 28 Boston": "28",
    "Local 80, formerly Local 44": "80",
    "District 2": "2",
    "2 Local 80": "280",
    "173B": "173",
}


@pytest.mark.parametrize(("text", "key"), NOT_THAT_LOCAL.items())
def test_what_may_mean_another_local_finds_none(text: str, key: str) -> None:
    assert unit_key(text) != key
    assert unit_key(text) not in KEYS


def spellings(number: str) -> list[str]:
    """How files write a local's number."""
    letters = number.rstrip("0123456789")
    digits = number[len(letters) :]
    said = [
        *(number, f" {number} ", number.lower(), f"#{number}", f"Local {number}", f"LOCAL #{number}", f"Local No. {number}"),
        *(f"Local Union No. {number}", f"I.A.T.S.E. Local {number}", f"IATSE Local {number}", f"IATSE {number}"),
        *(f"Local {number} IATSE", f"Local {number} – Stagehands' Union", f"local {number}, Hollywood"),
    ]
    if letters:
        said += [f"{letters}-{digits}", f"Local {letters}-{digits}", f"{letters} {digits}", f"{letters.lower()}–{digits}"]
    else:
        said += [f"0{number}", f"00{number}", f"{number}.0"]
    return said


def test_every_local_finds_itself_in_every_spelling_and_none_finds_another() -> None:
    by_key: dict[str, set[str]] = {}
    for number in LOCALS:
        by_key.setdefault(unit_key(number), set()).add(number)
    assert all(len(numbers) == 1 for numbers in by_key.values()), "two locals of the union's file are one"
    for number in LOCALS:
        for said in spellings(number):
            assert by_key.get(unit_key(said)) == {number}, said


def test_the_scenic_artists_are_found_with_and_without_their_letters() -> None:
    assert other_spelling(unit_key("USA-829")) == "829"
    assert other_spelling(unit_key("Local 829")) == "usa829"
    assert other_spelling("b173") == "b173"


PIECES = [
    "0",
    "8",
    "80",
    "5",
    " ",
    "-",
    ".",
    "/",
    ",",
    "(",
    "#",
    "Local",
    "local ",
    "No. ",
    "B",
    "S",
    "IATSE ",
    "one",
    " and ",
]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_a_text_that_finds_a_local_says_one_number_and_that_one(text: str) -> None:
    key = unit_key(text)
    if key in KEYS and key.isdigit():
        said = re.findall(r"[0-9]+", unicodedata.normalize("NFKC", text).removesuffix(".0"))
        words = re.findall(r"\bone\b", text.casefold())
        assert len(said) + len(words) == 1, (text, key)
        assert not said or said[0].lstrip("0") == key


@pytest.mark.parametrize(
    "text", ["x" * 200_000, "Local " + "0" * 200_000, "local " * 50_000, "- " * 100_000, "1 " * 100_000]
)
def test_a_hostile_cell_takes_no_time(text: str) -> None:
    began = time.process_time()
    unit_key(text)
    assert time.process_time() - began < 2
