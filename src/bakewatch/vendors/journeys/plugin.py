"""The pytest plugin of a walk. A journey is a pytest module that uses these fixtures:

    def test_a_visitor_sees_the_front_page(api, expect):
        page = api.get("/")
        expect(page.status_code == 200, "the front page is shown")

    address     where the application is
    api         an httpx client for it; every exchange is recorded
    persona     who walks: name, email, password
    tag         marks everything that the walk writes
    test_event  the id of what the plan sets aside for our own data
    expect      expect(condition, "what should hold"): without the condition the walk has failed
    observe     observe("registrations_created", 1): a fact about policy or side effects
    db          db.count("select count(*) …", [value]): counts rows, changes nothing
    cleanup     cleanup(api.delete, "/…"): called at the end, whatever happens

All of them live as long as the walk, so fixtures of the journeys' own conftest.py may have any scope. Other pytest
plugins take part when that conftest names them: `pytest_plugins = ["pytest_playwright.pytest_playwright"]`. The walk
ends at the first test that fails. What exceptions other than a broken expectation mean: see `broken`. A walk that has
checked or observed nothing, or to which the application gave no answer, has shown nothing and does not pass.
"""

import atexit
import os
import re
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from _pytest.assertion import rewrite

from bakewatch.model.journey import Walked
from bakewatch.vendors.journeys.api import Api
from bakewatch.vendors.journeys.broken import CannotWalk, Misuse, Unmet, broken
from bakewatch.vendors.journeys.database import Countable, Counted, Database
from bakewatch.vendors.journeys.pages import mark_pages
from bakewatch.vendors.journeys.shown import asserted_in, count_checks, reached
from bakewatch.vendors.journeys.wire import ERRAND_VARIABLE, Broken, Errand, Findings, marked, short

FACT_NAME = r"[A-Za-z0-9_.-]{1,64}"
MAX_FACTS = 100

INTEGERS = range(-(2**63), 2**63)
"""What a fact may be: what every store and reader of the report can hold."""

# Assertions that hold are only seen in modules compiled for it. A pytest of somebody else's may have left its own
# compiled form of a journey beside it, without; under another name we find ours. (Should pytest rename this, nothing
# is lost but that.)
rewrite.PYC_TAIL = f".bakewatch{rewrite.PYC_TAIL}"

_ERRAND = pytest.StashKey[Errand]()
_FINDINGS = pytest.StashKey[Findings]()


@dataclass(frozen=True)
class Walker:
    """Who walks."""

    name: str
    email: str = ""
    password: str = field(default="", repr=False)
    """Empty for a persona without an account."""


def pytest_configure(config: pytest.Config) -> None:
    """Read the errand; end in order when told to."""
    if ERRAND_VARIABLE not in os.environ:
        raise pytest.UsageError("this plugin is loaded by bakewatch when it walks a journey, and by nobody else")
    errand = msgspec.json.decode(Path(os.environ[ERRAND_VARIABLE]).read_bytes(), type=Errand)
    config.stash[_ERRAND] = errand
    config.stash[_FINDINGS] = Findings()
    # Later than any hook of pytest: only then have threads that the journey started come to their end.
    atexit.register(_report, Path(errand.findings), config.stash[_FINDINGS])
    threading.excepthook = _judge_threads(config.rootpath, config.stash[_FINDINGS])
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, errand.seconds)


def _report(target: Path, findings: Findings) -> None:
    """Write the findings, all at once."""
    draft = target.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(findings))
    draft.replace(target)


def _judge_threads(root: Path, findings: Findings) -> Callable[[threading.ExceptHookArgs], None]:
    """What to do with an exception that ends a thread: pytest itself would only warn of it."""

    def judge(ended: threading.ExceptHookArgs) -> None:
        if _undecided(findings) and ended.exc_value is not None:
            traceback = pytest.ExceptionInfo.from_exception(ended.exc_value).traceback
            ours = (one for one in reversed(traceback) if Path(one.path).is_relative_to(root))
            place = next((f"{one.name}, line {one.lineno + 1}" for one in ours), "a thread")
            findings.broken = broken(ended.exc_value, findings.exchanges, place, inside=True)

    return judge


def _undecided(findings: Findings) -> bool:
    """Can the walk still be broken? A test that was left out does not hide the failure of a later one."""
    return findings.broken is None or findings.broken.code in ("skipped", "xfail")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note how many tests there are; by now every library that they check with has been imported."""
    findings = session.config.stash[_FINDINGS]
    findings.collected = len(session.items)
    count_checks(findings)
    mark_pages(marked(session.config.stash[_ERRAND].tag))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count the tests that come to an end, and end the walk where it broke in a thread."""
    result = yield
    findings = item.config.stash[_FINDINGS]
    findings.finished += 1
    if not _undecided(findings):
        item.session.shouldfail = "the walk is broken"
    return result


def pytest_assertion_pass(item: pytest.Item) -> None:
    """Count a plain `assert` of the journey's that held."""
    item.config.stash[_FINDINGS].held += asserted_in(item.config.rootpath)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether something has been shown, and what was not walked although no exception tells."""
    report = yield
    findings = item.config.stash[_FINDINGS]
    if report.when == "call" and findings.held and reached(item, findings):
        findings.shown = True
    code = _left_out(report, call)
    if code and findings.broken is None:
        findings.broken = Broken(walked=Walked.UNWALKED, code=code, exchanges=len(findings.exchanges))
    return report


def _left_out(report: pytest.TestReport, call: pytest.CallInfo[Any]) -> str:
    """Why a test says nothing (a code); empty when it passed, or failed with an exception that tells why.

    One that is expected to fail can neither fail a walk nor pass it, whatever it does.
    """
    told = report.longrepr
    if hasattr(report, "wasxfail") or (isinstance(told, str) and told.startswith("[XPASS(strict)]")):
        return "xfail"
    if report.skipped:
        return "skipped"
    return "crashed" if report.failed and call.excinfo is None else ""


def pytest_exception_interact(
    node: pytest.Item | pytest.Collector, call: pytest.CallInfo[Any], report: pytest.CollectReport | pytest.TestReport
) -> None:
    """Judge the first exception. One that is raised while cleaning up says nothing about the release."""
    findings = node.config.stash[_FINDINGS]
    if call.excinfo is None:
        return
    error = call.excinfo.value
    if report.when == "teardown":
        findings.swept = False
    elif not _undecided(findings):
        pass
    elif report.when == "collect":
        cause = error.__cause__ or error
        findings.broken = Broken(walked=Walked.UNWALKED, code="collection_error", words=type(cause).__name__)
    else:
        line = next((one.lineno + 1 for one in reversed(call.excinfo.traceback) if one.path == node.path), 0)
        place = f"{node.name}, line {line}" if line else node.name
        findings.broken = broken(error, findings.exchanges, place, inside=report.when == "call")


@pytest.fixture(scope="session")
def address(pytestconfig: pytest.Config) -> str:
    """Where the application is."""
    return pytestconfig.stash[_ERRAND].address


@pytest.fixture(scope="session")
def tag(pytestconfig: pytest.Config) -> str:
    """What marks our own traffic and data; the `api` and the browser's pages send it with every request."""
    return pytestconfig.stash[_ERRAND].tag


@pytest.fixture(scope="session")
def test_event(pytestconfig: pytest.Config) -> str:
    """The id of the hidden event (or tenant, or room) that our own data is written to."""
    if not pytestconfig.stash[_ERRAND].test_event:
        raise CannotWalk("no_test_event")
    return pytestconfig.stash[_ERRAND].test_event


@pytest.fixture(scope="session")
def persona(pytestconfig: pytest.Config) -> Walker:
    """Who walks. Signing in is the journey's to do: how, only the application knows."""
    errand = pytestconfig.stash[_ERRAND]
    return Walker(name=errand.persona, email=errand.email, password=os.environ.get(errand.password_env, ""))


@pytest.fixture(scope="session")
def api(pytestconfig: pytest.Config, address: str, tag: str) -> Iterator[Api]:
    """An httpx client for the application; see `Api`."""
    with Api(address, tag, pytestconfig.stash[_FINDINGS].exchanges) as client:
        yield client


@pytest.fixture(scope="session")
def expect(pytestconfig: pytest.Config) -> Callable[[object, str], None]:
    """`expect(condition, "what should hold")`: without the condition the walk has failed, in these words."""
    findings = pytestconfig.stash[_FINDINGS]

    def expect(condition: object, words: str) -> None:
        if not condition:
            raise Unmet(words)
        findings.held += 1

    return expect


@pytest.fixture(scope="session")
def observe(pytestconfig: pytest.Config) -> Callable[[str, int | bool | str], None]:
    """`observe(name, value)`: a fact that the report sets beside the declared policy."""
    findings = pytestconfig.stash[_FINDINGS]
    facts = findings.facts

    def observe(name: str, value: int | bool | str) -> None:
        if not re.fullmatch(FACT_NAME, name) or not isinstance(value, int | str) or len(facts) >= MAX_FACTS:
            raise Misuse("observe takes a name and a number, a truth or a text, at most a hundred times")
        if isinstance(value, int) and value not in INTEGERS:
            raise Misuse("observe takes numbers of at most 64 bits")
        facts[name] = short(value, 200) if isinstance(value, str) else value
        findings.held += 1

    return observe


@pytest.fixture(scope="session")
def db(pytestconfig: pytest.Config) -> Countable:
    """Counts rows in the database that the settings name, see `Countable`."""
    errand = pytestconfig.stash[_ERRAND]
    if errand.counts:
        return Counted(errand.counts)
    variable = errand.db_env
    if not os.environ.get(variable):
        raise CannotWalk("no_database")
    return Database(os.environ[variable])


@pytest.fixture(scope="session")
def cleanup(pytestconfig: pytest.Config, api: Api) -> Iterator[Callable[..., None]]:
    """`cleanup(call, *args, **kwargs)`: called when the walk ends, however it ends; the last one first.

    One that raises, or returns an HTTP error other than 404 and 410, leaves the walk marked as not swept; the others
    are called all the same. (The *api* is asked for so that it is still open by then.)
    """
    findings = pytestconfig.stash[_FINDINGS]
    calls = ExitStack()

    def cleanup(call: Callable[..., object], *args: object, **kwargs: object) -> None:
        calls.callback(_swept, call, *args, **kwargs)

    yield cleanup
    # Nothing interrupts this but the time that the runner grants.
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    swept_so_far, findings.swept = findings.swept, False
    calls.close()
    findings.swept = swept_so_far


def _swept(call: Callable[..., object], *args: object, **kwargs: object) -> None:
    answer = call(*args, **kwargs)
    if isinstance(answer, httpx.Response) and answer.status_code not in (404, 410):
        answer.raise_for_status()


def _stop(number: int, frame: object) -> None:
    """End the walk as if by Ctrl-C: pytest then still tears fixtures down. Once is enough."""
    for each in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
