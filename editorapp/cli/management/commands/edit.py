"""`python manage.py edit SOURCE ... --prompt TEXT ...`: one or several takes from a script, as from
the page.
"""

import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandParser

from editorapp.cli.edit import arguments as edit_arguments
from editorapp.cli.edit import batch
from editorapp.cli.edit import output as answers
from editorapp.cli.edit.arguments import BadArgument, Composed
from editorapp.cli.temporary_engine import OwnEngine
from editorapp.core import private_files
from editorapp.core.money import ZERO, show_usd
from editorapp.costs.ledger import OverBudget
from editorapp.costs.models import PriceQuote
from editorapp.generations.models import Generation
from editorapp.generations.request import quotes
from editorapp.generations.request.enqueue import Draft, RequestRefused, enqueue_all
from editorapp.generations.request.verdict import Verdict, weigh
from editorapp.media import store
from editorapp.media.models import Asset
from editorapp.ops.preparing import prepare_database
from editorapp.ops.processes import NotStarted
from editorapp.providers import accounts, capability_discovery
from editorapp.providers.accounts import NoAccount
from editorapp.providers.models import ProviderAccount
from editorapp.providers.registry import UnknownProvider
from editorapp.teams.first_run import ensure_owner
from editorapp.teams.models import Member

DONE, FAILED, REFUSED, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 130


class Command(BaseCommand):
    help = (
        "Edit, generate, reframe or modify a clip: check, estimate, queue, wait, and write the verified result to a "
        "file. With --dry-run nothing is sent: the verdict, the price and the exact body are printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        edit_arguments.add_arguments(parser)
        add = parser.add_argument
        add("--wait", action="store_true", help="wait for the result; else only queue it")
        add("--output", metavar="FILE", help="where to write the result (implies --wait)")
        add(
            "--timeout",
            type=float,
            default=3600,
            metavar="SECONDS",
            help="how long to wait (default an hour)",
        )
        add(
            "--dry-run",
            action="store_true",
            help="print verdict, estimate and the exact body; send nothing",
        )
        add("--json", action="store_true", help="print one JSON object")
        add(
            "--as", dest="username", metavar="NAME", help="the person who pays (default: the owner)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("django-q").setLevel(
            logging.WARNING
        )  # each wake-up of the queue would be a line
        self.as_json: bool = options["json"]
        try:
            edit_arguments.check_texts(options)
            edit_arguments.check_output(options)
            prepare_database(self.stderr.write)
            member = _member(options["username"])
            if not options["dry_run"]:  # which asks nobody
                capability_discovery.test_new()
            account = edit_arguments.chosen_account(options, member)
            self._say_what_is_not_used(account)
            composed = edit_arguments.compose_all(options, member, account)
        except (BadArgument, UnknownProvider, NoAccount) as error:
            self._refuse(str(error))
        if options["dry_run"]:
            self._say_only(composed, account)
        made: list[Generation] = []
        try:
            self._run(composed, account, member, options, made.extend)
        except RequestRefused as refusal:
            said = answers.as_json(refusal.verdict, composed[0].wanted, account)
            words = answers.in_words(refusal.verdict, composed[0].wanted, account)
            if not answers.refusals(
                refusal.verdict
            ):  # only the price is missing: it was asked for, in vain
                said, words = {**said, "accepted": False}, f"{refusal} Nothing was sent."
            self._end(REFUSED, {"state": "refused", "message": str(refusal), **said}, words)
        except (OverBudget, PermissionDenied) as error:
            self._refuse(str(error))
        except NotStarted as error:
            self._end(FAILED, {**_known(made), "message": str(error)}, str(error))
        except KeyboardInterrupt:
            what = batch.named(made) + (" goes on" if len(made) == 1 else " go on")
            words = (
                f"{what}: start a studio, or look for it in the gallery."
                if made
                else ("Nothing was sent.")
            )
            self._end(INTERRUPTED, {**_known(made), "message": words}, words)
        if len(made) > 1:
            self._finish_all(made, options)
        self._finish(made[0], options)

    def _say_what_is_not_used(self, account: ProviderAccount) -> None:
        """Say that the simulator answers although there is a key, and why."""
        for one in accounts.unproven(accounts.made()) if account.is_simulated else ():
            why = one.doubt or f"{one.name} was not tested yet."
            self._note(f"The simulator answers: {why}")

    def _say_only(self, composed: Sequence[Composed], account: ProviderAccount) -> None:
        """Print what would happen, and what exactly would be sent; each different take once."""
        found, lines = [], []
        for one in dict.fromkeys(composed):
            wanted = one.wanted
            verdict = _weighed(one, account, quotes.known(account, wanted, one.source_asset))
            found.append((verdict, answers.as_json(verdict, wanted, account), composed.count(one)))
            lines.append(answers.in_words(verdict, wanted, account))
            lines.append(answers.request_in_words(verdict, wanted, account))
        code = (
            REFUSED if any(answers.refusals(verdict) for verdict, _said, _count in found) else DONE
        )
        if len(composed) == 1:
            self._end(code, found[0][1], "\n".join(lines))
        total = batch.total([(verdict.estimate, count) for verdict, _said, count in found])
        data: dict[str, Any] = {"accepted": code == DONE, "takes": len(composed), **total}
        data["requests"] = [{**said, "takes": count} for _verdict, said, count in found]
        self._end(code, data, "\n".join([*lines, batch.total_in_words(len(composed), total)]))

    def _run(
        self,
        composed: Sequence[Composed],
        account: ProviderAccount,
        member: Member,
        options: dict[str, Any],
        tell: Callable[[list[Generation]], None],
    ) -> None:
        """Ask for the price where that is needed, queue the takes, and follow them where that is
        wanted.

        Raises: Refused, OverBudget, NotStarted. `tell` is told of the takes as soon as there are
        any.
        """
        waits = options["wait"] or options["output"]
        with OwnEngine(needs_simulator=account.is_simulated, show=self._progress) as engine:
            asked = {
                one: self._asked(one, account, member, engine, options["timeout"])
                for one in dict.fromkeys(composed)
            }
            if not waits:
                engine.stop()  # or it would begin with the take, and be ended in the midst of it
            drafts = [Draft(one.wanted, one.source_asset, one.parent) for one in composed]
            made = enqueue_all(drafts, account=account, member=member)
            tell(made)
            if len(made) == 1:
                price = answers.price_in_words(
                    _weighed(composed[0], account, asked[composed[0]]), composed[0].wanted, account
                )
            else:
                price = batch.total_in_words(len(made), batch.held(made))
            self._note(f"{batch.named(made)} queued at {account}. {price}")
            if waits:
                engine.wait_until(
                    lambda: all([_is_over(one) for one in made]),
                    seconds=options["timeout"],
                    doing=lambda: batch.progress(made),
                )

    def _asked(
        self,
        composed: Composed,
        account: ProviderAccount,
        member: Member,
        engine: OwnEngine,
        seconds: float,
    ) -> PriceQuote | None:
        """Return the provider's own price where none is published: asked for now, unless it is
        known. Free.
        """
        wanted, source = composed.wanted, composed.source_asset
        asked = quotes.known(account, wanted, source)
        if answers.refusals(_weighed(composed, account, asked)) or not quotes.is_asked(
            account, wanted
        ):
            return asked  # enqueue says what is wrong
        if asked is None or asked.state != PriceQuote.State.KNOWN:
            self._note(
                f"{account.spec.name} publishes no price for this and is asked, which is free."
            )
            quotes.ask(account, wanted, source, member=member)
        found: list[PriceQuote | None] = [None]

        def is_answered() -> bool:
            found[0] = quotes.known(account, wanted, source)
            return found[0] is None or found[0].state != PriceQuote.State.ASKING

        engine.wait_until(is_answered, seconds=seconds, doing=lambda: f"Asking {account.spec.name}")
        return found[0]

    def _finish(self, generation: Generation, options: dict[str, Any]) -> None:
        """Write the result where it was asked for and end with the code that says what happened."""
        if not (options["wait"] or options["output"]):
            words = f"Take {generation.pk} is queued; a running studio sends it."
            self._end(DONE, answers.result(generation), words)
        if not generation.is_done or generation.result is None:
            code = UNKNOWN if not generation.is_final else FAILED
            words = (
                generation.failure_message
                or f"Take {generation.pk} is still {generation.get_state_display().lower()}."
            )
            self._end(code, {**answers.result(generation), "message": words}, words)
        assert generation.result is not None
        output = options["output"]
        if output:
            try:
                _write(generation.result, Path(output))
                if generation.exr is not None:
                    _write(generation.exr, Path(output).with_suffix(".exr.zip"))
            except OSError as error:
                words = f"Take {generation.pk} is done and kept, but {output} cannot be written: {error.strerror}."
                self._end(FAILED, {**answers.result(generation), "message": words}, words)
        words = (
            f"Take {generation.pk} is done: {output or generation.result.name}, {_cost(generation)}"
        )
        self._end(DONE, {**answers.result(generation), "output": output}, words)

    def _finish_all(self, made: list[Generation], options: dict[str, Any]) -> None:
        """Write the results into the folder that was named, and end with the code of the worst of
        them.
        """
        data = {"batch": made[0].batch, **batch.held(made)}
        if not (options["wait"] or options["output"]):
            words = f"{batch.named(made)} are queued; a running studio sends them."
            self._end(DONE, {**data, "takes": [answers.result(one) for one in made]}, words)
        kept = [self._kept(one, options["output"]) for one in made]
        code = max(code for code, _said, _words in kept)  # an unknown outcome is the worst
        takes = [said for _code, said, _words in kept]
        self._end(code, {**data, "takes": takes}, "\n".join(words for _code, _said, words in kept))

    def _kept(self, generation: Generation, folder: str | None) -> tuple[int, dict[str, Any], str]:
        """Write one of several results into a folder; return its code, its facts, and a sentence."""
        said = answers.result(generation)
        if not generation.is_done or generation.result is None:
            code = UNKNOWN if not generation.is_final else FAILED
            state = f"it is {generation.get_state_display().lower()}."
            return code, said, f"Take {generation.pk}: {generation.failure_message or state}"
        file = Path(folder) / f"take-{generation.pk}.mp4" if folder else None
        try:
            if file is not None:
                _write(generation.result, file)
                if generation.exr is not None:
                    _write(generation.exr, file.with_suffix(".exr.zip"))
        except OSError as error:
            words = f"Take {generation.pk} is done and kept, but {file} cannot be written: {error.strerror}."
            return FAILED, {**said, "message": words}, words
        words = (
            f"Take {generation.pk} is done: {file or generation.result.name}, {_cost(generation)}"
        )
        return DONE, {**said, "output": str(file) if file else None}, words

    def _refuse(self, words: str) -> None:
        self._end(REFUSED, {"state": "refused", "accepted": False, "message": words}, words)

    def _end(self, code: int, data: dict[str, Any], words: str) -> None:
        """Print the one answer and leave."""
        self._progress("")
        self.stdout.write(
            json.dumps({"exit_code": code, **data}, indent=2, default=str)
            if self.as_json
            else words
        )
        raise SystemExit(code)

    def _note(self, line: str) -> None:
        self.stderr.write(line, style_func=str)  # Django would paint it as an error

    def _progress(self, line: str) -> None:
        """Rewrite the progress line, on a terminal only."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()


def _weighed(composed: Composed, account: ProviderAccount, asked: PriceQuote | None) -> Verdict:
    return weigh(composed.wanted, composed.source_asset, account, with_options=False, asked=asked)


def _is_over(generation: Generation) -> bool:
    generation.refresh_from_db()
    return bool(generation.is_final or generation.is_unknown)


def _cost(generation: Generation) -> str:
    cost = f"{show_usd(generation.cost_usd or ZERO)}{' (estimated)' if generation.cost_is_estimated else ''}."
    return cost + (" Simulated: nothing was paid." if generation.is_simulated else "")


def _known(made: list[Generation]) -> dict[str, Any]:
    return answers.result(made[0]) if made else {"state": "not sent"}


def _write(asset: Asset, to: Path) -> None:
    """Copy a kept file to where it was asked for; what is there already is replaced whole or not at
    all.
    """
    part = to.with_name(f"{to.name}.{os.getpid()}.part")
    try:
        with store.held(asset.sha256, store.ORIGINAL) as (original,):
            shutil.copyfile(original, part)
        private_files.hand_out(part)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def _member(username: str | None) -> Member:
    if username is None:
        return ensure_owner()
    members = Member.objects.active().select_related("team", "user")
    found = members.filter(user__username=username).order_by("pk").first()
    if found is None or not found.may_create:
        raise BadArgument(f"There is nobody called {username} who may create.")
    return found
