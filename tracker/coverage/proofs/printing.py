"""A statement as a file to print or send: what it says on one day, and where to check what it says now."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tracker.coverage.exports.printing import printed_text, typeset
from tracker.coverage.proofs.stating import StatedCourse, Statement
from tracker.coverage.proofs.words import about, day_line, finding, heading, notes, right_in_words
from tracker.coverage.qr import qr_svg
from tracker.language import _, day

_DAY = timedelta(days=1)


def proof_pdf(statement: Statement, label: str = "", address: str = "", until_on: date = date.max) -> bytes:
    """A tagged PDF (PDF/UA-1), in the language that is spoken.

    Args:
        label: for whom it is; "": for its member alone.
        address: the public page on which anyone can check it; "": there is none.
        until_on: the first day on which that page answers no more.

    Raises:
        NotRendered: it could not be made now.
    """
    return typeset(
        "proof",
        {
            "title": printed_text(heading(statement)),
            "name": printed_text(statement.name),
            "about": [printed_text(each) for each in about(statement, label)],
            "finding": printed_text(finding(statement)),
            "headings": [_("Course"), _("Completed on, and how that is known")],
            "sections": [
                {"title": printed_text(each.title), "courses": [_course(course, statement.day) for course in each.courses]}
                for each in statement.sections
                if each.courses
            ],
            "nothing": _("No course counts today."),
            "check": _check(statement, address, until_on) if address else None,
            "right": printed_text(right_in_words()),
            "foot": printed_text(" · ".join((statement.name, _("as of %(day)s", day=day(statement.day))))),
            "boxes": _("stands for a sign that the fonts of this server cannot draw. The page at the address shows it."),
        },
    )


def _check(statement: Statement, address: str, until_on: date) -> dict[str, Any]:
    return {
        "title": _("Check it"),
        "words": [
            printed_text(_("This is a copy, as of %(day)s. What is so today stands here:", day=day(statement.day))),
            printed_text(_("Until %(day)s anyone who has this address can read it there.", day=day(until_on - _DAY))),
        ],
        "alt": _("The same address as a QR code"),
        "address": address,
        "qr": qr_svg(address).decode(),
    }


def _course(course: StatedCourse, on: date) -> dict[str, Any]:
    return {
        "title": printed_text(course.title),
        "notes": [printed_text(each) for each in notes(course, on)],
        "days": [printed_text(each) for each in day_line(course)] or [""],
    }
