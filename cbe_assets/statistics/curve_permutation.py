"""The joint test of a specification curve: its median effect against curves under permuted index paths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cbe_assets.faults import StudyFault
from cbe_assets.statistics.heterogeneity import balanced_cube, permutations
from cbe_assets.statistics.kernel import TOLERANCE, absorbed_columns
from cbe_assets.statistics.specification import Specification
from cbe_assets.statistics.specification_curve import EFFECTS, Alternatives


@dataclass(frozen=True)
class CurveTest:
    """Permutation test of the whole curve.

    Attributes:
        median: standardized effect, median over all specifications.
        p_value: share of permutations with a median as large in absolute value, the sample counted.
        share_positive: share of specifications with a positive effect.
        p_share: share of permutations with as one-sided a curve.
        medians: the medians of the permutations.
    """

    median: float
    p_value: float
    share_positive: float
    p_share: float
    medians: np.ndarray


def permute_curve(frame: pd.DataFrame, alternatives: Alternatives, *, draws: int = 499, seed: int = 0) -> CurveTest:
    """Hand the paths of all indices together round among the provinces and compute the whole curve again.

    Args:
        frame: as for specification_curve, and balanced.
        alternatives: as for specification_curve.
        draws: permutations.
        seed: of the permutations.

    Raises:
        StudyFault: unknown effects; a panel that is not balanced.
    """
    if wrong := alternatives.faults():
        raise StudyFault(wrong)
    provinces = frame["province"].nunique()
    exchanged = np.vstack([np.arange(provinces), permutations(provinces, draws, seed)])
    effects = [
        np.concatenate(list(_effects(cut, alternatives, EFFECTS[name], exchanged)), axis=1)
        for _, name, cut in alternatives.panels(_in_order(frame))
    ]
    curves = np.concatenate(effects, axis=1)
    medians, positive = np.nanmedian(curves, axis=1), (curves > 0).mean(axis=1)
    lopsided = np.abs(positive - 0.5)
    return CurveTest(
        float(medians[0]), float((np.abs(medians) >= abs(medians[0]) * (1 - 1e-10)).mean()), float(positive[0]),
        float((lopsided >= lopsided[0] - 1e-12).mean()), medians[1:],
    )  # fmt: skip


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Panel order: provinces as they first appear, then years."""
    order = np.lexsort((frame["year"], pd.factorize(frame["province"])[0]))
    return frame.iloc[order].reset_index(drop=True)


def _effects(cut: pd.DataFrame, alternatives: Alternatives, options: dict, exchanged: np.ndarray) -> Iterator:
    """Standardized effects (draws, indices * outcomes) of every subset of the controls, in the curve's order."""
    controls, indices, outcomes = alternatives.controls, list(alternatives.indices), list(alternatives.outcomes)
    shape = balanced_cube(cut, Specification("curve", outcomes[0], tuple(indices)), indices).shape
    inner, dummies = absorbed_columns(cut, [*controls, *outcomes, *indices], **options)
    fixed, paths = inner[:, : -len(indices)], inner[:, -len(indices) :]
    ratio = cut[indices].std().to_numpy()[:, None] / cut[outcomes].std().to_numpy()[None, :]
    exchange = _exchanged_products(paths.reshape(shape), fixed.reshape(*shape[:2], -1), exchanged)
    state = (np.einsum("ni,nj->ij", fixed, fixed), exchange, np.tile((paths**2).sum(axis=0), (len(exchanged), 1)))
    floor = TOLERANCE * (fixed**2).sum(axis=0)
    for position in range(dummies):
        state = _sweep(state, position, floor)
    last = dummies + len(controls)
    for _, products, size in _walk(state, dummies, last, floor):
        effects = products[:, :, last:] / size[:, :, None] * ratio
        yield effects.reshape(len(exchanged), -1)


def _exchanged_products(paths: np.ndarray, fixed: np.ndarray, exchanged: np.ndarray) -> np.ndarray:
    """Products (draws, indices, columns) of exchanged paths with the fixed columns, from those of all pairs."""
    pairs = np.einsum("pti,gtc->gpic", paths, fixed)
    total = np.zeros((len(exchanged), *pairs.shape[2:]))
    for province in range(len(pairs)):
        total += pairs[province, exchanged[:, province]]
    return total


def _sweep(state: tuple, position: int, floor: np.ndarray) -> tuple:
    """Fixed products, exchanged products and sizes with one fixed column out."""
    fixed, products, size = state
    if fixed[position, position] <= floor[position]:
        return state
    row = fixed[position] / fixed[position, position]
    lead = products[:, :, [position]]
    return (
        fixed - fixed[:, [position]] * row, products - lead * row, size - lead[:, :, 0] ** 2 / fixed[position, position]
    )  # fmt: skip


def _walk(state: tuple, position: int, last: int, floor: np.ndarray) -> Iterator[tuple]:
    """All subsets of the columns from `position` to `last`, in the order of `specification_curve.subsets`."""
    if position == last:
        yield state
        return
    yield from _walk(state, position + 1, last, floor)
    yield from _walk(_sweep(state, position, floor), position + 1, last, floor)
