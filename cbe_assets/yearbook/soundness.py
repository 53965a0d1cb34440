"""Whether a workbook is whole, open, of believable size and a workbook at all, found out before calamine reads it.

calamine panics on some cut-off files, takes no notice of a zip entry's checksum, and lays a sheet out as a full
rectangle: one stray cell at XFD1048576 asks for 400 GB and ends the process.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator

from cbe_assets.faults import Fault, fault

MAX_UNPACKED = 200 * 2**20
"""A workbook that unpacks to more bytes than this is refused unread."""
MAX_CELLS = 4_000_000
"""A sheet whose cells span a larger rectangle than this is refused unread."""
OLE = b"\xd0\xcf\x11\xe0"
ZIP = b"PK"

_REFERENCE = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_REPEATED = re.compile(rb'<table:table-(row|cell)[^>]*?-repeated="(\d+)"[^>]*>')
_SECTOR_END = 0xFFFFFFFA
"""Sector numbers from here on mean: none, end of chain."""
# BIFF records that hold a value: NUMBER, RK, LABELSST, LABEL, RSTRING, BOOLERR, FORMULA (one column); MULRK (several).
_VALUES = {0x0203, 0x027E, 0x00FD, 0x0204, 0x00D6, 0x0205, 0x0006, 0x00BD}
_BOF, _FILEPASS, _DIMENSIONS = {0x0009, 0x0209, 0x0409, 0x0809}, 0x002F, 0x0200


class _Damaged(ValueError):
    """The container's own structure points outside the file."""


def check(data: bytes, *, file: str) -> Fault | None:
    """What keeps a workbook (it begins with `OLE` or `ZIP`) from being read; None if nothing does."""
    try:
        facts = _check_zip(data) if data.startswith(ZIP) else _check_ole(data)
    except (_Damaged, zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, struct.error) as error:
        return fault("workbook_damaged", file=file, found=str(error) or type(error).__name__)
    if facts is None:
        return None
    message, found, expected = facts
    return fault(message, file=file, found=found, expected=expected)


def _check_zip(data: bytes) -> tuple[str, object, object] | None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        size = sum(entry.file_size for entry in entries)
        if size > MAX_UNPACKED:
            return "workbook_too_large", f"{size // 2**20} MiB", f"{MAX_UNPACKED // 2**20} MiB"
        if any(entry.flag_bits & 1 for entry in entries):
            return "workbook_encrypted", "", ""
        names = [entry.filename for entry in entries]
        mimetype = archive.read("mimetype")[:80] if "mimetype" in names else b""
        if not any(name.startswith("xl/") for name in names) and b"spreadsheet" not in mimetype:
            return "file_not_a_table", _kind_of_zip(names), ""
        if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            return "workbook_encrypted", "", ""
        for entry in entries:
            content = archive.read(entry)
            cells = _span_of_xml(entry.filename, content)
            if cells > MAX_CELLS:
                return "workbook_too_large", f"{cells:,} cells", f"{MAX_CELLS:,} cells"
    return None


def _kind_of_zip(names: list[str]) -> str:
    kinds = {"word/": "Word document", "ppt/": "PowerPoint presentation"}
    return next((kind for start, kind in kinds.items() if any(name.startswith(start) for name in names)), "ZIP archive")


def _span_of_xml(name: str, content: bytes) -> int:
    """Cells of the rectangle a sheet's XML spans."""
    if name.startswith("xl/worksheets/") and name.endswith(".xml"):
        references = _REFERENCE.findall(content)
        rows = [int(row) for _, row in references]
        columns = [_column(letters) for letters in {letters for letters, _ in references}]
        return (max(rows) - min(rows) + 1) * (max(columns) - min(columns) + 1) if rows else 0
    if name == "content.xml":
        # Repeated rows and cells to the sheet's end are its empty margin, unless something is printed in them.
        repeated = [(kind, int(count), end) for kind, count, end in _repetitions(content)]
        rows = max((count for kind, count, _ in repeated if kind == b"row"), default=1)
        columns = max((count for kind, count, filled in repeated if kind == b"cell" and filled), default=1)
        return rows * columns if columns > 1 else 0
    return 0


def _repetitions(content: bytes) -> Iterator[tuple[bytes, int, bool]]:
    for found in _REPEATED.finditer(content):
        yield found.group(1), int(found.group(2)), b"office:value" in found.group(0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_ole(data: bytes) -> tuple[str, object, object] | None:
    streams = _directory(data)
    if "EncryptedPackage" in streams:
        return "workbook_encrypted", "", ""
    name = next((name for name in ("Workbook", "Book", "WORKBOOK", "BOOK") if name in streams), None)
    if name is None:
        kind = "Word document" if "WordDocument" in streams else "OLE file without a workbook"
        return "file_not_a_table", kind, ""
    book = _stream(data, *streams[name])
    return _check_biff(book)


def _check_biff(book: bytes) -> tuple[str, object, object] | None:
    """Walk the records: encrypted, or a sheet that spans (or says it spans) too large a rectangle."""
    low, high = (65536, 256), (0, 0)
    at = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        span = 0
        if kind == _FILEPASS:
            return "workbook_encrypted", "", ""
        if kind in _BOF:
            low, high = (65536, 256), (0, 0)
        elif kind == _DIMENSIONS and at + 4 + length <= len(book) and length in (10, 14):
            top, bottom, left, right = struct.unpack_from("<IIHH" if length == 14 else "<HHHH", book, at + 4)
            span = (bottom - top) * (right - left) if bottom >= top and right >= left else 2**64
        elif kind in _VALUES and length >= 4 and at + 8 <= len(book):
            row, column = struct.unpack_from("<HH", book, at + 4)
            low = (min(low[0], row), min(low[1], column))
            high = (max(high[0], row), max(high[1], column))
            span = (high[0] - low[0] + 1) * (high[1] - low[1] + 1)
        if span > MAX_CELLS:
            return "workbook_damaged", f"a sheet of {span:,} cells", ""
        at += 4 + length
    return None


def _directory(data: bytes) -> dict[str, tuple[int, int]]:
    """Name -> (first sector, size) of the streams of an OLE file."""
    entries = _chain(data, struct.unpack_from("<I", data, 48)[0])
    streams = {}
    for at in range(0, len(entries) - 127, 128):
        length, kind = struct.unpack_from("<H", entries, at + 64)[0], entries[at + 66]
        if kind in (2, 5) and 2 <= length <= 64:
            name = entries[at : at + length - 2].decode("utf-16-le", "replace")
            first, size = struct.unpack_from("<II", entries, at + 116)
            streams["/" if kind == 5 else name] = (first, size)
    return streams


def _stream(data: bytes, first: int, size: int) -> bytes:
    """The content of a stream; short ones lie in the mini stream of the root."""
    if size >= struct.unpack_from("<I", data, 56)[0]:
        content = _chain(data, first)
    else:
        mini = _chain(data, _directory(data).get("/", (_SECTOR_END, 0))[0])
        table = _chain(data, struct.unpack_from("<I", data, 60)[0])
        content = b"".join(mini[at * 64 : at * 64 + 64] for at in _follow(table, first))
    if len(content) < size:
        raise _Damaged(f"{len(content)} of {size} bytes of the workbook are there")
    return content[:size]


def _chain(data: bytes, first: int) -> bytes:
    shift = struct.unpack_from("<H", data, 30)[0]
    if not 9 <= shift <= 12:
        raise _Damaged(f"sectors of 2^{shift} bytes")
    size = 1 << shift
    return b"".join(_sector(data, at, size) for at in _follow(_allocation(data, size), first))


def _allocation(data: bytes, size: int) -> bytes:
    """The sector allocation table."""
    sectors = [at for at in struct.unpack_from("<109I", data, 76) if at < _SECTOR_END]
    further, count = struct.unpack_from("<II", data, 68)
    while further < _SECTOR_END and count > 0:
        table = struct.unpack(f"<{size // 4}I", _sector(data, further, size))
        sectors += [at for at in table[:-1] if at < _SECTOR_END]
        further, count = table[-1], count - 1
    return b"".join(_sector(data, at, size) for at in sectors)


def _sector(data: bytes, at: int, size: int) -> bytes:
    start = (at + 1) * size
    if start >= len(data):
        raise _Damaged(f"the file ends at byte {len(data)}, before byte {start + size}")
    return data[start : start + size]


def _follow(table: bytes, first: int) -> Iterator[int]:
    seen = 0
    while first < _SECTOR_END:
        yield first
        seen += 1
        if first * 4 + 4 > len(table) or seen * 4 > len(table):
            raise _Damaged("a chain of sectors has no end")
        first = struct.unpack_from("<I", table, first * 4)[0]
