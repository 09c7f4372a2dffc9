"""A write beside the request's own transaction: a note of what was done, which no answer waits for or fails for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tracker.curriculum.refused import Refused
from tracker.models.base import db, one_transaction

PATIENCE = 0.2  # seconds: longer than that, whoever asked does not wait for a note
NOT_NOW = (Refused, SQLAlchemyError, sqlite3.Error, psycopg.Error)


@contextmanager
def writing_aside(patience: float = PATIENCE) -> Iterator[Session]:
    """A transaction in a session of its own; the request's is left as it is.

    Args:
        patience: seconds to wait for one's turn.

    Raises:
        Refused, SQLAlchemyError, sqlite3.Error, psycopg.Error: one of :data:`NOT_NOW`, where it cannot be written now.
    """
    with closing(db.session.session_factory()) as session, one_transaction(session, alone=False, patience=patience):
        yield session
