"""What cannot be read is refused with file, sheet, cell and reason; all faults of a file at once."""

from __future__ import annotations

import io
import struct
import zipfile

import pandas as pd
import pytest
from openpyxl import Workbook

from cbe_assets.faults import StudyFault
from cbe_assets.yearbook import soundness, writing
from cbe_assets.yearbook.gazetteer import Gazetteer
from cbe_assets.yearbook.reading import read

NO_TABLE = "file_not_a_table"


@pytest.fixture
def faults(gazetteer: Gazetteer):
    def refused(data: bytes | str, **stated: object) -> list:
        with pytest.raises(StudyFault) as caught:
            read(data.encode() if isinstance(data, str) else data, file="x.xls", gazetteer=gazetteer, **stated)
        assert caught.value.code == 2
        for fault in caught.value.faults:
            assert "x.xls" in fault.text("en") and "x.xls" in fault.text("zh")
        return caught.value.faults

    return refused


def workbook(rows: list[list[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def archive(**entries: str) -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w") as target:
        for name, content in entries.items():
            target.writestr(name.replace("__", "/"), content)
    return saved.getvalue()


@pytest.mark.parametrize(
    "data, message, found",
    [
        (b"", "file_empty", None),
        (b" \r\n ", "file_empty", None),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), NO_TABLE, "PNG"),
        (b"%PDF-1.7\n", NO_TABLE, "PDF"),
        (b"\xff\xd8\xff\xe0JFIF", NO_TABLE, "JPEG"),
        ("<html><table><tr><td>北京</td></tr></table></html>".encode("gbk"), "file_is_html", None),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html>", "file_is_html", None),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', NO_TABLE, "XML"),
        (archive(**{"a.csv": "x"}), NO_TABLE, "ZIP"),
        (archive(word__document="x"), NO_TABLE, "Word"),
        (bytes(range(256)) * 2, "encoding_unknown", "utf-8: byte 129"),
        ("地区,2020年\n北京,3\n".encode("utf-16-le"), "encoding_unknown", None),
        ("地区,2020年\n北京市,3\n天津".encode()[:-1], "encoding_unknown", "utf-8: byte 31"),
        ("今天天气很好\n", "no_table", "今天天气很好"),
        ("a,b\n1,2\n", "no_table", "a"),
        ('{"data": [', "json_broken", "line 1"),
        ('{"a": 1}', "json_missing", '{"a": 1}'),
        ("地区,2022年\n北京,\n天津,…\n", "no_number", None),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_named_for_what_it_is(faults, data, message, found):
    (fault,) = faults(data)
    assert fault.message == message
    assert found is None or found in str(fault.facts["found"])


def test_all_faults_of_a_file_are_reported_together_with_their_cells(faults):
    found = faults("指标：x(亿元)\n地区,2022年,2021年\n北京市,1,约12\n大家庭,1,3\n天津,3,4,5\n,7,8\n辽宁,1.2.3,4\n")
    assert [(one.message, one.facts["cell"]) for one in found] == [
        ("cell_not_a_number", "L3C3"), ("place_unknown", "L4C1"), ("cell_without_year", "L5C4"),
        ("row_without_name", "L6C1"), ("cell_not_a_number", "L7C2"),
    ]  # fmt: skip
    assert (found[0].facts["province"], found[0].facts["year"], found[0].facts["found"]) == ("北京", 2021, "约12")


def test_text_in_a_number_cell_of_a_workbook_names_sheet_and_cell(faults):
    (fault,) = faults(workbook([["各地区人口"], ["地区", "2021年", "2022年"], ["北京", 1, "两千"], ["天津", 3, 4]]))
    assert (fault.message, fault.facts["sheet"], fault.facts["cell"]) == ("cell_not_a_number", "Sheet", "C3")
    assert fault.text("en").startswith("x.xls Sheet C3 北京 2022: expected a number, found 两千")


@pytest.mark.parametrize(
    "text, message, readings",
    [
        ("地区,2022年,2021年\n北京市,1,2\n北京,1,3\n", "observation_twice", ("2", "3")),
        ("地区,2022年,2022年\n北京,1,2\n天津,3,4\n", "columns_alike", ("1", "2")),
        ("地区,2022年,2021年\n,2012年,2011年\n北京,1,2\n天津,3,4\n", "heading_two_years", (2022, 2012)),
        ("地区,2022年,2021年\n地区,2012年,2011年\n北京,1,2\n天津,3,4\n", "heading_two_years", (2022, 2012)),
        ("region_code,region_name,year,value\n110000,天津,2022,5\n", "place_contradicted", ("北京 (110000)", "天津")),
    ],
)
def test_an_ambiguity_is_an_error_that_names_both_readings(faults, text, message, readings):
    (fault,) = faults(text)
    assert (fault.message, (fault.facts["expected"], fault.facts["found"])) == (message, readings)


def test_a_row_printed_twice_with_the_same_values_is_skipped(gazetteer: Gazetteer):
    reading = read("地区,2022年,2021年\n北京市,1,2\n北京,1,\n".encode(), file="x", gazetteer=gazetteer)
    assert reading.observations["value"].tolist() == [1, 2]
    assert [one.reason for one in reading.skipped] == ["skipped_repeated"] * 2


@pytest.mark.parametrize(
    "text, message",
    [
        ("指标,2022年\n人口(万人),5\n财政支出(亿元),6\n", "province_not_stated"),
        ('[{"code": "2022YY", "values": [{"value": "1", "i_showname": "x (元)"}]}]', "province_not_stated"),
        ("地区,人口(万人),财政支出(亿元)\n北京,1,2\n天津,3,4\n", "year_not_stated"),
        ("地区,2022年第一季度,2022年第二季度\n北京,1,2\n天津,3,4\n", "not_annual"),
        ("region_name,year,value\n北京市,2022Q1,5\n", "not_annual"),
        ("region_name,year,value\n北京市,去年,5\n", "not_a_year"),
        ("地区,2021年,2022年,\n北京,1,2,9\n天津,3,4,9\n", "cell_without_year"),
        ("各地区人口\n地区,2021年,2022年,\n北京,1,2,9\n天津,3,4,9\n", "column_without_heading"),
    ],
)
def test_what_is_not_stated_is_asked_for(faults, text, message):
    assert {fault.message for fault in faults(text)} == {message}


def test_what_the_user_says_must_not_contradict_the_file(faults):
    text = "指标：快递量(万件)\n地区,2022年\n北京市,1\n"
    assert [one.facts["key"] for one in faults(text, unit="亿件", indicator="人口")] == ["indicator", "unit"]
    assert [one.facts["key"] for one in faults(text, province="天津", year=2021)] == ["year", "province"]
    assert faults(text, province="火星")[0].message == "place_unknown"


@pytest.fixture
def sound(gazetteer: Gazetteer) -> bytes:
    table = pd.DataFrame(1.5, index=[one.name for one in gazetteer.provinces], columns=[2021, 2022])
    return writing.write_yearbook_sheet(table, title="快递量", unit="万件", gazetteer=gazetteer)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_off_workbook_is_damaged(faults, sound, part):
    assert faults(sound[: int(len(sound) * part)])[0].message == "workbook_damaged"


def test_a_changed_byte_inside_a_workbook_is_noticed_by_its_checksum(faults, sound):
    at = sound.index(b"<v>1.5</v>") + 3
    assert faults(sound[:at] + b"9" + sound[at + 1 :])[0].message == "workbook_damaged"


def test_a_cell_far_outside_does_not_exhaust_the_memory(faults):
    book = Workbook()
    book.active["A1"], book.active["XFD1048576"] = "地区", 1
    saved = io.BytesIO()
    book.save(saved)
    assert faults(saved.getvalue())[0].message == "workbook_too_large"


def test_a_workbook_that_unpacks_to_too_much_is_refused_unread(faults, monkeypatch):
    monkeypatch.setattr(soundness, "MAX_UNPACKED", 2**20)
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("xl/workbook.xml", bytes(2**21))
    assert faults(saved.getvalue())[0].message == "workbook_too_large"


def ole(*names: str, book: bytes = b"") -> bytes:
    """A minimal OLE file ([MS-CFB]) with these streams; the first holds `book`, long enough not to be a mini stream."""
    content = book.ljust(4096, b"\0")
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIIII", header, 40, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    table = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 10), 0xFFFFFFFE]
    directory = b""
    for number, name in enumerate(("Root Entry", *names)):
        entry = bytearray(128)
        text = name.encode("utf-16-le") + b"\0\0"
        entry[: len(text)] = text
        struct.pack_into("<HB", entry, 64, len(text), 2 if number else 5)
        struct.pack_into("<II", entry, 116, 2 if number else 0xFFFFFFFE, 4096 if number else 0)
        directory += bytes(entry)
    return bytes(header) + struct.pack("<128I", *table, *[0xFFFFFFFF] * 118) + directory.ljust(512, b"\0") + content


BOF = struct.pack("<HH16s", 0x0809, 16, b"\0\x06\x05\0")


@pytest.mark.parametrize(
    "data, message",
    [
        (ole("EncryptionInfo", "EncryptedPackage"), "workbook_encrypted"),
        (ole("WordDocument"), "file_not_a_table"),
        (ole("Workbook", book=BOF + struct.pack("<HH2s", 0x002F, 2, b"")), "workbook_encrypted"),
        (ole("Workbook", book=BOF + struct.pack("<HHIIHHH", 0x0200, 14, 0, 2**31, 0, 9, 0)), "workbook_damaged"),
        (ole("Workbook", book=BOF)[:3000], "workbook_damaged"),
        (ole("Workbook")[:100], "workbook_damaged"),
    ],
)
def test_an_old_workbook_that_is_encrypted_or_damaged_is_refused_unread(faults, data, message):
    assert faults(data)[0].message == message
