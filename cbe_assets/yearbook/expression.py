"""Arithmetic over table names, as in `gdp * 10000 / population`.  Standard library only.

Only names, numbers, + - * / and brackets; anything else of Python is a fault.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from typing import Any

from cbe_assets.faults import StudyFault, fault

_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_SIGNS = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_LONGEST = 500


def names(expression: str) -> list[str]:
    """The names an expression uses, each once, in order.

    Raises:
        StudyFault: `expression_malformed`.
    """
    found: dict[str, None] = {}
    _walk(_parse(expression), expression, lambda name: found.setdefault(name, None), checking=True)
    return list(found)


def evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """The expression over numbers or numpy arrays, name by name; plain floating-point arithmetic.

    Raises:
        StudyFault: `expression_malformed`, also where a name has no value.
    """
    missing = [name for name in names(expression) if name not in values]
    if missing:
        raise StudyFault([fault("expression_malformed", found=expression, expected=", ".join(missing))])
    return _walk(_parse(expression), expression, values.__getitem__, checking=False)


def _parse(expression: str) -> ast.expr:
    if len(expression) > _LONGEST:
        raise StudyFault([fault("expression_malformed", found=f"{expression[:40]}...", expected=str(_LONGEST))])
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise StudyFault([fault("expression_malformed", found=expression, expected=str(error))]) from error


def _walk(node: ast.expr, expression: str, value_of: Any, *, checking: bool) -> Any:
    match node:
        case ast.Name(id=name):
            return value_of(name)
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            parts = [_walk(part, expression, value_of, checking=checking) for part in (left, right)]
            return None if checking else _OPERATORS[type(op)](*parts)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _SIGNS:
            part = _walk(operand, expression, value_of, checking=checking)
            return None if checking else _SIGNS[type(op)](part)
    part = ast.unparse(node)
    raise StudyFault([fault("expression_malformed", found=expression, expected=part)])
