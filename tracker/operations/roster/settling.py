"""Which reported completions, waiting for their member, a roster would settle: counted for its preview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key, member_key
from tracker.curriculum.words import Outcome
from tracker.models import WaitingCompletion
from tracker.models.loading import in_chunks
from tracker.operations.matching import CourseFinder, LearnerFinder
from tracker.operations.roster.cards import Person
from tracker.operations.roster.stage import holders_of

_ROWS_AT_ONCE = 5_000


class Settling:
    """Collects what a roster's people would newly be known by, as far as a waiting row asks for it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._numbers: set[str] = set()  # asked for by waiting rows
        self._emails: set[str] = set()
        self._new_numbers: set[str] = set()
        self._new_emails: Counter[str] = Counter()
        rows = select(WaitingCompletion.member_number, WaitingCompletion.provider_id, WaitingCompletion.email)
        for number, provider_id, email in session.execute(rows.where(*_WAITS).distinct()):
            self._numbers |= {member_key(number), member_key(provider_id)}
            self._emails.add(email_key(email))

    def note(self, people: Iterable[Person]) -> None:
        """Take people who change."""
        if not (self._numbers or self._emails):
            return
        for person in people:
            if person.is_new and (key := member_key(person.number)) in self._numbers:
                self._new_numbers.add(key)
            self._new_emails.update(key for key, _, _ in person.new_emails if key in self._emails)

    def count(self) -> int:
        """How many waiting rows would find their member, and know their course."""
        if not (self._new_numbers or self._new_emails):
            return 0
        held = holders_of(self._session, "email", self._new_emails)  # of two holders it would be, and find neither
        self._finding_emails = {email for email, people in self._new_emails.items() if people == 1 and email not in held}
        found = 0
        courses = CourseFinder(self._session)
        rows = self._session.scalars(select(WaitingCompletion).where(*_WAITS).order_by(WaitingCompletion.id))
        for chunk in in_chunks(rows.yield_per(_ROWS_AT_ONCE), _ROWS_AT_ONCE):
            learners = LearnerFinder(self._session, chunk)
            found += sum(courses.find(row) is not None and self._finds(row, learners) for row in chunk)
            for row in chunk:
                self._session.expunge(row)
        return found

    def _finds(self, row: WaitingCompletion, learners: LearnerFinder) -> bool:
        if learners.find(row) is not None:
            return True
        if not self._new_numbers.isdisjoint({member_key(row.member_number), member_key(row.provider_id)} - {""}):
            return True
        return email_key(row.email) in self._finding_emails


_WAITS = (
    WaitingCompletion.settled_at.is_(None),
    WaitingCompletion.is_set_aside.is_(False),
    WaitingCompletion.reason == Outcome.UNMATCHED,
)
