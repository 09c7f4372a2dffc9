"""Files of evidence: checked by content and name, drawn anew, kept once, swept where nothing names them."""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image, PngImagePlugin
from sqlalchemy import select

from tests.operations.conftest import Desk
from tracker.models import AuditEntry, Completion, Evidence, Review, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.evidence import (
    LARGEST_FILE,
    Quota,
    StoredFile,
    Tally,
    attach_evidence,
    checking,
    evidence_folder,
    file_of,
    keep_file,
    sweep_evidence,
    sweep_tallies,
    touched,
)
from tracker.operations.evidence.attaching import MOST_OF_ONE
from tracker.operations.refused import Refused

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **extras: object) -> bytes:
    drawn = io.BytesIO()
    with Image.new("RGB", size, (200, 30, 30)) as image:
        image.save(drawn, kind, **extras)
    return drawn.getvalue()


def located_photo() -> bytes:
    """A phone's photo, held sideways, that says where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter to the right
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[2] = (34.0, 5.0, 53.0)
    return picture(exif=exif, comment=b"SecretComment")


def kept(folder: Path, content: bytes, name: str = "photo.jpg") -> StoredFile:
    return keep_file(folder, io.BytesIO(content), name)


def refusal(folder: Path, content: bytes, name: str) -> str:
    with pytest.raises(Refused) as refused:
        kept(folder, content, name)
    assert refused.value.field == "file"
    assert list(folder.glob("**/*.*")) == [], "nothing half written"
    return refused.value.code


def test_a_photo_keeps_its_picture_and_loses_where_it_was_taken(tmp_path: Path) -> None:
    stored = kept(tmp_path, located_photo() + b"<script>trailing</script>")
    content = file_of(tmp_path, stored.sha256).read_bytes()
    assert stored.media_type == "image/jpeg"
    assert stored.size == len(content)
    for secret in (b"Secret", b"Exif", b"script"):
        assert secret not in content
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (40, 60), "upright, as it was held"
        assert not image.getexif()


def test_a_screenshot_keeps_nothing_but_its_pixels(tmp_path: Path) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Secret name")
    stored = kept(tmp_path, picture("PNG", pnginfo=texts) + b"PK trailing", "Screenshot.PNG")
    content = file_of(tmp_path, stored.sha256).read_bytes()
    assert stored.media_type == "image/png"
    assert b"Secret" not in content
    assert content.endswith(b"IEND\xaeB`\x82")


def test_a_webp_photo_becomes_a_jpeg(tmp_path: Path) -> None:
    stored = kept(tmp_path, picture("WEBP"), "photo.webp")
    assert (stored.media_type, stored.file_name[-4:]) == ("image/jpeg", ".jpg")
    assert file_of(tmp_path, stored.sha256).read_bytes().startswith(b"\xff\xd8")


def test_a_pdf_is_kept_as_it_came(tmp_path: Path) -> None:
    stored = kept(tmp_path, PDF, "certificate.pdf")
    assert file_of(tmp_path, stored.sha256).read_bytes() == PDF


def test_a_large_photo_is_made_small_enough_to_keep(tmp_path: Path) -> None:
    stored = kept(tmp_path, picture(size=(8_000, 6_000)))
    with Image.open(file_of(tmp_path, stored.sha256)) as image:
        assert max(image.size) == 3_000


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.jpg", "a\0.php\0.jpg", "\u202egpj.jpg", "C:\\x\\y.JPG", "x" * 300 + ".jpg"]
)
def test_a_name_that_tricks_names_nothing(tmp_path: Path, name: str) -> None:
    stored = kept(tmp_path, picture(), name)
    assert re.fullmatch(r"evidence-[0-9a-f]{8}\.jpg", stored.file_name)
    [file] = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert file == tmp_path / stored.sha256[:2] / stored.sha256
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_same_file_is_kept_once(tmp_path: Path) -> None:
    assert kept(tmp_path, picture()) == kept(tmp_path, picture(), "other.jpeg")
    assert len([each for each in tmp_path.rglob("*") if each.is_file()]) == 1


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "photo.jpg", "evidence_empty"),
        (b"<html><script>alert(1)</script></html>", "photo.jpg", "evidence_kind"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "logo.svg", "evidence_kind"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "logo.png", "evidence_kind"),
        (b"\0" * 500, "photo.jpg", "evidence_kind"),
        (b"MZ" + b"\0" * 500, "photo.jpg", "evidence_kind"),
        (b"PK\x03\x04" + b"\0" * 500, "photo.pdf", "evidence_kind"),
        (picture("GIF"), "photo.gif", "evidence_kind"),
        (picture(), "photo.html", "evidence_mismatch"),
        (picture(), "photo.pdf", "evidence_mismatch"),
        (picture("PNG"), "photo.jpg", "evidence_mismatch"),
        (picture(), "photo", "evidence_mismatch"),
        (PDF, "certificate.jpg", "evidence_mismatch"),
        (picture()[:200], "photo.jpg", "evidence_broken"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, "photo.jpg", "evidence_broken"),
        (PDF[:40], "certificate.pdf", "evidence_broken"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\0" * 99, "IMG_0001.HEIC", "evidence_heic"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\0" * 99, "IMG_0001.jpg", "evidence_heic"),
    ],
)
def test_what_is_not_what_it_seems_is_refused_in_words(tmp_path: Path, content: bytes, name: str, code: str) -> None:
    assert refusal(tmp_path, content, name) == code


def test_what_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0, "never the whole of it"
            self.asked += size
            return b"\xff" * size

    stream = Endless()
    with pytest.raises(Refused) as refused:
        keep_file(tmp_path, stream, "photo.jpg")  # type: ignore[arg-type]
    assert refused.value.code == "evidence_too_large"
    assert stream.asked == LARGEST_FILE + 1


def png_of(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG that says how large it is, and holds whatever else."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunk(*each) for each in chunks) + chunk(b"IEND", b"")


def test_bombs_are_known_before_they_are_unpacked(tmp_path: Path) -> None:
    rows = zlib.compress(b"\0" * 30_000_000, 9)
    for side in (6_000, 10_000, 60_000):
        assert refusal(tmp_path, png_of(side, side, (b"IDAT", rows)), "flood.png") == "evidence_pixels", side
    text = (b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 200_000_000, 9))
    assert refusal(tmp_path, png_of(10, 10, text), "text.png") == "evidence_broken"
    scans = picture(progressive=True)
    at = scans.rindex(b"\xff\xda")
    assert refusal(tmp_path, scans[:at] + scans[at:-2] * 50 + scans[-2:], "scans.jpg") == "evidence_broken"


def test_a_disk_that_takes_nothing_is_said_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    folder.write_text("a file where the folder should be")
    with pytest.raises(Refused) as refused:
        kept(folder, picture())
    assert refused.value.code == "evidence_not_kept"


def test_only_a_hash_names_a_file(tmp_path: Path) -> None:
    for trick in ("../" * 21 + "a", "a" * 63, "A" * 64, "a" * 64 + "\n", ""):
        with pytest.raises(ValueError, match="no hash"):
            file_of(tmp_path, trick)


def test_evidence_of_many_completions_is_one_file_with_a_row_each(app: Flask, completions: list[tuple[int, int]]) -> None:
    with app.app_context(), writing() as session:
        folder = evidence_folder(app.config["SETTINGS"].instance)
        stored = kept(folder, picture())
        member = completions[0][0]
        its_own = [each for whose, each in completions if whose == member]
        now = datetime.now(UTC)
        attach_evidence(
            session,
            member,
            its_own,
            file=stored,
            url="https://example.org/1",
            review=Review.ACCEPTED,
            actor=OPERATOR,
            now=now,
        )
        rows = session.scalars(select(Evidence).where(Evidence.sha256 == stored.sha256)).all()
        assert {row.completion_id for row in rows} == set(its_own)
        assert {(row.file_name, row.size, row.review) for row in rows} == {(stored.file_name, stored.size, Review.ACCEPTED)}
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "attach_evidence")).all()
        assert {entry.object_id for entry in entries} == set(its_own)
        with pytest.raises(Refused) as refused:
            attach_evidence(session, member, its_own, review=Review.WAITING, actor=OPERATOR, now=now)
        assert refused.value.code == "evidence_missing"


def test_only_what_no_row_names_and_nobody_touched_is_swept(app: Flask, completions: list[tuple[int, int]]) -> None:
    with app.app_context():
        folder = evidence_folder(app.config["SETTINGS"].instance)
        named, orphan, fresh = (kept(folder, picture(size=(each, 9))) for each in (11, 12, 13))
        with writing() as session:
            (member, completion), *_ = completions
            now = datetime.now(UTC)
            attach_evidence(session, member, [completion], file=named, review=Review.WAITING, actor=OPERATOR, now=now)
        long_ago = (datetime.now(UTC) - timedelta(days=3)).timestamp()
        for each in (named, orphan):
            os.utime(file_of(folder, each.sha256), (long_ago, long_ago))
        gone = sweep_evidence(db.session(), folder, datetime.now(UTC) - timedelta(days=1))
        assert gone == [orphan.sha256]
        assert file_of(folder, named.sha256).exists()
        assert file_of(folder, fresh.sha256).exists(), "its form may still be on its way"
        kept(folder, picture(size=(11, 9)))  # touched anew
        assert sweep_evidence(db.session(), folder, datetime.now(UTC) + timedelta(days=1)) == [fresh.sha256]


@pytest.fixture
def completions(app: Flask, with_ana: Desk) -> list[tuple[int, int]]:
    """(member, completion) of the two that Ana logged."""
    with_ana.log("0001", "ai-ethics", date(2026, 2, 1))
    with_ana.log("0001", "copilot", date(2026, 2, 2))
    with app.app_context():
        return [(each.member_id, each.id) for each in db.session.scalars(select(Completion).order_by(Completion.id))]


def test_a_file_that_is_sent_again_by_its_note_is_kept_anew(tmp_path: Path) -> None:
    """Else a sweep that has begun takes it while its row is being written."""
    stored = kept(tmp_path, picture())
    file = file_of(tmp_path, stored.sha256)
    os.utime(file, (1.0, 1.0))
    assert touched(tmp_path, stored.sha256)
    assert file.stat().st_mtime > datetime.now(UTC).timestamp() - 3_600
    assert not touched(tmp_path, "0" * 64)
    assert not touched(tmp_path / "none", "0" * 64)


def counted(folder: Path, tally: Tally, content: bytes) -> str:
    """What became of a file that is counted."""
    try:
        return keep_file(folder / "evidence", io.BytesIO(content), "certificate.pdf", tally).sha256
    except Refused as refused:
        return refused.code


def test_a_person_keeps_so_many_files_within_a_day(tmp_path: Path) -> None:
    tally = Tally(tmp_path / "tally", 7, Quota(2, 10_000))
    files = [PDF.replace(b"startxref", b"startxref " + str(each).encode()) for each in range(4)]
    first, second = (counted(tmp_path, tally, each) for each in files[:2])
    assert file_of(tmp_path / "evidence", second).exists()
    assert counted(tmp_path, tally, files[2]) == "evidence_quota"
    assert len([each for each in (tmp_path / "evidence").rglob("*") if each.is_file()]) == 2, "nothing more is kept"
    assert counted(tmp_path, Tally(tally.folder, 8, tally.most), files[2]) != "evidence_quota", "it is each one's own"
    place = tally.folder / "7"
    lines = place.read_text().splitlines()
    place.write_text(f"{datetime.now(UTC).timestamp() - 86_500} {lines[0].split(' ', 1)[1]}\n{lines[1]}\n")
    assert counted(tmp_path, tally, files[3]) not in (first, second, "evidence_quota"), "a day later there is room again"


def test_a_person_keeps_so_much_within_a_day_and_the_same_once(tmp_path: Path) -> None:
    tally = Tally(tmp_path / "tally", 7, Quota(9, 2 * len(PDF)))
    other = PDF.replace(b"startxref", b"startxreg")
    assert counted(tmp_path, tally, PDF) == counted(tmp_path, tally, PDF), "a form sent again keeps nothing more"
    assert counted(tmp_path, tally, other) != "evidence_quota"
    assert counted(tmp_path, tally, other + b" %%EOF") == "evidence_quota"


def test_a_tally_that_counts_nothing_any_more_is_swept(tmp_path: Path) -> None:
    for user_id in (7, 8):
        counted(tmp_path, Tally(tmp_path / "tally", user_id, Quota(9, 10_000)), PDF)
    for name in ("7", "7.lock"):
        os.utime(tmp_path / "tally" / name, (1.0, 1.0))
    sweep_tallies(tmp_path / "tally")
    assert {each.name for each in (tmp_path / "tally").iterdir()} == {"8", "8.lock"}
    sweep_tallies(tmp_path / "none")


def test_so_much_evidence_stands_behind_one_completion(app: Flask, completions: list[tuple[int, int]]) -> None:
    member, completion = completions[0]

    def attach(url: str) -> None:
        with app.app_context(), writing() as session:
            attach_evidence(
                session, member, [completion], url=url, review=Review.WAITING, actor=OPERATOR, now=datetime.now(UTC)
            )

    for each in range(MOST_OF_ONE):
        attach(f"https://example.org/{each}")
    with pytest.raises(Refused) as refused:
        attach("https://example.org/more")
    assert refused.value.code == "too_much_evidence"
    with app.app_context():
        assert len(db.session.scalars(select(Evidence).where(Evidence.completion_id == completion)).all()) == MOST_OF_ONE


def test_nobody_waits_long_for_a_photo_to_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_LONGEST_WAIT", 0.01)
    with checking._one_at_a_time:
        assert refusal(tmp_path, picture(), "photo.jpg") == "evidence_busy"
        assert kept(tmp_path, PDF, "certificate.pdf"), "nothing of it is drawn"
    assert kept(tmp_path, picture())
