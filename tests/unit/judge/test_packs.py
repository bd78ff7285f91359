"""A quiet, healthy service under a pack that nobody tuned for it: nothing fires, and it can pass."""

import zlib
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pytest
from msgspec import structs

from bakewatch.config import load_plan
from bakewatch.judge.rules import weigh
from bakewatch.judge.triggers import fired
from bakewatch.judge.verdict import conclude
from bakewatch.model.observation import Bucket, Observation, Window, to_ms
from bakewatch.model.plan import Check, Plan, Rule
from bakewatch.model.verdict import Outcome
from tests.unit.judge.bakes import START, Counts, Rate, now, watch

CALLS = 4.0
"""Calls in ten seconds."""
USUAL = {Rule.ZERO: 0.0, Rule.FLOOR: 0.6, Rule.SLOWER: 0.05, Rule.PROPORTION: 0.01}
"""The share of calls that a rule counts in a healthy service; of volumes, one event in a quarter of an hour."""


def planned(name: str) -> Plan:
    text = f'[service]\nname = "shop"\n[[packs]]\npack = "{name}"\n'
    return load_plan(text.encode(), "bakewatch.toml", {"logs": {"kind": "chdb"}})


def counted(check: Check, seed: int, moment: datetime, buckets: int = 1) -> Counts:
    """What *check* counts in so many buckets from *moment* on: always the same for one *seed*."""
    told = f"{check.name} {seed} {to_ms(moment)}".encode()
    rng = np.random.default_rng(zlib.crc32(told))
    of = int(rng.poisson(CALLS * buckets))
    if check.rule in USUAL:
        return int(rng.binomial(of, USUAL[check.rule])), of
    return int(rng.poisson(buckets / 90)) if check.rule is Rule.VOLUME else 0, of


def past(check: Check, seed: int) -> Observation:
    """Four hours before the deploy, in buckets of five minutes."""
    starts = [START - timedelta(minutes=5 * number) for number in range(48, 0, -1)]
    buckets = tuple(Bucket(to_ms(at), *counted(check, seed, at, 30)) for at in starts)
    return Observation(question=check.name, window=Window(starts[0], START), width=300.0, buckets=buckets)


@pytest.mark.parametrize("name", ["supabase", "vercel"])
@pytest.mark.parametrize("seed", range(3))
def test_a_quiet_service_passes_without_a_false_alarm(name: str, seed: int) -> None:
    plan = planned(name)
    rates: dict[str, Rate] = {check.name: partial(counted, check, seed) for check in plan.checks}
    one = structs.replace(watch(plan, rates), baseline=tuple(past(check, seed) for check in plan.checks))
    evidence = weigh(one, now(one))
    assert [weighed.check for weighed in evidence if weighed.fired] == []
    assert fired(one, evidence, {}) == ()
    verdict = conclude(one, now(one), evidence, {}, ())
    assert (verdict.outcome, verdict.reasons) == (Outcome.PASS, ())
