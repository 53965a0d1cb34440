"""Frames written as official exports look, layout by layout, byte for byte the same each time.

For the simulated yearbook and for tests that a written table reads back equal.  `values` has short province names
(and 全国 for the nation) as index and years as columns; NaN is printed as missing.  Nothing here reads.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import pandas as pd

from cbe_assets.yearbook.gazetteer import NATION, Gazetteer

SOURCE_LINE = "数据来源：国家统计局"
ENGLISH_SOURCE_LINE = "Data Sources：National Bureau of Statistics"
_DATABASE = "分省年度数据"


def printed(value: float, missing: str = "") -> str:
    """The shortest decimal that reads back as `value`, never in exponents; `missing` for NaN."""
    number = float(value)
    if math.isnan(number):
        return missing
    return format(Decimal(repr(number)), "f").removesuffix(".0")


def note_lines(notes: Sequence[str]) -> list[str]:
    """Notes as the bureau prints them: 注：one, or 注：1.first and the following lines after full-width blanks."""
    if len(notes) < 2:
        return [f"注：{note}" for note in notes]
    return [("注：" if number == 1 else "\u3000" * 3) + f"{number}.{note}" for number, note in enumerate(notes, 1)]


def write_classic_csv(
    values: pd.DataFrame,
    *,
    indicator: str,
    unit: str | None,
    gazetteer: Gazetteer,
    database: str = _DATABASE,
    period: str | None = None,
    notes: Sequence[str] = (),
    source_line: str | None = SOURCE_LINE,
    encoding: str = "gb18030",
    newline: str = "\r\n",
) -> bytes:
    """Layout A: 数据库/指标/时间 lines, 地区 and descending years, full names, notes, source line.

    Args:
        values: provinces x years, in the unit printed.
        indicator: official name, printed as 指标：indicator(unit).
        unit: printed in brackets; None prints none.
        gazetteer: gives the full names.
        database: first head line; 年度数据 for national series.
        period: third head line; first and last year when None.
        notes: texts without 注： and numbers.
        source_line: last line, None for none.
        encoding: a codec that has all characters; `utf-8-sig` writes a byte order mark.
        newline: line end.
    """
    years = _descending(values)
    head = f"指标：{indicator}({unit})" if unit else f"指标：{indicator}"
    rows = [[f"数据库：{database}"], [head], [f"时间：{period or _period(years)}"]]
    rows.append(["地区", *(f"{year}年" for year in years)])
    rows += _province_rows(values, years, [gazetteer.named(name).full_name for name in values.index])
    rows += [[line] for line in (*note_lines(notes), *([source_line] if source_line else []))]
    return _csv(rows, newline).encode(encoding)


def write_new_site_csv(
    values: pd.DataFrame,
    *,
    gazetteer: Gazetteer,
    period: str | None = None,
    notes: Sequence[str] = (),
    source_line: str | None = SOURCE_LINE,
) -> bytes:
    """Layout C: UTF-8 with byte order mark, no indicator and no unit, TAB and comma after every cell."""
    years = _descending(values)
    stated = period or f"{years[-1]}年-{years[0]}年"
    lines = [f"数据库：{_DATABASE} ", f"时间：{stated} "]
    rows = [["地区", *(f"{year}年" for year in years)]]
    rows += _province_rows(values, years, [gazetteer.named(name).full_name for name in values.index])
    lines += ["".join(f"{cell}\t," for cell in row) for row in rows]
    lines += [*note_lines(notes), *([source_line] if source_line else [])]
    return "\n".join(lines).encode("utf-8-sig")


def write_json_rows(
    tables: Mapping[tuple[str, str], pd.DataFrame], *, gazetteer: Gazetteer, as_csv: bool = True
) -> bytes:
    """Layout D: what the new site's interface answers, one answer per province.

    Args:
        tables: (indicator, unit) -> provinces x years; all tables have the same provinces and years.
        gazetteer: gives full names and the 12-digit codes.
        as_csv: True writes a CSV whose third column holds the JSON; False a plain JSON list of the answers.
    """
    first = next(iter(tables.values()))
    answers = []
    for name in first.index:
        place = gazetteer.named(name)
        code = f"{place.code if name != NATION else 0:06d}000000"
        answers.append((place.full_name, code, _answer(tables, name, place.full_name, code)))
    if not as_csv:
        return json.dumps([answer for *_, answer in answers], ensure_ascii=False).encode("utf-8")
    rows = [["省份名称", "省份代码", "JSON数据"]]
    rows += [[full, code, json.dumps(answer, ensure_ascii=False)] for full, code, answer in answers]
    return _csv(rows, "\n").encode("utf-8-sig")


def _answer(tables: Mapping[tuple[str, str], pd.DataFrame], name: str, full_name: str, code: str) -> dict[str, object]:
    years = _descending(next(iter(tables.values())))
    data = []
    for year in years:
        values = [
            {
                "i_showname": f"{indicator} ({unit}) ",
                "_name": indicator,
                "da_name": full_name,
                "du_name": unit,
                "value": printed(frame.at[name, year]),
                "da": code,
            }
            for (indicator, unit), frame in tables.items()
        ]
        data.append({"code": f"{year}YY", "values": values, "name": f"{year}年"})
    return {"data": data, "success": True, "state": 20000, "message": "成功"}


def write_old_api_long(
    values: pd.DataFrame, *, indicator: str, code: str, gazetteer: Gazetteer, requested: str | None = None
) -> bytes:
    """Layout E: one row per province and year, value unrounded beside the rounded display_value, no unit."""
    head = "requested_code,indicator_code,indicator_name,region_code,region_name,year,value,display_value,has_data"
    rows = [head.split(",")]
    for name in values.index:
        place = gazetteer.named(name)
        for year in sorted(int(column) for column in values.columns):
            value = float(values.at[name, year])
            known = not math.isnan(value)
            where = [str(place.code), place.full_name, str(year)]
            shown = [repr(value), f"{value:.2f}"] if known else ["", ""]
            rows.append([requested or code, code, indicator, *where, *shown, str(known)])
    return _csv(rows, "\n").encode("utf-8-sig")


def write_english_csv(
    values: pd.DataFrame, *, gazetteer: Gazetteer, source_line: str | None = ENGLISH_SOURCE_LINE
) -> bytes:
    """Layout F: Region and bare descending years, English names, an all-comma row, then the source line."""
    years = _descending(values)
    rows = [["Region", *map(str, years)]]
    rows += _province_rows(values, years, [gazetteer.named(name).name_en for name in values.index])
    if source_line:
        rows += [[""] * (len(years) + 1), [source_line]]
    return _csv(rows, "\r\n").encode("utf-8")


def write_resaved_csv(
    values: pd.DataFrame,
    *,
    gazetteer: Gazetteer,
    empty_years: Iterable[int] = (),
    source_line: str | None = None,
    encoding: str = "gb18030",
) -> bytes:
    """Layout G: only the table, as Excel saves it; `empty_years` are columns without a value, notes are lost."""
    frame = values.reindex(columns=sorted({*values.columns, *empty_years}))
    years = _descending(frame)
    rows = [["地区", *(f"{year}年" for year in years)]]
    rows += _province_rows(frame, years, [gazetteer.named(name).full_name for name in frame.index])
    if source_line:
        rows.append([source_line, *([""] * len(years))])
    return _csv(rows, "\r\n").encode(encoding)


def write_yearbook_sheet(values: pd.DataFrame, **options: object) -> bytes:
    """Layout H as xlsx; see `cbe_assets.yearbook.sheet_writing.write_yearbook_sheet`."""
    from cbe_assets.yearbook.sheet_writing import write_yearbook_sheet as write

    return write(values, **options)


def _descending(values: pd.DataFrame) -> list[int]:
    return sorted((int(year) for year in values.columns), reverse=True)


def _period(years: Sequence[int]) -> str:
    return f"{years[-1]}-{years[0]}"


def _province_rows(values: pd.DataFrame, years: Sequence[int], names: Sequence[str]) -> list[list[str]]:
    numbers = values[list(years)].to_numpy(dtype=float)
    return [[name, *(printed(number) for number in row)] for name, row in zip(names, numbers, strict=True)]


def _csv(rows: Iterable[Sequence[str]], newline: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=newline).writerows(rows)
    return text.getvalue()
