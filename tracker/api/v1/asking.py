"""What a query may say. Whatever else it says is refused: an answer to another question would look right."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from tracker.api.v1.shapes.base import Day, Floor, Shape, said
from tracker.curriculum.days import FOREVER
from tracker.curriculum.words import Assurance

LIMIT, MOST = 50, 500
_LAST = FOREVER - timedelta(days=1)  # no span holds the calendar's last day: that is how one without an end is written
PLAIN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"


def _whole(value: Any) -> Any:
    """Digits, or an integral number as JSON knows it ("5.0"): Python would also read "1_0" and " 5 "."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,4}(\.0+)?", value, re.ASCII):
        raise ValueError("is no whole number")
    return int(float(value))


Limit = Annotated[int, BeforeValidator(_whole)]
Percent = Annotated[int, Field(ge=1, le=100), BeforeValidator(_whole)]
Words = Annotated[str, Field(max_length=100, pattern=PLAIN)]


class Nothing(Shape):
    """No query at all."""


class Paged(Shape):
    """A list, page by page."""

    limit: Limit = said(f"How many rows a page has, at most {MOST}.", 100, default=LIMIT, ge=1, le=MOST)
    cursor: Annotated[str, Field(max_length=1_000, pattern=PLAIN)] | None = said(
        "Where to go on: as `next` of the page before says. It belongs to its question.", None
    )


class Question(Shape):
    """Of which day, as known when, and how sure."""

    as_of: Day | None = said("The day the figures tell of; by default today.", "2026-07-31", default=None)
    known: Day | None = said(
        "Count only what was recorded by the end of that day (UTC); by default all.", "2026-08-05", default=None
    )
    floor: Floor = said("What counts: completions of at least this assurance.", "reviewed", default="reviewed")

    def day(self, today: date) -> date:
        """The day asked for."""
        return min(self.as_of, _LAST) if self.as_of else today

    def known_on(self, today: date) -> date | None:
        """The day as known on; None for all: of later days nothing is known."""
        if self.known is None or self.known > today + timedelta(days=1):
            return None
        return self.known

    @property
    def assurance(self) -> Assurance:
        return Assurance.from_word(self.floor)


class OfPath(Question):
    """The same of one path."""

    path: Words = said("The path's code.", "ai-fundamentals")
