"""`tracker freeze` and `tracker frozen`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from tests.test_worked_example import EXAMPLE

ROSTER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"


def test_the_operator_freezes_lists_and_verifies(tracker: Callable[..., Result], tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(ROSTER + "".join(f"{n},Ann{n},Example,,80,grip,active,member,2020-01-01,,\n" for n in range(100, 109)))
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", EXAMPLE / "courses.yaml")
    tracker("roster", "import", roster)
    tracker("assign", "set-safety", "--unit", "80", "--on", "2025-01-01")
    assert "Nothing is frozen yet" in tracker("frozen", "list").output
    code = tracker("freeze", "--unit", "80", "--title", "For the table").output.split()[1]
    assert code in tracker("frozen", "list").output
    assert "every file is as it was frozen" in tracker("frozen", "verify", code).output
    (folder,) = (tmp_path / "frozen").iterdir()
    assert "is report.pdf of this report" in tracker("frozen", "verify", code, "--file", folder / "report.pdf").output
    assert "is not part of this report" in tracker("frozen", "verify", code, "--file", roster, exit_code=1).output
    tracker("doctor")
    file = folder / "method.txt"
    file.write_bytes(file.read_bytes() + b"!")
    told = tracker("frozen", "verify", code, exit_code=1).output
    assert "wrong: method.txt is not the file that was frozen" in told
    assert f"WRONG: frozen report {code}: method.txt is not" in tracker("doctor", exit_code=1).output


def test_what_cannot_be_frozen_is_refused_in_words(tracker: Callable[..., Result], tmp_path: Path) -> None:
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", EXAMPLE / "courses.yaml")
    assert "there is nothing to freeze" in tracker("freeze", "--unit", "80", "--title", "x", exit_code=1).output
    assert "There is no unit" in tracker("freeze", "--unit", "nowhere", "--title", "x", exit_code=1).output
    assert "There is no frozen report" in tracker("frozen", "verify", "nothing", exit_code=1).output
    assert not (tmp_path / "frozen").exists()
