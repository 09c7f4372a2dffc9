"""Where to train next, as every form of the report is made from it."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.coverage.exports.shapes import Cell, Chart, Column, Document, Kind, Table, facts_asked
from tracker.coverage.priorities.order import By, Priorities, PriorityRow
from tracker.coverage.priorities.words import findings, move_words
from tracker.coverage.saying import capital
from tracker.language import _, lazy, mark, number, word

DEFINITIONS = (
    mark("Not covered: those in scope who do not hold the path complete on the day, at the floor."),
    mark(
        "Weight: people not covered × the step of their craft, added up over the crafts. A person at step 4 weighs as"
        " much as "
        "four at step 1."
    ),
    mark(
        "Exposure is what the union’s policy states, with its source and day. A craft of which nothing is stated"
        " weighs nothing "
        "and is listed apart."
    ),
    mark("How it moves: the highest and the lowest rank if any one craft’s exposure is one step higher or lower."),
    mark(
        "Over several paths each asking counts: who is asked for two paths and holds neither is counted twice. Paths"
        " that are "
        "retired are left out."
    ),
    mark("Someone with cards of two crafts weighs in both."),
)

_RANKED = (
    Column("rank", Kind.COUNT),
    Column("local"),
    Column("name"),
    Column("craft"),
    Column("in_scope", Kind.COUNT),
    Column("not_covered", Kind.COUNT),
    Column("step", Kind.NUMBER, lazy("Step (mean)")),
    Column("weight", Kind.COUNT),
    Column("highest_rank", Kind.COUNT, lazy("Highest")),
    Column("lowest_rank", Kind.COUNT, lazy("Lowest")),
    Column("moves", title=lazy("How it moves")),
    Column("without_exposure", Kind.COUNT),
)
_INPUTS = (
    Column("craft"),
    Column("not_covered", Kind.COUNT),
    Column("step", Kind.COUNT),
    Column("weight", Kind.COUNT),
    Column("found", title=lazy("How it was found")),
    Column("soc", title=lazy("Occupation")),
    Column("score", Kind.NUMBER),
    Column("source"),
    Column("on", Kind.DAY),
    Column("joined_by", title=lazy("Source of the occupation")),
)


def priorities_document(found: Priorities, charts: Sequence[Chart] = ()) -> Document:
    """The report: the order, what is in no order, and the exposures it was made with."""
    rows = [_row(row, found.rank_of(row), found) for row in found.ranked]
    tables = [Table(_RANKED, rows, word(_TITLES[found.by]), _("Equal weights share a rank."))]
    if found.unranked:
        apart = [_row(row, None, found) for row in found.unranked]
        tables.append(Table(_RANKED, apart, _("No exposure stated: not ranked")))
    scale = _("A scale from 0 to %(most)s.", most=number(found.policy.steps))
    tables.append(Table(_INPUTS, _inputs(found), _("Exposure of each craft"), scale))
    scope = found.district.title if found.district else _("The whole union")
    facts = facts_asked(scope, found.as_of, found.known, found.floor)
    facts.insert(1, (mark("Path"), found.path.title if found.path else _("every path")))
    return Document(_("Where to train next"), facts, tables, DEFINITIONS, charts, findings(found))


_TITLES = {By.LOCAL: mark("Locals"), By.CRAFT: mark("Crafts"), By.BOTH: mark("Crafts in locals")}


def chart_points(found: Priorities, most: int = 40) -> list[tuple[str, float, int, int]]:
    """Label, exposure, people not covered and rank of the first rows, as the picture takes them."""
    return [
        (capital(row.label), row.mean_step or 0.0, row.people_stated, row.place.rank)
        for row in found.ranked[:most]
        if row.place
    ]


def _row(row: PriorityRow, rank: int | None, found: Priorities) -> tuple[Cell, ...]:
    place = row.place
    return (
        rank,
        row.unit.number if row.unit else "",
        row.unit.name if row.unit else "",
        row.craft.name if row.craft else "",
        row.in_scope,
        row.people,
        row.mean_step,
        place.weight if place else None,
        place.highest if place else None,
        place.lowest if place else None,
        move_words(place, found.craft_names) if place else "",
        row.unstated,
    )


def _inputs(found: Priorities) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for part in found.crafts:
        stated = part.exposure
        if stated is None:
            reason = found.policy.without_score().get(part.craft.key, "")
            words = _("no score is stated for its occupation %(code)s", code=reason) if reason else _("nothing is stated")
            rows.append((part.craft.name, part.people, None, None, words, reason, None, "", None, ""))
            continue
        rows.append(
            (
                part.craft.name,
                part.people,
                stated.step,
                part.people * stated.step,
                word(stated.found.value),
                stated.soc,
                stated.score,
                stated.source,
                stated.on,
                stated.joined_by,
            )
        )
    return rows
