"""The estimator for millions of rows gives what linearmodels gives, whatever the order and balance of the rows."""

import numpy as np
import pandas as pd
import pytest
from study_panels import BASE, generated, unbalanced

from cbe_assets.faults import StudyFault
from cbe_assets.statistics import large_panel
from cbe_assets.statistics.large_panel import two_way
from cbe_assets.statistics.panel import fit

X = BASE.explanatory


def estimated(frame: pd.DataFrame):
    codes = pd.factorize(frame["province"])[0]
    columns = [frame[name].to_numpy() for name in X]
    return two_way(frame["EXP"].to_numpy(), columns, codes, frame["year"].to_numpy(), X)


@pytest.mark.parametrize("frame", [generated(), unbalanced(), unbalanced().sample(frac=1, random_state=1)],
                         ids=["balanced", "unbalanced", "shuffled"])  # fmt: skip
@pytest.mark.parametrize("block", [large_panel.BLOCK, 25], ids=["one block", "many blocks"])
def test_it_is_the_two_way_regression_of_linearmodels(frame, block, monkeypatch):
    monkeypatch.setattr(large_panel, "BLOCK", block)
    found, result = estimated(frame), fit(frame, BASE)
    assert (found.n, found.groups) == (result.n, 30)
    assert found.ssr == pytest.approx(result.tests["fit"]["ssr"], rel=1e-9)
    for name in X:
        term = result.terms[name]
        assert found.terms[name].estimate == pytest.approx(term.estimate, rel=1e-8)
        assert found.terms[name].std_error == pytest.approx(term.std_error, rel=1e-8)
        assert found.terms[name].p_value == pytest.approx(term.p_value, rel=1e-6)


def test_missing_values_and_spanned_regressors_are_named():
    frame = generated()
    with pytest.raises(StudyFault, match="HC"):
        estimated(frame.assign(HC=np.nan))
    with pytest.raises(StudyFault, match="FDI"):
        estimated(frame.assign(HC=2 * frame["FDI"] + 0.001 * (frame["year"] - 2013)))


@pytest.mark.parametrize("renamed", [lambda year: year * 10_000 + 1231, lambda year: 2 * (year - 2017)],
                         ids=["days", "gaps"])  # fmt: skip
def test_times_count_as_names_however_far_apart(renamed):
    frame = unbalanced()
    as_years, otherwise = estimated(frame), estimated(frame.assign(year=renamed(frame["year"])))
    assert np.array_equal(as_years.covariance, otherwise.covariance)
    assert as_years.terms == otherwise.terms
