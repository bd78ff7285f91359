"""`replay` as people read it, what it keeps, and how it ends."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from bakewatch import app
from bakewatch.cli.main import cli
from bakewatch.cli.replayed import told
from bakewatch.config import load
from bakewatch.durable import history, replays
from bakewatch.model.plan import Plan
from bakewatch.model.replay import (
    Advice,
    Alarms,
    Change,
    CheckReplay,
    Delay,
    ReleaseReplay,
    ReleasesReplay,
    Replay,
    TriggerReplay,
)
from bakewatch.model.verdict import Ending
from bakewatch.testing import InlineRuntime, ScriptedWorld
from bakewatch.testing.runtime import START, Clock
from bakewatch.testing.world import NEXT
from tests.flow.stories import Story
from tests.unit.judge.bakes import ERRORS, ORDERS, ZERO, plan

CONFIG = """\
data = "data"
[service]
name = "live"
[repository]
remote = "/nonexistent"
[platform]
kind = "endpoint"
addresses = ["http://127.0.0.1:9"]
[sources.logs]
kind = "chdb"
files = ["none.ndjson"]
[streams.edge_logs]
source = "logs"
[streams.postgres_logs]
source = "logs"
[[checks]]
name = "missing_column"
stream = "postgres_logs"
rule = "zero"
where = "event_message = 'x'"
of = "true"
[[checks]]
name = "errors"
stream = "edge_logs"
rule = "proportion"
where = "event_message = 'x'"
of = "true"
[[triggers]]
name = "broken"
any = ["check:errors"]
"""
QUIET = Alarms(bakes=336, alarms=0, per_100=0.0, low=0.0, high=1.0918)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Calls `bakewatch replay` in a folder, whose production is scripted."""
    (tmp_path / "bakewatch.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)

    def call(*words: str, arrange: Callable[[ScriptedWorld], None] = lambda world: None) -> Result:
        runtime = InlineRuntime(Clock(START + timedelta(hours=20)))
        runtime.in_step = True
        world = ScriptedWorld(runtime)
        world.rates["errors"] = lambda moment, commit: (0.05, 10.0)
        arrange(world)
        monkeypatch.setattr(app, "without_release", lambda *args: world.world())
        return CliRunner().invoke(cli, ["replay", "--jobs", "1", *words])

    return call


def test_a_replay_is_a_table_and_some_sentences(run: Callable[..., Result]) -> None:
    done = run("--days", "1")
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert lines[0] == "check rule bakes false/100 1.5x 2x 5x 10x"
    assert lines[1] == "missing_column zero 48 0 (0-7.4)"
    assert lines[2].startswith("errors proportion 48 0 (0-7.4) 0 % ")
    assert "the plan 48 0 (0-7.4)" in lines
    assert max(map(len, done.output.splitlines()[:7])) <= 100


def test_a_replay_is_kept_and_the_next_case_knows_of_it(run: Callable[..., Result], tmp_path: Path) -> None:
    settings, of = load(Path("bakewatch.toml"))

    def order(known: Plan) -> app.Order:
        release = Story().release
        data = str(tmp_path / "data")
        return app.Order(release=release, plan=known, settings=settings, data=data, plan_dir="", base="")

    assert replays.noted(order(of)).replayed is None
    run("--days", "1")
    assert replays.noted(order(of)).replayed == START + timedelta(hours=20)
    assert replays.noted(order(structs.replace(of, time_scale=0.5))).replayed is None, "another plan"
    (kept,) = (tmp_path / "data" / "replays").iterdir()
    assert len(kept.stem) == 12
    assert set(json.loads(kept.read_bytes())) >= {"at", "days", "alarms", "checks", "triggers"}
    kept.write_text("{")
    assert replays.noted(order(of)).replayed is None


def test_json_holds_all_numbers(run: Callable[..., Result]) -> None:
    done = run("--days", "1", "--json")
    read = msgspec.json.decode(done.output, type=Replay)
    assert [one.check for one in read.checks] == ["missing_column", "errors"]
    assert '"replay": "history"' in done.output
    schema = json.loads(CliRunner().invoke(cli, ["schema", "replay"]).output)
    assert {"Replay", "ReleasesReplay", "BakesReplay"} <= schema["$defs"].keys()


def test_without_history_there_is_no_result(run: Callable[..., Result], tmp_path: Path) -> None:
    done = run(arrange=lambda world: world.dead.add("logs"))
    assert (done.exit_code, done.output.count("\n")) == (3, 1)
    assert "no history to replay" in done.output
    assert "unreachable" in done.output
    assert not (tmp_path / "data" / "replays").exists()


def test_releases_are_told_one_by_one(run: Callable[..., Result]) -> None:
    done = run("--releases", "--days", "1", arrange=lambda world: world.deploy(NEXT, START + timedelta(hours=2)))
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert lines[:2] == ["release merged checks alarms rollback by (minute)", "ddddddd 2026-02-07 04:46Z 2 0 -"]
    assert "0 of 1 releases of 1 days would have been rolled back" in lines
    assert any("when they went live is not known" in line for line in lines)
    nothing = run("--releases", "--days", "1")
    assert (nothing.exit_code, "nothing was merged" in nothing.output) == (3, True)


NOVEL = """\
[[checks]]
name = "new"
stream = "postgres_logs"
rule = "novelty"
[[triggers]]
name = "unheard"
any = ["check:new"]
"""


def test_what_is_measured_before_every_bake_is_not_replayed(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "bakewatch.toml").write_text(CONFIG + NOVEL)
    done = run("--days", "1")
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert lines[3] == "new novelty 0 unknown"
    assert {"unheard 0 unknown", "not counted in unheard: new"} <= set(lines)
    assert "measured before every bake, see `check --power`: new" in lines
    merged = run("--releases", "--days", "1", arrange=lambda world: world.deploy(NEXT, START + timedelta(hours=2)))
    assert merged.exit_code == 0, merged.output
    assert "ddddddd 2026-02-07 04:46Z 2 0 -" in [" ".join(line.split()) for line in merged.output.splitlines()]


def test_recorded_bakes_are_judged_again(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = run("--bakes")
    assert (nothing.exit_code, "no recorded bake" in nothing.output) == (3, True)
    cases = [SimpleNamespace(id=f"team/live@{'b' * 40}", ending=Ending.PASSED), SimpleNamespace(id="x", ending=None)]
    monkeypatch.setattr(history, "cases", lambda data: cases)
    timeline = Story().tell().timeline
    monkeypatch.setattr(history, "timeline", lambda data, case_id: timeline)
    done = run("--bakes")
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert lines[0] == "bake ended looks fired then fires now"
    assert lines[1].startswith("bbbbbbb passed 6")
    assert lines[1].endswith("- -")
    assert "bbbbbbb: unanswered, not asked so then: missing_column, errors" in lines


def test_two_kinds_at_once_are_a_usage_error(run: Callable[..., Result]) -> None:
    assert run("--releases", "--bakes").exit_code == 2
    assert run("--bakes", "--days", "3").exit_code == 2
    assert run("--days", "0").exit_code == 2


def check(name: str, *advice: Advice, delays: tuple[Delay, ...] = ()) -> CheckReplay:
    rule = next(one.rule for one in (ZERO, ERRORS, ORDERS) if one.name == name)
    return CheckReplay(check=name, rule=rule, alarms=QUIET, delays=delays, advice=advice, answered=7.0)


def history_of(*checks: CheckReplay, unanswered: tuple[str, ...] = ()) -> Replay:
    triggers = (TriggerReplay(trigger="t", alarms=QUIET, unanswered=unanswered),)
    return Replay(at=START, days=7, alarms=QUIET, checks=checks, triggers=triggers)


def test_a_plan_too_weak_for_its_traffic_is_told_so_in_one_sentence() -> None:
    weak = Advice(change=Change.TOO_WEAK, numbers={"found": 0.417})
    lost = Delay(ratio=5.0, found=0.417, median=None, slowest=None)
    found = Delay(ratio=10.0, found=1.0, median=4.0, slowest=11.0)
    done = history_of(check("errors", weak, delays=(lost, found)), check("orders", weak), check("column"))
    lines = list(told(plan(ERRORS, ORDERS, ZERO), done))
    assert " ".join(lines[1].split()) == "errors proportion 336 0 (0-1.1) 41 % 4/11"
    said = [line for line in lines if line.startswith("too weak for its traffic")]
    assert said == [
        "too weak for its traffic: errors (5x found in 41 % of bakes), orders (5x found in 41 % of bakes): bake for "
        "longer, count something that happens more often, or declare in `sees` what is enough"
    ]


@pytest.mark.parametrize(
    ("advice", "words"),
    [
        (
            Advice(change=Change.CRIES_WOLF, numbers={"per_100": 12.5}),
            "cries wolf: errors (12.5 of 100 releases): raise",
        ),
        (Advice(change=Change.FIRES_BY_ITSELF, numbers={"alarms": 9}), "happens without a release: errors (9 bakes)"),
        (Advice(change=Change.SHORT_HISTORY, numbers={"answered": 2.0}), "too little history: errors (2 of 7 days)"),
        (Advice(change=Change.ASSUMED_NOISE, numbers={"days": 0.5}), "before the bakes: errors (0.5 days)"),
        (Advice(change=Change.NOTHING_BEFORE), "never counted anything: errors"),
        (Advice(change=Change.MEASURED_BEFORE), "measured before every bake, see `check --power`: errors"),
        (Advice(change=Change.NO_HISTORY, detail="timeout"), "no history of: errors (timeout)"),
    ],
)
def test_every_advice_has_its_sentence(advice: Advice, words: str) -> None:
    assert any(words in line for line in told(plan(ERRORS), history_of(check("errors", advice))))


def test_a_replay_of_a_demonstration_says_so() -> None:
    lines = list(
        told(plan(ERRORS), structs.replace(history_of(check("errors")), time_scale=0.08, generated_history=True))
    )
    assert lines[-2:] == [
        "a demonstration: time runs 12.5 times faster",
        "this history was made by a load generator; it is no real traffic",
    ]
    assert not any("demonstration" in line for line in told(plan(ERRORS), history_of(check("errors"))))


def test_checks_that_tell_nothing_are_named_beside_their_triggers() -> None:
    lines = list(told(plan(ERRORS), history_of(check("errors"), unanswered=("load",))))
    assert "not counted in t: load" in lines


def test_a_release_that_would_have_been_rolled_back_is_told_with_its_minute() -> None:
    bad = ReleaseReplay(
        commit="c" * 40,
        at=START,
        judged=2,
        checks={"errors": 4.0, "calls": 9.0},
        triggers={"b": 4.0, "a": 4.0, "z": 9.0},
    )
    young = ReleaseReplay(commit="d" * 40, at=START, judged=0)
    lines = list(told(plan(ERRORS), ReleasesReplay(at=START, days=7, releases=(bad, young))))
    assert " ".join(lines[1].split()) == "ccccccc 2026-02-07 02:46Z 2 2 b +1 (4)"
    assert "1 of 2 releases of 7 days would have been rolled back" in lines
    assert "ccccccc: errors (4), calls (9)" in lines
    assert "not judged, for want of history or of time since: ddddddd" in lines
