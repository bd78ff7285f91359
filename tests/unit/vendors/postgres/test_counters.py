"""What is counted of statements, and what may be asked for."""

import pytest

from bakewatch.errors import ConfigError
from bakewatch.model.observation import Question
from bakewatch.vendors.postgres import check
from bakewatch.vendors.postgres.counters import Statements, counted


def test_a_call_is_slow_while_the_mean_of_its_statement_since_the_last_look_is() -> None:
    known = Statements(epoch="e", born=1, slow=0, seen={})
    known = counted(known, {"fast": (1000, 1000.0), "slow": (10, 2000.0)})
    assert known.slow == 10
    known = counted(known, {"fast": (1001, 1500.0), "slow": (20, 2010.0)})
    assert known.slow == 11  # the one call of `fast` took 500 ms; the ten of `slow` 1 ms each
    known = counted(known, {"fast": (5, 1000.0)})
    assert known.slow == 16  # `fast` had been forgotten and came again, slow
    assert counted(known, {}).slow == 16


@pytest.mark.parametrize("name", ["active", "transactions", "rollbacks", "deadlocks", "statements", "slow_statements"])
def test_a_measure_may_be_asked_for(name: str) -> None:
    check(Question(name="q", stream="load", where=name, of_stream="load"))


@pytest.mark.parametrize(
    ("key", "question"),
    [
        ("where", Question(name="q", stream="load", where="")),
        ("where", Question(name="q", stream="load", where="select 1")),
        ("of", Question(name="q", stream="load", where="active", of="transactions")),
        ("own", Question(name="q", stream="load", where="active", own="x")),
        ("actor", Question(name="q", stream="load", where="active", actor="x")),
        ("healthy", Question(name="q", stream="load", where="active", healthy="x")),
    ],
)
def test_anything_else_is_refused(key: str, question: Question) -> None:
    with pytest.raises(ConfigError) as caught:
        check(question)
    assert caught.value.where == key


def test_counters_have_no_signatures() -> None:
    with pytest.raises(ConfigError) as caught:
        check(Question(name="new", stream="database", where="", signatures=True))
    assert str(caught.value) == "stream: a database's counters have no messages to tell apart (a stream of log lines)"
