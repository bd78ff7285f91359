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


NOVELTY = """
[service]
name = "live"
[streams.edge]
source = "logs"
actor = "id"
[[checks]]
name = "new"
stream = "edge"
rule = "novelty"
"""


def test_new_signatures_need_nothing_but_a_stream() -> None:
    (question,) = load_plan(NOVELTY.encode(), "bakewatch.toml").questions()
    assert (question.signatures, question.where, question.known) == (True, "", None)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('of = "true"', "of"),
        ('of_stream = "edge"', "of_stream"),
        ('value = "1"', "value"),
        ("distinct = true", "distinct"),
        ("sees = 0.1", "sees"),
        ('amplification = "new"', "amplification"),
    ],
)
def test_what_new_signatures_have_no_use_for_is_said_in_one_line(line: str, key: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_plan(f"{NOVELTY}{line}\n".encode(), "bakewatch.toml")
    assert str(error.value).startswith(f"bakewatch.toml: checks[0].{key}: rule `novelty` uses no `{key}` (")
