"""A digest in words: subject and text, in the language that is spoken now.

A blank line ends a paragraph, "# " begins a heading, "- " a line of a list: as `operations.notices.messages` draws them.
"""

from __future__ import annotations

from datetime import date

from tracker.coverage.digests.shapes import Answered, Asked, Decided, Digest, Due, Expiring
from tracker.coverage.reviewing import reason_in_words
from tracker.curriculum.words import AssignmentKind
from tracker.language import _, day, in_list, ngettext
from tracker.models import CorrectionState, Review

_TITLES_SHOWN = 5


def digest_in_words(digest: Digest, today: date, record_url: str) -> tuple[str, str]:
    """Subject and text of a digest."""
    parts = [_("Hello,"), _opening(digest)]
    for heading, lines in lines_in_words(digest, today):
        parts.append("\n".join((f"# {heading}", *(f"- {line}" for line in lines))))
    if digest.overdue:
        parts.append(_("Learning is your right: a day that has passed takes nothing away from you."))
    parts.append(_("All of it stands on your record: %(url)s", url=record_url))
    parts.append(
        _(
            "You get this mail because your union keeps a record of your learning. At most one comes in a week, and none "
            "when there is nothing to tell."
        )
    )
    return _subject(digest), "\n\n".join(parts) + "\n"


def lines_in_words(digest: Digest, today: date) -> list[tuple[str, list[str]]]:
    """What a digest tells, under its headings."""
    told = (
        (_("New for you"), [_asked(line, today) for line in digest.asked]),
        (_("Coming up"), [_due(line, today) for line in digest.due]),
        (_("Past its day"), [_overdue(line) for line in digest.overdue]),
        (_("To be renewed"), [_expiring(line, today) for line in digest.expiring]),
        (_("Courses you logged"), [_decided(line) for line in digest.decided]),
        (_("Taken back"), [_taken_back(line.course, line.on, line.why) for line in digest.taken_back]),
        (_("What you asked us to correct"), [_answered(line) for line in digest.answered]),
        (_("Reported for you"), [_recorded(line.courses) for line in digest.recorded]),
    )
    return [(heading, lines) for heading, lines in told if lines]


def in_days(on: date, today: date) -> str:
    """How far off a day is: "today", "tomorrow", "in 30 days"."""
    left = (on - today).days
    if left <= 0:
        return _("today")
    if left == 1:
        return _("tomorrow")
    return ngettext("in %(n)s day", "in %(n)s days", left)


def _subject(digest: Digest) -> str:
    """The most pressing of what it tells."""
    if digest.due:
        return _("%(path)s: until %(day)s", path=digest.due[0].path, day=day(digest.due[0].due_on))
    if digest.asked:
        return _("New for you: %(path)s", path=digest.asked[0].path)
    if digest.expiring:
        return _("To be renewed: %(path)s", path=digest.expiring[0].path)
    return _("Your learning this week")


def _opening(digest: Digest) -> str:
    return ngettext("there is one thing to tell you.", "there are %(n)s things to tell you.", len(digest.lines))


def _asked(line: Asked, today: date) -> str:
    who = _who(line)
    if line.due_on is None:
        return _("%(path)s: %(who)s. There is no day by which it must be done.", path=line.path, who=who)
    return _(
        "%(path)s: %(who)s, until %(day)s (%(distance)s).",
        path=line.path,
        who=who,
        day=day(line.due_on),
        distance=in_days(line.due_on, today),
    )


def _who(line: Asked) -> str:
    """Who asks for a path."""
    is_required = line.kind is AssignmentKind.REQUIRED
    if line.is_by_name:
        if is_required:
            return _("asked of you by name by the training staff")
        return _("recommended to you by name by the training staff")
    if line.unit and line.craft:
        if is_required:
            return _("asked of everyone in %(craft)s in %(unit)s", craft=line.craft, unit=line.unit)
        return _("recommended to everyone in %(craft)s in %(unit)s", craft=line.craft, unit=line.unit)
    if line.unit:
        if is_required:
            return _("asked of everyone in %(unit)s", unit=line.unit)
        return _("recommended to everyone in %(unit)s", unit=line.unit)
    if line.craft:
        if is_required:
            return _("asked of everyone in %(craft)s", craft=line.craft)
        return _("recommended to everyone in %(craft)s", craft=line.craft)
    return _("asked of all members") if is_required else _("recommended to all members")


def _due(line: Due, today: date) -> str:
    return _(
        "%(path)s: until %(day)s (%(distance)s).", path=line.path, day=day(line.due_on), distance=in_days(line.due_on, today)
    )


def _overdue(line: Due) -> str:
    return _("%(path)s was to be done by %(day)s. You can still do it.", path=line.path, day=day(line.due_on))


def _expiring(line: Expiring, today: date) -> str:
    if line.last_on < today:
        told = _(
            "%(path)s was to be renewed by %(day)s; for some days more it still counts.",
            path=line.path,
            day=day(line.last_on),
        )
    else:
        told = _(
            "%(path)s counts until %(day)s (%(distance)s).",
            path=line.path,
            day=day(line.last_on),
            distance=in_days(line.last_on, today),
        )
    return " ".join((told, *(_renewing(course, others) for course, others in line.renewed_by)))


def _renewing(course: str, others: tuple[str, ...]) -> str:
    if others:
        return _(
            "Renew it by completing %(course)s again, or %(others)s.", course=course, others=in_list(list(others), of="or")
        )
    return _("Renew it by completing %(course)s again.", course=course)


def _decided(line: Decided) -> str:
    course, on = line.course, day(line.on)
    if line.decision is Review.ACCEPTED:
        return _("%(course)s, completed on %(day)s: the training staff accepted it, and it counts.", course=course, day=on)
    why = reason_in_words(line.reason, line.words)
    if line.decision is Review.RETURNED:
        return _(
            "%(course)s, completed on %(day)s: the training staff sent it back. %(why)s You can log it again with what was "
            "missing.",
            course=course,
            day=on,
            why=why,
        )
    return _(
        "%(course)s, completed on %(day)s: the training staff could not accept it. %(why)s", course=course, day=on, why=why
    )


def _taken_back(course: str, on: date, why: str) -> str:
    if not why:
        return _("%(course)s, completed on %(day)s, counts no longer.", course=course, day=day(on))
    return _("%(course)s, completed on %(day)s, counts no longer. The reason: %(why)s", course=course, day=day(on), why=why)


def _answered(line: Answered) -> str:
    what, answer = " ".join(line.shown.split()) or _("Your record"), " ".join(line.answer.split())
    if line.state is CorrectionState.DONE:
        return _("%(what)s: it was corrected. %(answer)s", what=what, answer=answer).rstrip()
    return _("%(what)s: it was not changed. %(answer)s", what=what, answer=answer).rstrip()


def _recorded(titles: tuple[str, ...]) -> str:
    """How many courses a report brought, and the first of them by name: no flood."""
    count, more = len(titles), len(titles) - _TITLES_SHOWN
    if more > 0:
        shown = ", ".join(titles[:_TITLES_SHOWN])
        return ngettext(
            "%(n)s course was recorded from a provider’s report: %(titles)s and %(more)s more.",
            "%(n)s courses were recorded from a provider’s report: %(titles)s and %(more)s more.",
            count,
            titles=shown,
            more=more,
        )
    return ngettext(
        "%(n)s course was recorded from a provider’s report: %(titles)s.",
        "%(n)s courses were recorded from a provider’s report: %(titles)s.",
        count,
        titles=in_list(list(titles)),
    )
