"""A bake that looks every thirty seconds at a load that is scraped once a minute."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from bakewatch.model.observation import Question, Window
from bakewatch.model.plan import Check, Rule, Stream, Trigger
from bakewatch.model.timeline import Weighed
from bakewatch.model.verdict import Ending, Evidence
from bakewatch.ports import World
from bakewatch.testing.runtime import START
from bakewatch.testing.supabase import Project
from bakewatch.testing.supabase.metrics import COMMITS, Metrics
from bakewatch.testing.world import ScriptedWorld
from bakewatch.vendors.supabase.metrics import MetricsSource
from tests.flow.stories import PLAN, Story, Told

LOAD = Check(name="load", stream="load", rule=Rule.VOLUME, where="transactions", required=True)
WATCHING = structs.replace(
    PLAN,
    streams={**PLAN.streams, "load": Stream(source="database", measured=True)},
    checks=(*PLAN.checks, LOAD),
    triggers=(*PLAN.triggers, Trigger(name="load", any=("check:load",))),
)


class Scene:
    """A project whose load changes when the release comes live, and what an earlier bake has left."""

    def __init__(self, folder: Path, then: float, *, past: timedelta = timedelta(hours=1), stuck: bool = False) -> None:
        self.folder, self.then, self.past, self.stuck = folder, then, past, stuck
        self.scrapes = 0

    def services(self, world: World, scripted: ScriptedWorld) -> World:
        clock = scripted.runtime.clock
        metrics = Metrics(Project(clock))

        def scrape() -> str:
            self.scrapes += 1
            before = metrics.text()
            if clock() >= START + timedelta(seconds=40):
                metrics.rates[COMMITS], metrics.stuck = self.then, self.stuck
            return before

        self._remember(metrics, clock)
        source = MetricsSource(scrape, self.folder / "samples", clock)
        return replace(world, sources={**world.sources, "database": source})

    def _remember(self, metrics: Metrics, clock: object) -> None:
        moment = START - self.past
        metrics.project.clock = lambda: moment
        earlier = MetricsSource(metrics.text, self.folder / "samples", lambda: moment)
        while moment < START:
            earlier.observe([Question(name="q", stream="load", where="transactions")], Window(moment, START), SECOND)
            moment += timedelta(minutes=1)
        metrics.project.clock = clock  # type: ignore[assignment]

    def tell(self) -> Told:
        return Story(plan=WATCHING, services=self.services).tell()


SECOND = timedelta(seconds=1)


def load_of(told: Told) -> Evidence:
    weighed = told.events("Weighed")[-1]
    assert isinstance(weighed, Weighed)
    return next(one for one in weighed.evidence if one.check == "load")


@pytest.mark.parametrize("then", [20.0, 25.0])
def test_a_load_as_before_passes_on_one_scrape_a_minute(tmp_path: Path, then: float) -> None:
    scene = Scene(tmp_path, then)
    told = scene.tell()
    load = load_of(told)
    assert told.ending is Ending.PASSED
    assert (load.fired, load.seen) == (False, 1.0)
    assert scene.scrapes <= 32


def test_a_load_that_has_grown_much_is_found(tmp_path: Path) -> None:
    told = Scene(tmp_path, 200.0).tell()
    assert load_of(told).fired and told.ending is not Ending.PASSED


@pytest.mark.parametrize("scene", [{"stuck": True}, {"past": timedelta(0)}], ids=["an old copy", "no past"])
def test_what_cannot_be_known_is_no_pass(tmp_path: Path, scene: dict[str, Any]) -> None:
    told = Scene(tmp_path, 20.0, **scene).tell()
    assert told.ending is Ending.INCONCLUSIVE and not load_of(told).fired
