"""Units are done once, rows say what their results say, plots are XML, and a bad trace is one line."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest
from benchmarks.detection import plan, work
from benchmarks.detection.__main__ import main
from benchmarks.detection.charts import delay_chart, false_chart
from benchmarks.detection.judges import DOCUMENTED, TUNINGS
from benchmarks.detection.late import EXPECTED, EXPECTED_30, NAIVE, NAIVE_30, late
from benchmarks.detection.measure import delay, not_worse, quiet, worse
from benchmarks.detection.plan import FULL, QUICK, Unit
from benchmarks.detection.plot import Axis, Series, draw
from benchmarks.detection.real import real
from benchmarks.detection.results import (
    ORACLE,
    OURS,
    OURS_30,
    PLAIN,
    Delay,
    Late,
    NotWorse,
    Quiet,
    Real,
    Result,
    Speed,
    Worse,
)
from benchmarks.detection.rows import rows
from benchmarks.detection.shares import percent
from benchmarks.detection.streams import CELLS, Cell
from benchmarks.table import Row

from bakewatch.stats.intervals import share_bound

NAMES = [name for settings in DOCUMENTED.values() for name in settings]


def took(mean: float, found: float = 1.0) -> Delay:
    return Delay(early=0, kept=100, mean=mean, median=mean, q95=2 * mean, found=found)


def calm(cell: Cell, false: int = 5, ten: int = 1) -> Quiet:
    """One service; the tuning number 3 of each peer has the fewest false alarms."""
    return Quiet(
        noise=cell.noise,
        per_minute=cell.per_minute,
        watches=5_000,
        false={OURS: false, OURS_30: false, PLAIN: 400},
        ten=ten,
        releases=500,
        peers=1_000,
        documented=dict.fromkeys(NAMES, 20),
        tuned={peer: [200, 150, 100, 10] for peer in TUNINGS},
    )


def harmed(cell: Cell, effect: float, onset: float, ours: float, others: float, predicted: float) -> Worse:
    return Worse(
        noise=cell.noise,
        per_minute=cell.per_minute,
        effect=effect,
        onset=onset,
        limit=2.0,
        predicted=predicted,
        delays={OURS: took(ours), OURS_30: took(ours), PLAIN: took(1.0), ORACLE: took(1.0)}
        | dict.fromkeys(NAMES, took(others)),
        tuned={peer: [0.1, 0.1, 0.1, others] for peer in TUNINGS},
    )


def all_of(good: bool) -> list[Result]:
    """Hand-made results of every kind, all of which meet every goal or none."""
    found: list[Result] = []
    for cell in CELLS:
        found.append(calm(cell, 5 if good else 100, 1 if good else 30))
        ours, others = (3.0, 180.0) if good else (5.0, 4.5)
        predicted = 6.5 if good else 13.0
        found += [
            harmed(cell, effect, onset, ours, others, predicted) for effect in (2.0, 5.0, 50.0) for onset in (0, 10)
        ]
        found.append(NotWorse(cell.noise, cell.per_minute, 100, 2 if good else 6, 90, 4.0))
    for effect in (1.0, 5.0, 50.0):
        share = 1.0 if effect > 1 else 0.0 if good else 0.02
        delays = {name: took(3.0, share) for name in (OURS, OURS_30, EXPECTED, EXPECTED_30, NAIVE, NAIVE_30)}
        slower = took(9.0 if good else 5.0)
        found.append(Late("poisson", 500, effect, delays | dict.fromkeys(NAMES, slower)))
    found.append(Real("visits", 2_000, {OURS: 10 if good else 25, "Kayenta, once": 90}))
    return [*found, Speed(3.0, 1.0, 2.0) if good else Speed(30.0, 1100.0, 1200.0)]


def asked(found: Iterable[Row]) -> list[Row]:
    """Rows that have a goal."""
    return [one for one in found if one.goal != "stated"]


def test_a_unit_is_done_once(tmp_path: Path) -> None:
    done: list[int] = []

    def measure() -> Result:
        done.append(1)
        return Speed(1.0, 2.0, 3.0)

    unit = Unit("some", measure)
    first = work.done(unit, tmp_path / "kept")
    assert work.done(unit, tmp_path / "kept") == first == Speed(1.0, 2.0, 3.0)
    assert len(done) == 1
    assert work.work_off([unit], tmp_path / "kept", 1) == [first], "what is kept needs no process"
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["some.json"]


def test_a_unit_that_broke_off_is_done_again(tmp_path: Path) -> None:
    def broken() -> Result:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work.done(Unit("some", broken), tmp_path)
    assert work.done(Unit("some", lambda: Speed(1.0, 2.0, 3.0)), tmp_path) == Speed(1.0, 2.0, 3.0)


def test_what_is_left_is_done_by_other_processes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    units = [Unit(name, partial(Speed, 1.0, 2.0, 3.0)) for name in ("one", "two")]
    assert work.work_off(units, tmp_path, 1) == [Speed(1.0, 2.0, 3.0)] * 2
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == ["1 left", "0 left"]


@pytest.mark.parametrize("size", [QUICK, FULL])
def test_every_unit_has_a_name_of_its_own(size: plan.Size) -> None:
    names = [one.name for one in plan.units(size, 1, [])]
    assert len(set(names)) == len(names) > 20 * (size.services + 14)


def test_every_kind_of_result_comes_back_from_json() -> None:
    for one in all_of(True):
        assert msgspec.json.decode(msgspec.json.encode(one), type=Result) == one


def test_goals_are_met_by_good_results_and_missed_by_bad_ones() -> None:
    assert [one.figure for one in asked(rows(all_of(True))) if not one.met] == []
    assert [one.figure for one in asked(rows(all_of(False))) if one.met] == []


def test_rows_say_what_was_measured() -> None:
    told = {one.figure: one.value for one in rows(all_of(True))}
    assert told["false alarms, looks every 5 s: pooled"] == "0.10 % of 100,000 watches in 20 cells"
    assert told["false alarms of others: plain"].startswith("8.00 %; worst 8.00 %")
    assert told["mean delay / information limit, 2x-5x from the deploy on: poisson"].startswith(
        "median 1.50, worst 1.50"
    )
    assert "Kayenta 60.0" in told["2x: mean delay of Kayenta, tuned in hindsight to <= 1 % false, / ours"]
    assert told["predicted against simulated time to find 95 %"].startswith("median +8%")
    assert told["the statistics of one look at 200 checks"] == "3.00 ms"


def test_a_peer_that_no_tuning_suits_is_not_compared() -> None:
    found = [
        msgspec.structs.replace(one, tuned={peer: [200] * 4 for peer in TUNINGS}) if isinstance(one, Quiet) else one
        for one in all_of(True)
    ]
    row = next(one for one in rows(found) if one.figure.startswith("2x: mean delay of Argo"))
    assert row.value == "nothing to compare; no tuning does in 20 cells" and not row.met


def test_a_setting_that_alarms_at_random_is_not_compared() -> None:
    found = [
        msgspec.structs.replace(one, documented=dict.fromkeys(NAMES, 500)) if isinstance(one, Quiet) else one
        for one in all_of(True)
    ]
    row = next(one for one in rows(found) if one.figure.startswith("50x: mean delay of others"))
    assert row.value == "nothing to compare"


def test_delays_leave_out_what_came_before_the_onset_and_end_with_the_watch() -> None:
    found = delay(np.array([4.0, 12.0, 14.0, np.inf]), 10.0)
    assert (found.early, found.kept, found.median, found.found) == (1, 3, 4.0, 2 / 3)
    assert found.mean == pytest.approx(26 / 3) and found.q95 == pytest.approx(18.4)
    assert delay(np.array([1.0]), 10.0).mean is None


def test_the_upper_bound_is_clopper_and_pearsons() -> None:
    assert share_bound(0, 100) == pytest.approx(0.029513, abs=1e-6)
    assert share_bound(5, 100) == pytest.approx(0.102253, abs=1e-5)
    assert share_bound(3, 3) == 1.0
    assert percent(1, 8) == "12.50 %"


def test_units_measure_a_small_service() -> None:
    cell, rng = Cell("poisson", 500), np.random.default_rng(30)
    still = quiet(cell, 20, True, rng)
    assert still.releases == 2 and still.peers == 20 and still.false[OURS] <= 2
    assert {peer: len(counts) for peer, counts in still.tuned.items()} == {k: len(v) for k, v in TUNINGS.items()}
    assert not quiet(cell, 10, False, rng).documented
    bad = worse(cell, 20, 5.0, 10.0, rng)
    assert bad.limit == pytest.approx(0.455, rel=0.2) and bad.delays[OURS].found == 1.0
    assert bad.predicted is not None
    assert (bad.delays[ORACLE].mean or 0) < (bad.delays[OURS].mean or 0)
    said = not_worse(Cell("poisson", 50_000), 5, rng)
    assert (said.wrong, said.right) == (0, 5)


def test_complete_buckets_find_what_is_late_and_cry_no_wolf() -> None:
    rng = np.random.default_rng(31)
    still, bad = (late(Cell("poisson", 5_000), 40, effect, rng) for effect in (1.0, 5.0))
    assert still.delays[OURS].found <= 0.05 < still.delays[NAIVE].found
    assert bad.delays[OURS].found == bad.delays[EXPECTED].found == 1.0
    assert 0.3 < (bad.delays[EXPECTED].mean or 0) < (bad.delays[OURS].mean or 0) < 1.5


def test_a_plot_is_xml_and_shows_all_its_series() -> None:
    axis = Axis("a < b", 0.1, 10, {1.0: "1 & 2"}, log=True)
    found = ElementTree.fromstring(draw('"<me>"', axis, axis, [Series("x < y", [(0.1, 1), (1, 99)]), Series("z", [])]))
    words = {one.text for one in found.iter("{http://www.w3.org/2000/svg}text")}
    assert {'"<me>"', "a < b", "1 & 2", "x < y", "z"} <= words
    points = [one.get("points") for one in found.iter("{http://www.w3.org/2000/svg}polyline")]
    assert points == ["70.0,205.0 295.0,50.0", ""], "what lies beyond is drawn at the edge"


def test_both_plots_show_ours_and_every_peer() -> None:
    found = all_of(True)
    still = [one for one in found if isinstance(one, Quiet)]
    bad = [one for one in found if isinstance(one, Worse)]
    for chart in (delay_chart(bad, still[2]), false_chart(still)):
        words = " ".join(one.text or "" for one in ElementTree.fromstring(chart).iter())
        assert all(name in words for name in ("bakewatch", "Kayenta", "Argo", "Flagger"))


def trace(path: Path, minutes: int, last: float = 1.0) -> Path:
    first, rng = datetime(2020, 1, 1, tzinfo=UTC), np.random.default_rng(1)
    counts = rng.poisson(20, minutes)
    counts[-30:] = rng.poisson(20 * last, 30)
    lines = [f"{first + timedelta(minutes=at):%Y-%m-%d %H:%M:%S},{count}" for at, count in enumerate(counts)]
    path.write_text("\n".join(["minute,count", *lines]) + "\n")
    return path


def test_a_trace_is_watched_from_its_second_week_on(tmp_path: Path) -> None:
    found = real(trace(tmp_path / "visits.csv", 10_080 + 60, last=3.0))
    assert (found.name, found.watches, found.false[OURS]) == ("visits", 2, 1)
    assert "Kayenta, once" in found.false and "Argo, 3 failures of 5 %" not in found.false


@pytest.mark.parametrize(
    "text", ["minute,count\nnow,1\n", "minute,count\n", None, "minute,count\n2020-01-01 00:00:00,1\n"]
)
def test_a_bad_trace_is_one_line_and_code_2(
    tmp_path: Path, text: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    if text is not None:
        path.write_text(text)
    assert main(["--quick", "--trace", str(path), "--folder", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and "bad.csv" in said.err and not said.out
