"""Clocks that jump, and the days of other zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import text

from tests.conftest import make_settings
from tests.faults.site import IS_LONG, Site, engine_of
from tests.operations.conftest import Desk
from tracker import create_app
from tracker.config import Settings
from tracker.models import Completion, db, new_id, new_ids

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_ids_stay_unique_and_in_order_when_the_clock_goes_back() -> None:
    made = []
    for hours in (0, 1, 0, -1, 0, -24, 24):
        with time_machine.travel(NOON + timedelta(hours=hours), tick=False):
            made += [new_id(), *new_ids(5_000), new_id()]
    assert len(set(made)) == len(made)
    assert made == sorted(made)


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", "2026-03-02T23:59:59+00:00", "2026-03-02"),
        ("Asia/Tokyo", "2026-03-02T14:59:59+00:00", "2026-03-02"),
        ("Asia/Tokyo", "2026-03-02T15:00:00+00:00", "2026-03-03"),
        ("America/St_Johns", "2026-01-02T03:29:59+00:00", "2026-01-01"),
        ("America/St_Johns", "2026-01-02T03:30:00+00:00", "2026-01-02"),
        # the night on which it becomes summer there: from 02:00 it is half an hour less to UTC
        ("America/St_Johns", "2026-03-08T03:29:59+00:00", "2026-03-07"),
        ("America/St_Johns", "2026-03-08T03:30:00+00:00", "2026-03-08"),
        ("America/St_Johns", "2026-03-09T02:30:00+00:00", "2026-03-09"),
        # and the night on which it ends: 01:30 comes twice, and the day stays
        ("America/St_Johns", "2026-11-01T04:00:00+00:00", "2026-11-01"),
        ("America/St_Johns", "2026-11-01T05:00:00+00:00", "2026-11-01"),
        ("America/St_Johns", "2026-11-02T03:29:59+00:00", "2026-11-01"),
        ("UTC", "2028-02-29T00:00:00+00:00", "2028-02-29"),
        ("America/St_Johns", "2028-03-01T03:29:59+00:00", "2028-02-29"),
        ("Asia/Tokyo", "2028-02-28T15:00:00+00:00", "2028-02-29"),
    ],
)
@pytest.mark.parametrize("machine", ["UTC", "Asia/Tokyo", "America/St_Johns"])
def test_the_day_is_that_of_the_settings_whatever_the_machines_zone(
    zone: str, moment: str, day: str, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.from_environment({"SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz", "TRACKER_TIME_ZONE": zone})
    monkeypatch.setenv("TZ", machine)
    with time_machine.travel(datetime.fromisoformat(moment), tick=False):
        assert settings.today().isoformat() == day


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns"] if IS_LONG else ["America/St_Johns"])
def test_a_server_in_any_zone_records_the_day_it_was_given(site: Site, zone: str) -> None:
    """The moment of recording is kept in UTC, and the day as it was said, whatever zone the machine stands in."""
    with site.served(processes=1, TZ=zone, TRACKER_TIME_ZONE=zone):
        assert site.person("m1").log("firefly", "2024-02-29").status_code == 303
    engine = engine_of(site.database_url)
    with engine.connect() as connection:
        on, at = connection.execute(text("SELECT completed_on, recorded_at FROM completion")).one()
    engine.dispose()
    assert str(on) == "2024-02-29"
    recorded = datetime.fromisoformat(str(at))
    recorded = recorded if recorded.tzinfo else recorded.replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - recorded) < timedelta(minutes=5)
    site.clean()


def test_a_clock_that_goes_back_an_hour_and_on_again_loses_and_doubles_nothing(site: Site) -> None:
    app = create_app(make_settings(site.instance, site.database_url))
    desk = Desk(app)
    hours = (0, 1, -1, 0, -2)
    for number, jump in enumerate(hours):
        with time_machine.travel(NOON + timedelta(hours=jump)):
            desk.today = (NOON + timedelta(hours=jump)).date()
            desk.log("1", "firefly", date(2026, 2, 1 + number))
    with desk.session() as session:
        found = session.query(Completion).order_by(Completion.id).all()
        assert [each.completed_on.day for each in found] == [1, 2, 3, 4, 5], "in the order in which they were recorded"
    with app.app_context():
        db.engine.dispose()
    site.clean()
