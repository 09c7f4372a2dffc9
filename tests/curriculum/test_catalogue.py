"""``courses.yaml``: what it states, and every way of writing it wrong, with line and column."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tracker.curriculum.catalogue import (
    CatalogueCourse,
    CatalogueFaults,
    CatalogueSection,
    Principle,
    Satisfies,
    read_catalogue,
)
from tracker.curriculum.faults import Fault
from tracker.curriculum.paths import ChangePolicy, NeedKind

ROOT = Path(__file__).parents[2]

# Line 1 is `principles:`; a case below changes one thing in it and says where that shows.
GOOD = """\
principles:
  - {code: education, number: 4, title: Education}
  - {code: research, number: 2, title: Research}
courses:
  - {code: basics, title: Basics, provider: TTF, minutes: 60}
  - {code: safety, title: Safety, provider: TTF, minutes: 45, valid_months: 12}
  - code: week
    title: Safety Week
    provider: TTF
    url: https://example.org/week
    satisfies:
      - {course: safety, from: 2026-01-01, until: 2027-01-01}
paths:
  - code: start
    title: Start
    principle: education
    version: 2
    target: 0.8
    lookback_months: 24
    from: 2026-03-01
    change: {grace: 2026-06-01}
    sections:
      - {title: Both, need: all, courses: [safety, basics]}
      - {title: One, need: {any: 1}, courses: [basics, week]}
      - {title: An hour, need: {minutes: 105}, courses: [basics, safety]}
"""


def faults_of(text: str) -> list[str]:
    """The faults of a text, each as ``line:column: reason``; none where it is right."""
    try:
        read_catalogue(text)
    except CatalogueFaults as refused:
        return [line.removeprefix("courses.yaml:") for line in refused.lines()]
    return []


# --- What it states ------------------------------------------------------------------------------------------------


def test_a_catalogue_states_principles_courses_and_paths_in_the_order_of_the_file() -> None:
    catalogue = read_catalogue(GOOD)
    assert catalogue.principles[1] == Principle("research", 2, "Research")
    assert [course.code for course in catalogue.courses] == ["basics", "safety", "week"]
    assert catalogue.courses[2] == CatalogueCourse(
        "week",
        "Safety Week",
        "TTF",
        url="https://example.org/week",
        satisfies=(Satisfies("safety", date(2026, 1, 1), date(2027, 1, 1)),),
    )
    assert [course.line for course in catalogue.courses] == [5, 6, 7]
    (path,) = catalogue.paths
    assert (path.code, path.version, path.target, path.lookback_months, path.line) == ("start", 2, 0.8, 24, 14)
    assert (path.change, path.grace_on, path.from_on) == (ChangePolicy.GRACE, date(2026, 6, 1), date(2026, 3, 1))
    assert path.sections == (
        CatalogueSection("Both", NeedKind.ALL, 0, ("safety", "basics")),
        CatalogueSection("One", NeedKind.ANY, 1, ("basics", "week")),
        CatalogueSection("An hour", NeedKind.MINUTES, 105, ("basics", "safety")),
    )


@pytest.mark.parametrize(
    ("written", "policy", "grace_on", "from_on"),
    [
        ("", None, None, None),
        ("    change: keep\n", ChangePolicy.KEEP, None, None),
        ("    change: require\n    from: 2026-03-01\n", ChangePolicy.REQUIRE, None, date(2026, 3, 1)),
        ("    change: {keep: true, from: 2026-03-01}\n", ChangePolicy.KEEP, None, date(2026, 3, 1)),
        ("    change: {require: true}\n", ChangePolicy.REQUIRE, None, None),
        (
            '    change: {grace: "2026-03-01", from: 2026-03-01}\n',
            ChangePolicy.GRACE,
            date(2026, 3, 1),
            date(2026, 3, 1),
        ),
    ],
)
def test_a_change_may_hold_the_versions_first_day(
    written: str, policy: ChangePolicy | None, grace_on: date | None, from_on: date | None
) -> None:
    text = GOOD.replace("    from: 2026-03-01\n    change: {grace: 2026-06-01}\n", written)
    (path,) = read_catalogue(text).paths
    assert (path.change, path.grace_on, path.from_on) == (policy, grace_on, from_on)


@pytest.mark.parametrize(
    ("right", "other", "same"),
    [
        ("title: Start", "title: Begin", True),
        ("target: 0.8", "target: 1", True),
        ("title: Both", "title: The two", True),
        ("[safety, basics]", "[basics, safety]", True),
        ("[safety, basics]", "[safety, week]", False),
        ("any: 1", "any: 2", False),
        ("minutes: 105", "minutes: 104", False),
        ("lookback_months: 24", "lookback_months: 23", False),
    ],
)
def test_the_rules_change_with_what_is_asked_and_not_with_how_it_is_told(right: str, other: str, same: bool) -> None:
    before, after = read_catalogue(GOOD).paths[0], read_catalogue(GOOD.replace(right, other)).paths[0]
    assert (before.rules == after.rules) is same


def test_rules_are_plain_data() -> None:
    assert read_catalogue(GOOD).paths[0].rules == {
        "sections": [
            {"need": "all", "number": 0, "courses": ["basics", "safety"]},
            {"need": "any", "number": 1, "courses": ["basics", "week"]},
            {"need": "minutes", "number": 105, "courses": ["basics", "safety"]},
        ],
        "lookback_months": 24,
    }


def test_the_shipped_curriculum_has_no_fault_and_all_eight_principles() -> None:
    catalogue = read_catalogue((ROOT / "courses.yaml").read_text(encoding="utf-8"))
    assert [principle.number for principle in catalogue.principles] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(principle.text for principle in catalogue.principles)
    assert {path.title: sum(len(section.courses) for section in path.sections) for path in catalogue.paths} == {
        "Building AI Literacy": 7,
        "Career Essentials in Generative AI by Microsoft and LinkedIn": 5,
        "Understanding AI for Creative Professionals": 7,
        "Applying Generative AI as a Creative Professional": 7,
        "Responsible AI at Work: Literacy, Ethics, and More": 6,
        "Responsible AI Foundations": 5,
        "Getting Started with Prompt Engineering": 6,
    }
    listed = {course for path in catalogue.paths for section in path.sections for course in section.courses}
    assert {course.code for course in catalogue.courses} == listed


# --- One thing wrong -----------------------------------------------------------------------------------------------

KINDS_OF_VALUE = [
    ("title: Basics", "title: no", "5:27: `title` must be text, and no reads as yes/no: put it in quotes"),
    ("title: Basics", "title: 2024", "5:27: `title` must be text, and 2024 reads as a number: put it in quotes"),
    ("title: Basics", "title: 12:30", "5:27: `title` must be text, and 12:30 reads as a time: put it in quotes"),
    (
        "title: Basics",
        "title: 2026-06-01",
        "5:27: `title` must be text, and 2026-06-01 reads as a day: put it in quotes",
    ),
    ("title: Basics", 'title: " "', "5:27: `title` must not be empty"),
    ("title: Basics", 'title: "a\\0b"', "5:27: holds the character U+0000, which cannot be printed: take it out"),
    ("title: Basics", 'title: "\\ud800"', "5:27: `title` holds half a character: take it out"),
    ("minutes: 60", 'minutes: "60"', "5:59: `minutes` must be a whole number, and '60' reads as text"),
    ("minutes: 60", "minutes: 12:30", "5:59: `minutes` must be a whole number, and '12:30' reads as a time"),
    ("minutes: 60", "minutes: yes", "5:59: `minutes` must be a whole number, and 'yes' reads as yes/no"),
    ("minutes: 60", "minutes: 6.5", "5:59: `minutes` must be a whole number, and '6.5' reads as a number"),
    ("minutes: 60", "minutes: 0", "5:59: `minutes` must be 1 or more"),
    ("minutes: 60", "minutes: 99999999999", "5:59: `minutes` must be 1,000,000 or less"),
    ("valid_months: 12", "valid_months: -1", "6:77: `valid_months` must be 1 or more"),
    ("lookback_months: 24", "lookback_months: 0", "19:22: `lookback_months` must be 1 or more"),
    ("version: 2", "version: 0", "17:14: `version` must be 1 or more"),
    ("version: 2", "version: true", "17:14: `version` must be a whole number, and 'true' reads as yes/no"),
    ("target: 0.8", "target: 0", "18:13: `target` must be more than 0"),
    ("target: 0.8", "target: 1.01", "18:13: `target` must be 1 or less"),
    ("target: 0.8", "target: .nan", "18:13: `target` must be a number"),
    ("target: 0.8", "target: 80%", "18:13: `target` must be a number, and '80%' reads as text"),
    ("target: 0.8", "target: true", "18:13: `target` must be a number, and 'true' reads as yes/no"),
    ("until: 2027-01-01", "until: 2027-02-30", "12:51: there is no day 2027-02-30"),
    ("until: 2027-01-01", "until: 01/02/2027", "12:51: must be a day, such as 2026-06-01"),
    ("until: 2027-01-01", "until: 20270101", "12:51: must be a day, such as 2026-06-01"),
    (
        "until: 2027-01-01",
        "until: 2027-01-01 12:00:00",
        "12:51: has a time of day, and only a day is wanted, such as 2026-06-01",
    ),
    ("https://example.org/week", "ftp://example.org", "10:10: `url` must be a web address"),
    ("https://example.org/week", "javascript:alert(1)", "10:10: `url` must be a web address"),
    ("https://example.org/week", '"https://["', "10:10: `url` must be a web address"),
    (
        "minutes: 60",
        "minutes: 60, ids: [1]",
        "5:69: entry 1 of `ids` must be text, and 1 reads as a number: put it in quotes",
    ),
    (
        "minutes: 60",
        "minutes: 60, slugs: a",
        "5:70: `slugs` must be a list: each entry on a line of its own after `- `",
    ),
    (
        "minutes: 60",
        "minutes: 60, language: no",
        "5:73: `language` must be text, and no reads as yes/no: put it in quotes",
    ),
]

KEYS_AND_CODES = [
    ("provider: TTF, minutes: 60", "minutes: 60", "5:5: `provider` is missing or empty: every course needs one"),
    ("provider: TTF, minutes: 60", "provider: ", "5:35: `provider` is missing or empty: every course needs one"),
    ("need: all, ", "", "23:9: `need` is missing or empty: every section needs one"),
    ("title: Basics", "title: Basics, title: B", "5:35: `title` stands here twice, first on line 5: take one out"),
    (
        "courses:\n  - {code: basics",
        "courses:\n  - {code: Basics",
        "5:12: 'Basics' is not a code: use lower-case letters",
    ),
    ("code: safety", "code: basics", "6:12: another course has the code basics already, on line 5"),
    ("code: research", "code: education", "3:12: another principle has the code education already, on line 2"),
    ("number: 2", "number: 4", "3:30: another principle has the number 4 already, on line 2"),
    (
        "principle: education",
        "principle: edukation",
        "16:16: no principle in this file has the code `edukation`: did you mean `education`?",
    ),
    (
        "[safety, basics]",
        "[safety, basic]",
        "23:52: no course in this file has the code `basic`: did you mean `basics`?",
    ),
    ("course: safety", "course: xyz", "12:18: no course in this file has the code `xyz`"),
    ("minutes: 60", "replaced_by: weak", "5:63: no course in this file has the code `weak`: did you mean `week`?"),
    ("minutes: 60", "replaced_by: basics", "5:63: a course cannot be replaced by itself"),
    ("[safety, basics]", "[safety, safety]", "23:52: `safety` is listed twice: take one out"),
    ("version: 2", "versoin: 2", "17:5: `versoin` is not a key of a path: did you mean `version`? Known are code, "),
    ("until: 2027", "thru: 2027", "12:44: `thru` is not a key of a `satisfies` entry; known are course, from, until"),
    ("paths:", "path:", "13:1: `path` is not a key of a curriculum: did you mean `paths`? Known are principles"),
    ("paths:", "? [paths]\n:", "13:3: a key must be one word"),
    ("title: Basics", "title: !shout Basics", "5:27: 'Basics' has a meaning of its own in YAML: put it in quotes"),
    ("[safety, basics]", "!!set {safety, basics}", "23:43: the tag '!!set' is not known here: take it out"),
    (
        "  - {code: research, number: 2, title: Research}",
        "  - research",
        "3:5: entry 2 of `principles` must hold `key: value` pairs",
    ),
]

RULES = [
    ("any: 1", "any: 3", "24:34: asks for 3 courses and lists 2"),
    ("any: 1", "any: 0", "24:34: `any` must be 1 or more"),
    ("minutes: 105", "minutes: 106", "25:42: asks for 106 minutes and lists courses of 105 in all"),
    ("minutes: 105", "minutes: 0", "25:42: `minutes` must be 1 or more"),
    ("need: all", "need: most", "23:29: `need` must be `all`, `{any: 2}`, "),
    ("{any: 1}", "{any: 1, minutes: 5}", "24:28: `need` must say one thing: `all`, `{any: 2}`, `{minutes: 120}` or"),
    ("[safety, basics]", "[]", "23:43: the list is empty: it needs at least one entry"),
    ("until: 2027-01-01", "until: 2026-01-01", "12:51: `until` must be a day after `from` (2026-01-01)"),
    ("grace: 2026-06-01", "grace: 2026-02-28", "21:21: grace ends before the version begins (2026-03-01)"),
    (
        "{grace: 2026-06-01}",
        "{grace: 2026-06-01, from: 2026-03-01}",
        "21:39: `from` stands in the path already: take one out",
    ),
    ("{grace: 2026-06-01}", "sometimes", "21:13: `change` must be `keep`, `require`, or `{grace: 2026-06-01}`"),
    (
        "{grace: 2026-06-01}",
        "{keep: true, require: true}",
        "21:13: `change` must say one thing: `keep`, `require`, or `{grace: 2026-06-01}`",
    ),
    ("{grace: 2026-06-01}", "{keep: false}", "21:20: `keep` must be `true`"),
    ("course: safety", "course: week", "12:18: a course cannot stand for itself: take it out"),
    (
        "valid_months: 12",
        "satisfies: [{course: week}]",
        "12:18: `safety` satisfies `week`, and `week` satisfies `safety`: that goes",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "expected"), KINDS_OF_VALUE + KEYS_AND_CODES + RULES)
def test_a_fault_is_told_with_its_place(right: str, wrong: str, expected: str) -> None:
    assert GOOD.count(right) >= 1
    assert any(fault.startswith(expected) for fault in faults_of(GOOD.replace(right, wrong, 1)))


@pytest.mark.parametrize(("right", "wrong", "expected"), KINDS_OF_VALUE + RULES)
def test_one_slip_is_one_fault(right: str, wrong: str, expected: str) -> None:
    (fault,) = faults_of(GOOD.replace(right, wrong, 1))
    assert fault.startswith(expected)


def test_a_path_needs_a_section() -> None:
    text = GOOD[: GOOD.index("    sections:")]
    assert faults_of(text) == ["14:5: `sections` is missing or empty: every path needs one"]
    assert faults_of(text + "    sections: []\n") == ["22:15: the list is empty: it needs at least one entry"]


def test_a_longer_circle_is_told_once_and_every_circle_is_told() -> None:
    course = "  - {{code: {}, title: T, provider: P, satisfies: [{{course: {}}}]}}\n"
    text = "courses:\n" + "".join(course.format(*pair) for pair in ("ab", "bc", "ca", "de", "ed"))
    assert faults_of(text) == [
        (
            "4:59: `a` satisfies `b`, and `b` satisfies `c`, and `c` satisfies `a`: that goes round in a circle; "
            "take one link out"
        ),
        "6:59: `d` satisfies `e`, and `e` satisfies `d`: that goes round in a circle; take one link out",
    ]


def test_a_chain_is_no_circle() -> None:
    course = "  - {{code: c{}, title: T, provider: P, satisfies: [{{course: c{}}}]}}\n"
    last = "  - {code: c1500, title: T, provider: P}\n"
    assert faults_of("courses:\n" + "".join(course.format(n, n + 1) for n in range(1500)) + last) == []


def test_every_fault_is_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        GOOD.replace("minutes: 60", "minutes: -1, replaced_by: nothing")
        .replace("version: 2", "version: two")
        .replace("any: 1", "any: 9")
        .replace("[safety, basics]", "[safety, ghost]")
    )
    places = [":".join(fault.split(":")[:2]) for fault in faults_of(text)]
    assert places == ["5:59", "5:76", "17:14", "23:52", "24:34"]


def test_a_fault_keeps_its_place_and_value_apart() -> None:
    with pytest.raises(CatalogueFaults) as refused:
        read_catalogue(GOOD.replace("version: 2", "version: 0"), "ours.yaml")
    assert refused.value.faults == (Fault(17, "14", "0", "`version` must be 1 or more"),)
    assert str(refused.value) == "ours.yaml:17:14: `version` must be 1 or more"


# --- No catalogue at all -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "1:1: the file is empty"),
        ("# only a comment\n", "1:1: the file is empty"),
        ("{}", "1:1: the file states nothing"),
        ("courses:\n", "1:1: the file states nothing"),
        ("- a\n- b\n", "1:1: the file must be a mapping"),
        ("just words", "1:1: the file must be a mapping"),
        ("courses: [", "1:11: this is not YAML"),
        ("courses:\n  - title: What: a question\n", "2:16: this is not YAML"),
        ("courses:\n\t- a\n", "2:1: this is not YAML"),
        ('courses: "never closed\n', "2:1: this is not YAML"),
        ('courses: "\\UFFFFFFFF"\n', "1:13: this is not YAML"),
        ("courses: []\n---\ncourses: []\n", "2:1: this is not YAML"),
        ("courses: []\npaths: \x00\n", "2:8: the character U+0000 cannot stand in text"),
        ("\x7fELF\x02\x01", "1:1: the character U+007F cannot stand in text"),
        ("PK\x03\x04", "1:3: the character U+0003 cannot stand in text"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "2:8: `*a` repeats another place: write the value out"),
        ("courses: &a [*a]\n", "1:14: `*a` repeats another place: write the value out"),
        ("[" * 5000, "1:21: nested too deeply"),
        ("\n".join(f"key-{n}: x" for n in range(501)), "1:1: 501 keys in one place, where there may be 500"),
        ("courses: []\n" + "#" * 300_000, "1:1: the file is longer than 300,000 characters"),
        ("courses: !!python/object/apply:os.system [ls]\n", "1:10: the tag"),
    ],
)
def test_what_is_no_catalogue_is_a_fault_and_never_a_traceback(text: str, place: str) -> None:
    assert faults_of(text)[0].startswith(place)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    assert read_catalogue("\ufeff" + GOOD.replace("\n", "\r\n")) == read_catalogue(GOOD)


# --- The worked example's curriculum -------------------------------------------------------------------------------

WORKED_EXAMPLE = """\
principles:
  - {code: education, number: 4, title: Education}
courses:
  - {code: what-is-generative-ai, title: "What Is Generative AI?", provider: LinkedIn Learning,
     url: "https://www.linkedin.com/learning/what-is-generative-ai", minutes: 63, language: en}
  - {code: ai-ethics, title: Ethics in the Age of Generative AI, provider: LinkedIn Learning, minutes: 52, language: en}
  - {code: prompt-engineering, title: Introduction to Prompt Engineering, provider: LinkedIn Learning,
     minutes: 44, language: en}
  - {code: firefly, title: Adobe Firefly Essential Training, provider: LinkedIn Learning, minutes: 228, language: en}
  - {code: copilot, title: Learning Microsoft Copilot, provider: LinkedIn Learning, minutes: 60, language: en}
  - code: ai-for-creatives
    title: AI for Creative Professionals
    provider: Training Trust Fund
    minutes: 240
    language: en
    satisfies:
      - {course: what-is-generative-ai, from: 2026-01-01}
  - {code: osha-10, title: OSHA 10 Entertainment, provider: Training Trust Fund, minutes: 600, language: en}
  - {code: fall-protection, title: Fall Protection, provider: Training Trust Fund,
     minutes: 240, language: en, valid_months: 12}
  - code: rigging-week
    title: Rigging Week
    provider: Training Trust Fund
    minutes: 2400
    language: en
    satisfies:
      - {course: fall-protection}
paths:
  - code: ai-fundamentals
    title: AI Fundamentals
    principle: education
    version: 1
    target: 0.8
    sections:
      - {title: Foundations, need: all, courses: [what-is-generative-ai, ai-ethics]}
      - {title: Pick two, need: {any: 2}, courses: [prompt-engineering, firefly, copilot]}
  - code: ai-hours
    title: Two hours of AI
    principle: education
    version: 1
    target: 0.5
    sections:
      - {title: Any two hours, need: {minutes: 120},
         courses: [what-is-generative-ai, ai-ethics, prompt-engineering, firefly, copilot]}
  - code: set-safety
    title: Set Safety
    principle: education
    version: 1
    target: 1.0
    sections:
      - {title: Safety, need: all, courses: [osha-10, fall-protection]}
"""


def test_the_worked_examples_curriculum_reads_as_written() -> None:
    catalogue = read_catalogue(WORKED_EXAMPLE)
    satisfies = {course.code: course.satisfies for course in catalogue.courses if course.satisfies}
    assert satisfies == {
        "ai-for-creatives": (Satisfies("what-is-generative-ai", date(2026, 1, 1)),),
        "rigging-week": (Satisfies("fall-protection"),),
    }
    assert [(path.code, path.version, path.target) for path in catalogue.paths] == [
        ("ai-fundamentals", 1, 0.8),
        ("ai-hours", 1, 0.5),
        ("set-safety", 1, 1.0),
    ]
    asked = [(section.need, section.number) for path in catalogue.paths for section in path.sections]
    assert asked == [(NeedKind.ALL, 0), (NeedKind.ANY, 2), (NeedKind.MINUTES, 120), (NeedKind.ALL, 0)]
