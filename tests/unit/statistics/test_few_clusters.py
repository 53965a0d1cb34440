"""CR1 and CV3 terms, effective clusters and absorbed trends against linearmodels, refits, closed forms and pyfixest."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from study_panels import BASE, CONTROLS, dummy_columns, generated, least_squares, unbalanced

from cbe_assets.statistics.few_clusters import (
    ROW,
    VariantRows,
    clustered_terms,
    effective_clusters,
    jackknife_terms,
)
from cbe_assets.statistics.inference import ROWS, Bootstrap, extra_rows, jackknife, with_extra_rows
from cbe_assets.statistics.kernel import CrossProducts, absorbed_columns
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.specification import Specification, select

X = BASE.explanatory
QUICK = Bootstrap(draws=199, seed=1)


@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
def test_clustered_terms_are_those_of_linearmodels(frame):
    found = clustered_terms(CrossProducts.from_specification(select(frame, BASE)[0], BASE), "EXP", X)
    for name, term in fit(frame, BASE).terms.items():
        if name != "_cons":
            values = (found[name].estimate, found[name].std_error, found[name].p_value, found[name].conf_low)
            assert values == pytest.approx((term.estimate, term.std_error, term.p_value, term.conf_low), rel=1e-8)


def test_pyfixest_agrees_with_its_safe_formula():
    """`y ~ x + C(year) | id`: point estimates and CRV1 to 1e-8."""
    import pyfixest

    frame = generated()
    model = pyfixest.feols(f"EXP ~ {' + '.join(X)} + C(year) | province", data=frame, vcov={"CRV1": "province"})
    found = clustered_terms(CrossProducts.from_specification(frame, BASE), "EXP", X)
    assert [found[name].estimate for name in X] == pytest.approx([model.coef()[name] for name in X], rel=1e-8)
    assert [found[name].std_error for name in X] == pytest.approx([model.se()[name] for name in X], rel=1e-8)
    cv3 = jackknife_terms(CrossProducts.from_specification(frame, BASE), "EXP", X)
    crv3 = model.vcov({"CRV3": "province"}).se()
    # Documented: pyfixest's CRV3 has a further factor for small samples (some 6 % on the standard error).
    ratios = np.array([crv3[name] / cv3[name].std_error for name in X])
    assert ratios == pytest.approx(np.full(len(X), ratios[0]), rel=1e-6) and 1 < ratios[0] < 1.1


def test_effective_clusters_is_their_number_when_all_weigh_the_same():
    rng = np.random.Generator(np.random.PCG64(1))
    path = rng.normal(size=8)
    frame = pd.DataFrame({"province": np.repeat(np.arange(12), 8), "year": np.tile(np.arange(8), 12)})
    frame["x"] = np.tile(path, 12) * np.repeat([1, -1], 48)
    products = CrossProducts.from_frame(frame, ["x"])
    assert effective_clusters(products, ["x"], "x") == pytest.approx(12, rel=1e-10)


def test_effective_clusters_falls_to_one_when_one_cluster_decides():
    rng = np.random.Generator(np.random.PCG64(1))
    frame = pd.DataFrame({"province": np.repeat(np.arange(12), 8), "year": np.tile(np.arange(8), 12)})
    frame["x"] = rng.normal(size=96) * np.where(frame["province"] == 3, 1000, 1)
    products = CrossProducts.from_frame(frame, ["x"], year_effects=False)
    assert effective_clusters(products, ["x"], "x") == pytest.approx(1, abs=0.01)


def test_effective_clusters_written_out_with_rows():
    """gamma_g = a'X_g'X_g a with a the column of (X'X)^-1, all dummies of years in X, province means out."""
    frame = unbalanced()
    inner, dummies = absorbed_columns(frame, list(X))
    inverse = np.linalg.inv(inner.T @ inner)
    codes = pd.factorize(frame["province"])[0]
    gamma = np.array([((inner[codes == code] @ inverse[:, dummies]) ** 2).sum() for code in range(30)])
    expected = 30 / (1 + gamma.var() / gamma.mean() ** 2)
    products = CrossProducts.from_frame(frame, list(X))
    assert effective_clusters(products, X, "ECI") == pytest.approx(expected, rel=1e-8)


def trend_columns(frame: pd.DataFrame) -> np.ndarray:
    return dummy_columns(frame["province"], False) * (frame["year"].to_numpy() - 2013.0)[:, None]


def region_years(frame: pd.DataFrame) -> np.ndarray:
    return dummy_columns(frame["region"] + frame["year"].astype(str), False)


@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
@pytest.mark.parametrize(("options", "written"), [
    ({"trends": True}, trend_columns), ({"year_effects_by": "region"}, region_years),
])  # fmt: skip
def test_trends_and_regional_years_equal_dummies_written_out(frame, options, written):
    frame = frame.assign(region=np.where(frame["province"] < "省11", "east", "west"))
    columns = np.column_stack([
        frame[list(X)], dummy_columns(frame["year"], True), dummy_columns(frame["province"], False), written(frame)
    ])  # fmt: skip
    expected = least_squares(frame["EXP"].to_numpy(), columns)[0][: len(X)]
    found = CrossProducts.from_frame(frame, [*X, "EXP"], **options).fit("EXP", X)
    assert found.coefficients[0] == pytest.approx(expected, rel=1e-8)


def test_weights_scale_nothing_if_they_are_all_the_same():
    frame = unbalanced().assign(weight=2.5)
    plain = CrossProducts.from_frame(frame, [*X, "EXP"])
    weighted = CrossProducts.from_frame(frame, [*X, "EXP"], weights="weight")
    one, two = clustered_terms(plain, "EXP", X)["ECI"], clustered_terms(weighted, "EXP", X)["ECI"]
    assert (two.estimate, two.std_error) == pytest.approx((one.estimate, one.std_error), rel=1e-10)
    assert effective_clusters(weighted, X, "ECI") == pytest.approx(effective_clusters(plain, X, "ECI"), rel=1e-10)


def test_a_variant_row_has_all_columns_and_leaving_a_cluster_out_is_a_refit():
    frame = generated()
    products = CrossProducts.from_specification(frame, BASE).without("省05")
    row = VariantRows(199, 1).row("without_省05", products, "EXP", X, "ECI")
    assert tuple(row) == ROW and row["groups"] == 29 and row["n"] == 290
    oracle = fit(frame[frame["province"] != "省05"], BASE).terms["ECI"]
    assert (row["estimate"], row["std_error"], row["p_value"]) == pytest.approx(
        (oracle.estimate, oracle.std_error, oracle.p_value), rel=1e-8
    )


def test_extra_rows_stand_beside_the_result_and_change_nothing_in_it():
    frame = generated()
    result = fit(frame, BASE)
    rows = extra_rows(frame, BASE, result, QUICK)
    richer = with_extra_rows(result, rows, jackknife(frame, BASE, result), QUICK)
    assert richer.terms == result.terms and set(result.tests) < set(richer.tests)
    assert {f"{row}[ECI]" for row in ROWS} <= set(richer.tests)
    table = rows.set_index("row")
    cv3 = jackknife_terms(CrossProducts.from_specification(frame, BASE), "EXP", X)["ECI"]
    assert table.at["cv3", "std_error"] == cv3.std_error and table.at["cv3", "p_value"] == cv3.p_value
    b, mean = result.terms["ECI"].estimate, frame["ECI"].mean()
    assert table.at["step_effect", "estimate"] == pytest.approx(100 * np.expm1(0.01 * b), rel=1e-12)
    assert table.at["elasticity_at_mean", "estimate"] == pytest.approx(b * mean, rel=1e-12)
    assert table.at["elasticity_at_mean", "conf_low"] == pytest.approx(mean * result.terms["ECI"].conf_low, rel=1e-9)


def test_within_r2_net_of_years_is_fixests():
    """pyfixest's within R2 of `y ~ x | id + year`."""
    import pyfixest

    frame = generated()
    table = extra_rows(frame, BASE, fit(frame, BASE), QUICK).set_index("row")
    model = pyfixest.feols(f"EXP ~ {' + '.join(X)} | province + year", data=frame)
    assert table.at["r2_within_net_of_years", "estimate"] == pytest.approx(model._r2_within, rel=1e-8)
    assert table.at["r2_within", "estimate"] == fit(frame, BASE).r2_within


def test_an_outcome_in_levels_has_effects_in_its_units():
    frame = generated()
    specification = Specification("share", "Tec", ("ECI",), CONTROLS)
    result = fit(frame, specification)
    table = extra_rows(frame, specification, result, QUICK, log_outcome=False, steps={"ECI": 0.1}).set_index("row")
    b = result.terms["ECI"].estimate
    assert table.at["step_effect", "estimate"] == pytest.approx(0.1 * b, rel=1e-12)
    expected = b * frame["ECI"].mean() / frame["Tec"].mean()
    assert table.at["elasticity_at_mean", "estimate"] == pytest.approx(expected, rel=1e-12)


def test_pooled_columns_get_rows_clustered_by_province():
    frame = generated()
    pooled = replace(BASE, estimator="pooled_ols", province_effects=False, year_effects=False, covariance="hc1")
    table = extra_rows(frame, pooled, fit(frame, pooled), QUICK).set_index("row")
    assert "r2_within" not in table.index and np.isfinite(table.at["wcr", "p_value"])
    assert table.at["cv3", "estimate"] == pytest.approx(fit(frame, pooled).terms["ECI"].estimate, rel=1e-9)


def test_weighted_terms_are_those_of_linearmodels_and_of_weighted_refits():
    """CR1 of PanelOLS(weights=) to 1e-8; CV3 from PanelOLS without one province at a time."""
    from linearmodels.panel import PanelOLS

    frame = unbalanced()
    frame["weight"] = np.random.Generator(np.random.PCG64(6)).uniform(0.5, 3, len(frame))

    def fitted(part):
        index = pd.MultiIndex.from_frame(part[["province", "year"]])
        columns = np.column_stack([part[list(X)], dummy_columns(part["year"], True), np.ones(len(part))])
        names = [*X, *(f"d{number}" for number in range(columns.shape[1] - len(X)))]
        exog, outcome = pd.DataFrame(columns, index, names), pd.DataFrame({"y": part["EXP"].to_numpy()}, index)
        weights = pd.DataFrame({"w": part["weight"].to_numpy()}, index)
        model = PanelOLS(outcome, exog, weights=weights, entity_effects=True)
        return model.fit(cov_type="clustered", cluster_entity=True, group_debias=True)

    products = CrossProducts.from_frame(frame, [*X, "EXP"], weights="weight")
    found, cv3 = clustered_terms(products, "EXP", X), jackknife_terms(products, "EXP", X)
    whole = fitted(frame)
    left_out = np.array([fitted(frame[frame["province"] != name]).params[list(X)] for name in products.clusters])
    for position, name in enumerate(X):
        values = (found[name].estimate, found[name].std_error)
        assert values == pytest.approx((whole.params[name], whole.std_errors[name]), rel=1e-8)
        spread = np.sqrt(29 / 30 * ((left_out[:, position] - whole.params[name]) ** 2).sum())
        assert cv3[name].std_error == pytest.approx(spread, rel=1e-7)
