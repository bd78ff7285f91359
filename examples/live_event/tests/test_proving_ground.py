"""The benchmark over all releases: what it makes of a run, and what it asks of all of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.releases import due, finished, names, remember
from benchmarks.releases_run import NOT_RUN, Run, measured
from benchmarks.releases_table import rows

UNDONE = Run("registrations_id", 1, "undone", "fail", 1, ("check:missing-column",), detected=3.0, restored=9.0)
PASSED = Run("harmless", 1, "passed", "pass")


def _report(**changes: Any) -> dict[str, Any]:
    report: dict[str, Any] = {
        "outcome": "fail",
        "reasons": [{"code": "fired", "about": "check:missing-column"}],
        "broken": {"since": "2026-02-07T02:00:10Z", "until": "2026-02-07T02:00:40Z"},
        "undo": {"fired_at": "2026-02-07T02:00:15Z"},
        "live": {"live_since": "2026-02-07T02:00:00Z"},
        "criteria": [{"checks": [{"evidence": {"blind_minutes": 2}}, {"evidence": None}]}],
    }
    return report | changes


def _measured(first_bad: str = "", **changes: Any) -> Run:
    shown = {"ending": "undone", "reverts": 1, "first_bad": first_bad}
    return measured("registrations_id", 1, shown, _report(**changes), 99.0)


def test_a_run_is_measured_from_the_first_bad_event() -> None:
    run = _measured()
    assert (run.detected, run.restored, run.blind, run.culprits) == (5.0, 30.0, 2, ("check:missing-column",))
    assert _measured("2026-02-07T02:00:05+00:00").detected == 10.0
    assert _measured("2026-02-07T02:00:20+00:00").detected == 5.0


def test_where_nobody_saw_anything_bad_time_runs_from_when_it_was_live() -> None:
    run = _measured(broken=None)
    assert (run.detected, run.restored) == (15.0, None)


def test_a_pass_has_no_times() -> None:
    run = _measured(broken=None, undo={"fired_at": None}, reasons=[{"code": "blind", "about": "check:presence"}])
    assert (run.detected, run.restored, run.reasons) == (None, None, ("blind check:presence",))


@pytest.mark.parametrize(
    ("run", "as_expected", "right"),
    [
        (UNDONE, True, True),
        (replace(UNDONE, culprits=("journey:admin",)), True, False),
        (replace(UNDONE, reverts=0), False, True),
        (replace(UNDONE, ending="inconclusive", reverts=0), False, True),
        (PASSED, True, True),
        (replace(PASSED, ending="undone", reverts=1), False, True),
    ],
)
def test_a_run_is_good_when_it_ends_as_expected_and_is_seen_by_what_should_see_it(
    run: Run, as_expected: bool, right: bool
) -> None:
    assert (run.as_expected, run.right_reason) == (as_expected, right)


def test_everything_is_met_only_when_every_run_is_good() -> None:
    good = rows([UNDONE, PASSED], ["registrations_id", "harmless"], 1)
    assert all(row.met for row in good)
    short = {row.figure: row.met for row in rows([UNDONE, PASSED], ["registrations_id", "harmless"], 2)}
    assert short["runs of each release"] is False
    bad = replace(PASSED, ending="undone", reverts=1)
    told = {row.figure: row.met for row in rows([UNDONE, bad], ["registrations_id", "harmless"], 1)}
    assert (told["harmless runs undone"], told["harmless"], told["registrations_id"]) == (False, False, True)


def test_finished_runs_are_not_done_again(tmp_path: Path) -> None:
    assert finished(tmp_path) == []
    for one in (UNDONE, PASSED, replace(PASSED, number=2, ending=NOT_RUN)):
        remember(tmp_path, one)
    assert finished(tmp_path) == [UNDONE, PASSED]
    left = due(["registrations_id", "harmless"], 2, finished(tmp_path))
    assert left == [("harmless", 2), ("registrations_id", 2)]


def test_every_release_is_run() -> None:
    found = names()
    assert len(found) == len(set(found)) >= 17
    assert {"harmless", "registrations_id"} <= set(found)
