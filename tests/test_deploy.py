"""What `deploy/` holds works as it stands: units that systemd takes, and nginx before two gunicorn servers, over HTTPS."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
import yaml
from click.testing import Result

from tests.certificates import certificate
from tests.conftest import make_settings
from tests.postgres_pair import free_port
from tests.web.little_union import token_on

DEPLOY = Path(__file__).parents[1] / "deploy"
NAME = "training.example.org"
KEY = "a-key-for-tests-0123456789-abcdefghijklmnop"
SKIP = "nginx is not installed: apt-get install nginx-light"


# --- Units ----------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: apt-get install systemd"
)
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for file in (DEPLOY / "systemd").iterdir():
        text = re.sub(r"/opt/tracker/\.venv/bin/\w+", "/bin/true", file.read_text())
        name = file.name.replace("@.", "@8001.")
        (tmp_path / name).write_text(text)
    units = sorted(str(file) for file in tmp_path.iterdir())
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "tracker" not in done.stderr


def test_the_nightly_backup_removes_what_one_left_that_was_killed(tmp_path: Path) -> None:
    text = (DEPLOY / "systemd" / "tracker-backup.service").read_text().replace("/var/backups/tracker", str(tmp_path))
    commands = re.findall(r"^ExecS(?:tartPre|topPost)=(.*)$", text.replace("%%", "%").replace("$$", "$"), re.MULTILINE)
    old = time.time() - 86_400
    left = ("tracker-1.backup.part", "tracker-1.backup.part.sqlite", "tracker-1.backup.part.sqlite-journal")
    for name in (*left, "mine.backup.part", *(f"tracker-2026-01-{each:02}.backup" for each in range(32))):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (old, old))
    (tmp_path / "tracker-2.backup.part").touch()  # of one on its way
    assert len(commands) == 2
    for command in commands:
        subprocess.run(shlex.split(command), check=True)
    newest = {f"tracker-2026-01-{each:02}.backup" for each in range(2, 32)}
    assert {each.name for each in tmp_path.iterdir()} == {"mine.backup.part", "tracker-2.backup.part", *newest}


def test_settings_in_the_example_are_settings_of_the_program(tmp_path: Path) -> None:
    known = {*make_settings(tmp_path, "").as_environment(), "TRACKER_MAIL_FROM"}
    of_gunicorn = set(re.findall(r'"(TRACKER_\w+)"', (DEPLOY / "gunicorn.conf.py").read_text()))
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", (DEPLOY / "tracker.env.example").read_text(), re.MULTILINE))
    assert named <= known | of_gunicorn


def test_compose_runs_what_there_is() -> None:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    commands = [each["command"] for each in found["services"].values() if "command" in each]
    for command in commands:
        done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, command
    assert {each.partition(":")[0] for service in found["services"].values() for each in service.get("volumes", [])} == set(
        found["volumes"]
    )


def test_containers_are_given_the_time_in_which_they_end() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    units = {"server-1": "tracker@.service", "server-2": "tracker@.service", "worker": "tracker-worker.service"}
    for name, unit in units.items():
        seconds = re.search(r"^TimeoutStopSec=(\d+)$", (DEPLOY / "systemd" / unit).read_text(), re.MULTILINE)
        assert seconds
        assert services[name]["stop_grace_period"] == f"{seconds[1]}s"


def commands_of(section: str) -> str:
    """The commands in a section of docs/operations.md."""
    text = (DEPLOY.parent / "docs" / "operations.md").read_text()
    part = re.split(r"^## ", text, flags=re.MULTILINE)[int(section)]
    assert part.startswith(f"{section} ")
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", part, re.MULTILINE | re.DOTALL))


def test_an_upgrade_renews_everything_that_was_installed() -> None:
    upgraded, installed = (set(re.findall(r"\bdeploy/[^\s']+", commands_of(each))) for each in ("3", "1"))
    assert {"deploy/systemd/*", "deploy/nginx/tracker.conf", "deploy/tracker"} <= installed
    assert installed <= upgraded


def test_commands_of_the_document_are_written_as_a_shell_reads_them() -> None:
    for section in "123457":
        done = subprocess.run(["sh", "-n"], input=commands_of(section), capture_output=True, text=True, check=False)
        assert done.returncode == 0, (section, done.stderr)


# --- nginx and two servers ------------------------------------------------------------------------------------------------


class Front:
    """nginx as `deploy/` sets it, before the servers that listen on two ports; its logs are in the folder."""

    def __init__(self, folder: Path, ports: tuple[int, int], log: Path, stack: ExitStack) -> None:
        self.https, self.http = free_port(), free_port()
        chain, secret = certificate(folder, NAME)
        text = (DEPLOY / "nginx" / "tracker.conf").read_text()
        for old, new in (
            (r"127\.0\.0\.1:8001", f"127.0.0.1:{ports[0]}"), (r"127\.0\.0\.1:8002", f"127.0.0.1:{ports[1]}"),
            (r"listen 80;", f"listen 127.0.0.1:{self.http};"), (r"listen 443 ssl", f"listen 127.0.0.1:{self.https} ssl"),
            (r"\n +listen \[::\].*", ""), (r"/etc/letsencrypt\S+fullchain.pem", str(chain)),
            (r"/etc/letsencrypt\S+privkey.pem", str(secret)), (r"/var/log/nginx/", f"{folder}/"),
        ):  # fmt: skip
            text, count = re.subn(old, new, text)
            assert count, old
        temporary = " ".join(
            f"{each}_temp_path {folder}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file = folder / "nginx.conf"
        file.write_text(f"pid {folder}/nginx.pid; daemon off; error_log {folder}/nginx-error.log; events {{}}\n"
                        f"http {{ access_log off; {temporary}\n{text}\n}}\n")  # fmt: skip
        folder.chmod(0o755)
        checked = subprocess.run(["nginx", "-t", "-q", "-c", str(file)], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        stack.enter_context(_running(["nginx", "-c", str(file)], None, log))
        for port in (*ports, self.https):
            _answers(port)
        self.trusted = str(chain)

    def person(self) -> requests.Session:
        """A browser of somebody's, to whom the site's name leads here."""
        found = requests.Session()
        found.mount(f"https://{NAME}", _Here(self.https))
        found.verify, found.trust_env = self.trusted, False
        return found


class Site(Front):
    """Two servers behind nginx."""

    def __init__(self, folder: Path, database_url: str, stack: ExitStack) -> None:
        ports = (free_port(), free_port())
        self.environment = {
            **os.environ, "DATABASE_URL": database_url, "TRACKER_INSTANCE": str(folder), "SECRET_KEY": KEY,
            "TRACKER_URL": f"https://{NAME}", "TRACKER_PROXY_HOPS": "1", "TRACKER_PROCESSES": "1", "TRACKER_LOG": "json",
        }  # fmt: skip
        self.log = folder / "servers.log"
        self.servers = [stack.enter_context(self._server(port)) for port in ports]
        super().__init__(folder, ports, self.log, stack)

    @contextmanager
    def _server(self, port: int) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "gunicorn", "-c", str(DEPLOY / "gunicorn.conf.py"), "tracker:create_app()"]
        environment = {**self.environment, "TRACKER_BIND": f"127.0.0.1:{port}"}
        with _running(command, environment, self.log) as process:
            yield process


class _Here(requests.adapters.HTTPAdapter):
    """Takes a name of the site to this machine, as DNS would."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(pool_maxsize=20)

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):  # type: ignore[no-untyped-def]
        options = {"ca_certs": verify, "cert_reqs": "CERT_REQUIRED", "server_hostname": NAME, "assert_hostname": NAME}
        return self.poolmanager.connection_from_host("127.0.0.1", self.port, "https", pool_kwargs=options)

    def add_headers(self, request, **_more: object) -> None:  # type: ignore[no-untyped-def]
        request.headers["Host"] = NAME


@contextmanager
def _running(command: list[str], environment: dict[str, str] | None, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=DEPLOY.parent)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _answers(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < until, f"nothing listens on {port}"
            time.sleep(0.05)
        else:
            return


@pytest.mark.skipif(shutil.which("nginx") is None, reason=SKIP)
def test_two_servers_behind_nginx_lose_no_request_when_they_are_renewed(
    tracker: Callable[..., Result], database_url: str, tmp_path: Path
) -> None:
    added = tracker("user", "add", "staff@example.org", "--role", "staff")
    password = re.search(r"shown this once: (\S+)", added.output)
    assert password
    with ExitStack() as stack:
        site = Site(tmp_path, database_url, stack)
        person = site.person()
        token = token_on(person.get(f"https://{NAME}/login").text)
        answer = person.post(
            f"https://{NAME}/login",
            {"email": "staff@example.org", "password": password[1], "csrf_token": token},
            headers={"Referer": f"https://{NAME}/login"},
            allow_redirects=False,
        )
        assert answer.status_code == 303, answer.text
        cookie = next(each for each in person.cookies if each.name == "__Host-tracker")
        assert cookie.secure
        assert "Strict-Transport-Security" in answer.headers
        assert person.get(f"https://{NAME}/metrics").status_code == 404

        statuses: list[int] = []
        ending = threading.Event()

        def browse() -> None:
            browser = site.person()
            browser.cookies = person.cookies
            while not ending.is_set():
                statuses.append(browser.get(f"https://{NAME}/account/", allow_redirects=False).status_code)

        browsing = [threading.Thread(target=browse) for _ in range(3)]
        for each in browsing:
            each.start()
        site.servers[0].send_signal(signal.SIGHUP)  # a new program in the same server
        _until(lambda: len(statuses) > 60)
        site.servers[1].send_signal(signal.SIGTERM)  # one goes for good
        site.servers[1].wait(60)
        _until(lambda: len(statuses) > 120)
        ending.set()
        for each in browsing:
            each.join()
        assert set(statuses) == {200}
        assert person.get(f"https://{NAME}/account/").status_code == 200, "signed in at every server alike"
    assert "staff@example.org" not in site.log.read_text()


@pytest.mark.skipif(shutil.which("nginx") is None, reason=SKIP)
def test_nginx_keeps_no_address_of_a_page_or_a_person_whatever_goes_wrong(tmp_path: Path) -> None:
    link, code = "token-that-signs-in", "code-of-the-provider"
    log = tmp_path / "nginx-said.log"
    with ExitStack() as stack:
        doors = [stack.enter_context(_Door()) for _ in range(2)]
        front = Front(tmp_path, (doors[0].port, doors[1].port), log, stack)
        for door in doors:  # nobody is there any more
            door.shut()
        person = front.person()
        assert person.get(f"https://{NAME}/login/link/{link}").status_code == 502
        statuses = [person.get(f"https://{NAME}/login", params={"code": code}).status_code for _ in range(70)]
        assert set(statuses) == {502, 429}
        (tmp_path / "client_body").chmod(0)  # as on a disk that takes nothing any more
        sent = person.post(f"https://{NAME}/login/link/{link}", data=b"x" * 1_000_000)
        assert sent.status_code == 500
        assert requests.get(f"http://127.0.0.1:{front.http}/login/link/{link}", allow_redirects=False).status_code == 301
    logs = {file.name: file.read_text() for file in tmp_path.glob("*.log")}
    assert len(logs["tracker.log"].splitlines()) == 72, "each has its line, with its status"
    for name, text in logs.items():
        for secret in (link, code, "/login", "127.0.0.1"):
            assert secret not in text, name


class _Door:
    """A port of this machine at which somebody listens, until it is shut."""

    def __enter__(self) -> _Door:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        return self

    def shut(self) -> None:
        self._listening.close()

    def __exit__(self, *_error: object) -> None:
        self.shut()


def _until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)
