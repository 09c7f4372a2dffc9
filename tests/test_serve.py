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
