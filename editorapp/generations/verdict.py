"""What would happen if this request were sent now: broken rules, greyed options, the price, and the exact body."""

import json
import shlex
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from editorapp.core.money import show_usd
from editorapp.costs.estimate import Estimate, estimate
from editorapp.costs.ledger import MonthTotals
from editorapp.generations import reach
from editorapp.media.facts import MediaFacts
from editorapp.media.models import Asset
from editorapp.providers import registry, rules
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules import Broken, Unavailable
from editorapp.providers.spec import Auth, Spec


@dataclass(frozen=True)
class Verdict:
    """The answer of `weigh`. `broken` is by field of the request ("prompt", "keyframes.3"; "" for the whole)."""

    broken: dict[str, tuple[Broken, ...]]
    unavailable: dict[str, Unavailable]
    estimate: Estimate | None
    body: dict[str, Any]
    curl: str

    @property
    def refusals(self) -> list[Broken]:
        return [one for found in self.broken.values() for one in found if one.level == rules.REFUSE]

    @property
    def warnings(self) -> list[Broken]:
        return [one for found in self.broken.values() for one in found if one.level == rules.WARN]

    @property
    def can_send(self) -> bool:
        return not self.refusals and self.estimate is not None

    @property
    def body_json(self) -> str:
        return json.dumps(self.body, indent=2, ensure_ascii=False)


def weigh(
    wanted: GenerationRequest, source: Asset | None, account: ProviderAccount, *, budget: MonthTotals | None = None,
    with_options: bool = True,
) -> Verdict:  # fmt: skip
    """Judge a request before it costs anything. Pure and quick: asks no table and no network.

    `source` is the stored clip that is edited, where there is one; its facts feed the rules and the price.
    `budget` adds the refusal of what this month's budget has no room for. `with_options` False leaves `unavailable`
    empty, for a guard that shows no form.
    """
    provider = registry.get(account.provider)
    facts = source.facts() if source else None
    priced = estimate(wanted, facts, provider=account.provider)
    found = list(rules.check(account.spec, wanted, facts))
    found += reach.unreadable(account, wanted, found)
    found += [*_closed(account), *_unpriced(priced, found), *_too_dear(priced, budget)]
    by_field: dict[str, tuple[Broken, ...]] = {}
    for one in found:
        by_field[one.field] = (*by_field.get(one.field, ()), one)
    body = provider.encode(wanted, account.spec)
    return Verdict(
        broken=by_field,
        unavailable=dict(_unavailable(account.spec, replace(wanted, prompt=None), facts)) if with_options else {},
        estimate=priced,
        body=body,
        curl=_curl(account, provider.endpoint(wanted), body),
    )


@lru_cache(maxsize=1024)
def _unavailable(spec: Spec, wanted: GenerationRequest, facts: MediaFacts | None) -> dict[str, Unavailable]:
    """Return the closed options of a request without its prompt, which closes none: typing does not ask again."""
    return rules.unavailable(spec, wanted, facts)


def _closed(account: ProviderAccount) -> list[Broken]:
    if account.is_enabled:
        return []
    message = f"The account {account.name} is switched off. An admin can switch it on again."
    return [Broken("account.closed", "", rules.REFUSE, message)]


def _unpriced(priced: Estimate | None, found: list[Broken]) -> list[Broken]:
    """Refuse what nothing else refuses but nobody can price: no money is spent without a reservation."""
    if priced is not None or any(one.level == rules.REFUSE for one in found):
        return []
    return [Broken("price.none", "", rules.REFUSE, "No price is known for this combination, so it cannot be sent.")]


def _too_dear(priced: Estimate | None, budget: MonthTotals | None) -> list[Broken]:
    if priced is None or budget is None or budget.available_usd is None or priced.high_usd <= budget.available_usd:
        return []
    message = (
        f"This may cost {show_usd(priced.high_usd)} and {show_usd(max(budget.available_usd, priced.high_usd * 0))} "
        "of this month's budget is free. Ask an admin to raise it."
    )
    return [Broken("budget", "", rules.REFUSE, message, status=402)]


def _curl(account: ProviderAccount, path: str, body: dict[str, Any]) -> str:
    """Write the call as a command that runs once the key is in the environment; a key is never shown."""
    written = json.dumps(body, ensure_ascii=False, separators=(", ", ": "))
    key = ":".join(f"${name}" for name in account.spec.credentials)
    lines = [
        f"curl -X POST {shlex.quote(account.address() + path)}",
        f'-u "{key}"' if account.spec.auth is Auth.BASIC else f'-H "Authorization: Bearer {key}"',
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(written)}",
    ]
    return " \\\n  ".join(lines)
