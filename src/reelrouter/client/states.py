"""The words for a job's state, and which of them are the end of it."""

WORKING = frozenset({"pending", "in_progress"})
ENDED = frozenset({"completed", "failed", "cancelled", "expired"})

_ENDED_ELSEWHERE = frozenset({"dead", "canceled", "error", "rejected"})
"""Words that other servers of the contract, or their clients, use for an end other than well."""


def is_over(status: str, error: str | None) -> bool:
    """Whether a job goes no further.

    The list of words is open: one that nobody knows is taken for the end only if an error comes with it.
    """
    if status in ENDED or status in _ENDED_ELSEWHERE:
        return True
    return status not in WORKING and error is not None
