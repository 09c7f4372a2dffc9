"""What a path's versions ask, and how a frozen report was made, in words that need no other paper."""

from __future__ import annotations

import textwrap

from tracker.coverage.exports import COVERAGE_DEFINITIONS, FLOOR_WORDS
from tracker.coverage.frozen.shapes import PackFigures
from tracker.curriculum.paths import ChangePolicy, NeedKind
from tracker.models import PathVersion, Section

HIDDEN = "hidden"

_CHANGES = {
    ChangePolicy.KEEP: "who had begun an earlier version stays with it",
    ChangePolicy.GRACE: "everyone moves to it on {grace}",
    ChangePolicy.REQUIRE: "everyone moves to it on its first day",
}


def version_words(version: PathVersion) -> str:
    """What a version asks: "Version 2, from 2026-01-01 (…). Foundations: every one of AI Basics; AI Ethics."."""
    begins = f"from {version.from_on}" if version.from_on else "for all days"
    change = _CHANGES[version.change].format(grace=version.grace_on)
    head = f"Version {version.number}, {begins}"
    if version.from_on:
        head += f" ({change})"
    if version.lookback_months:
        head += f"; nothing completed more than {version.lookback_months} months before someone was first asked counts"
    return ". ".join([head, *(_section(section) for section in version.sections)]) + "."


def _section(section: Section) -> str:
    courses = "; ".join(each.course.title for each in section.courses)
    asks = {
        NeedKind.ALL: "every one of",
        NeedKind.ANY: f"any {section.number} of",
        NeedKind.MINUTES: f"at least {section.number} minutes of",
        NeedKind.CREDITS: f"at least {section.number / 100:g} credits in {section.within_months} months from",
    }[section.need]
    kinds = "; ".join(f"at least {number / 100:g} of {kind}" for kind, number in sorted((section.of_kinds or {}).items()))
    return f"{section.title}: {asks} {courses}" + (f" (of them {kinds})" if kinds else "")


def hiding_words(smallest: int) -> str:
    """How small groups are treated."""
    return (
        f"No figure about fewer than {smallest} people is shown, and none from which one could be worked out: such cells "
        f"are empty and marked “{HIDDEN}”. Small counts within larger groups are shown."
    )


def method_note(pack: PackFigures, title: str, code: str, body: str) -> str:
    """The note that lies with the figures: plain text, complete by itself."""
    lines = [
        title,
        "=" * len(title),
        "",
        f"Scope: {pack.scope.title}",
        f"Day: {pack.as_of.isoformat()}",
        f"Known: everything recorded by {pack.frozen_at.isoformat(timespec='seconds')}, when this report was frozen",
        f"Floor: {FLOOR_WORDS[pack.floor]}",
        f"Frozen by: {body}",
        "",
        "What the words mean",
        "-------------------",
        *COVERAGE_DEFINITIONS,
        f"Statuses whose cards count: {', '.join(pack.counts)}.",
        "How sure: “claimed” is what members log themselves, “reviewed” what staff saw evidence of, “provider” what the",
        "course’s provider reports. Each counts what is surer too: claimed includes reviewed, reviewed includes provider.",
        "A path is a right, never a test of anyone: these figures say how many were reached, not who is fit for work.",
        "",
        "Who is left out",
        "---------------",
        "denominators.csv says for each path how many hold a card here, how many of them are not in scope, and why: the",
        "status of their card, an exemption, or that nothing asks them. Each person is in one group, so that it adds up.",
        "",
        "Small groups",
        "------------",
        hiding_words(pack.smallest),
        "Who holds cards in several locals counts in each, and once above them: locals may add up to more than the whole.",
        "",
        "What the paths ask",
        "------------------",
    ]
    for path in pack.paths:
        lines += [f"{path.title} ({path.code})", *(f"  {words}" for words in path.versions), ""]
    lines += ["What the figures were made with", "-------------------------------"]
    lines += [
        f"{text.kind}, applied {text.applied_at.isoformat(timespec='seconds')}, SHA-256 {text.sha256}" for text in pack.texts
    ]
    lines += [
        "",
        "How to check it",
        "---------------",
        "manifest.json names every file of this report with its size and SHA-256, and the figures of the whole scope. The",
        "SHA-256 of manifest.json itself stands for all of it: change one figure in one file, and it is another.",
        f"The tracker keeps that hash, and shows it to anyone, without signing in, at /frozen/{code}",
        "There a file of this report, or its SHA-256, can be held against it, and corrections recorded since are told.",
        "By hand: sha256sum manifest.json",
        "",
    ]
    return "\n".join(_wrapped(line) for line in lines)


def _wrapped(line: str) -> str:
    indent = "    " if line.startswith(" ") else ""
    return textwrap.fill(line, 110, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
