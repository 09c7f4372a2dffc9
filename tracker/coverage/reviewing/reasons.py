"""Why a claim is returned or rejected: reasons to choose from, as the member reads them."""

from __future__ import annotations

from tracker.language import mark, word

# What the member can mend: they send it again.
RETURNING = {
    "nothing-shown": mark("Nothing shows yet that you completed it: please add a certificate, a screenshot or its link."),
    "unreadable": mark("What you added cannot be read: please take the picture again, or add the file itself."),
    "link-closed": mark("The link you added does not open for us: please add a picture or a file of what it shows."),
    "no-name": mark("What you added does not show your name: please add something that does."),
    "no-day": mark("What you added does not show the day on which you completed the course."),
    "other-day": mark("What you added shows another day than the one you logged: please log it with the day it shows."),
    "other-course": mark("What you added shows another course than the one you logged: please log that one."),
    "not-complete": mark("What you added shows that you began the course, but not yet that you completed it."),
}

# What sending it again would not mend.
REJECTING = {
    "somebody-else": mark("What you added is somebody else’s."),
    "no-course": mark("What you added shows something that is not this course, and no course of ours."),
    "not-known": mark("The provider has no such completion of yours."),
    "not-genuine": mark("We could not convince ourselves that what you added is genuine."),
}

# Why a claim was accepted, where it was not by looking at it alone.
BY_REPORT = "by-report"
IN_PLACE = "in-place"
_ACCEPTING = {
    BY_REPORT: mark("The provider’s report has it within a few days."),
    IN_PLACE: mark("Another course was accepted in its place."),
}

_ALL = RETURNING | REJECTING | _ACCEPTING


def reason_in_words(code: str, words: str) -> str:
    """Why a claim was decided so, in the language that is spoken now: the reason chosen, and the reviewer's own words."""
    chosen = word(_ALL[code]) if code in _ALL else ""
    return " ".join(part for part in (chosen, words) if part)
