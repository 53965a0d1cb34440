"""Stars, JSON, tables, effect sizes and descriptive statistics."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from study_panels import BASE, generated

from cbe_assets import statistics
from cbe_assets.statistics.descriptives import descriptives
from cbe_assets.statistics.effects import effect_size_test, effect_sizes
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.result import COLUMNS, Result, Term, stars
from cbe_assets.statistics.specification import Specification
from cbe_assets.statistics.specification_tests import hausman, variance_inflation

KEYS = ["specification", "estimator", "outcome", "n", "groups", "df", "r2", "r2_within", "covariance", "terms", "tests",
        "sample", "versions"]  # fmt: skip


def printed(estimate: float, t: float) -> Result:
    """A column as the paper prints it: estimate and t, under t(29)."""
    term = Term.from_t(estimate, estimate / t, 29)
    return Result("paper", "fixed_effects", "EXP", 300, 30, 29, 0.612, 0.612, "clustered by province", {"ECI": term})


@pytest.mark.parametrize(
    ("p_value", "expected"),
    [
        (0.0, "***"),
        (0.0099, "***"),
        (0.01, "**"),
        (0.0499, "**"),
        (0.05, "*"),
        (0.0999, "*"),
        (0.1, ""),
        (float("nan"), ""),
    ],
)
def test_stars_are_at_ten_five_and_one_percent(p_value, expected):
    assert stars(p_value) == expected


def test_the_papers_stars_follow_from_its_t_under_29_degrees_of_freedom():
    """Table 6: Net 2.01 is one star under t(29) and would be two under t(254)."""
    assert Term.from_t(0.511, 0.511 / 2.01, 29).stars == "*"
    assert Term.from_t(0.511, 0.511 / 2.01, 254).stars == "**"
    assert printed(1.093, 2.12).terms["ECI"].stars == "**"


def test_json_has_the_agreed_keys_and_no_number_that_json_lacks():
    frame = generated()
    swamy = Specification("s", "EXP", ("ECI",), estimator="swamy", covariance="conventional", year_effects=False)
    for result in (fit(frame, BASE), fit(frame, swamy), hausman(frame, BASE), variance_inflation(frame, BASE)):
        record = result.to_json_dict({"numpy": "2"})
        assert list(record) == KEYS
        assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert list(fit(frame, BASE).to_json_dict({})["terms"]) == [*BASE.explanatory, "_cons"]


def test_non_finite_numbers_become_null_and_come_back():
    result = replace(
        printed(1.0, 2.0), terms={"ECI": Term.from_t(1.0, 0.0, 29)}, tests={"a": {"b": np.inf, "c": np.float64(2)}}
    )
    record = result.to_json_dict({})
    assert record["terms"]["ECI"]["statistic"] is None and record["tests"] == {"a": {"b": None, "c": 2.0}}
    again = Result.from_json_dict(record)
    assert np.isnan(again.terms["ECI"].p_value) and again.to_json_dict({}) == record


def test_the_table_has_one_row_per_term():
    frame = fit(generated(), BASE).frame()
    assert tuple(frame.columns) == COLUMNS and len(frame) == 8
    assert frame["term"].tolist() == [*BASE.explanatory, "_cons"]
    assert (frame["n"] == 300).all() and (frame["groups"] == 30).all() and (frame["df"] == 29).all()
    assert (frame["std_error"] > 0).all() and frame["stars"].isin(["", "*", "**", "***"]).all()
    assert ((frame["conf_low"] < frame["estimate"]) & (frame["estimate"] < frame["conf_high"])).all()
    assert (np.sign(frame["statistic"]) == np.sign(frame["estimate"])).all()


def test_effect_sizes_of_the_papers_coefficient():
    """Elasticity at the mean 1.093 * 0.123 = 0.134, SE 0.063; +0.01 of the index is 1.1 %, not "1 % -> 1.093 %"."""
    table = effect_sizes(printed(1.093, 2.12), "ECI", mean=0.123, sd=0.121).set_index("effect")
    assert table.at["elasticity_at_mean", "estimate"] == pytest.approx(0.134, abs=5e-4)
    assert table.at["elasticity_at_mean", "std_error"] == pytest.approx(0.063, abs=5e-4)
    assert table.at["step", "estimate"] == pytest.approx(100 * (np.exp(0.01093) - 1), rel=1e-12)
    assert table.at["one_sd", "estimate"] == pytest.approx(100 * (np.exp(1.093 * 0.121) - 1), rel=1e-12)


def test_effect_intervals_are_delta_method_under_t():
    result = printed(1.093, 2.12)
    error, h = result.terms["ECI"].std_error, 1e-6
    for row in effect_sizes(result, "ECI", mean=0.123, sd=0.121).itertuples():
        above, below = (
            effect_sizes(printed(b, 2.12), "ECI", mean=0.123, sd=0.121).set_index("effect").at[row.effect, "estimate"]
            for b in (1.093 + h, 1.093 - h)
        )
        assert row.std_error == pytest.approx(error * (above - below) / (2 * h), rel=1e-6)
        assert row.conf_high - row.estimate == pytest.approx(stats.t.ppf(0.975, 29) * row.std_error, rel=1e-12)
    record = effect_size_test(result, "ECI", 0.123, 0.121).to_json_dict({})
    assert record["tests"]["step"]["unit"] == "percent" and record["terms"] == {}


def test_descriptives_are_the_columns_of_table_3():
    frame = generated()
    table = descriptives(frame, "EXP", BASE.explanatory).set_index("variable")
    assert list(table.columns) == ["n", "mean", "sd", "min", "max", "vif"] and np.isnan(table.at["EXP", "vif"])
    assert table.at["HC", "sd"] == pytest.approx(np.std(frame["HC"], ddof=1), rel=1e-12)
    pooled = variance_inflation(frame, BASE)
    assert table.at["HC", "vif"] == pytest.approx(pooled.value("pooled[HC]"), rel=1e-9)
    bound = (table["max"] - table["mean"]) * (table["mean"] - table["min"]) * table["n"] / (table["n"] - 1)
    assert (table["sd"] ** 2 <= bound).all() and (table["vif"].dropna() >= 1).all()


def test_importing_the_statistics_does_not_pay_for_linearmodels():
    modules = sorted(path.stem for path in Path(statistics.__file__).parent.glob("[a-z]*.py"))
    imports = "; ".join(f"import cbe_assets.statistics.{name}" for name in modules)
    heavy = "[m for m in ('linearmodels', 'statsmodels', 'dagster', 'duckdb', 'matplotlib') if m in sys.modules]"
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; {imports}; print({heavy})"], capture_output=True, text=True
    )
    assert run.stdout.strip() == "[]", run.stderr
