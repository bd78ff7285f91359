"""The source `supabase-metrics` against a stand-in whose counters move: numbers, holes, gaps, and no false zero."""

import traceback
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bakewatch.errors import ConfigError
from bakewatch.model.observation import Observation, Question, Window
from bakewatch.model.release import MergeKind, Release
from bakewatch.testing.supabase import metrics as names
from bakewatch.vendors.supabase.exposition import MEASURES
from bakewatch.vendors.supabase.metrics import MetricsSource
from tests.contract.supabase_rig import DAY, REF, Scene, staged

RATES = {
    names.ROLLBACKS: 1.0,
    names.DEADLOCKS: 0.5,
    names.STATEMENT_TIME: 2.0,
    names.DISK: 0.25,
    names.OOM: 0.1,
    names.WAITING: 3.0,
    names.TIMEOUTS: 0.2,
}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with staged(tmp_path / "data") as scene:
        yield scene


@pytest.fixture
def source(scene: Scene) -> MetricsSource:
    return built(scene)


def built(scene: Scene, release: Release | None = None, time_scale: float = 1.0, **table: str) -> MetricsSource:
    context = scene.context(release, time_scale=time_scale)
    source: MetricsSource = scene.build("source", "supabase-metrics", context, **table)
    return source


def ask(source: MetricsSource, *measures: str, start: datetime = DAY) -> dict[str, Observation]:
    questions = [Question(name=one, stream="load", where=one) for one in measures or ("transactions",)]
    answers = source.observe(questions, Window(start, start + timedelta(hours=2)), timedelta(seconds=10))
    return {one.question: one for one in answers}


def told(source: MetricsSource, measure: str = "transactions") -> tuple[int, int] | str:
    """The count and the milliseconds covered, or the gap."""
    answer = ask(source, measure)[measure]
    assert not (answer.gap and answer.buckets)
    return answer.gap or (sum(one.count for one in answer.buckets), sum(one.of for one in answer.buckets))


def test_every_measure_is_what_happened_between_two_scrapes(scene: Scene, source: MetricsSource) -> None:
    scene.server.metrics.rates |= RATES
    assert {one.gap for one in ask(source, *MEASURES).values()} == {"no_samples"}
    scene.clock.on(60)
    answers = ask(source, *MEASURES)
    assert {name: sum(one.count for one in answer.buckets) for name, answer in answers.items()} == {
        "transactions": 1260,
        "rollbacks": 60,
        "deadlocks": 30,
        "statements": 3600,
        "statement_time": 120,
        "busy_cpu": 6,
        "busy_disk": 15,
        "oom_kills": 6,
        "pool_waiting": 180,
        "pool_timeouts": 12,
    }
    assert {sum(one.of for one in answer.buckets) for answer in answers.values()} == {60_000}


def test_there_is_one_scrape_a_minute_and_the_last_one_answers_in_between(scene: Scene, source: MetricsSource) -> None:
    seen = []
    for _ in range(20):
        seen.append(told(source))
        scene.clock.on(30)
    assert len(scene.asked()) == 10
    assert seen[0] == seen[1] == "no_samples" and seen[-1] == (9 * 1200, 9 * 60_000)


def test_quick_motion_scrapes_as_much_more_often(scene: Scene) -> None:
    source = built(scene, time_scale=0.1)
    for _ in range(20):
        told(source)
        scene.clock.on(3)
    assert len(scene.asked()) == 10


def test_a_new_process_goes_on_where_the_old_one_was_killed(scene: Scene, source: MetricsSource) -> None:
    told(source)
    scene.clock.on(30)
    assert told(built(scene)) == "no_samples" and len(scene.asked()) == 1
    scene.clock.on(30)
    assert told(built(scene)) == (1200, 60_000) and len(scene.asked()) == 2


def test_a_clock_that_was_set_back_does_not_stop_the_scraping(scene: Scene, source: MetricsSource) -> None:
    told(source)
    scene.clock.on(-3600)
    told(source)
    assert len(scene.asked()) == 2


def test_a_restart_is_a_hole_and_not_a_number(scene: Scene, source: MetricsSource) -> None:
    told(source)
    scene.clock.on(60)
    scene.server.metrics.restart()
    scene.server.metrics.counters[names.COMMITS] = 10**9  # more than before: the number alone does not tell
    assert told(source) == "no_samples"
    scene.clock.on(60)
    assert told(source) == (1200, 60_000)


def test_a_reset_of_statistics_is_a_hole(scene: Scene, source: MetricsSource) -> None:
    told(source)
    scene.clock.on(60)
    scene.server.metrics.reset = scene.clock().timestamp()
    assert told(source) == "no_samples"


def test_series_that_come_or_go_are_a_hole(scene: Scene, source: MetricsSource) -> None:
    told(source)
    replica = f'{names.COMMITS}{{server="replica"}}'
    for there in (True, False):
        scene.clock.on(60)
        if there:
            scene.server.metrics.counters[replica] = 5e6
        else:
            dropped(scene, replica)
        start = scene.clock() - timedelta(seconds=90)
        assert ask(source, start=start)["transactions"].gap == "no_samples"


def dropped(scene: Scene, *series: str) -> None:
    for one in series:
        del scene.server.metrics.counters[one]


def test_a_metric_that_is_missing_is_a_gap_for_itself_alone(scene: Scene, source: MetricsSource) -> None:
    told(source)
    scene.clock.on(60)
    dropped(scene, names.ROLLBACKS, names.WAITING)
    answers = ask(source, "transactions", "rollbacks", "pool_waiting", "deadlocks", "statements")
    gaps = {name: one.gap for name, one in answers.items()}
    # Without the rolled back ones nobody knows how many transactions there were.
    assert {name for name, gap in gaps.items() if gap == "unsupported"} == {"transactions", "rollbacks", "pool_waiting"}
    assert gaps["statements"] == ""


def test_a_name_without_its_ending_is_the_same_metric(scene: Scene, source: MetricsSource) -> None:
    counters = scene.server.metrics.counters
    counters["pgrst_db_pool_timeouts"] = counters.pop(names.TIMEOUTS)
    told(source)
    scene.clock.on(60)
    counters["pgrst_db_pool_timeouts"] += 4
    assert told(source, "pool_timeouts") == (4, 60_000)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_a_value_that_is_no_count_is_a_gap(scene: Scene, source: MetricsSource, value: float) -> None:
    scene.server.metrics.rates.pop(names.COMMITS)
    scene.server.metrics.counters[names.COMMITS] = value
    assert told(source) == "unsupported"


def test_metrics_that_stand_still_are_not_seen_as_quiet(scene: Scene, source: MetricsSource) -> None:
    told(source)
    scene.server.metrics.stuck = True
    for _ in range(3):
        scene.clock.on(60)
        assert told(source) == "no_samples"
    scene.server.metrics.stuck = False
    scene.clock.on(60)
    assert told(source) == (240 * 20, 240_000)


def test_a_database_that_stands_still_beside_a_machine_that_moves_is_not_seen_as_quiet(
    scene: Scene, source: MetricsSource
) -> None:
    """Each part of the metrics is gathered by somebody else, who may hang."""
    told(source, "deadlocks")
    rates, scene.server.metrics.rates = scene.server.metrics.rates, {names.IDLE: 0.9, names.USER: 0.1}
    scene.clock.on(60)
    assert told(source, "deadlocks") == told(source) == "no_samples"
    assert told(source, "busy_cpu") == (6, 60_000)
    scene.server.metrics.rates = rates
    scene.clock.on(60)
    assert told(source, "deadlocks") == (0, 120_000)


@pytest.mark.parametrize(
    ("status", "gap"),
    [(401, "unauthorized"), (403, "forbidden"), (500, "status_500"), (429, "rate_limited"), (540, "status_540")],
)
def test_who_is_refused_has_a_gap_until_the_next_scrape(
    scene: Scene, source: MetricsSource, status: int, gap: str
) -> None:
    told(source)
    scene.clock.on(60)
    scene.order(names.METRICS, status, {"message": "mallory@example.com"})
    assert told(source) == gap
    scene.clock.on(30)
    assert told(source) == gap
    scene.clock.on(35)
    assert told(source) == (125 * 20, 125_000)


@pytest.mark.parametrize(
    ("body", "gap"),
    [
        ("", "malformed"),
        ('{"message": "kim@example.com"}\n', "malformed"),
        ("<html>kim@example.com</html>\n", "malformed"),
        ("node_load1 0.12\n", "unsupported"),
        ("\n", "unsupported"),
        ("pg_stat_database_xact_commit_total 9000", "malformed"),
        ("pg_stat_database_xact_commit_total{a=\n", "malformed"),
    ],
)
def test_an_answer_that_is_none_is_a_gap(scene: Scene, source: MetricsSource, body: str, gap: str) -> None:
    scene.order(names.METRICS, 200, body)
    assert told(source) == gap
    assert not scene.data.exists()


def test_the_projects_own_host_is_asked_with_a_key(scene: Scene) -> None:
    source = built(scene, key_env="SECRET", url=scene.server.url)
    told(source)
    scene.clock.on(60)
    assert told(source) == (1200, 60_000)
    assert set(scene.asked()) == {names.PRIVILEGED}
    scene.server.project.secret = "another"
    scene.clock.on(60)
    assert told(source) == "unauthorized"


def over(source: MetricsSource, start: datetime, end: datetime, *, past: bool) -> list[tuple[int, int]]:
    """Counts and milliseconds of the buckets between two moments."""
    question = Question(name="q", stream="load", where="transactions", past=past)
    [answer] = source.observe([question], Window(start, end), timedelta(minutes=5))
    return [(one.count, one.of) for one in answer.buckets]


def test_the_past_is_told_by_samples_that_were_kept_and_never_as_present(scene: Scene, source: MetricsSource) -> None:
    """Whoever made the merge may have had a clock that is fast: what is asked, and not its date, says which it is."""
    told(source)
    scene.clock.on(3600)
    release = Release(
        repository="o/n",
        branch="main",
        commit="1" * 40,
        parent="0" * 40,
        merged_at=scene.clock() + timedelta(hours=1),
        kind=MergeKind.MERGE,
    )
    later = built(scene, release)
    assert told(later) == (72_000, 3_600_000)
    half, now = scene.clock() - timedelta(minutes=30), scene.clock() + timedelta(minutes=1)
    assert over(later, half, now, past=True) == [(72_000, 3_600_000)]
    assert over(later, half, now, past=False) == []


def test_no_secret_and_no_account_is_kept_or_told(scene: Scene) -> None:
    scene.server.metrics.counters['pgbouncer_stats_client_wait_seconds_total{user="kim"}'] = 1.0
    for source in (built(scene), built(scene, key_env="SECRET", url=scene.server.url)):
        told(source, "pool_waiting")
        scene.clock.on(60)
        scene.server.tokens.clear()
        scene.server.project.secret = "another"
        assert told(source) == "unauthorized"
        scene.clock.on(60)
    kept = scene.files()
    assert kept
    for secret in (b"kim", *(one.encode() for one in scene.environ.values())):
        assert secret not in kept


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"project": "live"}, "regex"),
        ({"project": f"{REF}\n"}, "regex"),
        ({"token_env": "NONE"}, "NONE is not set"),
        ({"key_env": "NONE"}, "NONE is not set"),
        ({"api": "http://api.example"}, "is not https"),
        ({"key_env": "SECRET", "url": "http://live.example"}, "is not https"),
    ],
)
def test_a_table_that_is_wrong_is_told_before_anything_is_asked(
    scene: Scene, table: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        scene.build("source", "supabase-metrics", **table)
    assert "sb_secret_live" not in "".join(traceback.format_exception(caught.value))
    assert not scene.asked()
