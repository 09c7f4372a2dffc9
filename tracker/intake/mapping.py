"""Any headed table, read by a mapping of our fields onto its columns.

A person says which column holds what; constants, translated words and what the file itself shows of its dates and
percentages do the rest. Faults name the file's own headings, for those are what its reader can find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import itemgetter

from tracker.curriculum.refused import Refused
from tracker.curriculum.words import Assurance
from tracker.intake.day_columns import DayColumn
from tracker.intake.fields import KINDS, refuse_wrong_reading, still_wanted, with_owner
from tracker.intake.headings import heading_key
from tracker.intake.percents import PercentColumn
from tracker.intake.reading import Reading
from tracker.intake.tables import Content, HeadedTable, read_table
from tracker.language import _
from tracker.operations.rows import RowFaults

PROFILE = "mapping"  # what a table is said to be read as whose mapping has no name
SOURCE = "table"  # and who reported it

Values = Callable[[list[str]], Sequence[str]]


# What programs write where there is nothing. Names and titles are never taken for it: people are called Null.
_NOTHING = frozenset(("-", "--", "—", "–", "n/a", "#n/a", "na", "null", "(null)", "none", "(none)", "nil", "(blank)"))
_NO_DAY = frozenset((*_NOTHING, "0", "0000-00-00", "0000-00-00 00:00:00"))
_MAY_BE_NOTHING = frozenset(
    ("member_number", "email", "learner_id", "local", "home_local", "percent", "evidence_url", "external_id", "home")
)
_PLACE = re.compile(r"(.*?)\s*#([0-9]{1,4})", re.DOTALL)


@dataclass
class MappedTable:
    """A table with its mapping, ready to be walked: what ``open_mapped`` answers.

    ``labels`` are the headings of the fields, for faults; ``values`` turns a row's cells into one value a field, in the
    order of ``Kind.fields``.
    """

    table: HeadedTable
    labels: dict[str, str]
    values: Values
    days: dict[str, DayColumn]
    percents: PercentColumn
    dropped: list[str]
    reading: Reading

    def headings_of(self, fields: Iterable[str]) -> list[str]:
        """The headings of those of the fields that the mapping knows."""
        known = {*self.reading.columns, *self.reading.constants}
        return [self.labels[field] for field in fields if field in known]


def open_mapped(content: Content, file_name: str, kind: str, reading: Reading, *, latest: date | None = None) -> MappedTable:
    """Read the table once for what it shows of its dates and percentages, and open it again to be walked.

    Args:
        kind: of ``KINDS``.
        latest: the last day that a date can mean, where there is one.

    Raises:
        Refused: ``unknown_field``, ``field_missing``, ``unknown_column``, ``duplicate_header``, ``unknown_zone``,
            ``unknown_date_order``, ``wrong_constant``, ``ambiguous_dates``, ``ambiguous_zone``; or what ``read_table``
            refuses.
    """
    refuse_wrong_reading(kind, reading)
    reading = with_owner(kind, reading)
    lacking = still_wanted(kind, {*reading.columns, *reading.constants})
    if lacking:
        raise Refused("field_missing", _("Say %(names)s.", names="; and ".join(lacking)), field="columns")
    table = mapped_table(content, file_name, reading)
    places = {field: column_place(table, heading) for field, heading in reading.columns.items()}
    days, percents = survey(table, kind, reading, places, latest)
    orders = {order for column in days.values() if (order := column.found_order)}
    order = orders.pop() if len(orders) == 1 else ""
    for column in days.values():
        column.settle(file_name, order)
    _refuse_wrong_constants(kind, reading, days)
    fields = KINDS[kind].fields
    labels = labels_of(table)
    return MappedTable(
        table=mapped_table(content, file_name, reading),
        labels={field: labels[places[field]] if field in places else field for field in fields},
        values=values_of(table, fields, kind, reading, places),
        days=days,
        percents=percents,
        dropped=[label for place, label in enumerate(labels) if table.headers[place] and place not in places.values()],
        reading=replace(reading, date_order=reading.date_order or order),
    )


def survey(
    table: HeadedTable, kind: str, reading: Reading, places: Mapping[str, int], latest: date | None
) -> tuple[dict[str, DayColumn], PercentColumn]:
    """The table's columns of days and of progress, after a walk over all its rows where there is anything to learn."""
    about = KINDS[kind]
    labels = labels_of(table)
    days = {
        field: DayColumn(
            labels[places[field]] if field in places else field,
            about.first_year,
            latest if field == "completed_on" else None,
            reading.date_order,
            reading.zone,
        )
        for field in about.days
    }
    percents = PercentColumn()
    looked_at = [field for field in about.days if field in places and days[field].needs_a_walk]
    has_percents = "percent" in places
    fields = [*looked_at, *(["percent"] if has_percents else [])]
    if fields:
        columns = [days[field] for field in looked_at]
        values = values_of(table, fields, kind, reading, places)
        for row in table.rows:
            if isinstance(row, RowFaults):
                continue
            line, cells = row
            texts = values(cells)
            for column, text in zip(columns, texts, strict=False):
                column.look(text, line)
            if has_percents:
                percents.look(texts[-1])
    percents.begin()
    return days, percents


def values_of(table: HeadedTable, fields: Iterable[str], kind: str, reading: Reading, places: Mapping[str, int]) -> Values:
    """A function from a row's cells to the fields' values: translated, and with the constants where they are blank."""
    fields = list(fields)
    width = len(table.headers)
    chosen = [places.get(field, width) for field in fields]
    changes = []
    for place, field in enumerate(fields):
        nothing = _NO_DAY if field in KINDS[kind].days else _NOTHING if field in _MAY_BE_NOTHING else ()
        said = {text.strip().casefold(): value for text, value in reading.values.get(field, {}).items()}
        words = {**dict.fromkeys(nothing, ""), **said}
        constant = reading.constants.get(field, "")
        if (field in places and words) or constant:
            changes.append((place, words, constant))
    pick = itemgetter(*chosen, width)  # one too many, so that it always answers with a tuple

    def values(cells: list[str]) -> Sequence[str]:
        found = list(pick([*cells, ""]))
        for place, words, constant in changes:
            text = found[place]
            if words:
                text = words.get(text.casefold(), text)
            found[place] = text or constant
        del found[-1]
        return found

    return values


def labels_of(table: HeadedTable) -> list[str]:
    """What each column is called to tell it from the others: its heading; ``Name #2`` or ``#4`` where that does not do."""
    keys = [heading_key(header) for header in table.headers]
    return [
        f"{header} #{keys[: place + 1].count(keys[place])}".strip()
        if header and keys.count(keys[place]) > 1
        else header or f"#{place + 1}"
        for place, header in enumerate(table.headers)
    ]


def column_place(table: HeadedTable, name: str) -> int:
    """Where the column of that heading stands, from 0. ``Name #2`` is the second one headed Name, ``#4`` the fourth column.

    Raises:
        Refused: ``unknown_column``, ``duplicate_header``.
    """
    for same in (str.strip, heading_key):
        places = [place for place, header in enumerate(table.headers) if header and same(header) == same(name)]
        if len(places) == 1:
            return places[0]
        if places:
            names = " or ".join(repr(f"{name} #{number + 1}") for number in range(len(places)))
            message = _(
                "%(file_name)s has %(count)s columns headed %(name)r: write %(names)s.",
                file_name=table.file_name,
                count=len(places),
                name=name,
                names=names,
            )
            raise Refused("duplicate_header", message, field="columns")
    found = _PLACE.fullmatch(name)
    if found is not None:
        key, number = heading_key(found[1]), int(found[2])
        places = [each for each, header in enumerate(table.headers) if not key or heading_key(header) == key]
        if 0 < number <= len(places):
            return places[number - 1]
    headings = ", ".join(repr(label) for label in labels_of(table))
    raise Refused(
        "unknown_column",
        _(
            "%(file_name)s has no column headed %(name)r. It has: %(headings)s.",
            file_name=table.file_name,
            name=name,
            headings=headings,
        ),
        field="columns",
    )


def _refuse_wrong_constants(kind: str, reading: Reading, days: Mapping[str, DayColumn]) -> None:
    """What holds for every row must hold for one: said once, and not as a fault of each.

    Raises:
        Refused: ``wrong_constant``.
    """
    for field, value in reading.constants.items():
        if field in days and days[field].day(value) is None:
            raise Refused(
                "wrong_constant",
                _("%(field)s: %(value)r is no day: write it as 2026-03-09.", field=field, value=value),
                field="constants",
            )
        if field == "assurance" and value.upper() not in Assurance.__members__:
            words = ", ".join(each.word for each in Assurance)
            raise Refused(
                "wrong_constant", _("%(value)r is no assurance: use %(words)s.", value=value, words=words), field="constants"
            )


def mapped_table(content: Content, file_name: str, reading: Reading) -> HeadedTable:
    """The table, its headings found by those that the mapping names."""
    plain = [name for name in reading.columns.values() if not _PLACE.fullmatch(name)]
    numbered = [(found[1], int(found[2])) for name in reading.columns.values() if (found := _PLACE.fullmatch(name))]
    columns = plain or [heading for heading, _unused in numbered if heading]
    width = max((place for heading, place in numbered if not heading), default=0)
    return read_table(content, file_name, columns=columns, width=width)
