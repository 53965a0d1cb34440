"""sql/<layer>/<name>.sql -> asset <layer>/<name>: inputs, columns and column lineage are read from the SQL itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from cbe_assets.assets.node import Inputs, Node, Output
from cbe_assets.faults import StudyFault, fault
from cbe_assets.study import Study, Text


def nodes(study: Study) -> list[Node]:
    """A node per SQL file.

    Raises:
        StudyFault: every file that cannot be parsed or is not one SELECT.
    """
    made, faults = [], []
    for path in sorted((study.root / "sql").glob("*/*.sql")):
        try:
            made.append(_node(study, path))
        except StudyFault as error:
            faults += error.faults
    if faults:
        raise StudyFault(faults)
    return made


def _node(study: Study, path: Path) -> Node:
    key = path.relative_to(study.root / "sql").with_suffix("").as_posix()
    text = path.read_text(encoding="utf-8")
    query = Query.parse(text, path.relative_to(study.root).as_posix())
    settings = variables(study)
    shared = _macros(study, query)
    asked = {*query.settings, *_ASKED.findall(shared)}
    unknown = sorted(asked - set(settings))
    if unknown:
        known = ", ".join(settings)
        raise StudyFault([fault("sql_unknown_setting", file=query.file, found=", ".join(unknown), expected=known)])
    return Node(
        key=key,
        deps=query.tables,
        definition={
            "sql": query.normal,
            "settings": {name: _plain(settings[name]) for name in sorted(asked)},
            "macros": normal_sql(shared) if shared else "",
        },
        code=("assets.sql",),
        kinds=("sql", "duckdb"),
        title=_first_comment(text),
        make=lambda inputs: Output(run(query, inputs, settings, shared)),
        lineage=lambda: lineage(query),
    )


_ASKED = re.compile(r"getvariable\('(\w+)'\)")
_MACRO = re.compile(r"macro\s+(\w+)\s*\(", re.IGNORECASE)


def _macros(study: Study, query: Query) -> str:
    """sql/macros.sql where the query calls one of its functions, else nothing."""
    path = study.root / "sql" / "macros.sql"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    called = query.normal.lower()
    return text if any(f"{name.lower()}(" in called for name in _MACRO.findall(text)) else ""


def statements(study: Study) -> dict[str, str]:
    """Asset key -> its SQL without comments and layout."""
    folder = study.root / "sql"
    keys = [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.glob("*/*.sql"))]
    return {
        key: Query.parse((folder / f"{key}.sql").read_text(encoding="utf-8"), f"sql/{key}.sql").normal for key in keys
    }


def variables(study: Study) -> dict[str, Any]:
    """What SQL may ask for with getvariable('...')."""
    from decimal import Decimal

    lower, upper = (Decimal(str(limit)) for limit in study.settings.winsor)
    return {
        "first_year": study.settings.years[0],
        "last_year": study.settings.years[1],
        "excluded_provinces": list(study.settings.excluded_provinces),
        "winsor_lower": lower,
        "winsor_upper": upper,
    }


class Query:
    """One parsed SELECT.

    Attributes:
        file: for messages.
        text: as it stands in the file.
        normal: formatted by sqlglot without comments, so that layout changes nothing.
        tables: keys of the tables it reads, in order of appearance.
        columns: names of the columns it gives.
        settings: names it asks for with getvariable.
    """

    def __init__(self, file: str, text: str, tree: Any):
        from sqlglot import exp

        self.file, self.text, self.tree = file, text, tree
        self.normal = tree.sql(dialect="duckdb", comments=False)
        named = {cte.alias for cte in tree.find_all(exp.CTE)}
        found = [table for table in tree.find_all(exp.Table) if table.name not in named]
        bare = [table.name for table in found if not table.db]
        if bare:
            raise StudyFault([fault("sql_table_without_layer", file=file, found=", ".join(sorted(bare)))])
        self.tables = tuple(dict.fromkeys(f"{table.db}/{table.name}" for table in found))
        self.columns = tuple(tree.named_selects)
        self.settings = tuple(sorted(set(_ASKED.findall(self.normal.replace("GETVARIABLE", "getvariable")))))

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str, file: str) -> Query:
        """Raises: StudyFault: not SQL, or not exactly one SELECT."""
        import sqlglot
        from sqlglot import exp

        try:
            trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
        except sqlglot.errors.SqlglotError as error:
            raise StudyFault([fault("sql_unreadable", file=file, found=str(error).splitlines()[0])]) from error
        if len(trees) != 1 or not isinstance(trees[0], exp.Query):
            raise StudyFault([fault("sql_not_one_select", file=file)])
        return cls(file, text, trees[0])

    def expression(self, column: str) -> str:
        """What the SELECT computes the column by, without its alias, on one line."""
        return self._selected(column).sql(dialect="duckdb", comments=False)

    def is_plain(self, column: str) -> bool:
        """Whether the column is another table's column as it is."""
        from sqlglot import exp

        return isinstance(self._selected(column), exp.Column)

    def calls(self, column: str, macro: str) -> bool:
        """Whether the column is a call of this macro."""
        from sqlglot import exp

        found = self._selected(column)
        return isinstance(found, exp.Anonymous) and found.name.lower() == macro

    @cached_property
    def scope(self) -> Any:
        """sqlglot's scope of the SELECT with every column qualified: most of the work of a lineage, done once."""
        from sqlglot.optimizer import qualify
        from sqlglot.optimizer.scope import build_scope

        qualified = qualify.qualify(
            self.tree.copy(), dialect="duckdb", schema={}, validate_qualify_columns=False, identify=False
        )
        return build_scope(qualified)

    def _selected(self, column: str) -> Any:
        return next(item for item in self.tree.selects if item.alias_or_name == column).unalias()


def normal_sql(text: str) -> str:
    """SQL without comments and layout."""
    import sqlglot

    trees = sqlglot.parse(text, dialect="duckdb", error_level=sqlglot.ErrorLevel.IGNORE)
    return ";\n".join(tree.sql(dialect="duckdb", comments=False) for tree in trees if tree is not None)


def run(query: Query, inputs: Inputs, settings: Mapping[str, Any], macros: str) -> Any:
    """The query's result as a frame; floats are summed in one thread so that bytes repeat.

    Raises:
        StudyFault: DuckDB refuses the statement.
    """
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:

        def done(statement: str, values: list[Any] | None = None) -> None:
            # An unread result would refuse the next statement of this connection.
            connection.execute(statement, values).fetchall()

        for name, value in settings.items():
            done(f"set variable {name} = ?", [value])
        if macros:
            done(macros)
        for number, key in enumerate(query.tables):
            layer, name = key.split("/")
            connection.register(f"_input_{number}", inputs(key))
            done(f'create schema if not exists "{layer}"')
            done(f'create view "{layer}"."{name}" as select * from _input_{number}')
        try:
            return connection.execute(query.text).df()
        except duckdb.Error as error:
            raise StudyFault([fault("sql_failed", file=query.file, found=str(error))]) from error


def lineage(query: Query) -> dict[str, list[tuple[str, str]]]:
    """Column -> the (asset, column) pairs it is computed from, as sqlglot reads them."""
    return {column: column_lineage(query, column) for column in query.columns}


def column_lineage(query: Query, column: str) -> list[tuple[str, str]]:
    """The (asset, column) pairs that one column is computed from."""
    from sqlglot import exp
    from sqlglot.lineage import lineage as trace

    root = trace(column, query.tree, {}, dialect="duckdb", scope=query.scope, trim_selects=False, copy=False)
    printed = {column.name.lower(): column.name for column in query.tree.find_all(exp.Column)}
    ends = [node for node in root.walk() if not node.downstream and isinstance(node.source, exp.Table)]
    pairs = {(f"{node.source.db}/{node.source.name}", node.name.split(".")[-1].strip('"')) for node in ends}
    return sorted((key, printed.get(name, name)) for key, name in pairs if key in query.tables and name != "*")


@cache
def _first_comment(text: str) -> Text:
    first = next((line[2:].strip() for line in text.splitlines() if line.startswith("--")), "")
    return Text(zh=first, en=first)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, str, list)) else str(value)
