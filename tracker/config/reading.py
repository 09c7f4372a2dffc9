"""How each setting is read from the environment's text, and what a wrong one is told."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SHORTEST_KEY = 32

# Every language that people can be spoken to in; a test holds it to `tracker.language`.
LANGUAGE_CODES = ("en", "fr_CA", "es")
_DEMO_URL = "http://127.0.0.1:8000"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class WrongSetting(Exception):
    """A setting that cannot be used: its message names the variable and says what to do."""


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
        return self.host in LOOPBACK


@dataclass(frozen=True)
class SignInProvider:
    """An OpenID Connect provider that people may sign in by."""

    issuer: str  # an address; its `/.well-known/openid-configuration` tells the rest
    client_id: str
    client_secret: str = field(repr=False)
    name: str  # as the button on the sign-in page calls it


def flag(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "").strip().lower()
    if value in ("", "0", "no", "false"):
        return False
    if value in ("1", "yes", "true"):
        return True
    raise WrongSetting(f"{name} is {value!r}: set it to 1 or 0")


def days(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 100_000):
        raise WrongSetting(f"{name} is {text!r}: set it to a number of days, such as {default}")
    return int(text)


def hops(text: str) -> int:
    if not text.isdecimal() or int(text) > 9:
        raise WrongSetting(f"TRACKER_PROXY_HOPS is {text!r}: set it to the number of proxies in front, 0 to 9")
    return int(text)


def outside(environment: Mapping[str, str], name: str, default: str) -> SplitResult:
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


def origin(environment: Mapping[str, str], name: str, default: str) -> str:
    parts = outside(environment, name, default)
    if parts.path.strip("/"):
        raise WrongSetting(f"{name} is {parts.geturl()!r}: leave out what follows the host, as in {default}")
    return f"{parts.scheme}://{parts.netloc}"


def own_url(environment: Mapping[str, str], is_demo: bool) -> str:
    """Where people reach the pages. What a request says about it is never believed: it would lead them elsewhere."""
    if not environment.get("TRACKER_URL", "").strip():
        return _DEMO_URL if is_demo else ""
    return origin(environment, "TRACKER_URL", "https://training.example.org")


def language_of(name: str) -> str:
    wanted = name.strip().replace("-", "_").lower()
    for code in LANGUAGE_CODES:
        if wanted in (code.lower(), code.partition("_")[0]):
            return code
    if wanted:
        raise WrongSetting(f"TRACKER_LANGUAGE is {name!r}: set it to one of {', '.join(LANGUAGE_CODES)}")
    return LANGUAGE_CODES[0]


def mail_server(url: str) -> MailServer | None:
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


def mail_from(address: str) -> str:
    if address and (not address.isprintable() or address.count("@") != 1):
        raise WrongSetting(f"TRACKER_MAIL_FROM is {address!r}: write one address, such as training@example.org")
    return address


def database_url(url: str, instance: Path) -> str:
    if not url:
        return f"sqlite:///{instance / 'tracker.db'}"
    scheme, colon, rest = url.partition(":")
    if not colon or not rest.startswith("//"):
        raise WrongSetting("DATABASE_URL is not a database's address: write postgresql://user@host/name or sqlite:////file")
    if scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg:{_each_server(rest)}"
    if scheme in ("sqlite", "postgresql+psycopg"):
        return url
    raise WrongSetting(f"DATABASE_URL begins with {scheme!r}: the tracker runs on postgresql:// and sqlite://")


def _each_server(rest: str) -> str:
    """Several servers as libpq writes them (``//user@a:5432,b:5433/name``), as SQLAlchemy reads them: each a ``host=``."""
    parts = urlsplit(rest)
    who, at, servers = parts.netloc.rpartition("@")
    if "," not in servers:
        return rest
    query = "&".join([*(f"host={each}" for each in servers.split(",")), *([parts.query] if parts.query else [])])
    return f"//{who}{at}{parts.path}?{query}"


def secret_key(key: str, instance: Path, is_demo: bool) -> str:
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


def time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise WrongSetting(f"TRACKER_TIME_ZONE is {name!r}: use a name such as America/New_York") from None


def choice(environment: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of a few words; by default the first."""
    value = environment.get(name, "").strip().lower() or choices[0]
    if value not in choices:
        raise WrongSetting(f"{name} is {value!r}: set it to one of {', '.join(choices)}")
    return value


def token(environment: Mapping[str, str], name: str) -> str:
    """A word that another program shows; a wrong one is not repeated."""
    value = environment.get(name, "").strip()
    if value and (len(value) < 16 or not value.isascii() or not value.isprintable() or " " in value):
        raise WrongSetting(f"{name} cannot be used: set it to at least 16 letters and digits")
    return value


def hosts(environment: Mapping[str, str], url: str) -> tuple[str, ...]:
    """The names that a request may call this site: those listed, that of its own address, and this machine's."""
    listed = [each.strip().lower() for each in environment.get("TRACKER_HOSTS", "").split(",") if each.strip()]
    for each in listed:
        if not (each.isascii() and each.isprintable()) or any(mark in each for mark in "/@ *?#"):
            raise WrongSetting(f"TRACKER_HOSTS names {each!r}: list host names alone, such as training.example.org,10.0.0.5")
    own = urlsplit(url).hostname if url else None
    return tuple(dict.fromkeys([*listed, *([own] if own else []), *LOOPBACK]))


def read_database_url(url: str, written: str) -> str:
    """A replica of the database that is written to: there is one only where that is PostgreSQL."""
    if not url:
        return ""
    if not url.startswith(("postgres:", "postgresql")):
        raise WrongSetting("DATABASE_READ_URL is not a PostgreSQL database's address: write postgresql://user@host/name")
    if not written.startswith(("postgres:", "postgresql")):
        raise WrongSetting(
            "DATABASE_READ_URL is set, but DATABASE_URL names no PostgreSQL database whose replica it could be"
        )
    return database_url(url, Path())


def sign_in_provider(environment: Mapping[str, str], url: str) -> SignInProvider | None:
    """The provider that people may sign in by: all of its settings, or none."""
    names = ("TRACKER_OIDC_ISSUER", "TRACKER_OIDC_CLIENT_ID", "TRACKER_OIDC_CLIENT_SECRET")
    issuer, client_id, client_secret = (environment.get(name, "").strip() for name in names)
    if not issuer:
        return None
    for name, value in zip(names[1:], (client_id, client_secret), strict=True):
        if not value:
            raise WrongSetting(f"TRACKER_OIDC_ISSUER is set, but {name} is missing: the provider gave you both")
    if not url:
        raise WrongSetting("TRACKER_OIDC_ISSUER is set, but TRACKER_URL is missing: the provider sends people back to it")
    found = outside(environment, names[0], "https://login.example.org")
    name = environment.get("TRACKER_OIDC_NAME", "").strip() or (found.hostname or "")
    return SignInProvider(found.geturl().rstrip("/"), client_id, client_secret, name)
