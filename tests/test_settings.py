"""Settings of what leaves this machine: where links lead, and in which language people are written to."""

from __future__ import annotations

import pytest

from tracker.config import LANGUAGE_CODES, Settings, WrongSetting
from tracker.language import LANGUAGES

KEY = {"SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://training.example.org", "https://training.example.org"),
        ("https://training.example.org:8443/", "https://training.example.org:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("", ""),
    ],
)
def test_an_address_that_links_may_lead_to(given: str, url: str) -> None:
    found = Settings.from_environment({**KEY, "TRACKER_URL": given})
    assert found.url == url
    assert Settings.from_environment(found.as_environment()).url == url


@pytest.mark.parametrize(
    "given",
    [
        "http://training.example.org",
        "training.example.org",
        "https://a@b.org",
        "https://a.org/path",
        "https://a.org?x",
        "ftp://a",
    ],
)
def test_an_address_that_no_link_may_lead_to(given: str) -> None:
    with pytest.raises(WrongSetting, match="TRACKER_URL"):
        Settings.from_environment({**KEY, "TRACKER_URL": given})


def test_a_demonstration_knows_where_it_is() -> None:
    assert Settings.from_environment({**KEY, "TRACKER_DEMO": "1"}).url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(("given", "code"), [("", "en"), ("fr", "fr_CA"), ("fr-ca", "fr_CA"), ("es", "es")])
def test_a_language_for_whoever_chose_none(given: str, code: str) -> None:
    found = Settings.from_environment({**KEY, "TRACKER_LANGUAGE": given})
    assert found.language == code
    assert Settings.from_environment(found.as_environment()).language == code


def test_a_language_that_nobody_speaks_here_stops_the_start() -> None:
    with pytest.raises(WrongSetting, match="TRACKER_LANGUAGE"):
        Settings.from_environment({**KEY, "TRACKER_LANGUAGE": "la"})


def test_every_language_can_be_set() -> None:
    assert tuple(each.code for each in LANGUAGES) == LANGUAGE_CODES


def test_a_sign_in_provider_needs_an_address_to_send_people_back_to() -> None:
    given = {
        **KEY,
        "TRACKER_OIDC_ISSUER": "https://login.example.org",
        "TRACKER_OIDC_CLIENT_ID": "tracker",
        "TRACKER_OIDC_CLIENT_SECRET": "secret",
    }
    with pytest.raises(WrongSetting, match="TRACKER_URL is missing"):
        Settings.from_environment(given)
    assert Settings.from_environment({**given, "TRACKER_URL": "https://training.example.org"}).sign_in_provider
