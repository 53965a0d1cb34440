"""The frames of the robustness battery: stored tables to one call of cbe_assets.statistics, a maker per kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cbe_assets.assets.model import SAMPLE, specification
from cbe_assets.assets.node import Inputs
from cbe_assets.faults import StudyFault, fault
from cbe_assets.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from cbe_assets.statistics.few_clusters import VariantRows
    from cbe_assets.statistics.specification import Specification
    from cbe_assets.statistics.specification_curve import Alternatives

VARIABLES = "panel/variables"
"""The sample before winsorizing."""
INDICATORS = "panel/indicators"
KEYS = ["province", "year"]


@dataclass(frozen=True)
class Given:
    """What an entry of the battery is made from.

    Attributes:
        study: for indicators, winsor limits, draws and seeds.
        name: of the entry.
        entry: as declared.
        inputs: the stored tables.
        regions: province -> region of the gazetteer.
    """

    study: Study
    name: str
    entry: Any
    inputs: Inputs
    regions: Mapping[str, str]

    @cached_property
    def sample(self) -> pd.DataFrame:
        """The estimation sample."""
        return self.inputs(SAMPLE)

    @cached_property
    def specifications(self) -> list[Specification]:
        """Those it is about, as cbe_assets.statistics takes them."""
        return [specification(name, self.study.specifications[name]) for name in self.entry.specifications]

    @property
    def of(self) -> Specification:
        return self.specifications[0]

    @property
    def term(self) -> str:
        """The regressor it is about."""
        return self.entry.term or self.of.regressors[0]

    @property
    def rows(self) -> VariantRows:
        """What makes the rows of tables of variants."""
        from cbe_assets.statistics.few_clusters import VariantRows

        settings = self.study.settings
        return VariantRows(settings.draws.wild_bootstrap, settings.seeds.bootstrap)

    @property
    def about(self) -> tuple[pd.DataFrame, Specification, str, VariantRows]:
        """Leading arguments of most functions of statistics/robustness.py."""
        return self.sample, self.of, self.term, self.rows

    @property
    def directions(self) -> dict[str, str]:
        """Indicator -> positive or negative."""
        return {name: item.direction for name, item in self.study.indicators.items()}

    @property
    def printed(self) -> dict[str, float]:
        """Indicator -> weight as printed; one that the paper does not have weighs nothing in its index."""
        return {name: item.printed_weight or 0.0 for name, item in self.study.indicators.items()}

    @property
    def weights(self) -> list[str]:
        """Methods the entry names, the study's own first."""
        return list(dict.fromkeys([self.study.index.weights, *self.entry.weights]))

    def years(self, left: int) -> list[int]:
        """The years the entry names that leave so many years of the sample; as of an early day there are few."""
        longest = self.sample["year"].nunique() - left
        return [years for years in self.entry.years if years <= longest] or self.entry.years

    def with_regions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame` with a column `region`.

        Raises:
            StudyFault: names every province without one.
        """
        region = frame["province"].map(self.regions)
        if region.isna().any():
            lost = frame.loc[region.isna(), "province"].unique()
            raise StudyFault([fault("province_without_region", key=self.name, province=name) for name in lost])
        return frame.assign(region=region)


def plain_percent(percent: float) -> int | float:
    """1 and not 1.0, as the rows are to be called."""
    return int(percent) if percent == int(percent) else percent


def winsor_limits(given: Given) -> pd.DataFrame:
    from cbe_assets.statistics.robustness import winsor_limits

    percents = [plain_percent(percent) for percent in given.entry.percents]
    return winsor_limits(given.inputs(VARIABLES), given.of, given.term, given.rows, percents=percents)


def alternatives(given: Given) -> pd.DataFrame:
    from cbe_assets.statistics.robustness import other_specifications

    found = other_specifications(given.sample, given.specifications, given.rows)
    named = [(item.name, term) for item in given.specifications for term in item.regressors]
    for position, column in enumerate(("specification", "term")):
        found.insert(position, column, [names[position] for names in named])
    return found


def lagged_regressor(given: Given) -> pd.DataFrame:
    from cbe_assets.statistics.robustness import lagged_regressor

    return lagged_regressor(*given.about, lags=given.years(left=2))


def long_differences(given: Given) -> pd.DataFrame:
    from cbe_assets.statistics.robustness import long_differences

    return long_differences(*given.about, spans=given.years(left=1))


def further_effects(given: Given) -> pd.DataFrame:
    from cbe_assets.statistics.robustness import further_effects

    frame, *rest = given.about
    return further_effects(given.with_regions(frame), *rest)


def leave_one_out(given: Given) -> pd.DataFrame:
    """The whole sample, then each province and each year left out; `left_out` says which of them a row is."""
    import pandas as pd

    from cbe_assets.statistics.robustness import fitted_row, leave_one_province_out, leave_one_year_out, table

    frame, of, term, rows = given.about
    parts = {
        "none": table([fitted_row("none", frame, of, term, rows)]),
        "province": leave_one_province_out(frame, of, term, rows),
        "year": leave_one_year_out(frame, of, term, rows),
    }
    found = pd.concat([part.assign(left_out=left_out) for left_out, part in parts.items()], ignore_index=True)
    found.insert(1, "left_out", found.pop("left_out"))
    return found.assign(variant=found["variant"].str.removeprefix("without_"))


def without_provinces(given: Given) -> pd.DataFrame:
    from cbe_assets.statistics.robustness import without_provinces

    return without_provinces(*given.about, given.entry.provinces, variant=given.name)


def driscoll_kraay(given: Given) -> pd.DataFrame:
    from cbe_assets.statistics.robustness import driscoll_kraay

    return driscoll_kraay(given.sample, given.of, given.term)


def index_variants(given: Given) -> pd.DataFrame:
    """Estimates and rankings of each variant; the panel's own index is winsorized, and so are they."""
    from cbe_assets.statistics.index_variants import index_paths, index_rows, rank_correlations

    base = given.study.index.weights
    dropped = {name: variant.indicators for name, variant in given.entry.without.items()}
    paths = index_paths(
        given.inputs(INDICATORS), given.directions, methods=given.weights, printed=given.printed, dropped=dropped,
        winsor=given.study.settings.winsor, base=base,
    )  # fmt: skip
    found = index_rows(given.sample, given.of, given.term, paths, given.rows)
    found["variant"] = found["variant"].str.removeprefix("index_")
    return found.merge(rank_correlations(paths, base), on="variant", how="left", validate="one_to_one")


def index_uncertainty(given: Given) -> pd.DataFrame:
    from cbe_assets.statistics.index_uncertainty import Choices, index_uncertainty

    settings, everything = given.study.settings, Choices()
    known = any(given.printed.values())
    choices = Choices(weights=tuple(name for name in everything.weights if known or name != "printed"))
    found = index_uncertainty(
        given.sample, given.of, given.term, given.inputs(INDICATORS), given.directions, printed=given.printed,
        choices=choices, log2_points=settings.draws.monte_carlo.bit_length() - 1, seed=settings.seeds.monte_carlo,
    )  # fmt: skip
    return found.shares.merge(found.spread, on="output", how="left", validate="many_to_one")


def placebo(given: Given) -> pd.DataFrame:
    """Draw 0 is the sample."""
    import pandas as pd

    from cbe_assets.statistics.placebo import permute_paths

    settings = given.study.settings
    found = permute_paths(
        given.sample, given.of, given.term, draws=settings.draws.permutation, seed=settings.seeds.permutation
    )
    own = pd.DataFrame({"estimate": [found.estimate], "statistic": [found.statistic]})
    own = own.assign(p_value=found.p_value, p_value_t=found.p_value_t)
    rows = pd.concat([own, found.draws], ignore_index=True)
    return rows.rename_axis("draw").reset_index()


def multiple_testing(given: Given) -> pd.DataFrame:
    """Every regressor of interest of every specification of the family."""
    from cbe_assets.statistics.kernel import CrossProducts
    from cbe_assets.statistics.multiplicity import Hypothesis, family
    from cbe_assets.statistics.specification import select

    settings, tests = given.study.settings, []
    for item in given.specifications:
        products = CrossProducts.from_specification(select(given.sample, item)[0], item)
        tests += [Hypothesis(item.name, products, item.outcome, item.explanatory, term) for term in item.regressors]
    return family(tests, draws=settings.draws.wild_bootstrap, seed=settings.seeds.bootstrap)


def event_study(given: Given) -> pd.DataFrame:
    """A row per year since adoption, one over all years after it, one for the test of the years before it."""
    import pandas as pd

    from cbe_assets.statistics.event_study import adoption_years, sun_abraham

    frame, dose = given.sample, given.entry.dose
    adopted = frame.assign(adoption=adoption_years(frame, dose))
    found = sun_abraham(adopted, given.of, "adoption", dose=dose)
    after, before = found.table[found.table["relative_year"] >= 0], found.pre_trend
    # A province stands once in every year since adoption, so that their numbers weight the mean dose.
    doses = float((after["dose"] * after["provinces"]).sum() / after["provinces"].sum())
    rows = [
        *({"row": "effect", **row} for row in found.table.to_dict("records")),
        {"row": "overall", **vars(found.effect), "provinces": sum(found.cohorts.values()), "dose": doses},
        {"row": "pre_trend", "statistic": before["value"], **{key: before[key] for key in ("p_value", "df1", "df2")}},
    ]
    columns = [
        "row", "relative_year", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "provinces",
        "dose", "df1", "df2",
    ]  # fmt: skip
    numbers = dict.fromkeys(columns[1:], float)
    return pd.DataFrame(rows, columns=columns).astype(numbers).assign(control=found.control, n=found.n)


def shift_share(given: Given) -> pd.DataFrame:
    """Second stage, least squares beside it, first stage, its effective F, and the Anderson-Rubin set."""
    import pandas as pd

    from cbe_assets.statistics.instruments import instrumented, shift_share

    entry, frame = given.entry, given.sample
    measures = [name for name in (entry.share, entry.shift) if name not in frame]
    frame = frame.merge(given.inputs(INDICATORS)[[*KEYS, *measures]], on=KEYS, how="left", validate="one_to_one")
    instrument = shift_share(frame, entry.share, entry.shift, entry.base_year)
    found = instrumented(frame.assign(instrument=instrument), given.of, given.term, ["instrument"])
    rows = [
        {"row": "second_stage", **vars(found.second_stage)},
        {"row": "least_squares", **vars(found.least_squares)},
        {"row": "first_stage", **vars(found.first_stage["instrument"])},
        {"row": "effective_f", "statistic": found.effective_f, "critical_value": found.critical_value},
        *(
            {"row": "anderson_rubin", "conf_low": low, "conf_high": high, "p_value": found.anderson_rubin_p}
            for low, high in found.anderson_rubin
        ),
    ]
    columns = [
        "row", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "critical_value",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[1:], float))
    return frame.assign(n=found.n, groups=found.groups)


def curve_panel(given: Given) -> tuple[pd.DataFrame, Alternatives]:
    """The sample before winsorizing with the index built in every way, and what is varied over it.

    The paper's own choices are among those varied whatever the entry lists.
    """
    from cbe_assets.statistics.index_variants import index_paths
    from cbe_assets.statistics.specification_curve import Alternatives

    entry, study, of = given.entry, given.study, given.of
    low, high = study.settings.winsor
    own = [plain_percent(low)] if low + high == 100 else []
    winsor = dict.fromkeys([*(plain_percent(percent) for percent in entry.winsor), *own])
    methods = list(dict.fromkeys([*entry.weights, study.index.weights]))
    named = {name: f"index_{name}" for name in methods}
    paths = index_paths(given.inputs(INDICATORS), given.directions, methods=methods, printed=given.printed)
    frame = given.with_regions(given.inputs(VARIABLES))
    frame = frame.merge(paths.rename(columns=named), on=KEYS, how="left", validate="one_to_one")
    paper = {"outcome": of.outcome, "index": named[study.index.weights], "effects": "province_year"}
    return frame, Alternatives(
        tuple(dict.fromkeys([*entry.outcomes, of.outcome])), tuple(named.values()), of.controls,
        effects=tuple(dict.fromkeys([*entry.effects, "province_year"])), winsor=tuple(winsor),
        paper=paper | {"winsor": own[0] if own else f"{low}-{high}"},
    )  # fmt: skip


def specification_curve(given: Given) -> pd.DataFrame:
    from cbe_assets.statistics.specification_curve import specification_curve

    settings = given.study.settings
    found = specification_curve(*curve_panel(given), draws=settings.draws.curve, seed=settings.seeds.bootstrap)
    return found.assign(index=found["index"].str.removeprefix("index_"))


def curve_permutation(given: Given) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    from cbe_assets.statistics.curve_permutation import permute_curve

    settings = given.study.settings
    found = permute_curve(*curve_panel(given), draws=settings.draws.curve_permutation, seed=settings.seeds.permutation)
    rows = [("median", found.median, found.p_value), ("share_positive", found.share_positive, found.p_share)]
    rows += [(f"null_{q}", float(np.quantile(found.medians, q / 100)), float("nan")) for q in (5, 50, 95)]
    return pd.DataFrame(rows, columns=["statistic", "value", "p_value"])
