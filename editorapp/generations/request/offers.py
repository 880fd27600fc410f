"""The same draft at every account: who can do it, for how much, how soon, what each cannot, and how
to get there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import timezone

from editorapp.core.money import show_usd
from editorapp.costs.estimate import Estimate
from editorapp.costs.ledger import MonthTotals
from editorapp.costs.models import PriceQuote
from editorapp.generations.history import usual_seconds
from editorapp.generations.request import references
from editorapp.generations.request.quotes import is_asked, known_of
from editorapp.generations.request.verdict import Verdict, price, too_dear, why_no_price
from editorapp.media.facts import MediaFacts
from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import CONTROL_VALUES, GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules import table
from editorapp.providers.rules.conditions import is_said
from editorapp.providers.rules.fixes import applied
from editorapp.providers.spec import Broken, Fix, Model, ParameterKind, Spec

LIST, KNOWN, ASKING, ASK, FAILED, NONE = "list", "known", "asking", "ask", "failed", "none"


@dataclass(frozen=True)
class Offer:
    """One account's answer to a draft.

    `refusals` are what this account cannot do; what is merely not filled in yet (no prompt, no
    source) is not among them, but stands against `can_send`. `lost` are the labels of what is said
    and it has no parameter for. `wait_seconds` is the usual time from sending to result, from our
    own history; None where there is none.
    """

    account: ProviderAccount
    model_label: str
    estimate: Estimate | None
    price_state: str  # "list" "known" "asking" "ask" "failed" "none"
    price_note: str
    wait_seconds: float | None
    refusals: tuple[Broken, ...]
    lost: tuple[str, ...]
    is_chosen: bool
    can_send: bool
    wanted: GenerationRequest = field(repr=False)
    facts: MediaFacts | None = field(repr=False)
    count: int = 1

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.account.spec.name


@dataclass(frozen=True)
class _Standing:
    """What the rules say of a draft at a provider, whatever its words and its price are."""

    refusals: tuple[Broken, ...]
    unfilled: tuple[Broken, ...]
    lost: tuple[str, ...]


def offers(
    asked: Sequence[tuple[ProviderAccount, GenerationRequest]],
    source: Asset | None,
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
    now, facts = now or timezone.now(), source.facts() if source is not None else None
    rows = known_of(asked, source, now=now)
    return [
        _offer(
            account,
            wanted,
            facts,
            rows.get(account.pk),
            chosen=chosen,
            budget=budget,
            now=now,
            count=count,
        )
        for account, wanted in asked
    ]


def _offer(
    account: ProviderAccount,
    wanted: GenerationRequest,
    facts: MediaFacts | None,
    row: PriceQuote | None,
    *,
    chosen: int,
    budget: MonthTotals | None,
    now: datetime,
    count: int,
) -> Offer:
    spec = account.spec
    model = spec.model_for(wanted)
    standing = _standing(spec, _plain(model, wanted), facts)
    priced = price(wanted, facts, account, row, now=now)
    state, note = _price_words(account, wanted, priced, row, now=now)
    unreadable = (
        references.unreadable(account, wanted, (*standing.refusals, *standing.unfilled))
        if model.name
        else ()
    )
    refusals = (*standing.refusals, *unreadable, *too_dear(priced, budget, count=count))
    return Offer(
        account=account,
        model_label=model.label if model.name else "",
        estimate=priced,
        price_state=state,
        price_note=note,
        wait_seconds=usual_seconds(account.pk, model.name, model.task),
        refusals=refusals,
        lost=standing.lost,
        is_chosen=account.pk == chosen,
        can_send=not (refusals or standing.unfilled) and priced is not None and account.is_enabled,
        wanted=wanted,
        facts=facts,
        count=count,
    )


def _price_words(
    account: ProviderAccount,
    wanted: GenerationRequest,
    priced: Estimate | None,
    row: PriceQuote | None,
    *,
    now: datetime,
) -> tuple[str, str]:
    if not is_asked(account, wanted):
        return (LIST, priced.price_list) if priced else (NONE, "no published price")
    if priced is not None:
        return KNOWN, priced.basis
    if row is None:
        return ASK, f"no published price: asks {account.spec.name}, which is free"
    words = why_no_price(account.spec.name, row, now=now)
    return (ASKING if row.state == PriceQuote.State.ASKING else FAILED), words


def _plain(model: Model, wanted: GenerationRequest) -> GenerationRequest:
    """Return the request with one letter for any sound prompt: typing asks nothing again."""
    said = wanted.prompt
    is_sound = isinstance(said, str) and said.strip() and len(said) <= model.limits.prompt_max
    return applied(wanted, None, {"prompt": "x"})[0] if is_sound else wanted


@lru_cache(maxsize=2048)
def _standing(spec: Spec, wanted: GenerationRequest, facts: MediaFacts | None) -> _Standing:
    model = spec.model_for(wanted)
    if not model.name:
        return _Standing((_no_such_model(spec, wanted),), (), ())
    refused = table.refusals(table.check(spec, wanted, facts))
    unfilled = tuple(one for one in refused if _is_unfilled(wanted, one))
    return _Standing(
        tuple(one for one in refused if one not in unfilled), unfilled, _lost(spec, model, wanted)
    )


def _is_unfilled(wanted: GenerationRequest, one: Broken) -> bool:
    return one.field in ("prompt", "source") and not getattr(wanted, one.field)


def _no_such_model(spec: Spec, wanted: GenerationRequest) -> Broken:
    others = ", ".join(model.label for model in spec.models_for(wanted.task))
    message = f"{spec.name} has no {_label_of(wanted)} for this task"
    message += f"; it has {others}." if others else ", nor another model."
    return Broken("offer.model", "model", table.REFUSE, message)


def _label_of(wanted: GenerationRequest) -> str:
    """Name the chosen model as whoever has it does."""
    specs = [registry.get(slug).SPEC for slug in registry.slugs()]
    labels = {
        model.task: model.label
        for spec in specs
        for model in spec.models
        if model.name == wanted.model
    }
    return labels.get(wanted.task) or next(iter(labels.values()), "such model")


def _lost(spec: Spec, model: Model, wanted: GenerationRequest) -> tuple[str, ...]:
    """Return the labels of what is said and the model has no parameter for, each once."""
    return tuple(dict.fromkeys(word_of(spec, name) for name in _lost_fields(model, wanted)))


def _lost_fields(model: Model, wanted: GenerationRequest) -> Iterator[str]:
    known = {row.field for row in model.parameters if not row.is_ignored} | {
        row.switch for row in model.parameters
    }
    if any(row.kind is ParameterKind.PINNED for row in model.parameters):
        known.add("keyframe_indexes")
    for name, value in wanted.__dict__.items():
        is_aside = is_said(getattr(wanted, _BESIDE.get(name, ""), None))
        if is_said(value) and name not in known and name not in ("task", "model") and not is_aside:
            yield name


# What is named by another field's label, where that is said, too.
_BESIDE = {value: f"{control}_enabled" for control, value in CONTROL_VALUES.items()} | {
    "keyframe_indexes": "keyframes"
}


def word_of(spec: Spec, name: str) -> str:
    """Name a field for people, as this provider does for any task, or else whoever has it."""
    specs = [spec, *(registry.get(slug).SPEC for slug in registry.slugs())]
    row = next((row for one in specs for row in one.parameters if row.field == name), None)
    return _POSITION.get(name) or (row.label if row else name.replace("_", " "))


_POSITION = dict.fromkeys(("x_norm", "y_norm", "w_norm", "h_norm"), "Position")


def with_ways(verdict: Verdict, offers: Sequence[Offer]) -> Verdict:
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
    broken = {
        name: tuple(_with_ways(one, here, there, now) if one.is_refusal else one for one in found)
        for name, found in verdict.broken.items()
    }
    return replace(verdict, broken=broken)


def _is_open(offer: Offer) -> bool:
    return (
        not offer.lost
        and offer.price_state not in (NONE, FAILED, ASKING)
        and not offer.account.problem
    )


def _with_ways(one: Broken, here: Offer, there: Sequence[Offer], now: Counter[str]) -> Broken:
    if one.rule_id == "price.asking" or _is_unfilled(here.wanted, one):
        return one
    head = _head(one)
    ways: dict[str, Fix] = {}
    named = {
        mend.changes.get("account") for mend in one.fixes
    }  # a rule of its own knows the account that helps
    for offer in there:
        after = _heads(offer.refusals)
        if (
            offer.account.pk not in named
            and not after[head]
            and all(after[name] <= now[name] for name in after)
        ):
            ways.setdefault(offer.name, _way(offer, _reason(one, head, here, offer)))
    return replace(one, fixes=(*ways.values(), *one.fixes)) if ways else one


def _way(offer: Offer, reason: str) -> Fix:
    """Return the button that leads to another account; a question where nobody knows yet what it
    would cost there.
    """
    if offer.estimate is not None:
        return Fix(f"Send to {offer.name}{reason}", {"account": offer.account.pk})
    if (
        offer.refusals
    ):  # something else is in the way there, too: it can be asked once that is settled
        return Fix(
            f"Try {offer.name}{reason}; its price must be asked for", {"account": offer.account.pk}
        )
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
    mine, its = here.account.spec.model_for(here.wanted), there.account.spec.model_for(there.wanted)
    if one.rule_id == "account.closed":
        return ""
    if one.rule_id == "budget":
        together = " for all of them" if there.count > 1 else ""
        return (
            f", which costs {show_usd(there.estimate.high_usd * there.count)}{together}"
            if there.estimate
            else ""
        )
    if one.rule_id == "price.none":
        return ", which has a price for it" if there.estimate else ""
    if head in ("model", "task") or not mine.name:
        return f", which has {its.label}"
    if head == "source":
        return _source_reason(here, mine, its)
    head = "keyframes" if head == "keyframe_indexes" else head
    word = "an end-user tag" if head == "user_id" else _lower(word_of(there.account.spec, head))
    if not mine.knows(head) and its.knows(head):
        return f", which takes {word}"
    if head in CONTROL_VALUES.values() and getattr(there.wanted, head) is None:
        return ", which needs no value for it"
    return _value_reason(head, word, there, mine, its)


def _source_reason(here: Offer, mine: Model, its: Model) -> str:
    seconds, longest = here.facts and here.facts.duration_seconds, its.limits.max_source_seconds
    most = mine.limits.max_source_seconds
    if seconds and most is not None and seconds > most:
        return (
            ", which states no longest length"
            if longest is None
            else f", which takes {longest:g} s"
        )
    return ", which takes this source"


def _value_reason(head: str, word: str, there: Offer, mine: Model, its: Model) -> str:
    value: Any = getattr(there.wanted, head, None)
    listed = {
        "resolution": "resolutions",
        "aspect_ratio": "aspect_ratios",
        "duration": "durations",
    }.get(head)
    if (
        listed
        and value not in getattr(mine.limits, listed)
        and value in getattr(its.limits, listed)
    ):
        return f", which makes {value}"
    if head == "prompt" and its.limits.prompt_max > mine.limits.prompt_max:
        return f", which takes {its.limits.prompt_max:,} characters"
    return f", which takes {'these' if isinstance(value, tuple) else 'this'} {word}"


def _lower(label: str) -> str:
    """Write a label inside a sentence; "HDR" and "EXR" stay as they are."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
