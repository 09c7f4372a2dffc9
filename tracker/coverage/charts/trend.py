"""Coverage month by month, with the target and the days on which the path changed."""

from __future__ import annotations

from datetime import date
from typing import Any

from tracker.coverage.charts.wording import (
    FIGURE_COLUMNS,
    counted,
    day_words,
    drawn_share,
    figure_cells,
    listed,
    month_words,
    percent,
    percent_words,
    reaches,
    sentence,
    share_axis,
    share_words,
    specification,
)
from tracker.coverage.exports.shapes import Chart, Column, Kind, Table
from tracker.coverage.trends import Trend
from tracker.curriculum.words import Assurance

_DAY = {"field": "at", "type": "temporal", "scale": {"type": "utc"}}


def trend_chart(trend: Trend, *, title: str, floor: Assurance, target: float | None) -> Chart:
    """Coverage month by month.

    Args:
        title: whose it is, as a sentence begins: "Local 80".
        target: the share aimed at; None where there is none.
    """
    finding = _finding(trend, title, floor, target)
    summary = _summary(trend, title, floor, target)
    return Chart("trend", finding, summary, _drawn(trend, floor, target, finding, summary), _table(trend, floor, title))


def _finding(trend: Trend, title: str, floor: Assurance, target: float | None) -> str:
    asked = trend.asked
    if not asked:
        if any(figure is None for _, figure in trend.points):
            return "No figure of these months may be shown"
        return f"No one was in scope in {title} between {month_words(trend.points[0].day)} and {month_words(trend.as_of)}"
    (first_day, first), (last_day, last) = asked[0], asked[-1]
    if last_day != trend.points[-1].day:
        return f"No one has been in scope in {title} since {month_words(last_day)}"
    if len(asked) == 1:
        return f"{title}: {share_words(last, floor)} on {day_words(last_day)}, with no one in scope before"
    if target is not None:
        aim = f"target of {round(100 * target)}\u00a0%"
        is_reached = [reaches(figure, floor, target) for _, figure in asked]
        if is_reached[-1]:
            if all(is_reached):
                return f"{title} has been at or above its {aim} since {month_words(first_day)}"
            passed = asked[len(asked) - is_reached[::-1].index(False)][0]
            return f"{title} passed its {aim} in {month_words(passed)}"
        if any(is_reached):
            lost = asked[len(asked) - is_reached[::-1].index(True)][0]
            return f"{title} fell below its {aim} in {month_words(lost)}"
    then, now = (percent(figure.covered(floor), figure.in_scope) for figure in (first, last))
    if then == now:
        return f"Coverage in {title} stands at {now}\u00a0%, as in {month_words(first_day)}"
    way = "rose" if now > then else "fell"
    return f"Coverage in {title} {way} from {then}\u00a0% to {now}\u00a0% since {month_words(first_day)}"


def _summary(trend: Trend, title: str, floor: Assurance, target: float | None) -> str:
    asked = trend.asked
    parts = [f"A line of coverage in {title} by month, {month_words(trend.points[0].day)} to {day_words(trend.as_of)}"]
    hidden = sum(figure is None for _, figure in trend.points)
    if hidden:
        parts.append(f"{counted(hidden, 'month')} hidden, for fewer than five locals contribute")
    if not asked:
        parts.append("there is nothing to draw: no one was in scope")
        return " ".join(sentence(each) for each in parts)
    if asked[0][0] != trend.points[0].day and not hidden:
        parts.append(f"no one was in scope before {month_words(asked[0][0])}")
    parts.append(f"{day_words(asked[0][0])}: {share_words(asked[0][1], floor)}")
    if len(asked) > 2:
        by_share = sorted(asked, key=lambda each: each[1].share(floor) or 0.0)
        parts.append(
            f"lowest {percent_words(by_share[0][1], floor)} in {month_words(by_share[0][0])},"
            f" highest {percent_words(by_share[-1][1], floor)} in {month_words(by_share[-1][0])}"
        )
    if len(asked) > 1:
        parts.append(f"{day_words(asked[-1][0])}: {share_words(asked[-1][1], floor)}")
    if target is not None:
        parts.append(f"the target is {round(100 * target)}\u00a0%")
    if trend.marks:
        parts.append(f"the path changed: {listed([f'{words} from {day_words(day)}' for day, words in trend.marks])}")
    return " ".join(sentence(each) for each in parts)


def _drawn(trend: Trend, floor: Assurance, target: float | None, finding: str, summary: str) -> dict[str, Any]:
    values: list[dict[str, Any]] = [
        {
            "day": day.isoformat(),
            "at": _moment(day),
            "share": drawn_share(figure, floor),
            "when": day_words(day),
            "said": share_words(figure, floor) if figure and figure.in_scope else "no one in scope",
        }
        for day, figure in trend.points
    ]
    drawn = [each for each in values if each["share"] is not None]
    if drawn:
        drawn[-1]["label"] = percent_words(trend.asked[-1][1], floor)
    share = {
        "field": "share",
        "type": "quantitative",
        "scale": {"domain": [0, 100]},
        "axis": share_axis(titleX=0, titleY=-12),
    }
    tooltip = [{"field": "when", "title": "On"}, {"field": "said", "title": "Covered"}]
    is_high = bool(drawn) and drawn[-1]["share"] > 92
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "line", "style": "main-line", "interpolate": "linear"}, "encoding": {"y": share}},
        {
            "mark": {"type": "point", "filled": True, "size": 45, "opacity": 1, "style": "main-point"},
            "transform": [{"filter": "datum.share !== null"}],
            "encoding": {"y": share, "tooltip": tooltip},
        },
        {
            "mark": {"type": "text", "style": "strong", "align": "right", "dy": 16 if is_high else -14, "dx": 4},
            "transform": [{"filter": "isValid(datum.label)"}],
            "encoding": {"y": share, "text": {"field": "label"}},
        },
    ]
    if target is not None:
        layers += _target_layers(round(100 * target, 2), drawn)
    if trend.marks:
        layers += _mark_layers(trend)
    axis = {"title": None, "grid": False, "format": "%b %Y", "labelOverlap": "greedy", "tickCount": 6, "labelFlush": True}
    spec = specification(values=values, layers=layers, height=240, finding=finding, summary=summary)
    # no domain in numbers: Vega-Lite writes it as an expression that the page's interpreter, under its CSP, cannot read
    spec["encoding"] = {"x": {**_DAY, "scale": {"type": "utc", "nice": False}, "axis": axis}}
    return spec


def _moment(day: date) -> int:
    """A day as Vega takes it without asking for a zone: milliseconds since 1970, UTC."""
    return (day - date(1970, 1, 1)).days * 86_400_000


def _target_layers(target: float, drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The line aimed at, its words at the end where the curve is farther from it."""
    is_left = bool(drawn) and abs(drawn[0]["share"] - target) > abs(drawn[-1]["share"] - target)
    at = {"x": {"value": 0 if is_left else "width"}}
    y = {"datum": target, "type": "quantitative"}
    words = {"type": "text", "align": "left" if is_left else "right", "dy": -8, "dx": 2 if is_left else -2}
    return [
        {
            "data": {"values": [{}]},
            "mark": {"type": "rule", "style": "target-line"},
            "encoding": {"x": {"value": 0}, "x2": {"value": "width"}, "y": y},
        },
        {
            "data": {"values": [{"words": f"target {target:g}\u00a0%"}]},
            "mark": {**words, "style": "text"},
            "encoding": {**at, "y": y, "text": {"field": "words"}},
        },
    ]


def _mark_layers(trend: Trend) -> list[dict[str, Any]]:
    middle = trend.points[len(trend.points) // 2].day
    values = [{"at": _moment(day), "words": words, "late": day > middle} for day, words in trend.marks]
    data = {"values": values}
    text = {"y": {"value": 4}, "text": {"field": "words"}}
    return [
        {"data": data, "mark": {"type": "rule", "style": "mark-line"}, "encoding": {}},
        *(
            {
                "data": data,
                "transform": [{"filter": f"datum.late === {'true' if is_late else 'false'}"}],
                "mark": {"type": "text", "style": "quiet-text", "align": align, "dx": away, "baseline": "top"},
                "encoding": text,
            }
            for is_late, align, away in ((False, "left", 5), (True, "right", -5))
        ),
    ]


def _table(trend: Trend, floor: Assurance, title: str) -> Table:
    said = {}
    for day, words in trend.marks:  # beside the first point that it may have moved
        at = next(point.day for point in trend.points if point.day >= day)
        said[at] = f"{words} from {day.isoformat()}"
    rows = [(day, *figure_cells(figure, floor), said.get(day, "")) for day, figure in trend.points]
    note = "The end of each month, and the day asked. Share is empty where no one is in scope."
    return Table((Column("day", Kind.DAY), *FIGURE_COLUMNS, Column("path_changed")), rows, f"{title} by month", note)
