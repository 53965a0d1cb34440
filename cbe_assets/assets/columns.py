"""From which columns a column is computed, back to the official tables, as the SQL and the index's declaration say."""

from __future__ import annotations

from functools import cached_property

from cbe_assets.assets.sql import Query, column_lineage
from cbe_assets.study import Study


class Columns:
    """Columns of a study's tables and what they are computed from.  Nothing stored is read."""

    def __init__(self, study: Study):
        self.study = study
        self._queries: dict[str, Query | None] = {}
        self._inputs: dict[tuple[str, str], list[tuple[str, str]]] = {}

    @cached_property
    def index(self) -> tuple[str, str]:
        """Asset and column of the composite index."""
        name = self.study.index.name
        return f"index/{name.lower()}", name

    def query(self, key: str) -> Query | None:
        """The SELECT that makes an asset; None for assets that no SQL makes."""
        if key not in self._queries:
            path = self.study.root / "sql" / f"{key}.sql"
            file = f"sql/{key}.sql"
            self._queries[key] = Query.parse(path.read_text(encoding="utf-8"), file) if path.is_file() else None
        return self._queries[key]

    def of(self, key: str) -> tuple[str, ...]:
        """The columns of an asset that stand for figures; empty for an asset unknown here."""
        layer, _, name = key.partition("/")
        if query := self.query(key):
            return tuple(column for column in query.columns if column not in ("province", "year"))
        if key == self.index[0]:
            return (self.index[1],)
        if key == "index/normalized":
            return tuple(self.study.indicators)
        return (name,) if layer == "clean" and name in self.study.tables else ()

    def expression(self, key: str, column: str) -> str | None:
        """The SQL of a column on one line; None where no SQL makes it."""
        query = self.query(key)
        return query.expression(column) if query else None

    def inputs(self, key: str, column: str) -> list[tuple[str, str]]:
        """The (asset, column) pairs it is computed from, one step up; none for a table settled from official files."""
        if query := self.query(key):
            if (key, column) not in self._inputs:
                self._inputs[key, column] = column_lineage(query, column)
            return self._inputs[key, column]
        if (key, column) == self.index:
            return [("index/normalized", indicator) for indicator in self.study.indicators]
        return [("panel/indicators", column)] if key == "index/normalized" else []

    def ends(self, key: str, column: str) -> list[tuple[str, str]]:
        """The columns of settled and reference tables that it goes back to, each once, in order of first use."""
        found: dict[tuple[str, str], None] = {}
        inputs = self.inputs(key, column)
        for pair in inputs:
            found.update(dict.fromkeys(self.ends(*pair)))
        return list(found) if inputs else [(key, column)]

    def tables(self, key: str, column: str) -> list[str]:
        """The official tables behind a column, those that fill gaps of others included."""
        names: dict[str, None] = {}
        for end, _ in self.ends(key, column):
            layer, _, name = end.partition("/")
            if layer == "clean" and name in self.study.tables:
                names[name] = None
                names.update(dict.fromkeys(self._computed_from(name)))
        return list(names)

    def _computed_from(self, table: str) -> list[str]:
        used = self.study.tables[table].gaps.names
        return [name for other in used for name in (other, *self._computed_from(other))]
