"""The house keeps its shape (docs/design.md section 5): rules that a reader would otherwise have to remember."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRACKER = ROOT / "tracker"
FILES = sorted(TRACKER.rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

DOORS = ("cli", "web", "api", "demonstration")
ROOMS = ("access", "intake", "operations", "coverage", "models", "curriculum", "language")  # from the top down

# What a door may take from beside it.
BESIDE = {
    "cli": {"demonstration", "create_app"},  # `tracker demo` makes a demonstration; a command runs inside the application
    "demonstration": set(),
    "web": set(),
    "api": set(),
}

# Files that may pass 400 lines, and why.
LONG = {"curriculum/strict_yaml.py": "one reader of one kind of file, which falls apart when split"}


def name_of(file: Path) -> str:
    return str(file.relative_to(TRACKER))


def imports(file: Path) -> Iterator[str]:
    """Every module a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "tracker":
            yield from (f"tracker.{each.name}" for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(file)}: imports are written out in full"
            yield node.module or ""


def calls(file: Path) -> Iterator[tuple[int, str]]:
    """The line and the last name of everything a file calls."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.lineno, node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node.lineno, node.func.id


def room_of(file: Path) -> str:
    return file.relative_to(TRACKER).parts[0]


def in_rooms(*rooms: str) -> list[Path]:
    return [file for file in FILES if room_of(file) in rooms]


def may_import(room: str, other: str) -> bool:
    """Whether a file of ``room`` may import from ``other``: its own room, one below; a door any room, never another door."""
    if room == other:
        return True
    if room == "__init__.py":
        return other in ("config", "models", *DOORS)  # `create_app` wires, and nothing else
    if room == "config":
        return False
    if room in DOORS:
        return other in ROOMS or other == "config" or other in BESIDE[room]
    return other in ROOMS and ROOMS.index(other) > ROOMS.index(room)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_arrows_point_down(file: Path) -> None:
    for module in imports(file):
        if module.split(".")[0] == "tracker" and module != "tracker":
            other = module.split(".")[1]
            assert may_import(room_of(file), other), f"{name_of(file)} imports {module}, which stands above or beside it"


def test_every_folder_is_a_room_or_a_door() -> None:
    folders = {room_of(file) for file in FILES} - {"__init__.py", "config"}
    assert folders <= {*DOORS, *ROOMS}


@pytest.mark.parametrize(
    ("room", "other"), [("models", "coverage"), ("coverage", "operations"), ("web", "cli"), ("access", "web")]
)
def test_an_arrow_that_points_up_or_sideways_is_seen(room: str, other: str) -> None:
    assert not may_import(room, other)


IMPURE = {"flask", "sqlalchemy", "os", "pathlib", "time", "io", "shutil", "subprocess", "socket", "urllib.request", "random"}


@pytest.mark.parametrize("file", in_rooms("curriculum"), ids=name_of)
def test_the_curriculum_is_pure(file: Path) -> None:
    for module in imports(file):
        assert module not in IMPURE
        assert module.split(".")[0] not in IMPURE
    for line, called in calls(file):
        assert called not in ("today", "now", "utcnow", "open"), f"{name_of(file)}:{line} looks outside"


@pytest.mark.parametrize("file", in_rooms("models"), ids=name_of)
def test_the_tables_do_not_know_the_web(file: Path) -> None:
    allowed = {"flask_sqlalchemy"} if file.name == "base.py" else set()
    found = {module.split(".")[0] for module in imports(file) if module.startswith(("flask", "werkzeug", "wtforms"))}
    assert found <= allowed


@pytest.mark.parametrize("file", [file for file in FILES if room_of(file) != "web"], ids=name_of)
def test_who_is_signed_in_is_known_in_the_web_alone(file: Path) -> None:
    tree = ast.walk(ast.parse(file.read_text()))
    names = {node.id for node in tree if isinstance(node, ast.Name)}
    assert "current_user" not in names
    assert "flask_login" not in set(imports(file))


@pytest.mark.parametrize("file", in_rooms(*ROOMS), ids=name_of)
def test_nothing_below_a_door_commits(file: Path) -> None:
    commits = [line for line, called in calls(file) if called == "commit"]
    if name_of(file) == "models/base.py":
        writing = next(
            node
            for node in ast.parse(file.read_text()).body
            if isinstance(node, ast.FunctionDef) and node.name == "one_transaction"
        )
        commits = [line for line in commits if not writing.lineno <= line <= (writing.end_lineno or 0)]
    assert commits == []


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_no_file_has_a_name_that_says_nothing(file: Path) -> None:
    for part in file.relative_to(TRACKER).with_suffix("").parts:
        assert part.rstrip("s") not in ("util", "helper", "manager", "service", "common", "misc")


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_no_file_is_too_long_to_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400 or name_of(file) in LONG


# --- Templates -----------------------------------------------------------------------------------------------------------


def path_of(template: Path) -> str:
    return str(template.relative_to(ROOT / "templates"))


PAGES = [each for each in TEMPLATES if not each.name.startswith("_") and each.name != "base.html"]


@pytest.mark.parametrize("template", PAGES, ids=path_of)
def test_every_page_stands_on_the_base_and_has_a_title(template: Path) -> None:
    text = template.read_text()
    base = re.search(r"""{%-?\s*extends\s+["']([^"']+)["']""", text)
    assert base is not None
    assert base[1] == "base.html" or Path(base[1]).name.startswith("_")
    inherited = (ROOT / "templates" / base[1]).read_text() if base[1] != "base.html" else ""
    assert re.search(r"{%-?\s*block\s+title\b", text + inherited)


@pytest.mark.parametrize("template", TEMPLATES, ids=path_of)
def test_no_template_holds_a_script_or_a_style(template: Path) -> None:
    """The pages' content policy lets neither run."""
    text = re.sub(r"{#.*?#}", "", template.read_text(), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text)
    for script in re.findall(r"<script\b[^>]*>", text):
        assert re.search(r"\ssrc\s*=", script), script


@pytest.mark.parametrize("template", TEMPLATES, ids=path_of)
def test_no_template_writes_an_id_that_is_none(template: Path) -> None:
    """HTML forbids it: a token without one comes from the macro `csrf`."""
    assert 'id=""' not in template.read_text()


@pytest.mark.parametrize("template", TEMPLATES, ids=path_of)
def test_no_template_trusts_text_blindly_or_asks_the_database(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\|\s*safe\b", text)
    assert not re.search(r"\b(session|query|execute)\s*\.?\(", text)
    assert "autoescape false" not in text


# --- What leaves this machine --------------------------------------------------------------------------------------------

# a path that exists on one machine only; spelled so that this file does not find itself
_MACHINE = re.compile(
    r"(?<![\w.:/<>-])/(?:" + "|".join(("wo" + "rk", "ro" + "ot", "ho" + r"me/\w+", "Us" + r"ers/\w+")) + r")/"
)


def git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git repository")
    return done.stdout


def test_no_file_names_a_place_on_one_machine() -> None:
    found = []
    for name in git("ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        file = ROOT / name
        if not file.is_file() or file.stat().st_size > 2_000_000:
            continue
        text = file.read_bytes()
        if b"\0" not in text and (match := _MACHINE.search(text.decode("utf-8", "replace"))):
            found.append(f"{name}: {match[0]}")
    assert found == []


def test_no_commit_names_a_place_on_one_machine() -> None:
    assert _MACHINE.search(git("log", "--format=%B")) is None
