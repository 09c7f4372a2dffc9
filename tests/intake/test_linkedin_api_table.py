"""What was fetched, as a person looks it up."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

from hypothesis import given

from tests.intake.linkedin_stand_in import engagement
from tests.intake.test_linkedin_api_elements import ANYTHING, spoiled
from tracker.intake.linkedin_api.table import as_table

AT = datetime(2026, 3, 10, 3, 56, 40, tzinfo=UTC)


def test_a_row_says_who_what_and_how_far() -> None:
    headings, rows = as_table(io.BytesIO(json.dumps(engagement(1, 7, AT, name=None)).encode() + b"\n"))
    [(line, cells)] = rows
    until = "until 2026-03-10 03:56:40 UTC"
    assert line == 1
    assert dict(zip(headings, cells, strict=True)) == {
        "Name": "",
        "Email": "m1@example.org",
        "Unique User ID": "0000001",
        "Profile": "urn:li:enterpriseProfile:(urn:li:enterpriseAccount:999,1)",
        "Groups": "Local 80",
        "Content Name": "Course 7",
        "Content ID": "urn:li:lyndaCourse:7",
        "Activities": f"SECONDS_VIEWED 3600 {until}; PROGRESS_PERCENTAGE 100 {until}; COMPLETIONS 1 {until}",
    }


@given(spoiled() | ANYTHING)
def test_whatever_came_has_a_row(element: object) -> None:
    headings, rows = as_table(io.BytesIO(json.dumps(element).encode() + b"\nnot json\n"))
    told = list(rows)
    assert [line for line, _ in told] == [1, 2]
    for _, cells in told:
        assert len(cells) == len(headings)
        assert "".join(cells).isprintable()
