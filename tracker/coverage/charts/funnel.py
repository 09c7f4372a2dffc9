"""Where people stop on a path: a bar for each section and each course, of all those in scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker.coverage.charts.rows import ROW_HEIGHT, SHARE, row_texts
from tracker.coverage.charts.wording import people, percent, sentence, specification
from tracker.coverage.exports.shapes import Chart, Column, Kind, Table
from tracker.coverage.sections import SectionFunnel, VersionFunnel


def funnel_chart(funnel: SectionFunnel, *, title: str) -> Chart:
    """Of those in scope: who holds each course, meets each section, and all of them. ``title`` names whose: "Local 80"."""
    finding = _finding(funnel, title)
    summary = _summary(funnel, title)
    return Chart("sections", finding, summary, _drawn(funnel, finding, summary), _table(funnel, title))


def _finding(funnel: SectionFunnel, title: str) -> str:
    if not funnel.in_scope:
        return f"No one in {title} is in scope of {funnel.path.title}"
    if funnel.complete == funnel.in_scope:
        return (
            f"All {people(funnel.in_scope)} in scope hold every section"
            if funnel.in_scope > 1
            else "The one person in scope holds every section"
        )
    stuck = funnel.begun - funnel.complete
    if not stuck:
        if funnel.complete:
            return f"Everyone who has begun has finished; {people(funnel.in_scope - funnel.complete)} hold no course yet"
        return f"No one in {title} holds a course of {funnel.path.title} yet"
    stop, number, is_alone = funnel.most_stop_at()
    if is_alone:
        said = f"More people stop at “{stop}” than anywhere else"
    else:
        said = f"Nowhere do more people stop than at “{stop}”"
    return f"{said}: {number:,} of the {stuck:,} who have begun and not finished"


def _summary(funnel: SectionFunnel, title: str) -> str:
    parts = [f"A bar for each section and course of {funnel.path.title}, of {people(funnel.in_scope)} in scope in {title}"]
    for version in funnel.versions:
        if len(funnel.versions) > 1:
            parts.append(f"Version {version.number}, which binds {people(version.in_scope)}")
        parts.append(f"{_said(version.begun, version.in_scope)} hold at least one course")
        for section in version.sections:
            courses = "; ".join(f"{each.course.title} {each.held:,}" for each in section.courses)
            parts.append(f"{section.section.title} ({section.asks}): {_said(section.met, version.in_scope)} ({courses})")
        parts.append(f"all sections: {_said(version.complete, version.in_scope)}")
    return " ".join(sentence(each) for each in parts)


def _said(number: int, of: int) -> str:
    return f"{number:,} of {of:,} · {percent(number, of)}\u00a0%"


def _rows(funnel: SectionFunnel) -> Iterator[tuple[str, str, int, VersionFunnel]]:
    """Each bar: what kind it is, its words, its people, and the version it belongs to."""
    for version in funnel.versions:
        if len(funnel.versions) > 1:
            yield "version", f"Version {version.number}", version.in_scope, version
        yield "begun", "Hold at least one course", version.begun, version
        for section in version.sections:
            yield "section", f"{section.section.title}: {section.asks}", section.met, version
            for each in section.courses:
                yield "course", each.course.title, each.held, version
        yield "complete", "All sections", version.complete, version


def _drawn(funnel: SectionFunnel, finding: str, summary: str) -> dict[str, Any]:
    values = [
        {
            "row": place,
            "kind": kind,
            "label": label,
            "share": 100 * number / version.in_scope,
            "people": number,
            "said": f"binds {people(number)}" if kind == "version" else _said(number, version.in_scope),
        }
        for place, (kind, label, number, version) in enumerate(_rows(funnel))
    ]
    tooltip = [{"field": "label", "title": "What"}, {"field": "people", "title": "People"}]
    is_bar = {"filter": "datum.kind !== 'version'"}
    is_course = {"filter": "datum.kind === 'course'"}
    is_whole = {"filter": "datum.kind !== 'version' && datum.kind !== 'course'"}
    layers: list[dict[str, Any]] = [
        {
            "transform": [is_bar, {"calculate": "100", "as": "all"}],
            "mark": {"type": "bar", "height": 6, "yOffset": 6, "style": "whole-bar"},
            "encoding": {"x": {**SHARE, "field": "all"}},
        },
        {
            "transform": [is_course],
            "mark": {"type": "bar", "height": 6, "yOffset": 6, "style": "part-bar"},
            "encoding": {"x": {**SHARE, "field": "share"}, "tooltip": tooltip},
        },
        {
            "transform": [is_whole],
            "mark": {"type": "bar", "height": 16, "yOffset": 6, "style": "main-bar"},
            "encoding": {"x": {**SHARE, "field": "share"}, "tooltip": tooltip},
        },
        *row_texts([is_course], indent=16),
        *row_texts([is_whole], style="strong"),
        *row_texts([{"filter": "datum.kind === 'version'"}], style="strong"),
    ]
    spec = specification(
        values=values, layers=layers, height=ROW_HEIGHT * max(len(values), 1), finding=finding, summary=summary
    )
    spec["encoding"] = {
        "y": {"field": "row", "type": "ordinal", "axis": None, "scale": {"domain": list(range(len(values)))}}
    }
    return spec


def _table(funnel: SectionFunnel, title: str) -> Table:
    columns = (
        Column("version", Kind.COUNT),
        Column("what"),
        Column("title"),
        Column("in_scope", Kind.COUNT),
        Column("hold", Kind.COUNT),
        Column("share", Kind.SHARE),
        Column("stop_here", Kind.COUNT, "Stop here"),
    )
    rows = []
    for version in funnel.versions:

        def line(what: str, name: str, number: int, stops: int | None, of: VersionFunnel = version) -> tuple[Any, ...]:
            return (of.number, what, name, of.in_scope, number, round(number / of.in_scope, 6), stops)

        rows.append(line("begun", "At least one course", version.begun, None))
        for section in version.sections:
            rows.append(line("section", section.section.title, section.met, section.stops))
            rows += [line("course", each.course.title, each.held, each.stops) for each in section.courses]
        rows.append(line("complete", "All sections", version.complete, None))
    note = (
        "Stop here: who hold some course and not all sections, by the first section that they do not meet, and where it asks"
        " for every course by the first that they do not hold."
    )
    return Table(columns, rows, f"{title}: sections of {funnel.path.title}", note if rows else "No one is in scope.")
