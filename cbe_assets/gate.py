"""What is stored has passed: an asset is made, its candidate validated, and only then stored and exported."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from cbe_assets.assets.node import Node, Output
from cbe_assets.faults import StudyFault
from cbe_assets.validation import Verdict, failures, validate
from cbe_assets.warehouse import (
    Record,
    Warehouse,
    column_types,
    column_versions,
    digest,
    joined_columns,
    write_atomically,
)


@dataclass(frozen=True)
class Origin:
    """What a candidate is made from, for its record: see `Record`."""

    code_version: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    definition: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    columns_read: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A candidate and what became of it."""

    output: Output
    verdict: Verdict
    record: Record


NOWHERE = Origin()


class Rejected(StudyFault):
    """A critical expectation failed; the table stored before stands."""

    def __init__(self, made: Made):
        self.made = made
        super().__init__(failures(made.record.key, made.verdict))


def make(node: Node, warehouse: Warehouse, origin: Origin = NOWHERE) -> tuple[Output, Record]:
    """Makes the candidate of an asset from what is stored; stores nothing.

    Args:
        node: the asset.
        warehouse: where its inputs lie.
        origin: for the record.
    """
    output = node.make(lambda key: warehouse.read(key, node.reads.get(key)))
    frame = output.frame.reset_index(drop=True)
    output.frame = frame
    files = {path: digest(data) for path, data in sorted(output.files.items())}
    facts = {name: value for name, value in output.facts.items() if isinstance(value, (int, float, str, bool))}
    contents = column_versions(frame)
    return output, Record(
        node.key,
        joined_columns(contents),
        origin.code_version,
        origin.inputs,
        len(frame),
        column_types(frame),
        files=files,
        facts=facts,
        definition=origin.definition,
        sources=origin.sources,
        contents=contents,
        columns_read=origin.columns_read,
    )


def accept(
    node: Node, output: Output, record: Record, suite: dict, parameters: dict, warehouse: Warehouse, exports: Path
) -> Made:
    """Validates a candidate; stores and exports it if every critical expectation holds.

    Raises:
        Rejected: it does not hold; the candidate and the reasons are kept under rejected/.
    """
    verdict = validate(suite, node.key, output.frame, parameters)
    warnings = [check.text() for check in verdict.failed("warning")]
    made = Made(output, verdict, replace(record, warnings=warnings))
    if not verdict.accepted:
        warehouse.reject(node.key, output.frame, [check.as_dict() for check in verdict.checks if not check.success])
        raise Rejected(made)
    commit(output, made.record, warehouse, exports)
    return made


def commit(output: Output, record: Record, warehouse: Warehouse, exports: Path) -> None:
    """Writes what an asset made.

    Exports and what the history keeps come first: the Parquet file with its record is what commits the asset.
    """
    for path, data in output.kept.items():
        write_atomically(warehouse.folder / path, data)
    for path, data in sorted(output.files.items()):
        write_atomically(exports / path, data)
    warehouse.store(output.frame, record)
