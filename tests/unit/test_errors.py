"""Why something was raised that nobody raised on purpose."""

import errno
import sqlite3
from pathlib import Path

import pytest

from bakewatch.errors import NO_SPACE, cause_of


def _caught(raised: BaseException, *, wrapped: bool = False) -> BaseException:
    try:
        try:
            raise raised
        except type(raised) as error:
            if wrapped:
                raise RuntimeError("of hong@live.example") from error
            raise
    except BaseException as error:
        return error


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_bug(number: int, wrapped: bool) -> None:
    assert cause_of(_caught(OSError(number, "full"), wrapped=wrapped)) == NO_SPACE


def test_a_full_database_is_no_bug(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "small.sqlite") as database:
        database.execute("CREATE TABLE t (x)")
        database.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as caught:
            database.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert cause_of(caught.value) == NO_SPACE


@pytest.mark.parametrize("raised", [OSError(errno.EACCES, "no"), sqlite3.OperationalError("no"), KeyError("hong")])
def test_a_bug_is_told_by_its_place_and_without_its_data(raised: BaseException) -> None:
    told = cause_of(_caught(raised))
    assert told.startswith(f"a bug of ours: {type(raised).__name__} in _caught:")
    assert "hong" not in told
