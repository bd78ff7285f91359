"""A release whose parent's plan uses a pack: the whole plan is recorded, and a release that changes it is known."""

from pathlib import Path

import pytest

from bakewatch.app import Order, prepare
from bakewatch.config import load
from tests.contract.loopback import serving
from tests.contract.remotes import Team

pytestmark = pytest.mark.real

PLAN = '[service]\nname = "shop"\n[[packs]]\npack = "vercel"\n'


def ordered(team: Team, folder: Path, files: dict[str, str]) -> Order:
    """The order of a release that changes *files*, by an operator whose own file has no pack."""
    team.commit("Watch with a pack", {"bakewatch.toml": PLAN})
    team.push()
    commit = team.merge(1, files)
    config = folder / "operator.toml"
    with serving(lambda asked: (200, {}, b"{}")) as production:
        config.write_text(
            f'[service]\nname = "shop"\n[repository]\nremote = "{team.remote}"\n'
            f'[platform]\nkind = "endpoint"\naddresses = ["{production.url}"]\n'
            '[sources.drain]\nkind = "chdb"\nfiles = ["logs/*.ndjson"]\n'
        )
        return prepare(*load(config), folder / "data", config, commit=commit)


def test_the_plan_of_an_order_is_the_expanded_one(team: Team, tmp_path: Path) -> None:
    order = ordered(team, tmp_path, {"app.txt": "one\nTWO\nthree\n"})
    assert order.plan_from == "parent"
    assert order.plan.streams["vercel_logs"].source == "drain"
    assert order.plan.check("vercel-crashes").stream == "vercel_logs"
    assert not order.release.touches_plan


def test_a_release_that_leaves_a_check_of_a_pack_out_touches_its_own_watch(team: Team, tmp_path: Path) -> None:
    order = ordered(team, tmp_path, {"bakewatch.toml": f'{PLAN}leave_out = ["vercel-crashes"]\n'})
    assert order.release.touches_plan
    assert order.plan.check("vercel-crashes")
