"""The specification curve: every combination of controls, effects, winsorizing, index and outcome, and its joint test.

Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4.  All subsets of the controls are walked as a tree, so
that every control is swept out of the cross-products once per branch and not once per specification.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault, fault
from cbe_assets.statistics.kernel import TOLERANCE, CrossProducts, leave_one_out
from cbe_assets.statistics.wild_bootstrap import TIE, WildWeights, wild_weights
from cbe_assets.statistics.winsorize import Percent, winsorize

COLUMNS = (
    "outcome", "index", "winsor", "effects", "controls", "count_controls", "estimate", "std_error", "cv3", "p_value",
    "wcr_p", "conf_low", "conf_high", "standardized", "n", "groups", "paper",
)  # fmt: skip
EFFECTS: dict[str, dict[str, object]] = {
    "province_year": {},
    "province_trends": {"trends": True},
    "region_by_year": {"year_effects_by": "region"},
}
"""Name -> options of CrossProducts.from_frame.  `region_by_year` needs a column `region`."""


@dataclass(frozen=True)
class Alternatives:
    """What is varied.

    Attributes:
        outcomes: columns.
        indices: columns of the index built in several ways.
        controls: all their subsets are used.
        effects: names of `EFFECTS`.
        winsor: percents cut at either end of outcomes, indices and controls; 0 cuts nothing.
        paper: the paper's own column: outcome, index, winsor and effects, with all controls.
    """

    outcomes: tuple[str, ...]
    indices: tuple[str, ...]
    controls: tuple[str, ...]
    effects: tuple[str, ...] = tuple(EFFECTS)
    winsor: tuple[Percent, ...] = (0, 1, 2.5, 5)
    paper: Mapping[str, object] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of specifications."""
        outside = len(self.outcomes) * len(self.indices) * len(self.effects) * len(self.winsor)
        return outside * 2 ** len(self.controls)

    def panels(self, frame: pd.DataFrame) -> Iterator[tuple[Percent, str, pd.DataFrame]]:
        """(percent, effects, winsorized frame), in the order of the curve's rows.

        A row that lacks a variable is left out of all specifications, so that all are on the same rows; limits are
        those of all rows, as the panel's are.
        """
        names = [*self.controls, *self.indices, *self.outcomes]
        complete = np.isfinite(frame[names].astype(float)).all(axis=1)
        for percent in self.winsor:
            cut = frame.copy()
            if percent:
                for name in names:
                    cut[name] = winsorize(frame[name], percent, 100 - float(percent))
            for effects in self.effects:
                yield percent, effects, cut[complete]

    def faults(self) -> list:
        """Effects that are not known."""
        facts = {"key": "specification_curve", "setting": "effects", "expected": ", ".join(EFFECTS)}
        unknown = [name for name in self.effects if name not in EFFECTS]
        return [fault("statistics_unknown_setting", found=name, **facts) for name in unknown]


def subsets(controls: Sequence[str]) -> list[tuple[str, ...]]:
    """All subsets in the order in which the tree is walked: without the last control first."""
    found: list[tuple[str, ...]] = [()]
    for name in reversed(controls):
        found = [*found, *((name, *rest) for rest in found)]
    return found


def specification_curve(
    frame: pd.DataFrame, alternatives: Alternatives, *, draws: int = 999, seed: int = 0, kind: str = "rademacher"
) -> pd.DataFrame:
    """Every specification with its estimate, CV3 interval under t(G - 1) and WCR p, clustered by province.

    `standardized` is the estimate in standard deviations of outcome per standard deviation of the index, so that
    specifications with other outcomes and indices can be laid on one axis.

    Args:
        frame: province, year, outcomes, indices, controls (not winsorized), region if an effect needs it.
        alternatives: what is varied.
        draws: of the wild cluster bootstrap; all specifications share the weights.
        seed: of the weights.
        kind: of the weights.

    Returns:
        `alternatives.count` rows with `COLUMNS`.

    Raises:
        StudyFault: unknown effects.
    """
    if wrong := alternatives.faults():
        raise StudyFault(wrong)
    names = [*alternatives.controls, *alternatives.indices, *alternatives.outcomes]
    parts, weights = [], None
    for percent, effects, cut in alternatives.panels(frame):
        products = CrossProducts.from_frame(cut, names, **EFFECTS[effects])
        weights = weights or _Quadratic(wild_weights(products.groups, draws, seed, kind))
        part = _panel_rows(products, alternatives, weights)
        deviations = cut[names].std()
        ratio = deviations[part["index"]].to_numpy() / deviations[part["outcome"]].to_numpy()
        parts.append(part.assign(winsor=str(percent), effects=effects, standardized=part["estimate"] * ratio))
    found = pd.concat(parts, ignore_index=True)
    return found.assign(paper=_is_paper(found, alternatives))[list(COLUMNS)]


def _is_paper(found: pd.DataFrame, alternatives: Alternatives) -> pd.Series:
    marked = found["count_controls"] == len(alternatives.controls)
    for name, value in alternatives.paper.items():
        marked &= found[name].astype(str) == str(value)
    return marked & bool(alternatives.paper)


class _Quadratic:
    """Weights with the products v_g v_h, g <= h, from which sum_g (M v)_g^2 of every draw is one product."""

    def __init__(self, weights: WildWeights):
        self.weights = weights
        self.first, self.second = np.triu_indices(weights.values.shape[1])
        self.pairs = weights.values[:, self.first] * weights.values[:, self.second]
        self.twice = np.where(self.first == self.second, 1.0, 2.0)

    def p_values(self, numerator: np.ndarray, matrix: np.ndarray, statistics: np.ndarray, factor) -> np.ndarray:
        """Symmetric p (s,) of numerators (s, G), score matrices (s, G, G) and the sample's t (s,)."""
        squares = np.einsum("sag,sah->sgh", matrix, matrix)[:, self.first, self.second] * self.twice
        variance = np.einsum("bp,ps->bs", self.pairs, np.ascontiguousarray(squares.T))
        drawn = np.einsum("bg,gs->bs", self.weights.values, np.ascontiguousarray(numerator.T))
        # |t*| >= |t| without a division; a draw without variance counts as extreme, as it should.
        limit = (statistics * (1 - TIE)) ** 2 * factor
        return self.weights.share((drawn**2 >= limit * np.maximum(variance, 0)).sum(axis=0))


@dataclass
class _Branch:
    """State of the tree at one subset of the controls, all variables less their projections on it.

    Attributes:
        blocks: (G, V, V), cross-products per cluster.
        basis: (G, b, V), products of the swept columns, scaled to length one over the sample, with the variables.
        left_out: (G, V, V), total cross-products without each cluster, swept by themselves.
        swept: how many columns are out.
    """

    blocks: np.ndarray
    basis: np.ndarray
    left_out: np.ndarray
    swept: int

    def sweep(self, position: int, scale: np.ndarray) -> _Branch:
        """The branch with one more column out; the same branch if the columns before span it."""
        total = self.blocks[:, position].sum(axis=0)
        if total[position] <= TOLERANCE * scale[position]:
            return self
        share = total / total[position]
        row = self.blocks[:, position]
        rest = row - share * row[:, [position]]
        blocks = self.blocks - share[:, None] * row[:, None, :] - rest[:, :, None] * share
        basis = np.concatenate([
            self.basis - self.basis[:, :, [position]] * share, (rest / np.sqrt(total[position]))[:, None, :]
        ], axis=1)  # fmt: skip
        pivot = self.left_out[:, position, position]
        kept = pivot > TOLERANCE * scale[position]
        factor = np.where(kept, 1 / np.where(kept, pivot, 1), 0)[:, None, None]
        lead = self.left_out[:, :, [position]]
        return _Branch(blocks, basis, self.left_out - factor * lead * self.left_out[:, [position]], self.swept + 1)


def _trunk(products: CrossProducts) -> _Branch:
    """The branch without controls: year dummies (and a constant) swept out."""
    counts = leave_one_out(products.groups)
    left_out = np.einsum("bg,gij->bij", counts, products.blocks)
    branch = _Branch(products.blocks, np.zeros((products.groups, 0, len(products.scale))), left_out, 0)
    for position in range(products.dummies):
        branch = branch.sweep(position, products.scale)
    keep = slice(products.dummies, None)
    return _Branch(
        branch.blocks[:, keep, keep], branch.basis[:, :, keep], branch.left_out[:, keep, keep], branch.swept
    )


def _leaves(branch: _Branch, scale: np.ndarray, position: int, count: int) -> Iterator[_Branch]:
    """Branches of all subsets of the controls from `position` on, in the order of `subsets`."""
    if position == count:
        yield branch
        return
    yield from _leaves(branch, scale, position + 1, count)
    yield from _leaves(branch.sweep(position, scale), scale, position + 1, count)


def _panel_rows(products: CrossProducts, alternatives: Alternatives, weights: _Quadratic) -> pd.DataFrame:
    """All specifications on one panel: subsets, then indices, then outcomes."""
    scale = products.scale[products.dummies :]
    count = len(alternatives.controls)
    index = np.arange(count, count + len(alternatives.indices))
    outcome = np.arange(index[-1] + 1, index[-1] + 1 + len(alternatives.outcomes))
    leaves = list(_leaves(_trunk(products), scale, 0, count))
    found = [_leaf_numbers(leaf, index, outcome, products, weights) for leaf in leaves]
    numbers = {name: np.concatenate([leaf[name] for leaf in found]) for name in found[0]}
    labels = [
        (name, result, "+".join(controls), len(controls))
        for controls in subsets(alternatives.controls)
        for name in alternatives.indices
        for result in alternatives.outcomes
    ]
    head = pd.DataFrame(labels, columns=["index", "outcome", "controls", "count_controls"])
    return head.assign(**numbers, n=int(products.sizes.sum()), groups=products.groups)


def _leaf_numbers(leaf: _Branch, index, outcome, products: CrossProducts, weights: _Quadratic) -> dict[str, np.ndarray]:
    """Estimates and inference of every index and outcome at one subset, each (indices * outcomes,)."""
    from scipy import stats

    pairs = [(i, j) for i in index for j in outcome]
    own, toward = np.array(pairs).T
    squares, cross = leaf.blocks[:, own, own].T, leaf.blocks[:, own, toward].T
    size = squares.sum(axis=1)
    usable = size > TOLERANCE * products.scale[products.dummies :][own]
    size = np.where(usable, size, np.nan)
    estimate = cross.sum(axis=1) / size
    groups, n = products.groups, int(products.sizes.sum())
    parameters = leaf.swept + 1 + int(bool(products.absorbed.any()))
    factor = groups / (groups - 1) * (n - 1) / (n - parameters)
    scores = (cross - estimate[:, None] * squares) / size[:, None]
    error = np.sqrt(factor * (scores**2).sum(axis=1))
    numerator = cross / size[:, None]
    taken = np.einsum("gbs,hbs->sgh", leaf.basis[:, :, own], leaf.basis[:, :, toward])
    taken += squares[:, :, None] * numerator[:, None, :]
    matrix = np.eye(groups) * numerator[:, :, None] - taken / size[:, None, None]
    wcr = weights.p_values(np.nan_to_num(numerator), np.nan_to_num(matrix), estimate / error, factor)
    jackknife = leaf.left_out[:, own, toward] / leaf.left_out[:, own, own]
    cv3 = np.sqrt((groups - 1) / groups * ((jackknife - estimate) ** 2).sum(axis=0))
    half = stats.t.ppf(0.975, groups - 1) * cv3
    return {
        "estimate": estimate, "std_error": error, "cv3": cv3, "wcr_p": np.where(usable, wcr, np.nan),
        "p_value": 2 * stats.t.sf(np.abs(estimate / cv3), groups - 1),
        "conf_low": estimate - half, "conf_high": estimate + half,
    }  # fmt: skip
