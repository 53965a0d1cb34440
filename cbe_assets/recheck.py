"""Every suite against what is stored, without making or changing anything."""

from __future__ import annotations

from dataclasses import dataclass

from cbe_assets.assets.graph import Graph
from cbe_assets.assets.raw import gazetteer
from cbe_assets.faults import FAILED, Fault, StudyFault
from cbe_assets.validation import Verdict, parameters, read_suite, validate
from cbe_assets.warehouse import Warehouse


@dataclass(frozen=True)
class Rechecked:
    """Verdicts by asset, assets never stored, and what could not be read."""

    verdicts: dict[str, Verdict]
    absent: list[str]
    faults: list[Fault]

    @property
    def code(self) -> int:
        failed = any(not verdict.accepted for verdict in self.verdicts.values())
        return max([item.code for item in self.faults] + [FAILED if failed or self.absent else 0])


def recheck(graph: Graph) -> Rechecked:
    """Validates every stored table of the graph."""
    warehouse = Warehouse(graph.study.warehouse)
    values = parameters(graph.study, len(gazetteer(graph.study).provinces))
    verdicts, absent, faults = {}, [], []
    for key in graph.nodes:
        if not warehouse.path(key).is_file():
            absent.append(key)
            continue
        try:
            verdicts[key] = validate(read_suite(graph.study, key), key, warehouse.read(key), values)
        except StudyFault as error:
            faults += error.faults
    return Rechecked(verdicts, absent, faults)
