"""The OpenAPI document: whole, true to the table of routes, and free of dangling references."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from reelrouter.api.addresses import Addresses
from reelrouter.api.openapi import document as document_of
from reelrouter.api.routes import table
from reelrouter.api.videos import Edge
from reelrouter.brand import BRANDS

EDGE = Edge(
    gateway=cast("Any", None),
    keys=cast("Any", None),
    addresses=Addresses(public_url=None, trusted_hosts=frozenset(), trusted_proxies=frozenset()),
    brand=BRANDS["openrouter"],
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
    """Models, health and figures are open, and vendors have none; everything else asks for a key."""
    open_paths = {
        path
        for path, item in document["paths"].items()
        if not any(operation["security"] for operation in item.values())
    }
    assert open_paths == {
        "/api/v1/videos/models",
        "/api/v1/models",
        "/api/v1/models/count",
        "/api/v1/models/{author}/{slug}/endpoints",
        "/api/v1/model/{author}/{slug}",
        "/api/v1/providers",
        "/api/v1/hooks/{attempt_key}/{token}",
        "/healthz",
        "/metrics",
        "/readyz",
    }


def test_headers_go_by_the_brands_name() -> None:
    """A gateway of another brand documents the headers that it reads, and not the other's."""
    edge = replace(EDGE, brand=BRANDS["modelgates"])
    submit = document_of(table(edge, {}), "1")["paths"]["/api/v1/videos"]["post"]
    named = {one["name"] for one in submit["parameters"] if one["in"] == "header"}
    assert {"X-ModelGates-Title", "X-ModelGates-Categories", "X-Title", "HTTP-Referer"} <= named
    assert not any("OpenRouter" in name for name in named)


def test_query_parameters_are_those_that_the_handlers_read(document: dict[str, Any]) -> None:
    """What is required says so, lists have commas between, and null is not among the values."""
    models = {one["name"]: one for one in document["paths"]["/api/v1/models"]["get"]["parameters"]}
    assert models["output_modalities"]["schema"]["default"] == ["text"]
    assert (models["input_modalities"]["style"], models["input_modalities"]["explode"]) == ("form", False)
    assert models["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000}
    (generation,) = document["paths"]["/api/v1/generation"]["get"]["parameters"]
    assert (generation["name"], generation["required"]) == ("id", True)


def test_headers_of_answers_are_told(document: dict[str, Any]) -> None:
    """Clients that drop our extensions from bodies find them in headers, if they know which."""
    paths = document["paths"]
    assert "X-ReelRouter-Warnings" in paths["/api/v1/videos/{job_id}"]["get"]["responses"]["200"]["headers"]
    assert "Retry-After" in paths["/api/v1/videos"]["post"]["responses"]["429"]["headers"]
    assert "WWW-Authenticate" in paths["/api/v1/key"]["get"]["responses"]["401"]["headers"]
    assert "Vary" in paths["/api/v1/key"]["get"]["responses"]["200"]["headers"]
    assert "Content-Range" in paths["/api/v1/videos/{job_id}/content"]["get"]["responses"]["206"]["headers"]
