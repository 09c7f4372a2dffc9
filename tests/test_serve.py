"""`tracker serve` answers on this machine alone, and stops when told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TRACKER_INSTANCE": str(folder), "TRACKER_DEMO": "1", "DATABASE_URL": "", "SECRET_KEY": ""}


def _answers(url: str) -> int | None:
    try:
        return urllib.request.urlopen(url, timeout=1).status
    except urllib.error.HTTPError as error:
        code = error.code
        error.close()
        return code
    except OSError:
        return None


def test_it_serves_and_says_where_and_how_to_sign_in(tmp_path: Path) -> None:
    port = _free_port()
    command = ["tracker", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=_environment(tmp_path), stdout=subprocess.PIPE, text=True) as server:
        deadline = time.monotonic() + 20
        while (status := _answers(f"http://127.0.0.1:{port}/healthz")) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=20)[0]
    assert status == 200
    assert f"http://127.0.0.1:{port}" in said
    for name in ("member", "officer", "staff", "admin"):
        assert f"{name}@example.org" in said
    assert server.returncode == 0


def test_a_taken_port_is_refused_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = ["tracker", "serve", "--port", port]
        done = subprocess.run(command, env=_environment(tmp_path), capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stderr


def _end_of(pid: int) -> bool:
    """Whether a process has gone, within twenty seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("which", ["the first", "another"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_processes_share_the_work_and_when_one_ends_all_end(tmp_path: Path, which: str, how: signal.Signals) -> None:
    port = _free_port()
    command = ["tracker", "serve", "--port", str(port), "--processes", "3", "--workers", "1"]
    with subprocess.Popen(command, env=_environment(tmp_path), stdout=subprocess.DEVNULL) as server:
        deadline = time.monotonic() + 20
        while (status := _answers(f"http://127.0.0.1:{port}/healthz")) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        others = [int(each) for each in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]
        os.kill(server.pid if which == "the first" else others[0], how)
        server.wait(timeout=20)
        assert status == 200
        assert len(others) == 2
        assert all(_end_of(each) for each in others)
    assert _answers(f"http://127.0.0.1:{port}/healthz") is None
