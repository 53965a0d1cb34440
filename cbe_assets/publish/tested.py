"""What the notes say of an exhibit's tests and summaries: one text per test, numbers from the stored results."""

from __future__ import annotations

import math
from typing import Any

from cbe_assets.publish.material import Material
from cbe_assets.publish.numbers import decimal, integer, interval, signed
from cbe_assets.publish.wording import enumerated, joined, p_is, same, sentences, words
from cbe_assets.study import Text

Row = dict[str, Any]


def notes(material: Material) -> list[Text]:
    """A note per test of the exhibit, in its order; what tests of one kind share is said once, at the end."""
    said, kinds = [], []
    for name in material.exhibit.tests:
        kind = material.study.tests[name].kind
        if kind in NOTES:
            said.append(NOTES[kind](material, name))
            kinds.append(kind)
    if bounds := [bound(material, name) for name in material.tests("mediation_sensitivity")]:
        said.append(words("mediation_bound", list=sentences(bounds)))
    if "mediation" in kinds:
        said.append(words("mediation_words"))
    return [sentences(said)] if said else []


def hausman_printed(rows: dict[str, Row]) -> str:
    """The form a table prints: own variances (Stata's default) where it has a p value, else sigmamore."""
    own = rows["hausman_own_sigmas"]
    return "hausman_own_sigmas" if not math.isnan(float(own["p_value"])) else "hausman_sigmamore"


def swamy_mean(row: Row) -> Text:
    """The mean coefficient of Swamy's model."""
    facts = {"z": decimal(row["statistic"], 2), "p": p_is(row["p_value"])}
    return words("swamy_mean", value=decimal(row["estimate"]), **facts)


def _f_facts(row: Row) -> dict[str, str | Text]:
    facts = {"df1": integer(row["df1"]), "df2": integer(row["df2"])}
    return {**facts, "value": decimal(row["value"], 2), "p": p_is(row["p_value"])}


def _f_test(material: Material, name: str) -> Text:
    return words("f_test_note", **_f_facts(material.test(name)["f_province_effects"]))


def _chi2(row: Row) -> Text:
    value = decimal(row["value"], 2)
    if math.isnan(float(row["p_value"])):
        return words("chi2_undefined", value=value)
    return words("chi2_value", value=value, p=p_is(row["p_value"]))


def _hausman(material: Material, name: str) -> Text:
    rows = material.test(name)
    mundlak = _f_facts(rows["mundlak_f"])
    own = hausman_printed(rows) == "hausman_own_sigmas"
    return words(
        "hausman_note",
        df=integer(rows["hausman_own_sigmas"]["df1"]),
        own=_chi2(rows["hausman_own_sigmas"]),
        sigmamore=_chi2(rows["hausman_sigmamore"]),
        df1=mundlak["df1"],
        df2=mundlak["df2"],
        mundlak=mundlak["value"],
        mundlak_p=mundlak["p"],
        printed=words("printed_own" if own else "printed_sigmamore"),
    )


def _effect_sizes(material: Material, name: str) -> Text:
    """The effects of `model/<name>` that no row of the table gives: of a step and one SD, elasticity at the mean."""
    rows = {"step": "step_effect", "elasticity_at_mean": "elasticity_at_mean"}
    effects = {
        row["effect"]: row
        for row in material.inputs[f"model/{name}"].to_dict("records")
        if rows.get(row["effect"]) not in material.exhibit.inference
    }
    specification = material.study.specifications[material.study.tests[name].specifications[0]]
    outcome, parts = material.study.variables[specification.outcome].title, []
    for effect, row in effects.items():
        plain = effect == "elasticity_at_mean"
        value = decimal(row["estimate"]) if plain else signed(row["estimate"], 2)
        facts = {"value": value, "interval": interval(row["conf_low"], row["conf_high"], 3 if plain else 2)}
        said = {"term": specification.regressors[0], "outcome": outcome, "step": "0.01"}
        parts.append(words(f"effect_{effect}", **facts, **said))
    return words("effects", list=joined(parts, words("effects_between")))


def _mediation(material: Material, name: str) -> Text:
    """a, b and their product with Sobel's test; the bootstrap interval where the stored test has it."""
    test, rows = material.study.tests[name], material.test(name)
    mediator = material.study.specifications[test.mediator].outcome
    treatment = material.study.specifications[test.total].regressors[0]
    total = float(material.model(test.total)[treatment]["estimate"])
    a = float(material.model(test.mediator)[treatment]["estimate"])
    b = float(material.model(test.direct)[mediator]["estimate"])
    direct = float(material.model(test.direct)[treatment]["estimate"])
    sobel = rows[f"sobel[{mediator}]"]
    low, high = (rows.get(f"indirect[{mediator}].{end}") for end in ("bootstrap_low", "bootstrap_high"))
    bootstrap = same("")
    if low and high:
        bootstrap = words("mediation_bootstrap", interval=interval(float(low["value"]), float(high["value"])))
    aroian = same("")
    if row := rows.get(f"aroian[{mediator}]"):
        aroian = words("mediation_aroian", z=decimal(row["value"], 2), p=p_is(row["p_value"]))
    facts = {"a": decimal(a), "b": decimal(b), "product": decimal(a * b), "bootstrap": bootstrap, "aroian": aroian}
    shares = {"share": decimal(100 * a * b / total, 1), "direct": decimal(100 * direct / total, 1)}
    z = {"z": decimal(sobel["value"], 2), "p": p_is(sobel["p_value"])}
    return words("mediation_note", mediator=mediator, **facts, **shares, **z)


def _joint_mediation(material: Material, name: str) -> Text:
    """All mediators in one regression: each path, their sum, what is left."""
    rows, parts = material.test(name), []

    def number(key: str) -> float:
        return float(rows[key]["value"])

    for mediator in material.study.tests[name].mediators:
        path = f"indirect[{mediator}]"
        limits = interval(number(f"{path}.bootstrap_low"), number(f"{path}.bootstrap_high"))
        value = decimal(number(f"{path}.estimate"))
        parts.append(words("mediation_joint_part", mediator=mediator, value=value, interval=limits))
    limits = interval(number("effects.bootstrap_low"), number("effects.bootstrap_high"))
    facts = {"indirect": decimal(number("effects.indirect")), "direct": decimal(number("effects.direct"))}
    share = decimal(100 * number("effects.indirect_share"), 1)
    return words("mediation_joint_note", parts=enumerated(parts), interval=limits, share=share, **facts)


def bound(material: Material, name: str) -> Text:
    """The correlation of errors at which the indirect effect of model/<name> is zero, and what that means."""
    row = material.inputs[f"model/{name}"].iloc[0]
    rho = float(row["rho_insignificant"])
    if math.isnan(rho):
        first = words("sensitivity_never")
    else:
        first = words("sensitivity_already") if rho == 0 else words("sensitivity_from", rho=decimal(rho, 1))
    facts = {"rho": decimal(row["rho_zero"], 2), "interval": interval(row["rho_low"], row["rho_high"], 2)}
    share = decimal(100 * float(row["r2_product"]), 1)
    return words("sensitivity_one", mediator=row["mediator"], share=share, first=first, **facts)


def _permutation(material: Material, name: str) -> Text:
    first = material.study.specifications[material.study.tests[name].specifications[0]]
    term, rows = first.regressors[0], material.test(name)
    variable = material.study.variables[first.sample.split].title if first.sample else same("")
    facts = {"gap": decimal(rows[term]["value"]), "p": p_is(rows[term]["p_value"])}
    return words("permutation_note", variable=variable, term=term, **facts)


def _partial_pooling(material: Material, name: str) -> Text:
    frame = material.inputs[f"model/{name}"]
    row = frame.iloc[0]
    facts = {"mean": decimal(row["mean"]), "error": decimal(row["mean_std_error"]), "tau": decimal(row["tau"])}
    q = {"q": decimal(row["cochran_q"], 2), "p": p_is(row["p_value"]), "df": len(frame) - 1}
    return words("pooling_note", **facts, **q)


def _equal_coefficients(material: Material, name: str) -> Text:
    first, second = material.study.tests[name].specifications
    term = material.study.specifications[first].regressors[0]
    gap = float(material.model(first)[term]["estimate"]) - float(material.model(second)[term]["estimate"])
    rows = material.test(name)
    every = _f_facts(rows["all_slopes"])
    facts = {"all1": every["df1"], "all2": every["df2"], "all": every["value"], "all_p": every["p"]}
    return words("equal_note", term=term, gap=decimal(gap), **_f_facts(rows[term]), **facts)


def _slope_homogeneity(material: Material, name: str) -> Text:
    rows = material.test(name)
    chi2, delta = rows["swamy_chi2"], rows.get("delta_adjusted")
    facts = {"chi": decimal(chi2["value"], 2), "chi_df": integer(chi2["df1"]), "chi_p": p_is(chi2["p_value"])}
    said = same("")
    if delta:
        said = words("homogeneity_delta", value=decimal(delta["value"], 2), p=p_is(delta["p_value"]))
    return words("homogeneity_note", **_f_facts(rows["f_equal_slopes"]), **facts, delta=said)


NOTES = {
    "f_test": _f_test,
    "hausman": _hausman,
    "effect_sizes": _effect_sizes,
    "mediation": _mediation,
    "equal_coefficients": _equal_coefficients,
    "slope_homogeneity": _slope_homogeneity,
    "joint_mediation": _joint_mediation,
    "permutation_equal_coefficients": _permutation,
    "partial_pooling": _partial_pooling,
}
"""Kind of test -> its note."""
