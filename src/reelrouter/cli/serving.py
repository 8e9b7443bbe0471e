"""What every command that runs a process of ours says when it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager

from reelrouter.accounts.secrets import SecretRefused
from reelrouter.catalogue.load import CatalogueError
from reelrouter.cli.ending import fail
from reelrouter.db.migrate import ServerRefused
from reelrouter.db.opening import DriverMissing
from reelrouter.db.schema import SchemaRefused
from reelrouter.lock import AlreadyLocked
from reelrouter.observe.engine_door import CannotListen
from reelrouter.observe.traces import TracesRefused
from reelrouter.providers.accounts import AccountsRefused
from reelrouter.settings import Settings


@contextmanager
def told(settings: Settings) -> Iterator[None]:
    """Ends the command with a sentence that says what to do."""
    try:
        yield
    except AlreadyLocked as locked:
        fail(f"another ReelRouter (process {locked.pid}) uses {settings.data_dir}; stop it, or choose --data-dir")
    except CatalogueError as wrong:
        fail(f"the catalogue cannot be used: {wrong}")
    except AccountsRefused as wrong:
        fail(f"the vendors' accounts cannot be used: {wrong}")
    except (SecretRefused, DriverMissing, SchemaRefused, CannotListen, TracesRefused) as refused:
        fail(str(refused))
    except ServerRefused as refused:
        fail(f"the database of REELROUTER_DATABASE_URL cannot be used: {refused}")
    except OSError as error:
        fail(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; choose another --port")
