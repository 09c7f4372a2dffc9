"""Which changes of a roster could give an account away: decided member by member, against everyone who signs in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key, member_key
from tracker.models.loading import in_chunks, read_rows
from tracker.operations.held import EMAIL, NUMBER, Hold
from tracker.operations.roster.cards import Person
from tracker.operations.roster.known import email_holders
from tracker.operations.rows import RosterRow

_AT_ONCE = 5_000


class Holding:
    """What is held of a roster. :meth:`look` first, at some members and the e-mails that rows give them or nobody yet.

    Attributes:
        holds: what is to be held anew.
        count: all that waits for a person and that this roster asks, held before or not.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        accounts = read_rows(session, "SELECT 1 FROM user_account WHERE member_id IS NOT NULL LIMIT 1")
        self._has_accounts = any(True for _ in accounts)
        self.holds: list[Hold] = []
        self.count = 0
        self._forget()

    def _forget(self) -> None:
        self._sign_ins: dict[int, str] = {}  # member → the address they sign in with
        self._holders: dict[str, set[int]] = {}  # e-mail → the members it is known of
        self._decided: dict[tuple[int, str, str], bool] = {}  # member, what, key → whether it still waits
        self._asked: set[tuple[int, str, str]] = set()

    def look(self, member_ids: Iterable[int], emails: Iterable[str]) -> None:
        """Read who signs in among these members and among the holders of these e-mails."""
        self._forget()
        if not self._has_accounts:
            return
        wanted = set(emails)
        self._holders = email_holders(self._session, wanted)
        for chunk in in_chunks(sorted(wanted), _AT_ONCE):
            marks = ", ".join("?" * len(chunk))
            sql = f"SELECT email_key, member_id FROM user_account WHERE member_id IS NOT NULL AND email_key IN ({marks})"
            for value, member in self._read(sql, chunk):
                self._holders.setdefault(value, set()).add(member)
        people = sorted({*member_ids, *(member for members in self._holders.values() for member in members)})
        for some in in_chunks(people, _AT_ONCE):
            listed = ", ".join(map(str, some))
            sql = f"SELECT member_id, email FROM user_account WHERE member_id IN ({listed}) ORDER BY id DESC"
            self._sign_ins.update(self._read(sql))
            sql = (
                "SELECT member_id, what, after, decided_at IS NULL FROM held_change"
                f" WHERE member_id IN ({listed}) AND (decided_at IS NULL OR NOT is_accepted)"
            )
            for member, what, after, waits in self._read(sql):
                key = (member, what, _key(what, after))
                self._decided[key] = bool(waits) or self._decided.get(key, False)

    def changed_number(self, email: str, key: str) -> int | None:
        """The member who signs in and who seems to have the number ``key`` now: the only holder of the e-mail that comes
        with it, unless a person said no to it before."""
        holders = self._holders.get(email, set())
        if len(holders) != 1:
            return None
        (member,) = holders
        is_refused = self._decided.get((member, NUMBER, key)) is False
        return member if member in self._sign_ins and not is_refused else None

    def hold_number(self, member: int, row: RosterRow) -> None:
        """Hold a new number for a member who signs in."""
        ((before,),) = self._read("SELECT number FROM member WHERE member_id = ?", [member])
        self._hold(Hold(member, row.line, NUMBER, before, row.member_number, ((self._sign_ins[member], member),)))

    def email_holds(self, person: Person, email: str, row: RosterRow) -> bool:
        """Hold a new e-mail if it must not simply be added; whether it is kept from the member."""
        own = self._sign_ins.get(person.member)
        others = sorted(
            member for member in self._holders.get(email, set()) if member != person.member and member in self._sign_ins
        )
        is_own_change = own is not None and email_key(own) != email
        if not is_own_change and not others:
            return False
        told = tuple((self._sign_ins[member], member) for member in ([person.member] if is_own_change else []) + others)
        before = own or ", ".join(person.emails.values())
        self._hold(Hold(person.member, row.line, EMAIL, before, row.email, told))
        return True

    def _hold(self, hold: Hold) -> None:
        key = (hold.member_id, hold.what, _key(hold.what, hold.after))
        waits = self._decided.get(key)
        if waits is False or key in self._asked:
            return  # a person said no before, or another row of this file asked
        self._asked.add(key)
        self.count += 1
        if waits is None:
            self.holds.append(hold)

    def _read(self, sql: str, values: Sequence[Any] = ()) -> Iterable[tuple[Any, ...]]:
        return read_rows(self._session, sql, values)


def _key(what: str, after: str) -> str:
    return email_key(after) if what == EMAIL else member_key(after)
