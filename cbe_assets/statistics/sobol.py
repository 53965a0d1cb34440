"""Variance shares of the inputs of a model: first-order and total Sobol indices from a quasi-random design."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

Model = Callable[[np.ndarray], np.ndarray]


def sobol_shares(
    model: Model, factors: Mapping[str, Sequence[int]], outputs: Sequence[str], *, log2_points: int, seed: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """First-order (Saltelli et al. 2010) and total (Jansen 1999) shares of every factor in every output.

    Args:
        model: (n, d) points in the unit cube -> (n, len(outputs)).
        factors: name -> the columns that belong to it (a factor may have several); 0 ... d - 1 in all.
        outputs: their names.
        log2_points: the base design has 2^log2_points scrambled Sobol points; the model is run (factors + 2) times
            as often.
        seed: of the scrambling.

    Returns:
        output, factor, first_order, total (an output that does not vary has NaN); and the outputs of the base design,
        both halves, (2 * points, outputs).
    """
    from scipy.stats import qmc

    width = sum(len(columns) for columns in factors.values())
    generator = np.random.Generator(np.random.PCG64(seed))
    points = qmc.Sobol(2 * width, scramble=True, rng=generator).random_base2(log2_points)
    first, second = points[:, :width], points[:, width:]
    a, b = model(first), model(second)
    pooled = np.vstack([a, b])
    variance = pooled.var(axis=0)
    safe = np.where(variance > 0, variance, np.nan)
    centre = pooled.mean(axis=0)
    rows = []
    for name, columns in factors.items():
        mixed = first.copy()
        mixed[:, list(columns)] = second[:, list(columns)]
        c = model(mixed)
        main = ((b - centre) * (c - a)).mean(axis=0) / safe
        total = ((a - c) ** 2).mean(axis=0) / 2 / safe
        rows += [(output, name, main[j], total[j]) for j, output in enumerate(outputs)]
    return pd.DataFrame(rows, columns=["output", "factor", "first_order", "total"]), pooled
