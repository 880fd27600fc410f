"""Price cliffs: where a source that is a little shorter would cost much less.

Prices step with the source's length. What a few frames too many cost is said beside the price, with
the cut that saves it as a button; of a source that is too long, what each way to shorten it
costs. Where the steps are is read off the published prices (costs/estimate.py), nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from urllib.parse import parse_qs

from editorapp.core.money import show_usd
from editorapp.core.timecode import frame_at
from editorapp.costs.estimate import Estimate, cheaper_lengths, estimate
from editorapp.generations.request.draft import Draft
from editorapp.media.facts import MediaFacts
from editorapp.providers.spec import Fix
from editorapp.web.studio.notes import Button, Note, NoteSlot, button_of

MOST_OFFERS = 3
# A cliff is told where cutting at most so much of the source ...
CUT_AT_MOST = Decimal("0.20")
# ... saves at least so much of the price, and so many times the share that is cut: a price that
# merely follows the length is none.
SAVES_AT_LEAST, TIMES_THE_CUT = Decimal("0.15"), 2
SAVES_USD = Decimal("0.10")
TIMES = {2: "double", 3: "triple"}


@dataclass(frozen=True)
class ShorterSource:
    """A start of the source that costs less: `seconds` is the step that it stays below, `count` its
    frames, None where only the file itself tells.
    """

    seconds: Decimal
    count: int | None
    price: Estimate

    @property
    def length(self) -> str:
        return f"{self.seconds.normalize():f} s"


def tell(slots: Mapping[str, NoteSlot], draft: Draft, *, count: int) -> None:
    """Say beside the price what a few frames too many cost, and beside a source that is too long what
    each way to shorten it does.

    `count`: how many takes the form asks for.
    """
    facts, slot = draft.facts, slots["source"]
    if facts is None or facts.kind != "video" or draft.is_quoted:
        return
    longest = draft.model.limits.max_source_seconds
    is_too_long = longest is not None and facts.duration_seconds > longest
    slot.notes[:] = [
        _priced(one, draft, facts, count, with_shorter=is_too_long) for one in slot.notes
    ]
    if is_too_long:
        return
    if (found := offers(draft, facts)) and is_cliff(draft, facts, found[0]):
        slots["price"].notes.append(_note(draft, facts, found, count))


def offers(draft: Draft, facts: MediaFacts, *, below: Decimal | None = None) -> list[ShorterSource]:
    """Return the shorter starts of a source that cost less, longest first; of those up to `below`
    seconds.
    """
    provider, wanted = draft.account.provider, draft.wanted
    seconds = facts.duration_seconds if below is None else below
    steps = cheaper_lengths(wanted, seconds, provider=provider)
    found = (_offer(draft, facts, step) for step in steps[:MOST_OFFERS])
    return [one for one in found if one is not None]


def _offer(draft: Draft, facts: MediaFacts, seconds: Decimal) -> ShorterSource | None:
    part = replace(facts, duration_seconds=seconds)
    price = estimate(draft.wanted, part, provider=draft.account.provider)
    if price is None:
        return None
    rate = None if facts.variable_frame_rate else facts.fps
    count = None if rate is None else frame_at(Fraction(seconds), rate)
    return ShorterSource(seconds, count, price) if count != 0 else None


def is_cliff(draft: Draft, facts: MediaFacts, offer: ShorterSource) -> bool:
    """Is the saving real, and the cut small?"""
    now = estimate(draft.wanted, facts, provider=draft.account.provider)
    if now is None or not now.high_usd:
        return False
    saved_usd = now.high_usd - offer.price.high_usd
    saved, cut = saved_usd / now.high_usd, 1 - offer.seconds / facts.duration_seconds
    is_real = saved >= SAVES_AT_LEAST and saved_usd >= SAVES_USD
    return is_real and cut <= CUT_AT_MOST and saved >= TIMES_THE_CUT * cut


def _note(draft: Draft, facts: MediaFacts, found: list[ShorterSource], count: int) -> Note:
    buttons = tuple(_button(one, draft, facts, count) for one in found)
    return Note("warn", _sentence(draft, facts, found[0]), "source", buttons)


def _sentence(draft: Draft, facts: MediaFacts, first: ShorterSource) -> str:
    """Say what the last frames cost: "7 frames over 5 s double the price."."""
    now = estimate(draft.wanted, facts, provider=draft.account.provider)
    assert now is not None  # there is a cliff
    over = None if first.count is None else facts.frame_count - first.count
    what = f"{facts.duration_seconds - first.seconds:.2f} s" if over is None else _frames(over)
    ending = "" if over is not None and over > 1 else "s"
    return f"{what} over {first.length} {_does(now, first.price, ending)}."


def _frames(count: int) -> str:
    return f"{count} frame" if count == 1 else f"{count} frames"


def _does(now: Estimate, then: Estimate, ending: str) -> str:
    """Say what the difference does to the price; `ending` is that of the verb."""
    times = now.high_usd / then.high_usd if then.high_usd else Decimal(0)
    if not now.is_range and not then.is_range and times in TIMES:
        return f"{TIMES[int(times)]}{ending} the price"
    more = show_usd(now.high_usd - then.high_usd)
    return f"hold{ending} {more} more" if now.is_range else f"cost{ending} {more} more"


def _button(offer: ShorterSource, draft: Draft, facts: MediaFacts, count: int) -> Button:
    label = f"Cut to {_lasts(offer, facts)}: {_price(offer.price, count)}"
    fix = Fix(label + _dropped(offer, draft), {"trim_to_seconds": f"{offer.seconds.normalize():f}"})
    return button_of(fix)


def _lasts(offer: ShorterSource, facts: MediaFacts) -> str:
    """Return how long the cut really lasts, to the frame; where only the file tells, the step."""
    if offer.count is None or facts.fps is None:
        return offer.length
    return f"{float(offer.count / facts.fps):.2f} s"


def _price(price: Estimate, count: int) -> str:
    return f"{price} each" if count > 1 else str(price)


def _dropped(offer: ShorterSource, draft: Draft) -> str:
    """Say how many keyframes lie in what is cut off."""
    last = offer.count
    indexes = draft.wanted.keyframe_indexes or ()
    lost = sum(isinstance(at, int) and last is not None and at >= last for at in indexes)
    if not lost:
        return ""
    return f", without {lost} keyframe" + ("" if lost == 1 else "s")


def _priced(note: Note, draft: Draft, facts: MediaFacts, count: int, *, with_shorter: bool) -> Note:
    """Add to a button that shortens the source what it then costs, and still shorter ones."""
    told: list[Button] = []
    for button in note.buttons:
        seconds = _seconds_of(button)
        offer = None if seconds is None else _offer(draft, facts, seconds)
        if seconds is None or offer is None:
            told.append(button)
            continue
        price = _price(offer.price, count)
        told.append(replace(button, label=f"{button.label}: {price}"))
        shorter = offers(draft, facts, below=seconds) if with_shorter else []
        told += [_button(one, draft, facts, count) for one in shorter]
    return replace(note, buttons=tuple(told))


def _seconds_of(button: Button) -> Decimal | None:
    """Return to how many seconds a button cuts the source, if that is what it does."""
    said = parse_qs(button.value) if button.is_cut else {}
    return Decimal(said["trim_to_seconds"][0]) if "trim_to_seconds" in said else None
