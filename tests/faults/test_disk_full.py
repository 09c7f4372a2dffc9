"""A disk that is full: a page in words, nothing half written, and all goes on when there is room again."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from tests.faults.conftest import sqlite_site
from tests.faults.disks import DISKS, Disk
from tests.faults.site import Person, Site, roster_file, times, until

POINTS = [(1 << 12) * 2**step // 2 for step in range(20)]  # bytes left: 2 kB to 1 GB, which is enough
DAYS = [(date(2026, 2, 1) - timedelta(days=number)).isoformat() for number in range(400)]
IN_WORDS = {422, 409, 503, 507}  # whatever cannot be kept is told, at the field or on a page


@pytest.fixture(params=DISKS, ids=lambda kind: kind.__name__)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    made = request.param(tmp_path / "disk")
    yield made
    made.remove()


def processes_of(site: Site) -> list[int]:
    assert site.server is not None
    first = site.server.pid
    others = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first, *map(int, others)]


def photo(side: int = 700) -> bytes:
    drawn = io.BytesIO()
    with Image.effect_noise((side, side), 90) as image:
        image.convert("RGB").save(drawn, "PNG")
    return drawn.getvalue()


def log(person: Person, number: int, **more: Any) -> requests.Response:
    return person.log("firefly", DAYS[number], **more)


def test_a_full_disk_is_told_in_words_and_nothing_is_half_written(
    request: pytest.FixtureRequest, disk: Disk, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    """The database, its log, files of evidence, and what comes with a form: all on the disk that is full."""
    site = sqlite_site(request, disk.folder / "instance")
    temporary = disk.folder / "temporary"
    temporary.mkdir()
    roster = roster_file(tmp_path, 500, 20_000).read_bytes()
    picture, day, refused, longest = photo(), 0, 0, 0.0
    room = [0, *POINTS][: times(3, 20)]
    with site.served(TMPDIR=str(temporary)):
        member, staff = site.person("m1"), site.person("staff")
        workers = processes_of(site)
        for each in room:
            before = site.counted()
            disk.fill(each, workers)
            answers = [log(member, day), log(member, day + 1, files={"file": ("certificate.png", picture)})]
            answers += [staff.post("/staff/imports", {"kind": "roster"}, {"file": ("roster.csv", roster)})]
            told = [answer.status_code for answer in answers]
            assert all(status in IN_WORDS or status == 303 for status in told), (each, told, site.log[-3_000:])
            assert all(answer.status_code == 303 or _says_so(answer) for answer in answers)
            assert member.get("/my/").status_code in (200, 503, 507)
            disk.free(workers)
            refused += sum(status != 303 for status in told)
            kept = site.counted()
            recorded = [answer.status_code == 303 for answer in answers[:2]]
            assert kept["completion"] - before["completion"] == sum(recorded), "what was answered is there, and nothing else"
            longest = max(longest, until(lambda: member.get("/my/").status_code == 200, 5))
            for again, is_there in zip((day, day + 1), recorded, strict=True):
                assert log(member, again).status_code == (409 if is_there else 303)
            day += 2
        assert refused > len(room), "it never was full"
        assert list((disk.folder / "instance" / "evidence").rglob("*.part")) == []
    site.clean()
    figures(
        f"SQLite, {type(disk).__name__}: full at {len(room)} points: "
        f"{refused} refused, half written 0, back in {longest:.1f} s"
    )


def _says_so(answer: requests.Response) -> bool:
    """Whether it is told in words, and not as a fault of the program's."""
    return any(
        words in answer.text
        for words in ("is full", "no room left", "could not be kept", "cannot reach its records", "look whether")
    )
