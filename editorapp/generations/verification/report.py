"""Report: what a verification found, as rows and as a text that can be sent to the makers of Rushes.

It is made anew from what is kept each time it is read, so it tells how the take stands now. Keys,
prompts, links and ids never come as far as here; what is known to be secret of this account is
looked for once more all the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from editorapp.core.money import show_range, show_usd
from editorapp.generations import exchange_log
from editorapp.generations.models import Generation, HeardAnswer, Verification
from editorapp.providers.documents.compare import Difference, DifferenceKind, lifetime_in_words
from editorapp.providers.http.session import USER_AGENT
from editorapp.providers.models import ProviderAccount

CHARGED = ("dry run", "submit", "poll")  # calls that tell the price of this very take


@dataclass(frozen=True)
class Summary:
    """How a verification stands: what differs, what could not be looked at, and what became of the
    take.
    """

    findings: tuple[Difference, ...]
    unseen: tuple[str, ...]
    outcome: str

    @property
    def verdict(self) -> str:
        count = len(self.findings)
        if count:
            return f"{count} difference{'' if count == 1 else 's'} from the documents."
        return "No difference from the documents in what was looked at."


def summary_of(verification: Verification) -> Summary:
    answers = list(verification.answers.order_by("pk"))
    return Summary(
        tuple(_findings(verification, answers)),
        tuple(_unseen(verification, answers)),
        outcome(verification),
    )


def outcome(verification: Verification) -> str:
    """Say what became of the paid take; of an unknown outcome, that it is unknown."""
    take = verification.take
    if take is None:
        return "No paid take was sent."
    if take.is_unknown:
        return (
            "Unknown: the paid call was sent, and nobody knows whether it was taken, or charged. "
            "It is not sent again."
        )
    return _known(take)


def _known(take: Generation) -> str:
    state = take.get_state_display()
    if take.is_done:
        return f"Done: its file is here. {_charge(take)}"
    if not take.is_final:
        return f"Under way: {state.lower()}."
    return f"{state}{_code(take)}. {_charge(take)}"


def _code(take: Generation) -> str:
    is_word = take.failure_code.replace("_", "").isalpha()
    return f" ({take.failure_code})" if is_word else ""


def _charge(take: Generation) -> str:
    if take.cost_usd is None:
        return "Nothing was charged."
    how = (
        "reckoned here, for no price was told" if take.cost_is_estimated else "as the provider says"
    )
    return f"Charged: {show_usd(take.cost_usd)} ({how})."


def _findings(verification: Verification, answers: Sequence[HeardAnswer]) -> Iterator[Difference]:
    found = (Difference(**said) for answer in answers for said in answer.differences)
    yield from dict.fromkeys(found)
    take = verification.take
    # What a failure costs is another matter.
    is_failed = take and take.is_final and not take.is_done
    yield from _prices([one for one in answers if not (is_failed and one.call == "poll")])
    if take:
        yield from _charged(take)


def _prices(answers: Sequence[HeardAnswer]) -> Iterator[Difference]:
    """Yield where the provider names another price for this take than it did first."""
    told = [
        (answer.call, place, Decimal(said))
        for answer in answers
        if answer.call in CHARGED
        for place, said in answer.prices.items()
    ]
    for call, place, said in told[1:]:
        if said != told[0][2]:
            first = f"as told before: {told[0][2]:f} in the {told[0][0]}"
            yield Difference(DifferenceKind.PRICE, call, place, f"{said:f}", first)


def _charged(take: Generation) -> Iterator[Difference]:
    if take.cost_usd is None or take.cost_is_estimated or not take.is_done:
        return
    low, high = take.estimate_low_usd, take.estimate_high_usd
    if not low <= take.cost_usd <= high:
        cost, estimated = show_usd(take.cost_usd), f"estimated: {show_range(low, high)}"
        yield Difference(DifferenceKind.PRICE, "charge", "", cost, estimated)


def _unseen(verification: Verification, answers: Sequence[HeardAnswer]) -> Iterator[str]:
    """Yield what was not looked at, or did not work: no difference there says nothing of it."""
    failed = (step for step in verification.steps if not step["is_ok"])
    yield from (f"{step['name']}: {step['says']}" for step in failed)
    documents = exchange_log.documents_of(verification.account.provider)
    if documents is None:
        return
    heard = {answer.call for answer in answers}
    if missing := [call.name for call in documents.calls if call.name not in heard]:
        yield f"Not called: {', '.join(missing)}."
    has_lifetimes = any(answer.lifetimes for answer in answers)
    is_done = verification.take and verification.take.is_done
    if documents.link_lasts is not None and is_done and not has_lifetimes:
        lasts = lifetime_in_words(documents.link_lasts)
        yield f"The links do not say how long they are good (documented: {lasts})."


def file_name(verification: Verification) -> str:
    return f"rushes-{verification.account.provider}-{verification.started_at:%Y%m%d-%H%M}.md"


def text_of(verification: Verification, *, now: datetime) -> str:
    """Return the report as Markdown."""
    account = verification.account
    summary = summary_of(verification)
    lines = [
        f"# {account.spec.name}, held against its documents",
        "",
        f"- Made {now:%Y-%m-%d %H:%M} UTC by {USER_AGENT}, begun {verification.started_at:%Y-%m-%d %H:%M} UTC",
        f"- Reached: {_reached(account)}",
        f"- Found: {summary.verdict}",
        f"- Paid take: {summary.outcome}",
        "",
        "Keys, prompts, links and ids are left out: only names, forms, statuses, prices and seconds are told.",
        "",
        "## What differs",
        "",
        *_table(
            ("What", "Call", "Where", "Came", "Documented"),
            [vars(one).values() for one in summary.findings],
        ),
        "",
        "## What was done",
        "",
        *_table(("Step", "Went well", "Says"), [_step(step) for step in verification.steps]),
        "",
        "## What could not be seen",
        "",
        *([f"- {one}" for one in summary.unseen] or ["Nothing."]),
        "",
        *_answers(verification),
        *_unsaid(account),
    ]
    return exchange_log.without_secrets("\n".join(lines) + "\n", verification)


def _reached(account: ProviderAccount) -> str:
    if account.is_simulated:
        return "the built-in simulator"
    return (
        "its documented address"
        if exchange_log.is_at_its_own_address(account)
        else "another base URL, set here"
    )


def _step(step: dict[str, Any]) -> tuple[str, str, str]:
    return step["name"], "yes" if step["is_ok"] else "no", step["says"]


def _answers(verification: Verification) -> Iterator[str]:
    yield from ("## What came, without its values", "")
    for answer in verification.answers.order_by("pk"):
        times = "once" if answer.times == 1 else f"{answer.times} times"
        yield f"### {answer.call}: {answer.status}, {times}"
        yield ""
        yield from (
            f"- price, {place}: {said}"
            for place, said in answer.prices.items()
            if "[]" not in place
        )
        yield from (f"- lifetime, {place}: {said} s" for place, said in answer.lifetimes.items())
        yield from (f"- {line}" for line in answer.form)
        yield ""


def _unsaid(account: ProviderAccount) -> Iterator[str]:
    documents = exchange_log.documents_of(account.provider)
    if documents and documents.unsaid:
        yield from (
            "## What the documents leave open",
            "",
            *(f"- {one}" for one in documents.unsaid),
            "",
        )


def _table(head: Sequence[str], rows: Sequence[Any]) -> list[str]:
    if not rows:
        return ["Nothing."]
    body = [
        "| " + " | ".join(str(cell).replace("|", "/").replace("\n", " ") for cell in row) + " |"
        for row in rows
    ]
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head), *body]
