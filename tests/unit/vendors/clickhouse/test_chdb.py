"""What the source `chdb` is built from, before anything is started."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from bakewatch.errors import ConfigError
from bakewatch.model.observation import Question
from bakewatch.model.plan import Check, Plan, Service
from bakewatch.ports import Context, Remote
from bakewatch.vendors.clickhouse.chdb import KIND, ChdbSettings


def test_building_it_starts_and_makes_nothing(tmp_path: Path) -> None:
    context = Context(
        data=tmp_path / "data",
        environ={},
        clock=lambda: datetime.now(UTC),
        remote=Remote(url="r", branch="main"),
        plan=Plan(service=Service(name="x")),
        base=tmp_path,
    )
    assert KIND.build(msgspec.convert({"files": ["logs/*.ndjson"]}, ChdbSettings), context)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "table",
    [{}, {"files": []}, {"files": "logs"}, {"files": ["a"], "max_seconds": 0}, {"files": ["a"], "file": ["b"]}],
)
def test_a_table_that_is_wrong_does_not_convert(table: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, ChdbSettings)


def test_a_question_is_checked_without_the_engine() -> None:
    KIND.check(Question(name="q", stream="edge_logs", where="id != ''"))
    with pytest.raises(ConfigError) as caught:
        KIND.check(Question(name="q", stream="edge_logs", where="id"))
    assert caught.value.where == "where"


@pytest.mark.parametrize(
    "stream", ["", "a' OR 1 = 1 --", "a\\", 'a"b', "a\nb", "a\0b", "a b", "a`b", "{x:String}", "a" * 65]
)
def test_a_check_cannot_name_a_hostile_stream(stream: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "x", "stream": stream, "rule": "zero", "where": "true"}, Check)
