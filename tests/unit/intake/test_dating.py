"""The edition nobody states: a printed date, a named yearbook, else the year after the newest value."""

from __future__ import annotations

import numpy as np
import pytest
from incoming_files import GAZETTEER, classic, values

from cbe_assets.intake.dating import default_edition
from cbe_assets.yearbook.reading import read


def edition(source_line: str = "数据来源：国家统计局", **options) -> tuple[str, str]:
    frame = values(years=range(2018, 2024))
    frame[2023] = np.nan
    reading = read(classic(frame, source_line=source_line, **options), file="f", gazetteer=GAZETTEER)
    return default_edition(reading, reading.observations)


def test_it_is_the_year_after_the_newest_with_values_and_says_so():
    assert edition() == ("2023", "edition_by_rule")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("数据来源：国家统计局（发布日期：2024-02-29）", "2024-02-29"),
        ("数据来源：国家统计局，更新时间：2024年9月", "2024-09"),
        ("数据来源：国家统计局，公布时间 2024年9月3日", "2024-09-03"),
    ],
)
def test_a_publication_date_that_the_file_prints_comes_first(line, expected):
    assert edition(line) == (expected, "edition_printed")


@pytest.mark.parametrize(
    "line", ["数据来源：《中国统计年鉴2024》", "资料来源：中国统计年鉴—2024", "来源：中国统计年鉴（2024）"]
)
def test_a_named_yearbook_is_the_edition(line):
    assert edition(line) == ("2024", "edition_yearbook")


@pytest.mark.parametrize(
    "line",
    [
        "数据来源：中国统计年鉴2013-2022",
        "数据来源：《中国统计年鉴2021》",
        "数据来源：《中国统计年鉴2023》《浙江统计年鉴2024》",
        "数据来源：国家统计局，更新时间：2024年19月",
    ],
)
def test_ranges_older_and_several_yearbooks_and_impossible_dates_are_no_edition(line):
    assert edition(line) == ("2023", "edition_by_rule")
