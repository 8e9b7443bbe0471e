"""Governing the secrets that webhooks are signed with: rotate, list, revoke. For managers and operators."""

from reelrouter.accounts import signing, workspaces
from reelrouter.accounts.signing import MadeSecret, SecretRecord
from reelrouter.accounts.vault import Vault
from reelrouter.clock import Clock
from reelrouter.db.engine import Database
from reelrouter.errors import NotFound
from reelrouter.ids import WorkspaceId

DEFAULT_OVERLAP = 24 * 3600
"""Seconds that an older secret goes on beside the newer one."""


class Signing:
    """A workspace is named by its id or its slug; all raise `NotFound` for one that is not there."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    async def rotate(self, ref: str, keep_for: float) -> MadeSecret:
        """A new secret. The one that it replaces goes on beside it for `keep_for` seconds."""
        workspace = await self._workspace(ref)
        now, vault = self._clock.now(), self._vault
        return await self._db.write(lambda unit: signing.rotate(unit, vault, workspace, now, keep_for))

    async def list_all(self, ref: str) -> list[SecretRecord]:
        """Those that are signed with now, the older one first."""
        return await signing.list_living(self._db, await self._workspace(ref), self._clock.now())

    async def revoke(self, ref: str, secret_id: str) -> None:
        """Ends one at once. Raises `NotFound` for a secret that the workspace does not have."""
        workspace = await self._workspace(ref)
        if not await self._db.write(lambda unit: signing.revoke(unit, workspace, secret_id)):
            raise NotFound(f"Webhook secret {secret_id} not found")

    async def _workspace(self, ref: str) -> WorkspaceId:
        found = await workspaces.find(self._db, ref)
        if found is None:
            raise NotFound(f"Workspace {ref} not found")
        return found.id
