"""The brake: too many would leave, and a person's word releases it."""

from __future__ import annotations

from datetime import date

import pytest

from tests.operations.conftest import TODAY, Desk
from tests.operations.test_roster_full import many
from tracker.intake.imports import staged_import
from tracker.models import AuditEntry, Batch, Membership
from tracker.operations.actor import OPERATOR
from tracker.operations.refused import Refused
from tracker.operations.roster import Full

SINCE = date(2019, 3, 1)
HEADER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"


def rows(numbers: range, local: str = "80", status: str = "active", until: object = "") -> str:
    return "".join(f"{number},,,,{local},grip,{status},,2019-03-01,{until},\n" for number in numbers)


@pytest.mark.parametrize(
    ("members", "named", "stops"),
    [
        (100, 98, False),  # 2 of 100 is 2 %
        (100, 97, True),
        (1, 1, False),
        (1, 0, True),
        (49, 48, True),  # one person is more than 2 % of 49
        (50, 49, False),
    ],
)
def test_of_a_complete_file_more_than_2_percent_of_the_union_stop(desk: Desk, members: int, named: int, stops: bool) -> None:
    # spread over the locals, so that none of them loses a fifth
    local = ["80", "700", "15"]
    everyone = "".join(rows(range(n, n + 1), local[n % 3]) for n in range(1, members + 1))
    there = "".join(rows(range(n, n + 1), local[n % 3]) for n in range(1, named + 1))
    desk.roster(everyone)
    if not stops:
        assert desk.roster(there, full=Full()).leaving == members - named
        return
    with pytest.raises(Refused) as refused:
        desk.roster(there, full=Full())
    assert (refused.value.code, refused.value.field) == ("brake", "accept_leaving")
    assert f"of the union’s {members} people" in refused.value.message


@pytest.mark.parametrize(("left", "stops"), [(20, False), (21, True)])  # of 1,100 people either is less than 2 %
def test_more_than_20_percent_of_a_local_stop_though_the_union_is_large(desk: Desk, left: int, stops: bool) -> None:
    desk.roster(many(range(1, 101)) + many(range(1001, 2001), "700"))
    file = many(range(1, 101 - left)) + many(range(1001, 2001), "700")
    if not stops:
        desk.roster(file, full=Full())
        assert desk.cards("100") == [("80", "active", SINCE, TODAY)]
        return
    with pytest.raises(Refused) as refused:
        desk.roster(file, full=Full())
    assert "more than 20 % of a local" in refused.value.message
    assert refused.value.faults == ("Local 80: 21 of 100 (21 %)",)


@pytest.mark.parametrize("how", ["a last day", "a status that does not count"])
@pytest.mark.parametrize(("leavers", "stops"), [(9, False), (10, True)])
def test_leaving_stated_row_by_row_stops_from_ten_people_on(desk: Desk, how: str, leavers: int, stops: bool) -> None:
    desk.roster(many(range(1, 21)))
    stated = (
        rows(range(1, leavers + 1), until=TODAY) if how == "a last day" else rows(range(1, leavers + 1), status="retired")
    )
    if not stops:
        desk.roster(stated)
        return
    with pytest.raises(Refused) as refused:
        desk.roster(stated)
    assert refused.value.code == "brake"
    assert desk.cards("1") == [("80", "active", SINCE, None)]
    desk.roster(stated, accept_leaving=10)


def test_ten_of_a_thousand_may_go(desk: Desk) -> None:
    desk.roster(many(range(1, 1001)))
    assert desk.roster(rows(range(1, 11), status="retired")).leaving == 10


def test_moving_a_whole_local_elsewhere_is_stopped_as_well(desk: Desk) -> None:
    desk.roster(many(range(1, 21)) + many(range(101, 1101), "700"))
    moved = rows(range(1, 21), until=TODAY) + "".join(f"{n},,,,700,grip,active,,{TODAY},,\n" for n in range(1, 21))
    with pytest.raises(Refused) as refused:
        desk.roster(moved)
    assert refused.value.faults == ("Local 80: 20 of 20 (100 %)",)
    assert "union’s" not in refused.value.message
    assert desk.roster(moved, accept_leaving=20).leaving == 20


def test_who_ends_later_or_was_not_counted_does_not_leave(desk: Desk) -> None:
    desk.roster(many(range(1, 21)) + rows(range(101, 121), status="retired"))
    assert desk.roster(rows(range(1, 21), until="2026-12-31")).leaving == 0
    assert desk.roster(rows(range(101, 121), status="deceased")).leaving == 0
    assert desk.roster(rows(range(1, 21)) + "", full=Full()).leaving == 0


@pytest.mark.parametrize("said", [None, 0, 2, 4])
def test_only_the_very_number_releases_it_and_nothing_is_written_before(desk: Desk, said: int | None) -> None:
    desk.roster(many(range(1, 11)))
    before = desk.written()
    with pytest.raises(Refused) as refused:
        desk.roster(many(range(1, 8)), full=Full(), accept_leaving=said)
    if said is not None:
        assert f"You accepted {said}; it would be 3 now." in refused.value.message
    assert "3 people" in refused.value.message
    assert "--accept-leaving 3" in refused.value.message
    assert desk.written() == before
    with desk.session() as session:
        assert session.query(Batch).count() == 1
        assert session.query(AuditEntry).filter_by(action="import_roster").count() == 1
    desk.roster(many(range(1, 8)), full=Full(), accept_leaving=3)
    assert desk.wrong() == []


def test_a_preview_tells_of_the_brake_and_writes_nothing(desk: Desk) -> None:
    desk.roster(many(range(1, 11)))
    before = desk.written()
    with (
        desk.session() as session,
        staged_import(
            session, "roster", (HEADER + many(range(1, 8))).encode(), "r.csv", full=Full(), today=desk.today
        ) as staged,
    ):
        imported = staged.preview(session)
        again = staged.preview(session)
    assert imported.brake is not None
    assert imported.brake.leaving == imported.leaving == again.leaving == 3
    assert [loss.sentence for loss in imported.brake.worst] == ["Local 80: 3 of 10 (30 %)"]
    assert desk.written() == before


def test_the_brake_is_judged_again_inside_the_write(desk: Desk) -> None:
    """Between the preview and the word, somebody else brought more people whom the file does not name."""
    desk.roster(many(range(1, 101)))
    content = (HEADER + many(range(1, 98))).encode()
    with (
        desk.session() as session,
        staged_import(session, "roster", content, "r.csv", full=Full(), accept_leaving=3, today=desk.today) as staged,
    ):
        assert staged.preview(session).leaving == 3
        desk.roster(many(range(101, 106)))
        with pytest.raises(Refused) as refused, desk.write() as alone:
            staged.record(alone, OPERATOR, now=desk.now)
    assert "You accepted 3; it would be 8 now." in refused.value.message
    with desk.session() as session:
        assert session.query(Membership).filter(Membership.voided_at.is_not(None)).count() == 0
