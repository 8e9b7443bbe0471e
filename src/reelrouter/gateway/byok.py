"""The vendor keys of workspaces: add, list, change, remove, seal anew. What is secret goes in, and never out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from reelrouter.accounts import key_records, vendor_keys, workspaces
from reelrouter.accounts.vault import Vault
from reelrouter.accounts.vendor_keys import Filter, Resealed, VendorKey, VendorKeys
from reelrouter.catalogue.model import Catalogue
from reelrouter.clock import Clock, milliseconds
from reelrouter.db.engine import Database, Unit
from reelrouter.errors import InvalidRequest, NotFound, Problem
from reelrouter.ids import WorkspaceId, new_id
from reelrouter.providers.brought import Brought, KeyRefused, label_of

_MOST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What it takes to keep vendor keys."""

    db: Database
    vault: Vault
    brought: Brought
    catalogue: Catalogue
    clock: Clock
    known: VendorKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a key may be used, as far as somebody says so: what is not here stays as it is."""

    given: Mapping[str, Any] = field(default_factory=dict)
    """By the fields of `VendorKey`: name, models, keys, position, is_fallback, is_required, is_byok_only."""
    disabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVendorKey:
    provider: str
    """By its name, or by one that official clients know it by."""
    key: str = field(repr=False)
    workspace: str | None = None
    """By id or slug; None is the default one."""
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPage:
    keys: tuple[VendorKey, ...]
    total: int


class Byok:
    """For those who govern a gateway, and nobody else."""

    def __init__(self, desk: Desk) -> None:
        self._at = desk

    async def add(self, new: NewVendorKey) -> VendorKey:
        """Raises `InvalidRequest` with everything that is wrong."""
        workspace = await self._workspace(new.workspace)
        provider = self._provider(new.provider)
        values, wrong = self._values(provider, new.key)
        terms, problems = await self._checked(new.terms, workspace)
        _raise([*wrong, *problems])
        now_ms = milliseconds(self._at.clock.now())
        made = VendorKey(
            id=new_id("vk"),
            workspace=workspace,
            provider=provider,
            name="",
            label=label_of(values),
            created_at=now_ms,
            disabled_at=now_ms if new.terms.disabled else None,
        )
        made = replace(made, **terms)
        _raise(_contradictions(made))
        sealed = self._sealed(made.id, values)

        def together(unit: Unit) -> VendorKey:
            at = vendor_keys.next_position(unit, workspace, provider)
            key = made if "position" in terms else replace(made, position=at)
            vendor_keys.add(unit, key, sealed)
            return key

        added = await self._at.db.write(together)
        self._at.known.forget(workspace)
        return added

    async def list_keys(
        self, *, workspace: str | None, provider: str | None = None, most: int, left_out: int = 0
    ) -> KeyPage:
        """Of one workspace, by id or slug; None is all of them."""
        wanted = Filter(
            workspace=None if workspace is None else await self._workspace(workspace),
            provider=None if provider is None else self._provider(provider),
        )
        found, total = await vendor_keys.list_keys(self._at.db, wanted, most, left_out)
        return KeyPage(keys=tuple(found), total=total)

    async def get(self, key_id: str) -> VendorKey:
        """Raises `NotFound`."""
        return _found(await vendor_keys.get(self._at.db, key_id), key_id)

    async def update(self, key_id: str, terms: Terms, key: str | None = None) -> VendorKey:
        """`key` takes the place of what it was. Raises as `add` does, and `NotFound`."""
        before = await self.get(key_id)
        values, wrong = self._values(before.provider, key) if key is not None else (None, [])
        given, problems = await self._checked(terms, before.workspace)
        _raise([*wrong, *problems, *_contradictions(replace(before, **given))])
        if values is not None:
            given["label"] = label_of(values)
        sealed = None if values is None else self._sealed(key_id, values)
        now_ms = milliseconds(self._at.clock.now())

        def together(unit: Unit) -> VendorKey:
            now = _found(vendor_keys.read(unit, key_id), key_id)
            changed = replace(now, **given, updated_at=now_ms, disabled_at=_disabled(now, terms, now_ms))
            vendor_keys.change(unit, changed, sealed)
            return changed

        changed = await self._at.db.write(together)
        self._at.known.forget(changed.workspace)
        return changed

    async def remove(self, key_id: str) -> None:
        """For good. Jobs that a vendor is making with it fail, and cost nothing here. Raises `NotFound`."""
        key = await self.get(key_id)
        await self._at.db.write(partial(vendor_keys.remove, key_id=key_id))
        self._at.known.forget(key.workspace)

    async def reseal(self) -> Resealed:
        """Seals under the present root secret whatever is sealed under the earlier one."""
        return await self._at.db.write(partial(vendor_keys.reseal, vault=self._at.vault))

    # Checking ----------------------------------------------------------------------------------------------------

    async def _workspace(self, ref: str | None) -> WorkspaceId:
        found = await workspaces.find(self._at.db, workspaces.DEFAULT_SLUG if ref is None else ref)
        if found is None:
            raise InvalidRequest(
                [Problem("workspace_id", f"workspace_id: there is no workspace {ref or 'default'}")]
            )
        return found.id

    def _provider(self, name: str) -> str:
        names = self._at.brought.names()
        known = {**aliases(self._at.catalogue, names), **{one: one for one in names}}
        if name not in known:
            listed = ", ".join(names)
            raise InvalidRequest([Problem("provider", f"provider must be one of: {listed}", names)])
        return known[name]

    def _values(self, provider: str, key: str) -> tuple[dict[str, str], list[Problem]]:
        try:
            return self._at.brought.read(provider, key), []
        except KeyRefused as refused:
            return {}, [Problem("key", str(refused))]

    async def _checked(self, terms: Terms, workspace: WorkspaceId) -> tuple[dict[str, Any], list[Problem]]:
        given, problems = dict(terms.given), list[Problem]()
        if len(given.get("name") or "") > _MOST_NAME:
            problems.append(Problem("name", f"name must have at most {_MOST_NAME} characters"))
        if given.get("models") is not None:
            given["models"], wrong = self._models(given["models"])
            problems.extend(wrong)
        if given.get("keys") is not None:
            given["keys"] = tuple(dict.fromkeys(given["keys"]))
            found = [await key_records.find(self._at.db, one) for one in given["keys"]]
            theirs = {one.id for one in found if one is not None and one.workspace == workspace}
            problems.extend(_unknown_keys(given["keys"], theirs))
        return given, problems

    def _models(self, names: Sequence[str]) -> tuple[tuple[str, ...], list[Problem]]:
        found = {name: self._at.catalogue.find(name) for name in names}
        ids = tuple(dict.fromkeys(model.id for model in found.values() if model is not None))
        field = "allowed_models"
        problems = [
            Problem(f"{field}[{at}]", f"{field}[{at}]: {name} is not a valid model ID")
            for at, name in enumerate(names)
            if found[name] is None
        ]
        if not names:
            problems = [Problem(field, f"{field} must name a model, or be null for all")]
        return ids, problems

    def _sealed(self, key_id: str, values: Mapping[str, str]) -> str:
        return self._at.vault.seal(json.dumps(dict(values)), key_id)


def aliases(catalogue: Catalogue, names: Sequence[str]) -> dict[str, str]:
    """Names that official clients know providers by. A reseller answers to those of others, and so has none."""
    slugs: dict[str, set[str]] = {}
    for endpoint in (endpoint for model in catalogue for endpoint in model.endpoints):
        slugs.setdefault(endpoint.provider, set()).update(endpoint.option_slugs)
    own = {
        name: given for name, given in slugs.items() if name in names and given.isdisjoint(slugs.keys() - {name})
    }
    return {slug: name for name, given in own.items() for slug in given}


def _unknown_keys(named: Sequence[str], theirs: set[Any]) -> Iterator[Problem]:
    where = "allowed_api_key_hashes"
    if not named:
        yield Problem(where, f"{where} must name an API key, or be null for all")
    for at, one in enumerate(named):
        if one not in theirs:
            yield Problem(f"{where}[{at}]", f"{where}[{at}]: the workspace has no such API key")


def _contradictions(key: VendorKey) -> Iterator[Problem]:
    if key.is_fallback and key.is_byok_only:
        yield Problem(
            "is_byok_only",
            "is_byok_only: a key that is to be used alone cannot wait for others, as is_fallback says",
        )


def _disabled(key: VendorKey, terms: Terms, now_ms: int) -> int | None:
    if terms.disabled is None:
        return key.disabled_at
    return (key.disabled_at or now_ms) if terms.disabled else None


def _found(key: VendorKey | None, key_id: str) -> VendorKey:
    if key is None:
        raise NotFound(f"Vendor key {key_id} not found")
    return key


def _raise(problems: Iterator[Problem] | Sequence[Problem]) -> None:
    wrong = list(problems)
    if wrong:
        raise InvalidRequest(wrong)
