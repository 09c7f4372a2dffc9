"""A roster that could give an account away is held, and the old address is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.operations.conftest import TODAY, Desk, counts
from tests.operations.test_roster_full import many
from tracker.coverage.finding import find_member
from tracker.coverage.held_changes import held_line, held_page, held_waiting
from tracker.curriculum.words import Outcome, Role
from tracker.intake.imports import Imported, staged_import
from tracker.models import AuditEntry, Completion, HeldChange, Identifier, Member, Notice, User
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.held import decide_held
from tracker.operations.refused import Refused
from tracker.operations.roster import Full, record_roster
from tracker.operations.rows import RosterRow

ANA = "1,Ana,One,ana@example.org,80,grip,active,,2019-03-01,,\n"
BEN = "2,Ben,Two,ben@example.org,80,grip,active,,2019-03-01,,\n"


@pytest.fixture
def held_desk(desk: Desk) -> Desk:
    """Ana signs in, with an address that her roster knows; Ben does not."""
    desk.roster(ANA + BEN)
    sign_in(desk, "1", "Ana@Example.org")
    return desk


def sign_in(desk: Desk, number: str, email: str) -> None:
    with desk.write() as session:
        member = find_member(session, number)
        assert member is not None
        add_user(session, email, Role.MEMBER, None, member.member_id, OPERATOR, desk.today)


def emails(desk: Desk, number: str) -> set[str]:
    with desk.session() as session:
        member = find_member(session, number)
        assert member is not None
        kept = select(Identifier.value).where(Identifier.member_id == member.member_id, Identifier.kind == "email")
        return set(session.scalars(kept))


def held(desk: Desk) -> list[tuple[str, str, str, str]]:
    """What waits: whose, what, before, after."""
    with desk.session() as session:
        return [(each.member.number, each.change.what, each.change.before, each.change.after) for each in waiting(session)]


def waiting(session) -> Iterable:  # type: ignore[no-untyped-def,type-arg]
    return held_page(session).rows


def notices(desk: Desk) -> list[tuple[str, str]]:
    with desk.session() as session:
        return [(each.address, each.subject) for each in session.scalars(select(Notice).order_by(Notice.id))]


def decide(desk: Desk, accept: bool) -> int:
    with desk.write() as session:
        change = session.scalars(select(HeldChange).where(HeldChange.decided_at.is_(None))).one()
        return decide_held(session, change, accept=accept, actor=OPERATOR, today=desk.today, now=desk.now)


def preview(desk: Desk, rows: str) -> Imported:
    content = ("member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n" + rows).encode()
    with desk.session() as session, staged_import(session, "roster", content, "r.csv", today=desk.today) as staged:
        return staged.preview(session)


# -- (a) another e-mail for someone who signs in ----------------------------------------------------------------------


def test_another_e_mail_for_an_account_is_held_and_the_rest_is_recorded(held_desk: Desk) -> None:
    rows = "1,Anna,,thief@example.org,80,grip,retired,,,,\n"
    assert preview(held_desk, rows).held == 1
    assert held(held_desk) == []
    imported = held_desk.roster(rows)
    assert counts(imported) == {"recorded": 1}
    assert imported.held == 1
    assert emails(held_desk, "1") == {"ana@example.org"}
    assert held(held_desk) == [("1", "email", "Ana@Example.org", "thief@example.org")]
    assert notices(held_desk) == [("Ana@Example.org", "A roster gives another e-mail address for you")]
    assert [each[1] for each in held_desk.cards("1")] == ["active", "retired"]
    with held_desk.session() as session:
        assert session.scalars(select(Member.first_name).where(Member.number == "1")).one() == "Anna"
        body = session.scalars(select(Notice.body)).one()
        user = session.scalars(select(User)).one()
        epoch = user.session_epoch
    assert "thief@example.org" in body
    assert "Nothing has changed yet" in body
    assert (user.email, epoch) == ("Ana@Example.org", 1)


def test_a_row_with_nothing_but_a_held_e_mail_says_so(held_desk: Desk) -> None:
    imported = held_desk.roster("1,Ana,One,thief@example.org,80,grip,active,,2019-03-01,,\n")
    assert counts(imported) == {"already known": 1}
    assert "someone signs in with another" in next(iter(imported.lines)).reason


@pytest.mark.parametrize("email", ["ana@example.org", "ANA@example.org", ""])
def test_the_sign_in_itself_and_a_blank_are_no_change(held_desk: Desk, email: str) -> None:
    assert held_desk.roster(f"1,,,{email},80,grip,,,,,\n").held == 0
    assert notices(held_desk) == []


def test_the_sign_in_that_no_roster_knew_is_simply_added(desk: Desk) -> None:
    desk.roster("1,Ana,One,,80,grip,active,,2019-03-01,,\n")
    sign_in(desk, "1", "ana@example.org")
    assert desk.roster(ANA).held == 0
    assert emails(desk, "1") == {"ana@example.org"}


def test_who_does_not_sign_in_gets_the_e_mail(held_desk: Desk) -> None:
    assert held_desk.roster("2,,,ben.two@example.org,80,grip,,,,,\n").held == 0
    assert emails(held_desk, "2") == {"ben@example.org", "ben.two@example.org"}


def test_a_suspended_account_is_held_for_too(held_desk: Desk) -> None:
    with held_desk.write() as session:
        session.scalars(select(User)).one().is_active = False
    assert held_desk.roster("1,,,thief@example.org,80,grip,,,,,\n").held == 1


def test_the_same_roster_again_holds_and_tells_once(held_desk: Desk) -> None:
    rows = "1,,,thief@example.org,80,grip,,,,,\n1,,,Thief@Example.org,80,grip,,,,,\n"
    for _ in range(3):
        assert held_desk.roster(rows).held == 1
    assert len(held(held_desk)) == len(notices(held_desk)) == 1


# -- (b) an account's e-mail for somebody else ------------------------------------------------------------------------


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("whose", ["the sign-in", "a known e-mail"])
def test_an_e_mail_of_someone_who_signs_in_is_not_given_to_another(held_desk: Desk, whose: str, known: bool) -> None:
    email = "ana@example.org"
    if whose == "a known e-mail":
        with held_desk.write() as session:
            user = session.scalars(select(User)).one()
            user.email = user.email_key = "other@example.org"
    rows = (
        f"2,,,{email},80,grip,,,,,\n" if known else f"7,Gus,Seven,gus@example.org,80,grip,,,,,\n7,,,{email},700,grip,,,,,\n"
    )
    imported = held_desk.roster(rows)
    if not known:
        # a new number with her e-mail looks like another number of hers: all its rows are held
        assert counts(imported) == {"unmatched": 2}
        return
    assert counts(imported) == {"already known": 1}
    assert emails(held_desk, "2") == {"ben@example.org"}
    assert held(held_desk) == [("2", "email", "ben@example.org", email)]
    address = "Ana@Example.org" if whose == "the sign-in" else "other@example.org"
    assert notices(held_desk) == [(address, "A roster gives your e-mail address for somebody else")]
    with held_desk.session() as session:
        body = session.scalars(select(Notice.body)).one()
        assert "Ben" not in body, "whose the row is, is not hers to know"
        assert [each.number for each in held_page(session).rows[0].others] == ["1"]


def test_a_sign_in_that_no_roster_knows_is_held_for_too(held_desk: Desk) -> None:
    with held_desk.write() as session:
        user = session.scalars(select(User)).one()
        user.email = user.email_key = "private@example.org"
    assert held_desk.roster("2,,,Private@example.org,80,grip,,,,,\n").held == 1
    assert emails(held_desk, "2") == {"ben@example.org"}


def test_between_two_accounts_both_are_told(held_desk: Desk) -> None:
    sign_in(held_desk, "2", "ben@example.org")
    held_desk.roster("2,,,ana@example.org,80,grip,,,,,\n")
    assert notices(held_desk) == [
        ("ben@example.org", "A roster gives another e-mail address for you"),
        ("Ana@Example.org", "A roster gives your e-mail address for somebody else"),
    ]


def test_an_e_mail_of_two_who_do_not_sign_in_is_theirs_to_share(desk: Desk) -> None:
    desk.roster(ANA + BEN)
    assert desk.roster("2,,,ana@example.org,80,grip,,,,,\n").held == 0
    assert emails(desk, "2") == {"ana@example.org", "ben@example.org"}


# -- (c) a new number with an account's e-mail ------------------------------------------------------------------------


def test_a_new_number_with_an_accounts_e_mail_is_held_whole(held_desk: Desk) -> None:
    rows = "0077,Ana,One,ana@example.org,80,grip,active,,2019-03-01,,\n0077,,,,700,grip,active,,2026-01-01,,\n"
    assert counts(preview(held_desk, rows)) == {"unmatched": 2}
    imported = held_desk.roster(rows + BEN)
    assert counts(imported) == {"unmatched": 2, "already known": 1}
    assert imported.held == 1
    assert held(held_desk) == [("1", "number", "1", "0077")]
    assert notices(held_desk) == [("Ana@Example.org", "A roster gives another member number for you")]
    with held_desk.session() as session:
        assert session.scalar(select(func.count()).select_from(Member)) == 2
    assert held_desk.roster(rows.replace("0077", "77")).held == 1
    assert len(held(held_desk)) == len(notices(held_desk)) == 1, "in another spelling it is the same number"


def test_a_faulty_row_of_a_held_number_stays_faulty(held_desk: Desk) -> None:
    rows = "77,,,ana@example.org,80,grip,active,,2019-03-01,,\n77,,,,8O,grip,active,,2019-03-01,,\n"
    assert counts(held_desk.roster(rows)) == {"unmatched": 1, "faulty": 1}


def test_an_e_mail_of_two_people_tells_nothing_of_a_number(held_desk: Desk) -> None:
    with held_desk.write() as session:
        ben = find_member(session, "2")
        assert ben is not None
        session.add(
            Identifier(
                kind="email", value="ana@example.org", member_id=ben.member_id, shown="ana@example.org",
                recorded_at=held_desk.now,
            )
        )  # fmt: skip
    imported = held_desk.roster("77,New,One,ana@example.org,80,grip,active,,2019-03-01,,\n")
    assert counts(imported) == {"recorded": 1}
    assert emails(held_desk, "77") == set(), "the e-mail itself is held"
    assert held(held_desk) == [("77", "email", "", "ana@example.org")]


def test_whose_number_is_in_question_does_not_leave_by_a_complete_roster(held_desk: Desk) -> None:
    held_desk.roster(many(range(101, 201)))
    rows = "77,Ana,One,ana@example.org,80,grip,active,,2019-03-01,,\n" + BEN + many(range(101, 201))
    imported = held_desk.roster(rows, full=Full())
    assert imported.leaving == 0
    assert held_desk.cards("1")[0][3] is None


# -- deciding ---------------------------------------------------------------------------------------------------------


def test_an_accepted_e_mail_is_added_and_the_sign_in_stays(held_desk: Desk) -> None:
    held_desk.roster("1,,,ana.new@example.org,80,grip,,,,,\n")
    held_desk.completions(",Ana.New@example.org,firefly,2026-02-01,provider,,X1\n")
    assert decide(held_desk, True) == 1
    assert emails(held_desk, "1") == {"ana@example.org", "ana.new@example.org"}
    assert held(held_desk) == []
    assert notices(held_desk)[-1] == ("Ana@Example.org", "Another e-mail address was added for you")
    with held_desk.session() as session:
        assert session.scalars(select(User.email)).one() == "Ana@Example.org"
        assert session.scalar(select(func.count()).select_from(Completion)) == 1
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.object_kind) == ("accept_held_change", "held_change")
        assert entry.detail == {"what": "email", "before": "Ana@Example.org", "after": "ana.new@example.org"}
    assert held_desk.roster("1,,,ana.new@example.org,80,grip,,,,,\n").held == 0
    assert held_desk.wrong() == []


def test_an_accepted_number_finds_the_member_from_then_on(held_desk: Desk) -> None:
    rows = "0077,Ana,One,ana@example.org,700,grip,active,,2026-01-01,,\n"
    held_desk.roster(rows)
    held_desk.completions("77,,firefly,2026-02-01,provider,,X1\n")
    assert decide(held_desk, True) == 1
    assert counts(held_desk.roster(rows)) == {"recorded": 1}
    assert [each[0] for each in held_desk.cards("1")] == ["80", "700"]
    assert held_desk.cards("77") == held_desk.cards("1")
    assert held_desk.wrong() == []


def test_a_refused_e_mail_is_not_asked_again(held_desk: Desk) -> None:
    rows = "1,,,thief@example.org,80,grip,,,,,\n"
    held_desk.roster(rows)
    assert decide(held_desk, False) == 0
    assert emails(held_desk, "1") == {"ana@example.org"}
    assert notices(held_desk)[-1] == ("Ana@Example.org", "The other e-mail address was refused")
    for _ in range(2):
        imported = held_desk.roster(rows)
        assert (imported.held, counts(imported)) == (0, {"already known": 1})
    assert emails(held_desk, "1") == {"ana@example.org"}
    assert len(notices(held_desk)) == 2


def test_a_refused_number_is_somebody_else(held_desk: Desk) -> None:
    rows = "77,Ann,Other,ana@example.org,80,grip,active,,2019-03-01,,\n"
    held_desk.roster(rows)
    decide(held_desk, False)
    imported = held_desk.roster(rows)
    assert counts(imported) == {"recorded": 1}
    assert held_desk.cards("77") != []
    assert emails(held_desk, "77") == set()
    assert held(held_desk) == [("77", "email", "", "ana@example.org")]


def test_a_number_that_somebody_has_by_now_is_not_given_away(held_desk: Desk) -> None:
    held_desk.roster("77,Ana,One,ana@example.org,80,grip,active,,2019-03-01,,\n")
    held_desk.roster("77,Gus,Seven,gus@example.org,80,grip,active,,2019-03-01,,\n")
    with pytest.raises(Refused) as refused:
        decide(held_desk, True)
    assert refused.value.code == "number_taken"
    assert len(held(held_desk)) == 1
    decide(held_desk, False)


def test_what_is_decided_is_decided(held_desk: Desk) -> None:
    held_desk.roster("1,,,thief@example.org,80,grip,,,,,\n")
    decide(held_desk, False)
    with held_desk.write() as session:
        change = session.scalars(select(HeldChange)).one()
        with pytest.raises(Refused) as refused:
            decide_held(session, change, accept=True, actor=OPERATOR, today=held_desk.today, now=held_desk.now)
    assert refused.value.code == "already_decided"
    assert emails(held_desk, "1") == {"ana@example.org"}


def test_the_held_list_is_in_order_and_goes_on(held_desk: Desk) -> None:
    held_desk.roster("".join(f"1,,,a{number}@example.org,80,grip,,,,,\n" for number in range(60)))
    with held_desk.session() as session:
        assert held_waiting(session)[0] == 60
        page = held_page(session)
        assert [each.change.after for each in page.rows][:2] == ["a0@example.org", "a1@example.org"]
        rest = held_page(session, int(page.next_key or 0))
        assert len(page.rows) == 50
        assert len(rest.rows) == 10
        assert rest.next_key is None
        line = held_line(session, rest.rows[0].change.id)
        assert line is not None
        assert (line.signs_in_as, line.batch.file_name) == ("Ana@Example.org", "roster.csv")
        assert held_line(session, 1) is None


def test_a_brake_holds_nothing_and_tells_nobody(held_desk: Desk) -> None:
    rows = "1,,,thief@example.org,80,grip,,,,,\n"
    with pytest.raises(Refused):
        held_desk.roster(rows, full=Full())
    assert held(held_desk) == []
    assert notices(held_desk) == []


def test_without_a_batch_nothing_can_be_held(held_desk: Desk) -> None:
    row = RosterRow(2, "1", "", "", "thief@example.org", "80", "", "", "", None, None, None)
    with pytest.raises(ValueError, match="batch"), held_desk.write() as session:
        record_roster(session, [row], OPERATOR, batch_id=None, today=TODAY, now=held_desk.now + timedelta(hours=1))


def test_the_rows_of_a_held_number_say_why(held_desk: Desk) -> None:
    imported = held_desk.roster("77,Ana,One,ana@example.org,80,grip,active,,2019-03-01,,\n")
    line = next(iter(imported.lines))
    assert line.outcome is Outcome.UNMATCHED
    assert "someone who signs in" in line.reason
