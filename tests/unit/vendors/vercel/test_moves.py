"""Where a rollback or a promotion stands, by tables."""

from datetime import UTC, datetime, timedelta

import pytest

from bakewatch.vendors.vercel.answers import Named, Project, Release, Request
from bakewatch.vendors.vercel.moves import RECENT, pinned, standing

NOW = datetime(2026, 2, 7, tzinfo=UTC)
ROLLING = Release(state="ACTIVE")


def _project(current: str, kind: str = "", status: str = "", to: str = "", ago: timedelta = timedelta()) -> Project:
    at = (NOW - ago).timestamp() * 1000
    last = Request(type=kind, job_status=status, to_deployment_id=to, requested_at=at) if kind else None
    return Project(id="prj_1", targets={"production": Named(current)} if current else {}, last_alias_request=last)


@pytest.mark.parametrize(
    ("project", "release", "kind", "wanted"),
    [
        pytest.param(_project("bad"), None, "rollback", "ask", id="nothing was asked"),
        pytest.param(_project(""), None, "rollback", "ask", id="nothing serves"),
        pytest.param(_project("good"), None, "rollback", "done", id="it serves already"),
        pytest.param(_project("good"), ROLLING, "rollback", "ask", id="it serves, but not alone"),
        pytest.param(_project("bad", "rollback", "pending", "good"), None, "rollback", "under way", id="pending"),
        pytest.param(_project("bad", "rollback", "in-progress", "good"), None, "rollback", "under way", id="working"),
        pytest.param(_project("good", "rollback", "in-progress", "good"), None, "rollback", "under way", id="not all"),
        pytest.param(_project("good", "rollback", "succeeded", "good"), None, "rollback", "done", id="there"),
        pytest.param(
            _project("bad", "rollback", "succeeded", "good"), None, "rollback", "under way", id="not shown yet"
        ),
        pytest.param(_project("bad", "rollback", "succeeded", "good", RECENT), None, "rollback", "ask", id="moved on"),
        pytest.param(_project("bad", "rollback", "failed", "good"), None, "rollback", "rollback_failed", id="failed"),
        pytest.param(_project("bad", "rollback", "failed", "good", RECENT), None, "rollback", "ask", id="long ago"),
        pytest.param(
            _project("bad", "rollback", "skipped", "good"), None, "rollback", "rollback_skipped", id="skipped"
        ),
        pytest.param(
            _project("bad", "rollback", "odd", "good"), None, "rollback", "rollback_failed", id="no such word"
        ),
        pytest.param(_project("bad", "rollback", "pending", "old"), None, "rollback", "ask", id="another target"),
        pytest.param(_project("bad", "promote", "pending", "good"), None, "rollback", "ask", id="another kind"),
        pytest.param(_project("good", "promote", "pending", "bad"), None, "rollback", "ask", id="it is being left"),
        pytest.param(_project("good", "rollback", "succeeded", "good"), None, "promote", "ask", id="held, to be freed"),
        pytest.param(_project("good", "promote", "succeeded", "good"), None, "promote", "done", id="promoted"),
        pytest.param(_project("good", "promote", "skipped", "good"), None, "promote", "done", id="nothing to promote"),
        pytest.param(_project("bad"), Release("ACTIVE", "good"), "promote", "under way", id="it waits its turn"),
        pytest.param(_project("bad"), Release("ACTIVE", "old"), "promote", "ask", id="another waits"),
    ],
)
def test_what_was_found_is_not_done_again(project: Project, release: Release | None, kind: str, wanted: str) -> None:
    move = standing(project, release, kind, "good", NOW)
    told = "ask" if move is None else move.problem or ("done" if move.done else "under way")
    assert told == wanted
    assert move is None or (move.already, move.permanent, move.at) == (True, bool(move.problem), NOW)


@pytest.mark.parametrize(
    ("project", "wanted"),
    [
        (_project("good", "rollback", "succeeded", "good"), "good"),
        (_project("good", "rollback", "succeeded", "good", timedelta(days=9)), "good"),
        (_project("bad", "rollback", "in-progress", "good"), ""),
        (_project("new", "rollback", "succeeded", "good"), ""),
        (_project("good", "promote", "succeeded", "good"), ""),
        (_project("good"), ""),
    ],
)
def test_production_is_pinned_by_a_rollback_that_still_holds(project: Project, wanted: str) -> None:
    assert pinned(project) == wanted
