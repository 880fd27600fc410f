"""What would happen if this request were sent now: broken rules, greyed options, the price, and the
exact body.
"""

import json
import shlex
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import timezone

from editorapp.core.money import ZERO, show_usd
from editorapp.costs.estimate import Estimate, estimate
from editorapp.costs.ledger import MonthTotals
from editorapp.costs.models import PriceQuote
from editorapp.generations.request import references
from editorapp.generations.request.quotes import estimate_of, is_asked
from editorapp.media.facts import MediaFacts
from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules import table
from editorapp.providers.rules.fixes import applied
from editorapp.providers.rules.unavailable import unavailable
from editorapp.providers.spec import WARN, Auth, Broken, Spec, UnavailableOption


@dataclass(frozen=True)
class Verdict:
    """The answer of `weigh`.

    `broken` is by field of the request ("prompt", "keyframes.3"; "" for the whole).
    """

    broken: dict[str, tuple[Broken, ...]]
    unavailable: dict[str, UnavailableOption]
    estimate: Estimate | None
    body: dict[str, Any]
    curl: str

    @property
    def refusals(self) -> list[Broken]:
        return [one for found in self.broken.values() for one in found if one.level == table.REFUSE]

    @property
    def warnings(self) -> list[Broken]:
        return [one for found in self.broken.values() for one in found if one.level == WARN]

    @property
    def can_send(self) -> bool:
        return not self.refusals and self.estimate is not None

    @property
    def body_json(self) -> str:
        return json.dumps(self.body, indent=2, ensure_ascii=False)


def weigh(
    wanted: GenerationRequest,
    source: Asset | None,
    account: ProviderAccount,
    *,
    budget: MonthTotals | None = None,
    with_options: bool = True,
    asked: PriceQuote | None = None,
    now: datetime | None = None,
) -> Verdict:
    """Judge a request before it costs anything. Pure and quick: asks no table and no network.

    `source` is the stored clip that is edited, where there is one; its facts feed the rules and the
    price. `budget` adds the refusal of what this month's budget has no room for. `with_options`
    False leaves `unavailable` empty, for a guard that shows no form. `asked` is what the provider
    was asked for this draft, where it publishes no price (see asking.py): an old answer is no
    price.
    """
    provider = registry.get(account.provider)
    facts, now = source.facts() if source else None, now or timezone.now()
    priced = price(wanted, facts, account, asked, now=now)
    found = list(table.check(account.spec, wanted, facts))
    found += [*references.unreadable(account, wanted, found), *_closed(account)]
    if priced is None:
        found += (
            _unasked(found, account, asked, now=now)
            if is_asked(account, wanted)
            else _unpriced(found, account)
        )
    found += too_dear(priced, budget)
    by_field: dict[str, tuple[Broken, ...]] = {}
    for one in found:
        by_field[one.field] = (*by_field.get(one.field, ()), one)
    body, (wordless, _facts) = (
        provider.encode(wanted, account.spec),
        applied(wanted, facts, {"prompt": ""}),
    )
    return Verdict(
        broken=by_field,
        unavailable=dict(_unavailable(account.spec, wordless, facts)) if with_options else {},
        estimate=priced,
        body=body,
        curl=_curl(account, provider.endpoint(wanted), body),
    )


@lru_cache(maxsize=1024)
def _unavailable(
    spec: Spec, wanted: GenerationRequest, facts: MediaFacts | None
) -> dict[str, UnavailableOption]:
    """Return the closed options of a request without its prompt, which closes none: typing does not
    ask again.
    """
    return unavailable(spec, wanted, facts)


def _closed(account: ProviderAccount) -> list[Broken]:
    return [Broken("account.closed", "", table.REFUSE, account.problem)] if account.problem else []


def price(
    wanted: GenerationRequest,
    facts: MediaFacts | None,
    account: ProviderAccount,
    asked: PriceQuote | None,
    *,
    now: datetime,
) -> Estimate | None:
    """Return the published price, or the one that was asked for within the hour; None where there
    is none.
    """
    if not is_asked(account, wanted):
        return estimate(wanted, facts, provider=account.provider)
    return None if asked is None or asked.is_old(now) else estimate_of(asked)


def why_no_price(name: str, asked: PriceQuote | None, *, now: datetime) -> str:
    """Say what is happening with a price that must be asked for, and what to do."""
    if asked is None:
        return f"{name} publishes no price for this. Ask {name} for it first: that is free, and it holds for an hour."
    if asked.is_old(now):
        return f"This price is older than an hour. Ask {name} again: that is free."
    if asked.state == PriceQuote.State.ASKING:
        return f"{name} is being asked what this costs. Its answer comes in a moment: wait for it."
    return f"No price came: {asked.note.rstrip('. ')}. Ask again, or change what you want."


def _unpriced(found: list[Broken], account: ProviderAccount) -> list[Broken]:
    """Refuse what nothing else refuses but nobody can price: no money is spent without a
    reservation.
    """
    if any(one.is_refusal for one in found):
        return []
    message = (
        f"{account.spec.name} publishes no price for this, so it cannot be sent: nothing is spent without holding its "
        "price first. Choose other settings, or another provider."
    )
    return [Broken("price.none", "", table.REFUSE, message)]


def _unasked(
    found: list[Broken], account: ProviderAccount, asked: PriceQuote | None, *, now: datetime
) -> list[Broken]:
    """Refuse what the provider must still be asked for, once nothing but the prompt stands in its
    way.
    """
    if any(one.is_refusal and one.field != "prompt" for one in found):
        return []
    return [
        Broken("price.asking", "", table.REFUSE, why_no_price(account.spec.name, asked, now=now))
    ]


def too_dear(
    priced: Estimate | None, budget: MonthTotals | None, *, count: int = 1
) -> list[Broken]:
    """Refuse what this month's budget has no room for, so many times."""
    if priced is None or budget is None or budget.available_usd is None:
        return []
    needed = priced.high_usd * count
    if needed <= budget.available_usd:
        return []
    message = (
        f"This may cost {show_usd(needed)} and {show_usd(max(budget.available_usd, ZERO))} of this month's "
        "budget is free. Ask an admin to raise it."
    )
    return [Broken("budget", "", table.REFUSE, message, status=402)]


def _curl(account: ProviderAccount, path: str, body: dict[str, Any]) -> str:
    """Write the call as a command that runs once the environment holds the key (and the account's
    other values).
    """
    spec, address = account.spec, account.address() + path
    written = json.dumps(body, ensure_ascii=False, separators=(", ", ": "))
    key = ":".join(f"${name}" for name in spec.credentials)
    access = account.access() if spec.headers or spec.params else None
    headers, params = (access.headers, access.params) if access else ({}, {})
    query = "&".join(f"{name}=${spec.params[name]}" for name in params)
    lines = [
        f"curl -X POST {shlex.quote(address)}" + (f'"?{query}"' if query else ""),
        f'-u "{key}"' if spec.auth is Auth.BASIC else f'-H "Authorization: Bearer {key}"',
        *(f'-H "{name}: ${spec.headers[name]}"' for name in headers),
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(written)}",
    ]
    return " \\\n  ".join(lines)
