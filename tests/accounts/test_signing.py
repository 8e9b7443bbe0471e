"""Signing secrets: one, or two while one takes the other's place, and sealed at all times."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from reelrouter.accounts import signing
from reelrouter.accounts.secrets import Secrets
from reelrouter.accounts.signing import MadeSecret
from reelrouter.accounts.vault import SealBroken, Vault
from reelrouter.clock import FrozenClock
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.installation import own_vault
from reelrouter.settings import Settings

DAY = 24 * 3600.0


@dataclass
class Safe:
    db: SqliteDatabase
    vault: Vault
    clock: FrozenClock = field(default_factory=FrozenClock)

    async def rotate(self, keep_for: float = DAY, workspace: str = "ws") -> MadeSecret:
        now = self.clock.now()
        return await self.db.write(lambda unit: signing.rotate(unit, self.vault, workspace, now, keep_for))

    async def living(self, workspace: str = "ws") -> list[str]:
        return [one.id for one in await signing.list_living(self.db, workspace, self.clock.now())]

    async def secrets(self, workspace: str = "ws") -> tuple[str, ...]:
        return await signing.living_secrets(self.db, self.vault, workspace, self.clock.now())


def run(database: Path, work: Callable[[Safe], Awaitable[None]]) -> None:
    async def within() -> None:
        db = SqliteDatabase(database)
        try:
            await work(Safe(db, Vault(Secrets(b"root" * 8))))
        finally:
            await db.close()

    asyncio.run(within())


def test_a_secret_is_random_and_in_the_form_that_libraries_read(database: Path) -> None:
    """`whsec_` and the base64 of 32 bytes."""

    async def work(safe: Safe) -> None:
        first, second = await safe.rotate(), await safe.rotate()
        for made in (first, second):
            assert len(base64.b64decode(made.secret.removeprefix("whsec_"), validate=True)) == 32
        assert first.secret != second.secret
        assert (first.replaced, second.replaced and second.replaced.id) == (None, first.record.id)

    run(database, work)


def test_an_older_secret_goes_on_for_its_time(database: Path) -> None:
    """Beside the newer one, and before it in order; then the newer one is alone."""

    async def work(safe: Safe) -> None:
        older = await safe.rotate()
        newer = await safe.rotate(keep_for=100)
        assert await safe.secrets() == (older.secret, newer.secret)
        safe.clock.advance(99)
        assert await safe.living() == [older.record.id, newer.record.id]
        safe.clock.advance(1)
        assert await safe.secrets() == (newer.secret,)

    run(database, work)


def test_there_are_never_more_than_two(database: Path) -> None:
    """A third one ends the first at once; without an overlap the one before it, too."""

    async def work(safe: Safe) -> None:
        await safe.rotate()
        second, third = await safe.rotate(), await safe.rotate()
        assert await safe.secrets() == (second.secret, third.secret)
        alone = await safe.rotate(keep_for=0)
        assert alone.replaced is None
        assert await safe.secrets() == (alone.secret,)

    run(database, work)


def test_a_revoked_secret_signs_nothing_any_more(database: Path) -> None:
    """From the next webhook on; and only its own workspace can revoke it."""

    async def work(safe: Safe) -> None:
        made = await safe.rotate()
        revoke = partial(signing.revoke, secret_id=made.record.id)
        assert not await safe.db.write(partial(revoke, workspace="other"))
        assert await safe.db.write(partial(revoke, workspace="ws"))
        assert not await safe.db.write(partial(revoke, workspace="ws"))
        assert await safe.secrets() == ()

    run(database, work)


def test_workspaces_have_their_own(database: Path) -> None:
    """One's rotation is nothing to another."""

    async def work(safe: Safe) -> None:
        own, other = await safe.rotate(), await safe.rotate(workspace="other")
        assert await safe.secrets() == (own.secret,)
        assert await safe.secrets("other") == (other.secret,)
        assert await safe.secrets("nobody") == ()

    run(database, work)


def test_no_secret_lies_open_in_the_database(database: Path) -> None:
    """Nor what it decodes to."""

    async def work(safe: Safe) -> None:
        made = await safe.rotate()
        kept = b"".join(path.read_bytes() for path in database.parent.iterdir())
        plain = made.secret.removeprefix("whsec_")
        assert plain.encode() not in kept
        assert base64.b64decode(plain) not in kept

    run(database, work)


def test_a_new_root_secret_takes_over(database: Path) -> None:
    """What was sealed under the earlier one is sealed anew, so that the earlier one can be thrown away."""

    async def work(safe: Safe) -> None:
        made = await safe.rotate()
        earlier, present = Secrets(b"root" * 8), Secrets(b"anew" * 8)
        alone = Vault(present)
        assert await safe.db.write(partial(signing.reseal, vault=alone)) == 1
        with pytest.raises(SealBroken):
            await signing.living_secrets(safe.db, alone, "ws", safe.clock.now())
        assert await safe.db.write(partial(signing.reseal, vault=Vault(present, [earlier]))) == 0
        assert await signing.living_secrets(safe.db, alone, "ws", safe.clock.now()) == (made.secret,)

    run(database, work)


def test_the_installations_vault_knows_both_root_secrets(database: Path) -> None:
    """The present one from the settings or the file, the earlier one from the settings."""
    before = own_vault(Settings(data_dir=database.parent))
    sealed = before.seal("canary", "row")
    kept = (database.parent / "secret").read_text()
    given = {"secret_key": "a-new-root-secret-of-enough-length", "secret_key_previous": kept}
    after = own_vault(Settings.model_validate({"data_dir": database.parent, **given}))
    assert after.open(sealed, "row") == "canary"
    assert not after.is_present(sealed)
