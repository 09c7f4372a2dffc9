"""Settings, from the environment alone. A wrong one stops the start, by name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HERE = Path(__file__).resolve().parent
_SHORTEST_KEY = 32

# Every language that people can be spoken to in; a test holds it to `tracker.language`.
LANGUAGE_CODES = ("en", "fr_CA", "es")
_DEMO_URL = "http://127.0.0.1:8000"

# A report of a million rows; anything larger is refused before it is read.
LARGEST_REQUEST = 64 * 1024 * 1024


class WrongSetting(Exception):
    """A setting that cannot be used: its message names the variable and says what to do."""


def shipped(name: str) -> Path:
    """A file or folder that comes with the program: inside the installed package, or in the source tree."""
    packed = HERE / "_data" / name
    return packed if packed.exists() else HERE.parent / name


@dataclass(frozen=True)
class MailServer:
    """Who takes our mail."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    is_encrypted: bool  # from the first byte on; else as soon as the server offers it

    @property
    def is_here(self) -> bool:
        """Whether what we send it does not leave this machine."""
        return self.host in ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    instance: Path  # the embedded database, evidence and import originals
    database_url: str
    secret_key: str
    is_demo: bool
    demo_password: str
    time_zone: ZoneInfo  # whose day "today" is
    courses_file: Path
    policy_file: Path
    url: str = ""  # where people reach the pages: an origin, for what leaves this machine; "": nothing may say where
    language: str = LANGUAGE_CODES[0]  # of mails to people who chose none
    proxy_hops: int = 0  # how many proxies of our own stand in front: only they may say who is calling
    keep_imports_days: int = 400  # how long the file of an import is kept as it came
    keep_exports_days: int = 7  # how long a long file of a report is kept for whoever asked for it
    mail_server: MailServer | None = None
    mail_from: str = ""
    linkedin_client_id: str = ""
    linkedin_client_secret: str = field(default="", repr=False)
    linkedin_api: str = "https://api.linkedin.com"  # an origin: no path
    linkedin_token_url: str = "https://www.linkedin.com/oauth/v2/accessToken"  # noqa: S105 — an address

    @property
    def sends_mail(self) -> bool:
        """Whether mail can be sent at all."""
        return self.mail_server is not None and bool(self.mail_from)

    @property
    def offers_links(self) -> bool:
        """Whether people may ask for a link to sign in by: there is an address for it to lead to, and a way to send it.

        A demonstration needs no mail server: it shows the link on the page.
        """
        return bool(self.url) and (self.sends_mail or self.is_demo)

    def today(self) -> date:
        """The day it is now. A door asks once and hands it down."""
        return datetime.now(self.time_zone).date()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read and check every setting.

        Raises:
            WrongSetting: one is missing or cannot be used.
        """
        is_demo = _flag(environment, "TRACKER_DEMO")
        instance = Path(environment.get("TRACKER_INSTANCE") or "instance").resolve()
        return cls(
            instance=instance,
            database_url=_database_url(environment.get("DATABASE_URL", ""), instance),
            secret_key=_secret_key(environment.get("SECRET_KEY", ""), instance, is_demo),
            is_demo=is_demo,
            demo_password=environment.get("TRACKER_DEMO_PASSWORD") or "backstage-demo",
            time_zone=_time_zone(environment.get("TRACKER_TIME_ZONE") or "UTC"),
            courses_file=Path(environment.get("TRACKER_COURSES") or shipped("courses.yaml")),
            policy_file=Path(environment.get("TRACKER_POLICY") or shipped("policy.yaml")),
            url=_url(environment, is_demo),
            language=_language(environment.get("TRACKER_LANGUAGE", "")),
            proxy_hops=_hops(environment.get("TRACKER_PROXY_HOPS") or "0"),
            keep_imports_days=_days(environment, "TRACKER_KEEP_IMPORTS_DAYS", cls.keep_imports_days),
            keep_exports_days=_days(environment, "TRACKER_KEEP_EXPORTS_DAYS", cls.keep_exports_days),
            mail_server=_mail_server(environment.get("TRACKER_SMTP_URL", "").strip()),
            mail_from=_mail_from(environment.get("TRACKER_MAIL_FROM", "").strip()),
            linkedin_client_id=environment.get("TRACKER_LINKEDIN_CLIENT_ID", "").strip(),
            linkedin_client_secret=environment.get("TRACKER_LINKEDIN_CLIENT_SECRET", "").strip(),
            linkedin_api=_origin(environment, "TRACKER_LINKEDIN_API", cls.linkedin_api),
            linkedin_token_url=_outside(environment, "TRACKER_LINKEDIN_TOKEN_URL", cls.linkedin_token_url).geturl(),
        )

    def as_environment(self) -> dict[str, str]:
        """What a process of our own needs in its environment to have these settings. The secrets of a sync and of the
        mail server are not among it."""
        return {
            "TRACKER_INSTANCE": str(self.instance),
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": self.secret_key,
            "TRACKER_DEMO": "1" if self.is_demo else "",
            "TRACKER_DEMO_PASSWORD": self.demo_password,
            "TRACKER_TIME_ZONE": self.time_zone.key,
            "TRACKER_COURSES": str(self.courses_file),
            "TRACKER_POLICY": str(self.policy_file),
            "TRACKER_URL": self.url,
            "TRACKER_LANGUAGE": self.language,
            "TRACKER_PROXY_HOPS": str(self.proxy_hops),
            "TRACKER_KEEP_IMPORTS_DAYS": str(self.keep_imports_days),
            "TRACKER_KEEP_EXPORTS_DAYS": str(self.keep_exports_days),
            "TRACKER_LINKEDIN_CLIENT_ID": "",
            "TRACKER_LINKEDIN_CLIENT_SECRET": "",
            "TRACKER_SMTP_URL": "",
        }


def _flag(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "").strip().lower()
    if value in ("", "0", "no", "false"):
        return False
    if value in ("1", "yes", "true"):
        return True
    raise WrongSetting(f"{name} is {value!r}: set it to 1 or 0")


def _days(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 100_000):
        raise WrongSetting(f"{name} is {text!r}: set it to a number of days, such as {default}")
    return int(text)


def _hops(text: str) -> int:
    if not text.isdecimal() or int(text) > 9:
        raise WrongSetting(f"TRACKER_PROXY_HOPS is {text!r}: set it to the number of proxies in front, 0 to 9")
    return int(text)


def _outside(environment: Mapping[str, str], name: str, default: str) -> SplitResult:
    """An address that we send secrets to: encrypted, unless it does not leave this machine."""
    address = environment.get(name, "").strip() or default
    try:
        parts = urlsplit(address)
        _ = parts.port  # which may be no number
    except ValueError:
        parts = urlsplit("")
    is_plain = address.isascii() and address.isprintable() and not any(mark in address for mark in " @?#\\")
    schemes = ("https", "http") if parts.hostname in ("127.0.0.1", "::1", "localhost") else ("https",)
    if not (is_plain and parts.hostname and parts.scheme in schemes):
        raise WrongSetting(f"{name} cannot be used: set it to an address such as {default}, which begins with https://")
    return parts


def _origin(environment: Mapping[str, str], name: str, default: str) -> str:
    parts = _outside(environment, name, default)
    if parts.path.strip("/"):
        raise WrongSetting(f"{name} is {parts.geturl()!r}: leave out what follows the host, as in {default}")
    return f"{parts.scheme}://{parts.netloc}"


def _url(environment: Mapping[str, str], is_demo: bool) -> str:
    """Where people reach the pages. What a request says about it is never believed: it would lead them elsewhere."""
    if not environment.get("TRACKER_URL", "").strip():
        return _DEMO_URL if is_demo else ""
    return _origin(environment, "TRACKER_URL", "https://training.example.org")


def _language(name: str) -> str:
    wanted = name.strip().replace("-", "_").lower()
    for code in LANGUAGE_CODES:
        if wanted in (code.lower(), code.partition("_")[0]):
            return code
    if wanted:
        raise WrongSetting(f"TRACKER_LANGUAGE is {name!r}: set it to one of {', '.join(LANGUAGE_CODES)}")
    return LANGUAGE_CODES[0]


def _mail_server(url: str) -> MailServer | None:
    """The mail server of an address; a wrong one is not repeated, for it may hold a password."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise WrongSetting(
            "TRACKER_SMTP_URL is no mail server's address: write smtp://user:password@mail.example.org:587 or smtps://…"
        )
    is_encrypted = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, port or (465 if is_encrypted else 25), user, password, is_encrypted)


def _mail_from(address: str) -> str:
    if address and (not address.isprintable() or address.count("@") != 1):
        raise WrongSetting(f"TRACKER_MAIL_FROM is {address!r}: write one address, such as training@example.org")
    return address


def _database_url(url: str, instance: Path) -> str:
    if not url:
        return f"sqlite:///{instance / 'tracker.db'}"
    scheme, colon, rest = url.partition(":")
    if not colon or not rest.startswith("//"):
        raise WrongSetting("DATABASE_URL is not a database's address: write postgresql://user@host/name or sqlite:////file")
    if scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg:{rest}"
    if scheme in ("sqlite", "postgresql+psycopg"):
        return url
    raise WrongSetting(f"DATABASE_URL begins with {scheme!r}: the tracker runs on postgresql:// and sqlite://")


def _secret_key(key: str, instance: Path, is_demo: bool) -> str:
    if len(key) >= _SHORTEST_KEY and len(set(key)) >= 8:
        return key
    if is_demo and not key:
        return _kept_demo_key(instance)
    problem = "is missing" if not key else "is too weak"
    raise WrongSetting(
        f"SECRET_KEY {problem}: set it to at least {_SHORTEST_KEY} random characters, for example the output of "
        """python3 -c 'import secrets; print(secrets.token_hex(32))'"""
    )


def _kept_demo_key(instance: Path) -> str:
    """A random key of the demonstration's own, so that sign-ins outlive a restart."""
    file = instance / "demo-secret-key"
    if not file.exists():
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file.read_text().strip()


def _time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise WrongSetting(f"TRACKER_TIME_ZONE is {name!r}: use a name such as America/New_York") from None
