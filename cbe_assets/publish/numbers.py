"""How numbers are printed: decimals, minus sign, stars, p values, intervals."""

from __future__ import annotations

import math

MINUS = "\u2212"
MISSING = "--"


def decimal(value: float, places: int = 3) -> str:
    """`value` with a real minus sign, `--` if it is not a number; thousands are not separated, as in the paper."""
    if value is None or math.isnan(value):
        return MISSING
    return f"{value + 0.0:.{places}f}".replace("-", MINUS).replace("inf", "\u221e")


def signed(value: float, places: int = 3) -> str:
    """As decimal, with a plus sign before a positive number."""
    return decimal(value, places) if not value > 0 else f"+{decimal(value, places)}"


def starred(value: float, stars: str, places: int = 3) -> str:
    """A coefficient with its stars."""
    return f"{decimal(value, places)}{stars}"


def parenthesized(value: float, places: int = 2) -> str:
    """A t statistic as it stands below its coefficient; nothing if there is none."""
    return "" if value is None or math.isnan(value) else f"({decimal(value, places)})"


def p_value(value: float) -> str:
    """A p value to three decimals; `<0.001` where they would all be zero."""
    return "<0.001" if value < 0.0005 else decimal(value)


def integer(value: float) -> str:
    """A count."""
    return MISSING if value is None or math.isnan(value) else str(round(value)).replace("-", MINUS)


def interval(low: float, high: float, places: int = 3) -> str:
    """`[low, high]`."""
    return f"[{decimal(low, places)}, {decimal(high, places)}]"


def ascii_minus(text: str) -> str:
    """`text` with the plain hyphen-minus that programs read as a sign."""
    return text.replace(MINUS, "-")
