"""The guide for people says what the pages say, and shows them as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "guide.md").read_text()
PICTURES = re.findall(r"!\[([^\]]+)\]\((pictures/[\w-]+\.png)\)", GUIDE)

# What stands in italics and is no button, link or heading: words of the glossary.
WORDS = {"required", "recommended", "voluntary", "claimed", "reviewed", "provider", "keep", "grace", "require", "restated"}
WORDS |= {"training staff", "Audit trail"}


def test_every_picture_is_there_light_and_said_in_words() -> None:
    assert 8 <= len(PICTURES) <= 12
    script = (ROOT / "docs" / "take_pictures.py").read_text()
    for words, file in PICTURES:
        picture = ROOT / "docs" / file
        assert len(words) > 20, "for whoever cannot see it"
        assert picture.stat().st_size < 150_000, f"{file} is too heavy"
        assert f'Picture("{picture.stem}"' in script, f"nobody takes {file} anew"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", GUIDE)) - WORDS))
def test_what_the_guide_names_is_called_so(name: str) -> None:
    for folder, kind in (("templates", "*.html"), ("tracker", "*.py")):
        for file in (ROOT / folder).rglob(kind):
            if "help" not in file.parts and file.name != "help.py" and f'"{name}"' in file.read_text():
                return
    raise AssertionError(f"nothing is called “{name}”")


def test_every_way_within_the_guide_leads_somewhere() -> None:
    headings = {re.sub(r"[^\w\- ]", "", line.lstrip("# ")).strip().lower().replace(" ", "-") for line in _headings()}
    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) <= headings


def _headings() -> list[str]:
    return [line for line in GUIDE.splitlines() if line.startswith("#")]
