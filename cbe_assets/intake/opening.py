"""From paths to bytes that may be read: regular files of bounded size, and the members of zip archives.

What could do harm (bombs, path tricks, links, macros, nested archives) is refused here, before anything is parsed.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cbe_assets.faults import Fault, StudyFault, fault

MAX_FILE = 50 * 2**20
"""A file, packed or not, of more bytes than this is refused."""
MAX_UNPACKED = 200 * 2**20
"""An archive or workbook whose members have more bytes than this together is refused."""
MAX_MEMBERS = 1000
"""An archive or workbook with more members than this is refused."""
MAX_RATIO = 200
"""A member of 1 MiB or more that is this many times larger than packed is refused: tables pack 5 to 50 times."""
_RATIO_FROM = 2**20
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0"
_END_REACH = 2**16 + 22
_DIRECTORY = 1024 * MAX_MEMBERS
_DROPPINGS = {".ds_store", "thumbs.db", "desktop.ini"}
_UNUSABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


@dataclass(frozen=True)
class Incoming:
    """A file to be judged.

    Attributes:
        name: how it is called in messages, without line breaks; of a member, archive.zip!member.
        original: its own name, of a member with its folders.
        data: its bytes.
        archive: the zip archive it is a member of.
        beside: the file's own path, where it has one.
    """

    name: str
    original: str
    data: bytes = field(repr=False)
    archive: str | None = None
    beside: Path | None = None


@dataclass(frozen=True)
class Unopened:
    """A file that is refused unread, with the reasons; without reasons it is what systems drop into archives."""

    name: str
    archive: str | None
    faults: list[Fault]


def open_all(paths: Iterable[Path]) -> Iterator[Incoming | Unopened]:
    """Every file, in the order given, archives replaced by their members.

    Files are called by their own name, or by their path as given where two have the same.
    """
    paths = list(paths)
    often = Counter(path.name for path in paths)
    for path in paths:
        name = readable(path.name if often[path.name] == 1 else str(path))
        try:
            data = read_bounded(path, name)
            _refuse_directory(data, name)
            if _zip_kind(data) != "archive":
                refuse_harmful(data, name)
                yield Incoming(name, decoded(path.name), data, None, path)
                continue
        except StudyFault as error:
            yield Unopened(name, None, error.faults)
            continue
        yield from _members(data, name)


def readable(name: str) -> str:
    """A file name as text on one line: control characters are escaped."""
    return "".join(char if char.isprintable() or char == "\u3000" else ascii(char)[1:-1] for char in decoded(name))


def decoded(name: str) -> str:
    """A file name as text: bytes that are not UTF-8 are read as GB18030."""
    raw = os.fsencode(name) if any("\udc80" <= char <= "\udcff" for char in name) else b""
    return raw.decode("gb18030", "replace") if raw else name


def read_bounded(path: Path, name: str | None = None) -> bytes:
    """The bytes of a regular file, called `name` in messages.

    Raises:
        StudyFault: not there, not a regular file, not readable, a link that leads out of its folder, or too large.
    """
    name = name or readable(path.name)
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
            raise StudyFault([fault("link_outside", file=name, found=readable(str(path.resolve())))])
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise StudyFault([fault("not_a_file", file=name)])
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError as error:
        raise StudyFault([fault("no_such_file", file=readable(str(path)))]) from error
    except OSError as error:
        raise StudyFault([fault("file_unreadable", file=name, found=error.strerror)]) from error
    if len(data) > MAX_FILE:
        raise StudyFault([fault("file_too_large", file=name, found=_mib(facts.st_size), expected=_mib(MAX_FILE))])
    return data


def extension(data: bytes, original: str) -> str:
    """The extension that fits the content: xls, xlsx, ods, json, csv, or txt for a text that came as one."""
    if data.startswith(_OLE) or data[:2] == b"\x09\x08":
        return "xls"
    if data.startswith(b"PK"):
        return "xlsx" if any(name.startswith("xl/") for name in _names(data)) else "ods"
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "json"
    return "txt" if original.lower().endswith(".txt") else "csv"


def refuse_harmful(data: bytes, name: str) -> None:
    """Workbooks with macros, binary workbooks and workbooks that unpack to too much.

    Raises:
        StudyFault: it is one of these.
    """
    if data.startswith(_OLE) and "_VBA_PROJECT".encode("utf-16-le") in data:
        raise StudyFault([fault("workbook_with_macros", file=name, found="VBA")])
    refuse_bomb(data, name)
    names = _names(data) if _zip_kind(data) == "workbook" else []
    if macro := next((part for part in names if _is_macro(part)), None):
        raise StudyFault([fault("workbook_with_macros", file=name, found=readable(macro))])
    if "xl/workbook.bin" in names:
        raise StudyFault([fault("file_not_a_table", file=name, found="xlsb")])


def refuse_bomb(data: bytes, name: str) -> None:
    """Workbooks that unpack to too much, whether they say so or not.

    Raises:
        StudyFault: naming the part that does.
    """
    _refuse_directory(data, name)
    if _zip_kind(data) != "workbook":
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
    faults = _too_much(members, name)
    if not faults and (lying := _unpacks_to_more(data, members)):
        faults = [fault("archive_bomb", file=name, found=readable(lying))]
    if faults:
        raise StudyFault(faults)


def refuse_macro_sheets(data: bytes, name: str) -> None:
    """Sheets of Excel 4 macros, which old workbooks hold without any VBA; for workbooks that could be read.

    Raises:
        StudyFault: there is one.
    """
    if not data.startswith(_OLE):
        return
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    for sheet in CalamineWorkbook.from_filelike(io.BytesIO(data)).sheets_metadata:
        if sheet.typ in (SheetTypeEnum.MacroSheet, SheetTypeEnum.Vba):
            raise StudyFault([fault("workbook_with_macros", file=name, found=sheet.name)])


def _is_macro(part: str) -> bool:
    lower = part.lower()
    return lower.endswith("vbaproject.bin") or lower.startswith(("xl/macrosheets/", "basic/", "scripts/"))


def _zip_kind(data: bytes) -> str | None:
    """`workbook`, `document` (of an office program), `archive`; None for what is no readable zip."""
    if not data.startswith(_ZIP):
        return None
    names = _names(data)
    if any(name.startswith("xl/") for name in names):
        return "workbook"
    if "mimetype" in names and "content.xml" in names:
        return "workbook"
    if "[Content_Types].xml" in names:
        return "document"
    return "archive" if names or data.startswith(_ZIP[1]) else None


def _refuse_directory(data: bytes, name: str) -> None:
    """A directory of members too long to be listed is refused before it is."""
    end = data.rfind(b"PK\x05\x06", -_END_REACH) if data.startswith(_ZIP) else -1
    if end >= 0 and len(data) >= end + 16 and struct.unpack("<L", data[end + 12 : end + 16])[0] > _DIRECTORY:
        raise StudyFault([fault("archive_members", file=name, found=f"> {MAX_MEMBERS}", expected=MAX_MEMBERS)])


def _names(data: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except _UNUSABLE:
        # The reader says of a broken workbook that it is broken, and how.
        return []


def _members(data: bytes, name: str) -> Iterator[Incoming | Unopened]:
    """The members of an archive; one that could do harm as a whole is refused as a whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        faults = _too_much(members, name) + [item for member in archive.infolist() for item in _tricks(member, name)]
        if not members:
            faults.append(fault("archive_empty", file=name))
        if faults:
            yield Unopened(name, None, faults)
            return
        for member in members:
            inner = member_name(member)
            shown = f"{name}!{readable(inner)}"
            if _is_dropping(inner):
                yield Unopened(shown, name, [])
                continue
            try:
                content = _unpacked(archive, member, shown)
                refuse_harmful(content, shown)
            except StudyFault as error:
                yield Unopened(shown, name, error.faults)
            else:
                yield Incoming(shown, inner, content, name)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, shown: str) -> bytes:
    try:
        with archive.open(member) as stream:
            content = stream.read(MAX_FILE + 1)
    except _UNUSABLE as error:
        raise StudyFault([fault("member_unreadable", file=shown, found=str(error))]) from error
    if len(content) > MAX_FILE:
        sizes = {"found": _mib(member.file_size), "expected": _mib(MAX_FILE)}
        raise StudyFault([fault("file_too_large", file=shown, **sizes)])
    _refuse_directory(content, shown)
    if _zip_kind(content) == "archive":
        raise StudyFault([fault("archive_nested", file=shown)])
    return content


def member_name(member: zipfile.ZipInfo) -> str:
    """The name of a member; without the UTF-8 flag its bytes are UTF-8 if they can be, else GB18030.

    Archives made on Chinese Windows hold GBK names, those of some other programs UTF-8 without saying so.
    """
    if member.flag_bits & 0x800:
        return member.orig_filename
    raw = member.orig_filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.orig_filename


def _is_dropping(inner: str) -> bool:
    path = PurePosixPath(inner)
    return "__MACOSX" in path.parts or path.name.lower() in _DROPPINGS or path.name.startswith("._")


def _tricks(member: zipfile.ZipInfo, name: str) -> list[Fault]:
    """Names that lead out of a folder, links and other special members, encryption, rare compression."""
    inner = member_name(member)
    shown = readable(inner)
    outside = inner.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", inner) or "\0" in inner
    mode = stat.S_IFMT(member.external_attr >> 16)
    faults = []
    if outside or ".." in re.split(r"[\\/]", inner):
        faults.append(fault("archive_path", file=name, found=shown))
    if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        faults.append(fault("archive_link", file=name, found=shown))
    if member.flag_bits & 0x1:
        faults.append(fault("archive_encrypted", file=name, found=shown))
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        faults.append(fault("archive_method", file=name, found=shown))
    return faults


def _too_much(members: list[zipfile.ZipInfo], name: str) -> list[Fault]:
    """Too many members, too many bytes together, or a member packed too well, by what the archive declares."""
    faults = []
    if len(members) > MAX_MEMBERS:
        faults.append(fault("archive_members", file=name, found=len(members), expected=MAX_MEMBERS))
    size = sum(member.file_size for member in members)
    if size > MAX_UNPACKED:
        faults.append(fault("archive_size", file=name, found=_mib(size), expected=_mib(MAX_UNPACKED)))
    for member in members:
        if member.file_size >= _RATIO_FROM and member.file_size > MAX_RATIO * member.compress_size:
            faults.append(fault("archive_bomb", file=name, found=readable(member_name(member))))
    return faults


def _unpacks_to_more(data: bytes, members: list[zipfile.ZipInfo]) -> str | None:
    """The first member whose packed bytes hold more than it declares; workbooks are unpacked by another program."""
    for member in members:
        if member.compress_type != zipfile.ZIP_DEFLATED:
            continue
        start = member.header_offset
        if data[start : start + 4] != _ZIP[0]:
            return member.orig_filename
        name, extra = struct.unpack("<HH", data[start + 26 : start + 30])
        first = start + 30 + name + extra
        packed = data[first : first + member.compress_size]
        unpacker, size = zlib.decompressobj(-15), 0
        while packed and not unpacker.eof and size <= member.file_size:
            try:
                size += len(unpacker.decompress(packed, 2**20))
            except zlib.error:
                break
            packed = unpacker.unconsumed_tail
        if size > member.file_size:
            return member.orig_filename
    return None


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f}".removesuffix(".0")
