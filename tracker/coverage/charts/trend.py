"""Coverage month by month, with the target and the days on which the path changed."""

from __future__ import annotations

from datetime import date
from typing import Any

from tracker.coverage.charts.wording import (
    FIGURE_COLUMNS,
    day_words,
    drawn_share,
    figure_cells,
    month_words,
    percent_words,
    reaches,
    sentence,
    share_axis,
    share_words,
    specification,
    target_words,
)
from tracker.coverage.exports.shapes import Chart, Column, Kind, Table
from tracker.coverage.saying import capital
from tracker.coverage.trends import Trend
from tracker.curriculum.coverage import Figure, whole_percent
from tracker.curriculum.words import Assurance
from tracker.language import _, in_list, ngettext, percent

_DAY = {"field": "at", "type": "temporal", "scale": {"type": "utc"}}


def trend_chart(trend: Trend, *, title: str, floor: Assurance, target: float | None) -> Chart:
    """Coverage month by month.

    Args:
        title: whose it is, in the middle of a sentence: "Local 80".
        target: the share aimed at; None where there is none.
    """
    finding = capital(_finding(trend, title, floor, target))
    summary = _summary(trend, title, floor, target)
    return Chart("trend", finding, summary, _drawn(trend, floor, target, finding, summary), _table(trend, floor, title))


def _finding(trend: Trend, title: str, floor: Assurance, target: float | None) -> str:
    asked = trend.asked
    if not asked:
        if any(figure is None for _, figure in trend.points):
            return _("No figure of these months may be shown")
        return _(
            "No one was in scope in %(title)s between %(first)s and %(last)s",
            title=title,
            first=month_words(trend.points[0].day),
            last=month_words(trend.as_of),
        )
    (first_day, first), (last_day, last) = asked[0], asked[-1]
    if last_day != trend.points[-1].day:
        return _("No one has been in scope in %(title)s since %(month)s", title=title, month=month_words(last_day))
    if len(asked) == 1:
        return _(
            "%(title)s: %(share)s on %(day)s, with no one in scope before",
            title=title,
            share=share_words(last, floor),
            day=day_words(last_day),
        )
    if target is not None:
        aim = percent(round(100 * target))
        is_reached = [reaches(figure, floor, target) for _, figure in asked]
        if is_reached[-1]:
            if all(is_reached):
                return _(
                    "%(title)s has been at or above its target of %(share)s since %(month)s",
                    title=title,
                    share=aim,
                    month=month_words(first_day),
                )
            passed = asked[len(asked) - is_reached[::-1].index(False)][0]
            return _(
                "%(title)s passed its target of %(share)s in %(month)s", title=title, share=aim, month=month_words(passed)
            )
        if any(is_reached):
            lost = asked[len(asked) - is_reached[::-1].index(True)][0]
            return _(
                "%(title)s fell below its target of %(share)s in %(month)s", title=title, share=aim, month=month_words(lost)
            )
    then, now = (whole_percent(figure.covered(floor), figure.in_scope) for figure in (first, last))
    values = {"title": title, "then": percent(then), "now": percent(now), "month": month_words(first_day)}
    if then == now:
        return _("Coverage in %(title)s stands at %(now)s, as in %(month)s", **values)
    if now > then:
        return _("Coverage in %(title)s rose from %(then)s to %(now)s since %(month)s", **values)
    return _("Coverage in %(title)s fell from %(then)s to %(now)s since %(month)s", **values)


def _summary(trend: Trend, title: str, floor: Assurance, target: float | None) -> str:
    asked = trend.asked
    parts = [
        _(
            "A line of coverage in %(title)s by month, %(first)s to %(last)s",
            title=title,
            first=month_words(trend.points[0].day),
            last=day_words(trend.as_of),
        )
    ]
    hidden = sum(point.figure is None for point in trend.points)
    if hidden:
        parts.append(
            ngettext(
                "%(n)s month hidden, for fewer than five locals contribute",
                "%(n)s months hidden, for fewer than five locals contribute",
                hidden,
            )
        )
    if not asked:
        parts.append(_("there is nothing to draw: no one was in scope"))
        return " ".join(sentence(each) for each in parts)
    if asked[0][0] != trend.points[0].day and not hidden:
        parts.append(_("no one was in scope before %(month)s", month=month_words(asked[0][0])))
    parts.append(_on_day(*asked[0], floor))
    if len(asked) > 2:
        by_share = sorted(asked, key=lambda each: each[1].share(floor) or 0.0)
        parts.append(
            _(
                "lowest %(low)s in %(low_month)s, highest %(high)s in %(high_month)s",
                low=percent_words(by_share[0][1], floor),
                low_month=month_words(by_share[0][0]),
                high=percent_words(by_share[-1][1], floor),
                high_month=month_words(by_share[-1][0]),
            )
        )
    if len(asked) > 1:
        parts.append(_on_day(*asked[-1], floor))
    if target is not None:
        parts.append(_("the target is %(share)s", share=percent(round(100 * target))))
    if trend.marks:
        marks = [_("%(version)s from %(day)s", version=mark.words, day=day_words(mark.day)) for mark in trend.marks]
        parts.append(_("the path changed: %(changes)s", changes=in_list(marks)))
    return " ".join(sentence(each) for each in parts)


def _on_day(day: date, figure: Figure, floor: Assurance) -> str:
    return _("%(day)s: %(share)s", day=day_words(day), share=share_words(figure, floor))


def _drawn(trend: Trend, floor: Assurance, target: float | None, finding: str, summary: str) -> dict[str, Any]:
    values: list[dict[str, Any]] = [
        {
            "day": day.isoformat(),
            "at": _moment(day),
            "share": drawn_share(figure, floor),
            "when": day_words(day),
            "said": share_words(figure, floor) if figure else _("no one in scope"),
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
        "axis": share_axis(_("Covered, % of those in scope"), titleX=0, titleY=-12),
    }
    tooltip = [{"field": "when", "title": _("On")}, {"field": "said", "title": _("Covered")}]
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
            "data": {"values": [{"words": target_words(target / 100)}]},
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
        said[at] = _("%(version)s from %(day)s", version=words, day=day.isoformat())
    rows = [(day, *figure_cells(figure, floor), said.get(day, "")) for day, figure in trend.points]
    note = _("The end of each month, and the day asked. Share is empty where no one is in scope.")
    called = _("%(title)s by month", title=title)
    return Table((Column("day", Kind.DAY), *FIGURE_COLUMNS, Column("path_changed")), rows, called, note)
