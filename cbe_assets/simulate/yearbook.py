"""The simulated yearbook as files: one draw of the model, printed in the layouts of official exports, and its truth."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import yaml

from cbe_assets.faults import Fault, StudyFault, fault
from cbe_assets.simulate.document import truth_document
from cbe_assets.simulate.model import YEARS, Latent, draw
from cbe_assets.simulate.parameters import PrintedFile, parameters, printed_files
from cbe_assets.simulate.printed import VALUE_ADDED, Edition, printed, values
from cbe_assets.simulate.truth import BASE_YEARS, LAST_YEAR, PAPER, Truth
from cbe_assets.study import Study, Table
from cbe_assets.yearbook.gazetteer import NATION, Gazetteer
from cbe_assets.yearbook.writing import (
    write_classic_csv,
    write_english_csv,
    write_new_site_csv,
    write_old_api_long,
    write_yearbook_sheet,
)

SOURCE_LINE = "数据来源：模拟数据 SIMULATED，不是官方统计"
_EXTENSION = {"A": "csv", "C": "csv", "E": "csv", "F": "csv", "H": "xlsx"}
_NOTES = {
    "gdp": ("本表按当年价格计算，各产业增加值之和等于地区生产总值。",),
    "gdp_per_capita": ("人均地区生产总值按年平均常住人口计算。",),
    "ecommerce_sales": ("统计范围为规模以上企业，含部分规模以下企业。",),
    "express_outlets": ("含备案的末端网点。",),
    "fiscal_expenditure": ("1. 均为地方本级支出，不含国内外债务还本付息支出。",),
    "deposits": ("年末数，含本外币。",),
    "manufacturing_exports": ("按经营单位所在地，数值经四舍五入。",),
}
_REVISED = "历史数据已按模拟普查结果修订, 与此前公布的数据不可比。"
_WITH_REVISIONS = ("gdp", "gdp_per_capita", "population", *VALUE_ADDED)


@dataclass(frozen=True)
class Simulated:
    """A draw and how it is published.

    Attributes:
        study: gives the official names of the tables.
        gazetteer: gives the printed names of the provinces.
        latent: the draw.
        truth: what it was drawn from.
        seed: of the draw and the revisions.
        editions: in order of publication.
        tables: edition year -> table -> provinces (or 全国) x years in the unit stored.
    """

    study: Study
    gazetteer: Gazetteer
    latent: Latent
    truth: Truth
    seed: int
    editions: tuple[Edition, ...]
    tables: dict[int, dict[str, pd.DataFrame]]

    def files(self, edition: Edition) -> list[PrintedFile]:
        """What an edition prints of the study's tables."""
        earlier = edition.kind == "before_census"
        return [file for file in printed_files() if file.earlier == earlier and file.table in self.study.tables]


def simulate(
    study: Study,
    gazetteer: Gazetteer,
    pilot_zones: pd.DataFrame,
    exchange_rate: pd.DataFrame,
    *,
    seed: int,
    through: int | None = None,
    truth: Truth = PAPER,
) -> Simulated:
    """Draws the panel and what its editions print.

    Args:
        study: its tables, provinces and years.
        gazetteer: the provinces.
        pilot_zones: zone, province, approval_date of reference/pilot_zones.csv.
        exchange_rate: year, yuan_per_100_usd of reference/exchange_rate.csv.
        seed: of every random stream.
        through: last year of data.  Up to the last year of the study: two editions, one before and one after a census
            revision.  Later: one newer edition that has the added years and revises some of the years before, whose
            latent values stay as they are.
        truth: the coefficients.

    Raises:
        StudyFault: a last year that cannot be simulated, or years without an exchange rate.
    """
    last = study.settings.years[1]
    through = last if through is None else through
    rates = {int(row.year): row.yuan_per_100_usd / 100 for row in exchange_rate.itertuples()}
    if faults := _faults(through, rates):
        raise StudyFault(faults)
    drawn = draw(parameters(), truth, zones_in_force(pilot_zones), _index_provinces(study), seed=seed)
    newest = Edition(through + 1, "revised" if through > last else "current")
    editions = (newest,) if through > last else (Edition(through, "before_census"), newest)
    tables = {edition.year: values(drawn, edition, rates, seed) for edition in editions}
    return Simulated(study, gazetteer, drawn, truth, seed, editions, tables)


def _index_provinces(study: Study) -> list[str]:
    return [name for name in parameters().provinces if name not in study.settings.excluded_provinces]


def _faults(through: int, rates: Mapping[int, float]) -> list[Fault]:
    years = range(BASE_YEARS[0], through + 1)
    found = [
        fault("simulate_exchange_rate", file="exchange_rate.csv", year=year) for year in years if year not in rates
    ]
    if not BASE_YEARS[-1] <= through <= LAST_YEAR:
        found.insert(0, fault("simulate_through", found=through, expected=f"{BASE_YEARS[-1]}-{LAST_YEAR}"))
    return found


def zones_in_force(pilot_zones: pd.DataFrame) -> np.ndarray:
    """Zones approved up to the end of each year: provinces of the simulation x YEARS."""
    approved = pilot_zones.assign(year=pd.to_datetime(pilot_zones["approval_date"]).dt.year)
    counts = approved.groupby(["province", "year"]).size().unstack(fill_value=0)
    counts = counts.reindex(index=list(parameters().provinces), columns=range(2000, YEARS[-1] + 1), fill_value=0)
    return counts.cumsum(axis=1)[YEARS.tolist()].to_numpy(dtype=float)


def write(simulated: Simulated) -> dict[str, bytes]:
    """Every file of the yearbook, path -> bytes: <table>/<edition>.<ext>, its sidecar, and truth.yaml."""
    files, listed = {}, []
    for edition in simulated.editions:
        for file in simulated.files(edition):
            declared = simulated.study.tables[file.table]
            shown = printed(simulated.tables[edition.year][file.table], file, edition)
            data = _LAYOUTS[file.layout](shown, file, declared, simulated.gazetteer, edition)
            path = f"{file.table}/{edition.year}.{_EXTENSION[file.layout]}"
            files[path] = data
            files[f"{path}.meta.yaml"] = _sidecar(file, declared, edition, simulated.seed, data)
            listed.append({"file": path, "layout": file.layout, "unit": file.unit})
    document = truth_document(
        simulated.truth,
        simulated.latent,
        seed=simulated.seed,
        editions=simulated.editions,
        files=listed,
        index_provinces=_index_provinces(simulated.study),
    )
    return files | {"truth.yaml": _yaml(document)}


def _yaml(content: Mapping[str, object]) -> bytes:
    return yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False, width=110).encode()


def _sidecar(file: PrintedFile, declared: Table, edition: Edition, seed: int, data: bytes) -> bytes:
    content = {
        "table": file.table,
        "edition": str(edition.year),
        "indicator": declared.indicator,
        "unit": file.unit,
        "source": f"模拟数据 SIMULATED (cbe simulate, seed {seed})",
        "simulated": True,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return _yaml(content)


def _notes(file: PrintedFile) -> tuple[str, ...]:
    revised = () if file.earlier or file.table not in _WITH_REVISIONS else (_REVISED,)
    return (*_NOTES.get(file.table, ()), *revised)


def _with_empty_year(shown: pd.DataFrame, file: PrintedFile, edition: Edition) -> pd.DataFrame:
    return shown.assign(**{str(edition.year): np.nan}).rename(columns=int) if file.empty_year else shown


def _classic(shown: pd.DataFrame, file: PrintedFile, declared: Table, gazetteer: Gazetteer, edition: Edition) -> bytes:
    return write_classic_csv(
        _with_empty_year(shown, file, edition),
        indicator=declared.indicator,
        unit=file.unit,
        gazetteer=gazetteer,
        period="最近10年",
        notes=_notes(file),
        source_line=SOURCE_LINE,
        encoding="gbk",
    )


def _new_site(shown: pd.DataFrame, file: PrintedFile, declared: Table, gazetteer: Gazetteer, edition: Edition) -> bytes:
    frame = _with_empty_year(shown, file, edition)
    return write_new_site_csv(frame, gazetteer=gazetteer, notes=_notes(file), source_line=SOURCE_LINE)


def _old_api(shown: pd.DataFrame, file: PrintedFile, declared: Table, gazetteer: Gazetteer, edition: Edition) -> bytes:
    return write_old_api_long(shown, indicator=declared.indicator, code=declared.codes[0], gazetteer=gazetteer)


def _english(shown: pd.DataFrame, file: PrintedFile, declared: Table, gazetteer: Gazetteer, edition: Edition) -> bytes:
    return write_english_csv(shown, gazetteer=gazetteer, source_line=SOURCE_LINE)


def _sheet(shown: pd.DataFrame, file: PrintedFile, declared: Table, gazetteer: Gazetteer, edition: Edition) -> bytes:
    national = declared.scope == "nation"
    nation = shown.loc[NATION] if file.nation and not national else None
    return write_yearbook_sheet(
        shown.drop(index=NATION) if nation is not None else shown,
        title=f"{NATION if national else '各地区'}{declared.indicator}",
        unit=file.unit,
        gazetteer=gazetteer,
        notes=_notes(file),
        source_line=SOURCE_LINE,
        nation=nation,
        regions=file.nation and not national,
        marks={"全国": "①"} if file.table == "deposits" else None,
        years_down=national,
    )


_LAYOUTS = {"A": _classic, "C": _new_site, "E": _old_api, "F": _english, "H": _sheet}
