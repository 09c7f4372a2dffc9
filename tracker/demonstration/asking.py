"""Who the demonstration asks for which path, and whom it excuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from tracker.curriculum.words import AssignmentKind
from tracker.demonstration.people import Person, PersonsCard

SAFETY_PATH = "set-safety"
EVERYONES_PATH = "building-ai-literacy"


class Asking(NamedTuple):
    """One act of assigning. Without districts and crafts it is everyone who is asked."""

    path: str
    begun_days_ago: int
    kind: AssignmentKind = AssignmentKind.REQUIRED
    due_in_days: int | None = None  # from today; below 0 it has passed
    within_days: int | None = None
    districts: tuple[int, ...] = ()
    crafts: tuple[str, ...] = ()

    def asks(self, card: PersonsCard) -> bool:
        """Whether a card is one of those asked."""
        if self.districts:
            return card.local.district in self.districts
        return card.craft in self.crafts if self.crafts else True

    def begun_on(self, today: date) -> date:
        return today - timedelta(days=self.begun_days_ago)

    def due_on(self, today: date) -> date | None:
        return None if self.due_in_days is None else today + timedelta(days=self.due_in_days)


ASKINGS = (
    Asking(EVERYONES_PATH, 800, due_in_days=75),
    Asking(SAFETY_PATH, 1_090, within_days=90, crafts=("grips", "rigging", "stagehands", "set lighting", "props")),
    Asking(
        "applying-generative-ai-as-a-creative-professional",
        500,
        due_in_days=-40,
        crafts=("editing", "animation", "art direction"),
    ),
    Asking(
        "understanding-ai-for-creative-professionals",
        420,
        within_days=365,
        crafts=("camera", "costume design", "scenic art", "hair and make-up"),
    ),
    Asking("responsible-ai-at-work", 300, due_in_days=20, districts=(2, 10)),
    Asking("getting-started-with-prompt-engineering", 240, AssignmentKind.RECOMMENDED, districts=(1, 4, 12)),
    Asking(
        "career-essentials-in-generative-ai",
        360,
        AssignmentKind.RECOMMENDED,
        crafts=("box office", "script and production office", "publicity"),
    ),
)


class Excusing(NamedTuple):
    """One person excused from a path for a time."""

    number: str
    path: str
    reason: str
    from_on: date
    until_on: date | None


_REASONS = ("Medical leave", "Parental leave", "On tour abroad, without a connection", "Teaches the course themselves")
_EVERY = 331  # one person in so many


def excusings(everyone: Iterable[Person], today: date) -> Iterator[Excusing]:
    """Some are excused from what everyone is asked: a few for good, the others for half a year."""
    for person in everyone:
        turn, rest = divmod(person.ordinal, _EVERY)
        if rest == 7:
            reason = _REASONS[turn % len(_REASONS)]
            from_on = today - timedelta(days=30 + turn % 120)
            until_on = None if reason.startswith("Teaches") else from_on + timedelta(days=182)
            yield Excusing(person.number, EVERYONES_PATH, reason, from_on, until_on)
