"""An errand is done once for the whole site, whoever asks, and not kept by the dead."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from tracker.coverage.errands import errands, is_due
from tracker.models import db, writing
from tracker.operations.errands import BACKUP, DOCTOR, SEAL, end_errand, take_errand

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVERY = timedelta(minutes=5)


def take(app: Flask, moment: datetime, name: str = SEAL, every: timedelta = EVERY) -> bool:
    with app.app_context():
        try:
            with writing() as session:
                return take_errand(session, name, moment, every)
        finally:
            db.session.remove()


def test_an_errand_is_taken_once_until_it_is_due_again(app: Flask) -> None:
    assert take(app, NOW)
    assert not take(app, NOW)
    assert not take(app, NOW + EVERY - timedelta(seconds=1))
    assert take(app, NOW + EVERY)
    assert take(app, NOW, DOCTOR), "another errand is no matter of this one"


def test_of_many_at_once_one_takes_it_the_first_time_and_later(app: Flask) -> None:
    for moment in (NOW, NOW + EVERY):
        taken: list[bool] = []
        start = threading.Barrier(6)

        def compete(moment: datetime = moment, start: threading.Barrier = start, taken: list[bool] = taken) -> None:
            start.wait()
            taken.append(take(app, moment))

        threads = [threading.Thread(target=compete) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken) == [False] * 5 + [True]


def test_one_that_was_taken_and_never_ended_is_taken_again_after_its_interval(app: Flask) -> None:
    assert take(app, NOW)
    assert take(app, NOW + EVERY)
    with app.app_context():
        found = errands(db.session())[SEAL]
        assert (found.begun_at, found.ended_at, found.failure) == (NOW + EVERY, None, "")


def test_a_clock_that_is_a_little_behind_does_not_take_it_twice(app: Flask) -> None:
    assert take(app, NOW)
    assert not take(app, NOW - timedelta(seconds=30))
    assert not take(app, NOW - timedelta(seconds=30), every=timedelta(seconds=5 * 60))


def test_a_clock_that_was_wrong_keeps_it_from_nobody(app: Flask) -> None:
    assert take(app, NOW + timedelta(days=400))
    assert take(app, NOW)
    assert not take(app, NOW + timedelta(seconds=1))


@pytest.mark.parametrize(("seconds", "is_wrong"), [(240, False), (350, False), (370, True), (400 * 86_400, True)])
def test_looking_whether_it_is_due_knows_of_wrong_clocks_as_taking_it_does(app: Flask, seconds: int, is_wrong: bool) -> None:
    assert take(app, NOW + timedelta(seconds=seconds))
    with app.app_context():
        assert is_due(db.session(), SEAL, NOW, EVERY) == is_wrong
        db.session.remove()
    assert take(app, NOW) == is_wrong


def test_what_it_found_is_kept_and_why_it_failed(app: Flask) -> None:
    take(app, NOW)
    with app.app_context():
        assert not is_due(db.session(), SEAL, NOW, EVERY)
        assert is_due(db.session(), SEAL, NOW + EVERY, EVERY)
        assert is_due(db.session(), DOCTOR, NOW, EVERY)
        for outcome, failure in (({"sealed": 3}, ""), ({}, "The disk is full.")):
            with writing() as session:
                end_errand(session, SEAL, NOW + timedelta(seconds=1), outcome, failure)
            db.session.expire_all()
            found = errands(db.session())[SEAL]
            assert (found.outcome, found.failure, found.next_at) == (outcome, failure, NOW + EVERY)
            assert found.ended_at == NOW + timedelta(seconds=1)


def test_what_a_person_did_by_hand_is_noted_alike(app: Flask) -> None:
    with app.app_context():
        with writing() as session:
            end_errand(session, BACKUP, NOW, {"bytes": 12})
        assert errands(db.session())[BACKUP].ended_at == NOW
