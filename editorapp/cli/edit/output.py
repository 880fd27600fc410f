"""Output of `manage.py edit`: the same facts as JSON and in words, of one take and of several."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from editorapp.core.money import ZERO, show_range, show_usd
from editorapp.generations.models import Generation
from editorapp.generations.request.check import NOT_QUOTED, Verdict
from editorapp.providers.spec import Broken

Json = dict[str, Any]  # one object
Takes = Sequence[Generation]

ESTIMATE = ("low_usd", "high_usd", "basis", "as_of")
FACTS = ("width", "height", "frame_count", "has_audio", "hdr")
TAKE = (
    "state",
    "provider",
    "task",
    "model",
    "estimate_low_usd",
    "estimate_high_usd",
    "cost_usd",
    "cost_is_estimated",
)


def refusals(verdict: Verdict) -> list[Broken]:
    """Return what must be mended; a price that can still be asked for is none of it."""
    return [one for one in verdict.refusals if one.rule_id != NOT_QUOTED]


def _findings(verdict: Verdict) -> list[Broken]:
    return [*refusals(verdict), *verdict.warnings]


def as_json(verdict: Verdict) -> Json:
    """Return a verdict and exactly what would be sent where."""
    estimate, account = verdict.estimate, verdict.draft.account
    return {
        "accepted": not refusals(verdict),
        "broken": [
            {
                "rule": row.rule_id,
                "field": row.field,
                "level": row.level,
                "message": row.message,
            }
            for row in _findings(verdict)
        ],
        "estimate": estimate and {name: getattr(estimate, name) for name in ESTIMATE},
        "asks_price": estimate is None and verdict.draft.is_quoted,
        "provider": account.provider,
        "account": account.name,
        "url": verdict.url,
        "body": verdict.body,
    }


def in_words(verdict: Verdict) -> str:
    end = "Nothing was sent." if refusals(verdict) else _taken_in_words(verdict)
    return "\n".join([*map(_finding_in_words, _findings(verdict)), end])


def _taken_in_words(verdict: Verdict) -> str:
    return f"{verdict.draft.account} can take this.\n{price_in_words(verdict)}"


def _finding_in_words(row: Broken) -> str:
    kind = "Refused" if row.is_refusal else "Note"
    return f"{kind} ({row.rule_id}): {row.message}"


def request_in_words(verdict: Verdict) -> str:
    """Return the verdict and the exact request, as the page shows it."""
    return f"{in_words(verdict)}\nPOST {verdict.url}\n{verdict.body_json}"


def price_in_words(verdict: Verdict) -> str:
    estimate = verdict.estimate
    if estimate is not None:
        return f"{show_range(estimate.low_usd, estimate.high_usd)}: {estimate.basis}."
    if verdict.draft.is_quoted:
        name = verdict.draft.spec.name
        return f"{name} publishes no price for this: it is asked before anything is sent, which is free."
    return "No price is published for this."


def result(take: Generation) -> Json:
    """Return how a take stands, and the facts of its result where there is one."""
    made = take.result
    facts = made and {
        **{name: getattr(made, name) for name in FACTS},
        "fps": f"{made.fps_numerator}/{made.fps_denominator}",
        "duration_seconds": float(made.duration_seconds),
    }
    return {
        "generation": take.pk,
        **{name: getattr(take, name) for name in TAKE},
        "provider_generation_id": take.chain_id,
        "simulated": take.is_simulated,
        "message": take.failure_message,
        "facts": facts,
    }


def cost(take: Generation) -> str:
    """Write "$1.08 (estimated). Simulated: nothing was paid."."""
    estimated = " (estimated)" if take.cost_is_estimated else ""
    simulated = " Simulated: nothing was paid." if take.is_simulated else ""
    return f"{show_usd(take.cost_usd or ZERO)}{estimated}.{simulated}"


def named(takes: Takes) -> str:
    """Name takes: "#3", "#3 to #8"."""
    if len(takes) == 1:
        return f"#{takes[0].pk}"
    return f"#{takes[0].pk} to #{takes[-1].pk}"


def total(verdicts: Sequence[Verdict]) -> Json:
    """Add up what takes cost; None where the price of one of them is not known."""
    prices = [one.estimate for one in verdicts if one.estimate is not None]
    if len(prices) < len(verdicts):
        return {"total_low_usd": None, "total_high_usd": None}
    return {
        "total_low_usd": sum((one.low_usd for one in prices), ZERO),
        "total_high_usd": sum((one.high_usd for one in prices), ZERO),
    }


def held(takes: Takes) -> Json:
    """Return what is held for takes that are queued, as `total` does."""
    return {
        "total_low_usd": sum((one.estimate_low_usd for one in takes), ZERO),
        "total_high_usd": sum((one.estimate_high_usd for one in takes), ZERO),
    }


def total_in_words(count: int, said: Json) -> str:
    """Write "3 takes, $3.24."."""
    low, high = said["total_low_usd"], said["total_high_usd"]
    if low is None or high is None:
        return f"{count} takes; their price is asked before anything is sent, which is free."
    return f"{count} takes, {show_range(low, high)}."


def progress(takes: Takes) -> str:
    """Say how far they are: "Processing", "2 done, 1 processing"."""
    states = [str(one.get_state_display()) for one in takes]
    return states[0] if len(states) == 1 else _counted(states)


def _counted(states: list[str]) -> str:
    counted = Counter(map(str.lower, states))
    return ", ".join(f"{count} {state}" for state, count in counted.items())
