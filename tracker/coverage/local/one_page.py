"""A local's figure on one page, for its meeting: no names, and nothing about a handful of people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from tracker.coverage.exports import COVERAGE_DEFINITIONS, FLOOR_WORDS, Chart
from tracker.coverage.exports.printing import printed_chart, printed_text, typeset
from tracker.coverage.local.denominator import why_words
from tracker.coverage.local.figures import CraftFigure, LocalCoverage, PathLine
from tracker.coverage.local.members import Counts
from tracker.curriculum.coverage import Figure, whole_percent
from tracker.curriculum.words import Assurance

_MOST_CRAFTS = 8  # so that it stays one page
_OTHERS = "Other crafts"


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
    known = f", as known on {coverage.known.isoformat()}" if coverage.known else ""
    day = coverage.as_of.isoformat()
    return typeset(
        "one_page",
        {
            "title": printed_text(unit.title),
            "path": printed_text(line.path.title),
            "foot": printed_text(f"{unit.title} · as of {day}"),
            "figure": f"{line.covered:,} of {figure.in_scope:,} · {_percent(line.covered, figure.in_scope)}",
            "bar": _bar(line) if figure.in_scope else None,
            "target": "" if line.target_percent is None else f"target {line.target_percent}\u00a0%",
            "aim": _aim(line),
            "charts": [printed_chart(chart)] if chart else [],
            "crafts": [[printed_text(cell) for cell in row] for row in crafts],
            "crafts_note": note,
            "why": printed_text(why_so_many(counts)),
            "definitions": [printed_text(each) for each in COVERAGE_DEFINITIONS],
            "asked": f"As of {day}{known}, counting what is {FLOOR_WORDS[line.floor]}. Made on {made_on.isoformat()}.",
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
        rows.append((_OTHERS, "too few people to tell", ""))
    elif others:
        rows.append(_craft(_OTHERS, Figure(*map(sum, zip(*others, strict=True))), floor))
    elif len(rows) == 1:
        return [], ""
    return rows, "Whoever holds cards of several crafts counts in each." if len(rows) > 1 else ""


def why_so_many(counts: Counts) -> str:
    """How the number in scope comes about, in a sentence."""
    if counts.with_card is None:
        return f"{counts.in_scope:,} are in scope. A few more hold a card here, and are not asked or are exempt."
    gone = [f"{group.members:,} {why_words(group.why)}" for group in counts.left_out]
    if counts.too_few:
        gone.append(f"{counts.too_few:,} in groups too small to tell")
    if not gone:
        return f"{counts.with_card:,} hold a card here, and all of them are in scope."
    listed = gone[0] if len(gone) == 1 else f"{', '.join(gone[:-1])} and {gone[-1]}"
    return f"{counts.with_card:,} hold a card here; less {listed}, {counts.in_scope:,} are in scope."


def _craft(craft: str, figure: Figure, floor: Assurance) -> tuple[str, str, str]:
    covered = figure.covered(floor)
    return craft, f"{covered:,} of {figure.in_scope:,}", _percent(covered, figure.in_scope)


def _percent(covered: int, in_scope: int) -> str:
    return f"{whole_percent(covered, in_scope)}\u00a0%" if in_scope else "no one in scope"


def _bar(line: PathLine) -> dict[str, Any]:
    """The parts of the bar by thousandths, the surest first, and what they are called."""
    figure = line.figure
    parts = (figure.provider, figure.reviewed - figure.provider, figure.claimed - figure.reviewed)
    key = [f"{words} {part:,}" for words, part in zip(("by provider", "reviewed", "claimed"), parts, strict=True)]
    target = line.target_percent
    return {
        "parts": [1_000 * part / figure.in_scope for part in parts],
        "key": key,
        "target": None if target is None else 10 * target,
        "alt": f"{', '.join(key)}, of {figure.in_scope:,} in scope" + (f"; target {target} %" if target is not None else ""),
    }


def _aim(line: PathLine) -> str:
    if line.to_go is None or not line.figure.in_scope:
        return ""
    if line.to_go == 0:
        return f"The target of {line.target_percent}\u00a0% is reached."
    people = "1 more person reaches" if line.to_go == 1 else f"{line.to_go:,} more people reach"
    return f"{people} the target of {line.target_percent}\u00a0%."
