"""The API, asked what its own OpenAPI document allows and what it does not, by somebody who may do everything."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some
from live_rig import Live, Person
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from live_event.app import create_app
from live_event.tables import PUBLIC_KEY

pytestmark = pytest.mark.real


def _found() -> Iterator[Any]:
    return iter(schemathesis.openapi.from_dict(create_app().openapi()).get_all_operations())


OPERATIONS: list[Any] = [one.ok() for one in _found()]
CHECKS: list[Any] = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_the_document_tells_of_every_part_of_the_api() -> None:
    parts = {one.path.split("/")[1] for one in OPERATIONS}
    assert parts == {"api", "auth", "rest", "health", "version", "client.json"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.label)
def test_whatever_is_asked_is_answered_as_the_document_says(
    live: Live, admin: Person, event: str, path: str, operation: Any
) -> None:
    live.http.post(f"{path}/access/track", headers=admin.headers)
    headers = admin.headers | {"apikey": PUBLIC_KEY}
    cases = some.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode])

    @given(case=cases, known=some.booleans())
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any, known: bool) -> None:
        if known and "event" in (case.path_parameters or {}):
            case.path_parameters["event"] = event
        case.call_and_validate(base_url=str(live.http.base_url), headers=headers, checks=CHECKS)

    ask()
