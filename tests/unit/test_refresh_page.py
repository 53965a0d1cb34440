"""docs/refresh.md quotes messages as the program prints them, and knows every reason of the plan."""

from __future__ import annotations

import re
from pathlib import Path

from cbe_assets.faults import catalogue

PAGE = Path(__file__).resolve().parents[2] / "docs/refresh.md"


def quoted() -> list[str]:
    """The messages in the first column of the tables."""
    rows = [line.split("|")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    return [text for cell in rows for text in re.findall(r"`([^`]+)`", cell)]


def pattern(text: str) -> str:
    """A message whose {facts} are some text."""
    return "".join(".+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", text))


def test_every_message_quoted_is_one_of_the_program():
    known = [pattern(item["en"]) for item in catalogue().values()]
    assert [text for text in quoted() if not any(re.fullmatch(item, text) for item in known)] == []


def test_every_reason_of_the_plan_is_on_the_page():
    reasons = {key: pattern(item["en"]) for key, item in catalogue().items() if key.startswith("stale_")}
    assert [key for key, item in reasons.items() if not any(re.fullmatch(item, text) for text in quoted())] == []
