"""A local's figure on one page, for its meeting: no names, and nothing about a handful of people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from tracker.coverage.exports import COVERAGE_DEFINITIONS, Chart, floor_words
from tracker.coverage.exports.printing import printed_chart, printed_text, typeset
from tracker.coverage.local.denominator import why_words
from tracker.coverage.local.figures import CraftFigure, LocalCoverage, PathLine
from tracker.coverage.local.members import Counts
from tracker.coverage.saying import counted_share, of_them, plain_percent
from tracker.curriculum.coverage import Figure, whole_percent
from tracker.curriculum.words import Assurance
from tracker.language import _, in_list, ngettext, number, percent, word

_MOST_CRAFTS = 8  # so that it stays one page


def one_page(
    coverage: LocalCoverage,
    line: PathLine,
    counts: Counts,
    *,
    small_group: int,
    chart: Chart | None,
    made_on: date,
) -> bytes:
    """The page as a tagged PDF.

    Args:
        counts: why so many, with small groups hidden: the page is handed round.
        small_group: how many people a craft has at least that stands by itself.
        chart: how it came about; None where no one was ever in scope.

    Raises:
        NotRendered: it could not be made now.
    """
    unit, figure = coverage.unit, line.figure
    crafts, note = crafts_told(coverage.crafts.get(line.path.id, ()), line.floor, small_group)
    day = coverage.as_of.isoformat()
    return typeset(
        "one_page",
        {
            "title": printed_text(unit.title),
            "path": printed_text(line.path.title),
            "foot": printed_text(_("%(unit)s · as of %(day)s", unit=unit.title, day=day)),
            "figure": counted_share(line.covered, figure.in_scope),
            "bar": _bar(line) if figure.in_scope else None,
            "target": "" if line.target_percent is None else _("target %(share)s", share=percent(line.target_percent)),
            "aim": _aim(line),
            "charts": [printed_chart(chart)] if chart else [],
            "crafts": [[printed_text(cell) for cell in row] for row in crafts],
            "crafts_note": note,
            "why": printed_text(why_so_many(counts)),
            "definitions": [printed_text(word(each)) for each in COVERAGE_DEFINITIONS],
            "asked": _asked(coverage, line.floor, made_on),
            "said": {
                "no_one": _("No one in scope"),
                "by_craft": _("By craft"),
                "craft": _("Craft"),
                "covered": _("Covered"),
                "share": _("Share"),
                "why": _("Why so many?"),
            },
        },
    )


def crafts_told(crafts: Sequence[CraftFigure], floor: Assurance, small_group: int) -> tuple[list[tuple[str, str, str]], str]:
    """The largest crafts with their figures, the rest as one line that is about ``small_group`` people at least; and a note.

    Of a single craft there is nothing to tell besides the figure above.
    """
    hides = any(figure is None for _, figure in crafts)
    shown = sorted(((craft, figure) for craft, figure in crafts if figure), key=lambda each: -each[1].in_scope)
    others: list[Figure] = []
    while shown and (
        len(shown) > _MOST_CRAFTS
        or shown[-1][1].in_scope < small_group
        or (others and not hides and sum(each.in_scope for each in others) < small_group)
    ):
        others.append(shown.pop()[1])
    if not shown:
        return [], ""
    rows = [_craft(craft, figure, floor) for craft, figure in sorted(shown, key=lambda each: each[0].casefold())]
    if hides:
        rows.append((_("Other crafts"), _("too few people to tell"), ""))
    elif others:
        rows.append(_craft(_("Other crafts"), Figure(*map(sum, zip(*others, strict=True))), floor))
    elif len(rows) == 1:
        return [], ""
    return rows, _("Whoever holds cards of several crafts counts in each.") if len(rows) > 1 else ""


def why_so_many(counts: Counts) -> str:
    """How the number in scope comes about, in a sentence."""
    if counts.with_card is None:
        return _(
            "%(in_scope)s are in scope. A few more hold a card here, and are not asked or are exempt.",
            in_scope=number(counts.in_scope),
        )
    gone = [_("%(count)s %(why)s", count=number(group.members), why=why_words(group.why)) for group in counts.left_out]
    if counts.too_few:
        gone.append(_("%(count)s in groups too small to tell", count=number(counts.too_few)))
    if not gone:
        return _("%(count)s hold a card here, and all of them are in scope.", count=number(counts.with_card))
    return _(
        "%(count)s hold a card here; less %(left_out)s, %(in_scope)s are in scope.",
        count=number(counts.with_card),
        left_out=in_list(gone),
        in_scope=number(counts.in_scope),
    )


def _asked(coverage: LocalCoverage, floor: Assurance, made_on: date) -> str:
    values = {"day": coverage.as_of.isoformat(), "floor": floor_words(floor), "made_on": made_on.isoformat()}
    if coverage.known:
        return _(
            "As of %(day)s, as known on %(known)s, counting what is %(floor)s. Made on %(made_on)s.",
            **values,
            known=coverage.known.isoformat(),
        )
    return _("As of %(day)s, counting what is %(floor)s. Made on %(made_on)s.", **values)


def _craft(craft: str, figure: Figure, floor: Assurance) -> tuple[str, str, str]:
    covered = figure.covered(floor)
    share = percent(whole_percent(covered, figure.in_scope)) if figure.in_scope else _("no one in scope")
    return craft, of_them(covered, figure.in_scope), share


def _bar(line: PathLine) -> dict[str, Any]:
    """The parts of the bar by thousandths, the surest first, and what they are called."""
    figure = line.figure
    parts = (figure.provider, figure.reviewed - figure.provider, figure.claimed - figure.reviewed)
    key = [
        _("by provider %(count)s", count=number(parts[0])),
        _("reviewed %(count)s", count=number(parts[1])),
        _("claimed %(count)s", count=number(parts[2])),
    ]
    told = {"parts": ", ".join(key), "in_scope": number(figure.in_scope)}
    target = line.target_percent
    return {
        "parts": [1_000 * part / figure.in_scope for part in parts],
        "key": key,
        "target": None if target is None else 10 * target,
        "alt": _("%(parts)s, of %(in_scope)s in scope", **told)
        if target is None
        else _("%(parts)s, of %(in_scope)s in scope; target %(target)s", **told, target=plain_percent(target)),
    }


def _aim(line: PathLine) -> str:
    if line.to_go is None or line.target_percent is None or not line.figure.in_scope:
        return ""
    target = percent(line.target_percent)
    if line.to_go == 0:
        return _("The target of %(target)s is reached.", target=target)
    return ngettext(
        "%(n)s more person reaches the target of %(target)s.",
        "%(n)s more people reach the target of %(target)s.",
        line.to_go,
        target=target,
    )
