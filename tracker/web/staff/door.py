"""The blueprint of the staff's pages, and what they share."""

from __future__ import annotations

from flask import Blueprint, render_template

from tracker.coverage.derivation import NothingApplied
from tracker.operations.refused import Refused

staff = Blueprint("staff", __name__, url_prefix="/staff")


@staff.errorhandler(NothingApplied)
def nothing_applied(_error: NothingApplied) -> tuple[str, int]:
    """Before there is a curriculum, say what to load first."""
    refusal = Refused(
        "nothing_applied",
        "No courses and no policy are loaded yet. Whoever runs the tracker does it with `tracker union apply` and "
        "`tracker catalogue apply`.",
    )
    return render_template("errors/refused.html", refusal=refusal), 409
