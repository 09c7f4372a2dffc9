"""The forms in which two spellings of one thing are the same text."""

from __future__ import annotations

import pytest

from tracker.curriculum.keys import provider_course_key


@pytest.mark.parametrize(
    "spelling",
    ["urn:li:lyndaCourse:158319", "urn:lyndaCourse:158319", "URN:LI:LYNDACOURSE:158319", "158319", " 158319 ", "00158319"],
)
def test_every_feed_of_linkedin_names_the_same_course(spelling: str) -> None:
    assert provider_course_key(spelling) == "158319"


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("", ""),
        ("0000", "0"),
        ("urn:li:lyndaCourse:0000001", "1"),
        ("urn:li:lyndaCourse:", "urn:li:lyndacourse:"),
        ("urn:li:lyndaCourse:1a", "urn:li:lyndacourse:1a"),
        ("urn:li:lyndaVideo:158319", "urn:li:lyndavideo:158319"),
        ("urn:li:lyndaLearningPath:5ce7fd0f498ea8cf1d2b6b0a", "urn:li:lyndalearningpath:5ce7fd0f498ea8cf1d2b6b0a"),
        ("TTF-0042", "ttf-0042"),
        ("٠١", "٠١"),
    ],
)
def test_what_is_no_number_and_no_course_of_linkedin_stays_itself(spelling: str, key: str) -> None:
    assert provider_course_key(spelling) == key
