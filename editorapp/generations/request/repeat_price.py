"""What sending a request a second time would cost now: weighed, and where no price is published
asked for, anew.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from editorapp.generations.models import Generation
from editorapp.generations.request import quotes
from editorapp.generations.request.verdict import weigh
from editorapp.teams.models import Member


@dataclass(frozen=True)
class SecondPrice:
    """`high_usd` None: it is not known, and `problem` says why, unless it is being asked for."""

    low_usd: Decimal | None = None
    high_usd: Decimal | None = None
    basis: str = ""
    problem: str = ""
    is_asking: bool = False
    can_ask: bool = False


def second_price(generation: Generation, *, now: datetime) -> SecondPrice:
    """Return what the same request would reserve if it were sent now.

    Asks nobody; spends nothing.
    """
    wanted, source, account = generation.wanted, generation.source_asset, generation.account
    asked = quotes.known(account, wanted, source, now=now, however_old=True)
    verdict = weigh(wanted, source, account, with_options=False, asked=asked, now=now)
    if verdict.can_send and verdict.estimate is not None:
        priced = verdict.estimate
        return SecondPrice(priced.low_usd, priced.high_usd, priced.basis[:300])
    must_ask = quotes.is_asked(account, wanted) and not account.problem
    is_asking = (
        must_ask
        and asked is not None
        and asked.state == quotes.State.ASKING
        and not asked.is_old(now)
    )
    why = " ".join(one.message for one in verdict.refusals) or "No price is known for this."
    return SecondPrice(problem=why, is_asking=is_asking, can_ask=must_ask and not is_asking)


def ask_second_price(generation: Generation, *, member: Member, now: datetime) -> None:
    """Ask the provider what the same request would cost now. Free.

    Raises: NothingToAsk; PermissionDenied.
    """
    quotes.ask(
        generation.account, generation.wanted, generation.source_asset, member=member, now=now
    )
