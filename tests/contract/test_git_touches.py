"""Does a release touch its own plan or journeys? On real git remotes."""

import pytest

from bakewatch.app import _with_touched
from bakewatch.model.plan import Journey, Plan, Service
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import find_release
from tests.contract.remotes import Team

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("at", "file", "changed", "touches"),
    [
        ("bakewatch.toml", "journeys/visitor.py", "bakewatch.toml", True),
        ("./bakewatch.toml", "journeys/visitor.py", "bakewatch.toml", True),
        ("bakewatch.toml", "journeys/visitor.py", "journeys/visitor.py", True),
        ("bakewatch.toml", "./journeys/./visitor.py", "journeys/deep/words.txt", True),
        ("bakewatch.toml", "journeys/visitor.py", "app.py", False),
        ("bakewatch.toml", "visitor.py", "visitor.py", True),
        ("bakewatch.toml", "./visitor.py", "visitor.py", True),
        ("bakewatch.toml", "visitor.py", "helper.py", True),
        ("bakewatch.toml", "visitor.py", "conftest.py", True),
        ("bakewatch.toml", "visitor.py", "src/app.py", False),
        ("bakewatch.toml", "visitor.py", "README.md", False),
        ("ops/bakewatch.toml", "visitor.py", "ops/words.txt", True),
        ("ops/bakewatch.toml", "visitor.py", "visitor.py", False),
        ("ops/bakewatch.toml", "visitor.py", "opsy.py", False),
    ],
)
def test_a_release_that_touches_its_own_watch_is_told(
    team: Team, mirror: Mirror, at: str, file: str, changed: str, touches: bool
) -> None:
    plan = Plan(service=Service(name="x"), journeys=(Journey(name="j", persona="v", file=file),))
    release = find_release(mirror, commit=team.merge(1, {changed: "changed\n"}))
    assert _with_touched(mirror, release, plan, at).touches_plan is touches
