"""Mediation: the identity in the sample and in every resample, and the tests of the product."""

from dataclasses import replace

import numpy as np
import pytest
from study_panels import BASE, generated, unbalanced

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.kernel import CrossProducts, bootstrap_counts, interval
from cbe_assets.statistics.mediation import mediation, product_errors


@pytest.mark.parametrize("mediators", [("Inus",), ("Tec",), ("Inus", "Tec")])
@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
def test_total_is_direct_plus_indirect_for_every_coefficient_and_the_constant(frame, mediators):
    found = mediation(frame, BASE, mediators, draws=50, seed=1)
    for name, total in found.total.terms.items():
        through = sum(
            found.direct.terms[mediator].estimate * found.paths[mediator].terms[name].estimate for mediator in mediators
        )
        assert total.estimate == pytest.approx(found.direct.terms[name].estimate + through, abs=1e-9, rel=1e-9)
    assert found.test.tests["effects"]["identity_gap"] < 1e-9


def test_the_mean_year_effect_obeys_the_identity_too():
    found = mediation(generated(), BASE, ["Inus"], draws=10, seed=1)
    years = [result.tests["fit"]["year_effect_mean"] for result in (found.total, found.direct, found.paths["Inus"])]
    assert years[0] == pytest.approx(years[1] + found.direct.terms["Inus"].estimate * years[2], abs=1e-10)


def test_the_identity_holds_in_every_resample():
    frame = generated()
    products = CrossProducts.from_frame(frame, [*BASE.explanatory, "Inus", "EXP"])
    counts = bootstrap_counts(30, 300, seed=2)
    total = products.fit("EXP", BASE.explanatory, counts)
    path = products.fit("Inus", BASE.explanatory, counts)
    direct = products.fit("EXP", [*BASE.explanatory, "Inus"], counts)
    b = direct.coefficients[:, -1]
    gap = total.coefficients - direct.coefficients[:, :-1] - b[:, None] * path.coefficients
    assert np.abs(gap).max() < 1e-9
    assert np.abs(total.constant - direct.constant - b * path.constant).max() < 1e-8


def test_product_errors_are_sobels_and_aroians():
    errors = product_errors(0.208, 0.0275, 3.890, 0.5662)
    assert errors["sobel"] ** 2 == pytest.approx(0.208**2 * 0.5662**2 + 3.890**2 * 0.0275**2, rel=1e-12)
    assert errors["aroian"] ** 2 - errors["sobel"] ** 2 == pytest.approx((0.0275 * 0.5662) ** 2, rel=1e-9)


def test_the_interval_is_that_of_the_cluster_bootstrap_with_the_given_seed():
    frame = generated()
    test = mediation(frame, BASE, ["Inus"], draws=500, seed=3).test
    products = CrossProducts.from_frame(frame, [*BASE.explanatory, "Inus", "EXP"])
    counts = bootstrap_counts(30, 500, seed=3)
    a = products.fit("Inus", BASE.explanatory, counts).coefficients[:, 0]
    b = products.fit("EXP", [*BASE.explanatory, "Inus"], counts).coefficients[:, -1]
    low, high = interval(a * b)
    entry = test.tests["indirect[Inus]"]
    assert (entry["bootstrap_low"], entry["bootstrap_high"]) == pytest.approx((low, high), rel=1e-9)
    assert low < entry["estimate"] < high
    z = test.statistics.set_index("statistic").at["sobel[Inus]", "value"]
    assert z == pytest.approx(entry["estimate"] / entry["sobel_std_error"], rel=1e-12)


def test_shares_of_direct_and_indirect_sum_to_one():
    effects = mediation(generated(), BASE, ["Inus", "Tec"], draws=20, seed=3).test.tests["effects"]
    assert effects["direct_share"] + effects["indirect_share"] == pytest.approx(1, abs=1e-10)


def test_all_steps_use_the_rows_complete_in_every_variable():
    frame = generated()
    frame.loc[[5, 6, 7], "Tec"] = np.nan
    found = mediation(frame, BASE, ["Inus", "Tec"], draws=20, seed=3)
    assert {found.total.n, found.direct.n, *(path.n for path in found.paths.values())} == {297}
    assert found.test.sample["missing"] == 3 and found.test.sample["rows"] == 300


def test_a_truly_mediated_effect_is_found():
    """The generated panel has a = 0.2 and b = 3.9."""
    entry = mediation(generated(), BASE, ["Inus"], draws=500, seed=5).test.tests["indirect[Inus]"]
    assert entry["bootstrap_low"] < 0.2 * 3.9 < entry["bootstrap_high"] and entry["bootstrap_low"] > 0


def test_other_estimators_are_refused():
    with pytest.raises(StudyFault, match="swamy"):
        mediation(generated(), replace(BASE, estimator="swamy"), ["Inus"], draws=5, seed=1)
