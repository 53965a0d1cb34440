"""The composite index: index/normalized, index/weights and the index itself, from panel/indicators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.study import Study, Text

if TYPE_CHECKING:
    import pandas as pd

KEYS = ["province", "year"]


def nodes(study: Study) -> list[Node]:
    """Three nodes; the last is named after the index (indicators.yaml, index.name) in lower case."""
    name = study.index.name
    directions = {key: indicator.direction for key, indicator in study.indicators.items()}
    printed = {key: item.printed_weight for key, item in study.indicators.items() if item.printed_weight is not None}
    groups = {key: indicator.group for key, indicator in study.indicators.items()}
    code = ("statistics.index", "assets.index")
    return [
        Node(
            key="index/normalized",
            deps=("panel/indicators",),
            definition={"normalize": study.index.normalize, "directions": directions},
            code=code,
            kinds=("python", "numpy"),
            title=Text(zh="标准化指标", en="Indicators normalized to [0, 1] over all provinces and years"),
            make=lambda inputs: Output(_normalized(inputs("panel/indicators"), directions)),
            lineage=lambda: {column: [("panel/indicators", column)] for column in (*KEYS, *directions)},
        ),
        Node(
            key="index/weights",
            deps=("panel/indicators", "index/normalized"),
            definition={"weights": study.index.weights, "printed": printed, "groups": groups, "directions": directions},
            code=code,
            kinds=("python", "numpy"),
            title=Text(zh="指标权重", en="Weight of each indicator"),
            make=lambda inputs: _weights(inputs, study.index.weights, directions, groups, printed),
            lineage=lambda: {
                **{limit: [("panel/indicators", key) for key in directions] for limit in ("minimum", "maximum")},
                **{
                    number: [("index/normalized", key) for key in directions]
                    for number in ("indicator", "entropy", "divergence", "weight")
                },
            },
        ),
        Node(
            key=f"index/{name.lower()}",
            deps=("index/normalized", "index/weights"),
            definition={"name": name, "aggregate": study.index.aggregate},
            code=code,
            kinds=("python", "numpy"),
            title=Text(zh=f"综合指数 {name}", en=f"The index {name} and its rank within each year"),
            make=lambda inputs: _composite(inputs, name),
            lineage=lambda: {
                **{
                    column: [("index/normalized", key) for key in directions] + [("index/weights", "weight")]
                    for column in (name, "rank")
                },
                "province": [("index/normalized", "province")],
                "year": [("index/normalized", "year")],
            },
        ),
    ]


def _normalized(frame: pd.DataFrame, directions: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    from cbe_assets.statistics.index import normalize

    return pd.concat([frame[KEYS], normalize(frame, directions)], axis=1)


def _weights(inputs: Inputs, method: str, directions: dict, groups: dict, printed: dict) -> Output:
    from cbe_assets.faults import say
    from cbe_assets.statistics.index import WEIGHTING

    normalized, raw = inputs("index/normalized"), inputs("panel/indicators")
    weights = WEIGHTING[method](normalized[list(directions)], normalized["year"], printed)
    frame = weights.table.reset_index()
    frame.insert(1, "group", frame["indicator"].map(groups))
    frame.insert(2, "direction", frame["indicator"].map(directions))
    frame.insert(3, "minimum", [float(raw[key].min()) for key in frame["indicator"]])
    frame.insert(4, "maximum", [float(raw[key].max()) for key in frame["indicator"]])
    facts = {f"weight {key}": float(weight) for key, weight in zip(frame["indicator"], frame["weight"], strict=True)}
    notices = [say(notice.key, found=notice.indicator) for notice in weights.notices]
    return Output(frame, facts=facts | ({"notices": "; ".join(notices)} if notices else {}))


def _composite(inputs: Inputs, name: str) -> Output:
    from cbe_assets.statistics.index import Weights, composite

    normalized, table = inputs("index/normalized"), inputs("index/weights").set_index("indicator")
    frame = normalized[KEYS].copy()
    frame[name] = composite(normalized[list(table.index)], Weights("stored", table))
    frame["rank"] = frame.groupby("year")[name].rank(ascending=False, method="min").astype("int64")
    return Output(frame, facts={"mean": float(frame[name].mean()), "maximum": float(frame[name].max())})
