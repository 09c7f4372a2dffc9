"""The union's units from a headed table: read as a whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from zoneinfo import available_timezones

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import UnitKind
from tracker.intake.cells import shown, text_faults
from tracker.intake.tables import Content, HeadedTable, read_table
from tracker.language import _
from tracker.operations.refused import Refused
from tracker.operations.rows import RowFaults, UnitRow

REQUIRED = ("number", "name", "kind")
COLUMNS = ("number", "name", "kind", "parent", "city", "region", "country", "sector", "time_zone")


def read_units(content: Content, file_name: str, known: Collection[str] = ()) -> list[UnitRow]:
    """Every unit of the file, in its order. ``known`` are the numbers the union has already: parents may be among them.

    Raises:
        Refused: ``faulty_units`` with everything wrong in the file; or what ``read_table`` refuses.
    """
    table = read_table(content, file_name)
    if lacking := table.lacking(REQUIRED):
        faults = [Fault(table.header_line, column, "", _("this column is missing")) for column in lacking]
        raise _faulty(table, faults, f"Found: {', '.join(table.headers)}. Wanted: {', '.join(COLUMNS)}.")
    units: list[UnitRow] = []
    faults = []
    pick = table.pick(COLUMNS)
    for row in table.rows:
        if isinstance(row, RowFaults):
            faults += row.faults
            continue
        line, cells = row
        values = pick(cells)
        faults += _row_faults(line, values)
        number, name, kind, *rest = values
        units.append(UnitRow(line, number, name, _kind(kind) or UnitKind.LOCAL, *rest))
    if not units and not faults:
        faults.append(Fault(table.header_line, "", "", _("there is no unit below the headings")))
    # The tree is looked at only when every row can be read: a number that is missing or a kind that is none would
    # be blamed again on every unit below it.
    faults = faults or sorted(_tree_faults(units, known))
    if faults:
        raise _faulty(table, faults)
    return units


def _faulty(table: HeadedTable, faults: list[Fault], more: str = "") -> Refused:
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    message = f"{table.file_name} has {count}, so no unit was changed. {more}".rstrip()
    return Refused("faulty_units", message, faults=faults)


def _row_faults(line: int, values: tuple[str, ...]) -> Iterator[Fault]:
    """What is wrong with a unit on its own."""
    number, name, kind, *_unused, time_zone = values
    yield from text_faults(line, COLUMNS, values)
    if not number:
        yield Fault(line, "number", "", _("is missing"))
    if not name:
        yield Fault(line, "name", "", _("is missing"))
    if _kind(kind) is None:
        yield Fault(line, "kind", shown(kind), _("is no kind of unit: use %(names)s", names=", ".join(UnitKind)))
    if time_zone and time_zone not in _time_zones():
        yield Fault(line, "time_zone", shown(time_zone), _("is no time zone: use a name such as America/Los_Angeles"))


def _kind(word: str) -> UnitKind | None:
    try:
        return UnitKind(word.lower())
    except ValueError:
        return None


@cache
def _time_zones() -> frozenset[str]:
    """The IANA names; finding them reads a folder tree, so once."""
    return frozenset(available_timezones())


def _tree_faults(units: list[UnitRow], known: Collection[str]) -> Iterator[Fault]:
    """What is wrong with the units taken together: the union is one tree."""
    first: dict[str, UnitRow] = {}
    for unit in units:
        if unit.number in first:
            yield Fault(unit.line, "number", unit.number, _("stands in line %(line)s already", line=first[unit.number].line))
        else:
            first[unit.number] = unit
    yield from _top_faults(units, known)
    known = frozenset(known)
    for unit in units:
        if not unit.parent:
            continue
        parent = first.get(unit.parent)
        if parent is not None and parent.kind is UnitKind.LOCAL:
            yield Fault(
                unit.line, "parent", unit.parent, _("is a local: only districts and the international have units below")
            )
        elif parent is None and unit.parent not in known:
            yield Fault(
                unit.line, "parent", unit.parent, _("is no unit: neither in this file nor in the union as it stands")
            )
    yield from _circle_faults(first)


def _top_faults(units: list[UnitRow], known: Collection[str]) -> Iterator[Fault]:
    """One unit, the international, stands above all others. A file that only adds units need not repeat it."""
    tops = [unit for unit in units if not unit.parent]
    top = next((unit for unit in tops if unit.kind is UnitKind.INTERNATIONAL), None)
    if top is None and not known:
        line = units[0].line
        yield Fault(line, "parent", "", _("no unit is the top: give one of kind international, with no parent"))
    for unit in units:
        if unit.kind is UnitKind.INTERNATIONAL and unit.parent:
            yield Fault(unit.line, "parent", unit.parent, _("must be blank: the international stands at the top"))
        elif not unit.parent and unit is not top and (top or known):
            above = f"{top.number} (line {top.line})" if top else "the union's international"
            yield Fault(unit.line, "parent", "", _("is missing: only %(above)s stands at the top", above=above))
    if top is not None and known and top.number not in known:
        yield Fault(top.line, "number", top.number, _("would be a second top: the union has its international already"))


def _circle_faults(units: dict[str, UnitRow]) -> Iterator[Fault]:
    """Each circle once, at its first line."""
    sound: set[str] = set()
    for start in units:
        walk: dict[str, None] = {}  # an ordered set
        number = start
        while number in units and number not in sound and number not in walk:
            walk[number] = None
            number = units[number].parent
        if number in walk:
            steps = list(walk)
            circle = steps[steps.index(number) :]
            unit = min((units[each] for each in circle), key=lambda each: each.line)
            way = " → ".join([*circle, number])
            yield Fault(unit.line, "parent", unit.parent, _("leads back to the unit itself: %(way)s", way=way))
        sound.update(walk)
