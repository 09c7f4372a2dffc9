"""Completions from whichever table was exported: how it is read is said, or found by its headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from tracker.intake import canonical_completions, linkedin_detail, mapped_completions, member_archive
from tracker.intake.fields import still_wanted
from tracker.intake.headings import heading_key
from tracker.intake.reading import AS_FOUND, Reading
from tracker.intake.reports import CompletionReader
from tracker.intake.saved import fitting, named, refuse_unknown_table
from tracker.intake.tables import Content, HeadedTable, read_table, unknown_table
from tracker.language import _
from tracker.operations.profiles import SavedProfile
from tracker.operations.refused import Refused


class _Form(Protocol):
    """What a module offers that reads one form of table."""

    PROFILE: str
    WANTED: str

    def fits(self, table: HeadedTable) -> bool: ...

    def read(self, table: HeadedTable, today: date, reading: Reading) -> CompletionReader: ...


# In the order they are tried. A new form of table gets a file of its own beside these, and a place here.
_FORMS: tuple[_Form, ...] = (canonical_completions, linkedin_detail, member_archive)
PROFILES = tuple(form.PROFILE for form in _FORMS)


def read_completions(
    content: Content,
    file_name: str,
    today: date,
    reading: Reading = AS_FOUND,
    profiles: Sequence[SavedProfile] = (),
) -> CompletionReader:
    """What a report says was completed, row by row. ``today`` is the last day anything can have been completed on.

    The reading's columns come first, then its profile; else the headings choose: a built-in form, or a saved profile.

    Raises:
        Refused: ``unknown_profile``, ``ambiguous_profile``, ``wrong_report``, ``member_missing``, ``unknown_table`` with
            the guessed mapping to use; what ``read_table`` and ``open_mapped`` refuse. Nothing after this call refuses for
            the headings.
    """
    if reading.profile in PROFILES:
        return _by_form(content, file_name, today, reading)
    found = named("completions", reading, profiles, PROFILES)
    if found is None:
        table = read_table(content, file_name)
        linkedin_detail.refuse_other_reports(table)
        if canonical := _canonical(table, reading):
            return mapped_completions.read(content, file_name, today, canonical, canonical_completions.PROFILE)
        for form in _FORMS:
            if form.fits(table):
                return form.read(table, today, reading)
        found = fitting(content, table, "completions", reading, profiles)
        if found is None:
            wanted = "; or ".join(f"({form.PROFILE}) {form.WANTED}" for form in _FORMS)
            raise refuse_unknown_table(table, "completions", reading, wanted)
    return mapped_completions.read(content, file_name, today, found.reading, found.name, found.source)


def _by_form(content: Content, file_name: str, today: date, reading: Reading) -> CompletionReader:
    """By the built-in form that was named."""
    table = read_table(content, file_name)
    linkedin_detail.refuse_other_reports(table)
    form = next(form for form in _FORMS if reading.profile == form.PROFILE)
    if form is canonical_completions and (canonical := _canonical(table, reading)):
        return mapped_completions.read(content, file_name, today, canonical, form.PROFILE)
    if reading.columns:
        message = _("%(profile)s reads its own columns: leave out the mapping, or the profile.", profile=form.PROFILE)
        raise Refused("fixed_form", message, field="columns")
    if not form.fits(table):
        raise unknown_table(table, f"({form.PROFILE}) {form.WANTED}")
    return form.read(table, today, reading)


def _canonical(table: HeadedTable, reading: Reading) -> Reading | None:
    """The canonical columns as a mapping, where the person said more of them than the canonical form asks."""
    if not reading.is_particular:
        return None
    keys = set(map(heading_key, table.headers))
    own = {field: field for field in canonical_completions.COLUMNS if heading_key(field) in keys}
    columns = {**own, **reading.columns}
    return None if still_wanted("completions", {*columns, *reading.constants}) else replace(reading, columns=columns)
