"""Killed at every boundary, inside every step, and at random moments: it undoes once, and forgets nothing."""

import pytest
from benchmarks import torture

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.mark.timeout(1800)
def test_it_survives_kills_at_every_boundary_and_at_random_moments() -> None:
    rows = torture.torture(["boundaries", "random"], count=20, seed=torture.SEED)
    assert rows
    assert [one for one in rows if not one.met] == []
