"""`/metrics`: counts for whoever watches the server, as Prometheus reads them. None of them is about a person.

What each process counts is kept by the library, added up over the processes of one server where they share a folder
(`serving.count_together`). What the database says of the whole site is read when it is asked for, at most every ten seconds;
where the database does not answer, the rest is told all the same.
"""

from __future__ import annotations

import hmac
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry

from tracker.config import Settings
from tracker.config.reading import LOOPBACK
from tracker.coverage.notices import MOST_TRIES
from tracker.coverage.vitals import Vitals, vitals
from tracker.intake.queueing import all_noted
from tracker.models import db
from tracker.models.replica import read_replica
from tracker.models.trouble import DATABASE_ERRORS
from tracker.operations.errands import DOCTOR
from tracker.web.gate import public
from tracker.web.health import head, health, unwritable_folders
from tracker.web.watching import Watched

_KEPT = 10.0  # seconds for which what the database said is told again
_STEPS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # seconds
_NO_JOBS = dict.fromkeys([("import", "reading"), ("import", "recording"), ("export", "recording")], 0)  # under way
_PAGE = os.sysconf("SC_PAGE_SIZE")
_OF_PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
_IS_COUNTED = "tracker counts it"
_log = logging.getLogger(__name__)


class Counts:
    """What this process counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self.requests = Histogram(
            *("tracker_request_seconds", "How long requests took, by the rule of their page.", ("rule", "method", "status")),
            buckets=_STEPS,
            registry=self.registry,
        )
        self.under_way = Gauge(
            *("tracker_requests_under_way", "Requests that are being answered."),
            multiprocess_mode="livesum",
            registry=self.registry,
        )
        self.connections = Gauge(
            *("tracker_database_connections", "Connections to the database that are in use."),
            multiprocess_mode="livesum",
            registry=self.registry,
        )

    def begun(self) -> None:
        with suppress(OSError, ValueError):  # no memory for it: the request matters more
            self.under_way.inc()

    def ended(self, found: Watched) -> None:
        with suppress(OSError, ValueError):
            self.under_way.dec()
            self.requests.labels(found.rule or "none", found.method, f"{found.status // 100}xx").observe(found.seconds)

    def lent(self, _connection: object, place: ConnectionPoolEntry, _more: object) -> None:
        """A connection of the pool is in use."""
        if place.record_info is not None:
            place.record_info[_IS_COUNTED] = True
            self.connections.inc()

    def given_back(self, _connection: object, place: ConnectionPoolEntry) -> None:
        """It is no more. The pool says so too of one that was never lent, for it was found broken and none could be made."""
        if (place.record_info or {}).pop(_IS_COUNTED, False):
            self.connections.dec()

    def collectors(self) -> CollectorRegistry:
        """What is counted, by all processes of this server."""
        if self.folder is None:
            return self.registry
        together = CollectorRegistry()
        MultiProcessCollector(together, path=self.folder)  # type: ignore[no-untyped-call]
        return together

    def pids(self) -> list[int]:
        """The processes of this server that are alive."""
        if self.folder is None:
            return [os.getpid()]
        return [int(file.stem.rpartition("_")[2]) for file in Path(self.folder).glob("gauge_livesum_*.db")]


def count_on(app: Flask) -> Counts:
    """Count what this application does."""
    counts = Counts()
    app.extensions["counts"] = counts
    app.extensions["site"] = _Site(app)
    with app.app_context():
        event.listen(db.engine, "checkout", counts.lent)
        event.listen(db.engine, "checkin", counts.given_back)
    return counts


@health.get("/metrics")
@public
def metrics() -> tuple[bytes, int, dict[str, str]]:
    """Every count, for whoever is on this machine or knows the word."""
    if not _may_read():
        abort(404)
    counts: Counts = current_app.extensions["counts"]
    whole = CollectorRegistry()
    whole.register(_Processes(counts.pids()))
    whole.register(current_app.extensions["site"])
    return generate_latest(counts.collectors()) + generate_latest(whole), 200, {"Content-Type": CONTENT_TYPE_LATEST}


def _may_read() -> bool:
    settings: Settings = current_app.config["SETTINGS"]
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    if settings.metrics_token and kind.lower() == "bearer":
        return hmac.compare_digest(shown.strip().encode(), settings.metrics_token.encode())
    # A proxy that is not told of in the settings calls from this machine too: by the site's own name, or with a note of for
    # whom. The name alone would not do, for whoever asks may have written it.
    is_direct = not any(name in request.headers for name in _OF_PROXIES)
    return is_direct and request.remote_addr in LOOPBACK and urlsplit(f"//{request.host}").hostname in LOOPBACK


class _Processes(Collector):
    """The processes of this server."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids

    def collect(self) -> Iterator[Metric]:
        sizes = [size for size in map(_resident, self._pids) if size is not None]
        yield GaugeMetricFamily("tracker_processes", "Processes of this server that answer requests.", value=len(sizes))
        yield GaugeMetricFamily("tracker_memory_bytes", "Memory that they hold, all together.", value=sum(sizes))


def _resident(pid: int) -> int | None:
    """Bytes of memory that a process holds; None where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return None


class _Site(Collector):
    """What the database says of the site, read once in a while."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._read_at = -_KEPT
        self._found: Vitals | None = None
        self._has_replica: bool | None = None

    @property
    def _settings(self) -> Settings:
        found: Settings = self._app.config["SETTINGS"]
        return found

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() - self._read_at >= _KEPT:
                self._found = self._read()
                self._has_replica = self._ask_replica() if self._settings.read_database_url else None
                self._read_at = time.monotonic()
            found, has_replica = self._found, self._has_replica
        waiting = sum(not noted.tries for _folder, _id, noted in all_noted(self._settings.instance))
        yield _one("tracker_database_up", "Whether the database answers.", float(found is not None))
        if has_replica is not None:
            yield _one(
                *("tracker_replica_up", "Whether reports are read from the replica: it answers, and is not left behind."),
                float(has_replica),
            )
        unwritable = len(unwritable_folders(self._settings.instance))
        yield _one("tracker_folders_unwritable", "Folders for files that this server cannot write.", unwritable)
        yield _one("tracker_jobs_waiting", "Jobs that wait for a worker.", waiting)
        if found is not None:
            yield from _of_work(found)
            yield from _of_errands(found)

    def _read(self) -> Vitals | None:
        with self._app.app_context():
            try:
                return vitals(db.session(), MOST_TRIES)
            except DATABASE_ERRORS as error:
                _log.warning("what the database holds cannot be counted: %s", type(error).__name__)
                return None
            finally:
                db.session.remove()

    def _ask_replica(self) -> bool:
        with self._app.app_context():
            try:
                return read_replica(db.session(), None, db.engine)
            except DATABASE_ERRORS:  # whoever reads a report meets it, and the log says why
                return False
            finally:
                db.session.remove()


def _of_work(found: Vitals) -> Iterator[Metric]:
    schema = GaugeMetricFamily(
        *("tracker_schema_is_newest", "Whether the database's schema is the one this program knows."), labels=["revision"]
    )
    schema.add_metric([found.schema or "none"], float(found.schema == head()))
    yield schema
    yield _many("tracker_jobs", "Imports and long files, by state.", ("kind", "state"), {**_NO_JOBS, **found.jobs})
    yield _many(
        *("tracker_import_last_timestamp_seconds", "When a file was imported last.", ("kind",)),
        {(kind,): at.timestamp() for kind, at in found.imported_at.items()},
    )
    yield _many(
        *("tracker_import_rows", "Rows of all imports, by how they ended.", ("outcome",)),
        {(outcome,): rows for outcome, rows in found.import_rows.items()},
    )
    yield _many(
        *("tracker_rows_waiting", "Reported rows that wait for their learner or course.", ("reason",)),
        {("unmatched",): 0, ("unknown course",): 0, **{(reason,): rows for reason, rows in found.rows_waiting.items()}},
    )
    yield _one("tracker_statements_waiting", "Statements of programs that are not settled yet.", found.statements_waiting)
    yield _one("tracker_notices_waiting", "Mails that wait to be sent.", found.notices_waiting)
    yield _one("tracker_notices_failing", "Mails among them that were not taken before.", found.notices_failing)
    yield from _since("tracker_notices_oldest", "Since when the oldest of them waits.", found.notice_oldest_at)
    yield _one("tracker_audit_position", "How many entries of the audit trail are in its chain.", found.audit_sealed)
    yield _one("tracker_audit_unsealed", "Entries that are not in it yet.", found.audit_unsealed)
    yield from _since("tracker_audit_unsealed_oldest", "Since when the oldest of them waits.", found.audit_unsealed_at)


def _of_errands(found: Vitals) -> Iterator[Metric]:
    ended = {(name,): each.ended_at.timestamp() for name, each in found.errands.items() if each.ended_at}
    yield _many(
        *("tracker_errand_ended_timestamp_seconds", "When an errand of the site ended last.", ("errand",)),
        ended,
    )
    yield _many(
        *("tracker_errand_failed", "Whether an errand failed when it ended last.", ("errand",)),
        {(name,): float(bool(each.failure)) for name, each in found.errands.items() if each.ended_at},
    )
    doctor = found.errands.get(DOCTOR)
    if doctor is not None and doctor.ended_at and doctor.outcome:
        yield _many(
            *("tracker_doctor_findings", "What the doctor found last.", ("kind",)),
            {(kind,): doctor.outcome.get(kind, 0) for kind in ("errors", "warnings")},
        )
        yield _one("tracker_doctor_seconds", "How long the doctor took.", doctor.outcome.get("seconds", 0))


def _one(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _many(name: str, words: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    """A count for each combination of labels."""
    family = GaugeMetricFamily(name, words, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _since(name: str, words: str, moment: datetime | None) -> Iterator[Metric]:
    """A moment; nothing where there is none."""
    if moment is not None:
        yield _one(f"{name}_timestamp_seconds", words, moment.timestamp())
