"""Machine codes."""

import pytest

from bakewatch.privacy.codes import clean_code


@pytest.mark.parametrize("code", ["42703", "23505", "57P01", "PGRST204", "refresh_token_already_used", ""])
def test_a_machine_code_stays(code: str) -> None:
    assert clean_code(code) == code


@pytest.mark.parametrize(
    "raw", ["kim@example.com", "01012345678", "421234567", "'Kim'", "\x1b[31m42703 for kim@example.com"]
)
def test_what_is_no_code_is_scrubbed(raw: str) -> None:
    said = clean_code(raw)
    assert all(part not in said for part in ("kim", "Kim", "1234", "\x1b"))
    assert len(clean_code(raw * 100)) <= 100
