"""The shapes of answers about workspaces' own vendor keys, for the OpenAPI document. `byok` makes them."""

from typing import Literal

from pydantic import AwareDatetime, Field

from reelrouter.api.responses import Answer


class VendorKeyRow(Answer):
    """A vendor key, without what is secret of it."""

    id: str
    workspace_id: str
    provider: str
    name: str | None
    label: str = Field(description="The first and last characters of the key, or whose key file it is.")
    sort_order: int = Field(description="The lower, the earlier it is tried among the provider's.")
    disabled: bool
    is_fallback: bool = Field(description="It is tried after the gateway's accounts, and not before them.")
    is_required: bool = Field(description="For its models, the gateway's accounts with the provider are not used.")
    is_byok_only: bool = Field(description="The gateway's accounts with the provider are used for no model.")
    allowed_models: list[str] | None = Field(description="The models that it is for; null is all.")
    allowed_api_key_hashes: list[str] | None = Field(description="The API keys that may use it; null is all.")
    allowed_user_ids: None
    declared_region: None
    declared_zdr: None
    created_at: AwareDatetime


class SingleVendorKey(Answer):
    data: VendorKeyRow


class ChangedVendorKey(SingleVendorKey):
    warnings: list[str] | None = Field(None, description="What was accepted, and has no effect.")


class VendorKeyList(Answer):
    data: list[VendorKeyRow]
    total_count: int = Field(description="How many there are, whatever the page.")


class Deleted(Answer):
    deleted: Literal[True]
