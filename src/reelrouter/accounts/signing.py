"""The secrets that a workspace's webhooks are signed with: one, or two while the older one is being replaced.

They are kept sealed, since signing needs the secret itself, and shown once, when they are made.
"""

import base64
import secrets
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, or_, select, update

from reelrouter.accounts.vault import SealBroken, Vault
from reelrouter.clock import milliseconds
from reelrouter.db.engine import Database, Row, Unit
from reelrouter.db.statements import insert_of
from reelrouter.db.tables import webhook_secrets
from reelrouter.ids import new_id

LONGEST_OVERLAP = 30 * 24 * 3600
"""Seconds that an older secret may go on beside the newer one."""
_PREFIX = "whsec_"
_RANDOM_BYTES = 32

_INSERT = insert_of(webhook_secrets, "id", "workspace", "sealed", "created_at")
_LIVING = (
    select(webhook_secrets)
    .where(
        webhook_secrets.c.workspace == bindparam("of_workspace"),
        or_(webhook_secrets.c.expires_at.is_(None), webhook_secrets.c.expires_at > bindparam("now")),
    )
    .order_by(webhook_secrets.c.created_at, webhook_secrets.c.id)
)
_END = (
    update(webhook_secrets)
    .where(webhook_secrets.c.workspace == bindparam("of_workspace"), webhook_secrets.c.expires_at.is_(None))
    .values(expires_at=bindparam("at"))
)
_REMOVE_ENDING = delete(webhook_secrets).where(
    webhook_secrets.c.workspace == bindparam("of_workspace"), webhook_secrets.c.expires_at.is_not(None)
)
_REMOVE = delete(webhook_secrets).where(
    webhook_secrets.c.workspace == bindparam("of_workspace"), webhook_secrets.c.id == bindparam("secret")
)
_ALL = select(webhook_secrets.c.id, webhook_secrets.c.sealed)
_RESEAL = (
    update(webhook_secrets)
    .where(webhook_secrets.c.id == bindparam("secret"))
    .values(sealed=bindparam("sealed_anew"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRecord:
    """A secret without what it says. Times are Unix milliseconds."""

    id: str
    created_at: int
    expires_at: int | None
    """None for the newest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSecret:
    """A new one, for its owner to see, once."""

    record: SecretRecord
    secret: str
    replaced: SecretRecord | None
    """The one that goes on beside it for a while."""


def rotate(unit: Unit, vault: Vault, workspace: str, now: float, keep_for: float) -> MadeSecret:
    """A new secret, and `keep_for` seconds more for the one that it replaces; any older one ends at once."""
    now_ms = milliseconds(now)
    unit.execute(_REMOVE_ENDING, of_workspace=workspace)
    unit.execute(_END, of_workspace=workspace, at=milliseconds(now + keep_for))
    older = unit.rows(_LIVING, of_workspace=workspace, now=now_ms)
    secret_id = new_id("whs")
    secret = _PREFIX + base64.b64encode(secrets.token_bytes(_RANDOM_BYTES)).decode()
    sealed = vault.seal(secret, secret_id)
    # Younger than what it replaces, whatever the clocks of two machines say: signatures go by that order.
    created_at = max([now_ms, *(row["created_at"] + 1 for row in older)])
    unit.execute(_INSERT, id=secret_id, workspace=workspace, sealed=sealed, created_at=created_at)
    return MadeSecret(
        record=SecretRecord(id=secret_id, created_at=created_at, expires_at=None),
        secret=secret,
        replaced=_record_of(older[-1]) if older else None,
    )


def revoke(unit: Unit, workspace: str, secret_id: str) -> bool:
    """Ends one at once. False if the workspace has no such secret."""
    return unit.execute(_REMOVE, of_workspace=workspace, secret=secret_id) == 1


async def list_living(db: Database, workspace: str, now: float) -> list[SecretRecord]:
    """The older one first."""
    rows = await db.rows(_LIVING, of_workspace=workspace, now=milliseconds(now))
    return [_record_of(row) for row in rows]


async def living_secrets(db: Database, vault: Vault, workspace: str, now: float) -> tuple[str, ...]:
    """The secrets themselves, the older one first. Raises `SealBroken`.

    Read anew for each webhook, which costs less than the webhook: what is revoked signs nothing from then on.
    """
    rows = await db.rows(_LIVING, of_workspace=workspace, now=milliseconds(now))
    return tuple(vault.open(row["sealed"], row["id"]) for row in rows)


def reseal(unit: Unit, vault: Vault) -> int:
    """Seals under the present root secret what an earlier one had sealed; how many could not be opened.

    Those stay as they are: the root secret that they need may yet be configured.
    """
    broken = 0
    for row in unit.rows(_ALL):
        if vault.is_present(row["sealed"]):
            continue
        try:
            plain = vault.open(row["sealed"], row["id"])
        except SealBroken:
            broken += 1
        else:
            unit.execute(_RESEAL, secret=row["id"], sealed_anew=vault.seal(plain, row["id"]))
    return broken


def _record_of(row: Row) -> SecretRecord:
    return SecretRecord(id=row["id"], created_at=row["created_at"], expires_at=row["expires_at"])
