"""A server of several processes outlives whatever it started."""

from __future__ import annotations

from pathlib import Path

from tests.faults.site import Site, roster_file, until


def test_an_import_that_ends_ends_no_server(site: Site, tmp_path: Path) -> None:
    """It is a process that the server started, as its own others are: only those are its end."""
    with site.served(processes=2):
        staff = site.person("staff")
        for first in (100, 200, 300, 400):  # whichever of the two takes them
            file = roster_file(tmp_path, first, 5).read_bytes()
            job = staff.post("/staff/imports", {"kind": "roster"}, {"file": ("roster.csv", file)})
            assert job.status_code == 303
            until(lambda: 'id="job"' not in staff.get(job.headers["Location"].removeprefix(site.base)).text)  # noqa: B023
        assert site.server is not None
        assert site.server.poll() is None
        assert staff.get("/staff/imports").status_code == 200
