"""A provider's list of accounts: what it says of whom, again and otherwise, complete or not, and taken back."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, TODAY, Desk
from tracker.coverage.finding import find_member
from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Outcome
from tracker.models import Batch, Identifier, IdentifierKind, Member, ProviderAccount, Stranger, db, new_id, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.batches import undo_batch
from tracker.operations.provider_accounts import AccountList, AccountsRecorded
from tracker.operations.provider_accounts.pairing import Known, pair
from tracker.operations.provider_accounts.stage import FoundBy, Listed
from tracker.operations.rows import AccountRow, RowFaults

INVITED, ACTIVATED = date(2026, 1, 10), date(2026, 1, 20)
BO = "0003,Bo,Batten,bo@example.org,80,grip,active,member,2019-03-01,,yes\n"
CY = "0004,Cy,Batten,bo@example.org,80,grip,active,member,2019-03-01,,yes\n"  # the same address as Bo


def row(line: int, email: str = "", **said: Any) -> AccountRow:
    given = {"member_number": "", "provider_id": "", "learner_name": "", "is_open": True}
    given |= {"invited_on": None, "activated_on": None}
    return AccountRow(line=line, email=email, **{**given, **said})


def unreadable(line: int) -> RowFaults:
    return RowFaults(line, (Fault(line, "invited", "soon", "is no day"),))


def outcomes(recorded: AccountsRecorded) -> dict[str, int]:
    return {outcome.value: count for outcome, count in recorded.outcomes.items() if count}


class Books:
    """A desk that takes lists of accounts, each as a batch of its own."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.batches: list[int] = []

    def take(
        self, *rows: AccountRow | RowFaults, full: bool = False, provider: str = "linkedin", today: date = TODAY
    ) -> AccountsRecorded:
        """Record a list; a preview of it must say the same, and write nothing."""
        with self.desk.app.app_context():
            before = self.everything()
            with AccountList(db.session(), lambda: rows, provider, full=full) as listed:
                preview = listed.judge(db.session(), today)
                assert self.everything() == before
            db.session.remove()
            with AccountList(db.session(), lambda: rows, provider, full=full) as listed, writing(alone=True) as session:
                batch = Batch(id=new_id(), kind="accounts", profile="mapping", file_name="people.csv", sha256="")
                batch.recorded_at = self.desk.now
                session.add(batch)
                session.flush()
                recorded = listed.record(session, actor=OPERATOR, batch_id=batch.id, today=today, now=self.desk.now)
                self.batches.append(batch.id)
        assert sum(recorded.outcomes.values()) == len(rows) == len(list(recorded.lines))
        assert (preview.outcomes, list(preview.lines), list(preview.faults)) == (
            recorded.outcomes,
            list(recorded.lines),
            list(recorded.faults),
        )
        same = ("members", "closed", "kept_open", "taught", "set_aside")
        assert {name: getattr(preview, name) for name in same} == {name: getattr(recorded, name) for name in same}
        return recorded

    def everything(self) -> list[str]:
        facts = db.session.scalars(select(ProviderAccount).order_by(ProviderAccount.id))
        return [repr({column.name: getattr(each, column.name) for column in each.__table__.columns}) for each in facts]

    def undo(self, which: int = -1) -> None:
        with self.desk.write() as session:
            batch = session.get_one(Batch, self.batches[which])
            undo_batch(session, batch, OPERATOR, today=self.desk.today, now=self.desk.now)

    def accounts(self, number: str) -> list[tuple[object, ...]]:
        """What is valid of a member: the account's name, whether it is open, invited and activated on."""
        with self.desk.session() as session:
            found = find_member(session, number)
            assert found is not None
            rows = session.scalars(
                select(ProviderAccount).where(
                    ProviderAccount.member_id == found.member_id, ProviderAccount.voided_at.is_(None)
                )
            )
            return sorted((each.provider_id, each.is_open, each.invited_on, each.activated_on) for each in rows)

    def ids(self) -> dict[str, str]:
        """The provider's ids that are known, by whom they find."""
        with self.desk.session() as session:
            rows = session.execute(
                select(Identifier.shown, Member.number)
                .join(Member, Member.member_id == Identifier.member_id)
                .where(Identifier.kind == IdentifierKind.PROVIDER_ID)
            )
            return {row.shown: row.number for row in rows}


@pytest.fixture
def books(desk: Desk) -> Books:
    desk.roster(ANA + BEN + BO)
    return Books(desk)


def test_an_account_is_recorded_once_and_then_known(books: Books) -> None:
    rows = (
        row(2, "ANA@example.org", invited_on=INVITED),
        row(3, member_number="2", activated_on=ACTIVATED),
        row(4, "x@y.z"),
    )
    assert outcomes(books.take(*rows)) == {"recorded": 2, "unmatched": 1}
    assert books.accounts("0001") == [("ana@example.org", True, INVITED, None)]
    assert books.accounts("0002") == [("", True, None, ACTIVATED)]
    again = books.take(*rows)
    assert outcomes(again) == {"already known": 2, "unmatched": 1}
    assert again.members == 0
    with books.desk.session():
        assert len(books.everything()) == 2


def test_what_changed_is_recorded_anew_and_a_blank_day_erases_none(books: Books) -> None:
    books.take(row(2, "ana@example.org", invited_on=INVITED))
    assert outcomes(books.take(row(2, "ana@example.org", activated_on=ACTIVATED))) == {"recorded": 1}
    assert outcomes(books.take(row(2, "ana@example.org"))) == {"already known": 1}
    assert books.accounts("0001") == [("ana@example.org", True, INVITED, ACTIVATED)]
    assert outcomes(books.take(row(2, "ana@example.org", is_open=False))) == {"recorded": 1}
    assert books.accounts("0001") == [("ana@example.org", False, INVITED, ACTIVATED)]
    with books.desk.session() as session:
        facts = session.scalars(select(ProviderAccount).order_by(ProviderAccount.id)).all()
        assert [each.batch_id for each in facts] == [books.batches[0], books.batches[1], books.batches[3]]
        assert [each.voided_batch_id for each in facts] == [books.batches[1], books.batches[3], None]
    assert books.desk.wrong() == []


def test_who_is_missing_keeps_the_account_unless_the_list_is_complete(books: Books) -> None:
    books.take(row(2, "ana@example.org"), row(3, "ben@example.org"))
    assert books.take(row(2, "ana@example.org")).closed == 0
    assert books.accounts("0002") == [("ben@example.org", True, None, None)]
    complete = books.take(row(2, "ana@example.org"), full=True)
    assert (complete.closed, outcomes(complete)) == (1, {"already known": 1})
    assert books.accounts("0002") == [("ben@example.org", False, None, None)]
    assert books.take(row(2, "ana@example.org"), full=True).closed == 0
    books.take(row(2, "ben@example.org"))
    assert books.accounts("0002") == [("ben@example.org", True, None, None)], "and opens again"


def test_a_complete_list_of_one_provider_closes_nothing_of_another(books: Books) -> None:
    books.take(row(2, "ana@example.org"), provider="elsewhere")
    assert books.take(row(2, "ben@example.org"), full=True).closed == 0
    assert books.accounts("0001") == [("ana@example.org", True, None, None)]


def test_a_complete_list_closes_nobody_whom_an_unreadable_row_may_name(books: Books) -> None:
    books.take(row(2, "ana@example.org"), row(3, "ben@example.org"))
    broken = books.take(unreadable(2), row(3, "ben@example.org"), full=True)
    assert (broken.closed, broken.kept_open, outcomes(broken)) == (0, 1, {"faulty": 1, "already known": 1})
    ahead = books.take(
        row(2, "ana@example.org", activated_on=TODAY + timedelta(days=30)), row(3, "ben@example.org"), full=True
    )
    assert (ahead.closed, ahead.kept_open) == (0, 1), "the row is Ana’s, whatever day it tells"
    assert str(ahead.faults[0]).endswith("is in the future")


def test_a_complete_list_closes_no_account_of_which_it_has_a_row_without_a_member(books: Books) -> None:
    books.take(row(2, "bo@example.org"), row(3, "ana@example.org"))
    books.desk.roster(CY)  # the address is two people’s now, so it names nobody
    recorded = books.take(row(2, "Bo@example.org"), full=True)
    assert (outcomes(recorded), recorded.closed, recorded.kept_open) == ({"unmatched": 1}, 1, 1)
    assert books.accounts("0003") == [("bo@example.org", True, None, None)]
    assert books.accounts("0001") == [("ana@example.org", False, None, None)]


def test_two_accounts_of_one_member_are_both_kept(books: Books) -> None:
    two = (row(2, "ana@example.org", provider_id="U1"), row(3, member_number="1", provider_id="U2"))
    assert outcomes(books.take(*two)) == {"recorded": 2}
    assert [name for name, *_ in books.accounts("0001")] == ["U1", "U2"]
    doubtful = books.take(row(2, "ana@example.org"))
    assert outcomes(doubtful) == {"faulty": 1}
    assert "two accounts there" in doubtful.faults[0].reason
    assert books.take(two[0], full=True).closed == 1
    assert outcomes(books.take(row(2, "ana@example.org", activated_on=ACTIVATED))) == {"recorded": 1}, "of the open one"
    assert books.accounts("0001") == [("U1", True, None, ACTIVATED), ("U2", False, None, None)]


def test_rows_of_one_account_are_one(books: Books) -> None:
    first = row(2, "ana@example.org", provider_id="U1", is_open=False, activated_on=ACTIVATED)
    second = row(3, "ana@example.org", provider_id="u1 ", invited_on=INVITED)
    recorded = books.take(first, second)
    assert outcomes(recorded) == {"recorded": 1, "already known": 1}
    assert recorded.lines.get(3).reason == "the same account as on line 2"
    assert books.accounts("0001") == [("U1", True, INVITED, ACTIVATED)]
    assert outcomes(books.take(second._replace(line=2), first._replace(line=3))) == {"already known": 2}


def test_an_account_learns_the_providers_id(books: Books) -> None:
    books.take(row(2, "ana@example.org", invited_on=INVITED), row(3, member_number="2"))
    books.take(row(2, "ana@example.org", provider_id="U1"), row(3, "ben@example.org", provider_id="U2"))
    assert books.accounts("0001") == [("U1", True, INVITED, None)]
    assert books.accounts("0002") == [("U2", True, None, None)]
    assert outcomes(books.take(row(2, "ana@example.org"), row(3, member_number="2"))) == {"already known": 2}


# --- What is taught -----------------------------------------------------------------------------------------------------


def test_an_id_is_taught_by_a_number_or_by_an_address_with_the_name(books: Books) -> None:
    recorded = books.take(
        row(2, "ana@example.org", provider_id="U1", learner_name="ÁNA Example"),
        row(3, member_number="2", provider_id="U2", learner_name="Someone Else"),
        row(4, "bo@example.org", provider_id="U3"),
    )
    assert recorded.taught == 2
    assert books.ids() == {"U1": "0001", "U2": "0002"}, "an address without a name vouches for nothing"
    assert outcomes(books.take(row(2, "moved@example.com", provider_id="u1"))) == {"already known": 1}
    assert books.desk.completions(",moved@example.com,firefly,2026-02-20,provider,,\n").outcomes[Outcome.UNMATCHED] == 1
    assert books.desk.wrong() == []


@pytest.mark.parametrize(
    "rows",
    [
        [row(2, "ana@example.org", provider_id="U1", learner_name="Otto Other")],
        [  # a couple with one address, of which the roster knows one
            row(2, "ana@example.org", provider_id="U1", learner_name="Ana Example"),
            row(3, "ana@example.org", provider_id="U2", learner_name="Otto Example"),
        ],
        [  # one id, two members
            row(2, member_number="1", provider_id="U1", learner_name="Ana Example"),
            row(3, member_number="2", provider_id="u1", learner_name="Ben Example"),
        ],
        [row(2, "ana@example.org", provider_id="0001", learner_name="Ana Example")],  # her number: found by it already
        [row(2, "ana@example.org", member_number="2", provider_id="U1")],  # Ben's number, Ana's address
        [row(2, member_number="2", provider_id="Ana@Example.org")],  # Ben's number, and Ana's address in place of an id
    ],
)
def test_an_id_is_not_taught_where_it_is_not_sure(books: Books, rows: list[AccountRow]) -> None:
    recorded = books.take(*rows)
    assert recorded.outcomes[Outcome.RECORDED] == len(rows)
    assert recorded.taught == 0
    assert books.ids() == {}
    assert books.desk.wrong() == []


def test_the_id_of_a_learner_who_is_not_ours_is_not_taught(books: Books) -> None:
    with books.desk.write() as session:
        session.add(Stranger(value="id:u1", shown="U1", recorded_at=books.desk.now))
    assert books.take(row(2, "ana@example.org", provider_id="U1", learner_name="Ana Example")).taught == 0
    unknown = books.take(row(2, "nobody@example.com", provider_id="U1"))
    assert (outcomes(unknown), unknown.set_aside) == ({"unmatched": 1}, 1)


# --- Taken back, again, in any order ------------------------------------------------------------------------------------


def test_undoing_a_list_brings_back_what_was_known_and_forgets_what_it_taught(books: Books) -> None:
    books.take(row(2, "ana@example.org", invited_on=INVITED), row(3, "ben@example.org", activated_on=ACTIVATED))
    before = books.accounts("0001"), books.accounts("0002"), books.accounts("0003")
    books.take(
        row(2, "ana@example.org", provider_id="U1", learner_name="Ana Example", activated_on=ACTIVATED),
        row(3, member_number="3"),
        full=True,
    )
    assert books.ids() == {"U1": "0001"}
    assert books.accounts("0002") == [("ben@example.org", False, None, ACTIVATED)]
    books.undo()
    assert (books.accounts("0001"), books.accounts("0002"), books.accounts("0003")) == before
    assert books.ids() == {}
    assert books.desk.wrong() == []


def test_a_roster_between_matching_and_recording_is_seen(books: Books) -> None:
    rows = [row(2, "newcomer@example.org"), row(3, "ana@example.org")]
    with books.desk.app.app_context(), AccountList(db.session(), lambda: rows, "linkedin") as listed:
        assert outcomes(listed.judge(db.session(), TODAY)) == {"unmatched": 1, "recorded": 1}
        books.desk.roster("0009,New,Comer,newcomer@example.org,80,grip,active,member,2026-01-01,,yes\n")
        with writing(alone=True) as session:
            recorded = listed.record(session, actor=OPERATOR, batch_id=None, today=TODAY, now=books.desk.now)
    assert outcomes(recorded) == {"recorded": 2}
    assert len(books.accounts("0009")) == 1


def test_the_order_of_a_lists_rows_does_not_matter(books: Books) -> None:
    rows = [
        row(2, "ana@example.org", provider_id="U1", learner_name="Ana Example", invited_on=INVITED),
        row(3, "ana@example.org", is_open=False),
        row(4, member_number="1", provider_id="U2", activated_on=ACTIVATED),
        row(5, "ben@example.org", activated_on=ACTIVATED),
        row(6, member_number="2", provider_id="U7", is_open=False),
        row(7, "ben@example.org", activated_on=ACTIVATED + timedelta(days=1)),
        row(8, "bo@example.org", provider_id="U9", learner_name="Bo Batten"),
        row(9, "nobody@example.org"),
        unreadable(10),
    ]
    told: list[object] = []
    for seed in range(6):
        shuffled = random.Random(seed).sample(rows, len(rows))
        shuffled = [each._replace(line=line) for line, each in enumerate(shuffled, start=2)]
        recorded = books.take(*shuffled)
        facts = [books.accounts(number) for number in ("0001", "0002", "0003")]
        told.append((outcomes(recorded), recorded.taught, facts, books.ids()))
        books.undo()
    assert all(each == told[0] for each in told)


# --- Which account a row is of ------------------------------------------------------------------------------------------


def listed(line: int, email: str = "", provider_id: str = "") -> Listed:
    return Listed(line, provider_id, email, "", True, None, None, FoundBy.KNOWN_ID)


def known(its_id: int, name: str, is_open: bool = True) -> Known:
    return Known(its_id, name, is_open, None, None)


@pytest.mark.parametrize(
    ("rows", "there", "wanted"),
    [
        ([listed(2, provider_id="u1")], [known(1, "U1"), known(2, "U2")], {2: 1}),
        ([listed(2, "a@x")], [known(1, "a@x"), known(2, "U2")], {2: 1}),
        ([listed(2, "a@x")], [known(1, "U1")], {2: 1}),
        ([listed(2, "a@x")], [known(1, "b@x")], {2: None}),
        ([listed(2, "a@x")], [known(1, "")], {2: 1}),
        ([listed(2, "a@x")], [known(1, "U1"), known(2, "U2")], {2: "?"}),
        ([listed(2, "a@x")], [known(1, "U1"), known(2, "U2", is_open=False)], {2: 1}),
        ([listed(2)], [known(1, "b@x")], {2: 1}),
        ([listed(2)], [known(1, "b@x"), known(2, "c@x")], {2: "?"}),
        ([listed(2, "a@x", "U1")], [known(1, "a@x")], {2: 1}),
        ([listed(2, "a@x", "U1")], [known(1, "b@x")], {2: None}),
        ([listed(2, "a@x", "U1")], [known(1, "U2")], {2: None}),
        ([listed(2, "a@x", "U1"), listed(3, "b@x")], [known(1, "U2")], {2: None, 3: 1}),
        ([listed(2, "a@x"), listed(3, "b@x")], [known(1, "U2")], {2: 1, 3: None}),
        ([listed(2, "a@x", "U1"), listed(3, "A@X")], [], {2: None, 3: None}),
    ],
)
def test_which_account_a_row_is_of(rows: list[Listed], there: list[Known], wanted: dict[int, object]) -> None:
    for these in (rows, rows[::-1]):
        found, others = pair(these, there)
        of = {
            each.line: "?" if account.is_doubtful else account.known and account.known.id
            for account in found
            for each in account.rows
        }
        assert of == wanted
        assert {each.id for each in others} == {each.id for each in there} - set(wanted.values())


def test_a_list_of_many_members_is_recorded_taught_and_closed(books: Books) -> None:
    numbers = range(100, 2_400)  # more than are read at once
    books.desk.roster(
        "".join(f"{n},First{n},Last,p{n}@example.org,80,grip,active,member,2019-03-01,,yes\n" for n in numbers)
    )
    rows = [row(n, f"p{n}@example.org", provider_id=f"U{n}", learner_name=f"First{n} Last") for n in numbers]
    recorded = books.take(*rows, full=True)
    assert (outcomes(recorded), recorded.taught) == ({"recorded": 2_300}, 2_300)
    half = books.take(*rows[:1_200], full=True)
    assert (outcomes(half), half.closed) == ({"already known": 1_200}, 1_100)
    assert books.accounts("2399") == [("U2399", False, None, None)]
