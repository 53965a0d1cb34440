"""Texts in both languages of a study."""

from __future__ import annotations

from cbe_assets.declared.typed_yaml import Declared


class Text(Declared):
    """A text in both languages of the study."""

    zh: str
    en: str

    def __getitem__(self, language: str) -> str:
        return getattr(self, language)
