"""Weights, ranks and coefficients of two states side by side, and which of them moved."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

WEIGHT_COLUMNS = ("indicator", "change", "old", "new")
RANK_COLUMNS = ("province", "year", "old_index", "new_index", "old_rank", "new_rank")
COEFFICIENT_COLUMNS = (
    "specification", "term", "change", "old", "new", "old_low", "old_high", "new_low", "new_high", "old_p", "new_p",
    "old_stars", "new_stars", "sign", "significance", "stars", "old_n", "new_n",
)  # fmt: skip
"""`change` is moved, same, new or gone; `sign`, `significance` (at 5 %) and `stars` say whether these changed."""
LEVEL = 0.05


def moved_weights(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Indicators whose weight is another, with `WEIGHT_COLUMNS`, largest move first; tables by year are averaged."""
    sides = [frame.groupby("indicator", sort=False)["weight"].mean() for frame in (old, new)]
    both = _side_by_side(*(side.to_frame("weight") for side in sides))
    both = both[both["old_weight"].ne(both["new_weight"])].rename(columns={"old_weight": "old", "new_weight": "new"})
    both = both.reset_index(names="indicator")[list(WEIGHT_COLUMNS)]
    size = (both["new"].fillna(0) - both["old"].fillna(0)).abs()
    return both.iloc[np.argsort(-size.to_numpy(), kind="stable")].reset_index(drop=True)


def moved_ranks(old: pd.DataFrame, new: pd.DataFrame, index: str) -> pd.DataFrame:
    """Province-years of both states whose rank within the year is another, with `RANK_COLUMNS`, largest move first.

    Args:
        old, new: province, year, the index and `rank`.
        index: name of the index.
    """
    keys = ["province", "year"]
    names = {index: "index", "rank": "rank"}
    sides = [frame[[*keys, *names]].rename(columns=names).set_index(keys) for frame in (old, new)]
    both = sides[0].add_prefix("old_").join(sides[1].add_prefix("new_"), how="inner").reset_index()
    both = both[both["old_rank"].ne(both["new_rank"])]
    size = (both["new_rank"] - both["old_rank"]).abs().to_numpy()
    return both.iloc[np.argsort(-size, kind="stable")].reset_index(drop=True)[list(RANK_COLUMNS)]


def compared_coefficients(old: Mapping[str, pd.DataFrame], new: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every coefficient of two states, with `COEFFICIENT_COLUMNS`, in the order of the new state, then what is gone.

    Args:
        old, new: specification -> its table of terms (`statistics.result.COLUMNS`).
    """
    parts = [_of_one(name, old.get(name), new.get(name)) for name in (*new, *(name for name in old if name not in new))]
    if not parts:
        return pd.DataFrame({name: [] for name in COEFFICIENT_COLUMNS})
    return pd.concat(parts, ignore_index=True)


def _of_one(name: str, old: pd.DataFrame | None, new: pd.DataFrame | None) -> pd.DataFrame:
    kept = ["term", "estimate", "conf_low", "conf_high", "p_value", "stars", "n"]
    empty = (old if new is None else new).iloc[:0]
    sides = [(empty if frame is None else frame)[kept].set_index("term") for frame in (old, new)]
    both = _side_by_side(*sides)
    table = pd.DataFrame({"specification": name, "term": both.index, "change": both["change"].to_numpy()})
    for side in ("old", "new"):
        table[side] = both[f"{side}_estimate"].to_numpy(dtype=float)
        for short, long in (("low", "conf_low"), ("high", "conf_high"), ("p", "p_value"), ("n", "n")):
            table[f"{side}_{short}"] = both[f"{side}_{long}"].to_numpy(dtype=float)
        stars = both[f"{side}_stars"]
        table[f"{side}_stars"] = stars.astype("str").where(stars.notna(), "").to_numpy()
    shared = table["change"].isin(("moved", "same"))
    table["sign"] = shared & (np.sign(table["old"]) * np.sign(table["new"]) < 0)
    table["significance"] = shared & ((table["old_p"] < LEVEL) != (table["new_p"] < LEVEL))
    table["stars"] = shared & table["old_stars"].ne(table["new_stars"])
    return table[list(COEFFICIENT_COLUMNS)]


def _side_by_side(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """All names of both, the new ones first, with `change`: new, gone, moved or same."""
    names = [*new.index, *(name for name in old.index if name not in new.index)]
    both = pd.concat([old.reindex(names).add_prefix("old_"), new.reindex(names).add_prefix("new_")], axis=1)
    same = pd.Series(True, index=names)
    for column in old.columns:
        left, right = both[f"old_{column}"], both[f"new_{column}"]
        same &= left.eq(right) | (left.isna() & right.isna())
    there = [(name in old.index, name in new.index) for name in names]
    both["change"] = [
        "new" if not before else "gone" if not after else "same" if equal else "moved"
        for (before, after), equal in zip(there, same, strict=True)
    ]
    return both
