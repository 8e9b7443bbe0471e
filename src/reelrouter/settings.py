"""Settings: read once by the composition roots, from `REELROUTER_*` and a TOML file; refused if wrong."""

import ipaddress
import os
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from reelrouter.brand import BrandName

MEBIBYTE = 1024 * 1024

Work = Literal["remote", "render", "webhooks"]
WORK: tuple[Work, ...] = get_args(Work)
"""What engines do: jobs at vendors, jobs of the embedded renderer, deliveries of webhooks."""


class AccountEntry(BaseModel):
    """One account with a vendor. Its own values stand beside these: `api_key = "…"`, or `api_key_env = "NAME"`."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str]

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")
    base_url: str | None = None
    weight: int = Field(default=1, ge=1, le=1000)
    """How often it is chosen, against the vendor's other accounts."""
    concurrency: int | None = Field(default=None, ge=1)
    rate: float | None = Field(default=None, gt=0)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Without the values: they are secrets."""
        return [("name", self.name)]


class VendorSettings(BaseModel):
    """What holds for all accounts with a vendor, and the accounts beside the one of the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str | None = None
    concurrency: int | None = Field(default=None, ge=1)
    """Jobs of one account that are under way at the vendor at one time."""
    rate: float | None = Field(default=None, gt=0)
    """Submits of one account in a minute."""
    poll_every: float | None = Field(default=None, gt=0)
    """Seconds between two polls of one job, in place of a pace that slows down."""
    accounts: tuple[AccountEntry, ...] = ()


class Settings(BaseSettings):
    """Precedence: arguments, environment (`REELROUTER_` + name), the `REELROUTER_CONFIG` file, defaults."""

    model_config = SettingsConfigDict(env_prefix="REELROUTER_", extra="forbid", frozen=True)

    data_dir: Path = Path("reelrouter-data")
    """Where the database, the secret and the files live."""
    host: str = "127.0.0.1"
    port: int = Field(default=8088, ge=0, le=65535)
    """0 takes any free port; the one taken is printed."""
    public_url: str | None = None
    """The address that clients use, e.g. `https://video.example.com`; polling addresses begin with it.
    Vendors that can call when there is news of a job are given an address below it."""
    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names, with commas between, that may appear in addresses we hand out, beside the loopback ones."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses, with commas between, whose `X-Forwarded-*` headers are believed."""

    database_url: SecretStr | None = None
    """`postgresql://…`, which any number of processes may share; without it, a file in `data_dir`."""
    database_connections: int = Field(default=8, ge=2, le=100)
    """That one process keeps to a database server at most, beside the few of its durable engine."""
    storage_url: str | None = None
    """Where files are kept: `s3://bucket/folder`, `gs://…`, `az://…`; without it, a folder in `data_dir`."""
    downloads: Literal["proxy", "redirect"] = "proxy"
    """How clients get files that lie in a bucket: through the API, or by an address of the bucket's, signed for an
    hour, to which they are sent. The bucket must then be within their reach."""
    queues: Annotated[tuple[Work, ...], NoDecode] = WORK
    """What an engine works on, with commas between: `remote`, `render`, `webhooks`. Others must do the rest."""

    secret_key: SecretStr | None = None
    """Root of every derived key; without it, `data_dir/secret` is made at the first start."""
    secret_key_previous: SecretStr | None = None
    """The root before the present one: what was sealed under it can still be opened, and is sealed anew."""
    live_key: SecretStr | None = None
    test_key: SecretStr | None = None
    management_key: SecretStr | None = None
    """Governs workspaces and keys; none is made by itself."""
    test_mode: bool = True
    """Whether `rr-test-` keys are accepted."""

    brand: BrandName = "openrouter"
    """Which name of the contract the gateway goes by: of headers, and of a few words in answers."""
    aliases: dict[str, str] = Field(default_factory=dict)
    """Further names of models, e.g. `{"fast": "google/veo-3.1-lite"}`."""
    catalogue: Annotated[tuple[Path, ...], NoDecode] = ()
    """TOML files, or folders of them, with commas between: models and endpoints of your own."""
    providers: dict[str, VendorSettings] = Field(default_factory=dict)
    """Vendors' accounts and limits, by provider. A key under the vendor's usual environment name needs none."""
    byok_fee: Decimal = Field(default=Decimal(0), ge=0, le=100)
    """Per cent of the list price that a job costs which is made with a vendor key of its workspace's own."""
    byok_base_urls: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses, with commas between, that workspaces' own vendor keys may name in place of the vendor's."""
    plain_unsigned_urls: bool = False
    """Leave the signature out of `unsigned_urls`, so that they need the key, as upstream's do."""
    strict_parameters: bool = False
    """Refuse what upstream documents that it ignores, in place of a warning."""
    retention: int = Field(default=7 * 24 * 3600, ge=60)
    """Seconds that a finished video is kept."""
    link_life: int = Field(default=24 * 3600, ge=60)
    """Seconds that a signed link works, rounded up to the full hour, and never beyond the retention."""
    max_job_age: int = Field(default=6 * 3600, ge=1)
    """Seconds after which an unfinished job expires."""
    unknown_submit: Literal["fail", "resubmit"] = "fail"
    """What becomes of a job of which nobody can tell whether a vendor has it: `resubmit` may pay for it twice."""
    render_concurrency: int = Field(default=1, ge=1, le=16)
    """Videos that the embedded renderer makes at one time."""
    window: int = Field(default=8, ge=1, le=64)
    """Jobs that an engine moves at one time, not counting those that wait for a backend."""

    max_body: int = Field(default=64 * MEBIBYTE, ge=1024)
    """Bytes of a request body."""
    max_input: int = Field(default=20 * MEBIBYTE, ge=1024)
    """Bytes of one input image."""
    max_input_video: int = Field(default=200 * MEBIBYTE, ge=1024)
    """Bytes of one input video or audio file."""
    max_download: int = Field(default=2048 * MEBIBYTE, ge=1024)
    """Bytes of one output."""
    intake_wait: float = Field(default=10.0, gt=0, le=120)
    """Seconds that a submit waits for its inputs."""
    allow_private_addresses: bool = False
    """Whether input URLs may be http and name private addresses. For tests and closed networks."""

    webhook_schedule: Annotated[tuple[float, ...], NoDecode] = (0, 5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600)
    """Seconds before each attempt to deliver a webhook, with commas between, each counted from the attempt before.
    The first is made at once."""
    webhook_timeout: float = Field(default=10.0, gt=0, le=60)
    """Seconds that a receiver may take to answer."""
    webhook_places: int = Field(default=64, ge=1, le=1000)
    """Attempts under way at one time."""
    webhook_places_per_host: int = Field(default=8, ge=1, le=1000)
    """The same to one receiver's host."""
    webhook_history: int = Field(default=30 * 24 * 3600, ge=3600)
    """Seconds that a delivery can be looked at and replayed once it is over."""

    hold_margin: Decimal = Field(default=Decimal("1.05"), ge=1, le=10)
    """A submit holds its estimate times this."""
    pricing: Literal["catalogue", "vendor"] = "catalogue"
    """What a video costs its workspace: the catalogue's price, or what its vendor says that it cost."""
    log_format: Literal["auto", "json", "console"] = "auto"
    stop_wait: int = Field(default=25, ge=1, le=600)
    """Seconds that a process which is told to stop gives to what it is in the middle of: answers and downloads,
    submits to vendors, webhooks being sent. With nothing of that, it stops at once."""
    metrics_token: SecretStr | None = Field(default=None, min_length=1)
    """Who shows it may read `/metrics`; without one only this machine may."""
    engine_metrics: str | None = None
    """`host:port` at which an engine answers `/metrics` and `/healthz`: for engines that run without an API."""

    @field_validator(
        "trusted_hosts",
        "trusted_proxies",
        "catalogue",
        "byok_base_urls",
        "webhook_schedule",
        "queues",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/") if value else value

    @field_validator("engine_metrics")
    @classmethod
    def _host_and_port(cls, value: str | None) -> str | None:
        if value is not None:
            host_and_port(value)
        return value

    @field_validator("webhook_schedule")
    @classmethod
    def _begins_at_once(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if value[:1] != (0,) or not all(0 <= pause <= 7 * 24 * 3600 for pause in value) or len(value) > 100:
            raise ValueError("must be 1 to 100 numbers from 0 to 604800 with commas between, and begin with 0")
        return value

    @model_validator(mode="after")
    def _redirects_lead_somewhere(self) -> Self:
        if self.downloads == "redirect" and urlsplit(self.storage_url or "").scheme in ("", "file", "memory"):
            raise ValueError("downloads can be redirect only with a storage_url that is a bucket's")
        return self

    @model_validator(mode="after")
    def _all_work_has_an_engine(self) -> Self:
        if not self.queues:
            raise ValueError(f"queues must name at least one of: {', '.join(WORK)}")
        if self.database_url is None and set(self.queues) != set(WORK):
            raise ValueError(
                "queues must name all work unless database_url is set: without a server there is only one engine"
            )
        return self

    @model_validator(mode="after")
    def _distinct_keys(self) -> Self:
        if self.live_key and not self.live_key.get_secret_value().startswith("rr-live-"):
            raise ValueError("live_key must begin with rr-live-")
        if self.test_key and not self.test_key.get_secret_value().startswith("rr-test-"):
            raise ValueError("test_key must begin with rr-test-")
        if self.management_key and not self.management_key.get_secret_value().startswith("rr-mgmt-"):
            raise ValueError("management_key must begin with rr-mgmt-")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        config = os.environ.get("REELROUTER_CONFIG")
        toml = (TomlConfigSettingsSource(settings_cls, toml_file=Path(config)),) if config else ()
        return (init_settings, env_settings, *toml)

    def is_loopback(self) -> bool:
        """Whether the server is bound where only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def host_and_port(address: str) -> tuple[str, int]:
    """Of `host:port` or `[address]:port`. Raises `ValueError`."""
    host, _, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not host or (":" in host and not bracketed) or not (port.isascii() and port.isdecimal()):
        raise ValueError("must be host:port, e.g. 127.0.0.1:9464, or [::1]:9464")
    if not 0 < int(port) <= 65535:
        raise ValueError("must have a port from 1 to 65535")
    return host.strip("[]"), int(port)


def read_settings(**overrides: Any) -> Settings:
    """Raises pydantic's `ValidationError`, which names each wrong setting, or `FileNotFoundError`."""
    config = os.environ.get("REELROUTER_CONFIG")
    if config and not Path(config).is_file():
        raise FileNotFoundError(f"REELROUTER_CONFIG names {config}, which is not a file")
    return Settings(**{name: value for name, value in overrides.items() if value is not None})
