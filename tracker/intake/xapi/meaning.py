"""What a statement means: who completed what on which day, in the words of every other report, or nothing of the kind."""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from tracker.curriculum.faults import Fault
from tracker.curriculum.keys import provider_course_key
from tracker.curriculum.words import Assurance
from tracker.intake.cells import is_address, is_plain, shown, text_faults
from tracker.intake.linkedin_detail import ZONE as LINKEDIN_ZONE
from tracker.intake.reports import EARLIEST
from tracker.intake.xapi.shape import completion_of, mail_address, moment_of, statement_key, verb_name
from tracker.operations.completions.claims import LINKEDIN
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults
from tracker.operations.statements import Meaning, Reported, Voiding

OTHERS = "xapi"  # the source of completions that are not LinkedIn's

_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
_LINKEDIN_URN = re.compile(r"urn:(?:li:|lynda)", re.IGNORECASE)
_LYNDA_URN = re.compile(r"urn:(?:li:)?lynda([A-Za-z]+):(\S+)", re.IGNORECASE)

# Kinds of activity, by the last word of their type, that are parts of a course or no course at all.
_NO_COURSES = {
    *("assessment", "article", "attempt", "audio", "cmi.interaction", "file", "interaction", "lesson", "link", "media"),
    *("module", "objective", "question", "video"),
}
_CLOCKS_DIFFER = timedelta(minutes=10)


def meaning_of(raw: str, received_at: datetime, zone: tzinfo) -> Meaning:
    """What a statement means that :func:`read_statements` took.

    The day is the one in Los Angeles for LinkedIn's own courses, as in LinkedIn's reports, so that a day reported by both
    is one fact; for every other it is the day that the timestamp itself writes. Without a timestamp it is the day on which
    the statement was received.

    Args:
        zone: whose day it is where neither the provider nor the statement says so.
    """
    said = json.loads(raw)
    if verb_name(said["verb"]["id"]) == "voided":
        return Voiding(statement_key(said["object"]["id"]))
    sure = _assurance(said)
    if isinstance(sure, str):
        return NotACompletion(0, sure)
    target = said["object"]["id"].strip()
    is_linkedin = bool(_LINKEDIN_URN.match(target))
    stamp = said.get("timestamp")
    moment = moment_of(stamp) if stamp else received_at.astimezone(zone)
    day = _day(moment, LINKEDIN_ZONE if is_linkedin else None)
    provider_id, email = _learner(said["actor"])
    stored = (provider_id, email, target)
    faults = list(text_faults(0, ("actor", "actor", "object.id"), stored, long_columns=("object.id",)))
    if moment > received_at + _CLOCKS_DIFFER:
        faults.append(Fault(0, "timestamp", str(stamp), "is in the future"))
    elif day is None or day < EARLIEST:
        faults.append(Fault(0, "timestamp", str(stamp), f"is before {EARLIEST.year}: look at the year"))
    if faults or day is None:
        return RowFaults(0, tuple(faults))
    row = CompletionRow(
        line=0,
        member_number="",
        provider_id=provider_id,
        email=email,
        learner_name=_name(said["actor"].get("name")),
        course_id=provider_course_key(target) if is_linkedin else target,
        course=_title(said["object"]) or ("" if is_linkedin else target),
        completed_on=day,
        assurance=sure,
        evidence_url="",
        external_id="",  # the same said under another id is the same fact
    )
    return Reported(row, LINKEDIN if is_linkedin else OTHERS)


def _assurance(said: dict[str, Any]) -> Assurance | str:
    """How sure it is that a course was completed; or, in words, why the statement reports nothing of the kind.

    All of a course seen, of which nobody says that it is complete, is a claim: as in LinkedIn's Reporting API.
    """
    target = said["object"]
    if (target.get("objectType") or "Activity") != "Activity":
        return "about an agent or another statement"
    if (said["actor"].get("objectType") or "Agent") == "Group":
        return "a group's"
    if part := _no_course(target):
        return part
    result = said.get("result") or {}
    completion, progress = completion_of(result), _progress(result)
    verb = verb_name(said["verb"]["id"])
    if verb == "completed":
        return "completed, and yet completion is false" if completion is False else Assurance.PROVIDER
    if verb == "progressed":
        if progress is None or progress < 100:
            return "progressed" if progress is None else f"{progress:g} % of the course"
        if completion is False:
            return "all of it seen, and yet completion is false"
        return Assurance.PROVIDER if completion else Assurance.CLAIMED
    if verb == "passed":
        return Assurance.PROVIDER if completion else "passed, which alone is no completion"
    return shown(verb)


def _no_course(target: dict[str, Any]) -> str:
    """What an activity is that is no course, in words; "" for a course, and for what does not say."""
    urn = _LYNDA_URN.fullmatch(target["id"].strip())
    if urn:
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", urn[1]).lower()
    else:
        definition = target.get("definition")
        said = definition.get("type") if isinstance(definition, dict) else None
        kind = said.strip().rstrip("/").rpartition("/")[2].lower() if isinstance(said, str) else ""
        kind = kind if kind in _NO_COURSES else ""
    if kind in ("", "course"):
        return ""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {shown(kind)}"


def _progress(result: dict[str, Any]) -> float | None:
    """The percentage reached, a number or a text; None where none can be read."""
    said = (result.get("extensions") or {}).get(_PROGRESS)
    if isinstance(said, str):
        try:
            said = float(said.strip().removesuffix("%"))
        except ValueError:
            return None
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        return None
    return said


def _learner(actor: dict[str, Any]) -> tuple[str, str]:
    """The provider's id and the e-mail address of a learner, each "" where it is not given.

    A hash of an address finds nobody here; it is an id like any other, which a person may recognise.
    """
    account = actor.get("account") or {}
    name = str(account.get("name") or "").strip()
    sha1 = str(actor.get("mbox_sha1sum") or "").strip().lower()
    provider_id = name or str(actor.get("openid") or "").strip() or (f"sha1:{sha1}" if sha1 else "")
    return provider_id, mail_address(actor.get("mbox") or "") or (name if is_address(name) else "")


def _title(target: dict[str, Any]) -> str:
    definition = target.get("definition")
    names = definition.get("name") if isinstance(definition, dict) else None
    if not isinstance(names, dict) or not names:
        return ""
    language = next((each for each in names if each.lower().startswith("en")), next(iter(names)))
    return _name(names[language])


def _name(said: Any) -> str:
    """A name for people to recognise, "" where it could not be shown."""
    text = said.strip() if isinstance(said, str) else ""
    return text if is_plain([text]) else ""


def _day(moment: datetime, zone: tzinfo | None) -> date | None:
    """The day of a moment in a zone, or as the moment itself writes it; None at the ends of the calendar."""
    try:
        return (moment.astimezone(zone) if zone else moment).date()
    except (OverflowError, ValueError):
        return None
