"""Everything that is done beside the pages."""

from __future__ import annotations

import time

from flask import Flask

from tracker.cli.working.errands import errands_of
from tracker.cli.working.jobs import Jobs
from tracker.cli.working.mail import sending
from tracker.cli.working.rounds import Round
from tracker.config import Settings


class Worker:
    """Sends mail where there is a way to, does the site's errands and, where it is asked to, the jobs of pages.

    Several may work, in one process or in many.
    """

    def __init__(self, app: Flask, jobs: int = 0) -> None:
        """
        Args:
            jobs: how many jobs to do at once; 0 to leave them alone.
        """
        settings: Settings = app.config["SETTINGS"]
        self._parts: list[Round | Jobs] = [*errands_of(app)]
        if settings.sends_mail:
            self._parts.append(sending(app))
        if jobs:
            self._parts.append(Jobs(app, jobs))

    def begin(self) -> None:
        """Work in threads of this process, which end with it."""
        for part in self._parts:
            part.begin()

    def end(self) -> None:
        """Finish what is in hand, then end."""
        for part in self._parts:
            part.end()

    def wait(self, seconds: float) -> bool:
        """Until all of it has ended; whether it has."""
        until = time.monotonic() + seconds
        ended = [part.wait(until - time.monotonic()) for part in self._parts]
        return all(ended)
