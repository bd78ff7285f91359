"""Times that would ask without end, or see nothing."""

import pytest

from bakewatch.config import load_plan
from bakewatch.errors import ConfigError


@pytest.mark.parametrize(
    "path",
    ["confirm.every", "confirm.within", "bake.journeys_every", "bake.look_every", "undo.retry_every", "undo.proof"],
)
def test_a_time_of_nothing_is_said_to_be_wrong(path: str) -> None:
    table, _, name = path.partition(".")
    text = f'[service]\nname = "live"\n[{table}]\n{name} = "0s"\n'
    with pytest.raises(ConfigError) as error:
        load_plan(text.encode(), "bakewatch.toml")
    assert str(error.value) == f"bakewatch.toml: {path}: is zero (longer than 0s)"
