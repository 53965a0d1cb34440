"""A study root without yearbooks, and official exports written for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from cbe_assets.intake.filing import Batch, ingest
from cbe_assets.intake.judge import Judgement, Said
from cbe_assets.yearbook import writing
from cbe_assets.yearbook.gazetteer import NATION, Gazetteer

ROOT = Path(__file__).resolve().parents[3]
EXPORTS = ROOT / ".." / "shared" / "real" / "exports"
GAZETTEER = Gazetteer.from_csv((ROOT / "data" / "reference" / "provinces.csv").read_text(encoding="utf-8"))
PROVINCES = [province.name for province in GAZETTEER.provinces]
YEARS = range(2013, 2023)
NOTHING_COMPUTED = {
    "indicators.yaml": "index: {name: none}\ngroups: {}\nindicators: {}\n",
    "regressions.yaml": "variables: {}\nspecifications: {}\n",
    "exhibits.yaml": "exhibits: {}\n",
}


def study_root(folder: Path) -> Path:
    """The repository's tables and reference tables, with nothing computed of them and no yearbook."""
    (folder / "study").mkdir(parents=True)
    for name in ("study.yaml", "tables.yaml"):
        shutil.copy(ROOT / "study" / name, folder / "study" / name)
    for name, text in NOTHING_COMPUTED.items():
        (folder / "study" / name).write_text(text)
    shutil.copytree(ROOT / "data" / "reference", folder / "data" / "reference")
    return folder


def values(level: float = 5000.0, years=YEARS, places=PROVINCES) -> pd.DataFrame:
    """Plausible figures: provinces differ, and grow by 7 % a year."""
    return pd.DataFrame(
        {
            year: [round(level * (1 + 0.1 * at) * 1.07 ** (year - 2013), 2) for at in range(len(places))]
            for year in years
        },
        index=list(places),
    )


def classic(frame: pd.DataFrame, indicator: str = "地区生产总值", unit: str = "亿元", **options) -> bytes:
    return writing.write_classic_csv(frame, indicator=indicator, unit=unit, gazetteer=GAZETTEER, **options)


def new_site(frame: pd.DataFrame, **options) -> bytes:
    return writing.write_new_site_csv(frame, gazetteer=GAZETTEER, **options)


def nation(level: float, years=YEARS) -> pd.DataFrame:
    return values(level, years, [NATION])


def batch(root: Path, *paths: Path, dry: bool = False, yearbooks: Path | None = None, **said) -> Batch:
    return ingest(paths, Said(**said), root=root, yearbooks=yearbooks, dry=dry)


def one(root: Path, data: bytes, name: str = "分省年度数据.csv", dry: bool = False, **said) -> Judgement:
    """Ingests one file of these bytes."""
    path = root / "downloads" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    (judgement,) = batch(root, path, dry=dry, **said).judgements
    return judgement


def messages(judgement: Judgement) -> list[str]:
    """The message keys of the faults, after saying each in both languages."""
    for item in (*judgement.faults, *judgement.warnings, *judgement.hints):
        assert item.text("en") and item.text("zh")
    return [item.message for item in judgement.faults]


def filed(root: Path) -> list[str]:
    """What lies in data/yearbooks, sidecars and lock left out."""
    folder = root / "data" / "yearbooks"
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in files if not name.endswith((".meta.yaml", ".lock")))
