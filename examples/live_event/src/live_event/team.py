"""The team behind the service: its repository, and its releases as real merges."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

EXAMPLE = Path(__file__).resolve().parents[2]
RELEASES = EXAMPLE / "releases"

_WHO = {"NAME": "Live Event Team", "EMAIL": "team@live-event.example"}


Ending = Literal["undone", "passed", "not_undone", "inconclusive", "never_deployed"]
"""How a watch may end."""
Fault = Literal["", "lost", "cancelled", "wrong_commit", "partial", "flips_back"]
"""What the platform does wrong with a deployment (`live_event.platform`)."""

_GREETING = '"greeting": "Welcome"'


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Edit(_Told):
    """Replace *find*, which must be there, by *replace* in *file*."""

    file: str
    find: str
    replace: str


class Addition(_Told):
    """A new *file* with this *text*."""

    file: str
    text: str


def _one_or_more(told: object) -> object:
    return (told,) if isinstance(told, str) else told


class Change(_Told):
    """A pull request, and what is expected of it once it is merged."""

    name: str
    number: int
    title: str
    kind: str = Field(default="", alias="class")
    """Which class of releases it belongs to."""
    expected: Annotated[tuple[Ending, ...], BeforeValidator(_one_or_more)]
    """How its watch may end."""
    because: str = ""
    """Why a harmful one is not expected to be undone, or a harmless one need not pass."""
    breaks: str = ""
    """What it breaks, in words; empty: nothing."""
    seen_by: tuple[str, ...] = ()
    """The checks and journeys of which at least one must see it: `check:NAME`, `journey:NAME`."""
    scene: str = ""
    """What happens besides (`live_event.scenes`)."""
    platform: Fault = ""
    """What the platform does wrong."""
    greeting: str = ""
    """A new greeting on the front page: a change on which nothing depends."""
    edits: tuple[Edit, ...] = ()
    adds: tuple[Addition, ...] = ()

    @property
    def harmful(self) -> bool:
        """Does it break something?"""
        return bool(self.breaks)

    @property
    def undoable(self) -> bool:
        """Should it be undone?"""
        return "undone" in self.expected

    @property
    def all_edits(self) -> tuple[Edit, ...]:
        """Its edits, that of the greeting among them."""
        if not self.greeting:
            return self.edits
        fresh = f'"greeting": "{self.greeting}"'
        return (*self.edits, Edit(file="src/live_event/pages/words.py", find=_GREETING, replace=fresh))


def change(name: str) -> Change:
    """The release called *name*; `FileNotFoundError` when there is none, pydantic's `ValidationError` when it does not
    say what it must."""
    return Change.model_validate({"name": name, **tomllib.loads((RELEASES / f"{name}.toml").read_text())})


class Team:
    """A bare remote and a clone in which the team works."""

    def __init__(self, folder: Path) -> None:
        self.remote, self._clone = folder / "remote.git", folder / "clone"

    def create(self) -> None:
        """Make the empty remote."""
        self.remote.parent.mkdir(parents=True, exist_ok=True)
        self._git("init", "-q", "--bare", "-b", "main", str(self.remote), cwd=self.remote.parent)

    def start(self, plan: str) -> str:
        """Push the healthy base, the example itself with *plan* as its plan; returns the commit."""
        self._git("clone", "-q", str(self.remote), str(self._clone), cwd=self.remote.parent)
        self._git("checkout", "-q", "-B", "main")
        for name in ("src", "journeys"):
            shutil.copytree(
                EXAMPLE / name, self._clone / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
            )
        shutil.copy(EXAMPLE / "pyproject.toml", self._clone)
        (self._clone / "bakewatch.toml").write_text(plan)
        self._commit("Serve the live event")
        self._git("push", "-q", "origin", "main")
        return self.head()

    def merge(self, wanted: Change) -> str:
        """Merge *wanted* into main as its hosting service would, and push; returns the merge commit."""
        branch = f"{wanted.name.replace('_', '-')}"
        self._git("fetch", "-q", "origin")
        self._git("reset", "-q", "--hard", "origin/main")
        self._git("checkout", "-q", "-B", branch)
        for addition in wanted.adds:
            (self._clone / addition.file).write_text(addition.text)
        for edit in wanted.all_edits:
            path = self._clone / edit.file
            text = path.read_text()
            if edit.find not in text:
                raise ValueError(f"{wanted.name}: {edit.file} does not hold {edit.find!r}")
            path.write_text(text.replace(edit.find, edit.replace))
        self._commit(wanted.title)
        self._git("checkout", "-q", "main")
        subject = f"Merge pull request #{wanted.number} from live-event/{branch}"
        self._git("merge", "-q", "--no-ff", "-m", f"{subject}\n\n{wanted.title}", branch)
        self._git("push", "-q", "origin", "main")
        return self.head()

    def head(self) -> str:
        """The clone's commit."""
        return self._git("rev-parse", "HEAD")

    def log(self) -> list[str]:
        """`hash subject` of the remote's main, newest first."""
        return self._git("log", "--first-parent", "--format=%h %s", "main", cwd=self.remote).splitlines()

    def _commit(self, message: str) -> None:
        self._git("add", "-A")
        self._git("commit", "-q", "-m", message)

    def _git(self, *words: str, cwd: Path | None = None) -> str:
        people = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _WHO.items()}
        environ = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **people}
        done = subprocess.run(["git", *words], cwd=cwd or self._clone, env=environ, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"git {words[0]}: {done.stderr.strip()}")
        return done.stdout.strip()
