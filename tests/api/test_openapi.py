"""The OpenAPI document: whole, true to the table of routes, and free of dangling references."""

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest

from reelrouter.api.addresses import Addresses
from reelrouter.api.openapi import document as document_of
from reelrouter.api.routes import table
from reelrouter.api.videos import Edge

EDGE = Edge(
    gateway=cast("Any", None),
    keys=cast("Any", None),
    addresses=Addresses(public_url=None, trusted_hosts=frozenset(), trusted_proxies=frozenset()),
    max_body=1024,
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return document_of(table(EDGE, {}), "1.2.3")


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_route_of_the_table_is_described(document: dict[str, Any]) -> None:
    """What is served is documented, and nothing else is."""
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == {(row.method, row.path) for row in table(EDGE, {})}
    assert document["openapi"].startswith("3.1")


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """A generated client can be built from the document alone."""
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known


def test_every_error_has_the_envelope(document: dict[str, Any]) -> None:
    """One shape for all that goes wrong; readiness alone answers in its own."""
    for path, item in document["paths"].items():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and path != "/readyz":
                    schema = answer["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/ErrorEnvelope"}


def test_path_parameters_are_declared(document: dict[str, Any]) -> None:
    """Whatever stands in braces has a description."""
    for path, item in document["paths"].items():
        for operation in item.values():
            declared = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))


def test_operations_that_need_a_key_say_so(document: dict[str, Any]) -> None:
    """Models and health are open; everything else asks for a key."""
    open_paths = {
        path
        for path, item in document["paths"].items()
        if not item["get" if "get" in item else "post"]["security"]
    }
    assert open_paths == {"/api/v1/videos/models", "/healthz", "/readyz"}
