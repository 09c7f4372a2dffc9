"""How an order moves, and what an exposure stands on, in words."""

from __future__ import annotations

from collections.abc import Mapping

from tracker.coverage.priorities.order import By, Priorities, PriorityRow
from tracker.coverage.saying import capital
from tracker.curriculum.exposure import Exposure, Found
from tracker.curriculum.priorities import Case, Placed
from tracker.language import _, ngettext, number, pgettext
from tracker.language import code as language_spoken


def ordinal(rank: int) -> str:
    """1st, 2nd, 3rd, 11th, 112th; other languages write a rank as the translators of "number %(rank)s" chose."""
    if language_spoken() != "en":
        return _("number %(rank)s", rank=number(rank))
    teens = 10 <= rank % 100 <= 20
    return f"{rank:,}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(rank % 10, 'th')}"


def move_words(place: Placed, crafts: Mapping[str, str]) -> str:
    """What one exposure, a step higher or lower, does to a row: "stays first in every case", or how far it moves and why.

    Args:
        crafts: each craft's name by its key.
    """
    moves = [_case(case, crafts) for case in (place.best, place.worst) if case]
    if not moves:
        return _("stays %(rank)s in every case", rank=_rank(place.rank))
    return "; ".join(moves)


def _rank(rank: int) -> str:
    """A rank as "stays … in every case" says it."""
    if rank > 3:
        return ordinal(rank)
    return (pgettext("rank", "first"), pgettext("rank", "second"), pgettext("rank", "third"))[rank - 1]


def _case(case: Case, crafts: Mapping[str, str]) -> str:
    return _(
        "%(rank)s if %(craft)s were at step %(step)s",
        rank=ordinal(case.rank),
        craft=crafts.get(case.craft, case.craft),
        step=case.step,
    )


def exposure_words(exposure: Exposure | None) -> str:
    """What an exposure stands on: "step 4, scored by staff"; "step 2, joined by occupation 27-4014, which scores 0.31"."""
    if exposure is None:
        return _("no exposure stated")
    if exposure.found is Found.STAFF:
        return _("step %(step)s, scored by staff", step=exposure.step)
    return _(
        "step %(step)s, joined by occupation %(occupation)s, which scores %(score)s",
        step=exposure.step,
        occupation=exposure.soc,
        score=number(exposure.score or 0),
    )


def findings(found: Priorities) -> list[str]:
    """The answer in sentences: who comes first, whether they would still, and who is in no order."""
    if not found.ranked:
        return [_("Everyone who is in scope here is covered.") if found.trained else _("No one is in scope here.")]
    first = found.ranked[0]
    sentences = []
    if found.is_by_people:
        values = {"label": first.label, "people": number(first.people), "in_scope": number(first.in_scope)}
        sentences.append(
            _(
                "No exposure is stated for any craft here, so the order is by people not covered alone: %(label)s comes "
                "first, %(people)s of %(in_scope)s not covered.",
                **values,
            )
            if found.path
            else _(
                "No exposure is stated for any craft here, so the order is by people not covered alone: %(label)s comes "
                "first, %(people)s of %(in_scope)s not covered, counted path by path.",
                **values,
            )
        )
    else:
        values = {"label": capital(first.label), "people": _people(first)}
        sentences.append(
            _("%(label)s comes first: %(people)s.", **values)
            if found.path
            else _("%(label)s comes first: %(people)s, counted path by path.", **values)
        )
        if steady := _steadiness(first, found):
            sentences[-1] = " ".join((sentences[-1], steady))
    if found.unstated and not found.is_by_people:
        values = {"people": number(found.unstated_people), "crafts": ", ".join(part.craft.name for part in found.unstated)}
        sentences.append(
            _("No exposure stated: not ranked, %(people)s people not covered (%(crafts)s).", **values)
            if found.path
            else _(
                "No exposure stated: not ranked, %(people)s people not covered, counted path by path (%(crafts)s).", **values
            )
        )
    return sentences


def _people(row: PriorityRow) -> str:
    values = {
        "people": number(row.people),
        "in_scope": number(row.in_scope),
        "stated": number(row.people_stated),
        "step": number(row.mean_step or 0),
    }
    if row.craft and not row.unstated:
        return _("%(people)s of %(in_scope)s not covered, at step %(step)s", **values)
    if row.craft:
        return _(
            "%(people)s of %(in_scope)s not covered, %(stated)s of them in crafts with an exposure, at step %(step)s",
            **values,
        )
    if not row.unstated:
        return _("%(people)s of %(in_scope)s not covered, at step %(step)s on average", **values)
    return _(
        "%(people)s of %(in_scope)s not covered, %(stated)s of them in crafts with an exposure, at step %(step)s on average",
        **values,
    )


def _steadiness(first: PriorityRow, found: Priorities) -> str:
    if first.place is None:
        return ""
    if len([row for row in found.ranked if row.place and row.place.rank == 1]) > 1:
        return _("Others weigh the same.")
    if first.place.worst is None:
        return _("It stays first in every case, whichever one exposure is a step higher or lower.")
    return _("It would be %(place)s.", place=_case(first.place.worst, found.craft_names))


def counted(by: By, rows: int) -> str:
    """How many rows there are: "12 locals"."""
    if by is By.LOCAL:
        return ngettext("%(n)s local", "%(n)s locals", rows)
    if by is By.CRAFT:
        return ngettext("%(n)s craft", "%(n)s crafts", rows)
    return ngettext("%(n)s craft in a local", "%(n)s crafts in locals", rows)
