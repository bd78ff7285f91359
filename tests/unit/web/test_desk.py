"""What a webhook does: a case starts once, and only for a merge of the last day into our branch."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from bakewatch import app
from bakewatch.app.where import asking_git
from bakewatch.config import RepositorySettings, Settings
from bakewatch.durable import history
from bakewatch.errors import ConfigError, ForgeError, RepositoryError
from bakewatch.model.forge import Pull
from bakewatch.model.plan import Plan
from bakewatch.model.release import Release
from bakewatch.model.verdict import Ending
from bakewatch.testing.world import RELEASE, REVERT
from bakewatch.web.desk import Desk
from bakewatch.web.hooks import Commented, Deployed, Hook, Merged
from bakewatch.web.worker import Job, Worker
from tests.flow.stories import MERGED, PLAN

CONFIG = """\
[service]
name = "live"
[repository]
remote = "/nonexistent"
name = "team/live"
[platform]
kind = "endpoint"
addresses = ["http://127.0.0.1:9"]
"""
NOW = MERGED.merged_at + timedelta(hours=1)
MERGE = Merged("team/live", "main", 1)
CASE = f"team/live@{RELEASE}"


class Cases:
    """What runs, in memory."""

    def __init__(self) -> None:
        self.known: dict[str, history.Recorded] = {}
        self.nudged: list[str] = []
        self.asks: list[str] = []

    def of(self, commit: str) -> list[history.Recorded]:
        return [one for one in self.known.values() if one.order.release.commit == commit]

    def asking(self, number: int) -> list[history.Recorded]:
        return [self.known[one] for one in self.asks if number in self.known[one].order.release.pulls]

    def start(self, order: app.Order) -> bool:
        if order.id in self.known:
            return False
        self.known[order.id] = history.Recorded(id=order.id, order=order, running=True, ending=None, stopped=False)
        return True

    def nudge(self, case_id: str) -> None:
        self.nudged.append(case_id)


class AtOnce(Worker):
    """Does what it is given at once, and keeps what is for later."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[float, Job]] = []

    def give(self, job: Job) -> bool:
        job()
        return True

    def later(self, seconds: float, job: Job) -> None:
        self.kept.append((seconds, job))


class Forge:
    """Knows one pull request, or is in trouble."""

    def __init__(self, pull: Pull | ForgeError) -> None:
        self._pull = pull

    def pull(self, number: int) -> Pull:
        if isinstance(self._pull, ForgeError):
            raise self._pull
        return self._pull


class Office:
    """A desk with what it asks scripted: `app.prepare` finds *release*, `[forge]` is *forge*."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cases, self.lines = Cases(), list[str]()
        self.release: Release | Exception = MERGED
        self.forge: Forge | None = None
        self.asked: list[tuple[str, int | None]] = []
        (folder / "bakewatch.toml").write_text(CONFIG)
        self.config = folder / "bakewatch.toml"
        self.worker = AtOnce()
        self.desk = Desk(self.cases, self.config, folder, self.worker, self.lines.append, lambda: NOW)
        monkeypatch.setattr(app, "prepare", self._prepare)
        monkeypatch.setattr(app, "without_release", self._without_release)

    def _prepare(
        self, settings: Settings, plan: Plan, data: Path, config: Path, *, commit: str, pr: int | None, earlier: Any
    ) -> app.Order:
        self.asked.append((commit, pr))
        if isinstance(self.release, Exception):
            raise self.release
        at = RepositorySettings(remote="/nonexistent")
        settings = Settings(repository=at, platform={"kind": "endpoint", "addresses": []})
        return app.Order(
            release=self.release, plan=PLAN, settings=settings, data=str(data), plan_dir=str(data), base=str(data)
        )

    def _without_release(self, *_: object) -> Any:
        return type("Vendors", (), {"forge": self.forge})

    def told(self, hook: Hook, delivery: str = "") -> str:
        """The line that *hook* makes."""
        self.desk.take("github", delivery, hook)
        return self.lines[-1]

    def knows(self, *, running: bool = True, ending: Ending | None = None) -> None:
        self.told(MERGE)
        self.cases.known[CASE] = structs.replace(self.cases.known[CASE], running=running, ending=ending)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(tmp_path, monkeypatch)


def _pull(**changes: Any) -> Forge:
    pull = Pull(number=1, repository="team/live", base="main", head="e" * 40, merged_at=MERGED.merged_at)
    return Forge(structs.replace(pull, **changes))


def test_a_merge_starts_its_case_once(office: Office) -> None:
    assert office.told(MERGE) == f"github #1: started {CASE}"
    assert office.told(MERGE) == f"github #1: told {CASE}"
    assert (list(office.cases.known), office.asked) == ([CASE], [("", 1), ("", 1)])


def test_a_case_that_is_over_is_not_started_again(office: Office) -> None:
    office.knows(running=False, ending=Ending.PASSED)
    assert office.told(MERGE) == f"github #1: {CASE} is known: passed"
    assert office.told(Deployed(RELEASE, True)) == f"github {RELEASE[:7]}: {CASE} is known: passed"
    assert office.cases.nudged == []


def test_what_was_undone_before_the_record_was_lost_is_not_begun_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "over", lambda order: Ending.UNDONE)
    assert office.told(MERGE) == f"github #1: {CASE} is known: undone, as the forge shows"
    assert office.cases.known == {}


def test_an_answer_wakes_the_case_that_asks_and_starts_none(office: Office) -> None:
    answer = Commented("team/live", 1)
    assert office.told(answer) == "github #1: ignored, no case of it asks"
    office.knows()
    assert office.told(answer) == "github #1: ignored, no case of it asks"
    office.cases.asks.append(CASE)
    assert office.told(answer) == f"github #1: told {CASE}"
    assert office.told(Commented("team/live", 2)) == "github #2: ignored, no case of it asks"
    assert (list(office.cases.known), office.cases.nudged) == ([CASE], [CASE])


@pytest.mark.parametrize(
    ("hook", "why"),
    [
        (Merged("other/live", "main", 1), "it is of another repository"),
        (Commented("other/live", 1), "it is of another repository"),
        (Merged("team/live", "next", 1), "it is not for main"),
        (Deployed(RELEASE, True, "other/live"), "it is of another repository"),
    ],
)
def test_what_is_not_ours_is_ignored_and_nothing_is_asked(office: Office, hook: Hook, why: str) -> None:
    assert office.told(hook).endswith(f": ignored, {why}")
    assert (office.asked, office.cases.known) == ([], {})


@pytest.mark.parametrize(
    ("project", "hook", "ours"),
    [
        ("prj_1", Deployed(RELEASE, True, project_id="prj_1", project_name="any"), True),
        ("prj_1", Deployed(RELEASE, True, project_id="prj_2", project_name="prj_1"), False),
        ("live", Deployed(RELEASE, True, project_id="prj_2", project_name="live"), True),
        ("live", Deployed(RELEASE, True, project_id="prj_2", project_name="other"), False),
        ("live", Deployed(RELEASE, True, project_id="prj_2"), True),
        ("live", Deployed(RELEASE, True), True),
    ],
)
def test_a_deployment_of_another_project_of_the_same_repository_is_ignored(
    office: Office, project: str, hook: Deployed, ours: bool
) -> None:
    office.config.write_text(f'{CONFIG}[hosting]\nkind = "vercel"\nproject = "{project}"\n')
    assert ("started" in office.told(hook)) is ours
    assert ours or "it is of another project" in office.lines[-1]


@pytest.mark.parametrize(
    ("hosting", "environment", "ours"),
    [
        ('kind = "github"\nenvironment = "Production – shop"', "Production – shop", True),
        ('kind = "github"\nenvironment = "Production – shop"', "Production – admin", False),
        ('kind = "github"', "production", True),
        ('kind = "vercel"\nproject = "shop"', "Production – admin", True),
    ],
)
def test_a_deployment_to_another_environment_is_ignored(
    office: Office, hosting: str, environment: str, ours: bool
) -> None:
    office.config.write_text(f"{CONFIG}[hosting]\n{hosting}\n")
    told = office.told(Deployed(RELEASE, True, "team/live", environment=environment))
    assert told.endswith(f"started {CASE}" if ours else "ignored, it is of another environment")


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (_pull(merged_at=None), "it is not merged"),
        (_pull(base="next"), "it is not for main"),
        (_pull(repository="other/live"), "it is of another repository"),
        (_pull(merged_at=NOW - timedelta(hours=24, seconds=1)), "it was merged more than 24 hours ago"),
    ],
)
def test_the_forge_is_believed_and_not_the_body(office: Office, forge: Forge, why: str) -> None:
    office.forge = forge
    assert office.told(MERGE) == f"github #1: ignored, {why}"
    assert office.asked == []
    office.forge = _pull(repository="Team/Live")
    assert office.told(MERGE) == f"github #1: started {CASE}"


@pytest.mark.parametrize("hook", [MERGE, Deployed(RELEASE, True)])
def test_what_git_has_from_before_yesterday_or_elsewhere_is_not_started(office: Office, hook: Hook) -> None:
    office.release = structs.replace(MERGED, merged_at=NOW - timedelta(hours=25))
    assert "it was merged more than 24 hours ago" in office.told(hook)
    assert office.cases.known == {}


def test_what_the_remote_calls_itself_counts_where_no_name_is_configured(office: Office) -> None:
    office.config.write_text(CONFIG.replace('name = "team/live"', ""))
    assert office.told(Merged("other/live", "main", 1)) == "github #1: ignored, it is of another repository"
    assert office.told(MERGE) == f"github #1: started {CASE}"


def test_a_deployment_wakes_the_case_that_waits_for_it(office: Office) -> None:
    office.knows()
    for succeeded in (False, True):
        assert office.told(Deployed(RELEASE, succeeded)) == f"github {RELEASE[:7]}: told {CASE}"
    assert office.cases.nudged == [CASE, CASE]
    assert office.asked == [("", 1)]


def test_a_deployment_before_its_merge_starts_the_same_case(office: Office) -> None:
    assert office.told(Deployed(RELEASE, False)) == f"github {RELEASE[:7]}: ignored, no case waits for it"
    assert office.told(Deployed(RELEASE, True)) == f"github {RELEASE[:7]}: started {CASE}"
    assert office.told(MERGE) == f"github #1: told {CASE}"
    assert list(office.cases.known) == [CASE]


def test_the_undo_that_a_running_case_proves_is_no_case_of_its_own(office: Office) -> None:
    office.knows()
    office.release = structs.replace(MERGED, commit=REVERT, reverts=CASE)
    assert office.told(Deployed(REVERT, True)) == f"github {REVERT[:7]}: told {CASE}"
    assert list(office.cases.known) == [CASE]
    office.cases.known[CASE] = structs.replace(office.cases.known[CASE], running=False, ending=Ending.NOT_UNDONE)
    assert office.told(Deployed(REVERT, True)) == f"github {REVERT[:7]}: started team/live@{REVERT}"


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (ConfigError("names no\x1b[2J pull request", where="live"), "live: names no\N{REPLACEMENT CHARACTER}[2J pull"),
        (KeyError("hong@example.com"), "a bug of ours: KeyError in "),
        (OSError(28, "hong"), "no space left on the disk"),
    ],
)
def test_trouble_is_one_line_and_the_delivery_may_come_again(office: Office, trouble: Exception, words: str) -> None:
    office.release = trouble
    line = office.told(MERGE, "7")
    assert line.startswith(f"github #1: {words}")
    assert "hong" not in line
    office.release = MERGED
    assert office.told(MERGE, "7") == f"github #1: started {CASE}"
    assert office.told(MERGE, "7") == "github #1: seen before"


def _git(code: str) -> Exception:
    """What is raised when git could not do something."""
    try:
        with asking_git("live: repository.remote", Path()):
            raise RepositoryError(code)
    except ConfigError as error:
        return error


def test_trouble_that_passes_is_tried_again_and_then_given_up(office: Office) -> None:
    office.forge = Forge(ForgeError("timeout"))
    assert office.told(MERGE, "7") == "github #1: tried again in 1 min"
    assert office.lines == ["github #1: ForgeError: timeout", "github #1: tried again in 1 min"]
    assert office.told(MERGE, "7") == "github #1: seen before"
    pauses = []
    while office.worker.kept:
        pause, job = office.worker.kept.pop()
        pauses.append(pause)
        job()
    assert (pauses, office.lines[-1], office.asked) == ([60, 300, 900], "github #1: ForgeError: timeout", [])
    office.forge = None
    assert office.told(MERGE, "7") == f"github #1: started {CASE}"


def test_trouble_at_git_is_tried_again_too(office: Office) -> None:
    office.release = _git("unreachable")
    assert office.told(MERGE) == "github #1: tried again in 1 min"
    office.release = MERGED
    office.worker.kept.pop()[1]()
    assert office.lines[-1] == f"github #1: started {CASE}"


@pytest.mark.parametrize("trouble", [ConfigError("names nothing"), KeyError("x"), ForgeError("gone", permanent=True)])
def test_trouble_that_stays_is_not_tried_again(office: Office, trouble: Exception) -> None:
    office.release = trouble
    office.told(MERGE)
    assert office.worker.kept == []


def test_the_file_is_read_at_each_hook(office: Office) -> None:
    office.config.write_text(CONFIG.replace('"team/live"', '"team/live"\nbranch = "trunk"'))
    assert office.told(MERGE) == "github #1: ignored, it is not for trunk"
    office.config.write_text("[")
    assert "not TOML" in office.told(MERGE)


def test_old_deliveries_are_forgotten(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bakewatch.web.desk.REMEMBERED", 2)
    assert ["seen" in office.told(MERGE, one) for one in ("1", "2", "1", "3", "1")] == [
        False,
        False,
        True,
        False,
        False,
    ]
