"""What is read of metrics in text form, and what of it is not believed."""

import pytest

from bakewatch.errors import SourceError
from bakewatch.measured.samples import Reading
from bakewatch.vendors.supabase.exposition import MEASURES, METRICS, readings

TEXT = """# HELP pg_stat_database_xact_commit_total committed
# TYPE pg_stat_database_xact_commit_total counter
pg_stat_database_xact_commit_total{service_type="postgresql",server="localhost:5432"} 900
pg_stat_database_xact_rollback_total{service_type="postgresql",server="localhost:5432"} 1.2e+01
pg_stat_database_most_recent_reset NaN
postgresql_restarts_total 3
node_cpu_seconds_total{cpu="0",mode="idle"} 100.5
node_cpu_seconds_total{cpu="0",mode="iowait"} 9
node_cpu_seconds_total{cpu="0",mode="steal"} 9
node_cpu_seconds_total{cpu="0",mode="user"} 2.25
node_cpu_seconds_total{cpu="1",mode="user"} 1
"""


def counts(text: str) -> dict[str, int]:
    return {name: count for one in readings(text).values() for name, count in one.counts.items()}


def epoch(text: str, family: str = "database") -> str:
    return readings(text)[family].epoch


def test_series_of_one_name_are_added_up_and_idling_is_no_work() -> None:
    assert counts(TEXT) == {"transactions": 912, "rollbacks": 12, "busy_cpu": 3250, "clock": 121_750}


def test_what_is_not_there_is_missing_and_not_zero() -> None:
    assert set(readings(TEXT)) == {"database", "machine"}
    assert "deadlocks" not in readings(TEXT)["database"].counts


def test_every_measure_has_its_metric() -> None:
    assert set(METRICS) == {*MEASURES, "clock"}


def test_the_order_of_lines_and_of_labels_changes_nothing() -> None:
    lines = TEXT.splitlines(keepends=True)
    turned = "".join(reversed([one for one in lines if one[0] != "#"]))
    turned = turned.replace('{cpu="0",mode="user"}', '{mode="user",cpu="0"}')
    assert readings(turned) == readings(TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("postgresql_restarts_total 3", "postgresql_restarts_total 4"),
        ("postgresql_restarts_total 3\n", ""),
        ("most_recent_reset NaN", "most_recent_reset 1770422400"),
        ("most_recent_reset NaN", "most_recent_reset 1.7704224e9"),
        ('server="localhost:5432"} 900', 'server="replica"} 900'),
        (
            "postgresql_restarts_total 3",
            'postgresql_restarts_total 3\npg_stat_database_xact_commit_total{server="replica"} 5',
        ),
    ],
)
def test_what_may_have_changed_the_sums_by_itself_begins_a_new_count(old: str, new: str) -> None:
    assert epoch(TEXT.replace(old, new)) != epoch(TEXT)
    assert epoch(TEXT.replace(old, new), "machine") == epoch(TEXT, "machine")


def test_more_processors_begin_a_new_count_of_their_own() -> None:
    more = TEXT + 'node_cpu_seconds_total{cpu="2",mode="user"} 0\n'
    assert epoch(more, "machine") != epoch(TEXT, "machine") and epoch(more) == epoch(TEXT)


def test_counts_alone_begin_no_new_count() -> None:
    assert epoch(TEXT.replace("} 900", "} 901")) == epoch(TEXT)


def test_no_label_is_kept() -> None:
    told = readings(TEXT + 'pgbouncer_stats_client_wait_seconds_total{user="kim"} 1\n')
    assert "kim" not in repr(told) and "localhost" not in repr(told)


def test_a_text_that_was_cut_off_is_refused_or_lacks_what_was_cut() -> None:
    whole = counts(TEXT)
    for cut in range(len(TEXT)):
        try:
            found = readings(TEXT[:cut])
        except SourceError as error:
            assert error.code in ("malformed", "unsupported")
            continue
        for family, one in found.items():
            assert one.counts.items() <= whole.items() or one.epoch != epoch(TEXT, family)


def test_a_reading_is_what_was_counted_since_nobody_knows_when() -> None:
    assert readings("node_vmstat_oom_kill 2\n") == {
        "machine": Reading(epoch=epoch("node_vmstat_oom_kill 2\n", "machine"), since=None, counts={"oom_kills": 2})
    }
