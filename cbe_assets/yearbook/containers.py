"""From bytes to rows: which kind of file it is (by its content), its encoding, its sheets, and each cell's address."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

from cbe_assets.faults import StudyFault, fault
from cbe_assets.yearbook import soundness
from cbe_assets.yearbook.cells import Cell, is_blank

_MAGIC = (
    (b"\x89PNG", "PNG picture"),
    (b"\xff\xd8\xff", "JPEG picture"),
    (b"GIF8", "GIF picture"),
    (b"BM", "BMP picture"),
    (b"II*\x00", "TIFF picture"),
    (b"MM\x00*", "TIFF picture"),
    (b"%PDF", "PDF document"),
    (b"{\\rtf", "RTF document"),
    (b"\x1f\x8b", "gzip archive"),
    (b"Rar!", "RAR archive"),
    (b"7z\xbc\xaf", "7z archive"),
    (b"BZh", "bzip2 archive"),
    (b"PAR1", "Parquet file"),
    (b"SQLite format 3", "SQLite database"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"<stata_dta>", "Stata data file"),
    (b"$FL2", "SPSS data file"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f\ufffd\ue000-\uf8ff]")


@dataclass(frozen=True)
class Sheet:
    """Rows of cells and where they stand.

    Args:
        rows: lists of cells, not all of one length.
        name: the sheet's name, None in a text file.
        lines: for text files, the line each row begins on (a quoted cell may hold line breaks).
        merged: ((first row, first column), (last row, last column)) of merged cells, from 0.
    """

    rows: list[list[Cell]]
    name: str | None = None
    lines: list[int] | None = None
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)

    def cell(self, row: int, column: int) -> str:
        """`B5` in a workbook, `L4C3` (line and column) in a text file; row and column from 0."""
        if self.lines is not None:
            return f"L{self.lines[row]}C{column + 1}"
        return f"{column_letters(column)}{row + 1}"

    def cells(self, row: int, first: int, last: int) -> list[str]:
        """Addresses of the row's columns from `first` to before `last`."""
        if self.lines is not None:
            line = f"L{self.lines[row]}C"
            return [f"{line}{column + 1}" for column in range(first, last)]
        return [self.cell(row, column) for column in range(first, last)]


@dataclass(frozen=True)
class Content:
    """What a file holds: its text (JSON, CSV) or its sheets.

    Args:
        sheets: the sheets of a workbook, or the one table of a text file; empty for JSON.
        encoding: of a text file; None for a workbook.
        text: the decoded text; None for a workbook.
    """

    sheets: list[Sheet]
    encoding: str | None = None
    text: str | None = None


def column_letters(column: int) -> str:
    """A, B, ..., Z, AA, ... of a column counted from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def contents(data: bytes, *, file: str) -> Content:
    """The sheets or the text of a file, by its content; its name is only used in messages.

    Raises:
        StudyFault: empty, not a table (what it is instead is named), encrypted, damaged, too large, or undecodable.
    """
    if not data.strip():
        _refuse("file_empty", file)
    if data.startswith((soundness.OLE, soundness.ZIP)):
        return Content(_workbook(data, file))
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            _refuse("file_not_a_table", file, found=kind)
    text, encoding = _decode(data, file)
    _refuse_markup(text, file)
    opening = text.lstrip()[:1]
    return Content([] if opening in "{[" else [_delimited(text, file)], encoding, text)


def _refuse(key: str, file: str, **facts: object) -> NoReturn:
    raise StudyFault([fault(key, file=file, **facts)])


def _decode(data: bytes, file: str) -> tuple[str, str]:
    encodings = ["utf-8", "gb18030"]
    if data.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig"]
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    reasons = []
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            reasons.append(f"{encoding}: byte {error.start + 1}")
            continue
        odd = _CONTROL.search(text)
        if not odd:
            return text.lstrip("\ufeff"), encoding
        reasons.append(f"{encoding}: {odd.group()!r}")
    _refuse("encoding_unknown", file, found="; ".join(reasons))


def _refuse_markup(text: str, file: str) -> None:
    start = text.lstrip()[:2000].lower()
    if not start.startswith("<"):
        return
    if "urn:schemas-microsoft-com:office:spreadsheet" in start:
        _refuse("file_not_a_table", file, found="XML spreadsheet 2003")
    if re.search(r"<(?:!doctype html|html|head|body|table|meta|div|style|script)\b", start):
        _refuse("file_is_html", file)
    _refuse("file_not_a_table", file, found="XML document")


def _delimited(text: str, file: str) -> Sheet:
    """The rows of a CSV or TSV text."""
    csv.field_size_limit(2**31 - 1)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    rows: list[list[Cell]] = []
    lines: list[int] = []
    before = 0
    try:
        for row in reader:
            rows.append(row)
            lines.append(before + 1)
            before = reader.line_num
    except csv.Error as error:
        raise StudyFault([fault("csv_unreadable", file=file, cell=f"L{before + 1}", found=str(error))]) from error
    return Sheet(rows, None, lines)


def _delimiter(text: str) -> str:
    """The comma; the tab or the semicolon where most lines have it, all as often, and a comma does not adjoin it."""
    start = text[:20_000]
    for delimiter in ("\t", ";"):
        if delimiter not in start or f"{delimiter}," in start or f",{delimiter}" in start:
            continue
        counts = [line.count(delimiter) for line in start.splitlines() if line.strip()]
        usual = max(set(counts), key=counts.count)
        if usual and counts.count(usual) * 2 >= len(counts):
            return delimiter
    return ","


def _workbook(data: bytes, file: str) -> list[Sheet]:
    if unsound := soundness.check(data, file=file):
        raise StudyFault([unsound])
    try:
        return list(_sheets(data))
    except PasswordError as error:
        raise StudyFault([fault("workbook_encrypted", file=file)]) from error
    except CalamineError as error:
        raise StudyFault([fault("workbook_damaged", file=file, found=str(error))]) from error
    except BaseException as error:
        # A panic of the Rust reader on a damaged file derives from BaseException, like the interrupts that go on.
        if type(error).__name__ != "PanicException":
            raise
        raise StudyFault([fault("workbook_damaged", file=file, found=str(error))]) from error


def _sheets(data: bytes) -> Iterator[Sheet]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for facts in book.sheets_metadata:
        if facts.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(facts.name)
        rows = sheet.to_python(skip_empty_area=False)
        if any(not is_blank(cell) for row in rows for cell in row):
            yield Sheet(rows, facts.name, None, list(sheet.merged_cell_ranges or ()))
