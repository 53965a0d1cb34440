"""What could do harm is refused before anything is parsed: size, links, zip tricks, bombs, macros."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile

import openpyxl
import pytest

from cbe_assets.intake import opening
from cbe_assets.intake.opening import Incoming, Unopened, open_all

TABLE = "地区,2022年\n北京市,1\n".encode()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def workbook(**parts: bytes) -> bytes:
    target = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["地区", "2022年"])
    book.save(target)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return target.getvalue()


def opened(tmp_path, data: bytes, name: str = "exports.zip") -> list[Incoming | Unopened]:
    path = tmp_path / name
    path.write_bytes(data)
    return list(open_all([path]))


def refusals(tmp_path, data: bytes, name: str = "exports.zip") -> list[str]:
    """Message keys of all that is refused; nothing else may come out."""
    results = opened(tmp_path, data, name)
    assert all(isinstance(one, Unopened) for one in results)
    faults = [item for one in results for item in one.faults]
    assert all(item.text("en") and item.text("zh") and item.code == 2 for item in faults)
    return [item.message for item in faults]


def test_a_file_over_the_stated_size_is_refused_unread(tmp_path):
    path = tmp_path / "big.csv"
    path.touch()
    os.truncate(path, opening.MAX_FILE + 1)
    (one,) = open_all([path])
    assert [item.message for item in one.faults] == ["file_too_large"]


def test_a_link_within_its_folder_is_read_and_one_that_leads_out_is_refused(tmp_path):
    outside, folder = tmp_path / "secret.csv", tmp_path / "downloads"
    folder.mkdir()
    for path in (outside, folder / "table.csv"):
        path.write_bytes(TABLE)
    (folder / "in.csv").symlink_to("table.csv")
    (folder / "out.csv").symlink_to(outside)
    inside, leading_out = open_all([folder / "in.csv", folder / "out.csv"])
    assert inside.data == TABLE
    assert [item.message for item in leading_out.faults] == ["link_outside"]


def test_folders_pipes_and_missing_files_are_said_to_be_so(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    results = open_all([tmp_path, tmp_path / "pipe", tmp_path / "nothing.csv"])
    assert [one.faults[0].message for one in results] == ["not_a_file", "not_a_file", "no_such_file"]


@pytest.mark.parametrize(
    "name", ["../gdp.csv", "a/../../gdp.csv", "/etc/gdp.csv", "..\\gdp.csv", "\\\\host\\gdp.csv", "C:\\gdp.csv", "C:x"]
)
def test_a_member_whose_path_leads_out_refuses_the_whole_archive(tmp_path, name):
    assert refusals(tmp_path, zipped({"good.csv": TABLE, name: TABLE})) == ["archive_path"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_special_members_refuse_the_archive(tmp_path, kind):
    member = zipfile.ZipInfo("gdp.csv")
    member.external_attr = (kind | 0o777) << 16
    assert refusals(tmp_path, zipped({"good.csv": TABLE, member: b"/etc/passwd"})) == ["archive_link"]


def test_a_member_packed_too_well_is_a_bomb(tmp_path):
    assert refusals(tmp_path, zipped({"gdp.csv": bytes(20 * 2**20)})) == ["archive_bomb"]


def test_too_many_members_refuse_the_archive(tmp_path):
    many = {f"{number}.csv": b"" for number in range(opening.MAX_MEMBERS + 1)}
    assert refusals(tmp_path, zipped(many)) == ["archive_members"]


def test_a_directory_of_members_longer_than_any_is_refused_before_it_is_listed(tmp_path):
    data = bytearray(zipped({"a.csv": TABLE}))
    end = data.rfind(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<L", 2**31)
    assert refusals(tmp_path, bytes(data)) == ["archive_members"]


def test_more_bytes_together_than_are_read_refuse_the_archive(tmp_path):
    data = bytearray(zipped({"a.csv": TABLE}))
    entry = data.rfind(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<L", opening.MAX_UNPACKED + 1)
    assert "archive_size" in refusals(tmp_path, bytes(data))


def test_archives_within_archives_are_refused_and_their_neighbours_read(tmp_path):
    good, nested = opened(tmp_path, zipped({"good.csv": TABLE, "more.zip": zipped({"a.csv": TABLE})}))
    assert good.data == TABLE and good.archive == "exports.zip"
    assert [item.message for item in nested.faults] == ["archive_nested"]


def test_encrypted_members_and_rare_methods_refuse_the_archive(tmp_path):
    assert refusals(tmp_path, zipped({"a.csv": TABLE}, zipfile.ZIP_BZIP2)) == ["archive_method"]
    data = bytearray(zipped({"a.csv": TABLE}))
    entry = data.rfind(b"PK\x01\x02")
    data[entry + 8] |= 1
    assert refusals(tmp_path, bytes(data)) == ["archive_encrypted"]


def test_an_empty_archive_and_a_damaged_member_are_said_to_be_so(tmp_path):
    assert refusals(tmp_path, zipped({})) == ["archive_empty"]
    data = bytearray(zipped({"a.csv": TABLE * 50}))
    data[45] ^= 0xFF
    assert refusals(tmp_path, bytes(data)) == ["member_unreadable"]


@pytest.mark.parametrize("part", ["xl/vbaProject.bin", "xl/VBAPROJECT.BIN", "xl/macrosheets/sheet1.xml"])
def test_workbooks_with_macros_are_refused_whatever_their_name_says(tmp_path, part):
    assert refusals(tmp_path, workbook(**{part: b"x"}), "gdp.xlsx") == ["workbook_with_macros"]
    assert refusals(tmp_path, zipped({"gdp.xlsx": workbook(**{part: b"x"})})) == ["workbook_with_macros"]


def test_old_workbooks_with_macros_are_refused(tmp_path):
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "_VBA_PROJECT".encode("utf-16-le")
    assert refusals(tmp_path, data, "gdp.xls") == ["workbook_with_macros"]


def test_workbooks_that_unpack_to_more_than_they_declare_are_bombs(tmp_path):
    data = bytearray(workbook(**{"xl/more.xml": bytes(2**20 - 1)}))
    assert isinstance(opened(tmp_path, bytes(data), "gdp.xlsx")[0], Incoming)
    entry = data.rfind(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<L", 10)
    assert refusals(tmp_path, bytes(data), "gdp.xlsx") == ["archive_bomb"]


def test_binary_workbooks_are_refused_and_plain_ones_read(tmp_path):
    assert refusals(tmp_path, workbook(**{"xl/workbook.bin": b"x"}), "gdp.xlsx") == ["file_not_a_table"]
    (one,) = opened(tmp_path, workbook(), "gdp.bin")
    assert opening.extension(one.data, one.original) == "xlsx"


def test_member_names_in_gbk_or_unmarked_utf8_are_read(tmp_path):
    names = {"分省年度数据 (1).csv": "gb18030", "地区 'GDP'.csv": "utf-8"}
    data = zipped({"AAAA" * 8: TABLE, "BBBB" * 8: TABLE})
    for letter, (name, encoding) in zip("AB", names.items(), strict=True):
        raw = name.encode(encoding)
        data = data.replace((letter * 32).encode(), raw + b"x" * (32 - len(raw)))
    assert [one.original.rstrip("x") for one in opened(tmp_path, data)] == list(names)


def test_what_systems_drop_into_archives_is_left_aside_and_listed(tmp_path):
    good, *rest = opened(tmp_path, zipped({"a.csv": TABLE, "__MACOSX/._a.csv": b"x", "sub/.DS_Store": b"x"}))
    assert good.data == TABLE
    assert [one.name for one in rest] == ["exports.zip!__MACOSX/._a.csv", "exports.zip!sub/.DS_Store"]
    assert all(isinstance(one, Unopened) and not one.faults for one in rest)


@pytest.mark.parametrize(
    ("name", "said"),
    [("a b.csv", "a b.csv"), ("一行\n两行.csv", "一行\\n两行.csv"), ('it\'s "it".csv', 'it\'s "it".csv')],
)
def test_names_with_blanks_quotes_and_line_breaks_are_said_on_one_line(tmp_path, name, said):
    (one,) = opened(tmp_path, TABLE, name)
    assert one.name == said and one.data == TABLE


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "分省年度数据.csv").write_bytes(TABLE)
    paths = [tmp_path / folder / "分省年度数据.csv" for folder in ("a", "b")]
    assert [one.name for one in open_all(paths)] == [str(path) for path in paths]
    assert [one.original for one in open_all(paths)] == ["分省年度数据.csv"] * 2


def test_file_names_that_are_not_utf8_are_read_as_gbk(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), "数据.csv".encode("gbk"))
    with open(path, "wb") as file:
        file.write(TABLE)
    (one,) = open_all([tmp_path / os.listdir(tmp_path)[0]])
    assert one.name == "数据.csv"


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (TABLE, "a.csv", "csv"),
        (TABLE, "a.xls", "csv"),
        (TABLE, "A.TXT", "txt"),
        (b"\xef\xbb\xbf [1]", "a", "json"),
    ],
)
def test_the_extension_follows_the_content(data, name, said):
    assert opening.extension(data, name) == said
