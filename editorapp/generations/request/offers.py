"""Offers: the same draft at every account: who can do it, for how much, how soon, what each cannot,
and how to get there.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import timezone

from editorapp.core.money import show_usd
from editorapp.costs.estimate import Estimate
from editorapp.costs.ledger import MonthTotals
from editorapp.costs.models import PriceQuote
from editorapp.generations.history import usual_seconds
from editorapp.generations.request import quotes, references
from editorapp.generations.request.check import (
    NOT_QUOTED,
    Verdict,
    price_of,
    too_dear,
    why_no_price,
)
from editorapp.generations.request.draft import Draft
from editorapp.media.facts import MediaFacts
from editorapp.providers import registry
from editorapp.providers.contract import CONTROL_VALUES, GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules import table
from editorapp.providers.rules.apply_fixes import applied
from editorapp.providers.rules.conditions import is_said
from editorapp.providers.rules.sentences import inside
from editorapp.providers.spec import REFUSE, Broken, Fix, Model, ParameterKind, Spec

LIST, KNOWN, ASKING, ASK, FAILED, NONE = "list", "known", "asking", "ask", "failed", "none"


@dataclass(frozen=True)
class Offer:
    """One account's answer to a draft.

    `refusals` are what this account cannot do; what is merely not filled in yet (no prompt, no
    source) is not among them, but stands against `can_send`. `lost` are the labels of what is said
    and it has no parameter for. `wait_seconds` is the usual time from sending to result, from our
    own history; None where there is none.
    """

    draft: Draft
    estimate: Estimate | None
    price_state: str  # "list" "known" "asking" "ask" "failed" "none"
    price_note: str
    wait_seconds: float | None
    refusals: tuple[Broken, ...]
    lost: tuple[str, ...]
    can_send: bool
    quote: PriceQuote | None = None
    count: int = 1
    is_chosen: bool = False

    @property
    def account(self) -> ProviderAccount:
        return self.draft.account

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.draft.spec.name

    @property
    def model_label(self) -> str:
        model = self.draft.model
        return model.label if model.name else ""


@dataclass(frozen=True)
class _RuleCheck:
    """What the rules say of a draft at a provider, whatever its words and its price are."""

    refusals: tuple[Broken, ...]
    unfilled: tuple[Broken, ...]
    lost: tuple[str, ...]


def offers(
    drafts: Sequence[Draft],
    *,
    chosen: int,
    budget: MonthTotals | None = None,
    now: datetime | None = None,
    count: int = 1,
) -> list[Offer]:
    """Return what each account says of its version of one draft, in the order given; `chosen` is an
    account's id.

    `count` takes are sent together, so that so many times the price must find room in the budget.

    The requests are whole: what an account has no parameter for is still in them, so that it can be
    named. One query where prices were asked for, and now and then one for the usual wait; neither
    grows with the gallery.
    """
    now = now or timezone.now()
    found = quotes.find_all(drafts, now=now)
    made = (_offer(draft, found.get(draft), budget, count, now) for draft in drafts)
    return [replace(offer, is_chosen=offer.account.pk == chosen) for offer in made]


def _offer(
    draft: Draft,
    quote: PriceQuote | None,
    budget: MonthTotals | None,
    count: int,
    now: datetime,
) -> Offer:
    account = draft.account
    model = draft.model
    rules = _rule_check(draft.spec, _wordless(draft), draft.facts)
    price = price_of(draft, quote, now=now)
    state, note = _price_words(draft, price, quote, now=now)
    refusals = list(rules.refusals)
    if model.name:
        known = (*refusals, *rules.unfilled)
        refusals += references.unreadable(account, draft.wanted, known)
    refusals += too_dear(price, budget, count=count)
    is_sound = not (refusals or rules.unfilled)
    return Offer(
        draft=draft,
        estimate=price,
        price_state=state,
        price_note=note,
        wait_seconds=usual_seconds(account.pk, model.name, model.task),
        refusals=tuple(refusals),
        lost=rules.lost,
        can_send=is_sound and price is not None and account.is_enabled,
        quote=quote,
        count=count,
    )


def _price_words(
    draft: Draft,
    price: Estimate | None,
    quote: PriceQuote | None,
    *,
    now: datetime,
) -> tuple[str, str]:
    if not draft.is_quoted:
        return (LIST, price.price_list) if price else (NONE, "no published price")
    if price:
        return KNOWN, price.basis
    if quote is None:
        return ASK, f"no published price: asks {draft.spec.name}, which is free"
    state = ASKING if quote.state == PriceQuote.State.ASKING else FAILED
    return state, why_no_price(draft.spec.name, quote, now=now)


def _wordless(draft: Draft) -> GenerationRequest:
    """Return the request with one letter for any sound prompt: typing asks nothing again."""
    if not _is_prompt_sound(draft):
        return draft.wanted
    changed, _source = applied(draft.wanted, None, {"prompt": "x"})
    return changed


def _is_prompt_sound(draft: Draft) -> bool:
    said = draft.wanted.prompt
    return (
        isinstance(said, str) and bool(said.strip()) and len(said) <= draft.model.limits.prompt_max
    )


@lru_cache(maxsize=2048)
def _rule_check(
    spec: Spec,
    wanted: GenerationRequest,
    facts: MediaFacts | None,
) -> _RuleCheck:
    model = spec.model_for(wanted)
    if not model.name:
        return _RuleCheck((_no_such_model(spec, wanted),), (), ())
    refused = table.refusals(table.check(spec, wanted, facts))
    unfilled = tuple(one for one in refused if _is_unfilled(wanted, one))
    able = tuple(one for one in refused if one not in unfilled)
    return _RuleCheck(able, unfilled, _lost(spec, model, wanted))


def _is_unfilled(wanted: GenerationRequest, one: Broken) -> bool:
    return one.field in ("prompt", "source") and not getattr(wanted, one.field)


def _no_such_model(spec: Spec, wanted: GenerationRequest) -> Broken:
    """Refuse a model that the provider does not have, named as whoever has it does."""
    models = (model for one in registry.every() for model in one.SPEC.models)
    labels = {model.task: model.label for model in models if model.name == wanted.model}
    label = labels.get(wanted.task) or next(iter(labels.values()), "such model")
    others = ", ".join(model.label for model in spec.models_for(wanted.task))
    message = f"{spec.name} has no {label} for this task"
    message += f"; it has {others}." if others else ", nor another model."
    return Broken("offer.model", "model", REFUSE, message)


def _lost(spec: Spec, model: Model, wanted: GenerationRequest) -> tuple[str, ...]:
    """Return the labels of what is said and the model has no parameter for, each once."""
    known = {row.field for row in model.parameters if not row.is_ignored}
    known |= {row.switch for row in model.parameters} | {"task", "model"}
    if any(row.kind is ParameterKind.PINNED for row in model.parameters):
        known.add("keyframe_indexes")
    labels = []
    for name, value in vars(wanted).items():
        is_aside = is_said(getattr(wanted, _BESIDE.get(name, ""), None))
        if is_said(value) and name not in known and not is_aside:
            labels.append(word_of(spec, name))
    return tuple(dict.fromkeys(labels))


# What is named by another field's label, where that is said, too.
_BESIDE = {value: f"{control}_enabled" for control, value in CONTROL_VALUES.items()} | {
    "keyframe_indexes": "keyframes"
}


def word_of(spec: Spec, name: str) -> str:
    """Name a field for people, as this provider does for any task, or else whoever has it."""
    if name in _POSITION:
        return "Position"
    specs = (spec, *(one.SPEC for one in registry.every()))
    labels = (row.label for one in specs for row in one.parameters if row.field == name)
    return next(labels, name.replace("_", " "))


_POSITION = ("x_norm", "y_norm", "w_norm", "h_norm")


def with_fixes(verdict: Verdict, offers: Sequence[Offer]) -> Verdict:
    """Add to each refusal the accounts that would take the whole draft without it: "Send to GMI
    Cloud, which takes 30 s".

    Only where the draft would there break nothing new, lose nothing that is said, and have a price
    or somebody to ask for one. Where the price is not known yet, nothing is promised: the way out
    is to ask for it. One account of each provider is named: the first.
    """
    here = next((offer for offer in offers if offer.is_chosen), None)
    if here is None or not verdict.refusals:
        return verdict
    now = _heads(verdict.refusals)
    there = [offer for offer in offers if not offer.is_chosen and _is_open(offer)]
    broken = tuple(_with_fixes(one, here, there, now) for one in verdict.broken)
    return replace(verdict, broken=broken)


def _is_open(offer: Offer) -> bool:
    has_price = offer.price_state not in (NONE, FAILED, ASKING)
    return has_price and not offer.lost and not offer.account.problem


def _with_fixes(
    one: Broken,
    here: Offer,
    there: Sequence[Offer],
    now: Counter[str],
) -> Broken:
    is_settled = not one.is_refusal or one.rule_id == NOT_QUOTED
    if is_settled or _is_unfilled(here.draft.wanted, one):
        return one
    head = _head(one)
    # A rule of its own knows the account that helps.
    named = {fix.changes.get("account") for fix in one.fixes}
    fixes: dict[str, Fix] = {}
    for offer in there:
        after = _heads(offer.refusals)
        if offer.account.pk not in named and not after[head] and after <= now:
            fixes.setdefault(offer.name, _fix(offer, _reason(one, head, here, offer)))
    return replace(one, fixes=(*fixes.values(), *one.fixes)) if fixes else one


def _fix(offer: Offer, reason: str) -> Fix:
    """Return the button that leads to another account; a question where nobody knows yet what it
    would cost there.
    """
    there = {"account": offer.account.pk}
    if offer.estimate:
        return Fix(f"Send to {offer.name}{reason}", there)
    if offer.refusals:  # something else is in the way there: it can be asked once that is settled
        return Fix(f"Try {offer.name}{reason}; its price must be asked for", there)
    aside = f"{reason}," if reason else ""
    return Fix(f"Ask {offer.name}{aside} what it would cost", {"ask": offer.account.pk})


def _heads(refusals: Sequence[Broken]) -> Counter[str]:
    """Count refusals by what they are about."""
    return Counter(_head(one) for one in refusals if one.is_refusal)


def _head(one: Broken) -> str:
    """Return the field, one of several as its list; the rule where it is about the whole."""
    return one.field.partition(".")[0] or one.rule_id


def _reason(one: Broken, head: str, here: Offer, there: Offer) -> str:
    """Say what of the other account helps, out of its rows: ", which takes 30 s"."""
    mine = here.draft.model
    its = there.draft.model
    if one.rule_id == "account.closed":
        return ""
    if one.rule_id == "budget":
        together = " for all of them" if there.count > 1 else ""
        price = there.estimate and show_usd(there.estimate.high_usd * there.count)
        return f", which costs {price}{together}" if price else ""
    if one.rule_id == "price.none":
        return ", which has a price for it" if there.estimate else ""
    if head in ("model", "task") or not mine.name:
        return f", which has {its.label}"
    if head == "source":
        return _source_reason(here, mine, its)
    return _field_reason(head, there, mine, its)


def _field_reason(head: str, there: Offer, mine: Model, its: Model) -> str:
    head = "keyframes" if head == "keyframe_indexes" else head
    word = "an end-user tag" if head == "user_id" else inside(word_of(there.draft.spec, head))
    if not mine.knows(head) and its.knows(head):
        return f", which takes {word}"
    if head in CONTROL_VALUES.values() and getattr(there.draft.wanted, head) is None:
        return ", which needs no value for it"
    return _value_reason(head, word, there, mine, its)


def _source_reason(here: Offer, mine: Model, its: Model) -> str:
    facts = here.draft.facts
    longest = its.limits.max_source_seconds
    most = mine.limits.max_source_seconds
    if facts is None or most is None or facts.duration_seconds <= most:
        return ", which takes this source"
    return ", which states no longest length" if longest is None else f", which takes {longest:g} s"


_LISTED = ("resolution", "aspect_ratio", "duration")  # whose values the limits list


def _value_reason(head: str, word: str, there: Offer, mine: Model, its: Model) -> str:
    value: Any = getattr(there.draft.wanted, head, None)
    made_here, made_there = (getattr(model.limits, f"{head}s", ()) for model in (mine, its))
    if head in _LISTED and value not in made_here and value in made_there:
        return f", which makes {value}"
    if head == "prompt" and its.limits.prompt_max > mine.limits.prompt_max:
        return f", which takes {its.limits.prompt_max:,} characters"
    return f", which takes {'these' if isinstance(value, tuple) else 'this'} {word}"
