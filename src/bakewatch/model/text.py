"""Text that may be stored, printed and sent, and words that a plan gives in several languages."""

from typing import NewType

CleanText = NewType("CleanText", str)
"""Text without personal data. Only `bakewatch.privacy` makes it from raw text."""

Words = str | dict[str, str]
"""One text for all languages, or one per language code (`{en = "…", ko = "…"}`)."""


def said(words: Words, language: str) -> str:
    """*words* in *language*; English, then any language, when it is missing."""
    if isinstance(words, str):
        return words
    return words.get(language) or words.get("en") or next(iter(words.values()), "")
