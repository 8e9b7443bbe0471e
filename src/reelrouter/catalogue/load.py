"""Reads the catalogue from TOML, one file per model family; the first mistake stops with its place.

A file holds `[[model]]` tables, named as in `ModelSpec`, with these differences: `endpoint` tables in place
of `endpoints`, where `native` is one id for every mode or a table by mode; and `size_table`, which gives
the pixels of those resolutions and ratios whose names do not say them.

An operator's own files may hold more models, and `[[endpoint]]` tables beside them, each of which names the
`model`, of these files or of the packaged ones, that there is one more way to. It is tried before the endpoints
of the model's row, and costs what the row says.
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from reelrouter.catalogue.audit import faults
from reelrouter.catalogue.model import Catalogue, Endpoint, ModelSpec
from reelrouter.catalogue.tables import EndpointTable, Misfit, ModelTable, Table, Text, endpoint_of, spec_of


class CatalogueError(Exception):
    """A catalogue that cannot be used: which file, which key in it, and why."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}")
        self.file = file
        self.key = key
        self.reason = reason


def load_catalogue(
    directory: Traversable | Path | None = None,
    aliases: Mapping[str, str] = {},
    own: Sequence[Path] = (),
    providers: Collection[str] = (),
) -> Catalogue:
    """The models in a directory's `*.toml` files, by default the packaged ones; raises `CatalogueError`.

    `own` are an operator's files, or folders of them, whose endpoints must be at one of the `providers`;
    `aliases` are an operator's own names, each for the model of some other name.
    """
    folder = files("reelrouter.catalogue") / "models" if directory is None else directory
    models: dict[str, ModelSpec] = {}
    owners: dict[str, str] = {}
    for path in _toml_files(folder):
        for model in _models(path.name, _read(path.name, path, _File).model):
            _claim_names(model, path.name, owners)
            models[model.id] = model
    added: list[tuple[str, str, _AddedEndpointTable]] = []
    for path in _own_files(own):
        content = _read(str(path), path, _OwnFile)
        _check_own(str(path), content, providers)
        for model in _models(str(path), content.model):
            _claim_names(model, str(path), owners)
            models[model.id] = model
        added += [(str(path), f"endpoint[{at}]", table) for at, table in enumerate(content.endpoint)]
    return Catalogue(_with_aliases(_with_endpoints(models, added), aliases))


# Files --------------------------------------------------------------------------------------------------------


class _AddedEndpointTable(EndpointTable):
    model: Text


class _File(Table):
    model: list[ModelTable] = Field(min_length=1)


class _OwnFile(Table):
    model: tuple[ModelTable, ...] = Field(default=(), strict=False)
    endpoint: tuple[_AddedEndpointTable, ...] = Field(default=(), strict=False)


_Content = TypeVar("_Content", bound=Table)


def _toml_files(folder: Traversable | Path) -> list[Traversable | Path]:
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)
    if not paths:
        raise CatalogueError(str(folder), "*.toml", "there is no model file")
    return paths


def _own_files(own: Sequence[Path]) -> Iterator[Traversable | Path]:
    for path in own:
        if path.is_dir():
            yield from _toml_files(path)
        elif path.is_file():
            yield path
        else:
            raise CatalogueError("settings", "catalogue", f"{path} is neither a file nor a folder")


def _read(name: str, path: Traversable | Path, form: type[_Content]) -> _Content:
    try:
        return form.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CatalogueError(name, "(file)", str(error.strerror)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(name, "(syntax)", str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise CatalogueError(name, _key(first["loc"]), reason) from error


def _key(location: tuple[int | str, ...]) -> str:
    """`("model", 0, "id")` as `model[0].id`; the names of union branches are left in, as a hint."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _models(file: str, tables: Sequence[ModelTable]) -> Iterator[ModelSpec]:
    for index, table in enumerate(tables):
        try:
            model = spec_of(table)
        except Misfit as misfit:
            raise CatalogueError(file, f"model[{index}].{misfit.key}", misfit.reason) from misfit
        for key, reason in faults(model):
            raise CatalogueError(file, f"model[{index}].{key}", reason)
        yield model


# An operator's own --------------------------------------------------------------------------------------------


def _check_own(file: str, content: _OwnFile, providers: Collection[str]) -> None:
    """A packaged row may name a provider that nobody speaks to yet; in an operator's that is a slip of the pen."""
    if not content.model and not content.endpoint:
        raise CatalogueError(file, "(file)", "it holds neither a [[model]] nor an [[endpoint]]")
    tables = {
        **{
            f"model[{at}].endpoint[{n}]": endpoint
            for at, model in enumerate(content.model)
            for n, endpoint in enumerate(model.endpoint)
        },
        **{f"endpoint[{at}]": endpoint for at, endpoint in enumerate(content.endpoint)},
    }
    for key, table in tables.items():
        if table.provider not in providers:
            known = ", ".join(sorted(providers))
            raise CatalogueError(file, f"{key}.provider", f"{table.provider} is no provider; there are {known}")


def _with_endpoints(
    models: Mapping[str, ModelSpec], added: Sequence[tuple[str, str, _AddedEndpointTable]]
) -> list[ModelSpec]:
    """The models with endpoints added in front, in the order of the files; each stands at its file and key."""
    catalogue = Catalogue(models.values())
    before: dict[str, tuple[Endpoint, ...]] = {}
    for file, key, table in added:
        model = catalogue.find(table.model)
        if model is None:
            raise CatalogueError(file, f"{key}.model", f"{table.model} is no model of the catalogue")
        known = (*model.endpoints, *before.get(model.id, ()))
        endpoint = endpoint_of(table, model.modes)
        _check_added(file, key, replace(model, endpoints=(*known, endpoint)))
        before[model.id] = (*before.get(model.id, ()), endpoint)
    return [replace(one, endpoints=(*before.get(one.id, ()), *one.endpoints)) for one in models.values()]


def _check_added(file: str, key: str, model: ModelSpec) -> None:
    """All but the last endpoint are known to be right."""
    last = f"endpoint[{len(model.endpoints) - 1}]"
    for place, reason in faults(model):
        raise CatalogueError(
            file, key + place.removeprefix(last) if place != "endpoint" else f"{key}.name", reason
        )


# Names --------------------------------------------------------------------------------------------------------


def _claim_names(model: ModelSpec, file: str, owners: dict[str, str]) -> None:
    """Every id, canonical slug and alias leads to one model; `owners` is filled in."""
    for name in dict.fromkeys((model.id, model.canonical_slug)):
        _claim(name, model, file, owners)
    for alias in model.aliases:
        _claim(alias, model, file, owners)


def _claim(name: str, model: ModelSpec, file: str, owners: dict[str, str]) -> None:
    if name in owners:
        raise CatalogueError(file, model.id, f"the name {name} is taken already, by {owners[name]}")
    owners[name] = f"{model.id} in {file}"


def _with_aliases(models: Sequence[ModelSpec], aliases: Mapping[str, str]) -> Iterator[ModelSpec]:
    catalogue = Catalogue(models)
    given: dict[str, tuple[str, ...]] = {}
    for alias, name in aliases.items():
        model = catalogue.find(name)
        if reason := _alias_fault(alias, name, catalogue):
            raise CatalogueError("settings", f"aliases.{alias}", reason)
        if model is not None:
            given[model.id] = (*given.get(model.id, ()), alias)
    return (replace(model, aliases=(*model.aliases, *given.get(model.id, ()))) for model in models)


def _alias_fault(alias: str, name: str, catalogue: Catalogue) -> str | None:
    if not alias.strip():
        return "an alias is a name, and this one is blank"
    if owner := catalogue.find(alias):
        return f"the name {alias} is taken already, by {owner.id}"
    return None if catalogue.find(name) else f"{name} is no model of the catalogue"
