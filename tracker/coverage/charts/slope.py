"""The same units or paths on two days, and how far each has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from tracker.coverage.charts.wording import (
    apart,
    day_words,
    drawn_share,
    percent_words,
    sentence,
    short,
    specification,
)
from tracker.coverage.exports.shapes import Chart, Column, Kind, Table
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance
from tracker.language import _, lazy, ngettext, number

_NAMED = 12  # lines with their names: those that changed most; the others are drawn without
_HEIGHT = 340
_RIGHT = 1.75  # where the room for names ends; the second day is at 1


class _Pair(NamedTuple):
    label: str
    then: Figure
    now: Figure

    def change(self, floor: Assurance) -> float:
        return (drawn_share(self.now, floor) or 0.0) - (drawn_share(self.then, floor) or 0.0)


def slope_chart(
    pairs: Sequence[tuple[str, Figure, Figure]], then: date, now: date, floor: Assurance, *, title: str = ""
) -> Chart:
    """A line for each with anyone in scope on both days, from its share then to its share now."""
    title = title or _("The union")
    rows = [_Pair(*pair) for pair in pairs]
    both = [row for row in rows if row.then.in_scope and row.now.in_scope]
    finding = _finding(both, then, now, floor, title)
    summary = _summary(both, len(rows), then, now, floor, title)
    table = Table(
        (
            Column("what"),
            Column("in_scope_then", Kind.COUNT),
            Column("covered_then", Kind.COUNT),
            Column("share_then", Kind.SHARE),
            Column("in_scope_now", Kind.COUNT),
            Column("covered_now", Kind.COUNT),
            Column("share_now", Kind.SHARE),
            Column("change", Kind.NUMBER, lazy("Change, points")),
        ),
        [
            (
                row.label,
                row.then.in_scope,
                row.then.covered(floor),
                row.then.share(floor),
                row.now.in_scope,
                row.now.covered(floor),
                row.now.share(floor),
                round(row.change(floor), 2) if row in both else None,
            )
            for row in rows
        ],
        _("%(title)s: %(then)s and %(now)s", title=title, then=then.isoformat(), now=now.isoformat()),
        _("Change is empty where no one was in scope on one of the days."),
    )
    return Chart("slope", finding, summary, _drawn(both, then, now, floor, finding, summary), table)


def _finding(both: Sequence[_Pair], then: date, now: date, floor: Assurance, title: str) -> str:
    if not both:
        return _("No one in %(title)s was in scope on both days", title=title)
    up = [row for row in both if row.change(floor) > 0]
    down = [row for row in both if row.change(floor) < 0]
    since = day_words(then)
    if len(both) == 1:
        row = both[0]
        return _(
            "%(label)s went from %(then)s to %(now)s since %(day)s",
            label=row.label,
            then=percent_words(row.then, floor),
            now=percent_words(row.now, floor),
            day=since,
        )
    if not up and not down:
        return _("Nothing has moved in %(title)s since %(day)s", title=title, day=since)
    most = max(both, key=lambda row: abs(row.change(floor)))
    values = {"label": most.label, "then": percent_words(most.then, floor), "now": percent_words(most.now, floor)}
    moved = (
        _("%(label)s rose most, from %(then)s to %(now)s", **values)
        if most.change(floor) > 0
        else _("%(label)s fell most, from %(then)s to %(now)s", **values)
    )
    told = {"all": number(len(both)), "up": number(len(up)), "down": number(len(down)), "day": since, "moved": moved}
    if len(up) == len(both):
        return _("All %(all)s rose since %(day)s; %(moved)s", **told)
    if up and down:
        return _("%(up)s of %(all)s rose and %(down)s fell since %(day)s; %(moved)s", **told)
    if up:
        return _("%(up)s of %(all)s rose since %(day)s; %(moved)s", **told)
    return _("None rose and %(down)s fell since %(day)s; %(moved)s", **told)


def _summary(both: Sequence[_Pair], rows: int, then: date, now: date, floor: Assurance, title: str) -> str:
    parts = [
        _(
            "A line for each of %(count)s in %(title)s, from coverage on %(then)s to %(now)s",
            count=number(len(both)),
            title=title,
            then=day_words(then),
            now=day_words(now),
        )
    ]
    by_change = sorted(both, key=lambda row: -abs(row.change(floor)))
    for row in by_change[:6]:
        parts.append(
            _(
                "%(label)s: %(then)s to %(now)s",
                label=row.label,
                then=percent_words(row.then, floor),
                now=percent_words(row.now, floor),
            )
        )
    if len(both) > _NAMED:
        parts.append(_("the %(count)s that moved most are named", count=number(_NAMED)))
    if rows > len(both):
        parts.append(
            ngettext(
                "left out: %(n)s row with no one in scope on one of the days",
                "left out: %(n)s rows with no one in scope on one of the days",
                rows - len(both),
            )
        )
    return " ".join(sentence(each) for each in parts)


def _drawn(both: Sequence[_Pair], then: date, now: date, floor: Assurance, finding: str, summary: str) -> dict[str, Any]:
    named = sorted(both, key=lambda row: -abs(row.change(floor)))[:_NAMED]
    names = {id(row) for row in named}
    room = 100 * 16 / _HEIGHT  # a line of text, in points of the share
    starts = {percent_words(row.then, floor): drawn_share(row.then, floor) or 0.0 for row in named}  # each once
    lefts = apart(list(starts.values()), room, 0, 100)
    rights = apart([drawn_share(row.now, floor) or 0.0 for row in named], room, 0, 100)
    values: list[dict[str, Any]] = []
    for place, row in enumerate(both):
        for at, day, figure in ((0, then, row.then), (1, now, row.now)):
            values.append(
                {
                    "line": place,
                    "x": at,
                    "share": drawn_share(figure, floor),
                    "named": id(row) in names,
                    "label": row.label,
                    "when": day_words(day),
                    "said": percent_words(figure, floor),
                }
            )
    ends = []
    for words, left in zip(starts, lefts, strict=True):
        ends.append({"x": -0.04, "at": left, "words": words, "side": "left"})
    for row, right in zip(named, rights, strict=True):
        words = f"{percent_words(row.now, floor)} {short(row.label)}"
        ends.append(
            {"x": 1.07, "at": right, "words": words, "side": "right", "from": 1.01, "share": drawn_share(row.now, floor)}
        )
    x = {"field": "x", "type": "quantitative", "scale": {"domain": [-0.2, _RIGHT], "nice": False}, "axis": None}
    y_scale = {"domain": [0, 100], "nice": False}
    y = {"field": "share", "type": "quantitative", "scale": y_scale, "axis": None}
    tooltip = [
        {"field": "label", "title": _("In")},
        {"field": "when", "title": _("On")},
        {"field": "said", "title": _("Covered")},
    ]

    def lines(style: str, is_named: bool) -> list[dict[str, Any]]:
        transform = [{"filter": f"datum.named === {'true' if is_named else 'false'}"}]
        encoding = {"x": x, "y": y}
        return [
            {
                "transform": transform,
                "mark": {"type": "line", "style": f"{style}-line"},
                "encoding": {**encoding, "detail": {"field": "line"}},
            },
            {
                "transform": transform,
                "mark": {"type": "point", "filled": True, "size": 45, "opacity": 1, "style": f"{style}-point"},
                "encoding": {**encoding, "tooltip": tooltip},
            },
        ]

    def texts(side: str, align: str) -> dict[str, Any]:
        return {
            "data": {"values": ends},
            "transform": [{"filter": f"datum.side === '{side}'"}],
            "mark": {
                "type": "text",
                "align": align,
                "baseline": "middle",
                "style": "text",
                "limit": {"expr": "width * 0.36"},
            },
            "encoding": {"x": x, "y": {**y, "field": "at"}, "text": {"field": "words"}},
        }

    heads = [{"x": 0, "words": day_words(then)}, {"x": 1, "words": day_words(now)}]
    layers = [
        {"data": {"values": heads}, "mark": {"type": "rule", "style": "frame-line"}, "encoding": {"x": x}},
        {
            "data": {"values": heads},
            "mark": {"type": "text", "style": "quiet-text", "baseline": "bottom", "dy": -10},
            "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "words"}},
        },
        *lines("other", False),
        *lines("main", True),
        {
            "data": {"values": ends},
            "transform": [{"filter": "datum.side === 'right'"}, {"calculate": "datum.x - 0.01", "as": "to"}],
            "mark": {"type": "rule", "style": "other-line"},
            "encoding": {
                "x": {**x, "field": "from"},
                "x2": {"field": "to"},
                "y": y,
                "y2": {"field": "at"},
            },
        },
        texts("left", "right"),
        texts("right", "left"),
    ]
    return specification(values=values, layers=layers, height=_HEIGHT, finding=finding, summary=summary)
