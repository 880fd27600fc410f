"""Retry bounds: within which time a policy's end must have come."""

from editorapp.core.retry import RetryPolicy


def bound_seconds(
    policy: RetryPolicy,
    *,
    lasts_seconds: float = 0.0,
    longest_asked_seconds: float = 0.0,
) -> float:
    """Return within which time it is over, whatever pause up to `longest_asked_seconds` the other
    side asks for.
    """
    pauses = [
        policy.pause_seconds(failures, least=longest_asked_seconds)
        for failures in range(1, policy.tries)
    ]
    lasts = policy.lasts_seconds if policy.lasts_seconds is not None else lasts_seconds
    return max(sum(pauses), lasts) + max(policy.longest_seconds, longest_asked_seconds)
