"""Counting through read-only SQL: by itself, and for a journey whose process never sees a token."""

import socket
import stat
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import psycopg
import pytest

from bakewatch import plugins
from bakewatch.errors import ConfigError, CounterError
from bakewatch.model.journey import JourneyRun, Parameter, Walked
from bakewatch.model.plan import Journey
from bakewatch.ports import Counter
from bakewatch.testing.supabase import TOKEN, Grant
from bakewatch.testing.supabase.sql import READ_ONLY
from bakewatch.vendors.journeys.counting import counting
from bakewatch.vendors.journeys.database import Counted
from bakewatch.vendors.journeys.runner import PytestJourneys
from tests.contract.supabase_rig import Scene, staged
from tests.contract.walks import NOW, TAG, Application, Walks, serving


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with staged(tmp_path / "data") as scene:
        yield scene


@pytest.fixture
def counter(scene: Scene) -> Counter:
    made: Counter = scene.build("counter", "supabase")
    return made


@pytest.fixture
def table(scene: Scene, server: str) -> Iterator[str]:
    """A table of a real database that the stand-in asks."""
    scene.server.sql.url = server
    name = "public.registrations"
    with psycopg.connect(server, autocommit=True) as database:
        database.execute(b"create table public.registrations (id bigint, email text, tag text, at timestamptz)")
        for number in range(5):
            database.execute(
                b"insert into public.registrations values (%s, %s, 'bw-1', now())",
                [2**60 + number, f"kim{number}@example.com"],
            )
        yield name
        database.execute(b"drop table public.registrations")


@pytest.mark.real
@pytest.mark.parametrize(
    ("query", "parameters", "count"),
    [
        ("select count(*) from public.registrations", [], 5),
        ("select count(*) from public.registrations where email = %s and tag = %s", ["kim1@example.com", "bw-1"], 1),
        ("select count(distinct tag) from public.registrations where email like 'kim%%'", [], 1),
        ("select max(id) from public.registrations", [], 2**60 + 4),
        ("select count(*) filter (where id > %s) from public.registrations", [2**60 + 2], 2),
        ("select coalesce(sum(id - 1), 0)::bigint from public.registrations where false", [], 0),
        ("select count(*) from public.registrations where at > now() - interval '1 hour'", [], 5),
        ("select count(*) from public.registrations where id = %s", [2**60 + 1], 1),
        ("select count(*) from public.registrations where tag is distinct from %s", [None], 5),
        ("select case when exists (select 1 from public.registrations) then 1 else 0 end", [], 1),
    ],
)
def test_a_real_database_counts(
    counter: Counter, table: str, query: str, parameters: list[Parameter], count: int
) -> None:
    assert counter.count(query, parameters) == count


def code(counter: Counter, query: str = "select count(*) from public.registrations") -> str:
    with pytest.raises(CounterError) as caught:
        counter.count(query)
    told = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in told and "kim" not in told
    return caught.value.code


@pytest.mark.real
def test_what_is_no_integer_is_refused_and_never_told(counter: Counter, table: str) -> None:
    assert code(counter, "select min(email) from public.registrations") == "misuse"
    assert code(counter, "select id = 1 from public.registrations limit 1") == "misuse"
    assert code(counter, "select email from public.registrations") == "status_500"  # more than one row
    assert code(counter, "select id from public.registrations where false") == "misuse"


@pytest.mark.real
def test_a_database_that_refuses_is_an_error_without_its_words(counter: Counter, scene: Scene, table: str) -> None:
    assert code(counter, "select count(*) from public.nothing") == "status_500"
    assert code(counter, "select sum(email::int) from public.registrations") == "status_500"
    said = [reply.body for reply in scene.server.answered]
    assert any("kim0@example.com" in str(one) for one in said), "it was there to be repeated"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([{"count": 3}], 3),
        ([{"count": "1152921504606846980"}], 1152921504606846980),
        ([], "malformed"),
        ([{"count": 1}, {"count": 2}], "malformed"),
        ([{"count": 1, "email": "kim@example.com"}], "malformed"),
        ([["count"]], "malformed"),
        ({"count": 1}, "malformed"),
        (None, "malformed"),
        ({"error": "kim@example.com"}, "malformed"),
        ([{"count": 1.5}], "misuse"),
        ([{"count": True}], "misuse"),
        ([{"count": None}], "misuse"),
        ([{"count": "kim@example.com"}], "misuse"),
    ],
)
def test_of_an_answer_only_one_integer_is_taken(scene: Scene, counter: Counter, rows: object, found: object) -> None:
    scene.order(READ_ONLY, 201, rows)
    assert (counter.count("select 1") if isinstance(found, int) else code(counter)) == found


def test_who_may_not_count_is_told_so(scene: Scene, counter: Counter) -> None:
    scene.server.tokens[TOKEN] = Grant(permissions=frozenset({"analytics_logs_read"}))
    assert code(counter) == "forbidden"
    scene.server.tokens.clear()
    assert code(counter) == "unauthorized"


def test_a_limit_is_obeyed(scene: Scene, counter: Counter) -> None:
    scene.server.limits.totals[READ_ONLY] = 1
    scene.server.sql.rows = lambda query, parameters: [{"count": 7}]
    assert counter.count("select 1") == 7
    assert [code(counter) for _ in range(5)] == ["rate_limited"] * 5
    assert len(scene.asked()) == 2
    scene.clock.on(61)
    assert counter.count("select 1") == 7


def test_what_may_not_be_asked_is_not_even_sent(scene: Scene, counter: Counter) -> None:
    assert code(counter, "delete from public.registrations") == "misuse"
    assert not scene.asked()


# For a journey


@pytest.fixture
def address() -> Iterator[str]:
    with serving(Application()) as address:
        yield address


@pytest.fixture
def walks(tmp_path: Path) -> Walks:
    return Walks(tmp_path / "plan")


def walked(walks: Walks, counter: Counter, body: str, address: str) -> JourneyRun:
    walks.write(body)
    runner = PytestJourneys(walks.root, walks.settings, walks.personas, walks.environ, lambda: NOW, counter)
    journey = Journey(name="walk", persona="member", file="journeys/walk.py", timeout="30s")
    return runner.walk(journey, walks.personas["member"], address, TAG)


@pytest.mark.real
def test_a_journey_counts_and_sees_no_token(
    walks: Walks, counter: Counter, table: str, address: str, scene: Scene
) -> None:
    walks.environ |= scene.environ
    run = walked(
        walks,
        counter,
        "import os, datetime, uuid\nfrom pathlib import Path\n\n"
        "def test_it(api, db, observe, tag):\n"
        "    api.get('/ok')\n"
        "    observe('all', db.count('select count(*) from public.registrations where tag = %s', ['bw-1']))\n"
        "    since = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)\n"
        "    observe('new', db.count('select count(*) from public.registrations where at > %s', [since]))\n"
        "    query = 'select count(*) from public.registrations where tag = %s'\n"
        "    observe('none', db.count(query, [uuid.UUID(int=1)]))\n"
        "    folder = Path(os.environ['BAKEWATCH_ERRAND']).parent\n"
        "    kept = b''.join(one.read_bytes() for one in folder.rglob('*') if one.is_file())\n"
        f"    known = kept + repr(dict(os.environ)).encode()\n"
        f"    observe('token', {TOKEN!r}.encode() in known or b'SUPABASE' in known)\n",
        address,
    )
    assert (run.walked, run.problem, run.failed_step) == (Walked.PASSED, "", "")
    assert run.facts == {"all": 5, "new": 5, "none": 0, "token": False}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("db.count('delete from public.t')", "journey_error"),
        ("db.count('select count(*) from t')", "journey_error"),
        ("db.count('select 1', [object()])", "journey_error"),
        ("db.count('select 1', [[1]])", "journey_error"),
        ("db.count('select 1 -- ' + 'x' * 100_000)", "journey_error"),
    ],
)
def test_a_journey_that_asks_for_anything_else_is_not_walked(
    walks: Walks, counter: Counter, address: str, line: str, problem: str
) -> None:
    run = walked(walks, counter, f"def test_it(db):\n    {line}\n", address)
    assert (run.walked, run.problem) == (Walked.UNWALKED, problem)


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (401, "forbidden"),
        (403, "forbidden"),
        (500, "error"),
        (503, "unreachable"),
        (400, "error"),
        (429, "unreachable"),
    ],
)
def test_a_count_that_cannot_be_had_says_nothing_of_the_release(
    scene: Scene, walks: Walks, counter: Counter, address: str, status: int, problem: str
) -> None:
    scene.order(READ_ONLY, status, {"message": "kim@example.com"})
    body = "def test_it(api, db, expect):\n    api.get('/ok')\n    expect(db.count('select 1') == 1, 'one')\n"
    run = walked(walks, counter, body, address)
    assert (run.walked, run.problem) == (Walked.UNWALKED, f"database_{problem}")
    assert b"kim" not in msgspec.json.encode(run)


def test_there_is_one_way_to_count(scene: Scene) -> None:
    context = replace(scene.context(), counter=scene.build("counter", "supabase"), environ={"URL": "postgresql://x"})
    with pytest.raises(ConfigError, match=r"by `db_env` and by \[counter\]"):
        plugins.build("walker", {"kind": "pytest", "db_env": "URL"}, "walker", context)


class Seven:
    """A counter that counts seven, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Parameter, ...]]] = []

    def count(self, query: str, parameters: Sequence[Parameter] = ()) -> int:
        self.asked.append((query, tuple(parameters)))
        return 7


def test_the_socket_is_ours_alone_and_lives_as_long_as_the_walk(tmp_path: Path) -> None:
    path, seven = tmp_path / "counts", Seven()
    with counting(seven, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert Counted(str(path)).count("select %s", [1, "a", None, True, 1.5]) == 7
    assert seven.asked == [("select %s", (1, "a", None, True, 1.5))]
    assert not path.exists()
    with pytest.raises(Exception, match="database_unreachable"):
        Counted(str(path)).count("select 1")


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"{}\n", b"\xff\n", b'{"query": 1}\n', b"x" * 200_000, b"[" * 60_000 + b"\n"]
)
def test_nonsense_at_the_socket_reaches_nobody(tmp_path: Path, raw: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    path, seven = tmp_path / "counts", Seven()
    with counting(seven, path):
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(str(path))
            try:
                asked.sendall(raw)
                asked.shutdown(socket.SHUT_WR)
                asked.recv(1000)
            except OSError:
                pass
        assert Counted(str(path)).count("select 1") == 7
    assert len(seven.asked) == 1
    assert capfd.readouterr() == ("", "")


def test_several_may_ask_at_once_and_one_who_says_nothing_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "counts"
    with counting(Seven(), path), socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(path))
        assert [Counted(str(path)).count("select 1") for _ in range(5)] == [7] * 5
