"""Some browsers at once, as plain as can be: each keeps one connection open and asks again as soon as it is answered.

Run as a process of its own, so that what it costs is not counted with what answers.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from threading import Barrier, Thread


@dataclass(frozen=True)
class Ask:
    """One request, and the status it must be answered with."""

    path: str
    cookie: str = ""
    form: str | None = None  # posted, if given
    status: int = 200


@dataclass
class Answers:
    """How long each request took, in milliseconds, and how many were answered a second."""

    milliseconds: list[float] = field(default_factory=list)
    per_second: float = 0.0

    def share(self, part: float) -> float:
        """The time that this part of the requests did not exceed."""
        return sorted(self.milliseconds)[min(int(part * len(self.milliseconds)), len(self.milliseconds) - 1)]


def ask(port: int, rounds: Sequence[Sequence[Ask]], warm: int = 3) -> Answers:
    """Ask as many clients at once as there are rounds, each one round after the other. The first ``warm`` do not count."""
    warm = min(warm, *(len(mine) // 2 for mine in rounds))
    answers = Answers()
    began: list[float] = []
    faults: list[BaseException] = []
    together = Barrier(len(rounds))

    def client(mine: Sequence[Ask]) -> None:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            for place, each in enumerate(mine):
                if place == warm:
                    together.wait(60)
                    began.append(time.perf_counter())
                start = time.perf_counter()
                _send(connection, each)
                if place >= warm:
                    answers.milliseconds.append((time.perf_counter() - start) * 1_000)
            connection.close()
        except BaseException as fault:
            together.abort()
            faults.append(fault)

    threads = [Thread(target=client, args=(each,)) for each in rounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(f"a client stopped: {faults[0]!r}")
    answers.per_second = len(answers.milliseconds) / (time.perf_counter() - min(began))
    return answers


def _send(connection: HTTPConnection, asked: Ask) -> None:
    headers = {"Cookie": asked.cookie} if asked.cookie else {}
    if asked.form is None:
        connection.request("GET", asked.path, headers=headers)
    else:
        headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", asked.path, asked.form, headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != asked.status:
        raise RuntimeError(f"{asked.path} answers {answer.status}: {body[:300]!r}")
