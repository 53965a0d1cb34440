"""The words of tables, notes and figures in both languages; they lie in words.yaml, key by key."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Literal

from cbe_assets.publish.numbers import p_value
from cbe_assets.study import Text

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, Language] = ("zh", "en")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Key -> {zh, en} of words.yaml."""
    import yaml

    text = resources.files("cbe_assets.publish").joinpath("words.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


def words(key: str, /, **facts: object) -> Text:
    """The text `key` with `facts` filled in; a fact that is a Text itself is put in by language."""
    def said(language: Language) -> str:
        spoken = {name: fact[language] if isinstance(fact, Text) else fact for name, fact in facts.items()}
        return catalogue()[key][language].format(**spoken)

    return Text(zh=said("zh"), en=said("en"))


def same(text: str) -> Text:
    """A text that is the same in both languages: a number, a variable's name."""
    return Text(zh=text, en=text)


def p_is(value: float) -> Text:
    """What follows the letter p in a sentence: `= 0.012`, `< 0.001`, without blanks in Chinese."""
    printed = p_value(value)
    said = printed if printed.startswith("<") else f"={printed}"
    return Text(zh=said, en=f"{said[0]} {said[1:]}")


def joined(texts: Iterable[Text | str], separator: str | Text = "") -> Text:
    """Texts one after another; the separator may differ by language."""
    parts = [same(text) if isinstance(text, str) else text for text in texts]
    between = same(separator) if isinstance(separator, str) else separator
    return Text(zh=between.zh.join(part.zh for part in parts), en=between.en.join(part.en for part in parts))


def enumerated(texts: Iterable[Text | str]) -> Text:
    """A list within a sentence: 甲、乙 or `a, b`."""
    return joined(texts, Text(zh="、", en=", "))


def sentences(texts: Iterable[Text]) -> Text:
    """Sentences of one note: no blank between Chinese ones."""
    return joined(texts, Text(zh="", en=" "))
