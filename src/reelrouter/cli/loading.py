"""Loads what a command does when it is called: its help costs nothing."""

from importlib import import_module
from typing import Any


def loaded_from(place: str) -> Any:
    """What `module:name` names in this package."""
    module, _, attribute = place.partition(":")
    return getattr(import_module(f"reelrouter.cli.{module}"), attribute)
