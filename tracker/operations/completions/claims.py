"""What a member may claim, and what nobody may say of themselves."""

from __future__ import annotations

from datetime import date

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Assurance
from tracker.language import _

LINKEDIN = "linkedin"  # the source of LinkedIn Learning's own reports, whichever door they come by


def is_late_claim(assurance: Assurance, completed_on: date, retired_on: date | None) -> bool:
    """Whether a member says so alone, of a day after the course was retired. Provider and staff records are always taken."""
    return assurance is Assurance.CLAIMED and retired_on is not None and completed_on > retired_on


def own_record_fault(line: int, assurance: Assurance) -> Fault:
    """Why a row that says more than a claim of whoever records it is not taken."""
    reason = _("is more than a claim, and the record is your own: somebody else records it")
    return Fault(line, "assurance", assurance.word, reason)
