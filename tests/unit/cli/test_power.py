"""What the checks of a plan could see, as people read it."""

from bakewatch.cli.power import told
from bakewatch.model.foresight import Foresight
from bakewatch.model.habit import Novelty, Trust
from bakewatch.model.plan import Check, Rule
from tests.unit.judge.bakes import CALLS, ERRORS, ORDERS, ZERO, plan

DEEDS = Check(name="deeds", stream="edge", rule=Rule.AMPLIFICATION, where="call")
SAID = (
    Foresight(check="column", per_minute=600, rate=0.0, could_see=0.0017, target=0.01),
    Foresight(check="errors", per_minute=600, rate=0.002, could_see=0.011, target=0.01, minutes=(None, 12.2, 3.0, 1.9)),
    Foresight(check="calls", per_minute=60, rate=40, could_see=90, target=200, minutes=(None, None, 4.5, 2.0)),
    Foresight(check="orders", per_minute=600, rate=0.4, could_see=0.4, target=0.5, minutes=(20.0, 8.0, 4.0, 3.0)),
    Foresight(check="deeds", per_minute=30, rate=1.2, could_see=None, target=2.4),
)


def test_every_check_has_its_line_in_its_unit() -> None:
    lines = list(told(plan(ZERO, ERRORS, CALLS, ORDERS, DEEDS), SAID, ()))
    words = [" ".join(line.split()) for line in lines]
    assert words[:6] == [
        "check rule before finds from needs 1.5x 2x 5x 10x",
        "column zero 0 % 0.17 % 1 %",
        "errors proportion 0.2 % 1.1 % 1 % - 13 min 3 min 2 min",
        "calls volume 40/min 90/min 200/min - - 5 min 2 min",
        "orders floor 40 % loss of 40 % loss of 50 % 20 min 8 min 4 min 3 min",
        "deeds amplification 1.2 each nothing 2.4 each",
    ]


def test_a_plan_that_is_too_weak_is_told_so_in_one_sentence() -> None:
    *_, last = told(plan(ZERO, ERRORS, CALLS, ORDERS, DEEDS), SAID, ())
    assert last.startswith("too weak for this traffic: errors, deeds (")
    assert not any("too weak" in line for line in told(plan(ZERO, CALLS, ORDERS), SAID[:1] + SAID[2:4], ()))


def test_what_nothing_is_known_of_is_not_called_weak() -> None:
    nothing = Foresight(check="errors", per_minute=0.0, rate=None, could_see=None, target=0.01)
    lines = list(told(plan(ZERO, ERRORS), (SAID[0], nothing), ("engine_locked",)))
    assert "errors proportion unknown nothing 1 %" in [" ".join(line.split()) for line in lines]
    assert "no history of: errors" in lines
    assert not any("too weak" in line for line in lines)


def test_what_was_not_answered_is_said() -> None:
    assert "not answered: no_samples, timeout" in list(told(plan(ZERO), SAID[:1], ("no_samples", "timeout")))


def test_how_often_new_signatures_come_by_themselves_is_said() -> None:
    new = Check(name="new", stream="edge", rule=Rule.NOVELTY)
    counts = Novelty(trust=Trust.COUNTS, windows=212, surprised=3, upper=0.04)
    one = Foresight(check="new", per_minute=60, rate=0.01, could_see=0.3, target=1.0, novelty=counts)
    lines = list(told(plan(new), (one,), ()))
    assert lines[1].split() == ["new", "novelty", "0.01/min", "0.3/min", "1/min"]
    assert lines[-1] == (
        "new: new error signatures appeared in 3 of 212 ordinary stretches of 30m (1.42 %): it counts, it does not act"
    )


def test_where_history_is_only_too_short_for_it_to_act_that_is_said() -> None:
    new = Check(name="new", stream="edge", rule=Rule.NOVELTY)
    short = Novelty(trust=Trust.COUNTS, windows=48, why="short_novelty")
    one = Foresight(check="new", per_minute=60, rate=0.0, could_see=0.3, target=1.0, novelty=short)
    assert list(told(plan(new), (one,), ()))[-1] == (
        "new: new error signatures appeared in 0 of 48 ordinary stretches of 30m (0 %): "
        "it counts, history is too short for it to act"
    )


def test_why_it_is_refused_is_said_instead_of_that_it_is_weak() -> None:
    new = Check(name="new", stream="edge", rule=Rule.NOVELTY)
    never = Foresight(
        check="new", per_minute=0, rate=None, could_see=None, target=None, novelty=Novelty(why="short_history")
    )
    *_, last = told(plan(new), (never,), ())
    assert last == "new: refused, it never fires (short_history)"
