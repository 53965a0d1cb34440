"""A trace as a tree of lines in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cbe_assets.faults import say
from cbe_assets.trace.step import Step


@dataclass(frozen=True)
class Branch:
    """A headline, the lines that say more about it, and the branches below it."""

    head: str
    details: tuple[str, ...] = ()
    below: tuple[Branch, ...] = field(default=())

    def plain(self, depth: int = 0) -> Iterator[str]:
        """The tree as indented lines."""
        yield "  " * depth + self.head
        yield from ("  " * depth + "    " + line for line in self.details)
        for branch in self.below:
            yield from branch.plain(depth + 1)


def tree(step: Step, lang: str, names: Mapping[str, str]) -> Branch:
    """The trace as branches.

    Args:
        step: what `trace` gave.
        lang: `zh` or `en`.
        names: short name of a province -> its name in the language; others stand as they are.
    """
    words = _Words(lang, names)
    whole = words.branch(step, None)
    notes = [words.say("sources", **_counts(step))] if "sources" in step.facts else []
    files = [Branch(words.say("sources_head"), tuple(words.source(item) for item in step.facts.get("sources", [])))]
    if "stale" in step.facts:
        notes.append(words.say("stale", names=", ".join(step.facts["stale"])))
    if "as_of" in step.facts:
        notes.append(words.say("as_of", date=step.facts["as_of"]))
    below = whole.below + (tuple(files) if "sources" in step.facts else ())
    return Branch(whole.head, (*whole.details, *notes), below)


def _counts(step: Step) -> dict[str, int]:
    listed = step.facts["sources"]
    return {
        "tables": len({item["table"] for item in listed}),
        "files": len({file for item in listed for file in item["files"]}),
    }


def number(value: Any) -> str:
    """Ten significant digits, no trailing zeros; a dash for a missing value."""
    if value is None:
        return "-"
    return str(value) if isinstance(value, (int, str)) else f"{value:.10g}"


class _Words:
    """How each kind of step is put into words."""

    def __init__(self, lang: str, names: Mapping[str, str]):
        self.lang, self._names = lang, names

    def say(self, message: str, **facts: Any) -> str:
        return say(f"trace_{message}", self.lang, **facts)

    def place(self, step: Step) -> str:
        name = self._names.get(step.province, step.province) if step.province else ""
        return " ".join(str(part) for part in (name, step.year) if part)

    def branch(self, step: Step, above: Step | None) -> Branch:
        told: Callable[[Step], tuple[str, list[str]]] = getattr(self, f"_{step.kind}")
        head, details = told(step)
        moved = above is None or (step.province, step.year) != (above.province, above.year)
        if moved and step.kind not in ("edition", "reference") and self.place(step):
            head = f"{head}  [{self.place(step)}]"
        if step.facts.get("through"):
            details.append(self.say("through", names=", ".join(step.facts["through"])))
        return Branch(head, tuple(details), tuple(self.branch(below, step) for below in step.inputs))

    def _valued(self, step: Step) -> str:
        return " ".join(filter(None, (f"{step.asset}.{step.column} = {number(step.value)}", step.unit)))

    def _expression(self, step: Step) -> tuple[str, list[str]]:
        return self._valued(step), [f"{step.facts['expression']}    ({step.facts['sql']})"]

    def _stored(self, step: Step) -> tuple[str, list[str]]:
        return self._valued(step), []

    def _winsorized(self, step: Step) -> tuple[str, list[str]]:
        low, high = (number(limit) for limit in step.facts["limits"])
        lower, upper = (number(item) for item in step.facts["percentiles"])
        facts = {"low": low, "high": high, "lower": lower, "upper": upper, "was": number(step.inputs[0].value)}
        side = step.facts["drawn_in"]
        return self._valued(step), [self.say(f"winsorized_{side}" if side else "winsorized_not", **facts)]

    def _index(self, step: Step) -> tuple[str, list[str]]:
        return self._valued(step), [self.say("index", count=len(step.inputs), rank=step.facts["rank"])]

    def _indicator(self, step: Step) -> tuple[str, list[str]]:
        facts = {name: number(step.facts[name]) for name in ("minimum", "maximum")}
        facts |= {name: _short(step.facts[name]) for name in ("z", "weight", "contribution")}
        direction = self.say(f"direction_{step.facts['direction']}")
        head = f"{step.column} = {number(step.value)} {step.facts['units'][self.lang]}"
        return head, [self.say("indicator", direction=direction, **facts), step.facts["expression"]]

    def _table(self, step: Step) -> tuple[str, list[str]]:
        facts = step.facts
        between = [str(year) for year in facts.get("neighbours", [])]
        details = [
            self.say(f"method_{facts['method']}", edition=facts["edition"], neighbours=", ".join(between),
                     expression=facts.get("expression", ""))
        ]  # fmt: skip
        if facts["revised"]:
            details.append(self.say("revised", first=facts["first_published"]))
        if facts.get("family"):
            details.append(self.say("family", family=facts["family"]))
        if correction := facts.get("correction"):
            details.append(self.say("correction", printed=number(correction["printed"]), **self._authority(correction)))
        return self._valued(step), details

    @staticmethod
    def _authority(correction: dict[str, Any]) -> dict[str, str]:
        said = {name: correction[name] for name in ("reason", "reference")}
        return said | {"corrected": number(correction["corrected"])}

    def _edition(self, step: Step) -> tuple[str, list[str]]:
        facts = step.facts
        address = "!".join(part for part in (facts["sheet"], facts["cell"]) if part)
        place = {"edition": facts["edition"], "file": facts["file"], "cell": address, "text": facts["text"] or ""}
        place |= {"year": step.year, "value": number(step.value), "unit": step.unit}
        place |= {"printed_unit": facts["printed_unit"], "factor": number(facts["factor"])}
        used = self.say("used" if facts["used"] else "not_used")
        return self.say("edition", used=used, **place), []

    def _reference(self, step: Step) -> tuple[str, list[str]]:
        rows = [
            self.say("line", line=row["line"], text=", ".join(value for name, value in row.items() if name != "line"))
            for row in step.facts["rows"]
        ]
        return self.say("reference", file=step.facts["file"], column=step.column, count=len(rows)), rows

    def _coefficient(self, step: Step) -> tuple[str, list[str]]:
        facts = {name: number(value) for name, value in step.facts.items() if isinstance(value, (int, float))}
        facts |= {name: _short(step.facts[name]) for name in ("estimate", "std_error", "statistic", "p_value")}
        facts |= {name: step.facts[name] for name in ("stars", "outcome", "estimator", "covariance")}
        facts["effects"] = ", ".join(step.facts["effects"]) or "-"
        details = [self.say("coefficient", **facts)]
        if beside := step.facts.get("beside"):
            shown = {name: "\u221e" if value is None else _short(value) for name, value in beside.items()}
            shown["effective_clusters"] = f"{beside['effective_clusters']:.1f}"
            details.append(self.say("beside", groups=facts["groups"], **shown))
        return f"{step.asset}.{step.column} = {number(step.value)}", details

    def _column(self, step: Step) -> tuple[str, list[str]]:
        head = f"{step.asset}.{step.column}"
        if "weight" in step.facts:
            head += "  " + self.say("weighted", weight=_short(step.facts["weight"]))
        expression = step.facts.get("expression")
        return head, [expression] if expression else []

    def _source(self, step: Step) -> tuple[str, list[str]]:
        title = step.facts["title"][self.lang]
        if "file" in step.facts:
            return f"{step.asset}.{step.column}  {title}", [step.facts["file"]]
        said = [
            self.say("cells_of", edition=item["edition"], cells=item["cells"], files=", ".join(item["files"]))
            for item in step.facts["editions"]
        ]
        counts = {name: step.facts[name] for name in ("filled", "corrected", "revised")}
        said += [self.say(f"{name}_cells", count=count) for name, count in counts.items() if count]
        return f"{step.asset}  {title} ({step.unit})", ["; ".join(said)]

    def source(self, item: Mapping[str, Any]) -> str:
        files = ", ".join(item["files"])
        if "edition" not in item:
            return f"{item['table']}: {files}"
        said = self.say("cells_of", edition=item["edition"], cells=item["cells"], files=files)
        return f"{item['table']}: {said}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}" if abs(value) >= 1e-4 or value == 0 else f"{value:.2e}"
