"""Check: what would happen if a draft were sent now: broken rules, closed options, the price, and
the exact body.
"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from django.utils import timezone

from editorapp.core.money import ZERO, show_usd
from editorapp.costs.estimate import Estimate, estimate
from editorapp.costs.ledger import MonthTotals
from editorapp.costs.models import PriceQuote
from editorapp.generations.models import Fields
from editorapp.generations.request import references
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.quotes import estimate_of
from editorapp.providers import registry
from editorapp.providers.rules import table
from editorapp.providers.rules.apply_fixes import applied
from editorapp.providers.rules.unavailable import unavailable
from editorapp.providers.spec import (
    REFUSE,
    Auth,
    Broken,
    UnavailableOption,
)

NOT_QUOTED = "price.asking"  # no rule is broken: the price must still be asked for


@dataclass(frozen=True)
class Verdict:
    """The answer of `check`."""

    draft: Draft
    broken: tuple[Broken, ...]
    unavailable: dict[str, UnavailableOption]
    estimate: Estimate | None
    quote: PriceQuote | None = None

    @property
    def refusals(self) -> list[Broken]:
        return [one for one in self.broken if one.is_refusal]

    @property
    def warnings(self) -> list[Broken]:
        return [one for one in self.broken if not one.is_refusal]

    @property
    def can_send(self) -> bool:
        return not self.refusals and self.estimate is not None

    @property
    def must_quote(self) -> bool:
        """Is the price still to be asked for?"""
        return any(one.rule_id == NOT_QUOTED for one in self.refusals)

    @property
    def reasons(self) -> str:
        """Say in sentences why it cannot be sent."""
        return " ".join(one.message for one in self.refusals) or "No price is known for this."

    @cached_property
    def body(self) -> Fields:
        """The exact body as a page shows it: only what is sent is encoded a second time, with its
        files staged.
        """
        body: Fields = self._provider.encode(self.draft.wanted, self.draft.spec)
        return body

    @property
    def body_json(self) -> str:
        return json.dumps(self.body, indent=2, ensure_ascii=False)

    @property
    def url(self) -> str:
        """The address that the paid call goes to."""
        return f"{self.draft.account.address()}{self._provider.endpoint(self.draft.wanted)}"

    @property
    def curl(self) -> str:
        """The call as a command that runs once the environment holds the key (and the account's
        other values).
        """
        spec = self.draft.spec
        written = json.dumps(self.body, ensure_ascii=False, separators=(", ", ": "))
        key = ":".join(f"${name}" for name in spec.credentials)
        headers, query = _more_of(self.draft)
        lines = [
            f"curl -X POST {shlex.quote(self.url)}{query}",
            f'-u "{key}"' if spec.auth is Auth.BASIC else f'-H "Authorization: Bearer {key}"',
            *headers,
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(written)}",
        ]
        return " \\\n  ".join(lines)

    @property
    def _provider(self) -> Any:
        return registry.get(self.draft.account.provider)


def check(
    draft: Draft,
    *,
    budget: MonthTotals | None = None,
    with_options: bool = True,
    quote: PriceQuote | None = None,
    now: datetime | None = None,
) -> Verdict:
    """Judge a draft before it costs anything. Pure and quick: asks no table and no network.

    `budget` adds the refusal of what this month's budget has no room for. `with_options` False
    leaves `unavailable` empty, for a guard that shows no form. `quote` is what the provider said of
    this draft's price, where it publishes none (see quotes.py): an old one is no price.
    """
    now = now or timezone.now()
    price = price_of(draft, quote, now=now)
    found = table.check(draft.spec, draft.wanted, draft.facts)
    found += list(references.unreadable(draft.account, draft.wanted, found))
    if draft.account.problem:
        found.append(_refusal("account.closed", draft.account.problem))
    found += _unpriced(draft, quote, found, now=now) if price is None else too_dear(price, budget)
    options = {}
    if with_options:
        wordless, _source = applied(draft.wanted, draft.facts, {"prompt": ""})
        options = dict(_options(draft.spec, wordless, draft.facts))
    return Verdict(draft, tuple(found), options, price, quote)


# The prompt closes no option, so it is left out: typing does not ask again.
_options = lru_cache(maxsize=1024)(unavailable)


def price_of(draft: Draft, quote: PriceQuote | None, *, now: datetime) -> Estimate | None:
    """Return the published price, or the one that was quoted within the hour; None where there is
    none.
    """
    if not draft.is_quoted:
        return estimate(draft.wanted, draft.facts, provider=draft.account.provider)
    return None if quote is None or quote.is_old(now) else estimate_of(quote)


def why_no_price(name: str, quote: PriceQuote | None, *, now: datetime) -> str:
    """Say what is happening with a price that must be asked for, and what to do."""
    if quote is None:
        return f"{name} publishes no price for this. Ask {name} for it first: that is free, and it holds for an hour."
    if quote.is_old(now):
        return f"This price is older than an hour. Ask {name} again: that is free."
    if quote.state == PriceQuote.State.ASKING:
        return f"{name} is being asked what this costs. Its answer comes in a moment: wait for it."
    return f"No price came: {quote.note.rstrip('. ')}. Ask again, or change what you want."


def _unpriced(
    draft: Draft,
    quote: PriceQuote | None,
    found: Sequence[Broken],
    *,
    now: datetime,
) -> list[Broken]:
    """Refuse what has no price, once nothing else stands in its way: no money is spent without a
    reservation. The prompt moves no quote.
    """
    name = draft.spec.name
    beside = {"prompt"} if draft.is_quoted else set()
    if any(one.is_refusal and one.field not in beside for one in found):
        return []
    if draft.is_quoted:
        return [_refusal(NOT_QUOTED, why_no_price(name, quote, now=now))]
    message = (
        f"{name} publishes no price for this, so it cannot be sent: nothing is spent without holding its "
        "price first. Choose other settings, or another provider."
    )
    return [_refusal("price.none", message)]


def too_dear(
    price: Estimate | None,
    budget: MonthTotals | None,
    *,
    count: int = 1,
) -> list[Broken]:
    """Refuse what this month's budget has no room for, so many times."""
    if price is None or budget is None or budget.available_usd is None:
        return []
    needed = price.high_usd * count
    if needed <= budget.available_usd:
        return []
    message = (
        f"This may cost {show_usd(needed)} and {show_usd(max(budget.available_usd, ZERO))} of this month's "
        "budget is free. Ask an admin to raise it."
    )
    return [_refusal("budget", message, status=402)]


def _refusal(rule_id: str, message: str, **more: Any) -> Broken:
    """Return a refusal of the whole request."""
    return Broken(rule_id, "", REFUSE, message, **more)


def _more_of(draft: Draft) -> tuple[list[str], str]:
    """Return the options and the query that say the account's other values."""
    spec = draft.spec
    if not (spec.headers or spec.params):
        return [], ""
    access = draft.account.access()
    headers = [f'-H "{name}: ${spec.headers[name]}"' for name in access.headers]
    query = "&".join(f"{name}=${spec.params[name]}" for name in access.params)
    return headers, f'"?{query}"' if query else ""
