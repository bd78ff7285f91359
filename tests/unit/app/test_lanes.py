"""What one thing raises hides none of the others."""

import threading
from collections.abc import Callable

from bakewatch.app.lanes import Task, finding, in_the_way, late, run, task_of
from bakewatch.errors import ConfigError, ForgeError
from bakewatch.model.probe import Finding, Found, Grade, Probe, missing, ok, unknown


def _raises(error: Exception) -> Callable[[], Found]:
    def ask() -> Found:
        raise error

    return ask


def _run(*probes: Probe, within: float = 5.0) -> list[Finding]:
    return list(
        run([[task_of("forge", one) for one in probes], [task_of("git", Probe("fine", lambda: ok("yes")))]], within)
    )


def test_a_refusal_is_missing_with_the_scope_and_passing_trouble_is_unknown() -> None:
    refused = Probe("pulls", _raises(ForgeError("forbidden", permanent=True)), right="TOKEN: Pull requests: read")
    busy = Probe("rate", _raises(ForgeError("rate_limited")))
    bare = Probe("bare", _raises(ForgeError("unauthorized", permanent=True)))
    first, second, third, fine = _run(refused, busy, bare)
    assert (first.grade, first.what, first.right) == (Grade.MISSING, "forbidden", "TOKEN: Pull requests: read")
    assert (second.grade, second.what) == (Grade.UNKNOWN, "rate_limited")
    assert third.right == "a token that is valid"
    assert (fine.about, fine.grade) == ("git", Grade.OK)


def test_a_bug_in_one_vendor_is_a_line_without_data_in_it() -> None:
    bug, wrong, fine = _run(
        Probe("bug", _raises(ValueError("secret"))), Probe("wrong", _raises(ConfigError("no", right="yes")))
    )
    assert bug.grade is Grade.UNKNOWN and "a bug of ours: ValueError" in bug.what and "secret" not in bug.what
    assert (wrong.grade, wrong.what, wrong.right, fine.what) == (Grade.MISSING, "no", "yes", "yes")


def test_who_does_not_answer_in_time_is_not_waited_for() -> None:
    over = threading.Event()

    def waits() -> Found:
        over.wait(5)
        return ok("late")

    try:
        slow, behind, fine = _run(Probe("slow", waits), Probe("behind", lambda: ok("never asked")), within=0.2)
    finally:
        over.set()
    assert (slow.what, behind.what, fine.what) == ("no answer within 0.2 s",) * 2 + ("yes",)
    assert late([slow]) and not late([fine])


def test_only_what_is_needed_is_in_the_way() -> None:
    found = [missing("a"), missing("b", needed=False), unknown("c"), unknown("d", needed=False), ok("e")]
    assert in_the_way([finding("x", "y", one) for one in found]) == 2


def test_a_task_may_find_many_things() -> None:
    many = Task("checks", "all", lambda: [finding("checks", name, ok("")) for name in "abc"])
    assert [one.name for one in run([[many]], 5.0)] == ["a", "b", "c"]
