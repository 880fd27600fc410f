"""`manage.py edit SOURCE ... --prompt TEXT ...`: one or several takes from a script, as from the
page.
"""

import json
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandParser

from editorapp.cli.edit import arguments, output
from editorapp.cli.edit.arguments import BadArgument
from editorapp.cli.edit.output import Json, Takes
from editorapp.cli.members import acting_member
from editorapp.cli.temporary_engine import OwnEngine, show_progress
from editorapp.core import private_files
from editorapp.costs.ledger import OverBudget
from editorapp.costs.models import PriceQuote
from editorapp.generations.models import Generation
from editorapp.generations.request import quotes
from editorapp.generations.request.check import Verdict, check
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import (
    RequestRefused,
    enqueue_all,
)
from editorapp.media import store
from editorapp.media.models import Asset
from editorapp.ops.preparing import prepare_database
from editorapp.ops.processes import NotStarted
from editorapp.providers import accounts, capability_discovery
from editorapp.providers.accounts import NoAccount
from editorapp.providers.models import ProviderAccount
from editorapp.providers.registry import UnknownProvider
from editorapp.teams.models import Member

MANY_QUEUED = "are queued; a running studio sends them"
DONE, FAILED, REFUSED, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 130

OPTIONS: dict[str, dict[str, Any]] = {
    "wait": {
        "action": "store_true",
        "help": "wait for the result; else only queue it",
    },
    "output": {
        "metavar": "FILE",
        "help": "where to write the result (implies --wait)",
    },
    "timeout": {
        "type": float,
        "default": 3600,
        "metavar": "SECONDS",
        "help": "how long to wait (default an hour)",
    },
    "dry-run": {
        "action": "store_true",
        "help": "print verdict, estimate and the exact body; send nothing",
    },
    "json": {"action": "store_true", "help": "print one JSON object"},
    "as": {
        "dest": "username",
        "metavar": "NAME",
        "help": "the person who pays (default: the owner)",
    },
}

Outcome = tuple[int, Json, str]  # exit code, JSON, words


class Command(BaseCommand):
    help = (
        "Edit, generate, reframe or modify a clip: check, estimate, queue, wait, and write the verified result to a "
        "file. With --dry-run nothing is sent: the verdict, the price and the exact body are printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        arguments.add_arguments(parser)
        for name, more in OPTIONS.items():
            parser.add_argument(f"--{name}", **more)

    def handle(self, *args: Any, **options: Any) -> None:
        # Each wake-up of the queue would be a line.
        logging.getLogger("django-q").setLevel(logging.WARNING)
        self.options, self.as_json = options, bool(options["json"])
        self.is_awaited = bool(options["wait"] or options["output"])
        drafts, member = self._drafts()
        if options["dry_run"]:
            self._say_only(drafts)
        made: list[Generation] = []
        try:
            self._run(drafts, member, made.extend)
        except RequestRefused as refusal:
            self._end_refused(refusal)
        except (OverBudget, PermissionDenied) as error:
            self._refuse(str(error))
        except NotStarted as error:
            self._break_off(FAILED, made, str(error))
        except KeyboardInterrupt:
            self._break_off(INTERRUPTED, made, _what_goes_on(made))
        self._finish(made)

    def _break_off(self, code: int, made: Takes, words: str) -> NoReturn:
        self._end(code, {**_known(made), "message": words}, words)

    def _drafts(self) -> tuple[list[Draft], Member]:
        """Read the command line, and take the files that it names into the store."""
        options = self.options
        try:
            arguments.check_texts(options)
            arguments.check_output(options)
            prepare_database(self.stderr.write)
            member = _member(options["username"])
            if not options["dry_run"]:  # which asks nobody
                capability_discovery.test_new()
            account = arguments.chosen_account(options, member)
            self._say_what_is_not_used(account)
            return arguments.drafts(options, member, account), member
        except (BadArgument, UnknownProvider, NoAccount) as error:
            self._refuse(str(error))

    def _say_what_is_not_used(self, account: ProviderAccount) -> None:
        """Say that the simulator answers although there is a key, and why."""
        for one in accounts.unproven(accounts.made()) if account.is_simulated else ():
            why = one.doubt or f"{one.name} was not tested yet."
            self._note(f"The simulator answers: {why}")

    def _say_only(self, drafts: Sequence[Draft]) -> NoReturn:
        """Print what would happen, and what exactly would be sent; each different take once."""
        verdicts = {one: _checked(one, quotes.find(one)) for one in dict.fromkeys(drafts)}
        is_refused = any(output.refusals(one) for one in verdicts.values())
        code = REFUSED if is_refused else DONE
        words = "\n".join(map(_in_words, verdicts.values()))
        if len(drafts) == 1:
            self._end(code, output.as_json(verdicts[drafts[0]]), words)
        total = output.total([verdicts[one] for one in drafts])
        data = {
            "accepted": code == DONE,
            "takes": len(drafts),
            **total,
            "requests": [_counted(one, verdicts[one], drafts) for one in verdicts],
        }
        self._end(code, data, f"{words}\n{output.total_in_words(len(drafts), total)}")

    def _run(
        self, drafts: Sequence[Draft], member: Member, tell: Callable[[list[Generation]], None]
    ) -> None:
        """Ask for the price where that is needed, queue the takes, and follow them where that is
        wanted.

        Raises: RequestRefused, OverBudget, NotStarted. `tell` is told of the takes as soon as there
        are any.
        """
        account, first = drafts[0].account, drafts[0]
        with OwnEngine(needs_simulator=account.is_simulated, show=show_progress) as engine:
            found = {one: self._quote(one, member, engine) for one in dict.fromkeys(drafts)}
            if not self.is_awaited:
                engine.stop()  # or it would begin with the take, and be ended in the midst of it
            made = enqueue_all(drafts, member=member)
            tell(made)
            price = _price_of(made, _checked(first, found[first]))
            self._note(f"{output.named(made)} queued at {account}. {price}")
            if self.is_awaited:
                engine.wait_until(
                    lambda: all([_is_over(one) for one in made]),
                    seconds=self.options["timeout"],
                    doing=lambda: output.progress(made),
                )

    def _quote(
        self,
        draft: Draft,
        member: Member,
        engine: OwnEngine,
    ) -> PriceQuote | None:
        """Return the provider's own price where none is published: asked for now, unless it is
        known. Free.
        """
        quote, name = quotes.find(draft), draft.spec.name
        if not draft.is_quoted or output.refusals(_checked(draft, quote)):
            return quote  # enqueue says what is wrong
        if quote is None or quote.state != PriceQuote.State.KNOWN:
            self._note(f"{name} publishes no price for this and is asked, which is free.")
            quotes.ask(draft, member=member)
        engine.wait_until(
            lambda: not _is_asking(quotes.find(draft)),
            seconds=self.options["timeout"],
            doing=lambda: f"Asking {name}",
        )
        return quotes.find(draft)

    def _finish(self, made: Takes) -> NoReturn:
        """Write the results to where they were asked for (one: a file; several: a folder), and end
        with the code of the worst of them.
        """
        is_one = len(made) == 1
        outcomes = self._outcomes(made, is_one)
        code = max(code for code, _said, _words in outcomes)  # an unknown outcome is the worst
        takes = [said for _code, said, _words in outcomes]
        words = "\n".join(words for _code, _said, words in outcomes)
        if not self.is_awaited:
            end = "is queued; a running studio sends it" if is_one else MANY_QUEUED
            words = f"{output.named(made)} {end}."
        batch = {"batch": made[0].batch, **output.held(made), "takes": takes}
        self._end(code, takes[0] if is_one else batch, words)

    def _outcomes(self, made: Takes, is_one: bool) -> list[Outcome]:
        if self.is_awaited:
            return [_kept(one, self._file(one, is_one), is_one=is_one) for one in made]
        return [(DONE, output.result(one), "") for one in made]

    def _file(self, take: Generation, is_one: bool) -> str | None:
        to: str | None = self.options["output"]
        return to if is_one or not to else str(Path(to) / f"take-{take.pk}.mp4")

    def _end_refused(self, refusal: RequestRefused) -> NoReturn:
        verdict = refusal.verdict
        said, words = output.as_json(verdict), output.in_words(verdict)
        if not output.refusals(verdict):  # only the price is missing: it was asked for, in vain
            said, words = {**said, "accepted": False}, f"{refusal} Nothing was sent."
        self._end(
            REFUSED,
            {"state": "refused", "message": str(refusal), **said},
            words,
        )

    def _refuse(self, words: str) -> NoReturn:
        self._end(
            REFUSED,
            {"state": "refused", "accepted": False, "message": words},
            words,
        )

    def _end(self, code: int, data: Json, words: str) -> NoReturn:
        """Print the one answer and leave."""
        show_progress("")
        said = json.dumps({"exit_code": code, **data}, indent=2, default=str)
        self.stdout.write(said if self.as_json else words)
        raise SystemExit(code)

    def _note(self, line: str) -> None:
        self.stderr.write(line, style_func=str)  # Django would paint it as an error


def _checked(draft: Draft, quote: PriceQuote | None) -> Verdict:
    return check(draft, with_options=False, quote=quote)


def _in_words(verdict: Verdict) -> str:
    return f"{output.in_words(verdict)}\n{output.request_in_words(verdict)}"


def _counted(draft: Draft, verdict: Verdict, among: Sequence[Draft]) -> Json:
    return {**output.as_json(verdict), "takes": among.count(draft)}


def _price_of(made: Takes, verdict: Verdict) -> str:
    if len(made) == 1:
        return output.price_in_words(verdict)
    return output.total_in_words(len(made), output.held(made))


def _is_asking(quote: PriceQuote | None) -> bool:
    return quote is not None and quote.state == PriceQuote.State.ASKING


def _is_over(take: Generation) -> bool:
    take.refresh_from_db()
    return bool(take.is_final or take.is_unknown)


def _known(made: Takes) -> Json:
    return output.result(made[0]) if made else {"state": "not sent"}


def _what_goes_on(made: Takes) -> str:
    if not made:
        return "Nothing was sent."
    goes = "goes" if len(made) == 1 else "go"
    return f"{output.named(made)} {goes} on: start a studio, or look for it in the gallery."


def _kept(take: Generation, to: str | None, *, is_one: bool) -> Outcome:
    """Write a result where it was asked for; its frames go beside it."""
    said = output.result(take)
    if not take.is_done or take.result is None:
        return _not_done(take, said, is_one=is_one)
    try:
        if to:
            _write_all(take.result, take.exr, Path(to))
    except OSError as error:
        words = f"Take {take.pk} is done and kept, but {to} cannot be written: {error.strerror}."
        return FAILED, {**said, "message": words}, words
    words = f"Take {take.pk} is done: {to or take.result.name}, {output.cost(take)}"
    return DONE, {**said, "output": to}, words


def _not_done(take: Generation, said: Json, *, is_one: bool) -> Outcome:
    code = FAILED if take.is_final else UNKNOWN
    state = take.get_state_display().lower()
    if not is_one:
        return code, said, f"Take {take.pk}: {take.failure_message or f'it is {state}.'}"
    words = take.failure_message or f"Take {take.pk} is still {state}."
    return code, {**said, "message": words}, words


def _write_all(result: Asset, frames: Asset | None, to: Path) -> None:
    _write(result, to)
    if frames is not None:
        _write(frames, to.with_suffix(".exr.zip"))


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
    found = acting_member(username)
    if found is None or not found.may_create:
        raise BadArgument(f"There is nobody called {username} who may create.")
    return found
