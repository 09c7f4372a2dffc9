"""Settings, from the environment alone. A wrong one stops the start, by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tracker.config.reading import (
    LANGUAGE_CODES,
    LOOPBACK,
    MailServer,
    SignInProvider,
    WrongSetting,
    choice,
    database_url,
    days,
    flag,
    hops,
    hosts,
    language_of,
    mail_from,
    mail_server,
    origin,
    outside,
    own_url,
    read_database_url,
    secret_key,
    sign_in_provider,
    time_zone,
    token,
)

__all__ = [
    "HERE",
    "LANGUAGE_CODES",
    "LARGEST_REQUEST",
    "MailServer",
    "Settings",
    "SignInProvider",
    "WrongSetting",
    "shipped",
]

HERE = Path(__file__).resolve().parent.parent

# A report of a million rows; anything larger is refused before it is read.
LARGEST_REQUEST = 64 * 1024 * 1024


def shipped(name: str) -> Path:
    """A file or folder that comes with the program: inside the installed package, or in the source tree."""
    packed = HERE / "_data" / name
    return packed if packed.exists() else HERE.parent / name


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
    keep_notices_days: int = 400  # how long a mail that was sent, and what it told, is kept
    keep_sign_ins_days: int = 30  # how long failed sign-ins and links that were asked for are kept
    hosts: tuple[str, ...] = LOOPBACK  # names that a request may call this site; another is refused
    read_database_url: str = ""  # a replica to read reports from; "": the one database
    requires_totp: bool = False  # whether staff, auditors and administrators need a second factor to sign in
    sign_in_provider: SignInProvider | None = None
    metrics_token: str = field(default="", repr=False)  # what `/metrics` asks of whoever is not on this machine
    has_worker: bool = False  # whether `tracker worker` does the jobs that pages begin; else a process beside the server
    log_format: str = "text"  # or "json"
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
        is_demo = flag(environment, "TRACKER_DEMO")
        instance = Path(environment.get("TRACKER_INSTANCE") or "instance").resolve()
        return cls(
            instance=instance,
            database_url=database_url(environment.get("DATABASE_URL", ""), instance),
            secret_key=secret_key(environment.get("SECRET_KEY", ""), instance, is_demo),
            is_demo=is_demo,
            demo_password=environment.get("TRACKER_DEMO_PASSWORD") or "backstage-demo",
            time_zone=time_zone(environment.get("TRACKER_TIME_ZONE") or "UTC"),
            courses_file=Path(environment.get("TRACKER_COURSES") or shipped("courses.yaml")),
            policy_file=Path(environment.get("TRACKER_POLICY") or shipped("policy.yaml")),
            url=own_url(environment, is_demo),
            language=language_of(environment.get("TRACKER_LANGUAGE", "")),
            proxy_hops=hops(environment.get("TRACKER_PROXY_HOPS") or "0"),
            keep_imports_days=days(environment, "TRACKER_KEEP_IMPORTS_DAYS", cls.keep_imports_days),
            keep_exports_days=days(environment, "TRACKER_KEEP_EXPORTS_DAYS", cls.keep_exports_days),
            keep_notices_days=days(environment, "TRACKER_KEEP_NOTICES_DAYS", cls.keep_notices_days),
            keep_sign_ins_days=days(environment, "TRACKER_KEEP_SIGN_INS_DAYS", cls.keep_sign_ins_days),
            hosts=hosts(environment, own_url(environment, is_demo)),
            read_database_url=read_database_url(
                environment.get("DATABASE_READ_URL", ""), environment.get("DATABASE_URL", "")
            ),
            requires_totp=flag(environment, "TRACKER_REQUIRE_TOTP"),
            sign_in_provider=sign_in_provider(environment, own_url(environment, is_demo)),
            metrics_token=token(environment, "TRACKER_METRICS_TOKEN"),
            has_worker=choice(environment, "TRACKER_JOBS", ("here", "worker")) == "worker",
            log_format=choice(environment, "TRACKER_LOG", ("text", "json")),
            mail_server=mail_server(environment.get("TRACKER_SMTP_URL", "").strip()),
            mail_from=mail_from(environment.get("TRACKER_MAIL_FROM", "").strip()),
            linkedin_client_id=environment.get("TRACKER_LINKEDIN_CLIENT_ID", "").strip(),
            linkedin_client_secret=environment.get("TRACKER_LINKEDIN_CLIENT_SECRET", "").strip(),
            linkedin_api=origin(environment, "TRACKER_LINKEDIN_API", cls.linkedin_api),
            linkedin_token_url=outside(environment, "TRACKER_LINKEDIN_TOKEN_URL", cls.linkedin_token_url).geturl(),
        )

    def as_environment(self) -> dict[str, str]:
        """What a process of our own needs in its environment to have these settings. The secrets of a sync and of the
        mail server, nor of the sign-in provider and the metrics, are not among it."""
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
            "TRACKER_KEEP_NOTICES_DAYS": str(self.keep_notices_days),
            "TRACKER_KEEP_SIGN_INS_DAYS": str(self.keep_sign_ins_days),
            "TRACKER_HOSTS": ",".join(self.hosts),
            "DATABASE_READ_URL": self.read_database_url,
            "TRACKER_REQUIRE_TOTP": "1" if self.requires_totp else "",
            "TRACKER_OIDC_ISSUER": "",
            "TRACKER_METRICS_TOKEN": "",
            "TRACKER_JOBS": "worker" if self.has_worker else "",
            "TRACKER_LOG": self.log_format,
            "TRACKER_LINKEDIN_CLIENT_ID": "",
            "TRACKER_LINKEDIN_CLIENT_SECRET": "",
            "TRACKER_SMTP_URL": "",
        }
