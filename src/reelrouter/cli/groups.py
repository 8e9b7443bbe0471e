"""Groups of options: a command that takes a frozen dataclass has an option for each of its fields.

So options that many commands share are written once, and a command's signature says what it is about.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The command as Typer is to see it: with the fields of its groups in the groups' place."""
    parameters = tuple(inspect.signature(command, eval_str=True).parameters.values())
    groups = {one.name: one.annotation for one in parameters if is_dataclass(one.annotation)}
    flat = [found for one in parameters for found in _flat(one)]

    @wraps(command)
    def run(**given: Any) -> None:
        filled = {name: _filled(group, given) for name, group in groups.items()}
        command(**given, **filled)

    run.__annotations__ = {one.name: one.annotation for one in flat}
    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    return run


def _flat(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    kind = inspect.Parameter.KEYWORD_ONLY
    if not is_dataclass(parameter.annotation):
        yield parameter.replace(kind=kind)
        return
    hints = get_type_hints(parameter.annotation, include_extras=True)
    for one in fields(parameter.annotation):
        yield inspect.Parameter(one.name, kind, default=_default(one), annotation=hints[one.name])


def _default(one: Field[Any]) -> Any:
    if one.default_factory is not MISSING:
        return one.default_factory()
    return inspect.Parameter.empty if one.default is MISSING else one.default


def _filled(group: Any, given: dict[str, Any]) -> Any:
    values: Mapping[str, Any] = {one.name: given.pop(one.name) for one in fields(group)}
    return group(**values)
