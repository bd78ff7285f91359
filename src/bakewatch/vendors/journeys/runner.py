"""Walks journeys: each in a pytest process of its own, that knows nothing but its errand."""

import glob
import shlex
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from bakewatch.address import require_safe
from bakewatch.errors import ConfigError
from bakewatch.model.journey import JourneyRun, Step, Walked
from bakewatch.model.plan import Duration, Journey, Name, Persona, seconds
from bakewatch.model.probe import Probe
from bakewatch.ports import Context, Counter, Kind
from bakewatch.privacy.codes import clean_code
from bakewatch.privacy.scrub import clean, clean_path
from bakewatch.vendors.journeys import probe, process
from bakewatch.vendors.journeys.counting import counting
from bakewatch.vendors.journeys.wire import ERRAND_VARIABLE, Broken, Errand, Exchange, Findings

MAX_FINDINGS = 4 * 1024 * 1024
"""Bytes; the plugin's own limits keep findings far below."""

_IN_ORDER = (0, 1, 5)
"""pytest's exit codes when it came to its own end: all passed, a test or a clean-up did not, there were none."""

NOWHERE = "http://127.0.0.1:9"
"""An address for who sends nothing."""

_USAGE_ERROR = 4
"""pytest's exit code when a conftest or a plugin could not be loaded."""


class Sweep(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A journey that removes everything that carries the `tag`, through the application's own interface."""

    file: str
    """A pytest module beside the plan, like any journey's."""
    persona: Name
    address: str
    timeout: Duration = "60s"


class PytestSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table `[walker]` with `kind = "pytest"`."""

    db_env: str = ""
    """The environment variable with the URL of a PostgreSQL database (a reader's) for the fixture `db`."""
    test_event: str = ""
    """What is set aside for our own data: the fixture `test_event`."""
    sweep: Sweep | None = None


class PytestJourneys:
    """Walks the journeys that lie in *root*, the folder that the plan was exported to.

    Without a root (while a plan is only checked) nothing can be walked.
    """

    def __init__(
        self,
        root: Path | None,
        settings: PytestSettings,
        personas: Mapping[str, Persona],
        environ: Mapping[str, str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        counter: Counter | None = None,
    ) -> None:
        """*counter*: who counts for walks, where they do not by `db_env`."""
        self._root = root.resolve() if root else None
        self._settings, self._personas, self._environ, self._clock = settings, personas, environ, clock
        self.counter = counter

    def walk(self, journey: Journey, persona: Persona, address: str, tag: str) -> JourneyRun:
        """Walk *journey* once at *address*; all that it writes carries *tag*. Never raises.

        The journey's time-out is real time: no `time_scale` applies. Problems of an unwalked one: `no_plan`,
        `no_such_file`, `password_missing`, `not_started`, `timeout`, `not_loaded`, `crashed`, `no_tests`, `skipped`,
        `xfail`, `not_finished`, `asserts_nothing`, `collection_error`, `journey_error`, `unreachable`, `no_answer`,
        `no_database`, `database_unreachable`, `database_forbidden`, `database_error`, `no_test_event`.
        """
        at = self._clock()
        problem = self._problem(journey, persona)
        if problem:
            return _unwalked(journey, at, problem)
        try:
            with tempfile.TemporaryDirectory(prefix="bakewatch-walk-", ignore_cleanup_errors=True) as folder:
                ended, findings = self._walk(journey, persona, address, tag, Path(folder))
        except OSError:
            return _unwalked(journey, at, "not_started")
        return _run(journey, at, ended, findings)

    def find(self, journey: Journey) -> str:
        """Why its tests cannot be found (a code); empty when they can. Nothing is walked, nothing is sent."""
        persona = self._personas[journey.persona]
        problem = self._problem(journey, persona)
        if problem:
            return problem
        try:
            with tempfile.TemporaryDirectory(prefix="bakewatch-find-", ignore_cleanup_errors=True) as folder:
                ended, findings = self._walk(journey, persona, NOWHERE, "find", Path(folder), "--collect-only")
        except OSError:
            return "not_started"
        if ended.late:
            return "timeout"
        if findings is None or ended.code not in _IN_ORDER:
            return "not_loaded"
        return "" if findings.collected > 0 else "no_tests"

    def sweep(self, tag: str) -> None:
        """Remove what walks with *tag* left behind. Never raises: what cannot be swept stays tagged."""
        sweep = self._settings.sweep
        if sweep is not None:
            journey = Journey(name="sweep", persona=sweep.persona, file=sweep.file, timeout=sweep.timeout)
            self.walk(journey, self._personas[sweep.persona], sweep.address, tag)

    def _problem(self, journey: Journey, persona: Persona) -> str:
        """Why it cannot even be started (a code); empty when it can."""
        if self._root is None:
            return "no_plan"
        file = (self._root / journey.file).resolve()
        if not file.is_relative_to(self._root) or not file.is_file():
            return "no_such_file"
        if persona.password_env and not self._environ.get(persona.password_env):
            return "password_missing"
        return ""

    def _walk(
        self, journey: Journey, persona: Persona, address: str, tag: str, folder: Path, *options: str
    ) -> tuple[process.Ended, Findings | None]:
        timeout = seconds(journey.timeout)
        errand = Errand(
            address=address,
            tag=tag,
            persona=journey.persona,
            email=persona.email,
            password_env=persona.password_env,
            db_env=self._settings.db_env,
            counts=str(folder / "counts") if self.counter else "",
            test_event=self._settings.test_event,
            findings=str(folder / "findings.json"),
            seconds=timeout + process.GRACE,
        )
        (folder / "errand.json").write_bytes(msgspec.json.encode(errand))
        (folder / "pytest.ini").write_text(self._configuration())
        environ = process.environment(self._environ, folder, (persona.password_env, self._settings.db_env))
        environ[ERRAND_VARIABLE] = str(folder / "errand.json")
        # What else is installed is no part of the journeys; a conftest names the plugins it needs.
        environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        command = [*self._command(journey, folder), *options]
        with counting(self.counter, folder / "counts") if self.counter else nullcontext():
            ended = process.run(command, environ, folder, timeout, mark=ERRAND_VARIABLE)
        return ended, _read(Path(errand.findings))

    def _configuration(self) -> str:
        """The only configuration of a walk: assertions that hold are told to the plugin, and a test returns nothing."""
        return (
            "[pytest]\n"
            "enable_assertion_pass_hook = true\n"
            # Which modules that holds for: helpers of the journeys too, not only the journey itself.
            f"python_files = {shlex.quote(f'{glob.escape(str(self._root))}/*.py')}\n"
            "filterwarnings = error::pytest.PytestReturnNotNoneWarning\n"
        )

    def _command(self, journey: Journey, folder: Path) -> list[str]:
        """pytest on this one file, with no configuration but ours; a conftest beside the journeys is theirs."""
        assert self._root is not None
        return [
            *(sys.executable, "-m", "pytest", "-x", "--capture=no", "--tb=no"),
            *("-c", str(folder / "pytest.ini"), "--rootdir", str(self._root), "--confcutdir", str(self._root)),
            *("-p", "bakewatch.vendors.journeys.plugin", "-p", "no:cacheprovider"),
            # It would only warn of exceptions in threads: the plugin judges them.
            *("-p", "no:threadexception"),
            str(self._root / journey.file),
        ]


def _read(path: Path) -> Findings | None:
    """What the plugin reported; None when it did not, or not in its own form."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_FINDINGS), type=Findings)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _run(journey: Journey, at: datetime, ended: process.Ended, findings: Findings | None) -> JourneyRun:
    """What *findings* and the way in which the process *ended* say about the walk."""
    found = findings or Findings(swept=False)
    broken = _broken(ended, findings)
    # The last step of a broken walk is the one that it broke at: requests that clean up are left out.
    exchanges = found.exchanges[: found.broken.exchanges] if found.broken else found.exchanges
    return JourneyRun(
        journey=journey.name,
        persona=journey.persona,
        at=at,
        walked=broken.walked,
        steps=tuple(_step(one) for one in exchanges),
        failed_step=clean(broken.words),
        problem=broken.code,
        facts={name: clean(fact) if isinstance(fact, str) else fact for name, fact in found.facts.items()},
        swept=found.swept,
    )


def _broken(ended: process.Ended, findings: Findings | None) -> Broken:
    """What broke the walk; one that nothing broke has passed. What was found before the time was over still counts."""
    if findings is not None and findings.broken is not None:
        return findings.broken
    if ended.late:
        return Broken(walked=Walked.UNWALKED, code="timeout")
    if findings is None and ended.code == _USAGE_ERROR:
        return Broken(walked=Walked.UNWALKED, code="not_loaded")
    if findings is None or ended.code not in _IN_ORDER:
        return Broken(walked=Walked.UNWALKED, code="crashed")
    if findings.collected == 0:
        return Broken(walked=Walked.UNWALKED, code="no_tests")
    if not 0 < findings.collected == findings.finished:
        return Broken(walked=Walked.UNWALKED, code="not_finished")
    if ended.code != 0 and findings.swept:
        # Only a clean-up that fails explains such an end.
        return Broken(walked=Walked.UNWALKED, code="crashed")
    return Broken(walked=Walked.PASSED) if findings.shown else Broken(walked=Walked.UNWALKED, code="asserts_nothing")


def _step(exchange: Exchange) -> Step:
    return Step(
        method=exchange.method,
        path=clean_path(exchange.path),
        status=exchange.status,
        ms=exchange.ms,
        code=clean_code(exchange.code),
    )


def _unwalked(journey: Journey, at: datetime, problem: str) -> JourneyRun:
    return JourneyRun(journey=journey.name, persona=journey.persona, at=at, walked=Walked.UNWALKED, problem=problem)


def _build(settings: PytestSettings, context: Context) -> PytestJourneys:
    """`ConfigError` when `db_env` is not set or not alone, or the sweep's persona or address will not do."""
    personas, sweep = context.plan.personas, settings.sweep
    if settings.db_env:
        context.secret(settings.db_env)
        if context.counter is not None:
            raise ConfigError("journeys would count by `db_env` and by [counter]", right="one of them")
    if sweep is not None:
        require_safe(sweep.address)
        if sweep.persona not in personas:
            raise ConfigError(f"no persona `{sweep.persona}`", right=f"one of: {', '.join(sorted(personas))}")
    return PytestJourneys(context.plan_dir, settings, personas, context.environ, context.clock, context.counter)


def _probe(settings: PytestSettings, context: Context) -> list[Probe]:
    journeys = _build(settings, context)
    return [probe.of(one, journeys.find) for one in context.plan.journeys]


KIND = Kind(settings=PytestSettings, build=_build, probe=_probe)
"""The kind `pytest` of the group `walker`."""
