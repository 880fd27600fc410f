"""Money: dollars. In Python always Decimal; in the database whole micro-dollars, so that SQLite adds them
exactly.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable

MICRO = Decimal(1_000_000)
MILLIONTH = Decimal("0.000001")
ZERO = Decimal("0")
# of one thing that a provider names a price of; hundreds of times what the dearest is
DEAREST_USD = Decimal(10_000)
DEAREST_UNIT_USD = Decimal(1_000)  # of one of a provider's own units
LARGEST_LIMIT_USD = Decimal(1_000_000)  # that a team can have for a month
# what a column of 64 bits holds; what people and providers name is far less
MOST_USD = Decimal(2**63 - 1) / MICRO
LONGEST_SAID = 40  # characters of a figure, as text
_TYPED = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


class NotAnAmount(ValueError):
    """The text or number given is not an amount of dollars."""


def usd(value: Decimal | str | int) -> Decimal:
    """Return an amount in dollars, exact to a millionth.

    The one bound of all money that is kept: every row's column passes through here.
    Raises: NotAnAmount, when the value cannot be read, is not finite, is finer than a millionth, or
            more than MOST_USD.
    """
    said = repr(value)[:LONGEST_SAID]
    try:
        amount = Decimal(value)
    except (ArithmeticError, ValueError) as error:
        raise NotAnAmount(f"{said} is not an amount in dollars.") from error
    if not amount.is_finite() or not -MOST_USD <= amount <= MOST_USD:
        raise NotAnAmount(f"{said} is not an amount of at most {MOST_USD:,} dollars.")
    if amount.quantize(MILLIONTH) != amount:
        raise NotAnAmount(f"{said} is finer than a millionth of a dollar.")
    return amount


def usd_typed(text: str) -> Decimal:
    """Return what a person typed for the cost of one thing, with or without "$": 0 to DEAREST_USD,
    to the millionth.

    Raises: NotAnAmount, whose message says what belongs there.
    """
    if not _TYPED.fullmatch(figure := text.strip().removeprefix("$").strip()):
        raise NotAnAmount(f"Write dollars from 0 to {DEAREST_USD:,} with a point, like 1.08.")
    if (amount := usd(figure)) > DEAREST_USD:
        raise NotAnAmount(f"It is more than {DEAREST_USD:,} dollars. Write an amount like 1.08.")
    return amount


def usd_typed_or_none(text: str) -> Decimal | None:
    """Return what a person typed as `usd_typed` does; None where that is no amount."""
    try:
        return usd_typed(text)
    except NotAnAmount:
        return None


def amount_from_outside(said: Any, *, most: Decimal = DEAREST_USD) -> Decimal:
    """Return an amount that somebody else named, exactly as it was named: the one rule for
    plausible figures.

    It is a number, or the text of one with or without "$"; finite, not negative, and at most
    `most`. Not rounded.
    Raises: NotAnAmount.
    """
    if isinstance(said, bool) or not isinstance(said, int | float | Decimal | str):
        raise NotAnAmount("It is no number.")
    try:
        amount = said if isinstance(said, Decimal) else Decimal(_figure(said))
    except ArithmeticError as error:
        raise NotAnAmount("It is no number.") from error
    if not amount.is_finite() or not ZERO <= amount <= most:
        raise NotAnAmount(f"It is no amount between 0 and {most:,}.")
    return amount or ZERO  # not a negative nothing


def _figure(said: int | float | str) -> str | int:
    if isinstance(said, int):
        return said
    text = str(said).strip().removeprefix("$")
    return text if len(text) <= LONGEST_SAID else "no number"


def show_usd(amount: Decimal) -> str:
    """Write an amount as people read it: cents, and finer digits only where there are any."""
    exact = _in_cents_or_finer(amount)
    sign = "-" if exact < 0 else ""
    return f"{sign}${abs(exact):,f}"


def _in_cents_or_finer(amount: Decimal) -> Decimal:
    cents = amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return amount.quantize(MILLIONTH).normalize() if cents != amount else cents


def show_range(low: Decimal, high: Decimal) -> str:
    """Write "$3.24", or "$3.24 to $4.10" where the bounds are not the same."""
    first, last = show_usd(low), show_usd(high)
    return first if first == last else f"{first} to {last}"


class UsdField(models.BigIntegerField):
    """A column of dollars: Decimal outside, whole micro-dollars inside.

    SQLite has no exact decimals: `reserved + amount` in one UPDATE would be float arithmetic.
    Integers are exact on every database, and F() expressions between two of these columns stay
    exact.
    """

    description = "US dollars, exact to a millionth"
    # What mypy is told; see django-stubs.
    _pyi_private_set_type: Decimal | int | Combinable  # type: ignore[assignment]
    _pyi_private_get_type: Decimal  # type: ignore[assignment]

    def from_db_value(
        self,
        value: int | None,
        expression: Any,
        connection: Any,
    ) -> Decimal | None:
        return None if value is None else Decimal(value) / MICRO

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return usd(value)
        except NotAnAmount as error:
            raise ValidationError(str(error)) from error

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return int(usd(value) * MICRO)
