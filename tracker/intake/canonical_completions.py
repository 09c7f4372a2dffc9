"""The canonical table of completions (docs/design.md section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Assurance
from tracker.intake.cells import NOT_A_DAY, is_link, is_plain, iso_day, listed, shown, text_faults
from tracker.intake.headings import heading_key
from tracker.intake.percents import said_progress
from tracker.intake.reading import Reading
from tracker.intake.reports import EARLIEST, CompletionReader, Pick, day_fault
from tracker.intake.synonyms import SYNONYMS, plain_heading
from tracker.intake.tables import HeadedTable
from tracker.language import _
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

PROFILE = "canonical"
SOURCE = "table"
COLUMNS = ("member_number", "email", "course", "completed_on", "assurance", "evidence_url", "external_id")
WANTED = f"{', '.join(COLUMNS)} (at least course, completed_on, and member_number or email)"

_LONG = ("course", "evidence_url")  # a course may be given by its URL
# Other programs' exports may have our headings too, and beside them a column that says who has failed.
_PROGRESS = frozenset(listed(SYNONYMS["completions"]["percent"]))
_ASSURANCES = {"": Assurance.CLAIMED} | {each.word: each for each in Assurance}


def fits(table: HeadedTable) -> bool:
    keys = set(map(heading_key, table.headers))
    return {"course", "completed on"} <= keys and not keys.isdisjoint(("member number", "email"))


def read(table: HeadedTable, today: date, reading: Reading) -> CompletionReader:
    progress = [place for place, header in enumerate(table.headers) if plain_heading(header) in _PROGRESS]
    rows = _rows(table, table.pick(COLUMNS), progress, today, reading.assurance)
    return CompletionReader(PROFILE, SOURCE, table.others(COLUMNS), rows, table.headers, reading)


def _rows(
    table: HeadedTable, pick: Pick, progress: list[int], today: date, fixed: Assurance | None
) -> Iterator[CompletionRow | NotACompletion | RowFaults]:
    for row in table.rows:
        if isinstance(row, RowFaults):
            yield row
            continue
        line, cells = row
        if progress and (less := next(filter(None, (said_progress(cells[place]) for place in progress)), "")):
            yield NotACompletion(line, less)
            continue
        values = pick(cells)
        number, email, course, completed_on, assurance, evidence_url, external_id = values
        day = iso_day(completed_on)
        level = _ASSURANCES.get(assurance.lower())
        if fixed is not None and level is not None:
            level = fixed
        if (
            day is None
            or level is None
            or not course
            or not (number or email)
            or not EARLIEST <= day <= today
            or (evidence_url and not is_link(evidence_url))
            or not is_plain(values)
        ):
            # One question on the usual row, the reasons only where they are needed: most of a file's rows are sound.
            if faults := tuple(_faults(line, values, today)):
                yield RowFaults(line, faults)
                continue
            assert day is not None and level is not None
        yield CompletionRow(line, number, "", email, "", "", course, day, level, evidence_url, external_id)


def _faults(line: int, values: tuple[str, ...], today: date) -> Iterator[Fault]:
    number, email, course, completed_on, assurance, evidence_url, _unused = values
    yield from text_faults(line, COLUMNS, values, _LONG)
    if not (number or email):
        yield Fault(line, "member_number", "", _("is missing, and so is the e-mail: one of them must name the learner"))
    if not course:
        yield Fault(line, "course", "", _("is missing"))
    day = iso_day(completed_on)
    if not completed_on:
        yield Fault(line, "completed_on", "", _("is missing"))
    elif day is None:
        yield Fault(line, "completed_on", shown(completed_on), str(NOT_A_DAY))
    elif reason := day_fault(day, today):
        yield Fault(line, "completed_on", completed_on, reason)
    if assurance.lower() not in _ASSURANCES:
        words = ", ".join(each.word for each in Assurance)
        yield Fault(
            line,
            "assurance",
            shown(assurance),
            _("is no assurance: use %(words)s, or leave it blank for claimed", words=words),
        )
    if evidence_url and not is_link(evidence_url):
        yield Fault(
            line, "evidence_url", shown(evidence_url), _("is no web address: it must begin with https:// or http://")
        )
