"""The archive itself: each table as JSON and as CSV, the transcript, the files of evidence, and a page that explains it."""

from __future__ import annotations

import csv
import io
import json
import logging
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.archive.reading import Rows, Whose, counts_of
from tracker.coverage.archive.tables import GIVEN, LEFT_OUT
from tracker.coverage.classes import KIND as CLASS
from tracker.coverage.derivation import NothingApplied
from tracker.coverage.exports.text import safe_text
from tracker.coverage.openings import openings_page
from tracker.coverage.proofs import proof_pdf, provable_paths, statement_of
from tracker.coverage.rendering import NotRendered
from tracker.language import _, moment, ngettext, word
from tracker.models import Completion, Evidence, Member, ProofKind

_log = logging.getLogger(__name__)


@dataclass
class Packed:
    """What was put into an archive."""

    tables: dict[str, int] = field(default_factory=dict)  # rows by table
    files: int = 0  # of evidence
    lost: int = 0  # of evidence that is not on disk any more
    transcripts: int = 0
    without_transcripts: bool = False  # they could not be made now


def write_archive(
    session: Session,
    who: Whose,
    out: IO[bytes],
    *,
    today: date,
    now: datetime,
    zone: tzinfo,
    file_of: Callable[[str], Path],
) -> Packed:
    """Write everything kept about a member as a ZIP file, in the language that is spoken, a piece at a time.

    Args:
        zone: whose days the openings are told in.
        file_of: where the file of evidence of a SHA-256 lies.
    """
    packed = Packed(tables=counts_of(session, who))
    rows = Rows(session, who)
    stamp = now.astimezone(zone).timetuple()[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:

        def put(name: str, parts: Iterable[bytes], *, is_packed: bool = False) -> None:
            entry = zipfile.ZipInfo(name, (max(stamp[0], 1980), *stamp[1:]))
            entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w", force_zip64=True) as file:
                for part in parts:
                    file.write(part)

        for name, count in packed.tables.items():
            if count:
                put(f"data/{name}.json", _as_json(rows.of(name)))
                put(f"data/{name}.csv", _as_csv(rows.of(name)))
        put("data/opened.json", _as_json(_openings(session, who.member, zone)))
        put("data/opened.csv", _as_csv(_openings(session, who.member, zone)))
        for name, content in _transcripts(session, who.member, today, packed):
            put(name, [content])
        for name, path in _evidence(session, who, file_of):
            if path is None:
                packed.lost += 1
                continue
            entry = zipfile.ZipInfo(name, (max(stamp[0], 1980), *stamp[1:]))  # pictures and PDF are packed already
            entry.external_attr = 0o600 << 16
            with path.open("rb") as read, archive.open(entry, "w", force_zip64=True) as write:
                shutil.copyfileobj(read, write, 1 << 20)
            packed.files += 1
        put("README.txt", [_readme(who, packed, now, zone).encode("utf-8-sig")])
    return packed


def _as_json(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    before = "[\n"
    for row in rows:
        yield (before + json.dumps(row, ensure_ascii=False)).encode("utf-8", "replace")
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def _as_csv(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """For a spreadsheet: no text is taken for a formula."""
    is_first = True
    for row in rows:
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        if is_first:
            writer.writerow(row)
        writer.writerow([_cell(value) for value in row.values()])
        yield text.getvalue().encode("utf-8-sig" if is_first else "utf-8", "replace")
        is_first = False


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (dict, list)):
        return safe_text(json.dumps(value, ensure_ascii=False))
    return safe_text(str(value))


def _openings(session: Session, member: Member, zone: tzinfo) -> Iterator[dict[str, Any]]:
    before: int | None = None
    while True:
        page = openings_page(session, member.member_id, zone, before, 500)
        for line in page.rows:
            yield {"on": line.on.isoformat(), "who": line.who, "what": line.what, "reason": line.reason, "times": line.times}
        if page.next_key is None:
            return
        before = int(page.next_key)


def _transcripts(session: Session, member: Member, today: date, packed: Packed) -> Iterator[tuple[str, bytes]]:
    """The transcript and a statement of each complete path, as PDF. Where they cannot be made now, the rest is given."""
    try:
        asked: Sequence[tuple[str, ProofKind, int | None]] = [
            (_("transcript"), ProofKind.TRANSCRIPT, None),
            *((path.code, ProofKind.PATH, path.id) for path in provable_paths(session, member, today)),
        ]
        for name, kind, path_id in asked:
            yield f"transcript/{name}.pdf", proof_pdf(statement_of(session, member, kind, path_id, True, today))
            packed.transcripts += 1
    except (NothingApplied, NotRendered):
        _log.warning("an archive holds no transcript", exc_info=True)
        packed.without_transcripts = True


def _evidence(session: Session, who: Whose, file_of: Callable[[str], Path]) -> Iterator[tuple[str, Path | None]]:
    """Each file under its row's id; None where it is gone. A sign-in sheet names others, and stays out."""
    sheets = select(Completion.id).where(Completion.member_id.in_(who.member_ids), Completion.source == CLASS)
    wanted = select(Evidence.id, Evidence.sha256, Evidence.file_name).where(
        Evidence.member_id.in_(who.member_ids), Evidence.sha256.is_not(None), Evidence.completion_id.not_in(sheets)
    )
    for its_id, sha256, file_name in session.execute(wanted):
        path = file_of(sha256 or "")
        yield f"evidence/{its_id}-{_flat(file_name)}", path if path.is_file() else None


def _flat(name: str | None) -> str:
    """A name that is no path, on whichever system it is unpacked."""
    kept = "".join(each if each.isalnum() or each in "-_." else "-" for each in name or "").lstrip(".")
    return kept[-80:] or "file"


def _readme(who: Whose, packed: Packed, now: datetime, zone: tzinfo) -> str:
    lines = [
        _("Everything that the training tracker keeps about %(name)s", name=who.member.name),
        "",
        _("Made on %(when)s.", when=moment(now, zone)),
        "",
        _(
            "Each table stands in the folder “data” twice: as CSV, which spreadsheets open, and as JSON, for programs. "
            "Days are written as year, month, day; moments in UTC."
        ),
        _("Other people are told by their role alone. “you” in such a column is yourself."),
        "",
    ]
    lines += [
        "{}  ({})".format(word(given.words), ngettext("%(n)s row", "%(n)s rows", packed.tables[name]))
        + (f"\n    data/{name}.csv, data/{name}.json" if packed.tables[name] else "")
        for name, given in GIVEN.items()
    ]
    lines += [_("Who has opened your record") + "\n    data/opened.csv, data/opened.json", ""]
    if packed.transcripts:
        lines += [_("Your transcript, and a statement of each path you have complete, are in the folder “transcript”.")]
    if packed.without_transcripts:
        lines += [_("The transcript could not be made at this moment: take the archive again later, or make a statement.")]
    if packed.files:
        lines += [
            ngettext(
                "%(n)s file of evidence is in the folder “evidence”: its name begins with its id in data/evidence.csv.",
                "%(n)s files of evidence are in the folder “evidence”: each name begins with its id in data/evidence.csv.",
                packed.files,
            )
        ]
    if packed.lost:
        lines += [
            ngettext("%(n)s file of evidence is no longer kept.", "%(n)s files of evidence are no longer kept.", packed.lost)
        ]
    lines += ["", _("What is not in it, and why"), ""]
    lines.append(_("The sign-in sheets of classes: they name everyone who was there. Your local has them."))
    for reason in dict.fromkeys(LEFT_OUT.values()):
        lines.append(word(reason) + "\n    " + ", ".join(name for name, why in LEFT_OUT.items() if why == reason))
    lines += ["", _("If something in it is wrong, say so on your record: “something is wrong”."), ""]
    return "\r\n".join("\n".join(lines).split("\n"))
