"""How a bucket is reached, and how long it is waited for. What is kept in it is `objects`' business."""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from obstore.store import ObjectStore, from_url

if TYPE_CHECKING:
    from obstore.store import BackoffConfig, ClientConfig, RetryConfig  # they exist for type checkers alone

BUCKETS = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}
"""How the environment's names for each kind of bucket begin."""
_CLIENT_OPTIONS: Mapping[str, str] = {
    "connect_timeout": "5s",
    "read_timeout": "20s",
    # The library's is 30 s for a whole download, which it then takes up again only a few times.
    "timeout": "24h",
}
"""A bucket that does not answer is given up within 30 seconds. The upload of a part has to end within
`read_timeout`, but a download only has to go on: its clock starts anew with every piece."""
_OPTIONS_OF_ENVIRONMENT = (
    *_CLIENT_OPTIONS,
    "allow_http",
    "allow_invalid_certificates",
    "http1_only",
    "http2_only",
    "pool_idle_timeout",
    "pool_max_idle_per_host",
    "proxy_url",
    "proxy_ca_certificate",
    "proxy_excludes",
    "root_certificate",
    "user_agent",
)
"""The library reads none of them from the environment once it is given options."""
_BACKOFF: "BackoffConfig" = {"max_backoff": timedelta(seconds=2)}
RETRIES: "RetryConfig" = {"retry_timeout": timedelta(seconds=10), "backoff": _BACKOFF}
READING_RETRIES: "RetryConfig" = {**RETRIES, "max_retries": 4, "retry_timeout": timedelta(minutes=3)}
"""A download that breaks off minutes after it began is still taken up again where it was."""


def open_bucket(url: str, retries: "RetryConfig") -> ObjectStore:
    """The store behind an address of one of the `BUCKETS`; nothing is asked of it yet."""
    options = client_options(urlsplit(url).scheme, os.environ)
    return from_url(url, client_options=options, retry_config=retries)


def client_options(scheme: str, environment: Mapping[str, str]) -> "ClientConfig":
    """Our patience with a bucket, and beside it what the environment says under the bucket's usual names."""
    prefix = BUCKETS[scheme]
    named = {option: environment.get(f"{prefix}{option.upper()}") for option in _OPTIONS_OF_ENVIRONMENT}
    return cast("ClientConfig", {**_CLIENT_OPTIONS, **{option: value for option, value in named.items() if value}})
