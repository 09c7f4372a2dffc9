"""A session whose connection went is given back all the same: the answer that was ready goes out."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tracker.models import db


def cut_off() -> None:
    """End the connection of this session as a server that is restarted does, or a disk that is gone."""
    session = db.session()
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.connection.dbapi_connection.close()  # type: ignore[union-attr]
        return
    pid = connection.scalar(text("SELECT pg_backend_pid()"))
    other = create_engine(session.get_bind().url, poolclass=NullPool)  # type: ignore[union-attr]
    with other.connect() as killer:
        assert killer.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


def test_a_page_whose_connection_went_after_its_last_question_is_answered(app: Flask) -> None:
    @app.get("/cut-off")
    def cut() -> str:
        cut_off()
        return "all was read"

    cut.is_public = True  # type: ignore[attr-defined]
    client = app.test_client()
    for _again in range(3):
        answer = client.get("/cut-off")
        assert (answer.status_code, answer.text) == (200, "all was read")


def test_nothing_of_it_is_left_for_the_next(app: Flask) -> None:
    with app.app_context():
        first = db.session()
        first.info["of"] = "the first"
        cut_off()
        db.session.remove()
        assert db.session() is not first
        assert db.session.scalar(text("SELECT 1")) == 1
        assert "of" not in db.session().info
        pool = db.engine.pool
    assert pool.checkedout() == 0  # type: ignore[attr-defined]
