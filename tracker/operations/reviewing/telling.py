"""What a member reads when their claim is sent back or turned down: why, and what they can do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tracker.coverage.reviewing import reason_in_words
from tracker.language import _, day
from tracker.models import Review


def telling(decision: Review, course: str, on: date, code: str, words: str) -> Callable[[], tuple[str, str]]:
    """Subject and body of the mail, to be written while the member's language is spoken."""

    def write() -> tuple[str, str]:
        why = reason_in_words(code, words)
        if decision is Review.RETURNED:
            return (
                _("Your course needs one more step: %(course)s", course=course),
                _(
                    "You logged %(course)s, completed on %(day)s. The training staff looked at it and sent it back:\n\n"
                    "    %(why)s\n\n"
                    "To send it again: sign in, open “My record”, choose “Log a completed course”, and log the course with "
                    "what was missing. Until then it does not count; nothing else of your record changes.",
                    course=course,
                    day=day(on),
                    why=why,
                )
                + _closing(),
            )
        return (
            _("Your course could not be accepted: %(course)s", course=course),
            _(
                "You logged %(course)s, completed on %(day)s. The training staff looked at it and could not accept it:\n\n"
                "    %(why)s\n\n"
                "It does not count; nothing else of your record changes. If you have other proof, sign in, open “My "
                "record”, and log the course again with it.",
                course=course,
                day=day(on),
                why=why,
            )
            + _closing(),
        )

    return write


def _closing() -> str:
    return "\n\n" + _(
        "If you think this is wrong, open “My record” and choose “This is wrong” beside the course: somebody else will look "
        "at it."
    )
