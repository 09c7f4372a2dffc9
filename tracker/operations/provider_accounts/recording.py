"""A provider's list of accounts at once: first its rows are matched and laid out, which only reads; then it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from types import TracebackType
from typing import TypeAlias

from sqlalchemy.orm import Session

from tracker.coverage.derivation import MEMBERS_AT_ONCE, FactReader
from tracker.curriculum.faults import Fault
from tracker.curriculum.keys import email_key
from tracker.curriculum.words import Outcome
from tracker.language import _
from tracker.models.loading import in_chunks, many_rows, read_rows, stored_moment
from tracker.operations.actor import Actor
from tracker.operations.matching import LearnerFinder, matching_stamp
from tracker.operations.provider_accounts.pairing import Account, Known, pair
from tracker.operations.provider_accounts.recorded import AccountsRecorded
from tracker.operations.provider_accounts.stage import AccountStage, FoundBy, Listed, id_key
from tracker.operations.provider_accounts.teaching import lessons, teach
from tracker.operations.provider_accounts.writing import write_accounts
from tracker.operations.rows import AccountRow, RowFaults
from tracker.operations.watching import Watch, unwatched

_ROWS_AT_ONCE = 20_000
_AHEAD = timedelta(days=1)  # a provider's day may have begun where ours has not

ListedRow: TypeAlias = AccountRow | RowFaults


@dataclass
class _Changes:
    """What some members' rows change."""

    accounts: list[tuple[int, Known]]
    taught: list[tuple[int, Listed]]


class AccountList:
    """A list's rows, matched to members and laid out. Nothing is written before :meth:`record`; :meth:`judge` only reads.

    An account that the list says the same of is known. One it says something else of is recorded anew; a blank day never
    erases one that is known. Who is not in the list keeps what they have, unless it is a complete one.

    Args:
        rows: gives the list's rows from their beginning, each time it is called.
        provider: whose accounts these are: always the same name for one provider, whatever the form of its list.
        full: the list is complete: an account that it does not name is closed. With rows that cannot be read, which may
            name anybody, none is; nor is one that a row names whose member is not known by now.
    """

    def __init__(
        self, session: Session, rows: Callable[[], Iterable[ListedRow]], provider: str, *, full: bool = False
    ) -> None:
        self._rows = rows
        self._provider = provider
        self._full = full
        self._is_judged = False
        self._stage = AccountStage()
        try:
            self._read(session)
        except BaseException:
            self._stage.close()
            raise

    def __enter__(self) -> AccountList:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stage.close()

    @many_rows()
    def judge(self, session: Session, today: date, watch: Watch = unwatched) -> AccountsRecorded:
        """How every row would end, were the list recorded now."""
        self._read_again_if_stale(session)
        for _unused in self._changes(session, today, watch, "Comparing"):
            pass
        return self.read

    @many_rows()
    def record(
        self,
        session: Session,
        *,
        actor: Actor,
        batch_id: int | None,
        today: date,
        now: datetime,
        watch: Watch = unwatched,
    ) -> AccountsRecorded:
        """Record it. Needs ``writing(alone=True)``."""
        self._read_again_if_stale(session)
        moment = stored_moment(session, now)
        for changes in self._changes(session, today, watch, "Recording"):
            write_accounts(
                *(session, changes.accounts),
                provider=self._provider,
                actor=actor,
                batch_id=batch_id,
                now=now,
                moment=moment,
            )
            teach(session, changes.taught, batch_id, moment)
        return self.read

    def _read_again_if_stale(self, session: Session) -> None:
        """Match anew where a roster came meanwhile, or count anew where it was judged before."""
        if self._is_judged or matching_stamp(session) != self._stamp:
            self._stage.clear()
            self._read(session)
        self._is_judged = True

    @many_rows()
    def _read(self, session: Session) -> None:
        """Match the rows and lay them out. Whoever finds the learners holds all they are known by only until then."""
        self.read = AccountsRecorded()
        self._stamp, self._is_judged = matching_stamp(session), False
        self._unreadable = 0
        learners = LearnerFinder(session)
        for chunk in in_chunks(self._rows(), _ROWS_AT_ONCE):
            matched: list[tuple[int, Listed]] = []
            for row in chunk:
                if isinstance(row, RowFaults):
                    self.read.note_faults(row)
                    self._unreadable += 1
                    continue
                member_id = learners.find(row)
                if member_id is not None:
                    matched.append((member_id, _listed(row, _found_by(row, member_id, learners, self._provider))))
                    continue
                is_set_aside = learners.is_stranger(row, self._provider)
                self.read.set_aside += is_set_aside
                self.read.note(row.line, Outcome.UNMATCHED, _("set aside: none of ours") if is_set_aside else "")
                self._stage.add_nobodys({id_key(row.provider_id), email_key(row.email)} - {""})
            self._stage.add(matched)

    def _changes(self, session: Session, today: date, watch: Watch, label: str) -> Iterator[_Changes]:
        """What changes, some members at a time; how their rows end is noted."""
        never = self._stage.ids_of_several()
        people = watch(label, self._stage.by_member(), self._stage.members())
        for chunk in in_chunks(chain(people, self._absent(session)), MEMBERS_AT_ONCE):
            read = dict(chunk)
            rows = {member: self._readable(of_them, today) for member, of_them in read.items()}
            known = _known(session, rows, self._provider)
            accounts: list[tuple[int, Known]] = []
            named: dict[int, list[Account]] = {}
            only_one: list[int] = []
            for member, of_them in rows.items():
                named[member], others = pair(of_them, known.get(member, ()))
                is_sure = len(of_them) == len(read[member]) and not any(each.is_doubtful for each in named[member])
                changed = [*self._noted(named[member]), *self._closed(others, is_sure)]
                accounts += ((member, account) for account in changed)
                self.read.members += bool(changed)
                if len(named[member]) == 1 and not any(each.is_open for each in others):
                    only_one.append(member)
            taught = list(lessons(session, named, only_one, never))
            self.read.taught += len(taught)
            yield _Changes(accounts, taught)

    def _readable(self, rows: Iterable[Listed], today: date) -> list[Listed]:
        """The rows but those that tell of days to come, which are noted as faulty."""
        readable = []
        for row in rows:
            days = (("invited_on", row.invited_on), ("activated_on", row.activated_on))
            faults = [
                Fault(row.line, field, day.isoformat(), _("is in the future"))
                for field, day in days
                if day is not None and day > today + _AHEAD
            ]
            if faults:
                self.read.note_faults(RowFaults(row.line, tuple(faults)))
            else:
                readable.append(row)
        return readable

    def _noted(self, named: Iterable[Account]) -> Iterator[Known]:
        """The accounts that the list says something new of; how every row ends is noted."""
        for account in named:
            first, *again = sorted(account.rows)
            anew = account.anew
            if account.is_doubtful:
                for row in account.rows:
                    self.read.note_faults(RowFaults(row.line, (_doubt(row),)))
                continue
            is_new = account.known is None or anew.says != account.known.says
            self.read.note(first.line, Outcome.RECORDED if is_new else Outcome.ALREADY_KNOWN)
            for row in again:
                self.read.note(row.line, Outcome.ALREADY_KNOWN, f"the same account as on line {first.line}")
            if is_new:
                yield anew

    def _closed(self, others: Iterable[Known], is_sure: bool) -> Iterator[Known]:
        """Those of the accounts that a complete list does not name, and that it closes."""
        for account in others:
            if not self._full or not account.is_open:
                continue
            if not is_sure or self._unreadable or self._stage.is_nobodys(account.key):
                self.read.kept_open += 1
                continue
            self.read.closed += 1
            yield account._replace(is_open=False)

    def _absent(self, session: Session) -> Iterator[tuple[int, list[Listed]]]:
        """Who has an account that is open, and no row in a complete list."""
        if not self._full:
            return
        sql = "SELECT DISTINCT member_id FROM provider_account WHERE provider = ? AND is_open AND voided_at IS NULL"
        holders = [member for (member,) in read_rows(session, sql, [self._provider])]
        for chunk in in_chunks(sorted(holders), MEMBERS_AT_ONCE):
            for member in self._stage.names_none_of(chunk):
                yield member, []


def _listed(row: AccountRow, found_by: FoundBy) -> Listed:
    return Listed(
        *(row.line, row.provider_id.strip(), row.email.strip(), row.learner_name),
        *(row.is_open, row.invited_on, row.activated_on, found_by),
    )


def _found_by(row: AccountRow, member_id: int, learners: LearnerFinder, provider: str) -> FoundBy:
    """Whether a row's id is one that nobody has, and what vouches for it. Nothing does where the row names two people."""
    if not row.provider_id.strip() or learners.is_stranger(row, provider):
        return FoundBy.KNOWN_ID
    if learners.find(row._replace(member_number="", email="")) is not None:
        return FoundBy.KNOWN_ID
    addresses = (row._replace(member_number="", provider_id="", email=each) for each in (row.email, row.provider_id))
    if any(learners.find(each) not in (None, member_id) for each in addresses):
        return FoundBy.KNOWN_ID  # an address of somebody else speaks against the number
    by_number = row.member_number and learners.find(row._replace(provider_id="", email="")) == member_id
    return FoundBy.NUMBER if by_number else FoundBy.EMAIL


def _known(session: Session, member_ids: Iterable[int], provider: str) -> dict[int, list[Known]]:
    """What is recorded of these members' accounts there, by member."""
    read = FactReader(session, list(member_ids))
    found: dict[int, list[Known]] = {}
    columns = "provider, id, provider_id, is_open, invited_on, activated_on"
    for member, whose, its_id, name, is_open, invited_on, activated_on in read.rows("provider_account", columns):
        if whose == provider:
            days = (None if day is None else read.day(day) for day in (invited_on, activated_on))
            found.setdefault(member, []).append(Known(its_id, name, bool(is_open), *days))
    return found


def _doubt(row: Listed) -> Fault:
    return Fault(
        row.line,
        "email",
        row.email,
        _(
            "is the address of someone with two accounts there, and the row does not say of which it "
            "is: take a list that has the accounts’ own ids, or merge the two at the provider"
        ),
    )
