"""The gateway with another engine: `python -m bench.serve <engine command>`. Prints its address."""

import sys

from reelrouter.app import Started, serve
from reelrouter.settings import read_settings


def _tell(started: Started) -> None:
    print(started.address, flush=True)


if __name__ == "__main__":
    serve(read_settings(), on_start=_tell, engine=sys.argv[1:])
