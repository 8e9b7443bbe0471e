"""Moments and days as answers have them: ISO 8601, by UTC."""

from datetime import UTC, date, datetime, timedelta

EPOCH = date(1970, 1, 1)


def moment(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds")


def day(since_1970: int) -> str:
    """`2026-11-21`."""
    return (EPOCH + timedelta(days=since_1970)).isoformat()
