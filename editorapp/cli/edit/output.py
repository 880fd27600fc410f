"""What `manage.py edit` answers: the same facts as JSON and in words."""

import json
from typing import Any

from editorapp.core.money import show_range
from editorapp.generations.models import Generation
from editorapp.generations.request.quotes import is_asked
from editorapp.generations.request.verdict import Verdict
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Broken

STILL_ASKED = "price.asking"  # no rule is broken: the price is not known yet


def refusals(verdict: Verdict) -> list[Broken]:
    """Return what must be mended; a price that can still be asked for is none of it."""
    return [one for one in verdict.refusals if one.rule_id != STILL_ASKED]


def as_json(
    verdict: Verdict, wanted: GenerationRequest, account: ProviderAccount
) -> dict[str, Any]:
    """Return a verdict and exactly what would be sent where."""
    estimate = verdict.estimate
    return {
        "accepted": not refusals(verdict),
        "broken": [
            {"rule": row.rule_id, "field": row.field, "level": row.level, "message": row.message}
            for row in (*refusals(verdict), *verdict.warnings)
        ],
        "estimate": estimate
        and {
            "low_usd": estimate.low_usd,
            "high_usd": estimate.high_usd,
            "basis": estimate.basis,
            "as_of": estimate.as_of,
        },
        "asks_price": estimate is None and is_asked(account, wanted),
        "provider": account.provider,
        "account": account.name,
        "url": account.address() + registry.get(account.provider).endpoint(wanted),
        "body": verdict.body,
    }


def in_words(verdict: Verdict, wanted: GenerationRequest, account: ProviderAccount) -> str:
    lines = [
        f"{'Refused' if row.is_refusal else 'Note'} ({row.rule_id}): {row.message}"
        for row in (*refusals(verdict), *verdict.warnings)
    ]
    if refusals(verdict):
        return "\n".join([*lines, "Nothing was sent."])
    return "\n".join(
        [*lines, f"{account} can take this.", price_in_words(verdict, wanted, account)]
    )


def request_in_words(verdict: Verdict, wanted: GenerationRequest, account: ProviderAccount) -> str:
    """Return the exact request, as the page shows it."""
    path = registry.get(account.provider).endpoint(wanted)
    body = json.dumps(verdict.body, indent=2, ensure_ascii=False)
    return f"POST {account.address()}{path}\n{body}"


def price_in_words(verdict: Verdict, wanted: GenerationRequest, account: ProviderAccount) -> str:
    estimate = verdict.estimate
    if estimate is None and is_asked(account, wanted):
        return f"{account.spec.name} publishes no price for this: it is asked before anything is sent, which is free."
    if estimate is None:
        return "No price is published for this."
    return f"{show_range(estimate.low_usd, estimate.high_usd)}: {estimate.basis}."


def result(generation: Generation) -> dict[str, Any]:
    """Return how a take stands, and the facts of its result where there is one."""
    made = generation.result
    return {
        "generation": generation.pk,
        "state": generation.state,
        "provider": generation.provider,
        "task": generation.task,
        "model": generation.model,
        "provider_generation_id": generation.chain_id,
        "simulated": generation.is_simulated,
        "estimate_low_usd": generation.estimate_low_usd,
        "estimate_high_usd": generation.estimate_high_usd,
        "cost_usd": generation.cost_usd,
        "cost_is_estimated": generation.cost_is_estimated,
        "message": generation.failure_message,
        "facts": made
        and {
            "width": made.width,
            "height": made.height,
            "fps": f"{made.fps_numerator}/{made.fps_denominator}",
            "frame_count": made.frame_count,
            "duration_seconds": float(made.duration_seconds),
            "has_audio": made.has_audio,
            "hdr": made.hdr,
        },
    }
