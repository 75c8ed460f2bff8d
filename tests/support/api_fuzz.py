# SPDX-License-Identifier: Apache-2.0
"""Made-up requests to a live staff API, right ones and wrong ones, as each client and as nobody.

Every answer must be described (status, content type, form), and none may be a fault of the program.
Objects that exist are asked for half of the time, or nothing would get beyond 404.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.support.staff_api import LiveStaffApi

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
NOBODY = ""
BETWEEN = timedelta(seconds=15)
"""So much time passes between two requests, or the door would tell us to wait."""


@dataclass(frozen=True)
class Round:
    """One operation of the description, asked by one client in one way."""

    operation: Any
    client: str
    mode: GenerationMode
    known: bool


def description(api: LiveStaffApi) -> Any:
    """Return the served description as schemathesis reads it; the files of `schemas/` stay outside."""
    served = copy.deepcopy(api.ask("officer", "GET", "/v1/openapi.json").json)
    served["components"]["schemas"]["Document"] = {"type": "object"}
    return schemathesis.openapi.from_dict(served)


def rounds(schema: Any, client: str, *, thorough: bool = True) -> Iterator[Round]:
    """Yield the rounds of a client; if not `thorough`, only right requests about objects that exist."""
    for found in schema.get_all_operations():
        operation = found.ok()
        yield Round(operation, client, GenerationMode.POSITIVE, known=True)
        if thorough:
            yield Round(operation, client, GenerationMode.NEGATIVE, known=True)
        if thorough and list(operation.path_parameters):
            yield Round(operation, client, GenerationMode.POSITIVE, known=False)
            yield Round(operation, client, GenerationMode.NEGATIVE, known=False)


def play(api: LiveStaffApi, one: Round, *, examples: int, number: int = 0) -> dict[int, int]:
    """Send made-up requests and check each answer; return how often each status came."""
    statuses: dict[int, int] = {}
    story = api.story
    exist = {
        "message": story.sent, "draft": story.draft, "case": story.case, "movement": story.movement,
        "act": "hold", "partner": "VN-MPS-IMM", "name": "rpn-1.0.json",
    }  # fmt: skip
    wanted = [parameter.name for parameter in one.operation.path_parameters]
    fixed = {name: exist[name] for name in wanted} if one.known else {}
    session = requests.Session()
    session.trust_env = False
    headers = {"Authorization": f"Bearer {api.tokens[one.client]}"} if one.client else {}

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=one.operation.as_strategy(one.mode, **({"path_parameters": fixed} if fixed else {})))
    def ask(case: Any) -> None:
        api.clock.moved += BETWEEN
        answer = case.call(base_url=api.url, session=session, headers=headers, allow_redirects=False)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=CHECKS)

    with session:
        ask()
    return statuses
