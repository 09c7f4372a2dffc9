"""The floor of a page: a Flask application whose every page is one statement and one table, and nothing else.

`python -m benchmarks.bare ADDRESS PORT` serves it as the tracker is served: two processes, the same number of threads. It
knows no reader, no form and no frame of a page.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
import threading
from collections.abc import Sequence
from itertools import count
from typing import Any

import waitress
from flask import Flask, render_template_string, request

from benchmarks.engines import PROCESSES, THREADS, connect
from benchmarks.floor import LOCAL_SQL, REPORT_SQL

_PAGE = (
    "<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1><table>"
    "{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"
)
_ids = count(int.from_bytes(os.urandom(6), "big") << 12)


def bare_app(address: str) -> Flask:
    """The application on the floor's own database."""
    app = Flask(__name__)
    own = threading.local()

    def ask(sql: str, values: Sequence[Any] = ()) -> Any:
        if not hasattr(own, "connection"):
            own.connection = connect(address)
        is_sqlite = isinstance(own.connection, sqlite3.Connection)
        return own.connection.execute(sql if is_sqlite else sql.replace("?", "%s"), values)

    @app.get("/report")
    def report() -> str:
        return render_template_string(_PAGE, title="Coverage", rows=ask(REPORT_SQL).fetchall())

    @app.get("/locals/<number>")
    def local(number: str) -> str:
        return render_template_string(_PAGE, title=number, rows=ask(LOCAL_SQL, (number,)).fetchall())

    @app.get("/members/<int:member>")
    def record(member: int) -> str:
        sql = (
            "SELECT c.code, c.title, d.completed_on, d.assurance FROM completion d JOIN course c ON c.id = d.course_id"
            " WHERE d.member_id = ? AND d.voided_at IS NULL ORDER BY d.completed_on"
        )
        return render_template_string(_PAGE, title=member, rows=ask(sql, (member,)).fetchall())

    @app.post("/log")
    def log() -> tuple[str, int]:
        ask("BEGIN IMMEDIATE" if address.startswith("sqlite") else "BEGIN")
        ask(
            "INSERT INTO completion (member_id, id, course_id, completed_on, assurance, source, recorded_at)"
            " VALUES (?, ?, ?, ?, 1, 'self', '2026-01-01 00:00:00')",
            (int(request.form["member"]), next(_ids), int(request.form["course"]), request.form["on"]),
        )
        ask("COMMIT")
        return "", 204

    return app


def main() -> None:
    """Serve it until told to end."""
    address, port = sys.argv[1:]
    app = bare_app(address)
    listening = socket.create_server(("127.0.0.1", int(port)), backlog=1_024)
    for _ in range(PROCESSES - 1):
        if os.fork() == 0:
            break
    waitress.create_server(app, sockets=[listening], threads=THREADS).run()


if __name__ == "__main__":
    main()
