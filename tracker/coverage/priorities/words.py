"""How an order moves, and what an exposure stands on, in words."""

from __future__ import annotations

from collections.abc import Mapping

from tracker.coverage.priorities.order import By, Priorities, PriorityRow
from tracker.curriculum.exposure import Exposure, Found
from tracker.curriculum.priorities import Case, Placed

_NOUNS = {By.LOCAL: ("local", "locals"), By.CRAFT: ("craft", "crafts"), By.BOTH: ("craft in a local", "crafts in locals")}
_FIRST = {1: "first", 2: "second", 3: "third"}


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th, 112th."""
    teens = 10 <= number % 100 <= 20
    return f"{number:,}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def capital(text: str) -> str:
    """A text as a sentence begins."""
    return text[:1].upper() + text[1:]


def move_words(place: Placed, crafts: Mapping[str, str]) -> str:
    """What one exposure, a step higher or lower, does to a row: "stays first in every case", or how far it moves and why.

    Args:
        crafts: each craft's name by its key.
    """
    moves = [_case(case, crafts) for case in (place.best, place.worst) if case]
    if not moves:
        return f"stays {_FIRST.get(place.rank, ordinal(place.rank))} in every case"
    return "; ".join(moves)


def _case(case: Case, crafts: Mapping[str, str]) -> str:
    return f"{ordinal(case.rank)} if {crafts.get(case.craft, case.craft)} were at step {case.step}"


def exposure_words(exposure: Exposure | None) -> str:
    """What an exposure stands on: "step 4, scored by staff"; "step 2, joined by occupation 27-4014, which scores 0.31"."""
    if exposure is None:
        return "no exposure stated"
    if exposure.found is Found.STAFF:
        return f"step {exposure.step}, {exposure.found}"
    return f"step {exposure.step}, {exposure.found} {exposure.soc}, which scores {exposure.score:g}"


def findings(found: Priorities) -> list[str]:
    """The answer in sentences: who comes first, whether they would still, and who is in no order."""
    if not found.ranked:
        return ["Everyone who is in scope here is covered." if found.trained else "No one is in scope here."]
    first = found.ranked[0]
    each_path = "" if found.path else ", counted path by path"
    sentences = []
    if found.is_by_people:
        sentences.append(
            f"No exposure is stated for any craft here, so the order is by people not covered alone: {first.label} comes "
            f"first, {first.people:,} of {first.in_scope:,} not covered{each_path}."
        )
    else:
        sentences.append(f"{capital(first.label)} comes first: {_people(first)}{each_path}.{_steadiness(first, found)}")
    if found.unstated and not found.is_by_people:
        crafts = ", ".join(part.craft.name for part in found.unstated)
        number = f"{found.unstated_people:,} people not covered{each_path}"
        sentences.append(f"No exposure stated: not ranked, {number} ({crafts}).")
    return sentences


def _people(row: PriorityRow) -> str:
    weighed = f", {row.people_stated:,} of them in crafts with an exposure" if row.unstated else ""
    return f"{row.people:,} of {row.in_scope:,} not covered{weighed}, at step {row.mean_step:g}" + (
        "" if row.craft else " on average"
    )


def _steadiness(first: PriorityRow, found: Priorities) -> str:
    if first.place is None:
        return ""
    if len([row for row in found.ranked if row.place and row.place.rank == 1]) > 1:
        return " Others weigh the same."
    if first.place.worst is None:
        return " It stays first in every case, whichever one exposure is a step higher or lower."
    return f" It would be {_case(first.place.worst, found.craft_names)}."


def noun(by: By, number: int) -> str:
    """What the rows are called."""
    return _NOUNS[by][number != 1]
