"""The typed rows that intake hands to the writes: what a file said, in our words, before anyone is matched."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Assurance, UnitKind


class UnitRow(NamedTuple):
    """One unit of the union. ``parent`` is another unit's number, empty for the root."""

    line: int
    number: str
    name: str
    kind: UnitKind
    parent: str
    city: str
    region: str
    country: str
    sector: str
    time_zone: str


class RosterRow(NamedTuple):
    """One membership. Blank text and None mean "the file does not say", which never erases."""

    line: int
    member_number: str
    first_name: str
    last_name: str
    email: str
    local: str
    craft: str
    status: str
    kind: str
    from_on: date | None
    until_on: date | None
    home: bool | None


class CompletionRow(NamedTuple):
    """One reported completion. The learner is named by any of number, provider id and e-mail; the course by id or text."""

    line: int
    member_number: str
    provider_id: str  # the provider's own id of the learner
    email: str
    learner_name: str  # for people to recognise, never to match by
    course_id: str  # the provider's own id of the course
    course: str  # a code, provider id, slug, URL or exact title
    completed_on: date
    assurance: Assurance
    evidence_url: str
    external_id: str
    learner_local: str = ""  # where the report says the learner belongs: for people to recognise, never to match by


class AccountRow(NamedTuple):
    """One person in a provider's list of accounts. The learner is named as in :class:`CompletionRow`."""

    line: int
    member_number: str
    provider_id: str
    email: str
    learner_name: str
    is_open: bool  # may be used: not withdrawn, no licence taken away
    invited_on: date | None
    activated_on: date | None


class NotACompletion(NamedTuple):
    """A row that reports something else: a video, a path, less than 100 %."""

    line: int
    reason: str


class RowFaults(NamedTuple):
    """A row that cannot be read, with everything wrong in it: one faulty row, however many faults.

    ``named`` is the member number, the e-mail and the local that a roster's row names all the same, as far as they could be
    read: whoever stands in a faulty row is not absent from its file.
    """

    line: int
    faults: tuple[Fault, ...]
    named: tuple[str, str, str] = ("", "", "")
