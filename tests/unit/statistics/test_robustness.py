"""Rows of the robustness battery against refits through linearmodels on frames changed by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from study_panels import BASE, CONTROLS, dummy_columns, generated, unbalanced

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.few_clusters import ROW, VariantRows
from cbe_assets.statistics.heterogeneity import permutations
from cbe_assets.statistics.kernel import CrossProducts
from cbe_assets.statistics.multiplicity import Hypothesis, family, stepdown
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.placebo import permute_paths
from cbe_assets.statistics.robustness import (
    driscoll_kraay,
    further_effects,
    lagged_regressor,
    leave_one_province_out,
    leave_one_year_out,
    long_differences,
    other_specifications,
    winsor_limits,
    without_provinces,
)
from cbe_assets.statistics.specification import Specification
from cbe_assets.statistics.wild_bootstrap import WildWeights, wild_weights
from cbe_assets.statistics.winsorize import winsorize

ROWS = VariantRows(99, seed=1)
FRAMES = pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])


def same(row: pd.Series, frame: pd.DataFrame, specification: Specification = BASE, term: str = "ECI") -> None:
    """The row is what linearmodels gives for `specification` on `frame`."""
    result = fit(frame, specification)
    found = result.terms[term]
    expected = (found.estimate, found.std_error, found.p_value, found.conf_low, found.conf_high, result.n)
    names = ["estimate", "std_error", "p_value", "conf_low", "conf_high", "n"]
    assert tuple(row[names]) == pytest.approx(expected, rel=1e-7)


@FRAMES
def test_winsor_limits_cut_every_variable(frame):
    table = winsor_limits(frame, BASE, "ECI", ROWS, percents=(0, 2.5)).set_index("variant")
    same(table.loc["winsor_0"], frame)
    cut = frame.copy()
    for name in (*BASE.explanatory, "EXP"):
        cut[name] = winsorize(frame[name], "2.5", "97.5")
    same(table.loc["winsor_2.5"], cut)
    assert list(table.reset_index().columns) == list(ROW)


@FRAMES
def test_a_lag_is_last_years_value_of_the_same_province_gaps_or_not(frame):
    row = lagged_regressor(frame, BASE, "ECI", ROWS, lags=(1,)).iloc[0]
    known = frame.set_index(["province", "year"])["ECI"].to_dict()
    keys = zip(frame["province"], frame["year"] - 1, strict=True)
    same(row, frame.assign(ECI=[known.get(key, np.nan) for key in keys]))


def test_a_difference_over_all_years_is_the_cross_section_of_changes():
    """Oracle: statsmodels OLS of ten-year changes with HC1, which is CR1 with clusters of one."""
    import statsmodels.api as sm

    frame = generated()
    row = long_differences(frame, BASE, "ECI", ROWS, spans=(9,)).iloc[0]
    names = [*BASE.explanatory, "EXP"]
    ends = [frame[frame["year"] == year].set_index("province")[names] for year in (2013, 2022)]
    change = ends[1] - ends[0]
    model = sm.OLS(change["EXP"], sm.add_constant(change[list(BASE.explanatory)])).fit(cov_type="HC1")
    assert row["n"] == 30
    assert (row["estimate"], row["std_error"]) == pytest.approx((model.params["ECI"], model.bse["ECI"]), rel=1e-8)


@FRAMES
@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
def test_province_trends_equal_dummies_written_out(frame):
    import statsmodels.api as sm

    frame = frame.assign(region=np.where(frame["province"] < "省11", "east", "west"))
    row = further_effects(frame, BASE, "ECI", ROWS).set_index("variant").loc["province_trends"]
    own = dummy_columns(frame["province"], False)
    trends = own * (frame["year"].to_numpy() - 2013.0)[:, None]
    columns = np.column_stack([frame[list(BASE.explanatory)], dummy_columns(frame["year"], True), own, trends])
    codes = pd.factorize(frame["province"])[0]
    model = sm.OLS(frame["EXP"].to_numpy(), columns).fit(cov_type="cluster", cov_kwds={"groups": codes})
    # statsmodels counts every dummy and trend in the factor; those within a cluster are not counted here.
    n = len(frame)
    identified = np.linalg.matrix_rank(columns)
    nested = np.linalg.matrix_rank(np.column_stack([own, trends]))
    ratio = np.sqrt((n - columns.shape[1]) / (n - (identified - nested) - 1))
    assert row["estimate"] == pytest.approx(model.params[0], rel=1e-7)
    assert row["std_error"] == pytest.approx(model.bse[0] * ratio, rel=1e-6)


@FRAMES
def test_leaving_out_is_refitting_without(frame):
    provinces = leave_one_province_out(frame, BASE, "ECI", ROWS).set_index("variant")
    years = leave_one_year_out(frame, BASE, "ECI", ROWS).set_index("variant")
    assert len(provinces) == 30 and len(years) == 10
    same(provinces.loc["without_省03"], frame[frame["province"] != "省03"])
    same(years.loc["without_2017"], frame[frame["year"] != 2017])
    some = without_provinces(frame, BASE, "ECI", ROWS, ["省01", "省02"]).iloc[0]
    same(some, frame[~frame["province"].isin(["省01", "省02"])])


def test_provinces_that_are_not_there_are_all_named():
    with pytest.raises(StudyFault) as caught:
        without_provinces(generated(), BASE, "ECI", ROWS, ["省01", "北京", "上海"])
    assert [item.facts["province"] for item in caught.value.faults] == ["北京", "上海"]


def test_other_specifications_have_a_row_per_regressor_of_interest():
    frame = generated()
    two = Specification("joint", "EXP", ("ECI", "Inus"), CONTROLS)
    table = other_specifications(frame, [BASE, two], ROWS).set_index("variant")
    assert list(table.index) == ["table4_3[ECI]", "joint[ECI]", "joint[Inus]"]
    same(table.loc["joint[Inus]"], frame, two, "Inus")


def test_driscoll_kraay_written_out():
    """Newey and West's estimator on the yearly sums of scores (Driscoll and Kraay 1998), linearmodels' n / (n - k)."""
    frame = generated()
    row = driscoll_kraay(frame, BASE, "ECI", bandwidth=2).iloc[0]
    own = dummy_columns(frame["province"], False)
    columns = np.column_stack([frame[list(BASE.explanatory)], dummy_columns(frame["year"], True), own])
    inverse = np.linalg.inv(columns.T @ columns)
    y = frame["EXP"].to_numpy()
    scores = columns * (y - columns @ inverse @ columns.T @ y)[:, None]
    yearly = pd.DataFrame(scores).groupby(frame["year"].to_numpy()).sum().to_numpy()
    middle = yearly.T @ yearly
    for lag in (1, 2):
        cross = yearly[lag:].T @ yearly[:-lag]
        middle += (1 - lag / 3) * (cross + cross.T)
    error = np.sqrt((inverse @ middle @ inverse)[0, 0])
    assert row["std_error"] / error == pytest.approx(np.sqrt(300 / (300 - 46)), rel=1e-6)
    assert np.isnan(row["cv3"]) and np.isnan(row["wcr_p"])


def test_placebo_draws_are_refits_with_exchanged_paths():
    frame = generated()
    found = permute_paths(frame, BASE, "ECI", draws=4, seed=6)
    result = fit(frame, BASE).terms["ECI"]
    assert (found.estimate, found.statistic) == pytest.approx((result.estimate, result.statistic), rel=1e-8)
    for row, order in zip(found.draws.itertuples(), permutations(30, 4, seed=6), strict=True):
        moved = frame.assign(ECI=frame["ECI"].to_numpy().reshape(30, 10)[order].ravel())
        term = fit(moved, BASE).terms["ECI"]
        assert (row.estimate, row.statistic) == pytest.approx((term.estimate, term.statistic), rel=1e-7)


def test_placebo_p_counts_the_sample_and_finds_an_effect():
    found = permute_paths(generated(), BASE, "ECI", draws=999, seed=1)
    assert found.p_value == (1 + (found.draws["estimate"].abs() >= abs(found.estimate)).sum()) / 1000
    assert found.p_value_t < 0.01 and abs(found.draws["estimate"].mean()) < found.draws["estimate"].std()
    with pytest.raises(StudyFault):
        permute_paths(unbalanced(), BASE, "ECI", draws=9, seed=1)


def test_stepdown_of_a_worked_example():
    """Four draws, two tests: |t| = 3 meets maxima (1, 2, 4, 2), then |t| = 1.5 meets its own draws (1, 2, 0, 1)."""
    drawn = np.array([[1, 1], [1, 2], [4, 0], [2, 1]], dtype=float)
    weights = WildWeights(np.ones((4, 3)), "rademacher", False)
    assert stepdown(np.array([3.0, -1.5]), drawn, weights) == pytest.approx([2 / 5, 2 / 5])
    assert stepdown(np.array([3.0, -0.5]), drawn, weights) == pytest.approx([2 / 5, 4 / 5])


def test_adjusted_p_values_are_never_below_their_own_and_bh_is_statsmodels():
    from statsmodels.stats.multitest import multipletests

    frame = generated()
    products = CrossProducts.from_specification(frame, BASE, ["Inus", "Tec"])
    wanted = [("EXP", "ECI"), ("EXP", "Net"), ("Inus", "ECI"), ("Tec", "ECI"), ("Tec", "Net"), ("EXP", "HC")]
    tests = [Hypothesis(f"{y}", products, y, BASE.explanatory, x) for y, x in wanted]
    table = family(tests, draws=999, seed=1)
    assert (table["romano_wolf_p"] >= table["wcr_p"]).all()
    assert table["benjamini_hochberg_p"].tolist() == multipletests(table["p_value"], method="fdr_bh")[1].tolist()
    holm = multipletests(table["wcr_p"], method="holm")[1]
    # Romano and Wolf use the dependence Holm ignores: never far above, mostly below.
    assert (table["romano_wolf_p"] <= holm + 0.02).all()


def test_a_family_of_one_is_the_test_itself_and_subsamples_share_weights():
    frame = generated()
    whole = CrossProducts.from_specification(frame, BASE)
    part = CrossProducts.from_specification(frame[frame["province"] < "省20"], BASE)
    one = family([Hypothesis("one", whole, "EXP", BASE.explanatory, "Net")], draws=199, seed=1)
    assert one["romano_wolf_p"].iloc[0] == one["wcr_p"].iloc[0]
    both = family([Hypothesis(name, products, "EXP", BASE.explanatory, "Net")
                   for name, products in (("whole", whole), ("part", part))], draws=199, seed=1)  # fmt: skip
    assert both["wcr_p"].iloc[0] == one["wcr_p"].iloc[0] and len(both) == 2


def test_family_wise_error_is_kept_where_single_tests_fail():
    rng = np.random.Generator(np.random.PCG64(8))
    frame = generated()[["province", "year"]]
    names = [f"x{j}" for j in range(8)]
    weights = wild_weights(30, 99, seed=1)
    assert weights.draws == 99
    single = joint = 0
    for _ in range(20):
        for name in names:
            frame[name] = rng.normal(size=300)
        frame["y"] = rng.normal(size=300)
        products = CrossProducts.from_frame(frame, [*names, "y"])
        table = family([Hypothesis(name, products, "y", tuple(names), name) for name in names], draws=99, seed=1)
        single += (table["wcr_p"] <= 0.05).any()
        joint += (table["romano_wolf_p"] <= 0.05).any()
    assert joint <= 3 < single


def test_a_regressor_a_variant_absorbs_is_named():
    frame = generated().assign(coast=lambda rows: (rows["province"] < "省11") * (rows["year"] - 2013.0))
    specification = replace(BASE, regressors=("coast",))
    with pytest.raises(StudyFault, match="coast"):
        further_effects(frame.assign(region="all"), specification, "coast", ROWS)
