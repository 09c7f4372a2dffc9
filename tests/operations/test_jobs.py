"""An import's steps from the upload to its batch: each is taken once, and none after its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tracker.coverage.jobs import job_of, job_of_batch, kept_hashes, open_jobs
from tracker.models import Batch, ImportJob, JobState, db, new_id, writing
from tracker.operations import jobs
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.refused import Refused

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAM = Actor(7, "staff", "sam@example.org")


@pytest.fixture
def opened(app: Flask) -> int:
    """A job whose file is to be read."""
    with app.app_context(), writing() as session:
        return jobs.open_job(session, "completions", "report.csv", "ab" * 32, {"reading": {}}, OPERATOR, now=NOW).id


def put(app: Flask, job_id: int, state: JobState) -> None:
    with app.app_context(), writing() as session:
        session.get_one(ImportJob, job_id).state = state


def state_of(app: Flask, job_id: int) -> JobState:
    with app.app_context():
        return db.session.get_one(ImportJob, job_id).state


Step = Callable[[Session, ImportJob], bool]
STEPS: dict[str, tuple[Step, set[JobState], JobState]] = {
    "read again": (
        lambda session, job: jobs.read_again(session, job, {"reading": {}}, now=NOW),
        {JobState.ASKING, JobState.PREVIEWED, JobState.REFUSED, JobState.STOPPED},
        JobState.READING,
    ),
    "ask": (lambda session, job: jobs.ask(session, job.id, {}, "What?", now=NOW), {JobState.READING}, JobState.ASKING),
    "show": (lambda session, job: jobs.show(session, job.id, {}, now=NOW), {JobState.READING}, JobState.PREVIEWED),
    "confirm": (
        lambda session, job: jobs.confirm(session, job, {}, SAM, now=NOW),
        {JobState.PREVIEWED},
        JobState.RECORDING,
    ),
    "refuse": (
        lambda session, job: jobs.refuse(session, job.id, Refused("no", "No."), {}, now=NOW),
        {JobState.READING, JobState.RECORDING},
        JobState.REFUSED,
    ),
    "stop": (
        lambda session, job: jobs.stop(session, job.id, "Gone.", now=NOW),
        {JobState.READING, JobState.RECORDING},
        JobState.STOPPED,
    ),
    "undo again": (
        lambda session, job: jobs.undo_again(session, job, now=NOW),
        {JobState.REFUSED, JobState.STOPPED},
        JobState.RECORDING,
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_taken_from_where_it_begins_and_from_nowhere_else(app: Flask, opened: int, name: str) -> None:
    step, begins, end = STEPS[name]
    for state in JobState:
        put(app, opened, state)
        with app.app_context(), writing() as session:
            is_taken = step(session, session.get_one(ImportJob, opened))
        assert is_taken == (state in begins)
        assert state_of(app, opened) is (end if state in begins else state)


def test_of_two_confirmations_one_is_taken_and_its_actor_kept(app: Flask, opened: int) -> None:
    put(app, opened, JobState.PREVIEWED)
    with app.app_context():
        stale = db.session.get_one(ImportJob, opened)
        db.session.expunge(stale)  # as another tab read it
        with writing() as session:
            assert jobs.confirm(session, stale, {"accept_leaving": 3}, SAM, now=NOW)
        with writing() as session:
            assert not jobs.confirm(session, stale, {}, OPERATOR, now=NOW)
        kept = job_of(db.session(), opened)
        assert kept is not None
        assert kept.options == {"reading": {}, "accept_leaving": 3, "confirmed_by": 7}


def test_a_job_ends_with_its_batch_and_forgets_what_it_showed(app: Flask, opened: int) -> None:
    with app.app_context(), writing() as session:
        jobs.show(session, opened, {"preview": {"names": ["Ana"]}}, now=NOW)
        jobs.confirm(session, session.get_one(ImportJob, opened), {}, SAM, now=NOW)
        batch = a_batch(session)
        jobs.finish(session, opened, batch.id, now=NOW)
    with app.app_context():
        job = db.session.get_one(ImportJob, opened)
        assert (job.state, job.batch_id, job.result) == (JobState.RECORDED, batch.id, {})
        assert job_of_batch(db.session(), batch.id, "completions") is job
        assert open_jobs(db.session()) == []


def test_what_was_taken_for_stopped_takes_its_batch_with_it(app: Flask, opened: int) -> None:
    put(app, opened, JobState.STOPPED)
    with app.app_context():
        with pytest.raises(Refused, match="taken for stopped"), writing() as session:
            jobs.finish(session, opened, a_batch(session).id, now=NOW)
        assert db.session.query(Batch).count() == 0


def a_batch(session: Session) -> Batch:
    batch = Batch(
        id=new_id(),
        kind="completions",
        profile="canonical",
        file_name="report.csv",
        sha256="ab" * 32,
        recorded_at=NOW,
        recorded_by=None,
    )
    session.add(batch)
    session.flush()
    return batch


@pytest.mark.parametrize("state", JobState)
def test_only_what_recorded_nothing_is_dropped(app: Flask, opened: int, state: JobState) -> None:
    put(app, opened, state)
    with app.app_context(), writing() as session:
        is_dropped = jobs.drop_job(session, opened)
    assert is_dropped == (state not in (JobState.RECORDING, JobState.RECORDED))


def test_jobs_that_nobody_touched_are_dropped_and_their_files_with_them(app: Flask, opened: int) -> None:
    put(app, opened, JobState.PREVIEWED)
    with app.app_context(), writing() as session:
        assert jobs.drop_jobs_before(session, NOW) == []
        assert kept_hashes(session, NOW) == {"ab" * 32}
        assert jobs.drop_jobs_before(session, NOW + timedelta(seconds=1)) == [opened]
        assert kept_hashes(session, NOW) == set()


def test_the_files_of_imports_are_kept_for_their_time(app: Flask) -> None:
    with app.app_context(), writing() as session:
        a_batch(session)
        assert kept_hashes(session, NOW - timedelta(days=400)) == {"ab" * 32}
        assert kept_hashes(session, NOW + timedelta(days=1)) == set()
        assert kept_hashes(session) == {"ab" * 32}


def test_undoing_begins_where_recording_did(app: Flask) -> None:
    with app.app_context():
        with writing() as session:
            batch = a_batch(session)
            its_id = jobs.open_undo(session, batch, SAM, now=NOW).id
        job = job_of_batch(db.session(), batch.id, jobs.UNDO)
        assert job is not None
        assert (job.id, job.state, job.options["confirmed_by"]) == (its_id, JobState.RECORDING, 7)
        assert job_of_batch(db.session(), batch.id, "completions") is None
