"""What every command stands on: an application context, and today's day, taken once."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, TypeVar

import click
from flask import current_app

from tracker.intake.processes import SPEAK
from tracker.language import speaking
from tracker.models import db
from tracker.operations.refused import Refused

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def with_app(command: Callable[P, R]) -> Callable[P, R]:
    """Run a command inside the application, as its environment sets it up."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from tracker import create_app

        app = create_app()
        if SPEAK in os.environ:  # a process of our own, which nobody runs by hand
            app.extensions["logs"]()
        with app.app_context(), speaking(os.environ.get(SPEAK)):  # a page's job speaks to whoever asked for it
            try:
                return command(*args, **kwargs)
            finally:
                db.session.remove()
                db.engine.dispose()

    return run


def today() -> date:
    """The day it is now, in the zone of the settings."""
    day: date = current_app.config["SETTINGS"].today()
    return day


class Day(click.ParamType[date]):
    """An ISO day on the command line."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day: write it as 2026-03-31", param, ctx)


DAY = Day()


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def read_file(file: Path) -> bytes:
    """A file's bytes.

    Raises:
        Refused: ``unreadable_file``.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused("unreadable_file", f"{file} cannot be read: {error.strerror}.") from None


the_file = click.argument("file", type=click.Path(path_type=Path))


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """A file, open to be read piece by piece.

    Raises:
        Refused: ``unreadable_file``.
    """
    try:
        stream = file.open("rb")
    except OSError as error:
        raise Refused("unreadable_file", f"{file} cannot be read: {error.strerror}.") from None
    with stream:
        yield stream


def read_text(file: Path) -> str:
    """A file's text, UTF-8.

    Raises:
        Refused: ``unreadable_file``, ``not_text``.
    """
    try:
        return read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("not_text", f"{file} is not UTF-8 text: byte {error.start + 1} is none. Save it as UTF-8.") from None


def with_bar(label: str, rows: Iterable[T], length: int) -> Iterator[T]:
    """The rows, with a bar that shows how far they are where the terminal is one."""
    steps = max(length // 200, 1)
    hidden = not sys.stderr.isatty()
    with click.progressbar(rows, length=length, label=label, update_min_steps=steps, file=sys.stderr, hidden=hidden) as bar:
        yield from bar
