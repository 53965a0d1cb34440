"""What can be wrong with an input, said once in Chinese and English.

A `Fault` names file, sheet, cell, province, year or key, what was expected and what to do.  Code collects faults
and raises them together as a `StudyFault`.  The wording lies in messages.yaml, key by key; nothing here decides
whether something is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

USAGE = 2
"""Exit code: wrong use or unreadable input."""
FAILED = 1
"""Exit code: a check or comparison failed."""

_PLACES = ("file", "sheet", "cell", "line", "province", "year", "key")


def language() -> str:
    """`zh` or `en`: CBE_LANG if set, else the locale of the environment, else English."""
    for name in ("CBE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Message key -> {en, zh} of messages.yaml."""
    import yaml

    text = resources.files("cbe_assets").joinpath("messages.yaml").read_bytes()
    return yaml.load(text, Loader=yaml.CSafeLoader)


def say(message: str, /, lang: str | None = None, **facts: object) -> str:
    """The message `message` of messages.yaml with `facts` filled in, in the user's language."""
    return catalogue()[message][lang or language()].format(**facts)


def one_line(name: str) -> str:
    """A file name as it can be printed: line breaks and what is no character as escapes."""
    return "".join(c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode("ascii") for c in name)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Args:
        message: key of messages.yaml; its texts use the names in `facts`.
        facts: where (file, sheet, cell, line, province, year, key) and what (found, expected, ...).
        code: exit code this fault leads to, 2 for unreadable input or wrong use, 1 for a failed check.
    """

    message: str
    facts: dict[str, object] = field(default_factory=dict)
    code: int = USAGE

    def text(self, lang: str | None = None) -> str:
        """`place: message`, the place built of those of file, sheet, cell, ... that are known."""
        place = " ".join(one_line(str(self.facts[name])) for name in _PLACES if self.facts.get(name) not in (None, ""))
        text = say(self.message, lang, **self.facts)
        return f"{place}: {text}" if place else text

    def as_dict(self) -> dict[str, object]:
        """For `--json`: message key, facts and both texts."""
        return {"message": self.message, "code": self.code, **self.facts, "en": self.text("en"), "zh": self.text("zh")}


class StudyFault(Exception):
    """All faults found in one step.  `code` is the worst exit code among them."""

    def __init__(self, faults: Iterable[Fault]):
        self.faults = list(faults)
        super().__init__("\n".join(fault.text() for fault in self.faults))

    @property
    def code(self) -> int:
        return max((fault.code for fault in self.faults), default=FAILED)


def fault(message: str, /, *, code: int = USAGE, **facts: object) -> Fault:
    """Shorthand: `fault("cell_not_a_number", file=..., cell=..., found=...)`."""
    return Fault(message, facts, code)
