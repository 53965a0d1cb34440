"""The curve and its joint test against one regression at a time."""

from itertools import combinations

import numpy as np
import pytest
from study_panels import BASE, CONTROLS, generated, unbalanced

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.curve_permutation import permute_curve
from cbe_assets.statistics.few_clusters import VariantRows, jackknife_terms
from cbe_assets.statistics.heterogeneity import permutations
from cbe_assets.statistics.kernel import CrossProducts
from cbe_assets.statistics.panel import fit
from cbe_assets.statistics.specification_curve import EFFECTS, Alternatives, specification_curve, subsets
from cbe_assets.statistics.winsorize import winsorize

PAPER = {"outcome": "EXP", "index": "ECI", "winsor": 1, "effects": "province_year"}


def with_indices(frame):
    rng = np.random.Generator(np.random.PCG64(2))
    frame["region"] = np.where(frame["province"] < "省11", "east", "west")
    frame["equal"] = frame["ECI"] * np.exp(0.2 * rng.normal(size=len(frame)))
    frame["share"] = frame["EXP"] + rng.normal(size=len(frame))
    return frame


ALL = Alternatives(("EXP", "share"), ("ECI", "equal"), CONTROLS[:3], winsor=(0, 2.5))


@pytest.mark.parametrize("frame", [generated(), unbalanced()], ids=["balanced", "unbalanced"])
def test_every_specification_is_its_own_regression(frame):
    frame = with_indices(frame)
    table = specification_curve(frame, ALL, draws=99, seed=1)
    assert len(table) == ALL.count == 192
    assert not table.duplicated(["outcome", "index", "winsor", "effects", "controls"]).any()
    rows = VariantRows(99, 1)
    for position in range(0, 192, 17):
        row = table.iloc[position]
        cut = frame.copy()
        if row["winsor"] != "0":
            for name in (*CONTROLS[:3], "ECI", "equal", "EXP", "share"):
                cut[name] = winsorize(frame[name], "2.5", "97.5")
        names = [*filter(None, row["controls"].split("+")), row["index"]]
        products = CrossProducts.from_frame(cut, [*names, row["outcome"]], **EFFECTS[row["effects"]])
        alone = rows.row("x", products, row["outcome"], names, row["index"])
        cv3 = jackknife_terms(products, row["outcome"], names)[row["index"]]
        for name in ("estimate", "std_error", "cv3", "wcr_p"):
            assert row[name] == pytest.approx(alone[name], rel=1e-8), name
        assert (row["p_value"], row["conf_low"]) == pytest.approx((cv3.p_value, cv3.conf_low), rel=1e-8)
        ratio = cut[row["index"]].std() / cut[row["outcome"]].std()
        assert row["standardized"] == pytest.approx(row["estimate"] * ratio, rel=1e-10)


def test_the_papers_column_is_marked_and_is_linearmodels():
    frame = with_indices(generated())
    alternatives = Alternatives(("EXP",), ("ECI",), CONTROLS, ("province_year",), (0, 1), paper=PAPER)
    table = specification_curve(frame, alternatives, draws=99, seed=1)
    assert table["paper"].sum() == 1
    cut = frame.copy()
    for name in (*CONTROLS, "ECI", "EXP"):
        cut[name] = winsorize(frame[name])
    row, term = table[table["paper"]].iloc[0], fit(cut, BASE).terms["ECI"]
    assert (row["estimate"], row["std_error"]) == pytest.approx((term.estimate, term.std_error), rel=1e-8)


def test_all_subsets_are_there_once():
    found = subsets(CONTROLS)
    expected = {names for size in range(7) for names in combinations(CONTROLS, size)}
    assert len(found) == 64 and set(found) == expected


def test_the_study_has_more_than_two_thousand_specifications():
    assert Alternatives(("EXP", "EXP_share"), ("a", "b", "c", "d", "e", "f"), CONTROLS).count == 9216


def test_the_joint_test_permutes_whole_curves():
    """The median of every permuted curve is that of the curve on the permuted frame."""
    frame = with_indices(generated())
    found = permute_curve(frame, ALL, draws=2, seed=5)
    table = specification_curve(frame, ALL, draws=9, seed=1)
    assert found.median == pytest.approx(table["standardized"].median(), rel=1e-8)
    assert found.share_positive == (table["estimate"] > 0).mean()
    for order, median in zip(permutations(30, 2, seed=5), found.medians, strict=True):
        moved = frame.copy()
        for name in ("ECI", "equal"):
            moved[name] = frame[name].to_numpy().reshape(30, 10)[order].ravel()
        again = specification_curve(moved, ALL, draws=9, seed=1)
        assert median == pytest.approx(again["standardized"].median(), rel=1e-7)


def test_the_joint_test_finds_an_effect_and_seldom_none():
    frame = with_indices(generated())
    small = Alternatives(("EXP",), ("ECI", "equal"), CONTROLS[:3], ("province_year",), (0,))
    assert permute_curve(frame, small, draws=199, seed=1).p_value <= 0.02
    rng = np.random.Generator(np.random.PCG64(9))
    rejected = 0
    for _ in range(40):
        frame["EXP"] = rng.normal(size=300)
        rejected += permute_curve(frame, small, draws=99, seed=1).p_value <= 0.05
    assert rejected <= 6


def test_unknown_effects_and_unbalanced_panels_are_refused():
    frame = with_indices(generated())
    with pytest.raises(StudyFault, match="province_year"):
        specification_curve(frame, Alternatives(("EXP",), ("ECI",), ("PGDP",), ("none",)))
    with pytest.raises(StudyFault) as caught:
        permute_curve(with_indices(unbalanced()), ALL, draws=9)
    assert {item.message for item in caught.value.faults} == {"statistics_not_balanced"}


def test_a_row_that_lacks_a_variable_is_left_out_of_every_specification():
    frame = with_indices(generated())
    holes = frame.assign(share=frame["share"].where(frame["year"] > 2013))
    curve = Alternatives(("EXP", "share"), ("ECI",), CONTROLS[:1], effects=("province_year",), winsor=(0,))
    found = specification_curve(holes, curve, draws=99, seed=1)
    rest = specification_curve(frame[frame["year"] > 2013], curve, draws=99, seed=1)
    assert found["n"].eq(270).all() and found.equals(rest)
