"""The roster: a row is one membership, and what a row means where there are cards already."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, TODAY, Desk, counts
from tracker.models import Assignment, Craft, Identifier, Member, Membership

SINCE = date(2019, 3, 1)


def identifiers(desk: Desk) -> set[tuple[str, str]]:
    with desk.session() as session:
        return {(row.kind.value, row.value) for row in session.scalars(select(Identifier))}


# What a second roster says of Ana's card, and which cards she has then. Today is 2 March 2026.
NEWS = {
    "nothing new": (
        "0001,Ana,Example,ana@example.org,80,grip,active,member,2019-03-01,,yes",
        [("80", "active", SINCE, None)],
    ),
    "another status corrects": ("1,,,,80,grip,retired,,2019-03-01,,", [("80", "retired", SINCE, None)]),
    "a last day corrects": ("1,,,,80,grip,,,2019-03-01,2026-06-01,", [("80", "active", SINCE, date(2026, 6, 1))]),
    "a blank never erases": ("1,,,,80,grip,,,2019-03-01,,", [("80", "active", SINCE, None)]),
    "another first day is another card": (
        "1,,,,80,grip,active,,2020-01-01,,",
        [("80", "active", SINCE, None), ("80", "active", date(2020, 1, 1), None)],
    ),
    "another local is another card": (
        "1,,,,700,grip,active,,2026-01-01,,",
        [("80", "active", SINCE, None), ("700", "active", date(2026, 1, 1), None)],
    ),
    "another craft is another card": (
        "1,,,,80,sound,active,,2019-03-01,,",
        [("80", "active", SINCE, None), ("80", "active", SINCE, None)],
    ),
    "a blank first day means the open card": ("1,,,,80,grip,active,,,,", [("80", "active", SINCE, None)]),
    "a new status without a day begins today": (
        "1,,,,80,grip,retired,,,,",
        [("80", "active", SINCE, TODAY), ("80", "retired", TODAY, None)],
    ),
    "an end without a first day ends the open card": (
        "1,,,,80,grip,,,,2026-04-01,",
        [("80", "active", SINCE, date(2026, 4, 1))],
    ),
    "a new status that is over before today was never held": (
        "1,,,,80,grip,retired,,,2026-02-01,",
        [("80", "active", SINCE, date(2026, 2, 1))],
    ),
    "a new status until a later day": (
        "1,,,,80,grip,suspended,,,2026-05-01,",
        [("80", "active", SINCE, TODAY), ("80", "suspended", TODAY, date(2026, 5, 1))],
    ),
    "a blank craft means the card of that day": ("1,,,,80,,retired,,2019-03-01,,", [("80", "retired", SINCE, None)]),
    "a card that begins later": (
        "1,,,,15,grip,active,,2026-09-01,,",
        [("80", "active", SINCE, None), ("15", "active", date(2026, 9, 1), None)],
    ),
}


@pytest.mark.parametrize("what", NEWS)
def test_a_row_about_a_known_member(desk: Desk, what: str) -> None:
    row, cards = NEWS[what]
    desk.roster(ANA)
    changes = cards != [("80", "active", SINCE, None)]
    imported = desk.roster(f"{row}\n")
    assert counts(imported) == {"recorded" if changes else "already known": 1}
    assert sorted(desk.cards("0001"), key=str) == sorted(cards, key=str)
    # the same file again changes nothing; that a card has ended since is said
    has_ended = cards[-1][-1] is not None and cards[-1][-1] <= TODAY
    assert counts(desk.roster(f"{row}\n")) == {"faulty" if has_ended else "already known": 1}
    assert desk.wrong() == []


def test_the_open_card_is_the_one_that_holds_today(desk: Desk) -> None:
    """Dov retires on 1 June, as was recorded ahead; today's roster still calls him active."""
    desk.roster("4,Dov,,,700,sound,active,,2010-05-05,2026-06-01,\n4,,,,700,sound,retired,,2026-06-01,,\n")
    assert counts(desk.roster("4,,,,700,sound,active,,,,\n")) == {"already known": 1}
    desk.roster("4,,,,700,sound,suspended,,,,\n")
    assert desk.cards("4") == [
        ("700", "active", date(2010, 5, 5), TODAY),
        ("700", "suspended", TODAY, date(2026, 6, 1)),
        ("700", "retired", date(2026, 6, 1), None),
    ]


def test_a_correction_voids_and_records_anew(desk: Desk) -> None:
    desk.roster(ANA)
    desk.today = date(2026, 3, 10)
    desk.roster("1,,,,80,grip,retired,,2019-03-01,,\n")
    with desk.session() as session:
        rows = session.scalars(select(Membership).order_by(Membership.id)).all()
    assert [(row.status, row.voided_at is None, row.recorded_at.day) for row in rows] == [
        ("active", False, 2),
        ("retired", True, 10),
    ]
    assert rows[0].voided_at is not None
    assert (rows[0].voided_at.day, rows[0].void_reason) == (10, "corrected by a roster")


# how the file writes a local, and which one it means
SPELLINGS = {"80": "80", "080": "80", "Local 80": "80", "local no. 0080": "80", "#80": "80", "0479": "0479", "479": "0479"}
SPELLINGS |= {"B173": "B173", "b-173": "B173", "Local B 173": "B173", "usa829": "USA829", " 600": "600", "0600": "0600"}


@pytest.mark.parametrize(("said", "meant"), SPELLINGS.items())
def test_a_local_is_found_however_it_is_spelled_and_an_exact_spelling_wins(desk: Desk, said: str, meant: str) -> None:
    desk.units(
        "number,name,kind,parent,city,region,country,sector,time_zone\n"
        + "".join(f"{number},{number},local,D1,,,,,\n" for number in ("0479", "B173", "USA829", "600", "0600"))
    )
    assert counts(desk.roster(f"1,,,,{said},grip,active,,2020-01-01,,\n")) == {"recorded": 1}
    assert desk.cards("1") == [(meant, "active", date(2020, 1, 1), None)]


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("1,,,,999,grip,active,,2020-01-01,,", "local", "not a local of the union"),
        ("1,,,,D1,grip,active,,2020-01-01,,", "local", "not a local of the union"),  # a district issues no cards
        ("1,,,,00600,grip,active,,2020-01-01,,", "local", "more than one local"),
        ("1,,,,80,grip,on tour,,2020-01-01,,", "status", "not a status of the policy"),
        ("1,,,,80,grip,active,,,2026-01-01,", "until_on", "ends no open card"),
    ],
)
def test_a_faulty_row_stops_itself_and_no_other(desk: Desk, row: str, column: str, says: str) -> None:
    header = "number,name,kind,parent,city,region,country,sector,time_zone\n"
    desk.units(header + "600,A,local,D1,,,,,\n0600,B,local,D1,,,,,\n")
    imported = desk.roster(f"{BEN}{row}\n")
    assert counts(imported) == {"recorded": 1, "faulty": 1}
    assert [(fault.line, fault.column) for fault in imported.faults] == [(3, column)]
    assert says in imported.faults[0].reason
    assert desk.figure("ai-hours", "700") == (0, 0, 0, 0)
    with desk.session() as session:
        assert session.scalars(select(Member.number)).all() == ["0002"]


def test_two_crafts_of_one_local_count_once_in_the_local_and_once_in_each_craft(desk: Desk) -> None:
    desk.roster(ANA + ANA.replace("grip", "Sound"))
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    assert desk.figure("ai-hours", "80") == (1, 0, 0, 0)
    desk.assign("ai-fundamentals", crafts=["SOUND"], on=date(2026, 1, 5))
    assert desk.figure("ai-fundamentals", "80") == (1, 0, 0, 0)
    with desk.session() as session:
        assert sorted(session.scalars(select(Craft.name))) == ["Sound", "grip"]  # as first mentioned
    assert desk.wrong() == []


def test_another_e_mail_is_added_and_none_is_taken_away(desk: Desk) -> None:
    desk.roster(ANA)
    imported = desk.roster("001,Ana,Example,Ana.E@example.org,80,grip,active,member,2019-03-01,,yes\n")
    assert counts(imported) == {"recorded": 1}
    assert identifiers(desk) == {("number", "1"), ("email", "ana@example.org"), ("email", "ana.e@example.org")}


def test_a_name_that_only_a_later_row_states_is_kept(desk: Desk) -> None:
    rows = "1,,,,80,grip,active,,2019-03-01,,\n1,Ana,Example,,700,editing,active,,2020-01-01,,\n"
    desk.roster(rows)
    with desk.session() as session:
        member = session.scalars(select(Member)).one()
        assert (member.name, member.name_key) == ("Ana Example", "example ana")
    assert counts(desk.roster(rows)) == {"already known": 2}


def test_numbers_match_without_leading_zeros_and_case_and_are_kept_as_first_written(desk: Desk) -> None:
    desk.roster("00A7,Zoe,,,80,grip,active,,2020-01-01,,\n000,Nil,,,80,grip,active,,2020-01-01,,\n")
    imported = desk.roster("a7,Zoe,,,80,grip,active,,2020-01-01,,\n0,Nil,,,80,grip,active,,2020-01-01,,\n")
    assert counts(imported) == {"already known": 2}
    with desk.session() as session:
        assert sorted(session.scalars(select(Member.number))) == ["000", "00A7"]


def test_the_second_import_of_a_file_changes_nothing(desk: Desk) -> None:
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    rows = ANA + BEN + "3,Cleo,,,700,editing,active,,2018-01-01,2026-04-01,\n3,Cleo,,,15,stagehand,active,,2026-04-01,,\n"
    assert counts(desk.roster(rows)) == {"recorded": 4}
    before, figures = desk.written(), desk.figures(TODAY, date(2026, 4, 1))
    assert counts(desk.roster(rows)) == {"already known": 4}
    after = desk.written()
    assert after.pop("audit_entry") == before.pop("audit_entry") + 1  # that it was imported is on record
    assert after == before
    assert desk.figures(TODAY, date(2026, 4, 1)) == figures


def test_rules_reach_newcomers_from_their_first_day(desk: Desk) -> None:
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    desk.assign("set-safety", units=["D1"], on=date(2026, 1, 5))
    desk.roster("5,Eve,,,15,stagehand,apprentice,,2026-02-10,,\n6,Old,,,15,stagehand,active,,2001-01-01,,\n")
    assert desk.assignments("5") == [(date(2026, 2, 10), None, None)] * 2
    assert desk.assignments("6") == [(date(2026, 1, 5), None, None)] * 2
    assert desk.figure("ai-hours", "15", date(2026, 2, 9)) == (1, 0, 0, 0)
    assert desk.figure("ai-hours", "15", date(2026, 2, 10)) == (2, 0, 0, 0)


def test_a_transfer_moves_who_counts_where_and_leaves_the_past_alone(desk: Desk) -> None:
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    desk.roster(ANA)
    desk.log("1", "firefly", date(2026, 2, 1))
    before = desk.figures(date(2026, 2, 1), date(2026, 2, 28))
    desk.roster("1,,,,80,grip,,,2019-03-01,2026-03-01,\n1,,,,15,grip,active,,2026-03-01,,\n")
    assert desk.figures(date(2026, 2, 1), date(2026, 2, 28)) == before
    assert desk.figure("ai-hours", "80") == (0, 0, 0, 0)
    assert desk.figure("ai-hours", "15") == (1, 1, 0, 0)
    assert desk.wrong() == []


def test_an_assignment_ended_by_hand_stays_ended_when_its_card_is_corrected(desk: Desk) -> None:
    desk.roster(ANA)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    with desk.session() as session:
        chosen = session.scalars(select(Assignment.id)).one()
    desk.unassign(chosen, date(2026, 2, 15))
    assert desk.figure("ai-hours", "80") == (0, 0, 0, 0)
    desk.roster("1,,,,80,grip,apprentice,,2019-03-01,,\n")
    desk.roster("1,,,,80,grip,,,2019-03-01,2026-12-31,\n")
    assert desk.figure("ai-hours", "80", date(2026, 2, 14)) == (1, 0, 0, 0)
    assert desk.figure("ai-hours", "80") == (0, 0, 0, 0)
    assert desk.assignments("1") == [(date(2026, 1, 5), date(2026, 2, 15), None)]
    assert desk.wrong() == []


def test_a_permit_and_a_withdrawn_member_are_kept_and_not_counted(desk: Desk) -> None:
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    desk.roster("6,Flo,,,15,stagehand,permit,permit,2025-01-01,,\n7,Gus,,,15,stagehand,withdrawn,,2025-01-01,,\n")
    assert desk.figure("ai-hours", "15") == (0, 0, 0, 0)
    with desk.session() as session:
        assert sorted(row.kind.value for row in session.scalars(select(Membership))) == ["member", "permit"]
