"""How answers came in does not matter: in which order, in how many pieces, or at the second try."""

import random
from datetime import timedelta

import pytest
from msgspec import structs

from bakewatch.judge import rules
from bakewatch.model.plan import Check
from bakewatch.model.verdict import Evidence
from tests.unit.judge.bakes import CALLS, ERRORS, ORDERS, START, ZERO, plan, since, steady, watch

END = START + timedelta(minutes=30)
CHECKS = (ZERO, ERRORS, CALLS, ORDERS)


def weighed(check: Check, **how: object) -> Evidence:
    made = watch(plan(check), {check.name: since(12, 6, before=2)}, past={check.name: steady(2)}, **how)  # type: ignore[arg-type]
    (one,) = rules.weigh(made, END)
    return one


@pytest.mark.parametrize("check", CHECKS, ids=lambda one: one.rule.value)
def test_an_answer_that_came_at_the_second_try_weighs_the_same(check: Check) -> None:
    """A look in nine went unanswered; the next one catches up."""
    straight = weighed(check)
    later = weighed(check, gap=lambda number, question: "timeout" if question == check.name and number % 9 == 4 else "")
    assert later == straight


@pytest.mark.parametrize("check", CHECKS, ids=lambda one: one.rule.value)
def test_the_order_of_answers_within_a_look_does_not_matter(check: Check) -> None:
    made = watch(plan(check), {check.name: since(12, 6, before=2)}, past={check.name: steady(2)})
    mixed = []
    for look in made.looks:
        answers = list(look.observations)
        random.Random(look.number).shuffle(answers)
        mixed.append(structs.replace(look, observations=tuple(answers)))
    assert rules.weigh(structs.replace(made, looks=tuple(mixed)), END) == rules.weigh(made, END)


@pytest.mark.parametrize("check", CHECKS, ids=lambda one: one.rule.value)
def test_a_clock_that_is_a_minute_off_makes_no_alarm(check: Check) -> None:
    """Lines of before the deploy seem to lie within the watch, and the other way round."""
    made = watch(plan(check), {check.name: steady(0 if check is ZERO else 3)}, past={check.name: steady(3)})
    shifted = structs.replace(made, live_since=START + timedelta(minutes=1), started=START + timedelta(minutes=1))
    (one,) = rules.weigh(shifted, END)
    assert not one.fired
