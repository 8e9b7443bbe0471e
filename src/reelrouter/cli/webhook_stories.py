"""How deliveries and signing secrets look on a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from reelrouter.accounts.signing import SecretRecord
from reelrouter.api.webhook_views import delivery_view, secret_view
from reelrouter.cli.output import out, print_line
from reelrouter.cli.tables import is_wide, pairs, table
from reelrouter.gateway.deliveries import DeliveryPage


def print_page(page: DeliveryPage) -> None:
    made = table("id", "status", ">tries", "event", "made", *(["to~"] if is_wide() else []))
    for one in page.deliveries:
        shown = delivery_view(one)
        event = shown["event"].removeprefix("video.generation.")
        to = [Text(shown["url"])] if is_wide() else []
        made.add_row(one.id, shown["status"], str(shown["tries"]), event, _hour(shown["created_at"]), *to)
    out.print(made)
    if page.next_cursor:
        out.print(f"\n[dim]There are more: --cursor {page.next_cursor}[/dim]", soft_wrap=True)


def print_story(shown: Mapping[str, Any]) -> None:
    """What is delivered, to whom, and what came of each attempt."""
    facts = {
        "id": shown["id"],
        "status": shown["status"],
        "event": shown["event"],
        "job": shown["job_id"],
        "to": shown["url"],
        "key": shown["idempotency_key"],
        "made": shown["created_at"],
        "next attempt": shown["next_attempt_at"],
    }
    out.print(pairs((name, str(value)) for name, value in facts.items() if value))
    for one in shown["attempts"]:
        print_line(f"{one['number']}. {_hour(one['sent_at'])}: {_outcome(one)}")
    if not shown["attempts"]:
        print_line("No attempt was made yet. They are made while the gateway runs: reelrouter serve")
    print_line(shown["body"])


def hours(secret: SecretRecord) -> tuple[str, str]:
    """When it was made, and when it ends."""
    shown = secret_view(secret)
    return _hour(shown["created_at"]), _hour(shown["expires_at"]) if shown["expires_at"] else "never"


def _outcome(attempt: dict[str, Any]) -> str:
    if attempt["status"] is None and attempt["error"] is None:
        return "under way"
    took = "" if attempt["latency_ms"] is None else f" after {attempt['latency_ms']} ms"
    said = _plain(" ".join(part for part in (attempt["error"], attempt["response"]) if part))
    status = attempt["status"] or "no answer"
    return f"{status}{took}{f': {said}' if said else ''}"


def _hour(moment: str) -> str:
    """To the second; the zone is UTC."""
    return moment[:19].replace("T", " ")


def _plain(text: str) -> str:
    """In one line, and without what a terminal would obey: a stranger wrote it."""
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))
