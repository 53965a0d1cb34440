"""The study without Dagster and Great Expectations: the same functions in the same order, tables and exports written.

What `cbe refresh` is compared with.  Usage: python -m bench.bare ROOT
"""

from __future__ import annotations

import sys

from cbe_assets.assets.graph import build
from cbe_assets.gate import commit, make
from cbe_assets.study import Study
from cbe_assets.warehouse import Warehouse


def main(root: str) -> None:
    study = Study.load(root)
    warehouse = Warehouse(study.warehouse)
    for node in build(study).nodes.values():
        output, record = make(node, warehouse)
        commit(output, record, warehouse, study.exports)
    warehouse.publish_database(warehouse.stored())


if __name__ == "__main__":
    main(sys.argv[1])
