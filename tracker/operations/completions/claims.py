"""What a member may claim."""

from __future__ import annotations

from datetime import date

from tracker.curriculum.words import Assurance

LINKEDIN = "linkedin"  # the source of LinkedIn Learning's own reports, whichever door they come by


def is_late_claim(assurance: Assurance, completed_on: date, retired_on: date | None) -> bool:
    """Whether a member says so alone, of a day after the course was retired. Provider and staff records are always taken."""
    return assurance is Assurance.CLAIMED and retired_on is not None and completed_on > retired_on
