"""Which keys tell of a person or a secret."""

import pytest

from bakewatch.privacy.keys import telling

TELLING = """
    password user.email X-Api-Key refresh_token secret_key api_secret_key encryption_key signing_key private_key_id
    sessid connect.sid PHPSESSID pass db_pass smtpPass auth jwt session sid name user token 이름
"""
TELLING_NOTHING = """
    auth_event.action oauth compass bypass session_not_found path column code status request.sb.auth_user
    response.status_code r.name jwt_alg session_count msg
"""


def test_keys_that_tell() -> None:
    assert [key for key in TELLING.split() if not telling(key)] == []


def test_keys_that_do_not() -> None:
    assert [key for key in TELLING_NOTHING.split() if telling(key)] == []


@pytest.mark.parametrize("key", ["auth", "session", "pass", "token", "name", "user", "jwt"])
def test_in_a_sentence_some_words_tell_nothing(key: str) -> None:
    assert not telling(key, assigned=False)
