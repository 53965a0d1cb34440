"""Typed YAML: a model that refuses unknown keys, and faults that name file, line, key and the nearest right word."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cbe_assets.faults import Fault, fault


class Declared(BaseModel):
    """Base of everything that stands in study/*.yaml: unknown keys are faults, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def load_yaml(path: Path, model: type[Declared], root: Path) -> tuple[Declared | None, list[Fault]]:
    name = path.relative_to(root).as_posix()
    if not path.is_file():
        return None, [fault("file_missing", file=name)]
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None, [fault("not_utf8", file=name)]
    return parse_yaml(text, model, name)


def parse_yaml(text: str, model: type[Declared], name: str) -> tuple[Declared | None, list[Fault]]:
    """`text` as `model`, or None and the faults with file `name`, line and key."""
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        content = yaml.load(text, Loader=yaml.CSafeLoader)
        twice = _repeated_keys(node, name)
        if twice:
            return None, twice
        return model.model_validate(content), []
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else None
        return None, [fault("not_yaml", file=name, line=where, found=getattr(error, "problem", str(error)))]
    except ValidationError as error:
        return None, [_yaml_fault(item, name, node, model) for item in error.errors()]
    except ValueError as error:  # a date that does not exist
        return None, [fault("not_yaml", file=name, found=str(error))]


def _repeated_keys(node: Any, file: str, path: str = "") -> list[Fault]:
    """YAML lets a later key silently replace an earlier one; here that is a fault."""
    faults: list[Fault] = []
    if node is None or node.id == "scalar":
        return faults
    if node.id == "sequence":
        return [f for child in node.value for f in _repeated_keys(child, file, path)]
    seen: set[str] = set()
    for key, child in node.value:
        here = f"{path}.{key.value}".lstrip(".")
        if key.value in seen:
            faults.append(fault("key_twice", file=file, line=f"line {key.start_mark.line + 1}", key=here))
        seen.add(key.value)
        faults += _repeated_keys(child, file, here)
    return faults


def _yaml_fault(item: Any, file: str, node: Any, model: type[Declared]) -> Fault:
    """A pydantic error in the reader's words, with the line of the nearest key."""
    path, line = [str(part) for part in item["loc"]], 1
    for part in item["loc"]:
        if getattr(node, "id", None) == "mapping":
            pair = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif getattr(node, "id", None) == "sequence" and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    facts = {"file": file, "line": f"line {line}", "key": ".".join(path)}
    if item["type"] == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], sorted(_field_names(model)), n=1)
        return fault("unknown_key", **facts, expected=near[0] if near else "-")
    if item["type"] == "missing":
        return fault("missing_key", **facts)
    expected = item["msg"].removeprefix("Value error, ")
    return fault("wrong_value", **facts, found=repr(item.get("input")), expected=expected)


def _field_names(model: type[BaseModel], seen: frozenset[type] = frozenset()) -> set[str]:
    """Every key that may stand anywhere in a file of this model, for suggestions."""
    import typing

    names: set[str] = set()
    for name, declared in model.model_fields.items():
        names.add(name)
        pending = [declared.annotation]
        while pending:
            kind = pending.pop()
            pending += typing.get_args(kind)
            if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
                names |= _field_names(kind, seen | {model})
    return names
