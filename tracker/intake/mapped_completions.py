"""Completions from any headed table, by a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Assurance
from tracker.intake.cells import LONGEST_TEXT, is_link, is_plain, shown, text_faults
from tracker.intake.fields import KINDS, missing
from tracker.intake.mapping import PROFILE, SOURCE, MappedTable, open_mapped
from tracker.intake.names import first_name_first
from tracker.intake.percents import COMPLETE, said_progress
from tracker.intake.reading import Reading
from tracker.intake.reports import EARLIEST, CompletionReader, day_fault
from tracker.intake.tables import Content
from tracker.language import _
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

_FIELDS = KINDS["completions"].fields
_LONG = ("course", "evidence_url")  # a course may be given by its URL
_ASSURANCES = {"": Assurance.CLAIMED} | {each.word: each for each in Assurance}
_NOT_BEGUN = "not begun"


def read(
    content: Content, file_name: str, today: date, reading: Reading, profile: str = PROFILE, source: str = SOURCE
) -> CompletionReader:
    """The completions of a table, by the reading's mapping.

    Raises:
        Refused: what ``open_mapped`` refuses.
    """
    mapped = open_mapped(content, file_name, "completions", reading, latest=today)
    rows = _rows(mapped, today)
    return CompletionReader(profile, source, mapped.dropped, rows, mapped.table.headers, mapped.reading)


def _rows(mapped: MappedTable, today: date) -> Iterator[CompletionRow | NotACompletion | RowFaults]:
    values_of, days, percents = mapped.values, mapped.days["completed_on"], mapped.percents
    fixed = mapped.reading.assurance
    has_percents = "percent" in mapped.reading.columns
    for row in mapped.table.rows:
        if isinstance(row, RowFaults):
            yield row
            continue
        line, cells = row
        values = values_of(cells)
        number, email, learner_id, name, first_name, last_name, local, course, course_id = values[:9]
        completed_on, percent, assurance, evidence_url, external_id = values[9:]
        if percent:
            progress = percents.progress(percent)
        else:
            progress = _NOT_BEGUN if has_percents and not completed_on else COMPLETE
        if progress:
            yield NotACompletion(line, progress)
            continue
        day = days.day(completed_on) if completed_on else None
        if completed_on and day is None and (unfinished := said_progress(completed_on)):
            yield NotACompletion(line, unfinished)  # "not completed" in place of a day
            continue
        level = fixed or _ASSURANCES.get(assurance.lower())
        if first_name or last_name:
            name = name or f"{first_name} {last_name}".strip()
        elif "," in name:
            name = first_name_first(name)
        if (
            progress is None
            or day is None
            or level is None
            or not (course or course_id)
            or not (number or email or learner_id or name)
            or not EARLIEST <= day <= today
            or (evidence_url and not is_link(evidence_url))
            or not is_plain(values)
        ):
            # One question on the usual row, the reasons only where they are needed: most of a file's rows are sound.
            if faults := tuple(_faults(line, mapped, values, today)):
                yield RowFaults(line, faults)
                continue
            assert day is not None and level is not None
        yield CompletionRow(
            *(line, number, learner_id, email, name, course_id, course, day, level, evidence_url, external_id),
            learner_local=local[:LONGEST_TEXT],
        )


def _faults(line: int, mapped: MappedTable, values: Sequence[str], today: date) -> Iterator[Fault]:
    """Everything wrong with a row, under the file's own headings."""
    labels, said = mapped.labels, dict(zip(_FIELDS, values, strict=True))
    long_columns = tuple(labels[field] for field in _LONG)
    yield from text_faults(line, tuple(labels[field] for field in _FIELDS), values, long_columns)
    for wanted in KINDS["completions"].wanted[:2]:
        if not any(said[field] for field in (*wanted.fields, *(("first_name",) if "name" in wanted.fields else ()))):
            headings = mapped.headings_of(wanted.fields)
            yield Fault(line, headings[0], "", missing(headings, wanted.what))
    percent, completed_on = said["percent"], said["completed_on"]
    if percent and mapped.percents.progress(percent) is None:
        reason = _("is no percentage from 0 to 100, and no word known for complete or not: say what it means")
        yield Fault(
            line,
            labels["percent"],
            shown(percent),
            _("%(reason)s (--value 'percent:%(percent)s=100')", reason=reason, percent=shown(percent)),
        )
    day = mapped.days["completed_on"].day(completed_on) if completed_on else None
    if not completed_on:
        yield Fault(line, labels["completed_on"], "", _("is missing, so the day of completion is not known"))
    elif day is None:
        yield Fault(line, labels["completed_on"], shown(completed_on), mapped.days["completed_on"].why_not(completed_on))
    elif reason_against := day_fault(day, today):
        yield Fault(line, labels["completed_on"], shown(completed_on), reason_against)
    if mapped.reading.assurance is None and said["assurance"].lower() not in _ASSURANCES:
        words = ", ".join(each.word for each in Assurance)
        reason = _("is no assurance: use %(words)s, or leave it blank for claimed", words=words)
        yield Fault(line, labels["assurance"], shown(said["assurance"]), reason)
    if said["evidence_url"] and not is_link(said["evidence_url"]):
        reason = _("is no web address: it must begin with https:// or http://")
        yield Fault(line, labels["evidence_url"], shown(said["evidence_url"]), reason)
