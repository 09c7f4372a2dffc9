"""The worked example as the reports' tests see it, with people who sign in, and a district in Canada without members."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from little_union import LONG_AGO, PASSWORD, Browser, settings
from test_reports import PEOPLE, UNITS, load_example

from tracker import create_app
from tracker.cli import main
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.words import Role
from tracker.models import db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import password_hash

Reader = Callable[[str], Browser]


def worked_app(template: Path, folder: Path, *more: tuple[str, ...]) -> Iterator[Flask]:
    """The application over the example, and whatever commands come ``more``. Loaded once for a file: reports only read."""
    shutil.copy(template, folder / "tracker.db")
    environment = {"DATABASE_URL": f"sqlite:///{folder}/tracker.db", "TRACKER_INSTANCE": str(folder)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**environment, "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}.items():
            patch.setenv(name, value)
        load_example(folder)
        (folder / "canada.csv").write_text(
            UNITS + "D12,District 12,district,IA,,,CA,,\n118,Vancouver,local,D12,Vancouver,BC,CA,Stage,\n"
        )
        for step in (("union", "apply", str(folder / "canada.csv")), *more):
            done = CliRunner().invoke(main, list(step), catch_exceptions=False)
            assert done.exit_code == 0, done.output
    app = create_app(settings(folder, DATABASE_URL=environment["DATABASE_URL"]))
    hashed = password_hash(PASSWORD, "")
    with app.app_context(), writing() as session:
        for name, (role, number) in PEOPLE.items():
            unit = find_unit(session, number) if number else None
            member = find_member(session, "0001") if role is Role.MEMBER else None
            its_id = member.member_id if member else None
            user = add_user(session, f"{name}@example.org", role, unit, its_id, OPERATOR, LONG_AGO)
            user.password_hash = hashed
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def readers(app: Flask) -> Reader:
    """A browser in which someone is signed in: once each."""
    browsers: dict[str, Browser] = {}

    def open_browser(name: str) -> Browser:
        if name not in browsers:
            browsers[name] = Browser(app.test_client())
            assert browsers[name].sign_in(name).status_code == 303
        return browsers[name]

    return open_browser


def those_who_may_open(as_reader: Reader, path: str) -> set[str]:
    """The names of the readers whom a page answers; to everyone else there is no such page."""
    answers = {name: as_reader(name).get(path).status_code for name in PEOPLE}
    assert set(answers.values()) <= {200, 404}
    return {name for name, status in answers.items() if status == 200}
