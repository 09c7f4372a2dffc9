"""Units × paths as a picture: the darker (on dark paper: the lighter), the more are covered; every cell holds its number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tracker.coverage.charts.wording import (
    FIGURE_COLUMNS,
    figure_cells,
    percent_words,
    reaches,
    sentence,
    share_words,
    short,
    specification,
)
from tracker.coverage.exports.shapes import Chart, Column, Table
from tracker.coverage.heatmap import UnitRow
from tracker.curriculum.coverage import Figure, whole_percent
from tracker.curriculum.words import Assurance
from tracker.language import _, ngettext, number
from tracker.models import LearningPath

DRAWN_ROWS = 60
_ROW = 26


def heat_chart(rows: Sequence[UnitRow], paths: Sequence[LearningPath], floor: Assurance, *, title: str = "") -> Chart:
    """A cell for each unit and path, units in the order given. At most 60 units are drawn; the table holds all."""
    title = title or _("The union")
    cells = [(row, path, row.figure(path)) for row in rows for path in paths if row.figure(path).in_scope]
    finding = _finding(cells, paths, floor, title)
    summary = _summary(cells, rows, paths, floor, title)
    table = Table(
        (Column("unit"), Column("unit_name"), Column("path"), Column("path_title"), *FIGURE_COLUMNS),
        [
            (
                row.unit.number,
                row.unit.title,
                path.code,
                path.title,
                *figure_cells(None if path.id in row.hidden else row.figure(path), floor),
            )
            for row in rows
            for path in paths
        ],
        _("%(title)s: units and paths", title=title),
    )
    return Chart("heat", finding, summary, _drawn(rows[:DRAWN_ROWS], paths, floor, finding, summary), table)


_Cells = Sequence[tuple[UnitRow, LearningPath, Figure]]


def _finding(cells: _Cells, paths: Sequence[LearningPath], floor: Assurance, title: str) -> str:
    if not cells:
        return _("No one is in scope of any path in %(title)s", title=title)
    if len(cells) == 1:
        row, path, figure = cells[0]
        return _("%(unit)s: %(share)s on %(path)s", unit=row.unit.title, share=share_words(figure, floor), path=path.title)
    aimed = [(path, figure) for _, path, figure in cells if path.target is not None]
    if aimed:
        reached = sum(reaches(figure, floor, path.target or 0.0) for path, figure in aimed)
        if not reached:
            return _("No unit in %(title)s has reached its target on any path", title=title)
        return ngettext(
            "%(reached)s of %(n)s share with a target have reached it",
            "%(reached)s of %(n)s shares with a target have reached it",
            len(aimed),
            reached=number(reached),
        )
    row, path, figure = min(cells, key=lambda each: each[2].share(floor) or 0.0)
    return _(
        "Coverage is lowest in %(unit)s on %(path)s: %(share)s",
        unit=row.unit.title,
        path=path.title,
        share=percent_words(figure, floor),
    )


def _summary(cells: _Cells, rows: Sequence[UnitRow], paths: Sequence[LearningPath], floor: Assurance, title: str) -> str:
    parts = [
        _(
            "A table of shares in %(title)s: %(units)s down, %(paths)s across",
            title=title,
            units=ngettext("%(n)s unit", "%(n)s units", len(rows)),
            paths=ngettext("%(n)s path", "%(n)s paths", len(paths)),
        )
    ]
    if cells:
        by_share = sorted(cells, key=lambda each: each[2].share(floor) or 0.0)
        (low, low_path, lowest), (high, high_path, highest) = by_share[0], by_share[-1]
        parts += [
            _(
                "lowest: %(unit)s on %(path)s, %(share)s",
                unit=low.unit.title,
                path=low_path.title,
                share=share_words(lowest, floor),
            ),
            _(
                "highest: %(unit)s on %(path)s, %(share)s",
                unit=high.unit.title,
                path=high_path.title,
                share=share_words(highest, floor),
            ),
        ]
    hidden = sum(path.id in row.hidden for row in rows for path in paths)
    if hidden:
        parts.append(
            ngettext(
                "%(n)s cell hidden, for too few people stand behind them",
                "%(n)s cells hidden, for too few people stand behind them",
                hidden,
            )
        )
    empty = len(rows) * len(paths) - len(cells) - hidden
    if empty:
        parts.append(ngettext("%(n)s cell with no one in scope", "%(n)s cells with no one in scope", empty))
    if len(rows) > DRAWN_ROWS:
        parts.append(_("the first %(count)s units are drawn; the table holds all", count=number(DRAWN_ROWS)))
    return " ".join(sentence(each) for each in parts)


def _drawn(
    rows: Sequence[UnitRow], paths: Sequence[LearningPath], floor: Assurance, finding: str, summary: str
) -> dict[str, Any]:
    titles = Counter(path.title for path in paths)
    columns = [path.title if titles[path.title] == 1 else f"{path.title} ({path.code})" for path in paths]
    values: list[dict[str, Any]] = []
    for row in rows:
        for path, column in zip(paths, columns, strict=True):
            figure = row.figure(path)
            value: dict[str, Any] = {"row": short(row.unit.title), "unit": row.unit.title, "path": column}
            if path.id in row.hidden:
                value |= {"hidden": True, "none": _("few")}
            elif not figure.in_scope:
                value["none"] = "–"
            if figure.in_scope:
                share = whole_percent(figure.covered(floor), figure.in_scope)
                value |= {"step": share // 10, "words": str(share), "said": share_words(figure, floor)}
            values.append(value)
    across = {
        "field": "path",
        "type": "ordinal",
        "scale": {"domain": columns},
        "axis": {
            "title": _("Covered, % of those in scope"),
            "orient": "top",
            "labelAngle": -90,
            "labelLimit": 150,
            "labelAlign": "left",
            "titleAlign": "left",
            "titleAnchor": "start",
        },
    }
    down = {
        "field": "row",
        "type": "ordinal",
        "scale": {"domain": [short(row.unit.title) for row in rows]},
        "axis": {"title": None, "labelLimit": 150, "grid": False},
    }
    steps: dict[str, Any] = {"field": "step", "type": "ordinal", "legend": None}
    domain = list(range(11))
    layers: list[dict[str, Any]] = [
        {
            "transform": [{"filter": "isValid(datum.step)"}],
            "mark": {"type": "rect", "style": "cell"},
            "encoding": {
                "fill": {**steps, "scale": {"domain": domain, "range": "ordinal"}},
                "tooltip": [
                    {"field": "unit", "title": _("Unit")},
                    {"field": "path", "title": _("Path")},
                    {"field": "said", "title": _("Covered")},
                ],
            },
        },
        {
            "transform": [{"filter": "isValid(datum.step)"}],
            "mark": {"type": "text", "fontSize": 13},
            "encoding": {"text": {"field": "words"}, "color": {**steps, "scale": {"domain": domain, "range": "heatmap"}}},
        },
        {
            "transform": [{"filter": "!isValid(datum.step)"}],
            "mark": {"type": "text", "style": "quiet-text"},
            "encoding": {"text": {"field": "none"}},
        },
    ]
    spec = specification(values=values, layers=layers, height=_ROW * max(len(rows), 1), finding=finding, summary=summary)
    spec["encoding"] = {"x": across, "y": down}
    return spec
