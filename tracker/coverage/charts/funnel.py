"""Where people stop on a path: a bar for each section and each course, of all those in scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker.coverage.charts.rows import ROW_HEIGHT, row_texts, share
from tracker.coverage.charts.wording import sentence, specification
from tracker.coverage.exports.shapes import Chart, Column, Kind, Table
from tracker.coverage.saying import counted_share, people
from tracker.coverage.sections import SectionFunnel, VersionFunnel
from tracker.language import _, lazy, mark, ngettext, number


def funnel_chart(funnel: SectionFunnel, *, title: str) -> Chart:
    """Of those in scope: who holds each course, meets each section, and all of them. ``title`` names whose: "Local 80"."""
    finding = _finding(funnel, title)
    summary = _summary(funnel, title)
    return Chart("sections", finding, summary, _drawn(funnel, finding, summary), _table(funnel, title))


def _finding(funnel: SectionFunnel, title: str) -> str:
    if not funnel.in_scope:
        return _("No one in %(title)s is in scope of %(path)s", title=title, path=funnel.path.title)
    if funnel.complete == funnel.in_scope:
        return ngettext(
            "The one person in scope holds every section",
            "All %(n)s people in scope hold every section",
            funnel.in_scope,
        )
    stuck = funnel.begun - funnel.complete
    if not stuck:
        if funnel.complete:
            return ngettext(
                "Everyone who has begun has finished; %(n)s person hold no course yet",
                "Everyone who has begun has finished; %(n)s people hold no course yet",
                funnel.in_scope - funnel.complete,
            )
        return _("No one in %(title)s holds a course of %(path)s yet", title=title, path=funnel.path.title)
    stop, stopped, is_alone = funnel.most_stop_at()
    values = {"stop": stop, "count": number(stopped), "stuck": number(stuck)}
    if is_alone:
        return _(
            "More people stop at “%(stop)s” than anywhere else: %(count)s of the %(stuck)s who have begun and not finished",
            **values,
        )
    return _(
        "Nowhere do more people stop than at “%(stop)s”: %(count)s of the %(stuck)s who have begun and not finished",
        **values,
    )


def _summary(funnel: SectionFunnel, title: str) -> str:
    parts = [
        _(
            "A bar for each section and course of %(path)s, of %(people)s in scope in %(title)s",
            path=funnel.path.title,
            people=people(funnel.in_scope),
            title=title,
        )
    ]
    for version in funnel.versions:
        if len(funnel.versions) > 1:
            parts.append(
                _("Version %(number)s, which binds %(people)s", number=version.number, people=people(version.in_scope))
            )
        parts.append(_("%(share)s hold at least one course", share=counted_share(version.begun, version.in_scope)))
        for section in version.sections:
            parts.append(
                _(
                    "%(section)s (%(asks)s): %(share)s (%(courses)s)",
                    section=section.section.title,
                    asks=section.asks,
                    share=counted_share(section.met, version.in_scope),
                    courses="; ".join(f"{each.course.title} {number(each.held)}" for each in section.courses),
                )
            )
        parts.append(_("all sections: %(share)s", share=counted_share(version.complete, version.in_scope)))
    return " ".join(sentence(each) for each in parts)


def _rows(funnel: SectionFunnel) -> Iterator[tuple[str, str, int, VersionFunnel]]:
    """Each bar: what kind it is, its words, its people, and the version it belongs to."""
    for version in funnel.versions:
        if len(funnel.versions) > 1:
            yield "version", _("Version %(number)s", number=version.number), version.in_scope, version
        yield "begun", _("Hold at least one course"), version.begun, version
        for section in version.sections:
            yield (
                "section",
                _("%(section)s: %(asks)s", section=section.section.title, asks=section.asks),
                section.met,
                version,
            )
            for each in section.courses:
                yield "course", each.course.title, each.held, version
        yield "complete", _("All sections"), version.complete, version


def _drawn(funnel: SectionFunnel, finding: str, summary: str) -> dict[str, Any]:
    values = [
        {
            "row": place,
            "kind": kind,
            "label": label,
            "share": 100 * count / version.in_scope,
            "people": count,
            "said": _("binds %(people)s", people=people(count))
            if kind == "version"
            else counted_share(count, version.in_scope),
        }
        for place, (kind, label, count, version) in enumerate(_rows(funnel))
    ]
    along = share()
    tooltip = [{"field": "label", "title": _("What")}, {"field": "people", "title": _("People")}]
    is_bar = {"filter": "datum.kind !== 'version'"}
    is_course = {"filter": "datum.kind === 'course'"}
    is_whole = {"filter": "datum.kind !== 'version' && datum.kind !== 'course'"}
    layers: list[dict[str, Any]] = [
        {
            "transform": [is_bar, {"calculate": "100", "as": "all"}],
            "mark": {"type": "bar", "height": 6, "yOffset": 6, "style": "whole-bar"},
            "encoding": {"x": {**along, "field": "all"}},
        },
        {
            "transform": [is_course],
            "mark": {"type": "bar", "height": 6, "yOffset": 6, "style": "part-bar"},
            "encoding": {"x": {**along, "field": "share"}, "tooltip": tooltip},
        },
        {
            "transform": [is_whole],
            "mark": {"type": "bar", "height": 16, "yOffset": 6, "style": "main-bar"},
            "encoding": {"x": {**along, "field": "share"}, "tooltip": tooltip},
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
        Column("what", Kind.WORD),
        Column("title"),
        Column("in_scope", Kind.COUNT),
        Column("hold", Kind.COUNT),
        Column("share", Kind.SHARE),
        Column("stop_here", Kind.COUNT, lazy("Stop here")),
    )
    rows = []
    for version in funnel.versions:

        def line(what: str, name: str, count: int, stops: int | None, of: VersionFunnel = version) -> tuple[Any, ...]:
            return (of.number, what, name, of.in_scope, count, round(count / of.in_scope, 6), stops)

        rows.append(line(mark("begun"), _("At least one course"), version.begun, None))
        for section in version.sections:
            rows.append(line(mark("section"), section.section.title, section.met, section.stops))
            rows += [line(mark("course"), each.course.title, each.held, each.stops) for each in section.courses]
        rows.append(line(mark("complete"), _("All sections"), version.complete, None))
    note = _(
        "Stop here: who hold some course and not all sections, by the first section that they do not meet, and where it asks"
        " for every course by the first that they do not hold."
    )
    called = _("%(title)s: sections of %(path)s", title=title, path=funnel.path.title)
    return Table(columns, rows, called, note if rows else _("No one is in scope."))
