"""LinkedIn Learning's "Learner Detail" report: one row for every learner and content they opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Assurance
from tracker.intake.cells import LONGEST_LINK, LONGEST_TEXT, is_plain, iso_day, shown, text_faults
from tracker.intake.headings import heading_key
from tracker.intake.reading import Reading
from tracker.intake.reports import EARLIEST, CompletionReader, Pick, day_fault
from tracker.intake.tables import HeadedTable
from tracker.language import _, lazy
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

PROFILE = "linkedin-learner-detail"
SOURCE = "linkedin"
ZONE = ZoneInfo("America/Los_Angeles")
WANTED = "Email or Unique User ID, Content Name, Content Type, Percent Completed, Completed At"

_NEEDED = ("Content Name", "Content Type", "Percent Completed", "Completed At")
_LEARNER = ("Unique User ID", "Email")
_READ = (
    "Name",
    "Email",
    "Unique User ID",
    "Content Name",
    "Content ID",
    "Content Type",
    "Percent Completed",
    "Completed At",
    "Groups (Current Membership)",
    "Groups (At Time Of Engagement)",
)
_IGNORED = (  # ours to know and not to keep: the report says more about people than the union asks
    "Content Provider",
    "Hours Viewed",
    "Started",
    "Last Viewed During Time Range",
    "Total Assessments",
    "Number of Assessments Completed",
    "Skills",
    "Course Name",
    "Course ID",
)
# The columns whose text is stored, in the order of the values they are checked with.
_STORED = ("Unique User ID", "Email", "Name", "Content ID", "Content Name")

_NOT_A_DAY = lazy("is no day: the report writes 2026-03-09 or 3/9/2026 (month first), with or without a time")
_MOMENT = re.compile(
    r"(?:([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})|([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2}))"
    r"(?:,?[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?\s*(?:([AP])\.?M\.?)?)?",
    re.IGNORECASE,
)
_LONGEST = 60  # characters of a moment or a percentage: longer ones are none, and would fill the memory of those met
_PERCENT = re.compile(r"([0-9]+)(?:[.,]([0-9]+))?\s*%?")

_LOCAL = re.compile(r"\blocal\b.*\d|\blocal (?:one|two)\b", re.IGNORECASE)

# What LinkedIn offers besides: the headings that give each away, and what it is good for.
_OTHER_REPORTS = (
    (
        'LinkedIn\'s "Learner Summary"',
        {"days logged in", "course completions"},
        "counts views and says of no course who did it",
    ),
    ('LinkedIn\'s "Organization Summary"', {"people logged in", "unique viewers"}, "counts views and names no learner"),
    (
        "LinkedIn's file of users",
        {"primary email address", "license english status"},
        "says who has an account, and not who completed what: import it as a list of accounts",
    ),
    (
        "LinkedIn's file of users",
        {"preferred first name", "primary email address"},
        "says who has an account, and not who completed what: import it as a list of accounts",
    ),
)


def fits(table: HeadedTable) -> bool:
    keys = {key for header in table.headers for key in (_stem(header), heading_key(header))}
    return keys.issuperset(map(heading_key, _NEEDED)) and not keys.isdisjoint(map(heading_key, _LEARNER))


def read(table: HeadedTable, today: date, reading: Reading) -> CompletionReader:
    known = {heading_key(column) for column in (*_READ, *_IGNORED)}
    dropped = [header for header in table.headers if header and not known & {heading_key(header), _stem(header)}]
    pick = table.pick([_heading(table, column) or column for column in _READ])
    zone = _zone(_heading(table, "Completed At") or "")
    rows = _rows(table, pick, zone, today, reading.assurance or Assurance.PROVIDER)
    return CompletionReader(PROFILE, SOURCE, dropped, rows, table.headers, reading)


def refuse_other_reports(table: HeadedTable) -> None:
    """LinkedIn's other downloads do not say who completed which course: say which report to fetch instead.

    Raises:
        Refused: ``wrong_report``.
    """
    stems = {_stem(header) for header in table.headers}
    for name, signs, what in _OTHER_REPORTS:
        if signs <= stems and not {"content name", "completed at"} & stems:
            raise Refused(
                "wrong_report",
                _(
                    "%(file_name)s is %(name)s, which %(what)s. For completions open Reports in LinkedIn "
                    'Learning’s administration, download "Learner Detail" as CSV, and import that.',
                    file_name=table.file_name,
                    name=name,
                    what=what,
                ),
            )


def _rows(
    table: HeadedTable, pick: Pick, zone: tzinfo | None, today: date, assurance: Assurance
) -> Iterator[CompletionRow | NotACompletion | RowFaults]:
    for row in table.rows:
        if isinstance(row, RowFaults):
            yield row
            continue
        line, cells = row
        name, email, learner_id, title, course_id, kind, percent_text, completed_at, groups, groups_then = pick(cells)
        if kind.lower() != "course":
            if kind:
                yield NotACompletion(line, kind_reason(shown(kind)))
            else:
                yield RowFaults(line, (Fault(line, "Content Type", "", _("is missing")),))
            continue
        percent = _percent(percent_text)
        if percent is not None and percent < 100 and not (completed_at and _is_fraction(percent, percent_text)):
            yield NotACompletion(line, f"{percent:g} % of the course")
            continue
        day = _day(completed_at, zone)
        stored = (learner_id, email, name, course_id, title)
        if (
            percent != 100
            or day is None
            or not EARLIEST <= day <= today
            or not (learner_id or email)
            or not (course_id or title)
            or not is_plain(stored)
        ):
            # One question on the usual row, the reasons only where they are needed.
            if faults := tuple(_faults(line, percent, percent_text, day, completed_at, stored, today)):
                yield RowFaults(line, faults)
                continue
            assert day is not None
        yield CompletionRow(
            *(line, "", learner_id, email, name, course_id, title, day, assurance, "", ""),
            learner_local=_local_among(groups[:LONGEST_LINK]) or _local_among(groups_then[:LONGEST_LINK]),
        )


def _faults(
    line: int,
    percent: float | None,
    percent_text: str,
    day: date | None,
    completed_at: str,
    stored: tuple[str, ...],
    today: date,
) -> Iterator[Fault]:
    """Everything wrong with a course that is complete, or may be."""
    learner_id, email, _unused, course_id, title = stored
    yield from text_faults(line, _STORED, stored)
    if not (learner_id or email):
        yield Fault(line, "Unique User ID", "", _("is missing, and so is Email: one of them must name the learner"))
    if not (course_id or title):
        yield Fault(line, "Content Name", "", _("is missing, and so is Content ID: one of them must name the course"))
    if percent is None:
        yield Fault(line, "Percent Completed", shown(percent_text), _("is no percentage from 0 to 100"))
    elif percent < 100:
        reason = _(
            "is at odds with Completed At. A spreadsheet may have made 1 of 100 %: import the file as LinkedIn wrote it"
        )
        yield Fault(line, "Percent Completed", percent_text, reason)
    if not completed_at:
        yield Fault(line, "Completed At", "", _("is missing, so the day of completion is not known"))
    elif day is None:
        yield Fault(line, "Completed At", shown(completed_at), str(_NOT_A_DAY))
    elif early_or_late := day_fault(day, today):
        yield Fault(line, "Completed At", completed_at, early_or_late)


def _stem(header: str) -> str:
    """The heading without what LinkedIn adds in brackets: the time zone, or what the column is good for."""
    return heading_key(header.partition("(")[0])


def _heading(table: HeadedTable, column: str) -> str | None:
    """The column's heading in this table, "Completed At (PST/PDT)" for Completed At."""
    key = heading_key(column)
    headings = [header for header in table.headers if key in (_stem(header), heading_key(header))]
    if len(headings) > 1:
        raise Refused(
            "duplicate_header",
            _(
                "%(file_name)s has %(count)s columns for %(column)s: keep one.",
                file_name=table.file_name,
                count=len(headings),
                column=column,
            ),
        )
    return headings[0] if headings else None


def _zone(heading: str) -> tzinfo | None:
    """The zone of the column's moments where it is not LinkedIn's own: a day in Los Angeles is meant in every feed."""
    return UTC if "utc" in heading.lower() or "gmt" in heading.lower() else None


def _day(text: str, zone: tzinfo | None) -> date | None:
    """The Los Angeles day of what Completed At says, or None. Days without a time are taken as written."""
    if len(text) == 10 and (day := iso_day(text)):
        return day
    if len(text) > _LONGEST:
        return None
    try:
        moment = datetime.fromisoformat(text) if _is_iso_moment(text) else _moment(text)
        if moment is None:
            return None
        if moment.tzinfo is None:
            if zone is None or ":" not in text:
                return moment.date()
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(ZONE).date()
    except (ValueError, OverflowError):  # no such day or hour; a zone that leads out of the calendar
        return None


def _is_iso_moment(text: str) -> bool:
    """Whether Python's fast reader may try: hours in two digits, and none of its week dates."""
    return text[4:5] == "-" and text[7:8] == "-" and text[13:14] == ":" and text[-1:].upper() != "M"


@lru_cache(maxsize=50_000)
def _moment(text: str) -> datetime | None:
    """A day as Americans write it, or an ISO one with an American time.

    Raises:
        ValueError: there is no such day or time.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    iso_year, iso_month, iso_day_, month, day, year, hour, minute, second, half = found.groups()
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in "Pp" else 0)
    if year and len(year) == 2:
        year = "20" + year  # there were no online courses to complete before
    return datetime(
        int(iso_year or year),
        int(iso_month or month),
        int(iso_day_ or day),
        hours,
        int(minute or 0),
        int(second or 0),
    )


@lru_cache(maxsize=10_000)
def _percent(text: str) -> float | None:
    """100 for "100%", "100", "100.0 %" and "100,0 %"; None for what is no percentage."""
    if not text:
        return 0.0  # opened, never begun
    if len(text) > _LONGEST:
        return None
    found = _PERCENT.fullmatch(text)
    if found is None:
        return None
    percent = float(f"{found[1]}.{found[2] or 0}")
    return percent if percent <= 100 else None


def _is_fraction(percent: float, text: str) -> bool:
    """Whether a spreadsheet may have made 1 of "100%", which would silently lose every completion."""
    return percent <= 1 and "%" not in text


@lru_cache(maxsize=10_000)
def _local_among(groups: str) -> str:
    """The groups that name a local, such as "Local 999, Lighting": for people to recognise the learner by."""
    locals_ = dict.fromkeys(group.strip() for group in groups.split(",") if _LOCAL.search(group))
    text = ", ".join(locals_)
    return text if text.isprintable() and len(text) <= LONGEST_TEXT else ""


@lru_cache(maxsize=1_000)
def kind_reason(kind: str) -> str:
    word = kind.lower()
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
