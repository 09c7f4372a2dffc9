"""Completions from whichever table was exported: its headings say which reader can read it."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from tracker.intake import canonical_completions, linkedin_detail
from tracker.intake.reports import CompletionReader
from tracker.intake.tables import Content, HeadedTable, read_table, unknown_table
from tracker.operations.refused import Refused


class _Form(Protocol):
    """What a module offers that reads one form of table."""

    PROFILE: str
    WANTED: str

    def fits(self, table: HeadedTable) -> bool: ...

    def read(self, table: HeadedTable, today: date) -> CompletionReader: ...


# In the order they are tried. A new form of table gets a file of its own beside these, and a place here.
_FORMS: tuple[_Form, ...] = (canonical_completions, linkedin_detail)
PROFILES = tuple(form.PROFILE for form in _FORMS)


def read_completions(content: Content, file_name: str, today: date, profile: str | None = None) -> CompletionReader:
    """What a report says was completed, row by row. ``today`` is the last day anything can have been completed on.

    Raises:
        Refused: ``unknown_profile``, ``wrong_report``, ``unknown_table``, or what ``read_table`` refuses. Nothing after
            this call refuses for the headings.
    """
    forms = [form for form in _FORMS if profile in (None, form.PROFILE)]
    if not forms:
        message = f"There is no profile {profile!r}. Known: {', '.join(PROFILES)}."
        raise Refused("unknown_profile", message, field="profile")
    table = read_table(content, file_name)
    linkedin_detail.refuse_other_reports(table)
    for form in forms:
        if form.fits(table):
            return form.read(table, today)
    raise unknown_table(table, "; or ".join(f"({form.PROFILE}) {form.WANTED}" for form in forms))
