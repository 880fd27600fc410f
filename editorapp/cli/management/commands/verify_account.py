"""Verify command, `manage.py verify_account ACCOUNT`: holds an account against its provider's
documents, and writes a report.
"""

import sys
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
from editorapp.cli.options import add_options, add_timeout
from editorapp.cli.temporary_engine import OwnEngine, show_progress
from editorapp.core.money import NotAnAmount, show_usd, usd
from editorapp.costs.ledger import OverBudget
from editorapp.generations.models import Verification
from editorapp.generations.verification import checks, paid_take, report
from editorapp.ops.preparing import prepare_database
from editorapp.ops.processes import NotStarted
from editorapp.providers import accounts
from editorapp.providers.models import ProviderAccount
from editorapp.teams.roles import Act

SAME, DIFFERENT, REFUSED, UNKNOWN = 0, 1, 2, 3
NOT_PAID = (OverBudget, *paid_take.REFUSED)

HOW = (
    ("free", "", "only what is free; do not ask about the paid edit"),
    ("pay-up-to", "USD", "agree to the paid edit if it costs no more than this"),
)
OPTIONS = (
    ("output", "FILE", "where to write the report (default: a name of its own, here)"),
    ("as", "NAME", "the admin who pays (default: the owner)"),
)


class Command(BaseCommand):
    help = (
        "Hold an account against its provider's documents: all that is free, then, once you agree to its price, one "
        "short edit. Writes a report without keys, prompts, links and ids, which can be sent to the makers of Rushes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "account",
            metavar="ACCOUNT",
            help="the account's name, as the accounts page shows it",
        )
        add_options(parser.add_mutually_exclusive_group().add_argument, HOW)
        add_options(parser.add_argument, OPTIONS)
        add_timeout(parser.add_argument)

    def handle(self, *args: Any, **options: Any) -> None:
        at_most = _amount(options["pay_up_to"])
        prepare_database(self.stderr.write)
        member = acting_member(options["as"], Act.MANAGE)
        if member is None:
            raise _refused(f"There is no admin called {options['as']}.")
        self.member, self.is_free = member, options["free"]
        account, seconds = _account(options["account"]), options["timeout"]
        try:
            with OwnEngine(needs_simulator=account.is_simulated, seconds=seconds) as engine:
                verification = self._checked(account, engine)
                if verification.is_ready:
                    self._decide(verification, at_most)
                    engine.wait_until(
                        lambda: not _again(verification).is_live,
                        doing=lambda: report.outcome(verification),
                    )
        except (NotStarted, checks.CannotVerify) as error:
            raise _refused(str(error)) from error
        self._finish(_again(verification), options["output"])

    def _checked(self, account: ProviderAccount, engine: OwnEngine) -> Verification:
        """Have the free checks made, by the queue as from the page: a running studio's or our own."""
        verification = checks.begin(account, self.member, now=timezone.now())
        is_over = engine.wait_until(
            lambda: not _again(verification).is_checking,
            doing=lambda: f"Asking {account.spec.name}",
        )
        if not is_over:
            raise _refused("The free checks are not over yet. Ask again later.")
        show_progress("")
        for step in verification.steps:
            mark = "done" if step["is_ok"] else "NOT SEEN"
            self.stdout.write(f"{mark}: {step['name']}. {step['says']}")
        return verification

    def _decide(self, verification: Verification, at_most: Decimal | None) -> None:
        """Send the paid take where a person agrees to its price, here or beforehand."""
        self.stdout.write(_price_of(verification))
        if at_most is None and not self.is_free and sys.stdin.isatty():
            answer = input("Send it, once? Write yes to pay: ")
            at_most = verification.high_usd if answer.strip().lower() == "yes" else None
        if at_most is None:
            paid_take.leave_it(verification)
            return
        try:
            take = paid_take.go_on(
                verification,
                self.member,
                at_most_usd=at_most,
                now=timezone.now(),
            )
            self.stdout.write(f"#{take.pk} is queued. It is sent once.")
        except NOT_PAID as error:
            paid_take.leave_it(verification)
            self.stdout.write(f"Nothing was paid: {error or 'this role may not spend money.'}")

    def _finish(self, verification: Verification, output: str | None) -> None:
        show_progress("")
        summary = report.summary_of(verification)
        path = Path(output or report.file_name(verification))
        try:
            path.write_text(report.text_of(verification, now=timezone.now()))
        except OSError as error:
            raise _refused(f"{path} cannot be written: {error.strerror}.") from error
        for one in summary.findings:
            differs = f"came {one.came}; documented {one.documented}"
            self.stdout.write(f"{one.kind} in {one.call}, {one.place}: {differs}")
        self.stdout.write(f"Paid take: {summary.outcome}")
        self.stdout.write(f"{summary.verdict} The report is in {path}.")
        same = DIFFERENT if summary.findings else SAME
        take = verification.take
        is_unknown = take is not None and (take.is_unknown or verification.is_following)
        raise SystemExit(UNKNOWN if is_unknown else same)


def _price_of(verification: Verification) -> str:
    price, account = verification.high_usd, verification.account
    assert price is not None
    costs = f"One edit with {account} costs {show_usd(price)} at most ({verification.basis})."
    return f"{costs} It is simulated: nothing is really paid." if account.is_simulated else costs


def _refused(says: str) -> CommandError:
    return CommandError(says, returncode=REFUSED)


def _again(verification: Verification) -> Verification:
    """Read a verification as it is now, into the same object; its take is read when it is asked
    for.
    """
    verification.refresh_from_db()
    return verification


def _amount(word: str | None) -> Decimal | None:
    try:
        return None if word is None else usd(word)
    except NotAnAmount as error:
        says = f"--pay-up-to {word}: write an amount in dollars, for example 0.60."
        raise _refused(says) from error


def _account(name: str) -> ProviderAccount:
    found = accounts.made()
    named = [one for one in found if one.name.casefold() == name.casefold()]
    if len(named) != 1:
        there = ", ".join(one.name for one in found)
        raise _refused(f"There is no single account called {name}; there are: {there}.")
    return named[0]
