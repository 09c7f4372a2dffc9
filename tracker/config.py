"""Settings, from the environment alone. A wrong one stops the start, by name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HERE = Path(__file__).resolve().parent
_SHORTEST_KEY = 32

# A report of a million rows; anything larger is refused before it is read.
LARGEST_REQUEST = 64 * 1024 * 1024


class WrongSetting(Exception):
    """A setting that cannot be used: its message names the variable and says what to do."""


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
    proxy_hops: int = 0  # how many proxies of our own stand in front: only they may say who is calling

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
            proxy_hops=_hops(environment.get("TRACKER_PROXY_HOPS") or "0"),
        )


def _flag(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "").strip().lower()
    if value in ("", "0", "no", "false"):
        return False
    if value in ("1", "yes", "true"):
        return True
    raise WrongSetting(f"{name} is {value!r}: set it to 1 or 0")


def _hops(text: str) -> int:
    if not text.isdecimal() or int(text) > 9:
        raise WrongSetting(f"TRACKER_PROXY_HOPS is {text!r}: set it to the number of proxies in front, 0 to 9")
    return int(text)


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
