"""A roll-up in words: subject and text, in the language that is spoken now, drawn as `operations.notices.messages` says."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from tracker.coverage.roll_up.reading import FLOOR, PathWeek, UnitWeek
from tracker.curriculum.coverage import Figure, whole_percent
from tracker.curriculum.words import UnitKind
from tracker.language import _, ngettext, number, percent
from tracker.models import Unit


def roll_up_in_words(weeks: Sequence[UnitWeek], url: str) -> tuple[str, str]:
    """Subject and text.

    Args:
        weeks: the reader's own units.
        url: where the pages are: an origin.
    """
    parts = [
        _("Hello,"),
        _("this is how your part of the union stands, in counts. Names are on the pages, for who may see them."),
    ]
    for week in weeks:
        parts.append("\n".join((f"# {week.unit.title}", *(f"- {line}" for line in _lines(week)))))
        parts.append(_("Open the report: %(url)s", url=f"{url}{_report(week.unit)}"))
    parts.append(_("You get this mail once a week because you hold a role in the training tracker for these units."))
    if len(weeks) == 1:
        subject = _("This week in %(unit)s", unit=weeks[0].unit.title)
    else:
        subject = ngettext("This week in %(n)s unit", "This week in %(n)s units", len(weeks))
    return subject, "\n\n".join(parts) + "\n"


def _report(unit: Unit) -> str:
    kind = {UnitKind.LOCAL: "locals", UnitKind.DISTRICT: "districts"}.get(unit.kind)
    return f"/reports/{kind}/{quote(unit.number, safe='')}" if kind else "/reports"


def _lines(week: UnitWeek) -> list[str]:
    lines = [_path(path) for path in week.paths]
    if not week.paths:
        lines.append(_("No path asks anyone here yet."))
    if week.is_quiet:
        lines.append(_("Nothing changed this week, and nothing waits."))
        return lines
    if week.due:
        lines.append(
            ngettext("%(n)s person has a path due within 30 days.", "%(n)s people have a path due within 30 days.", week.due)
        )
    if week.expiring:
        lines.append(
            ngettext(
                "%(n)s person has a path that lapses within %(days)s days.",
                "%(n)s people have a path that lapses within %(days)s days.",
                week.expiring,
                days=week.expiring_within,
            )
        )
    if week.due is None or week.expiring is None:
        lines.append(_("How many have a path due or lapsing is not told: there are too few people."))
    if week.claims:
        lines.append(
            ngettext(
                "%(n)s course that a member logged waits for its review.",
                "%(n)s courses that members logged wait for their review.",
                week.claims,
            )
        )
    if week.corrections:
        lines.append(
            ngettext(
                "%(n)s correction waits for your local’s answer.",
                "%(n)s corrections wait for your local’s answer.",
                week.corrections,
            )
        )
    return lines


def _path(path: PathWeek) -> str:
    told = _(
        "%(path)s: %(now)s. A week ago: %(before)s.", path=path.title, now=_figure(path.today), before=_figure(path.before)
    )
    if not path.newly:
        return told
    new = ngettext("%(n)s person newly complete.", "%(n)s people newly complete.", path.newly)
    return f"{told} {new}"


def _figure(figure: Figure) -> str:
    if not figure.in_scope:
        return _("no one in scope")
    covered = figure.covered(FLOOR)
    return _(
        "%(share)s (%(covered)s of %(in_scope)s)",
        share=percent(whole_percent(covered, figure.in_scope)),
        covered=number(covered),
        in_scope=number(figure.in_scope),
    )
