"""What `deploy/` holds works as it stands: units that systemd takes, and nginx before two gunicorn servers, over HTTPS."""

from __future__ import annotations

import datetime as dt
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
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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


# --- nginx and two servers ------------------------------------------------------------------------------------------------


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the site's name, as a test may make one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    chain, secret = folder / "fullchain.pem", folder / "privkey.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return chain, secret


class Site:
    """Two servers behind nginx."""

    def __init__(self, folder: Path, database_url: str, stack: ExitStack) -> None:
        self.ports = (free_port(), free_port())
        self.https, http = free_port(), free_port()
        self.environment = {
            **os.environ, "DATABASE_URL": database_url, "TRACKER_INSTANCE": str(folder), "SECRET_KEY": KEY,
            "TRACKER_URL": f"https://{NAME}", "TRACKER_PROXY_HOPS": "1", "TRACKER_PROCESSES": "1", "TRACKER_LOG": "json",
        }  # fmt: skip
        self.log = folder / "servers.log"
        self.servers = [stack.enter_context(self._server(port)) for port in self.ports]
        chain, secret = certificate(folder)
        text = (DEPLOY / "nginx" / "tracker.conf").read_text()
        for old, new in (
            (r"127\.0\.0\.1:8001", f"127.0.0.1:{self.ports[0]}"), (r"127\.0\.0\.1:8002", f"127.0.0.1:{self.ports[1]}"),
            (r"listen 80;", f"listen 127.0.0.1:{http};"), (r"listen 443 ssl", f"listen 127.0.0.1:{self.https} ssl"),
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
        stack.enter_context(_running(["nginx", "-c", str(file)], None, self.log))
        for port in (*self.ports, self.https):
            _answers(port)
        self.trusted = str(chain)

    @contextmanager
    def _server(self, port: int) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "gunicorn", "-c", str(DEPLOY / "gunicorn.conf.py"), "tracker:create_app()"]
        environment = {**self.environment, "TRACKER_BIND": f"127.0.0.1:{port}"}
        with _running(command, environment, self.log) as process:
            yield process

    def person(self) -> requests.Session:
        """A browser of somebody's, to whom the site's name leads here."""
        found = requests.Session()
        found.mount(f"https://{NAME}", _Here(self.https))
        found.verify, found.trust_env = self.trusted, False
        return found


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
        cookie = next(each for each in person.cookies if each.name == "tracker")
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


def _until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)
