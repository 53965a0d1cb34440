"""Raw tables and table entries for the tests of vintages, units and gaps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from cbe_assets.faults import StudyFault
from cbe_assets.study import Table
from cbe_assets.yearbook.gazetteer import Gazetteer

ROOT = Path(__file__).resolve().parents[3]
GAZETTEER = Gazetteer.from_csv((ROOT / "data/reference/provinces.csv").read_text(encoding="utf-8"))
PROVINCES = [province.name for province in GAZETTEER.provinces]
RAW = ["province", "year", "value", "text", "indicator", "unit", "region", "edition", "file", "sheet", "cell"]
TEXT = [name for name in RAW if name not in ("year", "value")]

Cells = Mapping[tuple[str, int], float | str | None]


def table(**given: object) -> Table:
    """A table entry stored in 亿元; `given` overrides."""
    entry: dict[str, object] = {
        "title": {"zh": "表", "en": "table"},
        "indicator": "指标",
        "unit": "亿元",
        "accepts": ["亿元", "万元"],
        "range": [0, 1e9],
        "source": {"zh": "国家统计局", "en": "NBS"},
    }
    return Table.model_validate(entry | given)


def raw(editions: Mapping[str, Cells], unit: str | None = "亿元", name: str = "t") -> pd.DataFrame:
    """A raw table; texts are printed numbers ('129118.6', '…' is missing), None a missing value."""
    rows = []
    for edition, cells in editions.items():
        for at, ((province, year), printed) in enumerate(cells.items()):
            text = "" if printed is None else str(printed)
            value = pd.to_numeric(text, errors="coerce") if text else float("nan")
            place = (f"{name}/{edition}.csv", None, f"L{at + 5}C2")
            rows.append((province, year, value, text, "指标", unit, province, edition, *place))
    return typed(pd.DataFrame(rows, columns=RAW))


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """As a raw table comes out of Parquet."""
    return frame.astype(dict.fromkeys(TEXT, "str") | {"year": "int64", "value": "float64"})


def full(value: float | str, years: list[int], provinces: list[str] = PROVINCES) -> dict[tuple[str, int], float | str]:
    """Every province and year with one value."""
    return {(province, year): value for province in provinces for year in years}


def messages(failure: StudyFault) -> list[str]:
    """The message keys of a failure, after saying every fault in both languages."""
    for item in failure.faults:
        assert item.text("en") and item.text("zh") and "None" not in item.text("en")
    return [item.message for item in failure.faults]
