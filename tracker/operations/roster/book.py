"""The members a roster names, with their cards: read by the thousand, changed in memory. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import current_policy
from tracker.coverage.roster_changes import ChangeKind, Who, compare
from tracker.curriculum.faults import Fault
from tracker.curriculum.keys import craft_key, email_key, member_key
from tracker.curriculum.words import Outcome, UnitKind
from tracker.language import _
from tracker.models import Craft, Member, Unit, new_id, new_ids
from tracker.operations.matching import LocalFinder
from tracker.operations.roster.brake import Departures
from tracker.operations.roster.cards import ABSENT, NO_CRAFT, Card, Person, Place, Reopening, Terms
from tracker.operations.roster.holding import Holding
from tracker.operations.roster.known import closed_by_absence, email_holders, locals_under, read_people
from tracker.operations.roster.recorded import Full, RosterRecorded
from tracker.operations.roster.stage import FaultyRow, Group
from tracker.operations.rows import RosterRow

_IDS_AT_ONCE = 1_000
_MOST_SPELLINGS = 20_000  # of locals, kept to be found again


class Book:
    """Takes a roster's rows, some thousand members at a time, and tells how each row ends and who changes.

    Args:
        craft_names: by its key, a craft as the file writes it.

    Attributes:
        new_crafts: crafts that the rows taken since the last :meth:`take` mention first: id, name, key.
    """

    def __init__(
        self, session: Session, recorded: RosterRecorded, today: date, full: Full | None, craft_names: Mapping[str, str]
    ) -> None:
        self._session = session
        self._recorded = recorded
        self._today = today
        self._full = full
        policy = current_policy(session)
        self._statuses = frozenset(policy.statuses)
        self.counting = policy.counts
        self._locals = LocalFinder(session)
        self._unit_of: dict[str, int | None] = {}
        self.numbers = {unit.id: unit.number for unit in session.scalars(select(Unit).where(Unit.kind == UnitKind.LOCAL))}
        self._crafts = {craft.key: craft.id for craft in session.scalars(select(Craft))}
        self._craft_of: dict[str, int | None] = {}
        self._craft_names = craft_names
        self.extent = locals_under(session, full.units) if full else None
        self._kept: dict[int, set[int | None]] = {}  # members whom faulty or held rows may mean → the locals, None for all
        self.new_crafts: list[tuple[int, str, str]] = []
        former = select(Member.number).where(Member.merged_into_id.is_not(None))
        self._former_numbers = {member_key(number) for number in session.scalars(former)}
        self.holding = Holding(session)
        self.departures = Departures()
        self._ids: Iterator[int] = iter(())
        self._terms = Terms(today, full is not None, self._new_id, self._no_craft, self._reopening)

    # -- reading ----------------------------------------------------------------------------------------------------

    def take(self, groups: Sequence[Group], *, with_ends: bool) -> list[Person]:
        """Do what the rows of these members say, in memory; the people among them who change.

        Args:
            with_ends: read which assignments a person ended, so that they can be ended again.
        """
        self.new_crafts = []
        self._member_ids = [group.member_id for group in groups if group.member_id is not None]
        self._reopenings: dict[int, Reopening] | None = None
        people = read_people(self._session, self._member_ids, with_ends=with_ends)
        self._look(groups, people)
        changed = []
        for group in groups:
            known = people.get(group.member_id or 0)
            person = self._take_stranger(group) if known is None else self._take_rows(known, group.rows)
            if person is not None and self._finish(person):
                changed.append(person)
        return changed

    def _look(self, groups: Sequence[Group], people: Mapping[int, Person]) -> None:
        """Read who holds the e-mails that these rows bring, where that can matter."""
        new: set[str] = set()
        nobodys: set[str] = set()
        for group in groups:
            person = people.get(group.member_id or 0)
            for row in group.rows:
                if key := email_key(row.email):
                    if person is None:
                        nobodys.add(key)
                    elif key not in person.emails:
                        new.add(key)
        self.holding.look(people, new | nobodys)
        self._holders = email_holders(self._session, nobodys) if self._full else {}

    def _reopening(self, card: Card) -> Reopening | None:
        """Whether a complete roster that did not name it closed this card; read once for all members at hand."""
        if self._reopenings is None:
            self._reopenings = closed_by_absence(self._session, self._member_ids)
        return self._reopenings.get(card.id)

    # -- taking -----------------------------------------------------------------------------------------------------

    def _take_stranger(self, group: Group) -> Person | None:
        """The rows under a number that nobody has: a new member, unless it looks like another number of someone known."""
        for row in group.rows:
            if group.key and row.email:
                member = self.holding.changed_number(email_key(row.email), group.key)
                if member is not None:
                    self._hold_rows(group, member)
                    return None
        return self._take_rows(None, group.rows)

    def _hold_rows(self, group: Group, member: int) -> None:
        self._kept.setdefault(member, set()).add(None)
        for row in group.rows:
            if isinstance(row, FaultyRow):
                self._recorded.note(row.line, Outcome.FAULTY, row.reason)
            elif faults := self._faults(row, self._local(row.local), None):
                self._recorded.note_faults(row.line, faults)
            else:
                self.holding.hold_number(member, row)
                self._recorded.note(
                    row.line, Outcome.UNMATCHED, _("a number nobody has, with the e-mail of someone who signs in")
                )

    def _take_rows(self, person: Person | None, rows: Iterable[RosterRow | FaultyRow]) -> Person | None:
        for row in rows:
            if isinstance(row, FaultyRow):
                self._recorded.note(row.line, Outcome.FAULTY, row.reason)
                self._keep(person, row.email, row.local, has_number=row.has_number)
                continue
            unit_id = self._local(row.local)
            faults = self._faults(row, unit_id, person)
            if faults or unit_id is None:
                self._recorded.note_faults(row.line, faults)
                self._keep(person, row.email, row.local, has_number=True)
                continue
            is_new = person is None
            if person is None:
                person = Person(self._new_id(), row.member_number, (row.first_name, row.last_name), is_new=True)
            withheld, changed = self._take_row(person, row, unit_id)
            outcome = Outcome.RECORDED if changed or is_new else Outcome.ALREADY_KNOWN
            self._recorded.note(
                row.line, outcome, _("its e-mail is not taken: someone signs in with another") if withheld else ""
            )
        return person

    def _take_row(self, person: Person, row: RosterRow, unit_id: int) -> tuple[bool, bool]:
        """Whether its e-mail is withheld, and whether it changes anything."""
        # a number from before two members were made one carries the other record's spelling of the name
        changed = member_key(row.member_number) not in self._former_numbers and person.take_name(row)
        email, withheld = email_key(row.email), False
        if email and email not in person.emails:
            withheld = self.holding.email_holds(person, email, row)
            if not withheld:
                person.take_email(email, row)
                changed = True
        place = Place(unit_id, self._craft(row.craft) if row.craft else None)
        changed |= person.take_card(row, place, self._terms)
        return withheld, changed

    def _keep(self, person: Person | None, email: str, local: str, *, has_number: bool) -> None:
        """Whom a faulty row names stays where it names them, whatever a complete roster otherwise says."""
        if self._full is None:
            return
        unit_id = self._local(local)
        if person is not None:
            person.kept.add(unit_id)
            return
        holders = self._holders.get(email_key(email), ())
        for holder in holders:
            self._kept.setdefault(holder, set()).add(unit_id)
        if not holders and not has_number:
            self.departures.nameless += 1

    def _faults(self, row: RosterRow, unit_id: int | None, person: Person | None) -> list[Fault]:
        faults = []
        if not row.member_number.strip():
            faults.append(Fault(row.line, "member_number", row.member_number, _("is missing")))
        if unit_id is None:
            faults.append(Fault(row.line, "local", row.local, self._locals.why_not(row.local)))
        if row.status and row.status not in self._statuses:
            known = ", ".join(sorted(self._statuses))
            faults.append(
                Fault(row.line, "status", row.status, _("is not a status of the policy: use one of %(known)s", known=known))
            )
        if row.from_on is None and row.until_on is not None and unit_id is not None:
            card = self._open_card(person, row, unit_id)
            if row.until_on <= (card.from_on if card else self._today):
                faults.append(
                    Fault(row.line, "until_on", str(row.until_on), _("ends no open card: give the card’s from_on as well"))
                )
        return faults

    def _open_card(self, person: Person | None, row: RosterRow, unit_id: int) -> Card | None:
        craft_id = self._crafts.get(craft_key(row.craft)) if row.craft else None
        if person is None or (row.craft and craft_id is None):
            return None
        return person.open_card(row, Place(unit_id, craft_id), self._today)

    def _local(self, number: str) -> int | None:
        if number not in self._unit_of:
            if len(self._unit_of) >= _MOST_SPELLINGS:
                self._unit_of.clear()
            self._unit_of[number] = self._locals.find(number)
        return self._unit_of[number]

    def _new_id(self) -> int:
        found = next(self._ids, None)
        if found is None:
            self._ids = iter(new_ids(_IDS_AT_ONCE))
            found = next(self._ids)
        return found

    def _no_craft(self) -> int:
        return self._craft(NO_CRAFT)

    def _craft(self, name: str) -> int:
        found = self._craft_of.get(name)
        if found is None:
            key = craft_key(name)
            found = self._crafts.get(key)
            if found is None:
                found = self._crafts[key] = new_id()
                self.new_crafts.append((found, self._craft_names.get(key) or name, key))
            self._craft_of[name] = found
        return found

    # -- counting ---------------------------------------------------------------------------------------------------

    def _finish(self, person: Person) -> bool:
        """Close what a complete roster does not name, and count what changes; whether anything does."""
        if self._full is not None and not person.is_new:
            person.kept |= self._kept.get(person.member, set())
            person.close_absent(self.extent, self._today)
            self._recorded.closed += sum(reason == ABSENT for _unused, reason in person.voids)
        if not person.is_changed:
            return False
        recorded = self._recorded
        who = Who(0 if person.is_new else person.member, person.number, person.called)
        recorded.members.append(person.member)
        recorded.new_members += person.is_new
        if person.new_cards or person.voids:
            compared = compare(person.before, person.cards.values(), self.counting, self._today)
            self.departures.note(compared, person.absent)
            recorded.diff.add_cards(compared, who, person.lines, self.numbers)
        if person.is_renamed and not person.is_new:
            was = " ".join(filter(None, person.name_before)) or _("no name")
            recorded.diff.add(ChangeKind.NAME, person.name_line, who, lambda: f"{was} → {person.called}")
        if person.new_emails and not person.is_new:
            _unused, shown, line = person.new_emails[0]
            recorded.diff.add(ChangeKind.EMAIL, line, who, lambda: _("also %(address)s", address=shown))
        return True
