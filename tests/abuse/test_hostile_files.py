"""Abuse 7, 9 and 10: files made to hurt. Each is read or refused in words, within bounds of memory and of work."""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from tests.intake.test_tables_books import SHEET, archive, sheet_of, small_spreadsheet, small_workbook, tampered
from tests.operations.test_evidence import PDF, png_of
from tracker.operations.evidence import file_of, keep_file
from tracker.operations.refused import Refused

MOST_MEMORY = 300 << 20  # bytes more than before
MOST_WORK = 60  # seconds of the processor's, after which the system ends it: a generous end to what hangs

ROSTER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on\n"
ROW = "1,Ana,Example,ana@example.org,80,grip,active,member,2020-01-01,\n"


# --- Tables --------------------------------------------------------------------------------------------------------------


class Hostile(NamedTuple):
    """A file, and what must be in the words about it; "" where it can be read."""

    name: str
    make: Callable[[], bytes]
    told: str


def nested_zip() -> bytes:
    inner = archive({"a.csv": b"0" * 10_000_000})
    return archive({f"{each}.zip": inner for each in range(100)})


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{each} "{f"&l{each - 1};" * 10}">' for each in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{entities}]>'.encode()
    return tampered(small_workbook(), SHEET, lambda xml: head + re.sub(rb"^<\?xml[^>]*>", b"", xml).replace(b"80", b"&l9;"))


def outside(address: str) -> bytes:
    """A sheet that asks for a file or an address from outside."""
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY out SYSTEM "{address}">]>'.encode()
    return tampered(small_workbook(), SHEET, lambda xml: head + re.sub(rb"^<\?xml[^>]*>", b"", xml).replace(b"80", b"&out;"))


def bomb(size: int) -> bytes:
    return tampered(small_workbook(), SHEET, lambda xml: xml + b" " * size)


def overlapping() -> bytes:
    """Thousands of entries of the list that all name one and the same packed piece."""
    packed = io.BytesIO(small_workbook())
    with zipfile.ZipFile(packed) as book:
        listed = book.infolist()
    whole, out = packed.getvalue(), io.BytesIO()
    start = whole.index(b"PK\x01\x02")
    entry = whole[start : start + 46 + len(listed[0].filename)]
    out.write(whole[:start] + entry * 20_000)
    end = out.tell()
    out.write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 20_000, 20_000, end - start, start, 0))
    return out.getvalue()


def flooded_sheet() -> bytes:
    return sheet_of(
        "".join(f'<row r="{row}"><c r="A{row}"/><c r="XFD{row}"><v>1</v></c></row>' for row in range(1, 1_048_577, 200))
    )


TABLES = [
    Hostile("a zip bomb", lambda: bomb(100 << 20), "when unpacked"),
    Hostile("zips in a zip", nested_zip, "is a ZIP archive"),
    Hostile("a list of one piece, often", overlapping, "parts"),
    Hostile("a billion laughs", laughs, "damaged"),
    Hostile("a file from outside", lambda: outside("file:///etc/passwd"), "damaged"),
    Hostile("an address from outside", lambda: outside("http://127.0.0.1:9/x"), "damaged"),
    Hostile("an ODS bomb", lambda: tampered(small_spreadsheet(), "content.xml", lambda xml: xml + b" " * (100 << 20)), ""),
    Hostile("a million columns", lambda: b",".join(b"c%d" % each for each in range(1_000_000)) + b"\n", "longer than"),
    Hostile("a million columns below", lambda: ROSTER.encode() + b"1," * 1_000_000, ""),
    Hostile(
        "a cell far to the right and down", lambda: sheet_of('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), ""
    ),
    Hostile("cells far to the right of many rows", flooded_sheet, "no headings"),
    Hostile("a cell of 10 MB", lambda: (ROSTER + ROW.replace("Ana", "A" * (10 << 20))).encode(), "characters"),
    Hostile(
        "a cell of 10 MB in quotes", lambda: (ROSTER + ROW.replace("Ana", f'"{"A," * (5 << 20)}"')).encode(), "characters"
    ),
    Hostile("a quote without end", lambda: (ROSTER + '"' + ROW * 300_000).encode(), ""),
    Hostile("NULs alone", lambda: b"\0" * (20 << 20), ""),
    Hostile("a NUL in a cell", lambda: (ROSTER + ROW.replace("Ana", "A\0na")).encode(), "NUL"),
    Hostile("half of UTF-16", lambda: (ROSTER + ROW).encode("utf-16")[:-1], ""),
    Hostile("bytes of no encoding", lambda: ROSTER.encode() + bytes(range(128, 256)) * 10_000, ""),
    Hostile("line ends alone", lambda: b"\n" * (20 << 20), "empty"),
    Hostile("separators alone", lambda: b",;\t|" * (5 << 20), ""),
    Hostile("headings twice", lambda: (ROSTER.replace("last_name", "local") + ROW).encode(), ""),
    Hostile("a picture that calls itself a table", lambda: png_of(10, 10), "PNG"),
]

# Has everything loaded, and looks at each file in a process of its own: says what came of it, and by how much it grew.
LOOKER = """
import json, os, resource, sys
from PIL import Image
from tracker.curriculum.catalogue import CatalogueFaults, read_catalogue
from tracker.intake.tables import read_table
from tracker.operations.evidence.checking import check_file
from tracker.operations.refused import Refused
from tracker.operations.rows import RowFaults

def table(stream, name):
    faults = []
    for row in read_table(stream, name).rows:
        if isinstance(row, RowFaults):
            faults += [str(each) for each in row.faults[:5]]
    return ' '.join(faults[:5])

def evidence(stream, name):
    check_file(stream, name)
    return 'kept'

def catalogue(stream, name):
    try:
        read_catalogue(stream.read().decode(), name)
    except CatalogueFaults as broken:
        return ' '.join(broken.lines()[:5])
    return ''

def peak():
    with open('/proc/self/status') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('VmHWM')) * 1024

for asked in iter(sys.stdin.readline, ''):
    look, file, name, seconds = json.loads(asked)
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        before = peak()
        try:
            with open(file, 'rb') as stream:
                said = globals()[look](stream, name)
        except Refused as refused:
            said = ' '.join([refused.code, refused.message, *map(str, refused.faults[:5])])
        print(json.dumps([peak() - before, said[:2000]]), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print(json.dumps([0, 'it died']), flush=True)
"""


class Looker:
    """Looks at files in processes that may die of them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", LOOKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def look(self, how: str, file: Path, name: str) -> tuple[int, str]:
        """By how many bytes a process grew over a file, and what it said."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([how, str(file), name, MOST_WORK]), file=self._process.stdin, flush=True)
        grown, said = json.loads(self._process.stdout.readline())
        return grown, said

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def looker() -> Iterator[Looker]:
    made = Looker()
    yield made
    made.end()


@pytest.mark.parametrize("hostile", TABLES, ids=lambda each: each.name)
def test_abuse_10_a_hostile_table_is_told_in_words_and_takes_little(
    hostile: Hostile, looker: Looker, tmp_path: Path
) -> None:
    assert "root:" not in told_in_words("table", "roster.dat", hostile, looker, tmp_path)


def told_in_words(kind: str, name: str, hostile: Hostile, looker: Looker, folder: Path) -> str:
    """What is said of a hostile file, which must be what was to be told, for little memory."""
    file = folder / name
    file.write_bytes(hostile.make())
    grown, said = looker.look(kind, file, file.name)
    assert said != "it died"
    assert grown < MOST_MEMORY
    assert hostile.told in said
    return said


# Each as long as a catalogue may be.
CATALOGUES = [
    Hostile("values in one list", lambda: b"courses: [" + b"1," * 149_990 + b"1]", "more than 50,000 values"),
    Hostile("lists in one list", lambda: b"courses: [" + b"[]," * 99_990 + b"1]", "more than 50,000 values"),
    Hostile("a key on each line", lambda: b"".join(b"k%d: 1\n" % each for each in range(30_000)), "more than 50,000 values"),
    Hostile("one key on each line", lambda: b"a: 1\n" * 60_000, "more than 50,000 values"),
    Hostile("anchors", lambda: b"a: [" + b",".join(b"&a%d 1" % each for each in range(27_000)) + b"]", ""),
    Hostile("days", lambda: b"courses: [" + b"2026-01-01," * 27_000 + b"1]", "must hold"),
    Hostile("two million characters", lambda: b"courses: [" + b"1," * 999_990 + b"1]", "longer than 300,000 characters"),
]


@pytest.mark.parametrize("hostile", CATALOGUES, ids=lambda each: each.name)
def test_abuse_10_a_hostile_catalogue_is_told_in_words_and_takes_little(
    hostile: Hostile, looker: Looker, tmp_path: Path
) -> None:
    told_in_words("catalogue", "courses.yaml", hostile, looker, tmp_path)


# --- Evidence ------------------------------------------------------------------------------------------------------------


def kept(folder: Path, content: bytes, name: str = "photo.jpg") -> bytes:
    """What is kept of a file."""
    return file_of(folder, keep_file(folder, io.BytesIO(content), name).sha256).read_bytes()


def refusal(folder: Path, content: bytes, name: str) -> Refused:
    with pytest.raises(Refused) as refused:
        keep_file(folder, io.BytesIO(content), name)
    assert [each for each in folder.rglob("*") if each.is_file()] == []
    return refused.value


def telling_picture(kind: str) -> bytes:
    """A picture that says where and by whom it was taken in every way its kind knows."""
    exif = Image.Exif()
    exif[0x013B] = "PlantedArtist"
    exif[0x9286] = "PlantedUserComment"
    exif[0x8825] = {1: "N", 2: (34.0, 5.0, 53.0), 3: "W", 4: (118.0, 14.0, 37.0), 0x1B: b"PlantedGps"}
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><Planted>PlantedXmp</Planted></x:xmpmeta>'
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + b"PlantedProfile"
    drawn = io.BytesIO()
    with Image.new("RGB", (64, 48), (200, 30, 30)) as picture:
        if kind == "PNG":
            texts = PngImagePlugin.PngInfo()
            texts.add_text("Comment", "PlantedText")
            texts.add_text("Comment", "PlantedPackedText", zip=True)
            texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
            picture.save(drawn, kind, pnginfo=texts, exif=exif, icc_profile=profile)
        elif kind == "JPEG":
            thumbnail = io.BytesIO()
            picture.save(thumbnail, "JPEG", comment=b"PlantedThumbnail")
            picture.save(drawn, kind, exif=exif, xmp=xmp, icc_profile=profile, comment=b"PlantedComment")
            iptc = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", 16) + b"\x1c\x02\x78\0\x0bPlantedIptc"
            return with_segments(drawn.getvalue(), (0xED, iptc), (0xE2, b"MPF\0" + thumbnail.getvalue()))
        else:
            picture.save(drawn, kind, exif=exif, xmp=xmp, icc_profile=profile)
    return drawn.getvalue()


def with_segments(jpeg: bytes, *segments: tuple[int, bytes]) -> bytes:
    more = b"".join(struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments)
    return jpeg[:2] + more + jpeg[2:]


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "photo.jpg"), ("PNG", "screenshot.png"), ("WEBP", "photo.webp"), ("AVIF", "photo.avif")]
)
def test_abuse_7_a_picture_keeps_nothing_but_its_pixels(kind: str, name: str, tmp_path: Path) -> None:
    content = telling_picture(kind)
    assert b"Planted" in content
    found = kept(tmp_path, content + b"<script>PlantedBehind</script>", name)
    for secret in (
        b"Planted",
        b"Exif",
        b"xmpmeta",
        b"8BIM",
        b"ICC_PROFILE",
        b"iCCP",
        b"tEXt",
        b"zTXt",
        b"iTXt",
        b"eXIf",
        b"MPF",
    ):
        assert secret not in found, secret
    with Image.open(io.BytesIO(found)) as picture:
        assert picture.size == (64, 48)
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def polyglots() -> Iterator[tuple[str, bytes, str]]:
    jpeg = telling_picture("JPEG")
    html = b"<html><body><script>alert(document.cookie)</script></body></html>"
    yield "a web page before a PDF", html + PDF, "evidence.pdf"
    yield "a PDF called a web page", PDF, "evidence.html"
    yield "a GIF that is a script", b"GIF89a/*" + b"\0" * 100 + b"*/=1;alert(1)//;", "photo.gif"
    yield "a GIF that calls itself a photo", b"GIF89a/*" + b"\0" * 100 + b"*/=1;alert(1)//;", "photo.jpg"
    yield "a photo called a page", jpeg, "photo.jpg.html"
    yield "a page called a photo", html, "page.html.jpg"
    yield "a drawing", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "logo.svg"
    yield "a drawing called a photo", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "logo.svg.png"
    yield "a program", b"\x7fELF" + b"\0" * 300, "photo.jpg"
    yield "a workbook called a PDF", small_workbook(), "certificate.pdf"
    yield "a name with nothing behind its dot", jpeg, "photo.jpg."
    yield "a name that a NUL ends", jpeg, "photo.html\0.jpg.php"
    yield "a name that reads backwards", jpeg, "\u202egpj.lmth"


@pytest.mark.parametrize(
    ("what", "content", "name"), list(polyglots()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_abuse_7_what_is_two_things_at_once_is_refused(what: str, content: bytes, name: str, tmp_path: Path) -> None:
    refused = refusal(tmp_path, content, name)
    assert refused.code in ("evidence_kind", "evidence_mismatch", "evidence_broken")
    assert refused.message.endswith(".")


def test_abuse_7_a_photo_that_is_an_archive_as_well_is_a_photo_afterwards(tmp_path: Path) -> None:
    found = kept(tmp_path, telling_picture("JPEG") + archive({"index.html": b"<script>"}))
    assert b"PK\x03\x04" not in found


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/cron.d/x.jpg",
        "..\\..\\windows\\x.jpg",
        "a\r\nSet-Cookie: x=1\r\n.jpg",
        "a\0b.jpg",
        "\u202egpj.exe.jpg",
        "x" * 300 + ".jpg",
        "CON.jpg",
        "-rf *.jpg",
        "%2e%2e%2fx.jpg",
        "é" * 150 + ".JPG",
    ],
)
def test_abuse_9_a_name_decides_nothing_but_its_ending(name: str, tmp_path: Path) -> None:
    stored = keep_file(tmp_path, io.BytesIO(telling_picture("JPEG")), name)
    assert re.fullmatch(r"evidence-[0-9a-f]{8}\.jpg", stored.file_name)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [file_of(tmp_path, stored.sha256)]


def plain(kind: str, side: int, **said: int) -> bytes:
    drawn = io.BytesIO()
    with Image.new("RGB", (side, side), (1, 2, 3)) as picture:
        picture.save(drawn, kind, **said)
    return drawn.getvalue()


def with_scans(jpeg: bytes, count: int) -> bytes:
    """A progressive picture whose last scan comes so often that it has so many."""
    at = jpeg.rindex(b"\xff\xda")
    return jpeg[:at] + jpeg[at:-2] * (count - jpeg.count(b"\xff\xda") + 1) + jpeg[-2:]


def pixel_flood(side: int) -> bytes:
    return png_of(side, side, (b"IDAT", zlib.compress(b"\0" * 50_000_000, 1)))


@pytest.mark.parametrize(
    ("name", "make", "ends"),
    [
        ("flood.png", lambda: pixel_flood(60_000), "evidence_pixels"),
        ("flood.png", lambda: pixel_flood(5_001), "evidence_pixels"),
        ("lies.png", lambda: pixel_flood(4_000), "kept"),
        (
            "text.png",
            lambda: png_of(9, 9, (b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * (200 << 20), 1))),
            "evidence_broken",
        ),
        (
            "text.png",
            lambda: png_of(9, 9, (b"iCCP", b"Profile\0\0" + zlib.compress(b"a" * (200 << 20), 1))),
            "evidence_broken",
        ),
        ("wide.png", lambda: png_of(2**31 - 1, 1), "evidence_pixels"),
        ("flood.jpg", lambda: plain("JPEG", 10_001), "evidence_pixels"),
        ("flood.jpg", lambda: plain("JPEG", 8_001, progressive=True), "evidence_pixels"),
        ("large.jpg", lambda: plain("JPEG", 7_999, progressive=True), "kept"),
        ("scans.jpg", lambda: with_scans(plain("JPEG", 7_999, progressive=True), 13), "evidence_pixels"),
        ("scans.jpg", lambda: with_scans(plain("JPEG", 4_000, progressive=True), 40), "kept"),
        ("scans.jpg", lambda: with_scans(plain("JPEG", 9, progressive=True), 41), "evidence_broken"),
        ("film.jpg", lambda: plain("JPEG", 9) + b"\xff\xda\x00\x02" * 100, "kept"),
        ("pieces.jpg", lambda: with_segments(plain("JPEG", 9), *[(0xFE, b"")] * 2_000_000), "evidence_broken"),
        ("pieces.jpg", lambda: b"\xff\xd8" + b"\xff" * 9_000_000 + plain("JPEG", 9)[2:], "evidence_broken"),
        ("pieces.png", lambda: png_of(9, 9, *[(b"abCd", b"")] * 500_000), "evidence_broken"),
        ("large.png", lambda: plain("PNG", 4_999, compress_level=1), "kept"),
        ("large.webp", lambda: plain("WEBP", 4_000, lossless=True, quality=0, method=0), "kept"),
        ("flood.webp", lambda: plain("WEBP", 4_001, lossless=True, quality=0, method=0), "evidence_pixels"),
    ],
)
def test_abuse_10_a_flood_of_pixels_is_known_before_it_is_drawn(
    name: str, make: Callable[[], bytes], ends: str, looker: Looker, tmp_path: Path
) -> None:
    file = tmp_path / "upload"
    file.write_bytes(make())
    grown, said = looker.look("evidence", file, name)
    assert grown < MOST_MEMORY
    assert said.split()[0] == ends
