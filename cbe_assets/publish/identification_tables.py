"""Tables of what goes beyond conditional correlation: the event study and the instrument."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from cbe_assets.publish import numbers
from cbe_assets.publish.grid import Cell, Grid, Line
from cbe_assets.publish.material import Material, place_of
from cbe_assets.publish.notes import with_common
from cbe_assets.publish.result_lines import Column, count, heads, limits, line, number, p_column, panel, starred
from cbe_assets.publish.wording import enumerated, joined, p_is, same, sentences, words
from cbe_assets.statistics.event_study import LEAST_COHORT
from cbe_assets.study import Text

Row = dict[str, Any]
FEW = 2
"""An effect that so few provinces carry has a standard error that is too small."""
EVENTS = (
    Column("estimate", "effect", lambda row: _effect(row), kind="coefficient"), number("std_error", "std_error"),
    p_column("p_value", "p_value"), *limits(), count("provinces", "groups"), number("dose", "mean_dose", 2),
)  # fmt: skip
STAGES = (
    Column("estimate", "coefficient", starred, kind="coefficient"), number("std_error", "std_error"),
    number("statistic", "t", 2), p_column("p_value", "p_value"), *limits(),
)  # fmt: skip


def _effect(row: Row) -> str:
    return starred(row) if not math.isnan(float(row["std_error"])) else numbers.decimal(row["estimate"])


def relative(year: float) -> str:
    """A year relative to adoption with its sign; 0 has none."""
    return f"+{int(year)}" if year > 0 else numbers.integer(year)


def event_study_table(material: Material) -> Grid:
    """A line per year relative to adoption, then the overall effect and the test of all years before."""
    (entry,) = material.exhibit.columns
    frame, source = material.inputs[f"model/{entry}"], f"model/{entry}"
    effects = frame[frame["row"] == "effect"].sort_values("relative_year")
    lines: list[Line] = [panel(words("event_by_year"), 1 + len(EVENTS))]
    for row in effects.to_dict("records"):
        year = relative(row["relative_year"])
        said = words("event_reference", year=year) if row["relative_year"] == -1 else same(year)
        if row["relative_year"] == -1:
            row = {key: row[key] for key in ("estimate", "std_error", "provinces", "dose")} | {"p_value": math.nan}
        lines.append(line([said], row, EVENTS, source, f"effect[{year}]"))
    lines.append(panel(words("event_together"), 1 + len(EVENTS)))
    overall = frame[frame["row"] == "overall"].to_dict("records")[0]
    lines += [line([words("event_overall")], overall, EVENTS, source, "overall"), _pre_trend(frame, source)]
    notes = with_common(material, event_notes(material, frame))
    return Grid(material.name, material.title(), heads(["relative_year"], EVENTS), tuple(lines), tuple(notes))


def _pre_trend(frame: pd.DataFrame, source: str) -> Line:
    """F in the column of the effects, p in its own."""
    row = frame[frame["row"] == "pre_trend"].to_dict("records")[0]
    label = words("event_pre_trend", df1=numbers.integer(row["df1"]), df2=numbers.integer(row["df2"]))
    value, p_value, place = float(row["statistic"]), float(row["p_value"]), {"source": source, "term": "pre_trend"}
    return (
        Cell(0, label, align="left"),
        Cell(1, same(numbers.decimal(value, 2)), "statistic", value, **place),
        Cell(3, same(numbers.p_value(p_value)), "statistic", p_value, **place),
    )


def event_notes(material: Material, frame: pd.DataFrame) -> list[Text]:
    """Treatment, dose, controls of comparison, estimator, years that hardly anybody carries."""
    (entry,) = material.exhibit.columns
    declared = material.study.robustness[entry]
    specification = material.study.specifications[declared.of]
    dose = joined([material.study.variables[declared.dose].title, f" ({declared.dose})"])
    treatment = words("event_treatment", dose=dose)
    control = _control(str(frame["control"].iloc[0]))
    facts = {"outcome": specification.outcome, "controls": enumerated(specification.controls), "least": LEAST_COHORT}
    estimator = words("event_estimator", **facts)
    sample = words("event_sample", n=numbers.integer(frame["n"].iloc[0]))
    return [sentences([treatment, control, sample]), sentences([estimator, words("stars"), *few_provinces(frame)])]


def few_provinces(frame: pd.DataFrame) -> list[Text]:
    """Years that hardly any province carries, if there are any."""
    effects = frame[(frame["row"] == "effect") & frame["std_error"].notna()]
    thin = [relative(year) for year in effects.loc[effects["provinces"] <= FEW, "relative_year"]]
    return [words("event_few", list=enumerated(thin))] if thin else []


def _control(control: str) -> Text:
    """Who stands for no adoption."""
    last = re.fullmatch(r"treated last \((\d+)\)", control)
    return words("control_last", year=last[1]) if last else words("control_never")


def instruments_table(material: Material) -> Grid:
    """Least squares, 2SLS and the first stage, then how strong the instrument is and what it cannot exclude."""
    (entry,) = material.exhibit.columns
    frame, source = material.inputs[f"model/{entry}"], f"model/{entry}"
    rows = {name: part.to_dict("records") for name, part in frame.groupby("row", sort=False)}
    declared = material.study.robustness[entry]
    term = declared.term or material.study.specifications[declared.of].regressors[0]
    width, lines = 1 + len(STAGES), []
    for name in ("least_squares", "second_stage", "first_stage"):
        lines += [line([words(name, term=term)], row, STAGES, source, name) for row in rows[name]]
    lines.append(panel(words("instrument_strength"), width))
    lines += [_strength(rows["effective_f"][0], source), _set(rows.get("anderson_rubin", []), source, width)]
    strength = rows["effective_f"][0]
    said = [_instrument(material, entry, term), words("stars"), _counts(material, rows["second_stage"][0])]
    weak = float(strength["statistic"]) < float(strength["critical_value"])
    verdict = words("instrument_weak" if weak else "instrument_strong", **_f(strength))
    notes = with_common(material, [sentences(said), sentences([verdict, words("instrument_exclusion")])])
    return Grid(material.name, material.title(), heads(["estimator"], STAGES), tuple(lines), tuple(notes))


def _f(row: Row) -> dict[str, str]:
    return {"f": numbers.decimal(row["statistic"], 2), "critical": numbers.decimal(row["critical_value"], 2)}


def _strength(row: Row, source: str) -> Line:
    """Effective F and the value it must exceed."""
    value, critical = float(row["statistic"]), float(row["critical_value"])
    place = {"source": source, "term": "effective_f"}
    return (
        Cell(0, words("effective_f"), align="left"),
        Cell(1, same(numbers.decimal(value, 2)), "statistic", value, **place),
        Cell(2, _critical(critical), "text", critical, 5, align="left", **place),
    )


def _critical(value: float) -> Text:
    return words("critical_value", value=numbers.decimal(value, 2))


def _set(rows: list[Row], source: str, width: int) -> Line:
    """The Anderson-Rubin set in words."""
    said = anderson_rubin([(float(row["conf_low"]), float(row["conf_high"])) for row in rows])
    p_value = float(rows[0]["p_value"]) if rows else math.nan
    text = words("anderson_rubin_p", set=said, p=p_is(p_value))
    cell = Cell(1, text, "text", p_value, width - 1, align="left", source=source, term="anderson_rubin")
    return (Cell(0, words("anderson_rubin"), align="left"), cell)


def anderson_rubin(intervals: list[tuple[float, float]]) -> Text:
    """A confidence set of intervals: bounded, unbounded on one side, everything but a gap, everything, or empty."""
    if not intervals:
        return words("set_empty")
    listed = joined([same(_interval(low, high)) for low, high in intervals], words("set_and"))
    if intervals == [(-math.inf, math.inf)]:
        return words("set_everything", set=listed)
    unbounded = any(math.isinf(end) for interval in intervals for end in interval)
    if len(intervals) > 1:
        return words("set_pieces_unbounded" if unbounded else "set_pieces", set=listed)
    return words("set_unbounded", set=listed) if unbounded else listed


def _interval(low: float, high: float) -> str:
    """An infinite end has a round bracket."""
    left, right = "(" if math.isinf(low) else "[", ")" if math.isinf(high) else "]"
    return f"{left}{numbers.decimal(low)}, {numbers.decimal(high)}{right}"


def _instrument(material: Material, entry: str, term: str) -> Text:
    declared = material.study.robustness[entry]
    titles = {key: item.title for key, item in {**material.study.variables, **material.study.indicators}.items()}
    facts = {"share": titles[declared.share], "shift": titles[declared.shift], "year": declared.base_year}
    return words("instrument_note", term=term, place=place_of(material.study, declared.of), **facts)


def _counts(material: Material, row: Row) -> Text:
    return words("instrument_sample", n=numbers.integer(row["n"]), groups=numbers.integer(row["groups"]))
