"""Machine codes out of answers and log lines."""

import re

from bakewatch.model.text import CleanText
from bakewatch.privacy.scrub import clean

_SQLSTATE = re.compile(r"[0-9A-Z]{5}")


def clean_code(raw: str) -> CleanText:
    """An error code such as `42703` or `refresh_token_already_used`; what is not one comes out scrubbed.

    An SQLSTATE has five digits or capitals, which `clean` alone would take for a number.
    """
    return CleanText(raw) if _SQLSTATE.fullmatch(raw) else clean(raw, 100)
