"""Regular expressions, read by the library that the engine reads them with. It is imported when the first one comes."""

from importlib import import_module
from typing import Any


def flaw(pattern: str) -> str:
    """What is wrong with *pattern*; empty when the engine takes it."""
    re2: Any = import_module("re2")
    options = re2.Options()
    options.dot_nl = True  # as in the engine
    options.log_errors = False
    try:
        re2.compile(pattern, options=options)
    except re2.error as error:
        told = error.args[0]
        return told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    return ""
