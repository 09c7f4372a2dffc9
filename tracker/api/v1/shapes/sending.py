"""Completions that a program records."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tracker.api.v1.shapes.base import Day, Floor, Id, Shape, said
from tracker.curriculum.words import Outcome

Text = Annotated[str, Field(max_length=200)]
LongText = Annotated[str, Field(max_length=2_000)]
MOST_ROWS = 1_000


class SentCompletion(Shape):
    """A completion, in the words of the canonical table. Somebody is named by number or e-mail; a member's own token may
    leave both out."""

    member_number: Text = said("The member number.", "0012", default="")
    email: Text = said("Or an e-mail address of theirs.", "ana@example.org", default="")
    course: LongText = said("The course: its code, id, slug, address or exact title.", "ai-basics", min_length=1)
    completed_on: Day = said("The day of the completion.", "2026-02-18")
    assurance: Floor = said("How sure it is.", "provider", default="claimed")
    evidence_url: LongText = said("Where the proof can be seen.", "https://example.org/certificate/17", default="")
    external_id: Text = said(
        "The sender's own id of this completion: the same again is already known, another under it is faulty.",
        "order-1234",
        default="",
    )


class SentCompletions(Shape):
    """One completion, or up to 1,000."""

    completions: list[SentCompletion] = said(
        "The completions.",
        [{"member_number": "0012", "course": "ai-basics", "completed_on": "2026-02-18", "assurance": "provider"}],
        min_length=1,
        max_length=MOST_ROWS,
    )


class RowFault(Shape):
    """What is wrong with a row."""

    pointer: str = said("Where, as a JSON pointer into the body.", "/completions/0/completed_on")
    detail: str = said("What is wrong there.", "is in the future")


class SentOutcome(Shape):
    """How one completion ended."""

    index: int = said("Its place in the body, from 0.", 0)
    outcome: Outcome = said("How it ended: exactly as a row of an import does.", "recorded")
    member_id: Id | None = said("Whose it is; null where nobody is known by what was said.", None)
    completion_id: Id | None = said("What was recorded; null: nothing new.", None)
    faults: list[RowFault] = said("What is wrong with it, where it is faulty.", [])


class SentOutcomes(Shape):
    """How each completion ended."""

    counts: dict[str, int] = said("How many ended in each way.", {"recorded": 1})
    outcomes: list[SentOutcome] = said("Each, in the order of the body.", [])
