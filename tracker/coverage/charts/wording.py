"""How charts say numbers, days and comparisons, and what every specification begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from tracker import language
from tracker.coverage.exports.shapes import Cell, Column, Kind
from tracker.coverage.saying import plain_day, share_words
from tracker.curriculum.coverage import Figure, whole_percent
from tracker.curriculum.words import Assurance
from tracker.language import _, lazy

__all__ = ["share_words"]  # and what follows

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

FIGURE_COLUMNS = (
    Column("in_scope", Kind.COUNT),
    Column("covered", Kind.COUNT),
    Column("share", Kind.SHARE),
    Column("claimed", Kind.COUNT),
    Column("reviewed", Kind.COUNT),
    Column("provider", Kind.COUNT, lazy("By provider")),
)


def figure_cells(figure: Figure | None, floor: Assurance) -> tuple[Cell, ...]:
    """A figure under :data:`FIGURE_COLUMNS`; nothing where it is hidden."""
    if figure is None:
        return (None,) * len(FIGURE_COLUMNS)
    return (figure.in_scope, figure.covered(floor), figure.share(floor), figure.claimed, figure.reviewed, figure.provider)


def percent_words(figure: Figure, floor: Assurance) -> str:
    """``61 %``."""
    return language.percent(whole_percent(figure.covered(floor), figure.in_scope))


def target_words(target: float) -> str:
    """``target 80 %``, beside the line that marks it."""
    return _("target %(share)s", share=exact_percent(100 * target))


def exact_percent(share: float) -> str:
    """``62.5 %``, with as many places as were stated."""
    return f"{language.number(round(share, 2))}\u00a0%"


def drawn_share(figure: Figure | None, floor: Assurance) -> float | None:
    """The height at which a figure is drawn, 0 to 100; None where there is nothing to draw: no one in scope is no 0 %."""
    if figure is None or not figure.in_scope:
        return None
    return round(100 * figure.covered(floor) / figure.in_scope, 2)


def reaches(figure: Figure, floor: Assurance, target: float) -> bool:
    return figure.covered(floor) >= Fraction(str(target)) * figure.in_scope


def day_words(day: date) -> str:
    """``31 March 2026``."""
    return plain_day(day)  # sentences break where they must


def month_words(day: date) -> str:
    """``March 2026``."""
    return language.month(day).replace("\u00a0", " ")


def short(label: str) -> str:
    """What a unit is called where room is scarce: its number, without its name."""
    return label.split(" · ")[0]


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


def share_axis(title: str, **more: Any) -> dict[str, Any]:
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
