"""Reads the key files that vendors' environment variables point to, so that accounts are found without I/O."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from reelrouter.providers.accounts import AccountsRefused
from reelrouter.providers.base import Provider


def with_key_files(providers: Iterable[Provider], environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, with the text of each file in the place of its path.

    Raises `AccountsRefused` for a path where nothing can be read.
    """
    texts: dict[str, str] = {}
    for provider in providers:
        for variable in provider.access.file_variables:
            if environment.get(variable):
                texts[variable] = _text_of(provider, variable, environment[variable])
    return {**environment, **texts}


def _text_of(provider: Provider, variable: str, path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise AccountsRefused(
            f"{provider.name}: {variable} should be the path of a key file, and it cannot be read: {error}"
        ) from None
