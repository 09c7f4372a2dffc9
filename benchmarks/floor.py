"""The floor: the same job in the plainest SQL that the engine offers, on the very same tables, keys and indexes.

It checks nothing, explains nothing and keeps no history; it is what the machine and the engine cost by themselves.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg

Connection = sqlite3.Connection | psycopg.Connection

REPORT_SQL = "SELECT path, unit, unit_kind, in_scope, claimed, reviewed, provider FROM ready_report"
LOCAL_SQL = (
    "SELECT n.number, n.last_name, n.first_name, p.path_id, p.level FROM unit u"
    " JOIN membership m ON m.unit_id = u.id AND m.voided_at IS NULL JOIN member n ON n.member_id = m.member_id"
    " LEFT JOIN plain_state p ON p.member_id = m.member_id WHERE u.number = ? ORDER BY n.name_key"
)

# Days are ISO text on SQLite, and moments too.
_FRAGMENTS = {
    "sqlite": {"day": "nullif({}, '')", "now": "'2026-01-01 00:00:00.000000'", "yes": "{} = 'yes'", "key": "ltrim({}, '0')"},
    "postgresql": {
        "day": "nullif({}, '')::date",
        "now": "timestamptz '2026-01-01 00:00:00+00'",
        "yes": "{} = 'yes'",
        "key": "ltrim({}, '0')",
    },
}


_LISTED = (
    "SELECT DISTINCT sc.course_id, v.path_id FROM path_version v"
    " JOIN section s ON s.version_id = v.id JOIN section_course sc ON sc.section_id = s.id"
)


class Floor:
    """Plain SQL over one bare connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_sqlite = isinstance(connection, sqlite3.Connection)
        self._fragments = _FRAGMENTS["sqlite" if self._is_sqlite else "postgresql"]

    def load_roster(self, file: Path) -> None:
        """Members, identifiers and cards from the roster's file."""
        self._begin()
        self._stage("staged_roster", file)
        day, now, yes, key = (self._fragments[name] for name in ("day", "now", "yes", "key"))
        number = key.format("member_number")
        self._run(
            f"CREATE TEMP TABLE numbered AS SELECT member_number, {number} AS value, min(first_name) AS first_name,"
            " min(last_name) AS last_name, max(email) AS email, row_number() OVER (ORDER BY member_number) AS member_id"
            " FROM staged_roster GROUP BY member_number"
        )
        self._run(
            "INSERT INTO craft (id, name, key) SELECT 900000 + row_number() OVER (ORDER BY craft), craft, craft"
            " FROM (SELECT DISTINCT craft FROM staged_roster) AS named WHERE craft NOT IN (SELECT key FROM craft)"
        )
        self._run(
            "INSERT INTO member (member_id, number, first_name, last_name, name_key, created_at)"
            f" SELECT member_id, member_number, first_name, last_name, lower(last_name || ' ' || first_name), {now}"
            " FROM numbered"
        )
        self._run(
            "INSERT INTO identifier (kind, value, member_id, shown, recorded_at)"
            f" SELECT 'number', value, member_id, member_number, {now} FROM numbered"
            f" UNION ALL SELECT 'email', lower(email), member_id, email, {now} FROM numbered WHERE email <> ''"
        )
        self._run(
            "INSERT INTO membership (member_id, id, unit_id, craft_id, status, kind, is_home, from_on, until_on,"
            " recorded_at) SELECT n.member_id, row_number() OVER (ORDER BY n.member_id), u.id, c.id, s.status, s.kind,"
            f" {yes.format('s.home')}, {day.format('s.from_on')}, {day.format('s.until_on')}, {now}"
            " FROM staged_roster s JOIN numbered n ON n.member_number = s.member_number"
            " JOIN unit u ON u.number = s.local JOIN craft c ON c.key = s.craft"
        )
        self._run("DROP TABLE staged_roster")
        self._run("DROP TABLE numbered")
        self._commit()

    def load_completions(self, file: Path) -> None:
        """Completions from a report's file, each member's state on every path, and the rollup by local."""
        self._run("ANALYZE")  # a plan by the true sizes; without one SQLite takes twenty times as long
        self._begin()
        self._stage("staged_completion", file)
        day, now, key = (self._fragments[name] for name in ("day", "now", "key"))
        self._run(
            "INSERT INTO completion (member_id, id, course_id, completed_on, assurance, source, recorded_at)"
            " SELECT i.member_id, row_number() OVER (), r.course_id,"
            f" {day.format('s.completed_on')},"
            " CASE s.assurance WHEN 'provider' THEN 3 WHEN 'reviewed' THEN 2 ELSE 1 END, 'table',"
            f" {now} FROM staged_completion s"
            f" JOIN identifier i ON i.kind = 'number' AND i.value = {key.format('s.member_number')}"
            " JOIN course_reference r ON r.kind = 'code' AND r.value = s.course WHERE true"
            " ON CONFLICT (member_id, course_id, completed_on, assurance) WHERE voided_at IS NULL DO NOTHING"
        )
        self._run("DROP TABLE staged_completion")
        self._run("CREATE TEMP TABLE listed (course_id BIGINT, path_id BIGINT, PRIMARY KEY (course_id, path_id))")
        self._run(
            "INSERT INTO listed SELECT DISTINCT sc.course_id, v.path_id FROM path_version v"
            " JOIN section s ON s.version_id = v.id JOIN section_course sc ON sc.section_id = s.id"
        )
        self._run("CREATE TEMP TABLE wanted AS SELECT path_id, count(*) AS courses FROM listed GROUP BY path_id")
        self._run(
            "CREATE TABLE plain_state (member_id BIGINT, path_id BIGINT, level INTEGER, PRIMARY KEY (member_id, path_id))"
        )
        self._run(
            "INSERT INTO plain_state"
            " SELECT h.member_id, h.path_id, CASE WHEN h.courses = w.courses THEN 1 ELSE 0 END FROM ("
            " SELECT c.member_id, l.path_id, count(DISTINCT c.course_id) AS courses FROM completion c"
            " JOIN listed l ON l.course_id = c.course_id WHERE c.voided_at IS NULL AND c.assurance >= 2"
            " GROUP BY c.member_id, l.path_id) AS h JOIN wanted w ON w.path_id = h.path_id"
        )
        self._run("DROP TABLE listed")
        self._run("DROP TABLE wanted")
        self._run(
            "CREATE TABLE plain_rollup (unit_id BIGINT, path_id BIGINT, in_scope INTEGER, covered INTEGER,"
            " PRIMARY KEY (unit_id, path_id))"
        )
        self._run(
            "INSERT INTO plain_rollup SELECT m.unit_id, p.path_id, count(*), sum(p.level) FROM membership m"
            " JOIN plain_state p ON p.member_id = m.member_id WHERE m.voided_at IS NULL GROUP BY m.unit_id, p.path_id"
        )
        self._commit()

    def rebuild(self) -> None:
        """What the tracker derives, for one day: who is in scope through which card, each member's level on each path and
        since when, and the counts by unit, craft and path. For a connection to the tracker's own database: only it has been
        asked for anything."""
        self._begin()
        for table in ("plain_scope", "plain_level", "plain_counts"):
            self._run(f"DROP TABLE IF EXISTS {table}")
        self._run(
            "CREATE TABLE plain_scope (member_id BIGINT, membership_id BIGINT, path_id BIGINT, from_on DATE, until_on DATE,"
            " unit_id BIGINT, craft_id BIGINT, PRIMARY KEY (member_id, membership_id, path_id))"
        )
        self._run(
            "INSERT INTO plain_scope SELECT c.member_id, c.id, a.path_id, min(a.assigned_on), max(c.until_on), c.unit_id,"
            " c.craft_id FROM membership c JOIN assignment a ON a.member_id = c.member_id"
            " AND (a.membership_id IS NULL OR a.membership_id = c.id) WHERE c.voided_at IS NULL AND a.voided_at IS NULL"
            " AND a.kind = 'required' AND c.status IN ('active', 'apprentice')"
            " GROUP BY c.member_id, c.id, a.path_id, c.unit_id, c.craft_id"
        )
        self._run(
            "CREATE TABLE plain_level (member_id BIGINT, path_id BIGINT, since DATE, level INTEGER,"
            " PRIMARY KEY (member_id, path_id))"
        )
        self._run(
            "INSERT INTO plain_level SELECT h.member_id, h.path_id, h.since,"
            " CASE WHEN h.provider = w.courses THEN 3 WHEN h.reviewed = w.courses THEN 2 WHEN h.claimed = w.courses THEN 1"
            " ELSE 0 END FROM (SELECT c.member_id, l.path_id, max(c.completed_on) AS since,"
            " count(DISTINCT c.course_id) AS claimed,"
            " count(DISTINCT CASE WHEN c.assurance >= 2 THEN c.course_id END) AS reviewed,"
            " count(DISTINCT CASE WHEN c.assurance >= 3 THEN c.course_id END) AS provider"
            f" FROM completion c JOIN ({_LISTED}) AS l ON l.course_id = c.course_id WHERE c.voided_at IS NULL"
            f" GROUP BY c.member_id, l.path_id) AS h JOIN (SELECT path_id, count(*) AS courses FROM ({_LISTED}) AS listed"
            " GROUP BY path_id) AS w ON w.path_id = h.path_id"
        )
        self._run(
            "CREATE TABLE plain_counts (unit_id BIGINT, craft_id BIGINT, path_id BIGINT, in_scope INTEGER, claimed INTEGER,"
            " reviewed INTEGER, provider INTEGER, PRIMARY KEY (unit_id, craft_id, path_id))"
        )
        for craft in ("s.craft_id", "0"):
            levels = ", ".join(f"count(DISTINCT CASE WHEN v.level >= {level} THEN s.member_id END)" for level in (1, 2, 3))
            self._run(
                f"INSERT INTO plain_counts SELECT u.ancestor_id, {craft}, s.path_id, count(DISTINCT s.member_id), {levels}"
                " FROM plain_scope s JOIN unit_closure u ON u.descendant_id = s.unit_id"
                " LEFT JOIN plain_level v ON v.member_id = s.member_id AND v.path_id = s.path_id"
                " GROUP BY 1, 2, 3"
            )
        self._commit()

    def load_detail(self, file: Path) -> None:
        """Completions from LinkedIn's report: what is new of it, no state and no rollup."""
        self._begin()
        self._stage("staged_detail", file)
        now, key = self._fragments["now"], self._fragments["key"]
        day = self._fragments["day"].format("substr(s.completed_at, 1, 10)")
        self._run(
            "INSERT INTO completion (member_id, id, course_id, completed_on, assurance, source, recorded_at)"
            f" SELECT i.member_id, 800000000 + row_number() OVER (), r.course_id, {day}, 3, 'linkedin', {now}"
            " FROM staged_detail s"
            f" JOIN identifier i ON i.kind = 'number' AND i.value = {key.format('s.unique_user_id')}"
            " JOIN course_reference r ON r.kind = 'title' AND r.value = lower(s.content_name)"
            " WHERE s.content_type = 'Course' AND s.percent_completed = '100%'"
            " ON CONFLICT (member_id, course_id, completed_on, assurance) WHERE voided_at IS NULL DO NOTHING"
        )
        self._run("DROP TABLE staged_detail")
        self._commit()

    def keep_report(self, rows: Sequence[Sequence[Any]]) -> None:
        """A ready table with exactly these rows of a report."""
        self._begin()
        self._run(
            "CREATE TABLE ready_report (path TEXT, unit TEXT, unit_kind TEXT, in_scope INTEGER, claimed INTEGER,"
            " reviewed INTEGER, provider INTEGER, PRIMARY KEY (path, unit))"
        )
        self._insert("ready_report", 7, rows)
        self._commit()
        self._run("ANALYZE")

    def read_report(self) -> int:
        """Read the ready table, whole."""
        return len(self._run(REPORT_SQL).fetchall())

    def read_local(self, number: str) -> int:
        """Read the name and the ready state, path by path, of everyone with a card in a local."""
        sql = LOCAL_SQL if self._is_sqlite else LOCAL_SQL.replace("?", "%s")
        return len(self._connection.execute(sql, (number,)).fetchall())

    def insert_completion(self, row: Sequence[Any]) -> None:
        """One row, one transaction, durable."""
        mark = "?" if self._is_sqlite else "%s"
        marks = ", ".join([mark] * 7)
        self._begin()
        self._connection.execute(
            "INSERT INTO completion (member_id, id, course_id, completed_on, assurance, source, recorded_at)"
            f" VALUES ({marks})",
            row,
        )
        self._commit()

    def ids(self, sql: str) -> list[Any]:
        return [row[0] for row in self._run(sql).fetchall()]

    # ---------------------------------------------------------------------------------------------------------------

    def _stage(self, table: str, file: Path) -> None:
        """The file's columns as text: COPY on PostgreSQL, one prepared statement on SQLite."""
        with file.open(newline="") as stream:
            headings = stream.readline().strip().split(",")
            columns = [heading.partition(" (")[0].lower().replace(" ", "_") for heading in headings]
            columns = [name if columns.count(name) == 1 else f"{name}_{place}" for place, name in enumerate(columns)]
            self._run(f"CREATE TEMP TABLE {table} ({', '.join(f'{column} TEXT' for column in columns)})")
            if isinstance(self._connection, sqlite3.Connection):
                self._insert(table, len(columns), csv.reader(stream))
                return
            with (
                self._connection.cursor() as cursor,
                cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv, NULL '\\N')") as copy,
            ):
                while text := stream.read(1 << 20):
                    copy.write(text)

    def _insert(self, table: str, width: int, rows: Iterable[Sequence[Any]]) -> None:
        if isinstance(self._connection, sqlite3.Connection):
            self._connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * width)})", rows)
            return
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _run(self, sql: str) -> Any:
        return self._connection.execute(sql)

    def _begin(self) -> None:
        self._run("BEGIN")

    def _commit(self) -> None:
        self._run("COMMIT")
