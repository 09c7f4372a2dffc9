"""The brake: a roster that would make too many people leave stops, until a person says that it is right.

"Leave" means: held a card that counts before, and none after; of a local, there, and of the union, anywhere. For people whom
a complete roster does not name the limits hold from the first one on; for people whose leaving a row states, from ten on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Set
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.coverage.roster_changes import Compared
from tracker.language import _, in_list, ngettext, number
from tracker.models.loading import read_rows
from tracker.operations.refused import Refused

UNION_PERCENT = 2
LOCAL_PERCENT = 20
FEW = 10
_MOST_SHOWN = 5


class Loss(NamedTuple):
    """A local that would lose people."""

    local: str
    leaving: int
    before: int

    @property
    def sentence(self) -> str:
        return f"Local {self.local}: {self.leaving:,} of {self.before:,} ({percent(self.leaving, self.before)} %)"


class Brake(NamedTuple):
    """Why a roster must not be recorded without a person's word.

    ``leaving`` is the number that the word must say: everyone who would leave a local or the union.
    """

    leaving: int
    message: str
    worst: tuple[Loss, ...]

    def release(self, accept_leaving: int | None) -> None:
        """Go on if a person accepted exactly this number.

        Raises:
            Refused: ``brake``.
        """
        if accept_leaving == self.leaving:
            return
        said = [self.message]
        if accept_leaving is not None:
            values = {"accepted": number(accept_leaving), "leaving": number(self.leaving)}
            said.append(_("You accepted %(accepted)s; it would be %(leaving)s now.", **values))
        raise Refused("brake", " ".join(said), field="accept_leaving", faults=[each.sentence for each in self.worst])


class Departures:
    """Who would leave, counted as the people go by."""

    def __init__(self) -> None:
        self.people = 0
        self._union_left = self._union_absent = self._union_joined = 0
        self._left: Counter[int] = Counter()
        self._absent: Counter[int] = Counter()
        self._joined: Counter[int] = Counter()
        self.nameless = 0  # faulty rows that name nobody who could be kept from leaving

    def note(self, compared: Compared, absent: Set[int]) -> None:
        """Count one person. ``absent`` are the locals in which a complete roster does not name them."""
        for unit in compared.joined_counted:
            self._joined[unit] += 1
        self._union_joined += compared.joins
        if not compared.left_counted:
            return
        self.people += 1
        self._left.update(compared.left_counted)
        self._absent.update(compared.left_counted & absent)
        self._union_left += compared.leaves
        self._union_absent += compared.leaves and not compared.left_counted.isdisjoint(absent)

    def brake(
        self, session: Session, counting: Collection[str], today: date, numbers: Mapping[int, str], *, is_written: bool
    ) -> Brake | None:
        """The brake, if it must be put on.

        Args:
            numbers: by local, what it is called.
            is_written: the roster's changes are in the database already, in this very transaction.
        """
        if not self.people:
            return None
        before = _counted(session, counting, today)
        union = before.pop(0)
        if is_written:
            union += self._union_left - self._union_joined
            before.update(self._left)
            before.subtract(self._joined)
        losses = [Loss(numbers.get(unit, "?"), left, before[unit]) for unit, left in self._left.items()]
        worst = tuple(sorted(losses, key=lambda loss: (-loss.leaving / max(loss.before, 1), -loss.leaving, loss.local)))
        reasons = []
        if _too_many(self._union_left, self._union_absent, union, UNION_PERCENT):
            share = percent(self._union_left, union)
            reasons.append(
                _(
                    "%(left)s of the union’s %(people)s people (%(share)s %%; more than %(most)s %%)",
                    left=number(self._union_left),
                    people=number(union),
                    share=share,
                    most=UNION_PERCENT,
                )
            )
        too_many = [
            unit for unit, left in self._left.items() if _too_many(left, self._absent[unit], before[unit], LOCAL_PERCENT)
        ]
        if too_many:
            reasons.append(
                _("more than %(most)s %% of a local", most=LOCAL_PERCENT)
                if len(too_many) == 1
                else _("more than %(most)s %% of %(locals)s locals", most=LOCAL_PERCENT, locals=number(len(too_many)))
            )
        if self.nameless and self._absent:
            reasons.append(
                ngettext(
                    "people who may stand in %(n)s faulty row that cannot be told apart from absence",
                    "people who may stand in %(n)s faulty rows that cannot be told apart from absence",
                    self.nameless,
                )
            )
        if not reasons:
            return None
        message = ngettext(
            "This roster would make %(n)s person leave a local or the union, among them %(reasons)s. Look at who they are. "
            "If it is right, confirm that number (`--accept-leaving %(leaving)s`); if the file is not complete, import it "
            "without saying that it is.",
            "This roster would make %(n)s people leave a local or the union, among them %(reasons)s. Look at who they are. "
            "If it is right, confirm that number (`--accept-leaving %(leaving)s`); if the file is not complete, import it "
            "without saying that it is.",
            self.people,
            reasons=in_list(reasons),
            leaving=self.people,
        )
        return Brake(self.people, message, worst[:_MOST_SHOWN])


def percent(part: int, whole: int) -> str:
    """A share in percent, with one place where it is small."""
    share = 100 * part / max(whole, 1)
    return f"{share:.0f}" if share >= 10 else f"{share:.1f}"


def _too_many(left: int, absent: int, before: int, limit: int) -> bool:
    return any(each * 100 > limit * before for each in (absent, left if left >= FEW else 0))


def _counted(session: Session, counting: Collection[str], today: date) -> Counter[int]:
    """How many people hold a card that counts today: by local, and under 0 in the whole union."""
    marks = ", ".join("?" * len(counting))
    which = (
        "FROM membership WHERE voided_at IS NULL AND from_on <= ? AND (until_on IS NULL OR until_on > ?)"
        f" AND status IN ({marks})"
    )
    values = [today, today, *sorted(counting)]
    found: Counter[int] = Counter()
    for unit, people in read_rows(session, f"SELECT unit_id, count(DISTINCT member_id) {which} GROUP BY unit_id", values):
        found[unit] = people
    for (people,) in read_rows(session, f"SELECT count(DISTINCT member_id) {which}", values):
        found[0] = people
    return found
