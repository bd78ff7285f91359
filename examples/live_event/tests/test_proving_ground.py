"""The benchmark over all releases: what it makes of a run, and what it asks of all of them."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.proving_ground.__main__ import due, names
from benchmarks.proving_ground.memory import PARTS, Uncommitted, finished, remember, tried
from benchmarks.proving_ground.page import write_page
from benchmarks.proving_ground.run import NOT_RUN, Run, measured
from benchmarks.proving_ground.totals import rows

UNDONE = Run("registrations_id", 1, "undone", "fail", 1, ("check:missing-column",), detected=3.0, restored=9.0)
PASSED = Run("harmless", 1, "passed", "pass", seen=1.0)


def _report(**changes: Any) -> dict[str, Any]:
    report: dict[str, Any] = {
        "outcome": "fail",
        "reasons": [{"code": "fired", "about": "check:missing-column"}],
        "broken": {"since": "2026-02-07T02:00:10Z", "until": "2026-02-07T02:00:40Z"},
        "undo": {"fired_at": "2026-02-07T02:00:15Z"},
        "live": {"live_since": "2026-02-07T02:00:00Z"},
        "criteria": [{"checks": [{"evidence": {"blind_minutes": 2, "seen": 0.9}}]}],
    }
    return report | changes


def _measured(first_bad: str = "", **changes: Any) -> Run:
    shown = {"ending": "undone", "reverts": 1, "first_bad": first_bad}
    return measured("registrations_id", 1, shown, _report(**changes), 99.0)


def test_a_run_is_measured_from_the_first_bad_event() -> None:
    run = _measured()
    assert (run.detected, run.restored, run.blind, run.culprits) == (5.0, 30.0, 2, ("check:missing-column",))
    assert _measured(criteria=[{"checks": [{"evidence": {"seen": 0.9}}, {"evidence": {"seen": 1.0}}]}]).seen == 0.9
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


def _met(runs: list[Run], times: int = 1) -> dict[str, bool]:
    """What is met, by the first words of its figure."""
    table = rows(runs, ["registrations_id", "harmless"], times)
    return {row.figure.split(" (")[0].split(": median")[0]: row.met for row in table}


def test_everything_is_met_only_when_every_run_is_good() -> None:
    assert all(_met([UNDONE, PASSED]).values())
    assert _met([UNDONE, PASSED], 2)["all: runs"] is False
    wronged = _met([UNDONE, replace(PASSED, ending="undone", reverts=1)])
    assert not any(
        wronged[one]
        for one in (
            "harmless: harmless",
            "harmless releases undone",
            "rollbacks: precision",
            "all: verdict and reason as expected",
        )
    )
    assert wronged["harmful: registrations_id"] and wronged["rollbacks: recall over what can be undone"]


def test_a_harmful_release_that_passes_is_the_worst() -> None:
    missed = _met([replace(UNDONE, ending="passed", reverts=0, culprits=()), PASSED])
    assert not missed["passes of what was harmful or not watched"]
    assert not missed["rollbacks: recall over what can be undone"]
    assert missed["harmless releases undone"]


def test_a_pass_that_was_half_blind_was_not_watched() -> None:
    assert _met([UNDONE, replace(PASSED, seen=0.85)])["passes of what was harmful or not watched"]
    assert not _met([UNDONE, replace(PASSED, seen=0.7)])["passes of what was harmful or not watched"]
    assert _measured(criteria=[{"checks": [{"evidence": {"seen": 1.0}}, {"evidence": None}]}]).seen == 0.0


def test_the_interval_stands_beside_the_share() -> None:
    values = {row.figure: row.value for row in rows([UNDONE, PASSED], ["registrations_id", "harmless"], 1)}
    assert values["rollbacks: precision"] == "1 of 1 (95% interval 3% to 100%)"


def test_the_page_tells_of_every_run_and_draws_those_that_were_restored(tmp_path: Path) -> None:
    runs = [UNDONE, replace(PASSED, reasons=("blind <logs>",), blind=3)]
    text = write_page(runs, rows(runs, ["registrations_id", "harmless"], 1), "make it", tmp_path).read_text()
    assert text.count("<strong>") == 2 and text.count('<rect class="late" x="260"') == 1
    assert "blind &lt;logs&gt;" in text and "3 min" in text and "9 s" in text
    assert "recall over what can be undone" in text


def test_finished_runs_are_not_done_again_until_what_they_tried_has_changed(tmp_path: Path) -> None:
    now = {"registrations_id": "a", "harmless": "b"}
    assert finished(tmp_path, now) == []
    for one in (UNDONE, PASSED, replace(PASSED, number=2, ending=NOT_RUN)):
        remember(tmp_path, replace(one, tried=now[one.release]))
    done = finished(tmp_path, now)
    assert [one.release for one in done] == ["registrations_id", "harmless"]
    assert due(["registrations_id", "harmless"], 2, done) == [("harmless", 2), ("registrations_id", 2)]
    assert [one.release for one in finished(tmp_path, {**now, "harmless": "c"})] == ["registrations_id"]


@pytest.mark.real
def test_what_was_tried_is_what_is_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (*PARTS, "examples/live_event/releases/a.toml", "examples/live_event/releases/b.toml"):
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / part).write_text(part)
    monkeypatch.chdir(tmp_path)
    who = ["-c", "user.name=team", "-c", "user.email=team@live-event.example"]

    def commit() -> None:
        subprocess.run(["git", "add", "-A"], check=True)
        subprocess.run(["git", *who, "commit", "-q", "-m", "now"], check=True)

    subprocess.run(["git", "init", "-q"], check=True)
    commit()
    before = tried("a"), tried("b")
    (tmp_path / "examples/live_event/releases/a.toml").write_text("changed")
    with pytest.raises(Uncommitted, match=r"releases/a\.toml"):
        tried("a")
    assert tried("b") == before[1]
    commit()
    assert tried("a") != before[0] and tried("b") == before[1]


def test_every_release_is_run() -> None:
    found = names()
    assert len(found) == len(set(found)) >= 40
    assert {"harmless", "registrations_id"} <= set(found)
