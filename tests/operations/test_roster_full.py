"""A complete roster ends what it leaves out, and nothing that it may still mean."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.operations.conftest import TODAY, Desk, counts
from tracker.coverage.finding import find_unit
from tracker.models import Identifier, IdentifierKind, Membership
from tracker.operations.refused import Refused
from tracker.operations.roster import Full
from tracker.operations.roster.cards import ABSENT

SINCE = date(2019, 3, 1)


def card(number: int, local: str = "80", craft: str = "grip", status: str = "active", more: str = "2019-03-01,,") -> str:
    return f"{number},First{number},Last,,{local},{craft},{status},,{more}\n"


def many(numbers: range, local: str = "80") -> str:
    return "".join(card(number, local) for number in numbers)


def full_for(desk: Desk, *units: str) -> Full:
    with desk.session() as session:
        return Full(frozenset(unit.id for each in units if (unit := find_unit(session, each))) if units else None)


def test_a_card_that_a_complete_file_leaves_out_ends_today(desk: Desk) -> None:
    desk.roster(many(range(1, 101)))
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    imported = desk.roster(many(range(1, 100)), full=Full())
    assert counts(imported) == {"already known": 99}
    assert imported.leaving == 1
    assert desk.cards("100") == [("80", "active", SINCE, TODAY)]
    assert desk.cards("1") == [("80", "active", SINCE, None)]
    assert desk.figure("ai-hours", "80") == (99, 0, 0, 0)
    assert desk.figure("ai-hours", "80", TODAY - timedelta(days=1)) == (100, 0, 0, 0)
    with desk.session() as session:
        voided = session.scalars(select(Membership).where(Membership.voided_at.is_not(None))).one()
        assert (voided.void_reason, voided.voided_batch_id) == (ABSENT, imported.batch_id)
    assert desk.wrong() == []
    # the same file again has nothing to end
    assert desk.roster(many(range(1, 100)), full=Full()).leaving == 0
    assert desk.cards("100") == [("80", "active", SINCE, TODAY)]


def test_without_saying_so_a_file_ends_nothing(desk: Desk) -> None:
    desk.roster(many(range(1, 6)))
    desk.roster(many(range(1, 2)))
    assert desk.cards("5") == [("80", "active", SINCE, None)]


def test_a_card_that_began_today_is_void_when_it_is_left_out(desk: Desk) -> None:
    desk.roster(many(range(1, 101)) + card(101, more=f"{TODAY},,"))
    desk.roster(many(range(1, 101)), full=Full())
    assert desk.cards("101") == []
    assert desk.wrong() == []


def test_what_has_ended_or_only_begins_later_is_left_alone(desk: Desk) -> None:
    desk.roster(many(range(1, 101)) + card(101, more="2010-01-01,2012-01-01,") + card(102, more="2026-09-01,,"))
    desk.roster(many(range(1, 101)), full=Full())
    assert desk.cards("101") == [("80", "active", date(2010, 1, 1), date(2012, 1, 1))]
    assert desk.cards("102") == [("80", "active", date(2026, 9, 1), None)]


def test_an_end_recorded_ahead_comes_sooner(desk: Desk) -> None:
    desk.roster(many(range(1, 101)) + card(101, more="2019-03-01,2026-09-01,"))
    desk.roster(many(range(1, 101)), full=Full())
    assert desk.cards("101") == [("80", "active", SINCE, TODAY)]


def test_complete_for_one_unit_leaves_the_others_alone(desk: Desk) -> None:
    desk.roster(many(range(1, 101)) + card(200, "80") + card(201, "700"))
    desk.roster(many(range(1, 101)), full=full_for(desk, "80"))
    assert desk.cards("200") == [("80", "active", SINCE, TODAY)]
    assert desk.cards("201") == [("700", "active", SINCE, None)]


def test_complete_for_a_district_means_every_local_under_it(desk: Desk) -> None:
    header = "number,name,kind,parent,city,region,country,sector,time_zone\n"
    desk.units(header + "D9,Nine,district,IA,,,,,\n901,A,local,D9,,,,,\n902,B,local,D9,,,,,\n")
    desk.roster(many(range(1, 51), "901") + many(range(51, 101), "902") + many(range(101, 151), "15"))
    desk.roster(many(range(1, 50), "901") + many(range(51, 100), "902"), full=full_for(desk, "D9"))
    assert [desk.cards(number)[0][3] for number in ("50", "100", "150")] == [TODAY, TODAY, None]


@pytest.mark.parametrize(
    ("row", "stays"),
    [
        (card(1, craft="GRIP", more=",,"), True),  # by local and craft, whatever the days
        (card(1, craft="grip", more="2021-01-01,,"), True),
        ("1,,,,Local 80,,,,,,\n", True),  # by the local alone
        (card(1, craft="sound", more="2020-01-01,,"), False),
        (card(1, "700"), False),
    ],
)
def test_a_row_names_a_card_by_local_and_craft(desk: Desk, row: str, stays: bool) -> None:
    desk.roster(many(range(1, 101)))
    desk.roster(row + many(range(2, 101)), full=Full())
    old = [each for each in desk.cards("1") if each[0] == "80" and each[2] == SINCE]
    assert [each[3] for each in old[:1]] == [None if stays else TODAY]


FAULTY = {
    "an unknown status": "1,,,,80,grip,on tour,,2019-03-01,,\n",
    "a day that is none": "1,,,,80,grip,active,,yesterday,,\n",
    "an unknown local": "1,,,,8O,grip,active,,2019-03-01,,\n",
    "no local": "1,,,,,grip,active,,2019-03-01,,\n",
    "a district": "1,,,,D1,grip,active,,2019-03-01,,\n",
    "no number but a known e-mail": ",,,one@example.org,80,grip,active,,2019-03-01,,\n",
    "another number, faulty, with the e-mail": "999,,,one@example.org,80,grip,on tour,,2019-03-01,,\n",
}


@pytest.mark.parametrize("what", FAULTY)
def test_whom_a_faulty_row_names_does_not_leave(desk: Desk, what: str) -> None:
    desk.roster("1,One,Last,one@example.org,80,grip,active,,2019-03-01,,\n" + many(range(2, 201)))
    imported = desk.roster(FAULTY[what] + many(range(2, 200)), full=Full())
    assert counts(imported) == {"faulty": 1, "already known": 198}
    assert desk.cards("1") == [("80", "active", SINCE, None)], what
    assert desk.cards("200") == [("80", "active", SINCE, TODAY)], "who is in no row leaves"


def test_a_faulty_row_keeps_its_own_local_alone(desk: Desk) -> None:
    desk.roster(many(range(1, 101)) + card(1, "700"))
    desk.roster("1,,,,80,grip,on tour,,2019-03-01,,\n" + many(range(2, 101)), full=Full(), accept_leaving=1)
    assert desk.cards("1") == [("700", "active", SINCE, TODAY), ("80", "active", SINCE, None)]


def test_rows_that_name_nobody_put_the_brake_on(desk: Desk) -> None:
    desk.roster(many(range(1, 101)))
    rows = many(range(1, 100)) + ",,,,80,grip,active,,2019-03-01,,\n"
    with pytest.raises(Refused) as refused:
        desk.roster(rows, full=Full())
    assert refused.value.code == "brake"
    assert "1 faulty row" in refused.value.message
    desk.roster(rows, full=Full(), accept_leaving=1)
    assert desk.cards("100") == [("80", "active", SINCE, TODAY)]


@pytest.mark.parametrize("is_full", [False, True])
def test_who_was_left_out_once_is_back_as_before(desk: Desk, is_full: bool) -> None:
    """A file that names the card with its first day says that it never ended."""
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    desk.roster(many(range(1, 101)))
    desk.roster(many(range(1, 100)), full=Full())
    desk.today = TODAY + timedelta(days=9)
    imported = desk.roster(many(range(1, 101)), full=Full() if is_full else None)
    assert counts(imported) == {"recorded": 1, "already known": 99}
    assert desk.cards("100") == [("80", "active", SINCE, None)]
    assert desk.figure("ai-hours", "80") == (100, 0, 0, 0)
    assert counts(desk.roster(many(range(1, 101)))) == {"already known": 100}
    assert desk.wrong() == []


def test_who_left_by_a_stated_day_and_is_in_a_complete_file_holds_a_new_card(desk: Desk) -> None:
    desk.roster(many(range(1, 101)) + card(101, more="2019-03-01,2026-02-01,"))
    for _ in range(2):
        desk.roster(many(range(1, 102)), full=Full())
        assert desk.cards("101") == [
            ("80", "active", SINCE, date(2026, 2, 1)),
            ("80", "active", TODAY, None),
        ]
        desk.today += timedelta(days=1)
        assert counts(desk.roster(card(101))) == {"already known": 1}, "in a delta a blank does not erase"
        desk.today -= timedelta(days=1)


def test_a_member_of_two_numbers_is_one_person_in_a_complete_file(desk: Desk) -> None:
    desk.roster(many(range(1, 101)) + card(1, "700"))
    with desk.write() as session:
        member = session.scalars(select(Identifier).where(Identifier.value == "1")).one().member_id
        session.add(Identifier(kind=IdentifierKind.NUMBER, value="z9", member_id=member, shown="Z9", recorded_at=desk.now))
    rows = many(range(1, 101)) + "Z9,,,,700,grip,active,,2019-03-01,,\n"
    imported = desk.roster(rows, full=Full())
    assert counts(imported) == {"already known": 101}
    assert imported.leaving == 0
    assert desk.cards("1") == [("700", "active", SINCE, None), ("80", "active", SINCE, None)]


def test_an_empty_complete_file_is_stopped(desk: Desk) -> None:
    desk.roster(many(range(1, 6)))
    with pytest.raises(Refused) as refused:
        desk.roster("", full=Full())
    assert refused.value.code == "brake"
    desk.roster("", full=Full(), accept_leaving=5)
    assert desk.cards("5") == [("80", "active", SINCE, TODAY)]
