"""The same draft at every account: who can do it, for how much, how soon, what each cannot, and how to get there."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from statistics import median
from typing import Any

from django.utils import timezone

from editorapp.core.money import show_usd
from editorapp.costs.estimate import Estimate
from editorapp.costs.ledger import MonthTotals
from editorapp.costs.models import AskedPrice
from editorapp.generations import reach
from editorapp.generations.asking import is_asked, known_of
from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.generations.verdict import Verdict, price, too_dear, why_no_price
from editorapp.media.facts import MediaFacts
from editorapp.media.models import Asset
from editorapp.providers import rules
from editorapp.providers.conditions import is_said
from editorapp.providers.contract import CONTROL_VALUES, GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules import Broken, Mend
from editorapp.providers.spec import Kind, Model, Spec

HISTORY = 25  # finished jobs
WAIT_SECONDS = 30.0  # how long a median is believed
MOST = 500

LIST, KNOWN, ASKING, ASK, FAILED, NONE = "list", "known", "asking", "ask", "failed", "none"


@dataclass(frozen=True)
class Offer:
    """One account's answer to a draft.

    `refusals` are what this account cannot do; what is merely not filled in yet (no prompt, no source) is not among
    them, but stands against `can_send`. `lost` are the labels of what is said and it has no parameter for.
    `wait_seconds` is the usual time from sending to result, from our own history; None where there is none.
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
    asked: Sequence[tuple[ProviderAccount, GenerationRequest]], source: Asset | None, *, chosen: int,
    budget: MonthTotals | None = None, now: datetime | None = None,
) -> list[Offer]:  # fmt: skip
    """Return what each account says of its version of one draft, in the order given; `chosen` is an account's id.

    The requests are whole: what an account has no parameter for is still in them, so that it can be named.
    One query where prices were asked for, and now and then one for the usual wait; neither grows with the gallery.
    """
    now, facts = now or timezone.now(), source.facts() if source is not None else None
    rows = known_of(asked, source, now=now)
    label = next((_label_of(account.spec, wanted) for account, wanted in asked if account.pk == chosen), "")
    return [
        _offer(account, wanted, facts, rows.get(account.pk), label, chosen=chosen, budget=budget, now=now)
        for account, wanted in asked
    ]


def _offer(
    account: ProviderAccount, wanted: GenerationRequest, facts: MediaFacts | None, row: AskedPrice | None,
    label: str, *, chosen: int, budget: MonthTotals | None, now: datetime,
) -> Offer:  # fmt: skip
    model = account.spec.model_for(wanted)
    standing = _standing(account.spec, _plain(model, wanted), facts, label or str(wanted.model))
    priced = price(wanted, facts, account, row, now=now)
    state, note = _price_words(account, wanted, priced, row, now=now)
    unreadable = reach.unreadable(account, wanted, (*standing.refusals, *standing.unfilled)) if model.name else ()
    refusals = (*standing.refusals, *unreadable, *too_dear(priced, budget))
    return Offer(
        account=account, model_label=model.label if model.name else label, estimate=priced, price_state=state,
        price_note=note, wait_seconds=usual_seconds(account.pk, model.name, model.task), refusals=refusals,
        lost=standing.lost, is_chosen=account.pk == chosen,
        can_send=not (refusals or standing.unfilled) and priced is not None and account.is_enabled,
        wanted=wanted, facts=facts,
    )  # fmt: skip


def _price_words(
    account: ProviderAccount, wanted: GenerationRequest, priced: Estimate | None, row: AskedPrice | None, *,
    now: datetime,
) -> tuple[str, str]:  # fmt: skip
    if not is_asked(account, wanted):
        return (LIST, priced.price_list) if priced else (NONE, "no published price")
    if priced is not None:
        return KNOWN, priced.basis
    if row is None:
        return ASK, f"no published price: asks {account.spec.name}, which is free"
    words = why_no_price(account.spec.name, row, now=now)
    return (ASKING if row.state == AskedPrice.State.ASKING else FAILED), words


def _plain(model: Model, wanted: GenerationRequest) -> GenerationRequest:
    """Return the request with one letter for any sound prompt: typing asks nothing again."""
    said = wanted.prompt
    is_sound = isinstance(said, str) and said.strip() and len(said) <= model.limits.prompt_max
    return replace(wanted, prompt="x") if is_sound else wanted


@lru_cache(maxsize=2048)
def _standing(spec: Spec, wanted: GenerationRequest, facts: MediaFacts | None, label: str) -> _Standing:
    model = spec.model_for(wanted)
    if not model.name:
        return _Standing((_no_such_model(spec, wanted, label),), (), ())
    refused = rules.refusals(rules.check(spec, wanted, facts))
    unfilled = tuple(one for one in refused if _is_unfilled(wanted, one))
    return _Standing(tuple(one for one in refused if one not in unfilled), unfilled, _lost(spec, model, wanted))


def _is_unfilled(wanted: GenerationRequest, one: Broken) -> bool:
    return one.field in ("prompt", "source") and not getattr(wanted, one.field)


def _no_such_model(spec: Spec, wanted: GenerationRequest, label: str) -> Broken:
    others = ", ".join(dict.fromkeys(model.label for model in spec.models_for(wanted.task)))
    message = f"{spec.name} has no {label} that can {wanted.task}"
    message += f"; for that it has {others}." if others else "."
    return Broken("offer.model", "model", rules.REFUSE, message)


def _label_of(spec: Spec, wanted: GenerationRequest) -> str:
    model = spec.model_for(wanted)
    return model.label if model.name else str(wanted.model)


def _lost(spec: Spec, model: Model, wanted: GenerationRequest) -> tuple[str, ...]:
    """Return the labels of what is said and the model has no parameter for, each once."""
    return tuple(dict.fromkeys(_word(spec, name) for name in _lost_fields(model, wanted)))


def _lost_fields(model: Model, wanted: GenerationRequest) -> Iterator[str]:
    known = {row.field for row in model.parameters if not row.is_ignored} | {row.switch for row in model.parameters}
    if any(row.kind is Kind.PINNED for row in model.parameters):
        known.add("keyframe_indexes")
    for name, value in wanted.__dict__.items():
        if is_said(value) and name not in known and name not in ("task", "model", *_ASIDE):
            yield name


# Said only beside another field, whose label names both.
_ASIDE = ("keyframe_indexes", *CONTROL_VALUES.values())


def _word(spec: Spec, name: str) -> str:
    """Name a field for people: this provider may have it for another task, or else as it is."""
    row = next((row for row in spec.parameters if row.field == name), None)
    return row.label if row else WORDS.get(name, name.replace("_", " "))


WORDS = {
    "hdr": "HDR", "exr": "EXR", "auto_controls": "Auto", "start_frame": "Guide frame", "end_frame": "Last frame",
    "keyframes": "Keyframes", "concepts": "Camera concepts", "image_refs": "Reference images", "user_id": "User tag",
    "loop": "Loop", "duration": "Duration", "aspect_ratio": "Aspect ratio", "strength": "Strength",
    "resolution": "Resolution", "x_norm": "Position", "y_norm": "Position", "w_norm": "Position", "h_norm": "Position",
    "pose_enabled": "Pose", "depth_enabled": "Depth", "normals_enabled": "Normals",
    "trajectory_enabled": "Trajectory", "face_enabled": "Face",
}  # fmt: skip

# --- the usual wait

_waits: dict[tuple[int, str, str], tuple[float, float | None]] = {}


def usual_seconds(account_id: int, model: str, task: str) -> float | None:
    """Return the median time from sending to result of our last finished jobs of a kind; asked again after 30 s."""
    key = (account_id, model, task)
    until, seconds = _waits.get(key, (0.0, None))
    if time.monotonic() < until:
        return seconds
    if len(_waits) >= MOST:
        _waits.clear()
    done = Attempt.objects.filter(
        account_id=account_id, generation__model=model, generation__task=task, state=State.SUCCEEDED,
        submitted_at__isnull=False, provider_done_at__isnull=False,
    ).order_by("-pk")  # fmt: skip
    times = done.values_list("submitted_at", "provider_done_at")[:HISTORY]
    lasted = [(end - start).total_seconds() for start, end in times if start and end]
    seconds = median(lasted) if lasted else None
    _waits[key] = (time.monotonic() + WAIT_SECONDS, seconds)
    return seconds


def forget_waits() -> None:
    _waits.clear()


# --- ways out to another account


def with_ways(verdict: Verdict, offers: Sequence[Offer]) -> Verdict:
    """Add to each refusal the accounts that would take the whole draft without it: "Send to GMI Cloud, which takes
    30 s".

    Only where the draft would there break nothing new, lose nothing that is said, and have a price or somebody to ask
    for one. One account of each provider is named: the first.
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
    return offer.account.is_enabled and not offer.lost and offer.price_state not in (NONE, FAILED)


def _with_ways(one: Broken, here: Offer, there: Sequence[Offer], now: Counter[str]) -> Broken:
    if one.rule_id == "price.asking" or _is_unfilled(here.wanted, one):
        return one
    head = _head(one)
    ways: dict[str, Mend] = {}
    named = {mend.changes.get("account") for mend in one.mends}  # a rule of its own knows the account that helps
    for offer in there:
        after = _heads(offer.refusals)
        if offer.account.pk not in named and not after[head] and all(after[name] <= now[name] for name in after):
            words = f"Send to {offer.name}{_reason(one, head, here, offer)}"
            ways.setdefault(offer.name, Mend(words, {"account": offer.account.pk}))
    return replace(one, mends=(*ways.values(), *one.mends)) if ways else one


def _heads(refusals: Sequence[Broken]) -> Counter[str]:
    """Count refusals by what they are about."""
    return Counter(_head(one) for one in refusals if one.is_refusal)


def _head(one: Broken) -> str:
    """Return the field, one of several as its list; the rule where it is about the whole."""
    return one.field.partition(".")[0] or one.rule_id


def _reason(one: Broken, head: str, here: Offer, there: Offer) -> str:
    """Say what of the other account helps, out of its rows: ", which takes 30 s"."""
    mine, its = here.account.spec.model_for(here.wanted), there.account.spec.model_for(there.wanted)
    if one.rule_id == "budget" and there.estimate is not None:
        return f", which costs {show_usd(there.estimate.high_usd)}"
    if one.rule_id == "price.none":
        return ", which has a price for it" if there.estimate else ", which can be asked for its price"
    if one.rule_id == "account.closed":
        return ""
    if head in ("model", "task") or not mine.name:
        return f", which has {its.label}"
    if head == "source":
        return _source_reason(here, mine, its)
    if not mine.knows(head) and its.knows(head):
        return f", which takes {_lower(_word(there.account.spec, head))}"
    return _value_reason(head, there, mine, its)


def _source_reason(here: Offer, mine: Model, its: Model) -> str:
    seconds, longest = here.facts and here.facts.duration_seconds, its.limits.max_source_seconds
    most = mine.limits.max_source_seconds
    if seconds and most is not None and seconds > most:
        return ", which names no longest length" if longest is None else f", which takes {longest:g} s"
    return ", which takes this source"


def _value_reason(head: str, there: Offer, mine: Model, its: Model) -> str:
    value: Any = getattr(there.wanted, head, None)
    listed = {"resolution": "resolutions", "aspect_ratio": "aspect_ratios", "duration": "durations"}.get(head)
    if listed and value not in getattr(mine.limits, listed) and value in getattr(its.limits, listed):
        return f", which makes {value}"
    if head == "prompt" and its.limits.prompt_max > mine.limits.prompt_max:
        return f", which takes {its.limits.prompt_max:,} characters"
    return ", which takes this"


def _lower(label: str) -> str:
    """Write a label inside a sentence; "HDR" and "EXR" stay as they are."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
