"""One element of a learning activity report: a learner, a course, and what they did with it in the window.

LinkedIn says of nothing when it was completed, only when a learner was last engaged with it, so:

- ``COMPLETIONS`` is LinkedIn's own word, a provider's report, on the day of its ``lastEngagedAt``.
- ``PROGRESS_PERCENTAGE`` of 100 without it means that everything was watched; the quiz may be missing. It is a claim.
- ``MARKED_AS_DONE`` is what the learner said of content that LinkedIn cannot follow. It is a claim.

The day moves when the learner opens the course again within a window. LinkedIn lets a course be completed once, so the
learner's profile and the course make the report's id: told again with another day, in another window, it is known already.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tracker.curriculum.faults import Fault
from tracker.curriculum.keys import provider_course_key
from tracker.curriculum.words import Assurance
from tracker.intake.cells import LONGEST_TEXT, is_plain, shown, text_faults
from tracker.intake.linkedin_api.windows import EARLIEST
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

PROFILE = "linkedin-reporting-api"
SOURCE = "linkedin"
ZONE = ZoneInfo("America/Los_Angeles")  # whose day counts, as in every other report of LinkedIn's

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MOMENT = 253_402_300_799_999 - 86_400_000  # milliseconds: a day before the calendar ends, for the zones

_OTHER_ASSET = re.compile(r"urn:(?:li:)?lynda([A-Z][A-Za-z]*):")
_WORD = re.compile(r"[A-Z][a-z]*")

# What the columns of a row are called in an element, in the order of the values they are checked with.
_STORED = (
    "learnerDetails.uniqueUserId",
    "learnerDetails.email",
    "learnerDetails.name",
    "contentDetails.contentUrn",
    "contentDetails.name",
)


class _Kind(NamedTuple):
    """A kind of engagement that shows a course to be done, from which value on, and how sure that is."""

    name: str
    enough: float
    most: float
    assurance: Assurance
    word: str  # in the report's id


# The surest first.
_KINDS = (
    _Kind("COMPLETIONS", 1, math.inf, Assurance.PROVIDER, "completed"),
    _Kind("PROGRESS_PERCENTAGE", 100, 100, Assurance.CLAIMED, "claimed"),
    _Kind("MARKED_AS_DONE", 1, math.inf, Assurance.CLAIMED, "claimed"),
)


class _Wrong(Exception):
    """What is wrong at one place of an element."""

    def __init__(self, place: str, value: object, reason: str) -> None:
        super().__init__(reason)
        self.place = place
        self.value = value
        self.reason = reason


def row_of(line: int, element: object, latest: date) -> CompletionRow | NotACompletion | RowFaults:
    """What an element says, in our words. Whatever it holds, it raises nothing.

    Args:
        line: its number in the window.
        latest: the last day anything can have been completed on.
    """
    try:
        return _row(line, element, latest)
    except _Wrong as wrong:
        value = "" if wrong.value is None else shown(json.dumps(wrong.value))
        return RowFaults(line, (Fault(line, wrong.place, value, wrong.reason),))


def _row(line: int, element: object, latest: date) -> CompletionRow | NotACompletion | RowFaults:
    whole = _object(element, "")
    content = _object(whole.get("contentDetails"), "contentDetails")
    urn = _text(content, "contentDetails", "contentUrn")
    other = _OTHER_ASSET.match(urn)
    if other and other[1].lower() != "course":
        return NotACompletion(line, _kind_reason(other[1]))
    done = _done(whole.get("activities"), latest)
    if isinstance(done, str):
        return NotACompletion(line, done)
    kind, day = done
    learner = _object(whole.get("learnerDetails"), "learnerDetails")
    profile = _profile(learner)
    learner_id = _text(learner, "learnerDetails", "uniqueUserId") or profile
    email = _text(learner, "learnerDetails", "email")
    name = _text(learner, "learnerDetails", "name")
    title = _text(content, "contentDetails", "name")
    if not (learner_id or email):
        raise _Wrong("learnerDetails", None, "names nobody: uniqueUserId, email and entity.profileUrn are missing")
    if not (urn or title):
        raise _Wrong("contentDetails", None, "names no course: contentUrn and name are missing")
    stored = (learner_id, email, name, urn, title)
    if not is_plain(stored) and (faults := tuple(text_faults(line, _STORED, stored))):
        return RowFaults(line, tuple(fault._replace(value=shown(json.dumps(fault.value))) for fault in faults))
    course = provider_course_key(urn)
    report_id = f"{profile} {course} {kind.word}"
    return CompletionRow(
        *(line, "", learner_id, email, name, course, title, day, kind.assurance, ""),
        external_id=report_id if profile and course and is_plain((report_id,)) else "",
        learner_local=_groups(learner.get("enterpriseGroups")),
    )


def _done(activities: object, latest: date) -> tuple[_Kind, date] | str:
    """By which kind of engagement the course is done, and on which day; or why it is not.

    The surest kind decides, and of several engagements of a kind the earliest: their order means nothing.
    """
    if not isinstance(activities, list):
        raise _Wrong("activities", activities, "is missing" if activities is None else "is no list")
    of_a_course: dict[str, list[tuple[str, dict[str, Any]]]] = {kind.name: [] for kind in _KINDS}
    wrong: _Wrong | None = None
    for index, each in enumerate(activities):
        place = f"activities[{index}]"
        try:
            activity = _object(each, place)
            name = _text(activity, place, "engagementType")
            if name in of_a_course and _text(activity, place, "assetType") in ("", "COURSE"):
                of_a_course[name].append((place, activity))
        except _Wrong as found:
            wrong = wrong or found
    for kind in _KINDS:
        done = [each for each in of_a_course[kind.name] if _value(*each, kind) >= kind.enough]
        if done:
            return kind, min(_day(place, activity, latest) for place, activity in done)
        if wrong:  # which may hide what is surer than the kinds that follow
            raise wrong
    progress = [_value(*each, _KINDS[1]) for each in of_a_course["PROGRESS_PERCENTAGE"]]
    return f"{math.floor(max(progress))} % of the course" if progress else "opened, not completed"


def _value(place: str, activity: dict[str, Any], kind: _Kind) -> float:
    value = activity.get("engagementValue")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= kind.most:
        what = "percentage from 0 to 100" if kind.most == 100 else "number of times"
        raise _Wrong(f"{place}.engagementValue", value, "is missing" if value is None else f"is no {what}")
    return value


def _day(place: str, activity: dict[str, Any], latest: date) -> date:
    """The Los Angeles day on which a learner was last engaged."""
    place, moment = f"{place}.lastEngagedAt", activity.get("lastEngagedAt")
    if moment is None:
        raise _Wrong(place, None, "is missing, so the day of completion is not known")
    found = moment_of(moment)
    if found is None:
        raise _Wrong(place, moment, "is no moment: milliseconds since 1970 are expected")
    day = found.astimezone(ZONE).date()
    if day < EARLIEST:
        raise _Wrong(place, moment, f"is on {day}, before LinkedIn had courses: milliseconds since 1970 are expected")
    if day > latest:
        raise _Wrong(place, moment, f"is on {day}, in the future")
    return day


def moment_of(milliseconds: object) -> datetime | None:
    """The moment so many milliseconds after 1970 began; None for what is no such number."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    return _EPOCH + timedelta(milliseconds=milliseconds) if 0 <= milliseconds <= _LAST_MOMENT else None


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(place, value, "is missing" if value is None else "is no object with named values")
    return value


def _text(holder: dict[str, Any], place: str, name: str) -> str:
    """A text without outer spaces; "" where there is none, as LinkedIn hides names and addresses if told to."""
    value = holder.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Wrong(f"{place}.{name}", value, "is no text")
    return value.strip()


def _profile(learner: dict[str, Any]) -> str:
    """LinkedIn's own key of the learner. No member number ever looks like it, but a person may say whose it is."""
    entity = learner.get("entity")
    return "" if entity is None else _text(_object(entity, "learnerDetails.entity"), "learnerDetails.entity", "profileUrn")


def _groups(groups: object) -> str:
    """The groups the learner is in, for people to recognise them by: often their local."""
    names = [each for each in groups if isinstance(each, str)] if isinstance(groups, list) else []
    text = "".join(each if each.isprintable() else " " for each in ", ".join(names)[: 2 * LONGEST_TEXT]).strip()
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _kind_reason(kind: str) -> str:
    words = " ".join(_WORD.findall(kind)).lower()
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
