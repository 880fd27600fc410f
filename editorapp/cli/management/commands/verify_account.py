"""Verify command, `manage.py verify_account ACCOUNT`: holds an account against its provider's
documents, and writes a report.
"""

import logging
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
)
from django.utils import timezone

from editorapp.cli.members import acting_member
from editorapp.cli.temporary_engine import OwnEngine, show_progress
from editorapp.core.money import NotAnAmount, show_usd, usd
from editorapp.costs.ledger import OverBudget
from editorapp.generations.models import Verification
from editorapp.generations.verification import checks, paid_take, report
from editorapp.ops.preparing import prepare_database
from editorapp.ops.processes import NotStarted
from editorapp.providers import accounts
from editorapp.providers.documents.compare import Difference
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

SAME, DIFFERENT, REFUSED, UNKNOWN = 0, 1, 2, 3
NOT_PAID = (OverBudget, *paid_take.REFUSED)


class Command(BaseCommand):
    help = (
        "Hold an account against its provider's documents: all that is free, then, once you agree to its price, one "
        "short edit. Writes a report without keys, prompts, links and ids, which can be sent to the makers of Rushes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add(
            "account",
            metavar="ACCOUNT",
            help="the account's name, as the accounts page shows it",
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--free", action="store_true", help="only what is free; do not ask about the paid edit"
        )
        how.add_argument(
            "--pay-up-to",
            metavar="USD",
            help="agree to the paid edit if it costs no more than this",
        )
        add(
            "--output",
            metavar="FILE",
            help="where to write the report (default: a name of its own, here)",
        )
        add(
            "--timeout",
            type=float,
            default=3600,
            metavar="SECONDS",
            help="how long to wait (default an hour)",
        )
        add(
            "--as",
            dest="username",
            metavar="NAME",
            help="the admin who pays (default: the owner)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("django-q").setLevel(logging.WARNING)
        at_most = _amount(options["pay_up_to"])
        prepare_database(self.stderr.write)
        member = _admin(options["username"])
        account, seconds = _account(options["account"]), options["timeout"]
        try:
            with OwnEngine(needs_simulator=account.is_simulated, show=show_progress) as engine:
                verification = self._checked(account, member, engine, seconds)
                if verification.is_ready:
                    self._decide(verification, member, at_most, is_free=options["free"])
                    _follow(verification, engine, seconds)
        except (NotStarted, checks.CannotVerify) as error:
            raise _refused(str(error)) from error
        self._finish(_again(verification), options["output"])

    def _checked(
        self, account: ProviderAccount, member: Member, engine: OwnEngine, seconds: float
    ) -> Verification:
        """Have the free checks made, by the queue as from the page: a running studio's or our own."""
        verification = checks.begin(account, member, now=timezone.now())
        is_over = engine.wait_until(
            lambda: not _again(verification).is_checking,
            seconds=seconds,
            doing=lambda: f"Asking {account.spec.name}",
        )
        if not is_over:
            raise _refused("The free checks are not over yet. Ask again later.")
        show_progress("")
        for step in verification.steps:
            self.stdout.write(_step_in_words(step))
        return verification

    def _decide(
        self, verification: Verification, member: Member, at_most: Decimal | None, *, is_free: bool
    ) -> None:
        """Send the paid take where a person agrees to its price, here or beforehand."""
        self.stdout.write(_price_of(verification))
        if at_most is None and not is_free and sys.stdin.isatty():
            at_most = _agreed(verification)
        if at_most is None:
            paid_take.leave_it(verification)
        else:
            self._pay(verification, member, at_most)

    def _pay(self, verification: Verification, member: Member, at_most: Decimal) -> None:
        try:
            take = paid_take.go_on(
                verification,
                member,
                at_most_usd=at_most,
                now=timezone.now(),
            )
            self.stdout.write(f"Take {take.pk} is queued. It is sent once.")
        except NOT_PAID as error:
            paid_take.leave_it(verification)
            self.stdout.write(f"Nothing was paid: {error or 'this role may not spend money.'}")

    def _finish(self, verification: Verification, output: str | None) -> None:
        show_progress("")
        summary = report.summary_of(verification)
        path = Path(output or report.file_name(verification))
        _write_report(verification, path)
        for finding in summary.findings:
            self.stdout.write(_finding_in_words(finding))
        self.stdout.write(f"Paid take: {summary.outcome}")
        self.stdout.write(f"{summary.verdict} The report is in {path}.")
        same = DIFFERENT if summary.findings else SAME
        raise SystemExit(UNKNOWN if _is_unknown(verification) else same)


def _finding_in_words(one: Difference) -> str:
    differs = f"came {one.came}; documented {one.documented}"
    return f"{one.kind} in {one.call}, {one.place}: {differs}"


def _follow(verification: Verification, engine: OwnEngine, seconds: float) -> None:
    engine.wait_until(
        lambda: not _again(verification).is_live,
        seconds=seconds,
        doing=lambda: report.outcome(verification),
    )


def _step_in_words(step: Mapping[str, Any]) -> str:
    mark = "done" if step["is_ok"] else "NOT SEEN"
    return f"{mark}: {step['name']}. {step['says']}"


def _agreed(verification: Verification) -> Decimal | None:
    """Ask for a yes to the price."""
    answer = input("Send it, once? Write yes to pay: ")
    return verification.high_usd if answer.strip().lower() == "yes" else None


def _write_report(verification: Verification, path: Path) -> None:
    try:
        path.write_text(report.text_of(verification, now=timezone.now()))
    except OSError as error:
        raise _refused(f"{path} cannot be written: {error.strerror}.") from error


def _price_of(verification: Verification) -> str:
    price, account = verification.high_usd, verification.account
    assert price is not None
    costs = f"One edit with {account} costs {show_usd(price)} at most ({verification.basis})."
    return f"{costs} It is simulated: nothing is really paid." if account.is_simulated else costs


def _is_unknown(verification: Verification) -> bool:
    take = verification.take
    return take is not None and (take.is_unknown or verification.is_following)


def _refused(says: str) -> CommandError:
    return CommandError(says, returncode=REFUSED)


def _again(verification: Verification) -> Verification:
    """Read a verification and its take as they are now, into the same object."""
    verification.refresh_from_db()
    if verification.take is not None:
        verification.take.refresh_from_db()
    return verification


def _amount(word: str | None) -> Decimal | None:
    try:
        return None if word is None else usd(word)
    except NotAnAmount as error:
        says = f"--pay-up-to {word}: write an amount in dollars, for example 0.60."
        raise _refused(says) from error


def _admin(username: str | None) -> Member:
    found = acting_member(username)
    if found is None or not found.may(Act.MANAGE):
        raise _refused(f"There is no admin called {username}.")
    return found


def _account(name: str) -> ProviderAccount:
    found = accounts.made()
    named = [one for one in found if one.name.casefold() == name.casefold()]
    if len(named) != 1:
        there = ", ".join(one.name for one in found)
        raise _refused(f"There is no single account called {name}; there are: {there}.")
    return named[0]
