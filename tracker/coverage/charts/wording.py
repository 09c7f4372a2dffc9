"""How charts say numbers, days and comparisons, and what every specification begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from tracker.coverage.exports.shapes import Cell, Column, Kind
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
SHARE_TITLE = "Covered, % of those in scope"

FIGURE_COLUMNS = (
    Column("in_scope", Kind.COUNT),
    Column("covered", Kind.COUNT),
    Column("share", Kind.SHARE),
    Column("claimed", Kind.COUNT),
    Column("reviewed", Kind.COUNT),
    Column("provider", Kind.COUNT, "By provider"),
)


def figure_cells(figure: Figure | None, floor: Assurance) -> tuple[Cell, ...]:
    """A figure under :data:`FIGURE_COLUMNS`; nothing where it is hidden."""
    if figure is None:
        return (None,) * len(FIGURE_COLUMNS)
    return (figure.in_scope, figure.covered(floor), figure.share(floor), figure.claimed, figure.reviewed, figure.provider)


def percent(covered: int, in_scope: int) -> int:
    """A share as a whole percent: 100 only when it is all of them, 0 only when it is none."""
    if not in_scope:
        return 0
    nearest = (200 * covered + in_scope) // (2 * in_scope)
    if covered in (0, in_scope):
        return nearest
    return min(max(nearest, 1), 99)


def percent_words(figure: Figure, floor: Assurance) -> str:
    """``61 %``."""
    return f"{percent(figure.covered(floor), figure.in_scope)}\u00a0%"


def share_words(figure: Figure, floor: Assurance) -> str:
    """``312 of 512 · 61 %``."""
    return f"{figure.covered(floor):,} of {figure.in_scope:,} · {percent_words(figure, floor)}"


def drawn_share(figure: Figure | None, floor: Assurance) -> float | None:
    """The height at which a figure is drawn, 0 to 100; None where there is nothing to draw: no one in scope is no 0 %."""
    if figure is None or not figure.in_scope:
        return None
    return round(100 * figure.covered(floor) / figure.in_scope, 2)


def reaches(figure: Figure, floor: Assurance, target: float) -> bool:
    return figure.covered(floor) >= Fraction(str(target)) * figure.in_scope


def day_words(day: date) -> str:
    """``31 March 2026``."""
    return f"{day.day} {day:%B} {day.year}"


def month_words(day: date) -> str:
    """``March 2026``."""
    return f"{day:%B} {day.year}"


def people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def short(label: str) -> str:
    """What a unit is called where room is scarce: its number, without its name."""
    return label.split(" · ")[0]


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def sentence(words: str) -> str:
    """The words with a capital letter and a full stop."""
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"


def specification(
    *, values: Sequence[Mapping[str, Any]], layers: Sequence[Mapping[str, Any]], height: int, finding: str, summary: str
) -> dict[str, Any]:
    """A picture as wide as what it stands in, with its data inside."""
    return {
        "$schema": SCHEMA,
        "description": summary,
        "usermeta": {"finding": finding},
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 4, "right": 8, "top": 8, "bottom": 4},
        "data": {"values": list(values)},
        "layer": list(layers),
    }


def share_axis(title: str = SHARE_TITLE, **more: Any) -> dict[str, Any]:
    """An axis of shares: always the whole of it, 0 to 100 %."""
    return {"title": title, "values": [0, 25, 50, 75, 100], "labelExpr": "datum.value + ' %'", **more}


def apart(places: Sequence[float], room: float, lowest: float, highest: float) -> list[float]:
    """Where labels go that want these places, in their order, so that each has room: as near as can be, within bounds."""
    order = sorted(range(len(places)), key=lambda each: (places[each], each))
    found = [0.0] * len(places)
    before = lowest - room
    for each in order:
        before = max(places[each], before + room)
        found[each] = before
    over = highest
    for each in reversed(order):
        found[each] = min(found[each], over)
        over = found[each] - room
    return found
