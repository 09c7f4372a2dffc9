"""What people use instead: path × local from the union's two files, by a library for tables, in one process.

`python plain_table.py duckdb|polars PAIRS ROSTER COMPLETIONS` prints the table as CSV; PAIRS lists each path with its
courses. It counts who has completed every course of a path among those with an active card: no days, no equivalents, no
assurance, nothing of who is asked.
"""

from __future__ import annotations

import csv
import sys


def by_duckdb(roster: str, completions: str, pairs: list[tuple[str, str]]) -> int:
    """Rows of the table, by SQL over the files."""
    import duckdb

    values = ", ".join(f"('{path}', '{course}')" for path, course in pairs)
    rows = duckdb.execute(
        f"""
        WITH listed(path, course) AS (VALUES {values}),
        wanted AS (SELECT path, count(*) AS courses FROM listed GROUP BY path),
        card AS (
            SELECT DISTINCT ltrim(member_number, '0') AS member, local FROM read_csv('{roster}', all_varchar = true)
            WHERE status IN ('active', 'apprentice')
        ),
        done AS (
            SELECT DISTINCT ltrim(member_number, '0') AS member, course FROM read_csv('{completions}', all_varchar = true)
        ),
        complete AS (
            SELECT member, path FROM done JOIN listed USING (course) JOIN wanted USING (path)
            GROUP BY member, path, courses HAVING count(*) = courses
        )
        SELECT local, wanted.path, count(*) AS members, count(complete.member) AS covered
        FROM card CROSS JOIN wanted LEFT JOIN complete ON complete.member = card.member AND complete.path = wanted.path
        GROUP BY local, wanted.path ORDER BY local, wanted.path
        """
    ).fetchall()
    return _print(rows)


def by_polars(roster: str, completions: str, pairs: list[tuple[str, str]]) -> int:
    """Rows of the table, by lazy frames over the files."""
    import polars as pl

    courses = pl.LazyFrame(pairs, schema=["path", "course"], orient="row")
    wanted = courses.group_by("path").agg(pl.len().alias("courses"))
    number = pl.col("member_number").str.strip_chars_start("0").alias("member")
    card = (
        pl.scan_csv(roster, infer_schema=False)
        .filter(pl.col("status").is_in(["active", "apprentice"]))
        .select(number, "local")
        .unique()
    )
    complete = (
        pl.scan_csv(completions, infer_schema=False)
        .select(number, "course")
        .unique()
        .join(courses, on="course")
        .group_by("member", "path")
        .agg(pl.len().alias("held"))
        .join(wanted, on="path")
        .filter(pl.col("held") == pl.col("courses"))
        .select("member", "path", pl.lit(1).alias("covered"))
    )
    table = (
        card.join(wanted, how="cross")
        .join(complete, on=["member", "path"], how="left")
        .group_by("local", "path")
        .agg(pl.len().alias("members"), pl.col("covered").sum())
        .sort("local", "path")
        .collect()
    )
    return _print(table.rows())


def _print(rows: list[tuple[object, ...]]) -> int:
    for row in rows:
        print(*row, sep=",")
    return len(rows)


if __name__ == "__main__":
    tool, pairs, *files = sys.argv[1:]
    with open(pairs, newline="") as listed:
        {"duckdb": by_duckdb, "polars": by_polars}[tool](*files, [(path, course) for path, course in csv.reader(listed)])
