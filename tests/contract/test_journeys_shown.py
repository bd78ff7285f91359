"""A walk passes only when it has shown something, and nothing of it outlives it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakewatch.model.journey import Walked
from tests.contract.walks import TAG, Application, Walks, alive, serving


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


HOLDS = "def test_a(api, expect):\n    expect(api.get('/ok').is_success, 'it answers')\n\n"
"""A test that shows something, so that only the other one can be to blame."""

THREAD = "    one = threading.Thread(target=fails)\n    one.start()\n"


@pytest.mark.parametrize(
    "body",
    [
        "def test_it():\n    pass\n",
        "def test_it(api):\n    api.get('/column')\n",
        "def test_it(api, cleanup):\n    cleanup(api.delete, '/ok')\n    assert True\n",
        "def test_it(expect, observe):\n    assert 1 == 1\n    expect(True, 'x')\n    observe('n', 1)\n",
        "import pytest\n\n@pytest.fixture\ndef late():\n    yield\n    assert True\n\n"
        "def test_it(api, late):\n    api.get('/ok')\n",
        "import pytest\n\n"
        "def test_it(api):\n    assert True\n    with pytest.raises(Exception):\n"
        "        api.get('/hang', timeout=0.3)\n",
        "import pytest\n\npytestmark = pytest.mark.filterwarnings('ignore')\n\n"
        "def test_it(api):\n    return api.get('/ok').status_code == 200\n",
    ],
    ids=["nothing", "no_check", "cleaning_up", "no_request", "late_check", "no_answer", "returns_unheard"],
)
def test_a_walk_that_shows_nothing_has_not_passed(walks: Walks, address: str, body: str) -> None:
    run = walks.walk(body, address)
    assert (run.walked, run.problem) == (Walked.UNWALKED, "asserts_nothing")


@pytest.mark.parametrize(
    "line",
    [
        "assert api.get('/ok').is_success",
        "expect(api.get('/ok').is_success, 'it answers')",
        "observe('status', api.get('/ok').status_code)",
        "api.get('/ok').raise_for_status()",
        "answers(api.get('/ok'))",
    ],
)
def test_every_kind_of_check_shows_something(walks: Walks, address: str, line: str) -> None:
    walks.write("def answers(answer):\n    assert answer.is_success\n", "helpers.py")
    run = walks.walk(f"from helpers import answers\n\ndef test_it(api, expect, observe):\n    {line}\n", address)
    assert (run.walked, run.problem) == (Walked.PASSED, "")


def test_the_assertions_of_a_plugin_are_not_the_journeys(walks: Walks, address: str, tmp_path: Path) -> None:
    plugin = "import pytest\n\n@pytest.fixture(autouse=True)\ndef always():\n    assert pytest\n"
    (tmp_path / "careful.py").write_text(plugin)
    walks.environ["PYTHONPATH"] = str(tmp_path)
    walks.write("pytest_plugins = ['careful']\n", "conftest.py")
    run = walks.walk("def test_it(api):\n    api.get('/ok')\n", address)
    assert (run.walked, run.problem) == (Walked.UNWALKED, "asserts_nothing")


def test_a_check_is_seen_although_the_module_was_compiled_by_another_pytest(walks: Walks, address: str) -> None:
    body = "def test_it(api):\n    assert api.get('/ok').is_success\n"
    walks.write(body)
    module = str(walks.root / "journeys" / "walk.py")
    subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", module],
        env={"PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
    )
    assert list(walks.root.rglob("*.pyc"))
    assert walks.walk(body, address).walked is Walked.PASSED


XFAIL = "import pytest\n\n@pytest.mark.xfail(strict={strict})\ndef test_it(api, expect):\n    {line}\n"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("def test_it(api):\n    return api.get('/ok').status_code == 200\n", "journey_error"),
        (XFAIL.format(strict=False, line="expect(False, 'x')"), "xfail"),
        (XFAIL.format(strict=False, line="api.get('/ok')"), "xfail"),
        (XFAIL.format(strict=True, line="api.get('/ok')"), "xfail"),
        ("import pytest\n\ndef test_it():\n    pytest.xfail('known')\n", "xfail"),
        ("import pytest\n\ndef test_it():\n    pytest.exit('enough', returncode=0)\n", "not_finished"),
        ("import pytest\n\ndef test_it():\n    pytest.exit('enough', returncode=1)\n", "not_finished"),
        ("import pytest\n\ndef test_it():\n    pytest.exit('enough')\n", "crashed"),
        ("import pytest\n\npytest.exit('enough', returncode=0)\n", "collection_error"),
        (
            "import pytest\n\n@pytest.fixture\ndef late():\n    yield\n    raise RuntimeError\n\n"
            "def test_it(late):\n    pass\n\ndef test_last():\n    pass\n",
            "not_finished",
        ),
    ],
)
def test_a_walk_that_did_not_come_to_its_end_has_not_passed(
    walks: Walks, address: str, body: str, problem: str
) -> None:
    run = walks.walk(HOLDS + body, address)
    assert (run.walked, run.problem) == (Walked.UNWALKED, problem)


def test_an_outcome_that_was_made_up_has_not_passed(walks: Walks, address: str) -> None:
    hook = "@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_makereport(item, call):\n    report = yield\n"
    walks.write(f"import pytest\n\n{hook}    report.outcome = 'failed'\n    return report\n", "conftest.py")
    run = walks.walk(HOLDS, address)
    assert (run.walked, run.problem) == (Walked.UNWALKED, "crashed")


@pytest.mark.parametrize("first", ["pytest.skip('later')", "pytest.xfail('known')"])
def test_what_fails_after_a_test_was_left_out_has_failed(walks: Walks, address: str, first: str) -> None:
    run = walks.walk(
        f"import pytest\n\ndef test_a():\n    {first}\n\ndef test_b(api, expect):\n"
        "    expect(api.get('/column').is_success, 'the page is shown')\n",
        address,
    )
    assert (run.walked, run.failed_step) == (Walked.FAILED, "the page is shown")


@pytest.mark.parametrize("marks", ["", "import pytest\npytestmark = pytest.mark.filterwarnings('ignore')\n"])
@pytest.mark.parametrize(
    "rest",
    [f"{THREAD}    one.join()\n", f"    time.sleep(0.1)\n{THREAD}", f"    LATE.set()\n{THREAD}"],
    ids=["joined", "left_alone", "after_the_end"],
)
def test_a_check_that_fails_in_a_thread_fails_the_walk(walks: Walks, address: str, rest: str, marks: str) -> None:
    run = walks.walk(
        f"import threading, time\n{marks}LATE = threading.Event()\n\n"
        "def fails():\n    time.sleep(2 if LATE.is_set() else 0)\n    assert False\n\n"
        f"{HOLDS}def test_b():\n{rest}",
        address,
    )
    assert (run.walked, run.failed_step) == (Walked.FAILED, "fails, line 8" if marks else "fails, line 6")


def test_a_walk_ends_where_a_thread_of_it_fails(walks: Walks, app: Application, address: str) -> None:
    run = walks.walk(
        f"import threading\n\ndef fails():\n    assert False\n\n{HOLDS}def test_b():\n{THREAD}    one.join()\n\n"
        "def test_c(api):\n    api.post('/ok')\n",
        address,
    )
    assert run.walked is Walked.FAILED and [method for method, *_ in app.seen] == ["GET"]


PAGE = """
class Page:
    url = "about:blank"

class LocatorAssertions:
    def to_be_visible(self):
        assert self.shown
    shown = True

class PageAssertions:
    pass
"""

JOURNEY = """
import pytest
from playwright.sync_api import LocatorAssertions, Page

@pytest.fixture
def page():
    return Page()

def test_it(page):
    {line}
"""


@pytest.mark.parametrize(
    ("line", "walked", "problem"),
    [
        ("page.url = 'http://127.0.0.1/'; assert page", Walked.PASSED, ""),
        ("page.url = 'http://127.0.0.1/'; LocatorAssertions().to_be_visible()", Walked.PASSED, ""),
        ("page.url = 'http://127.0.0.1/'", Walked.UNWALKED, "asserts_nothing"),
        ("assert page", Walked.UNWALKED, "asserts_nothing"),
        ("page.url = 'chrome-error://chromewebdata/'; assert page", Walked.UNWALKED, "asserts_nothing"),
        ("LocatorAssertions.shown = False; LocatorAssertions().to_be_visible()", Walked.FAILED, ""),
    ],
)
def test_a_browser_shows_something_when_it_opened_a_page(
    walks: Walks, address: str, line: str, walked: Walked, problem: str
) -> None:
    (walks.root / "journeys" / "playwright").mkdir()
    walks.write("", "playwright/__init__.py")
    walks.write(PAGE, "playwright/sync_api.py")
    run = walks.walk(JOURNEY.format(line=line), address)
    assert (run.walked, run.problem) == (walked, problem)


def test_a_walk_that_takes_too_long_is_ended_and_still_cleans_up(walks: Walks, app: Application, address: str) -> None:
    began = time.monotonic()
    run = walks.walk(
        "def test_it(api, cleanup, observe):\n"
        "    cleanup(api.delete, '/ok')\n    observe('came_here', True)\n    api.get('/ok')\n"
        "    api.get('/hang', timeout=60)\n",
        address,
        timeout="4s",
    )
    assert (run.walked, run.problem, run.swept) == (Walked.UNWALKED, "timeout", True)
    assert run.facts == {"came_here": True}
    assert [step.path for step in run.steps][:2] == ["/ok", "/hang"]
    assert ("DELETE", "/ok", TAG) in app.seen
    assert time.monotonic() - began < 9


def test_a_walk_that_will_not_end_is_killed_with_all_its_children(walks: Walks, address: str, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    run = walks.walk(
        "import signal, subprocess, time\nfrom pathlib import Path\n\n"
        "def test_it():\n"
        "    child = subprocess.Popen(['sleep', '60'])\n"
        f"    Path({str(pid)!r}).write_text(str(child.pid))\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    time.sleep(60)\n",
        address,
        timeout="4s",
    )
    assert (run.walked, run.problem, run.swept) == (Walked.UNWALKED, "timeout", False)
    assert not alive(int(pid.read_text()))


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose environment names another walk's errand."""
    with subprocess.Popen(["sleep", "60"], env={"BAKEWATCH_ERRAND": "/tmp/another"}) as process:
        yield process
        process.kill()


def test_a_child_in_a_session_of_its_own_does_not_outlive_the_walk(
    walks: Walks, address: str, tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    pids = tmp_path / "pids"
    run = walks.walk(
        "import subprocess, time\nfrom pathlib import Path\n\ndef test_it(api, expect):\n"
        f"    script = 'echo $$ >> {pids}; (echo $BASHPID >> {pids}; sleep 60) & sleep 60'\n"
        "    subprocess.Popen(['bash', '-c', script], start_new_session=True)\n"
        f"    while not Path({str(pids)!r}).exists() or Path({str(pids)!r}).read_text().count('\\n') < 2:\n"
        "        time.sleep(0.05)\n"
        "    expect(api.get('/ok').is_success, 'it answers')\n",
        address,
    )
    assert run.walked is Walked.PASSED
    assert bystander.poll() is None
    assert not any(alive(int(pid)) for pid in pids.read_text().split())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_walk_cannot_read_the_secrets_of_bakewatch_itself(walks: Walks, address: str) -> None:
    run = walks.walk(
        "import os, pytest\nfrom pathlib import Path\n\n"
        "def test_it(api, observe):\n"
        "    api.get('/ok')\n"
        "    with pytest.raises(PermissionError):\n"
        "        Path(f'/proc/{os.getppid()}/environ').read_bytes()\n"
        "    observe('shut', True)\n",
        address,
    )
    assert run.facts == {"shut": True}
