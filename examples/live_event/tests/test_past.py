"""The history that a demonstration is given."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from live_rig import assert_shape, read

from live_event.logs import Call, Caller, LogWriter, auth_line, edge_line
from live_event.past import generate

START = datetime(2026, 2, 7, 1, tzinfo=UTC)
SETTLED, REAL = 10, 60
"""Seconds after the start: the last sign-up, and the last line."""
PER_SECOND = {"edge_logs": 8, "auth_logs": 2}
LENGTH = timedelta(minutes=10)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A minute of real lines: people arrive, then a steady mix, with a watcher among them."""
    writer = LogWriter(tmp_path)

    def write(second: float, path: str, agent: str, tag: str | None = None) -> None:
        call = Call("POST", path, "", 200, 1.0, Caller(agent=agent, tag=tag))
        at = START + timedelta(seconds=second)
        writer.write(auth_line(at, call) if path.startswith("/auth") else edge_line(at, call))

    write(0, "/rest/v1/events", "arriving")
    for second in range(SETTLED + 1):
        write(second, "/auth/v1/signup", "arriving")
    for second in range(SETTLED, REAL):
        for number in range(PER_SECOND["edge_logs"]):
            write(second + (number + 1) / 8, f"/rest/v1/{'presence' if number % 4 else 'questions'}", "settled")
        for number in range(PER_SECOND["auth_logs"]):
            write(second + (number + 1) / 2, "/auth/v1/user", "settled")
        write(second + 0.5, "/rest/v1/presence", "watching", "bw-abc-1")
    writer.close()
    return tmp_path


def _past(logs: Path) -> dict[str, list[dict[str, Any]]]:
    return {stream: read(logs / f"past-{stream}.ndjson") for stream in PER_SECOND}


def test_every_made_line_looks_real_and_says_that_it_is_not(logs: Path) -> None:
    written = generate(logs, LENGTH)
    lines = [line for stream in _past(logs).values() for line in stream]
    assert len(lines) == len({line["id"] for line in lines}) == written
    for line in lines:
        assert_shape(line)
        assert line["log_attributes"]["generated"] == "history"


def test_real_lines_are_left_as_they_are_and_say_nothing_of_the_kind(logs: Path) -> None:
    before = {path.name: path.read_bytes() for path in logs.iterdir()}
    generate(logs, LENGTH)
    assert {name: (logs / name).read_bytes() for name in before} == before
    assert not any(b"generated" in content for content in before.values())


def test_history_ends_where_reality_begins_and_is_as_long_as_asked_and_in_order(logs: Path) -> None:
    generate(logs, LENGTH)
    for lines in _past(logs).values():
        times = [datetime.fromisoformat(line["timestamp"]).replace(tzinfo=UTC) for line in lines]
        assert times == sorted(times)
        assert START - LENGTH <= times[0] < START - LENGTH + timedelta(seconds=10)
        assert START - timedelta(seconds=10) < times[-1] < START


def test_history_has_the_rate_of_reality(logs: Path) -> None:
    generate(logs, LENGTH)
    for stream, lines in _past(logs).items():
        mean = PER_SECOND[stream] * LENGTH.total_seconds()
        assert abs(len(lines) - mean) < 0.05 * mean


def test_what_somebody_does_at_a_time_stays_together(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    for number in range(40):
        for call in range(3):
            at = START + timedelta(seconds=number, milliseconds=500 + call)
            who = Caller(agent=f"visitor {number}")
            writer.write(edge_line(at, Call("GET", f"/rest/v1/call{call}", "", 200, 1.0, who)))
    writer.write(auth_line(START, Call("POST", "/auth/v1/token", "", 200, 1.0)))
    writer.close()
    generate(tmp_path, LENGTH)
    lines = read(tmp_path / "past-edge_logs.ndjson")
    deeds = Counter((line["timestamp"][:21], line["log_attributes"]["request.headers.user_agent"]) for line in lines)
    assert sum(count == 3 for count in deeds.values()) > 0.95 * len(deeds)


def test_history_has_the_mix_of_settled_visitors_and_no_watcher_in_it(logs: Path) -> None:
    generate(logs, LENGTH)
    edge = _past(logs)["edge_logs"]
    assert {line["log_attributes"]["request.headers.user_agent"] for line in edge} == {"settled"}
    asked = sum(line["log_attributes"]["request.path"] == "/rest/v1/questions" for line in edge)
    assert abs(asked / len(edge) - 0.25) < 0.03
    assert {line["log_attributes"]["path"] for line in _past(logs)["auth_logs"]} == {"/user"}


def test_whatever_visitors_call_themselves_stays_within_its_line(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    for second in range(30):
        caller = Caller(agent="a\x85b\u2028c\r\n{}")
        writer.write(edge_line(START + timedelta(seconds=second), Call("GET", "/rest/v1/events", "", 200, 1.0, caller)))
    writer.close()
    assert generate(tmp_path, LENGTH) == len(read(tmp_path / "past-edge_logs.ndjson")) > 0


def test_a_seed_decides_everything_but_the_ids(logs: Path) -> None:
    def made(seed: int) -> dict[str, list[dict[str, Any]]]:
        generate(logs, LENGTH, seed)
        return {name: [line | {"id": ""} for line in lines] for name, lines in _past(logs).items()}

    assert made(1) == made(1)
    assert made(1) != made(2)
