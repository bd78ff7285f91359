"""What a plan's expressions may name: the columns of the table `logs`, and functions, all with their types.

Types are `bool`, `string`, `number`, `time`, `map` and `array`; an argument `regex` is a literal regular expression.
"""

import re
from datetime import datetime

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?")
_YEARS = range(1900, 2300)
"""The years that the engine knows."""

COLUMNS = {
    "id": "string",
    "timestamp": "time",
    "source": "string",
    "event_message": "string",
    "severity_text": "string",
    "log_attributes": "map",
}
"""The columns of the table `logs`, with their types. Every value of `log_attributes` is a string."""

_NUMBER_OF_STRING = ("string", "number")
_STRING_OF_STRING = ("string", "string")
_BOTH_STRINGS_BOOL = ("string string", "bool")
_BOTH_STRINGS_NUMBER = ("string string", "number")

FUNCTIONS = {
    "match": ("string regex", "bool"),
    "startsWith": _BOTH_STRINGS_BOOL,
    "endsWith": _BOTH_STRINGS_BOOL,
    "empty": ("string", "bool"),
    "notEmpty": ("string", "bool"),
    "mapContains": ("map string", "bool"),
    "mapKeys": ("map", "array"),
    "has": ("array string", "bool"),
    "position": _BOTH_STRINGS_NUMBER,
    "positionUTF8": _BOTH_STRINGS_NUMBER,
    "positionCaseInsensitive": _BOTH_STRINGS_NUMBER,
    "positionCaseInsensitiveUTF8": _BOTH_STRINGS_NUMBER,
    "length": _NUMBER_OF_STRING,
    "lengthUTF8": _NUMBER_OF_STRING,
    "toInt8OrZero": _NUMBER_OF_STRING,
    "toInt16OrZero": _NUMBER_OF_STRING,
    "toInt32OrZero": _NUMBER_OF_STRING,
    "toInt64OrZero": _NUMBER_OF_STRING,
    "toUInt8OrZero": _NUMBER_OF_STRING,
    "toUInt16OrZero": _NUMBER_OF_STRING,
    "toUInt32OrZero": _NUMBER_OF_STRING,
    "toUInt64OrZero": _NUMBER_OF_STRING,
    "toFloat32OrZero": _NUMBER_OF_STRING,
    "toFloat64OrZero": _NUMBER_OF_STRING,
    "lower": _STRING_OF_STRING,
    "upper": _STRING_OF_STRING,
    "lowerUTF8": _STRING_OF_STRING,
    "upperUTF8": _STRING_OF_STRING,
    "trimBoth": _STRING_OF_STRING,
    "substring": ("string number number", "string"),
    "concat": ("string string", "string"),
    "extract": ("string regex", "string"),
    "if": ("bool string string", "string"),
    "JSONHas": _BOTH_STRINGS_BOOL,
    "JSONExtractString": ("string string", "string"),
    "JSONExtractInt": _BOTH_STRINGS_NUMBER,
}
"""Every function that may be called: the types of its arguments and of its result."""


def is_moment(text: str) -> bool:
    """Is *text* a moment that the calendar and the engine know, such as `2026-02-07 02:46:18`?"""
    try:
        return _MOMENT.fullmatch(text) is not None and datetime.fromisoformat(text).year in _YEARS
    except ValueError:
        return False
