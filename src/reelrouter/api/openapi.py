"""The OpenAPI document: what FastAPI derives from the table of routes, and what it cannot know."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

_REF = "#/components/schemas/{model}"
_KEY = {"type": "http", "scheme": "bearer", "description": "An API key, as `Authorization: Bearer <key>`."}


def document(app: FastAPI, bodies: list[type[BaseModel]]) -> dict[str, Any]:
    """The document with the key's scheme and the schemas of request bodies, which handlers read themselves."""
    described = FastAPI.openapi(app)
    components = described.setdefault("components", {})
    components["securitySchemes"] = {"key": _KEY}
    for body in bodies:
        schema = body.model_json_schema(ref_template=_REF)
        components.setdefault("schemas", {}).update(schema.pop("$defs", {}))
        components["schemas"][body.__name__] = schema
    return described


def body_reference(body: type[BaseModel]) -> dict[str, Any]:
    """The `requestBody` of an operation."""
    schema = {"$ref": _REF.format(model=body.__name__)}
    return {"required": True, "content": {"application/json": {"schema": schema}}}
